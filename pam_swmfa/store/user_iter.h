/* SPDX-License-Identifier: BSD-3-Clause */
/* user_iter: about whom the store has something; within a transaction of the store. */
#ifndef SWMFA_USER_ITER_H
#define SWMFA_USER_ITER_H

#include "store/store.h"

#define USER_ITER_NAME_SIZE 1024

/*
 * user_iter_next: the name after another one, byte by byte, of those with tries, sends, codes,
 * places or a pass, past ones included; after "" the first, and "" after the last. Who is not in
 * the users map is counted under a name that begins with "? ". after may be name itself.
 */
bool user_iter_next(struct store *store, const char *after, char name[USER_ITER_NAME_SIZE]);

#endif
