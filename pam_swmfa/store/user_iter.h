/* SPDX-License-Identifier: BSD-3-Clause */
/* user_iter: walks through the users in the store; within a transaction of the store. */
#ifndef SWMFA_USER_ITER_H
#define SWMFA_USER_ITER_H

#include "store/store.h"

#define USER_ITER_NAME_SIZE 1024

/*
 * user_iter_next: gets the next name after another one, byte by byte, of the users with attempts,
 * sends, codes, remembered logins or a bypass, including past ones; after "" the first, and ""
 * after the last. Users outside of the users map are counted under a name that begins with "? ".
 * after may be name itself.
 */
bool user_iter_next(struct store *store, const char *after, char name[USER_ITER_NAME_SIZE]);

#endif
