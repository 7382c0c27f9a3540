/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * history: the last logins, one row for each: what the system log says about it, and the codes that
 * were sent. Kept for 90 days, at most 100,000 of them. Within a transaction of the store.
 */
#ifndef SWMFA_HISTORY_H
#define SWMFA_HISTORY_H

#include "store/store.h"

#include <stddef.h>

#define HISTORY_DAYS 90
#define HISTORY_MOST 100000

/* The columns of the table besides id, in their order. */
#define HISTORY_COLUMNS                                                                            \
    "at_wall_ms, user_name, service, rhost, result, reason, channel, provider, request, "          \
    "digits, tries, sends, took_ms, sent, detail"
#define HISTORY_VALUES "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16"

#define HISTORY_USER_SIZE 256 /* of an escaped name; log_escape cuts off a longer one */

/*
 * One login. All texts are printable ASCII, "" for an absent one, without any code or complete
 * number. user, service, rhost, detail are escaped by log_escape; in the first three also blanks.
 */
struct history_login {
    int64_t id;         /* they go up by one from login to login */
    int64_t at_wall_ms; /* when it ended: milliseconds since 1970 by the system's time of day */
    const char *user;
    const char *service;
    const char *rhost;
    const char *result; /* success, ignored, denied, error, aborted */
    const char *reason; /* a word, see pam_swmfa(8) */
    const char *channel;
    const char *provider;
    const char *request; /* the provider's id of the last code */
    const char *number;  /* the last two digits */
    int64_t tries;
    int64_t sends;    /* requests to providers */
    int64_t ms;       /* its duration */
    const char *sent; /* a word "PROVIDER:CHANNEL" for each code that was sent, with a "?" after it
                         if that is uncertain; separated by blanks */
    const char *detail;
};

/* One word of login->sent. */
struct history_sent {
    char provider[32];
    char channel[16];
    bool certain; /* it was certainly sent */
};

/* history_next_sent: gets the next word of such a text; at: the current position. False after the
 * last. */
bool history_next_sent(const char **at, struct history_sent *sent);

/* history_write: writes the part of the system log's line about a login that has the same form
 * everywhere. Returns to. */
const char *history_write(const struct history_login *login, char *to, size_t size);

/* history_expect: prepares what history_add will need. */
void history_expect(struct store *store);

/* history_add: adds one, whose id (*id) and time are given to it here; old ones go. */
bool history_add(struct store *store, const struct history_login *login, int64_t *id);

/*
 * history_each: calls each for the logins after an id (0: all) and at or after a time (0: all), in
 * their order; its texts are gone when it returns. It returns whether to continue.
 */
bool history_each(struct store *store, int64_t after_id, int64_t since_wall_ms,
                  bool (*each)(const struct history_login *login, void *context), void *context);

/* history_last: calls each in the same way for the last login of a user, in history_login's form of
 * the name. */
bool history_last(struct store *store, const char *user,
                  bool (*each)(const struct history_login *login, void *context), void *context);

#endif
