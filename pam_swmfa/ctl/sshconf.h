/* SPDX-License-Identifier: BSD-3-Clause */
/* sshconf: what sshd needs besides its PAM stack: a file of its own in sshd_config.d. */
#ifndef SWMFA_SSHCONF_H
#define SWMFA_SSHCONF_H

#include "base/problem.h"
#include "ctl/change.h"

#include <stdbool.h>

#define SSHCONF_PATH "/etc/ssh/sshd_config.d/00-swmfa.conf"

/* sshconf_text: what the file is to say; publickey: for key and code, not password and code. */
const char *sshconf_text(bool publickey);

/* sshconf_is_ours: whether a text is what swmfactl has written, for either. */
bool sshconf_is_ours(const char *text);

/*
 * sshconf_check: whether sshd, as it is configured now, can be had to ask for a code in this way:
 * where it takes keys alone, passwords are not made a way in. Warns where root would be refused.
 * Returns false with the problem.
 */
bool sshconf_check(bool publickey, struct problem *problem);

/*
 * sshconf_make: puts the file in place and asks sshd whether it takes it, and whether it is in
 * force for everybody; if not, the file is again what it was. Returns false with the problem.
 */
bool sshconf_make(const struct change *change, bool publickey, struct problem *problem);

/*
 * sshconf_is_loaded: whether the sshd that listens has read its configuration since the file was
 * changed, or none listens. By its PID file, which it writes at each reload.
 */
bool sshconf_is_loaded(void);

/* sshconf_reload: the command that has sshd read its configuration anew. */
const char *sshconf_reload(void);

#endif
