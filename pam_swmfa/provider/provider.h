/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider: what every provider of codes is to the rest of the program: one table of what it is
 * called, how it is configured, which request to make, and what an answer means. The table is all
 * that a provider's own file has to offer; docs/providers.md shows how to add one.
 */
#ifndef SWMFA_PROVIDER_H
#define SWMFA_PROVIDER_H

#include "base/problem.h"
#include "base/secret.h"
#include "config/key.h"
#include "config/phone.h"
#include "config/price.h"
#include "provider/outcome.h"
#include "provider/rest.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define CHALLENGE_SCOPE_SIZE 26 /* 25 characters, as many as Bandwidth takes, and a NUL */
#define CHALLENGE_ID_SIZE    65
#define UNSENT_BYTES         16 /* of randomness */

/* One code that was asked for: what a verify needs to be about this one and no other. */
struct challenge {
    const char *number; /* E.164 */
    enum channel channel;
    char scope[CHALLENGE_SCOPE_SIZE]; /* random, of this send alone */
    char id[CHALLENGE_ID_SIZE];       /* the provider's, from its answer; "": there was none */
};

/* How a provider is reached; the texts belong to the settings. */
struct account {
    char base[2048]; /* https://HOST[:PORT]/PATH, to which the path of a request is appended */
    const char *user;
    const struct secret *password;
    const char *ca_pem; /* NULL: the system's CA certificates */
};

/* What a code of this provider is like. */
struct terms {
    size_t length;  /* characters */
    bool letters;   /* ASCII letters besides digits */
    int valid_for;  /* seconds */
    int wrong_most; /* wrong codes that the provider takes for one that it sent */
    struct price price[CHANNEL_COUNT]; /* what one costs, by enum channel; for swmfactl report */
};

/* The keys for it, in the provider's table of keys; SETTINGS has a member price like the above. */
#define PROVIDER_PRICES(settings)                                                                  \
    {"sms_price", NULL, KEY_AT(settings, price[CHANNEL_SMS]), .kind = KEY_PRICE},                  \
    {                                                                                              \
        "call_price", NULL, KEY_AT(settings, price[CHANNEL_CALL]), .kind = KEY_PRICE               \
    }

/* Whether a send that has no good answer may have been made all the same. */
enum doubt {
    DOUBT_NONE, /* certainly not: it did not get there, or the provider says so (RFC 9110) */
    DOUBT_SOME, /* it is taken for not made, but the answer does not say so */
    DOUBT_FULL, /* there was no answer */
};

#define REQUEST_PATH_SIZE 128

struct provider {
    const char *name;  /* in the configuration and in the log */
    const char *title; /* as it writes itself */
    struct section section;
    bool needs_id; /* a code can be verified only by the id from the answer to its send */
    long gone;     /* the HTTP status of a verify that says that the code is gone; 0: none does */
    struct {       /* what to look at after a 401, 403, 404 */
        const char *credentials;
        const char *forbidden;
        const char *not_found;
    } hints;

    void (*account)(const void *settings, struct account *account);
    void (*terms)(const void *settings, struct terms *terms);
    /* Whether it can send by a channel; NULL if so, or which key is missing for that. */
    const char *(*lacks)(const void *settings, enum channel channel);

    /* The body of a request, the caller's to put, or NULL without memory; and its path. */
    json_object *(*send)(const void *settings, const struct challenge *challenge, char *path,
                         size_t size);
    json_object *(*verify)(const void *settings, const struct challenge *challenge,
                           const char *code, char *path, size_t size);

    /*
     * Makes a challenge that was never sent, of 16 random bytes and the random scope that it has: a
     * verify of it can send nothing to anybody and is no good as a code, but only who has the right
     * credentials is told so.
     */
    void (*unsent)(const void *settings, const unsigned char *bytes, struct challenge *challenge);

    /* What the object in an answer with status 200 means. sent fills the id of the challenge. */
    enum outcome (*sent)(json_object *answer, struct challenge *challenge, struct problem *problem);
    enum outcome (*verified)(json_object *answer, struct problem *problem);
};

/* The providers that there are; the build makes the list from the names of their files. */
enum provider_id {
#define PROVIDER(name) PROVIDER_##name,
#include <provider-list.h>
#undef PROVIDER
    PROVIDER_COUNT,
};

/* By enum provider_id; and their names, which end with NULL. */
extern const struct provider *const providers[PROVIDER_COUNT];
extern const char *const provider_names[PROVIDER_COUNT + 1];

/*
 * provider_send: has a code sent as the challenge says; fills its id.
 * milliseconds: the most that it may take. Returns OUTCOME_OK when it is queued.
 * Otherwise the problem says why, and the doubt how far it is certain that no code is on its way.
 */
enum outcome provider_send(const struct provider *provider, const void *settings, struct rest *rest,
                           int milliseconds, struct challenge *challenge, enum doubt *doubt,
                           struct problem *problem);

/*
 * provider_verify: whether a code is the one of this challenge: OUTCOME_OK, _WRONG, _GONE; anything
 * else, with the problem, is no answer to that question.
 */
enum outcome provider_verify(const struct provider *provider, const void *settings,
                             struct rest *rest, int milliseconds, const struct challenge *challenge,
                             const char *code, struct problem *problem);

/*
 * provider_probe: whether the provider can be reached and takes the credentials: OUTCOME_OK, or
 * what keeps it from that, with the problem. Nothing is sent to a phone: it asks whether a random
 * code is the one of a challenge that was never sent. If it is, that is OUTCOME_BAD_ANSWER.
 */
enum outcome provider_probe(const struct provider *provider, const void *settings,
                            struct rest *rest, int milliseconds, struct problem *problem);

/* provider_make_scope: makes a random scope. False if there is no randomness. */
bool provider_make_scope(char scope[CHALLENGE_SCOPE_SIZE]);

/* What an answer to a send means, and one to a verify; as above. */
enum outcome provider_sent(const struct provider *provider, const struct rest_answer *answer,
                           struct challenge *challenge, struct problem *problem);
enum outcome provider_verified(const struct provider *provider, const struct rest_answer *answer,
                               struct problem *problem);

/* ---- for the providers' own files ---- */

/* Adds a member to an object; false without memory. A text that is NULL is not added. */
bool provider_add(json_object *object, const char *key, json_object *value);
bool provider_add_text(json_object *object, const char *key, const char *text);

/* The body if it was made without error; otherwise puts it and returns NULL. */
json_object *provider_body(json_object *body, bool good);

/* provider_is_uuid: 32 hexadecimal digits, in the groups of RFC 9562. */
bool provider_is_uuid(const char *text);

/* What a verify says by a member that is true or false, and nothing else. */
enum outcome provider_verdict(json_object *answer, const char *key, struct problem *problem);

#endif
