/* SPDX-License-Identifier: BSD-3-Clause */
/* username: see username.h. */
#include "base/username.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

static bool means_none(int error)
{
    return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

/* At a login anybody chooses the name: a long one is cut, or it would push the reason out of the
 * log.
 */
static enum username unknown(const char *name, const char *why, struct problem *problem)
{
    problem_set(problem, "the account of %.100s cannot be looked up: %s", name, why);
    return USERNAME_UNKNOWN;
}

enum username username_own(const char *name, char *own, size_t size, struct problem *problem)
{
    (void)snprintf(own, size, "%s", name);
    errno = 0;
    const struct passwd *account = getpwnam(name);
    if (account == NULL)
        return means_none(errno) ? USERNAME_NONE : unknown(name, strerror(errno), problem);
    uid_t uid = account->pw_uid;
    errno = 0;
    account = getpwuid(uid);
    if (account == NULL)
        return unknown(name, errno != 0 ? strerror(errno) : "its uid has no name", problem);
    if (strlen(account->pw_name) >= size)
        return unknown(name, "its name is too long", problem);
    (void)snprintf(own, size, "%s", account->pw_name);
    return USERNAME_ACCOUNT;
}
