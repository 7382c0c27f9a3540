/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pass: who an administrator lets in without a code for a while; within a transaction of the store.
 */
#ifndef SWMFA_PASS_H
#define SWMFA_PASS_H

#include "store/store.h"

#define PASS_REASON_SIZE STORE_CELL_SIZE

struct pass {
    int64_t left_ms; /* 0: there is none */
    char reason[PASS_REASON_SIZE];
};

/* pass_look: whether a user has one. Both the time of the store and the time of day must be within
 * it, see remember_look; it lasts 30 days at most, whatever the store says. */
bool pass_look(struct store *store, const char *user, struct pass *pass);

/* pass_give: from now on for so many seconds; in place of one that the user has. */
bool pass_give(struct store *store, const char *user, int seconds, const char *reason);

/* pass_end: ends it. was: whether there was one that had not ended. */
bool pass_end(struct store *store, const char *user, bool *was);

#endif
