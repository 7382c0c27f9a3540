/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * judge-match: the effect of each Match block of sshd's, for the logins that it applies to; see
 * judge.h.
 *
 * Each block is judged by sshd's answer for one connection that meets its criteria. A finding for
 * all connections is not repeated for each block.
 */
#include <config.h>

#include "pamstack/lint.h"

#include <string.h>

#define CONNECTION_COMMAND "swmfactl doctor sshd --connection user=NAME,addr=ADDRESS"

/* A block, and the settings without it. */
struct match {
    struct scene *scene;
    const struct sshd_block *block;
    const struct sshd *all; /* of all connections */
    const struct ssh_view *all_view;
    struct ssh_view view;
};

static void judge_unknown(const struct match *match)
{
    match->scene->around = true;
    findings_add(match->scene->findings, SEVERITY_WARNING, "match-unknown", match->block->where,
                 CONNECTION_COMMAND,
                 "sshd: \"Match %s\": what it does is unknown, and it may let users in without a "
                 "code, or lock them out: %s",
                 match->block->criteria, match->block->why.text);
}

static void judge_key_alone(const struct match *match)
{
    if (!match->view.key_alone || match->all_view->key_alone)
        return;
    match->scene->around = true;
    findings_add(match->scene->findings, SEVERITY_WARNING, "match-without-code",
                 match->block->where, judge_methods_line(match->scene),
                 "sshd: \"Match %s\" lets these users in with a key alone: no code is requested",
                 match->block->criteria);
}

/* Why no login reaches the prompt: either the method is off, or no list has it. */
static void add_locked_out(const struct match *match, const char *what_follows)
{
    char methods[256];
    if (!judge_sshd_prompts(&match->block->answer))
        findings_add(match->scene->findings, SEVERITY_ERROR, "match-locked-out",
                     match->block->where, "KbdInteractiveAuthentication yes",
                     "sshd: \"Match %s\": KbdInteractiveAuthentication is no, and sshd cannot ask "
                     "these users for a code: %s",
                     match->block->criteria, what_follows);
    else
        findings_add(
            match->scene->findings, SEVERITY_ERROR, "match-locked-out", match->block->where,
            judge_methods_line(match->scene),
            "sshd: \"Match %s\": AuthenticationMethods is %s, and no list of it whose methods "
            "are all enabled asks these users for a code: %s",
            match->block->criteria,
            sshd_value(&match->block->answer, "authenticationmethods", methods, sizeof(methods)),
            what_follows);
}

static void judge_locked_out(const struct match *match)
{
    if (match->view.runs_pam || match->view.key_alone || !match->all_view->runs_pam)
        return;
    if (match->view.password && match->scene->autosend)
        add_locked_out(match, "they are locked out, and each login with the right password sends "
                              "a code");
    else
        add_locked_out(match, "they are locked out");
}

/* If there is another way in; otherwise judge_locked_out has reported it. */
static void judge_password(const struct match *match)
{
    bool locked_out = !match->view.runs_pam && !match->view.key_alone;
    if (!match->view.password || match->all_view->password || locked_out)
        return;
    findings_add(
        match->scene->findings, match->scene->autosend ? SEVERITY_ERROR : SEVERITY_WARNING,
        "match-password", match->block->where, "PasswordAuthentication no",
        "sshd: \"Match %s\": PasswordAuthentication is yes, but the password method cannot "
        "show the prompt for a code: each login by it %s",
        match->block->criteria,
        match->scene->autosend ? "sends a code and is denied" : "is denied");
}

/* The stack relies on sshd to check a key. */
static void judge_code_alone(const struct match *match)
{
    if (!match->view.runs_pam || match->view.key_first || !match->all_view->key_first ||
        judge_has_factor(match->scene))
        return;
    findings_add(match->scene->findings, SEVERITY_ERROR, "match-code-alone", match->block->where,
                 judge_methods_line(match->scene),
                 "sshd: \"Match %s\": these users need no key, and the stack asks for no password: "
                 "a code alone lets them in, and anyone can have one sent",
                 match->block->criteria);
}

/* Since OpenSSH 10.0, a block can choose another stack. */
static void judge_service(const struct match *match)
{
    char all[256];
    char here[256];
    (void)sshd_value(match->all, "pamservicename", all, sizeof(all));
    (void)sshd_value(&match->block->answer, "pamservicename", here, sizeof(here));
    if (strcmp(all, here) == 0)
        return;
    match->scene->around = true;
    findings_add(
        match->scene->findings, SEVERITY_WARNING, "match-pam-service", match->block->where, "",
        "sshd: \"Match %s\": PAMServiceName is %s: these users log in by the stack of that "
        "service; examine it with: swmfactl doctor %s",
        match->block->criteria, here, here);
}

static void judge_block(const struct match *match)
{
    judge_key_alone(match);
    judge_locked_out(match);
    judge_password(match);
    judge_code_alone(match);
    judge_service(match);
    if (match->view.runs_pam)
        match->scene->unused = false;
}

/* ---- root ---- */

static void judge_root_block(const struct match *match)
{
    char value[64];
    if (!match->block->known || match->block->where[0] == '\0' ||
        sshd_says(&match->block->answer, "permitrootlogin", "yes") ||
        !sshd_says(match->all, "permitrootlogin", "yes"))
        return;
    findings_add(match->scene->findings, SEVERITY_WARNING, "match-root-login", match->block->where,
                 "PermitRootLogin yes",
                 "sshd: \"Match %s\": root has a line in the users map, but PermitRootLogin is %s "
                 "here: sshd rejects root%s",
                 match->block->criteria,
                 sshd_value(&match->block->answer, "permitrootlogin", value, sizeof(value)),
                 match->view.key_first && match->scene->autosend && strcmp(value, "no") != 0
                     ? ", after a code was sent"
                     : "");
}

/* ---- all ---- */

static void judge_one(const struct match *match, const char *user)
{
    if (user != NULL)
        judge_root_block(match);
    else if (match->block->known)
        judge_block(match);
    else
        judge_unknown(match);
}

/* user: NULL: each block for anybody; "root": for root alone. */
static void judge_all(struct scene *scene, const struct sshd *sshd, const struct ssh_view *view,
                      const char *user)
{
    const struct sshd_question as_it_is = {0};
    struct sshd_blocks blocks;
    struct problem why = {0};
    bool good = sshd_ask_blocks(&blocks, &as_it_is, user, &why);
    scene->around = scene->around || !good;
    if (!good)
        findings_add(scene->findings, SEVERITY_WARNING, "match-unknown", SSHD_CONFIG,
                     CONNECTION_COMMAND, "sshd: what its Match blocks do is unknown: %s", why.text);
    for (size_t i = 0; i < blocks.count; i++) {
        struct match match = {.scene = scene,
                              .block = &blocks.at[i],
                              .all = sshd,
                              .all_view = view};
        if (match.block->known)
            judge_sshd_view(&match.block->answer, &match.view);
        if (match.block->decides)
            judge_one(&match, user);
    }
    sshd_free_blocks(&blocks);
}

void judge_matches(struct scene *scene, const struct sshd *sshd, const struct ssh_view *view)
{
    judge_all(scene, sshd, view, NULL);
    if (judge_root_is_mapped(scene))
        judge_all(scene, sshd, view, "root");
}
