/* SPDX-License-Identifier: BSD-3-Clause */
/* bypass: lets a user in without a code temporarily; within a transaction of the store. */
#ifndef SWMFA_STORE_BYPASS_H
#define SWMFA_STORE_BYPASS_H

#include "store/store.h"

#define BYPASS_REASON_SIZE STORE_CELL_SIZE

struct bypass {
    int64_t left_ms; /* 0: there is none */
    char reason[BYPASS_REASON_SIZE];
};

/* bypass_look: returns whether a user has one. The time of the store and the time of day must both
 * be within it, see remember_look; it lasts at most 30 days, whatever the store contains. */
bool bypass_look(struct store *store, const char *user, struct bypass *bypass);

/* bypass_grant: from now on for so many seconds; in place of one that the user has. */
bool bypass_grant(struct store *store, const char *user, int seconds, const char *reason);

/* bypass_end: ends it. was: whether there was one that had not ended. */
bool bypass_end(struct store *store, const char *user, bool *was);

#endif
