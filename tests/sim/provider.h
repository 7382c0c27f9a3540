/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_PROVIDER_H
#define SIM_PROVIDER_H

#include "answer.h"
#include "challenge.h"
#include "fault.h"
#include "options.h"
#include "request.h"

#include <stdbool.h>

struct json_object;

enum {
    PROVIDER_PART_SIZE = 128, /* of the part of a path that * stands for, with its NUL */
    PROVIDER_ID_SIZE = 64,    /* of the id of a message or call, with its NUL */
};

/* A path that is served. */
struct route {
    const char *path;    /* one * stands for a part of it, which must not be empty */
    const char *channel; /* as in the inbox; NULL: it is a verify, and the rest is NULL too */
    const char *other_channel;
    const char *key; /* of the id in the answer */
    const char *other_key;
    const char *old_key;
};

/* A request on its way: what its path says, what its body says, and the ids of its answer. */
struct call {
    const struct options *options;
    const struct route *route;
    char part[PROVIDER_PART_SIZE]; /* what * stands for */
    struct request_body body;
    char id[PROVIDER_ID_SIZE];
    char request_id[RANDOM_UUID_SIZE];
};

/* Why a verify is refused. */
struct refusal {
    unsigned status;
    const char *error;
};

/* The differences between the APIs of the providers. */
struct provider {
    const char *base;         /* what all its paths start with */
    const char *authenticate; /* the header WWW-Authenticate */
    const struct route *routes;
    enum fault_api faults;
    const struct request_field *send_fields;
    const struct request_field *verify_fields;
    struct request_body defaults; /* of what a body does not say */
    const char *sent;             /* a template, see answer.h: the answer to a send */
    const char *verdict;          /* the key of the answer to a verify */
    struct refusal refusal;

    /* The user and the password of HTTP Basic. */
    void (*credentials)(const struct options *options, const char **user, const char **password);

    /* May these credentials be used for this path? */
    bool (*is_allowed)(const struct call *call);

    /* Adds to errors what is wrong with a send beyond its single fields. */
    void (*check_send)(const struct call *call, struct json_object *object,
                       struct json_object *errors);

    /* Makes an id for the answer to a send. */
    void (*make_id)(const struct route *route, char id[PROVIDER_ID_SIZE]);

    /* Makes a code and keeps it. */
    void (*keep_code)(struct challenges *challenges, const struct call *call,
                      char code[CHALLENGE_CODE_MAX + 1]);

    /* What the phone shows, but for a last word, which is the code. The caller frees it. */
    char *(*write_message)(const struct call *call, const char *code);

    /* Compares the code of a verify with what was kept. */
    enum challenge_result (*verify)(struct challenges *challenges, const struct call *call);

    /* Answers with an error. */
    void (*refuse)(struct answer *answer, unsigned status, const char *error);

    /* Answers with all that is wrong with a body. */
    void (*refuse_body)(struct answer *answer, struct json_object *errors);
};

extern const struct provider signalwire;
extern const struct provider bandwidth;

#endif
