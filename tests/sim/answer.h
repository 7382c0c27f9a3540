/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include <stdbool.h>

struct json_object;

enum answer_manner {
    ANSWER_NOW,
    ANSWER_LATE,    /* after ANSWER_LATE_MS */
    ANSWER_NEVER,   /* the connection stays open */
    ANSWER_RESET,   /* the connection is closed instead */
    ANSWER_ENDLESS, /* the status and the header, then a body without an end */
};

enum { ANSWER_LATE_MS = 3000 };

/* An answer, before it is HTTP. */
struct answer {
    enum answer_manner manner;
    unsigned status;
    char *body;              /* owned; NULL is the empty body */
    const char *header_name; /* NULL, or one header more, with its value */
    const char *header_value;
    bool close; /* the connection is closed after it */
};

/* What the words in a template stand for. A word whose value is NULL stays as it is. */
struct answer_words {
    const char *id;            /* $id */
    const char *to;            /* $to */
    const char *channel;       /* $channel */
    const char *other_channel; /* $other_channel */
    const char *error;         /* $error */
};

/* The body is the template with its words replaced. The values must need no JSON escapes. */
void answer_template(struct answer *answer, unsigned status, const char *body,
                     const struct answer_words *words);

/* The body is {"error":"..."}. */
void answer_error(struct answer *answer, unsigned status, const char *error);

/* 422, with the list of errors that request.h made. */
void answer_errors(struct answer *answer, struct json_object *errors);

/* Frees what the answer owns. */
void answer_clear(struct answer *answer);

#endif
