/* SPDX-License-Identifier: BSD-3-Clause */
/* username: several names can lead to one account, as alice, alice@example.org and EXAMPLE\alice do
 * with a directory. */
#ifndef SWMFA_USERNAME_H
#define SWMFA_USERNAME_H

#include "base/problem.h"

#include <stddef.h>

enum username {
    USERNAME_ACCOUNT, /* own: the account's name, looked up by its uid */
    USERNAME_NONE,    /* there is no such account; own: the name as given */
    USERNAME_UNKNOWN, /* the account cannot be looked up; own: as above, and the problem has the
                         reason */
};

/* username_own: finds the account's own name from any of its names; see getpwnam(3), whose list of
 * errors that mean "not found" it follows. */
enum username username_own(const char *name, char *own, size_t size, struct problem *problem);

#endif
