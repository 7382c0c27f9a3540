/* SPDX-License-Identifier: BSD-3-Clause */
/* people: about whom the store has something; within a transaction of the store. */
#ifndef SWMFA_PEOPLE_H
#define SWMFA_PEOPLE_H

#include "store/store.h"

#define PEOPLE_NAME_SIZE 1024

/*
 * people_next: the name after another one, byte by byte, of those with tries, sends, codes, places
 * or a pass, past ones included; after "" the first, and "" after the last. Who is not in the users
 * map is counted under a name that begins with "? ". after may be name itself.
 */
bool people_next(struct store *store, const char *after, char name[PEOPLE_NAME_SIZE]);

#endif
