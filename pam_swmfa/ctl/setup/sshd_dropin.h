/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_dropin: what sshd needs besides its PAM stack: a file of its own in sshd_config.d. */
#ifndef SWMFA_SSHD_DROPIN_H
#define SWMFA_SSHD_DROPIN_H

#include "base/problem.h"
#include "ctl/files/file_change.h"

#include <stdbool.h>
#include <sys/types.h>

#define SSHCONF_PATH "/etc/ssh/sshd_config.d/00-swmfa.conf"

enum sshconf_form {
    SSHCONF_PASSWORD,    /* what PAM asks for, and no key */
    SSHCONF_KEY,         /* a key, then what PAM asks for */
    SSHCONF_KEY_OR_BOTH, /* a key is enough; what PAM asks for, only after a key */
};

/* sshconf_text: what the file is to say. root: root may log in, in the forms with a key. */
const char *sshconf_text(enum sshconf_form form, bool root);

/* sshconf_is_ours: whether a text is what swmfactl has written, for either. */
bool sshconf_is_ours(const char *text);

/* sshconf_is_removable: whether nothing is lost with it: it has nothing that another version, or
 * other values, would not have. */
bool sshconf_is_removable(const char *text);
/* sshconf_find_form: which form swmfactl has written, in this version or another. False: the text
 * is of none. */
bool sshconf_find_form(const char *text, enum sshconf_form *form);

/* sshconf_needs: what a login needs with that form in force. asks: the PAM stack asks for a code.
 */
const char *sshconf_needs(enum sshconf_form form, bool asks);

/* sshconf_in_force: whether sshd says that what the form sets is so for everybody. False with the
 * problem. */
bool sshconf_in_force(enum sshconf_form form, struct problem *problem);

/* sshconf_is_known: whether a text has no keyword but those that swmfactl writes. */
bool sshconf_is_known(const char *text);

/*
 * sshconf_make: puts the file in place and asks sshd whether it takes it, and whether it is in
 * force for everybody; if not, the file is again what it was. Returns false with the problem.
 */
bool sshconf_make(const struct change *change, enum sshconf_form form, struct problem *problem);

/* sshconf_reload: the command that makes sshd read its configuration again. pid: of the sshd, for a
 * system without units; 0: not known. command: a buffer for it. */
const char *sshconf_reload(pid_t pid, char *command, size_t size);

#endif
