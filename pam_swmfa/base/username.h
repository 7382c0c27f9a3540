/* SPDX-License-Identifier: BSD-3-Clause */
/* username: several names can lead to one account, as alice, alice@example.org and EXAMPLE\alice do
 * with a directory. */
#ifndef SWMFA_USERNAME_H
#define SWMFA_USERNAME_H

#include "base/problem.h"

#include <stddef.h>

enum username {
    USERNAME_ACCOUNT, /* own: the name of the account, by its uid */
    USERNAME_NONE,    /* there is no such account; own: the name as it was given */
    USERNAME_UNKNOWN, /* the account cannot be looked up; own: the same, and the problem says why */
};

/* username_own: the one name of the account that a name leads to, the same for all of its names;
 * see getpwnam(3), whose list of errors that mean "not found" it follows. */
enum username username_own(const char *name, char *own, size_t size, struct problem *problem);

#endif
