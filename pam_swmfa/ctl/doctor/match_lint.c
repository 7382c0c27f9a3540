/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * match_lint: the effect of each Match block of sshd's, for the logins that it applies to; see
 * host_lint.h.
 *
 * Each block is judged by sshd's answer for one connection that meets its criteria. A finding for
 * all connections is not repeated for each block.
 */
#include <config.h>

#include "ctl/doctor/host_lint.h"

#include <string.h>

#define CONNECTION_COMMAND "swmfactl doctor sshd --connection user=NAME,addr=ADDRESS"

/* A block, and the settings without it. */
struct match {
    struct lint_context *lint;
    const struct sshd_block *block;
    const struct sshd *all; /* of all connections */
    const struct ssh_view *all_view;
    struct ssh_view view;
};

static void lint_unknown(const struct match *match)
{
    match->lint->around = true;
    findings_add(match->lint->findings, SEVERITY_WARNING, "match-unknown", match->block->where,
                 CONNECTION_COMMAND,
                 "sshd: \"Match %s\": its effect is unknown; it may let users in without a code, "
                 "or lock them out: %s",
                 match->block->criteria, match->block->why.text);
}

static void lint_key_alone(const struct match *match)
{
    if (!match->view.key_alone || match->all_view->key_alone)
        return;
    match->lint->around = true;
    findings_add(match->lint->findings, SEVERITY_WARNING, "match-without-code", match->block->where,
                 lint_methods_line(match->lint),
                 "sshd: \"Match %s\" lets these users in with a key alone: no code is requested",
                 match->block->criteria);
}

/* Why no login reaches the prompt: either the method is off, or no list has it. */
static void add_locked_out(const struct match *match, const char *what_follows)
{
    char methods[256];
    if (!lint_sshd_prompts(&match->block->answer))
        findings_add(match->lint->findings, SEVERITY_ERROR, "match-locked-out", match->block->where,
                     "KbdInteractiveAuthentication yes",
                     "sshd: \"Match %s\": KbdInteractiveAuthentication is no, and sshd cannot ask "
                     "these users for a code: %s",
                     match->block->criteria, what_follows);
    else
        findings_add(match->lint->findings, SEVERITY_ERROR, "match-locked-out", match->block->where,
                     lint_methods_line(match->lint),
                     "sshd: \"Match %s\": AuthenticationMethods is %s, and none of its lists asks "
                     "these users for a code with enabled methods only: %s",
                     match->block->criteria,
                     sshd_value(&match->block->answer, "authenticationmethods", methods,
                                sizeof(methods)),
                     what_follows);
}

static void lint_locked_out(const struct match *match)
{
    if (match->view.runs_pam || match->view.key_alone || !match->all_view->runs_pam)
        return;
    if (match->view.password && match->lint->autosend)
        add_locked_out(match, "they are locked out, and each login with the right password sends "
                              "a code");
    else
        add_locked_out(match, "they are locked out");
}

/* If there is another way in; otherwise lint_locked_out has reported it. */
static void lint_password(const struct match *match)
{
    bool locked_out = !match->view.runs_pam && !match->view.key_alone;
    if (!match->view.password || match->all_view->password || locked_out)
        return;
    findings_add(match->lint->findings, match->lint->autosend ? SEVERITY_ERROR : SEVERITY_WARNING,
                 "match-password", match->block->where, "PasswordAuthentication no",
                 "sshd: \"Match %s\": PasswordAuthentication is yes, but the password method "
                 "cannot prompt for a code: each login with it %s",
                 match->block->criteria,
                 match->lint->autosend ? "sends a code and is denied" : "is denied");
}

/* The stack relies on sshd to check a key. */
static void lint_code_alone(const struct match *match)
{
    if (!match->view.runs_pam || match->view.key_first || !match->all_view->key_first ||
        lint_has_factor(match->lint))
        return;
    findings_add(match->lint->findings, SEVERITY_ERROR, "match-code-alone", match->block->where,
                 lint_methods_line(match->lint),
                 "sshd: \"Match %s\": these users need no key, and the stack does not ask for a "
                 "password: a code alone lets them in, and anyone can trigger one",
                 match->block->criteria);
}

/* Since OpenSSH 10.0, a block can choose another stack. */
static void lint_service(const struct match *match)
{
    char all[256];
    char here[256];
    (void)sshd_value(match->all, "pamservicename", all, sizeof(all));
    (void)sshd_value(&match->block->answer, "pamservicename", here, sizeof(here));
    if (strcmp(all, here) == 0)
        return;
    match->lint->around = true;
    findings_add(match->lint->findings, SEVERITY_WARNING, "match-pam-service", match->block->where,
                 "",
                 "sshd: \"Match %s\": PAMServiceName is %s: these users log in with the stack of "
                 "that service; examine it with: swmfactl doctor %s",
                 match->block->criteria, here, here);
}

static void lint_block(const struct match *match)
{
    lint_key_alone(match);
    lint_locked_out(match);
    lint_password(match);
    lint_code_alone(match);
    lint_service(match);
    if (match->view.runs_pam)
        match->lint->unused = false;
}

/* ---- root ---- */

static void lint_root_block(const struct match *match)
{
    char value[64];
    if (!match->block->known || match->block->where[0] == '\0' ||
        sshd_says(&match->block->answer, "permitrootlogin", "yes") ||
        !sshd_says(match->all, "permitrootlogin", "yes"))
        return;
    findings_add(match->lint->findings, SEVERITY_WARNING, "match-root-login", match->block->where,
                 "PermitRootLogin yes",
                 "sshd: \"Match %s\": root has a line in the users map, but PermitRootLogin is %s "
                 "here: sshd rejects root%s",
                 match->block->criteria,
                 sshd_value(&match->block->answer, "permitrootlogin", value, sizeof(value)),
                 match->view.key_first && match->lint->autosend && strcmp(value, "no") != 0
                     ? ", after a code was sent"
                     : "");
}

/* ---- all ---- */

static void lint_one(const struct match *match, const char *user)
{
    if (user != NULL)
        lint_root_block(match);
    else if (match->block->known)
        lint_block(match);
    else
        lint_unknown(match);
}

/* user: NULL: each block for anybody; "root": for root alone. */
static void lint_all(struct lint_context *lint, const struct sshd *sshd,
                     const struct ssh_view *view, const char *user)
{
    const struct sshd_question as_it_is = {0};
    struct sshd_blocks blocks;
    struct problem why = {0};
    bool good = sshd_ask_blocks(&blocks, &as_it_is, user, &why);
    lint->around = lint->around || !good;
    if (!good)
        findings_add(lint->findings, SEVERITY_WARNING, "match-unknown", SSHD_CONFIG,
                     CONNECTION_COMMAND, "sshd: the effect of its Match blocks is unknown: %s",
                     why.text);
    for (size_t i = 0; i < blocks.count; i++) {
        struct match match = {.lint = lint, .block = &blocks.at[i], .all = sshd, .all_view = view};
        if (match.block->known)
            lint_sshd_view(&match.block->answer, &match.view);
        if (match.block->decides)
            lint_one(&match, user);
    }
    sshd_free_blocks(&blocks);
}

void lint_matches(struct lint_context *lint, const struct sshd *sshd, const struct ssh_view *view)
{
    lint_all(lint, sshd, view, NULL);
    if (lint_root_is_mapped(lint))
        lint_all(lint, sshd, view, "root");
}
