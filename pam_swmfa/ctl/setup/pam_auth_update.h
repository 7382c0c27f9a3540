/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pam_auth_update: the module in common-auth by pam-auth-update(8), where that is (Debian, Ubuntu).
 *
 * common-auth is included by many services. So the profile has two lines for each service that is
 * enabled: a guard by which all other services step over the next line, and the module's. Whatever
 * goes wrong with the guard, the module's line is not stepped over.
 */
#ifndef SWMFA_PAM_AUTH_UPDATE_H
#define SWMFA_PAM_AUTH_UPDATE_H

#include "base/problem.h"

#include <stdbool.h>

#define PROFILE_PATH   "/usr/share/pam-configs/swmfa"
#define PROFILE_COMMON "/etc/pam.d/common-auth"

/* profile_there: whether this system has pam-auth-update, and none of the files that it writes is a
 * symbolic link: it would put a file in place of the link. */
bool profile_there(void);

/* profile_with: the profile's text with a service's lines, in place of those that it has. profile:
 * its text, NULL: there is none. services: their PAM names, with colons between.
 * Returns the caller's to free; NULL without memory. */
char *profile_with(const char *profile, const char *services, const char *options);

/* profile_is_empty: whether a profile has no service's lines, and should go. */
bool profile_is_empty(const char *profile);

/* profile_has: whether a profile, or common-auth, has the lines for these services; options: with
 * these, NULL: with any. */
bool profile_has(const char *text, const char *services, const char *options);

/* profile_cut: the text, of either, without these lines. The caller's to free; NULL without
 * memory. */
char *profile_cut(const char *text, const char *services);

/*
 * profile_try: what pam-auth-update would make of common-auth with this profile, by a run on a
 * copy; NULL as profile: without one. Nothing outside of the copy changes, not even debconf's
 * database. Returns the text, the caller's to free, or NULL with the problem, which is "" if
 * pam-auth-update would leave common-auth as it is because somebody has changed it.
 */
char *profile_try(const char *profile, struct problem *problem);

/* profile_apply: runs pam-auth-update in earnest; the profile must be in place. remove: for its
 * removal, before it goes. Returns false with the problem. */
bool profile_apply(bool remove, struct problem *problem);

#endif
