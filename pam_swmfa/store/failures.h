/* SPDX-License-Identifier: BSD-3-Clause */
/* failures: counts attempts at codes, and locks users after too many failures; within a transaction
 * of the store. */
#ifndef SWMFA_FAILURES_H
#define SWMFA_FAILURES_H

#include "store/store.h"

/* The lengths of the first lock and of the longest: each is twice as long as the one before. */
#define FAILURES_LOCK_FIRST_MS ((int64_t)15 * 60 * 1000)
#define FAILURES_LOCK_MOST_MS  ((int64_t)24 * 60 * 60 * 1000)
/* Failures in a row after which only failures_unlock helps. */
#define FAILURES_LOCK_FOR_EVER 100

/* A user's failures and lock. */
struct failures {
    int64_t failures; /* in a row, including attempts in progress */
    bool locked;
    bool for_ever;          /* until an administrator unlocks */
    int64_t locked_for_ms;  /* if locked, and not for ever */
    int64_t lock_begins_ms; /* failures_count: with this attempt a lock began that is so long; 0:
                               none */
    int64_t attempt;        /* failures_count: the number of this attempt, for failures_forgive */
};

/* failures_expect: prepares what failures_count and failures_forgive will need. */
void failures_expect(struct store *store);

/* failures_look: gets a user's failures and lock. */
bool failures_look(struct store *store, const char *user, struct failures *state);

/*
 * failures_count: counts an attempt before it is made, unless the user is locked. failures: so many
 * in a row begin a lock, each time. state->locked: the state before, so whether the attempt must
 * not be made.
 */
bool failures_count(struct store *store, const char *user, int failures, struct failures *state);

/*
 * failures_forgive: this attempt was right: it and all before it are no failures, and their lock
 * ends. Does nothing for one that is not counted, as after an older copy of the store was restored.
 */
bool failures_forgive(struct store *store, const char *user, int64_t attempt);

/* failures_unlock: forgives all; also the sends that were only counted while the user was locked.
 */
bool failures_unlock(struct store *store, const char *user);

#endif
