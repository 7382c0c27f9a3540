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
    ANSWER_ENDLESS, /* the status and the header, then the body and letters without an end */
};

enum { ANSWER_LATE_MS = 8000 };

/* An answer, before it is HTTP. */
struct answer {
    enum answer_manner manner;
    unsigned status;
    char *body;              /* owned; NULL is the empty body */
    const char *header_name; /* NULL, or one header more, with its value */
    const char *header_value;
    bool close; /* the connection is closed after it */
};

/* The values of the words in a template. A word whose value is NULL stays as it is. */
struct answer_words {
    const char *id;            /* $id: of what was sent */
    const char *key;           /* $key: of the id */
    const char *other_key;     /* $other_key: of the id by the other channel */
    const char *old_key;       /* $old_key: as older documents spell it */
    const char *to;            /* $to */
    const char *channel;       /* $channel */
    const char *other_channel; /* $other_channel */
    const char *verdict;       /* $verdict: the key that says whether the code is right */
    const char *request_id;    /* $request_id */
};

/* The body is the template with its words replaced. The values must need no JSON escapes. */
void answer_template(struct answer *answer, unsigned status, const char *body,
                     const struct answer_words *words);

/* The body is that JSON value, which stays the caller's. */
void answer_json(struct answer *answer, unsigned status, struct json_object *value);

/* The body is an object of strings: keys and their values by turns, ended by NULL. */
void answer_texts(struct answer *answer, unsigned status, const char *const *texts);

/* Frees what the answer owns. */
void answer_clear(struct answer *answer);

#endif
