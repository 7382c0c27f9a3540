/* SPDX-License-Identifier: BSD-3-Clause */
/* host_lint: the effect of sshd's and sudo's settings on a PAM stack. */
#ifndef SWMFA_HOST_LINT_H
#define SWMFA_HOST_LINT_H

#include "ctl/host/sshd_config.h"
#include "ctl/host/sudoers.h"
#include "pamstack/lint.h"

#include <stdbool.h>

/* ---- sshd (sshd_lint.c) ---- */

/* The effect of sshd's settings on the stack. */
struct ssh_view {
    bool known;        /* sshd has answered */
    bool runs_pam;     /* by keyboard-interactive */
    bool password;     /* by its password method, which cannot show a prompt */
    bool key_first;    /* only after a key */
    bool key_alone;    /* a key, or the like, is enough, without PAM */
    bool one_key;      /* the same, and a single one is enough */
    bool needs_key;    /* every way in requires a key, or the like */
    bool own_password; /* without PAM: by a password that sshd itself checks */
};

/* lint_sshd_view: derives it from the settings. */
void lint_sshd_view(const struct sshd *sshd, struct ssh_view *view);

/* lint_sshd_prompts: returns whether sshd can ask for a code, by keyboard-interactive. */
bool lint_sshd_prompts(const struct sshd *sshd);

/* lint_methods_line: returns the line of sshd_config that the stack is made for. */
const char *lint_methods_line(const struct lint_context *lint);

/* lint_root_is_mapped: returns whether root has a line in the users map. */
bool lint_root_is_mapped(const struct lint_context *lint);

/* lint_sshd: reports wrong settings, and whether they bypass the stack. */
void lint_sshd(struct lint_context *lint, const struct sshd *sshd, const struct ssh_view *view);

/* lint_matches: in match_lint.c: reports what is wrong for connections to which a Match block
 * applies, if it is not wrong for all connections: sshd and view are of all. */
void lint_matches(struct lint_context *lint, const struct sshd *sshd, const struct ssh_view *view);

/*
 * lint_running: in running_lint.c: reports a half finished swmfactl enable sshd, and each listening
 * sshd that may not have read its configuration, or has one that is not examined. asks: logins
 * reach the module, and lint has the stack's models; otherwise it needs neither stack nor models.
 */
void lint_running(const struct lint_context *lint, bool asks);

/* ---- sudo (sudo_lint.c) ---- */

/* lint_is_sudo: returns whether sudo uses a service, by its own name or by its settings. */
bool lint_is_sudo(const struct sudoers *sudoers, const char *service);

/* lint_sudo_login: returns the service of sudo -i; valid as long as the settings. */
const char *lint_sudo_login(const struct sudoers *sudoers);

/* lint_sudo: reports wrong settings of sudo, and whether they bypass the stack. why: the reason why
 * they could not be read; NULL: they were read. */
void lint_sudo(struct lint_context *lint, const struct sudoers *sudoers, const char *why);

#endif
