/* SPDX-License-Identifier: BSD-3-Clause */
/* host_lint: what the settings of sshd and sudo make of a PAM stack. */
#ifndef SWMFA_HOST_LINT_H
#define SWMFA_HOST_LINT_H

#include "ctl/host/sshd_config.h"
#include "ctl/host/sudoers.h"
#include "pamstack/lint.h"

#include <stdbool.h>

/* ---- sshd (sshd_lint.c) ---- */

/* What sshd's settings make of the stack. */
struct ssh_view {
    bool known;        /* sshd has answered */
    bool runs_pam;     /* by keyboard-interactive */
    bool password;     /* by its password method, which cannot show a prompt */
    bool key_first;    /* keyboard-interactive comes after a key */
    bool key_alone;    /* a key, or the like, is enough, without PAM */
    bool one_key;      /* likewise, and one is enough */
    bool needs_key;    /* every way in needs a key, or the like */
    bool own_password; /* without PAM: by a password that sshd checks itself */
};

/* lint_sshd_view: from the settings. */
void lint_sshd_view(const struct sshd *sshd, struct ssh_view *view);

/* lint_sshd_prompts: whether sshd can ask for a code, by keyboard-interactive. */
bool lint_sshd_prompts(const struct sshd *sshd);

/* lint_methods_line: the line of sshd_config that the stack is made for. */
const char *lint_methods_line(const struct lint_context *lint);

/* lint_root_is_mapped: whether root has a line in the users map. */
bool lint_root_is_mapped(const struct lint_context *lint);

/* lint_sshd: what is wrong with the settings; and whether they lead around the stack. */
void lint_sshd(struct lint_context *lint, const struct sshd *sshd, const struct ssh_view *view);

/* lint_matches: in match_lint.c: what is wrong with each Match block, for those that it applies
 * to, which is not wrong for all connections: sshd and view are of these. */
void lint_matches(struct lint_context *lint, const struct sshd *sshd, const struct ssh_view *view);

/*
 * lint_running: in running_lint.c: what of swmfactl enable sshd is half done; and which sshd that
 * listen have not read their configuration, or have one that is not judged. asks: logins come to
 * the module, and the scene has the stack's roles; otherwise it needs neither stack nor roles.
 */
void lint_running(const struct lint_context *lint, bool asks);

/* ---- sudo (sudo_lint.c) ---- */

/* lint_is_sudo: whether sudo uses a service, by its own name or by its settings. */
bool lint_is_sudo(const struct sudoers *sudoers, const char *service);

/* lint_sudo_login: the service that sudo -i uses; valid as long as the settings. */
const char *lint_sudo_login(const struct sudoers *sudoers);

/* lint_sudo: what is wrong with sudo's settings; and whether they lead around the stack. why: why
 * they could not be read; NULL: they were. */
void lint_sudo(struct lint_context *lint, const struct sudoers *sudoers, const char *why);

#endif
