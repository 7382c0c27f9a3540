/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pam_auth_update: puts the module into common-auth by pam-auth-update(8) (Debian, Ubuntu).
 *
 * Many services include common-auth. So the profile has two lines for each enabled service: a
 * guard, by which all other services skip the next line, and the module's. If the guard fails in
 * any way, the module's line is not skipped.
 */
#ifndef SWMFA_PAM_AUTH_UPDATE_H
#define SWMFA_PAM_AUTH_UPDATE_H

#include "base/problem.h"

#include <stdbool.h>

#define PROFILE_PATH   "/usr/share/pam-configs/swmfa"
#define PROFILE_COMMON "/etc/pam.d/common-auth"

/* profile_there: returns whether this system has pam-auth-update, and none of the files that it
 * writes is a symbolic link: it would replace the link with a file. */
bool profile_there(void);

/*
 * profile_with: returns the profile's text with a service's lines, in place of those that it has.
 * profile: its text, NULL: there is none. services: the PAM names, separated by colons. The caller
 * frees the result; NULL without memory.
 */
char *profile_with(const char *profile, const char *services, const char *options);

/* profile_is_empty: returns whether a profile has no service's lines, and can be removed. */
bool profile_is_empty(const char *profile);

/* profile_has: returns whether a profile, or common-auth, has the lines for these services;
 * options: with these, NULL: with any. */
bool profile_has(const char *text, const char *services, const char *options);

/* profile_cut: returns the text of either without these lines. The caller frees the result; NULL
 * without memory. */
char *profile_cut(const char *text, const char *services);

/*
 * profile_try: returns the common-auth that pam-auth-update would write with this profile, by a run
 * on a copy; profile NULL: without one. Nothing outside of the copy changes, not even debconf's
 * database. The caller frees the text. NULL with the problem, which is "" if pam-auth-update would
 * leave common-auth as it is because it has local changes.
 */
char *profile_try(const char *profile, struct problem *problem);

/* profile_apply: runs pam-auth-update on the system; the profile must be in place. remove: removes
 * its lines, before the profile itself is removed. Returns false with the problem. */
bool profile_apply(bool remove, struct problem *problem);

#endif
