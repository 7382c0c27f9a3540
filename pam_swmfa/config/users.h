/* SPDX-License-Identifier: BSD-3-Clause */
/* users: the users map, as swmfa.users(5) describes it. */
#ifndef SWMFA_USERS_H
#define SWMFA_USERS_H

#include "base/problem.h"
#include "base/sshkey.h"
#include "config/phone.h"

enum users_result {
    USERS_FOUND,
    USERS_ABSENT,     /* no line has that name */
    USERS_OTHER_KEYS, /* lines with that name, all of them for SSH keys that were not used */
    USERS_BAD_LINE,   /* the first line that could count is wrong: nobody's number is used */
    USERS_ERROR,      /* the map cannot be used at all */
};

/*
 * users_find: looks a user up in the map: an exact match of the whole name; the first line counts
 * that is for anybody, or for one of the SSH keys that were used.
 * Costs one pass over the file, and no memory that grows with it.
 * sure: who is absent is let in, so USERS_ABSENT is only said of a map that is whole: not empty,
 * ended by a newline, and text; otherwise it is USERS_ERROR.
 * USERS_OTHER_KEYS, USERS_BAD_LINE and USERS_ERROR come with the problem.
 */
enum users_result users_find(const char *path, const char *user, const struct sshkeys *keys,
                             bool sure, struct phone *phone, struct problem *problem);

#endif
