/* SPDX-License-Identifier: BSD-3-Clause */
/* tries: codes that were typed, and who is locked for it; within a transaction of the store. */
#ifndef SWMFA_TRIES_H
#define SWMFA_TRIES_H

#include "store/store.h"

/* How long the first lock is, and the longest: each is twice as long as the one before. */
#define TRIES_LOCK_FIRST_MS ((int64_t)15 * 60 * 1000)
#define TRIES_LOCK_MOST_MS  ((int64_t)24 * 60 * 60 * 1000)
/* Failures in a row after which only tries_unlock helps. */
#define TRIES_LOCK_FOR_EVER 100

/* Where a user stands. */
struct tries {
    int64_t failures; /* in a row, with those that are under way */
    bool locked;
    bool for_ever;         /* until an administrator unlocks */
    int64_t locked_for_ms; /* if locked, and not for ever */
    int64_t
        lock_begins_ms; /* tries_count: with this attempt a lock began that is so long; 0: none */
    int64_t attempt;    /* tries_count: the number of this attempt, for tries_forgive */
};

/* tries_expect: makes ready what tries_count and tries_forgive will need. */
void tries_expect(struct store *store);

/* tries_look: where a user stands. */
bool tries_look(struct store *store, const char *user, struct tries *tries);

/*
 * tries_count: counts an attempt, before it is made, unless the user is locked. failures: a lock
 * begins with each so many in a row. tries->locked: as it was before, so whether the attempt must
 * not be made.
 */
bool tries_count(struct store *store, const char *user, int failures, struct tries *tries);

/*
 * tries_forgive: this attempt was right: it and all before it are no failures, and their lock ends.
 * Does nothing for one that is not counted, as after an older copy of the store was restored.
 */
bool tries_forgive(struct store *store, const char *user, int64_t attempt);

/* tries_unlock: forgives all; also the sends that were only counted while the user was locked. */
bool tries_unlock(struct store *store, const char *user);

#endif
