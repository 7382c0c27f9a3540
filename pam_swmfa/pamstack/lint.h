/* SPDX-License-Identifier: BSD-3-Clause */
/* judge: what will come of a login by one service, and what is wrong with that. */
#ifndef SWMFA_JUDGE_H
#define SWMFA_JUDGE_H

#include "config/config.h"
#include "pamstack/applications.h"
#include "pamstack/paths.h"
#include "ctl/finding.h"
#include "ctl/doctor/sshd_config.h"
#include "ctl/doctor/sudoers.h"

/* How often something is so, in all that can come of a stack. */
enum often {
    OFTEN_NEVER,
    OFTEN_SOMETIMES,
    OFTEN_ALWAYS,
};

/* What will happen. Conditions such as pam_nologin are taken as they may be. */
struct prediction {
    enum often asked;         /* with the right first factor: for a code */
    bool exempts;             /* but for conditions and ways around, that would be always */
    enum often right_in;      /* with all that is asked for right: let in */
    enum often wrong_code_in; /* with the right first factor and no right code */
    enum often wrong_in;      /* with a wrong first factor, whatever the code */
    bool wrong_sends;         /* with a wrong first factor, or none, a code is sent */
    bool passes;              /* there is somebody whom the module lets pass without a code */
    enum often pass_in;       /* whom it lets pass: let in */
    char steps[1024];         /* what is asked for, in words */
};

/* What is judged, and with what. */
struct scene {
    struct findings *findings;
    const char *service;
    enum application_kind kind;  /* of the program */
    const struct config *config; /* NULL: it cannot be read */
    const struct stack *stack;   /* its auth lines */
    const struct role *roles;
    const struct explore *explore;
    const struct stack_line *ours; /* the first line of the module */
    const char *before; /* what was asked for before the stack, such as an SSH key; or NULL */
    bool autosend;      /* codes are sent without being asked for */
    bool around;        /* somebody gets in without the stack, by settings of sshd or sudo */
    bool unused;        /* nobody comes to the stack */
    bool unsure;        /* whether all come to the stack is not known */
};

/* judge_find_ours: the first line of the module, or NULL. */
const struct stack_line *judge_find_ours(const struct stack *stack);

/* judge_find_reached: the first line of the module that a login by the service can come to; or
 * NULL. Conditions on the service can keep it from each. Without service: by any. */
const struct stack_line *judge_find_reached(const struct stack *stack, const char *service);

/* judge_is_kept: whether a file that services share has the module for others than this one: only
 * conditions of the service keep every login from it. */
bool judge_is_kept(const struct scene *scene);

/* judge_asks: whether a service has the module, and is not kept from it. */
bool judge_asks(const char *service);

/* judge_roles: what each line of the stack can answer, for roles; ours by its words and the
 * configuration. Without service and configuration: in any service. Returns the caller's to free,
 * or NULL without memory. */
struct role *judge_roles(const struct scene *scene);

/* judge_has_factor: whether a line of the stack checks a first factor, by its roles. */
bool judge_has_factor(const struct scene *scene);

/*
 * judge_stack: goes all ways of the stack, which scene->explore then points to, and finds what is
 * wrong with its lines and with what comes of them; nothing, if not all can be gone. The caller
 * owes explore_free(explore) in any case.
 */
enum explore_result judge_stack(struct scene *scene, struct explore *explore);

/* judge_predict: what will happen; after judge_stack. */
void judge_predict(const struct scene *scene, struct prediction *prediction);

/* ---- sshd, in judge-sshd.c ---- */

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

/* judge_sshd_view: from the settings. */
void judge_sshd_view(const struct sshd *sshd, struct ssh_view *view);

/* judge_sshd_prompts: whether sshd can ask for a code, by keyboard-interactive. */
bool judge_sshd_prompts(const struct sshd *sshd);

/* judge_methods_line: the line of sshd_config that the stack is made for. */
const char *judge_methods_line(const struct scene *scene);

/* judge_root_is_mapped: whether root has a line in the users map. */
bool judge_root_is_mapped(const struct scene *scene);

/* judge_sshd: what is wrong with the settings; and whether they lead around the stack. */
void judge_sshd(struct scene *scene, const struct sshd *sshd, const struct ssh_view *view);

/* judge_matches: in judge-match.c: what is wrong with each Match block, for those that it applies
 * to, which is not wrong for all connections: sshd and view are of these. */
void judge_matches(struct scene *scene, const struct sshd *sshd, const struct ssh_view *view);

/*
 * judge_running: in judge-running.c: what of swmfactl enable sshd is half done; and which sshd that
 * listen have not read their configuration, or have one that is not judged. asks: logins come to
 * the module, and the scene has the stack's roles; otherwise it needs neither stack nor roles.
 */
void judge_running(const struct scene *scene, bool asks);

/* ---- sudo, in judge-sudo.c ---- */

/* judge_is_sudo: whether sudo uses a service, by its own name or by its settings. */
bool judge_is_sudo(const struct sudoers *sudoers, const char *service);

/* judge_sudo_login: the service that sudo -i uses; valid as long as the settings. */
const char *judge_sudo_login(const struct sudoers *sudoers);

/* judge_sudo: what is wrong with sudo's settings; and whether they lead around the stack. why: why
 * they could not be read; NULL: they were. */
void judge_sudo(struct scene *scene, const struct sudoers *sudoers, const char *why);

#endif
