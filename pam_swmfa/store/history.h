/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * history: the last logins, one row for each: what stands in the system log about it, and which
 * codes were sent. Kept for 90 days, and no more than 100,000 of them. Within a transaction of the
 * store.
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

#define HISTORY_USER_SIZE 256 /* of a name, escaped; a longer one is cut off by log_escape */

/*
 * One login. All texts are printable ASCII, "" for what there is not; no code and no whole number
 * is among them. user, service, rhost, detail are escaped as log_escape does; also blanks in the
 * first three of them.
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
    int64_t ms;       /* how long it has taken */
    const char *sent; /* a word "PROVIDER:CHANNEL" for each code that was sent, with a "?" behind it
                         if that is not certain; a blank between */
    const char *detail;
};

/* One word of login->sent. */
struct history_sent {
    char provider[32];
    char channel[16];
    bool certain; /* that it was sent */
};

/* history_next_sent: takes the next word of such a text; at: where to go on. False behind the last.
 */
bool history_next_sent(const char **at, struct history_sent *sent);

/* history_write: the line in the system log about a login, as far as it is the same everywhere.
 * Returns to. */
const char *history_write(const struct history_login *login, char *to, size_t size);

/* history_expect: makes ready what history_add will need. */
void history_expect(struct store *store);

/* history_add: adds one, whose id (*id) and time are given to it here; old ones go. */
bool history_add(struct store *store, const struct history_login *login, int64_t *id);

/*
 * history_each: calls each for the logins after an id (0: all) and at or after a time (0: all), in
 * their order; its texts are gone when it returns. It returns whether to go on.
 */
bool history_each(struct store *store, int64_t after_id, int64_t since_wall_ms,
                  bool (*each)(const struct history_login *login, void *context), void *context);

/* history_last: calls each likewise for the last login of a user, as history_login has the name. */
bool history_last(struct store *store, const char *user,
                  bool (*each)(const struct history_login *login, void *context), void *context);

#endif
