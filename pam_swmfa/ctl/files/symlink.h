/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * symlink: follows symbolic links in /etc/pam.d, such as common-auth on SUSE, which leads to
 * common-auth-pc.
 *
 * libpam follows every link. A change follows those that stay in the folder, where only root can
 * place a file and whose files are read as PAM stacks anyway.
 */
#ifndef SWMFA_SYMLINK_H
#define SWMFA_SYMLINK_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

#define PAMLINK_FOLDER "/etc/pam.d"

/* pamlink_is: returns whether path is a symbolic link in the folder. */
bool pamlink_is(const char *path);

/*
 * pamlink_resolve: writes into file, of size bytes, the path in the folder that a link there leads
 * to, in one step or several; it exists and is no link. Every link must be root's. Returns false
 * with the problem, which names the link and its target.
 */
bool pamlink_resolve(const char *path, char *file, size_t size, struct problem *problem);

#endif
