/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_dropin: sshd's settings for codes, besides its PAM stack: a file of their own in
 * sshd_config.d. */
#ifndef SWMFA_SSHD_DROPIN_H
#define SWMFA_SSHD_DROPIN_H

#include "base/problem.h"
#include "ctl/files/file_change.h"

#include <stdbool.h>
#include <sys/types.h>

#define SSHCONF_PATH "/etc/ssh/sshd_config.d/00-swmfa.conf"

enum sshconf_form {
    SSHCONF_PASSWORD,    /* whatever PAM asks for, and no key */
    SSHCONF_KEY,         /* a key, then whatever PAM asks for */
    SSHCONF_KEY_OR_BOTH, /* a key is enough; or a key, then whatever PAM asks for */
};

/* sshconf_text: returns the text of the file. root: root may log in, in the forms with a key. */
const char *sshconf_text(enum sshconf_form form, bool root);

/* sshconf_is_ours: returns whether swmfactl has written this text, in this version. */
bool sshconf_is_ours(const char *text);

/* sshconf_is_removable: returns whether the file can be removed without losing other people's
 * settings: it has only lines that swmfactl writes, in this version or another. */
bool sshconf_is_removable(const char *text);
/* sshconf_find_form: finds the form that swmfactl has written, in this version or another. Returns
 * false if the text has none of them. */
bool sshconf_find_form(const char *text, enum sshconf_form *form);

/* sshconf_needs: returns what a login needs with that form in force. asks: the PAM stack asks for a
 * code. */
const char *sshconf_needs(enum sshconf_form form, bool asks);

/* sshconf_in_force: returns whether sshd reports the settings of the form for all connections.
 * False with the problem. */
bool sshconf_in_force(enum sshconf_form form, struct problem *problem);

/* sshconf_is_known: returns whether a text has only keywords that swmfactl writes. */
bool sshconf_is_known(const char *text);

/*
 * sshconf_make: puts the file in place, and asks sshd whether it accepts it and whether it is in
 * force for all connections; otherwise restores the previous file. Returns false with the problem.
 */
bool sshconf_make(const struct change *change, enum sshconf_form form, struct problem *problem);

/* sshconf_reload: returns the command that makes sshd read its configuration again. pid: of the
 * sshd, for a system without units; 0: unknown. command: a buffer for it. */
const char *sshconf_reload(pid_t pid, char *command, size_t size);

#endif
