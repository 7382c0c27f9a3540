/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider: the interface of all providers of codes: one table with the name, the configuration,
 * the requests and the meaning of the answers. A provider's own file has nothing but the table;
 * docs/providers.md shows how to add one.
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

/* One code that was sent, with what a verify needs to refer to it and no other. */
struct challenge {
    const char *number; /* E.164 */
    enum channel channel;
    char scope[CHALLENGE_SCOPE_SIZE]; /* random, of this send alone */
    char id[CHALLENGE_ID_SIZE];       /* the provider's, from its answer; "": there was none */
};

/* How to reach a provider; the texts belong to the settings. */
struct account {
    char base[2048]; /* https://HOST[:PORT]/PATH, to which the path of a request is appended */
    const char *user;
    const struct secret *password;
    const char *ca_pem; /* NULL: the system's CA certificates */
};

/* The form of this provider's codes. */
struct terms {
    size_t length;  /* characters */
    bool letters;   /* ASCII letters besides digits */
    int valid_for;  /* seconds */
    int wrong_most; /* wrong codes that the provider takes for one that it sent */
    struct price price[CHANNEL_COUNT]; /* price of one code, by enum channel; for swmfactl report */
};

/* The keys for it, in the provider's table of keys; SETTINGS has a member price like the above. */
#define PROVIDER_PRICES(settings)                                                                  \
    {"sms_price", NULL, KEY_AT(settings, price[CHANNEL_SMS]), .kind = KEY_PRICE},                  \
    {                                                                                              \
        "call_price", NULL, KEY_AT(settings, price[CHANNEL_CALL]), .kind = KEY_PRICE               \
    }

/* How certain it is that a send without a good answer was not made. */
enum doubt {
    DOUBT_NONE, /* certainly not: it did not get there, or the provider says so (RFC 9110) */
    DOUBT_SOME, /* taken for not made, but the answer does not say so */
    DOUBT_FULL, /* there was no answer */
};

#define REQUEST_PATH_SIZE 128

struct provider {
    const char *name;  /* in the configuration and in the log */
    const char *title; /* the provider's own spelling */
    struct section section;
    bool needs_id; /* a code can be verified only with the id from the answer to its send */
    long gone;     /* the HTTP status of a verify that says that the code is gone; 0: none does */
    struct {       /* the settings to check after a 401, 403, 404 */
        const char *credentials;
        const char *forbidden;
        const char *not_found;
    } hints;

    void (*account)(const void *settings, struct account *account);
    void (*terms)(const void *settings, struct terms *terms);
    /* Whether it can send by a channel: NULL if so, or the name of the missing key. */
    const char *(*lacks)(const void *settings, enum channel channel);

    /* The body of a request, the caller's to put, or NULL without memory; and its path. */
    json_object *(*send)(const void *settings, const struct challenge *challenge, char *path,
                         size_t size);
    json_object *(*verify)(const void *settings, const struct challenge *challenge,
                           const char *code, char *path, size_t size);

    /*
     * Makes a challenge that was never sent, from 16 random bytes and its random scope: a verify of
     * it sends nothing and accepts no code, but only a caller with the right credentials is told
     * so.
     */
    void (*unsent)(const void *settings, const unsigned char *bytes, struct challenge *challenge);

    /* Interprets the object in an answer with status 200. sent fills the id of the challenge. */
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
 * provider_verify: asks whether a code is the one of this challenge: OUTCOME_OK, _WRONG, _GONE; any
 * other outcome, with the problem, does not answer that.
 */
enum outcome provider_verify(const struct provider *provider, const void *settings,
                             struct rest *rest, int milliseconds, const struct challenge *challenge,
                             const char *code, struct problem *problem);

/*
 * provider_probe: checks whether the provider is reachable and accepts the credentials: OUTCOME_OK,
 * or another outcome with the problem. It sends nothing to a phone: it verifies a random code of a
 * challenge that was never sent. If the provider accepts that code, the outcome is
 * OUTCOME_BAD_ANSWER.
 */
enum outcome provider_probe(const struct provider *provider, const void *settings,
                            struct rest *rest, int milliseconds, struct problem *problem);

/* provider_make_scope: makes a random scope. False if there is no randomness. */
bool provider_make_scope(char scope[CHALLENGE_SCOPE_SIZE]);

/* Interprets an answer to a send, and one to a verify; as above. */
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

/* Interprets a verify's answer by one member that is true or false. */
enum outcome provider_verdict(json_object *answer, const char *key, struct problem *problem);

#endif
