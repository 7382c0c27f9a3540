/* SPDX-License-Identifier: BSD-3-Clause */
/* lint: what will come of a login by one service, and what is wrong with that. */
#ifndef SWMFA_LINT_H
#define SWMFA_LINT_H

#include "base/finding.h"
#include "config/config.h"
#include "pamstack/applications.h"
#include "pamstack/paths.h"

/* How often something is so, in all that can come of a stack. */
enum frequency {
    FREQUENCY_NEVER,
    FREQUENCY_SOMETIMES,
    FREQUENCY_ALWAYS,
};

/* What will happen. Conditions such as pam_nologin are taken as they may be. */
struct prediction {
    enum frequency asked;         /* with the right first factor: for a code */
    bool exempts;                 /* but for conditions and ways around, that would be always */
    enum frequency right_in;      /* with all that is asked for right: let in */
    enum frequency wrong_code_in; /* with the right first factor and no right code */
    enum frequency wrong_in;      /* with a wrong first factor, whatever the code */
    bool wrong_sends;             /* with a wrong first factor, or none, a code is sent */
    bool passes;                  /* there is somebody whom the module lets pass without a code */
    enum frequency pass_in;       /* whom it lets pass: let in */
    char steps[1024];             /* what is asked for, in words */
};

/* What is judged, and with what. */
struct lint_context {
    struct findings *findings;
    const char *service;
    enum application_kind kind;  /* of the program */
    const struct config *config; /* NULL: it cannot be read */
    const struct stack *stack;   /* its auth lines */
    const struct module_model *models;
    const struct paths *paths;
    const struct stack_line *ours; /* the first line of the module */
    const char *before; /* what was asked for before the stack, such as an SSH key; or NULL */
    bool autosend;      /* codes are sent without being asked for */
    bool around;        /* somebody gets in without the stack, by settings of sshd or sudo */
    bool unused;        /* nobody comes to the stack */
    bool unsure;        /* whether all come to the stack is not known */
};

/* lint_find_module: the first line of the module, or NULL. */
const struct stack_line *lint_find_module(const struct stack *stack);

/* lint_find_reached: the first line of the module that a login by the service can come to; or
 * NULL. Conditions on the service can keep it from each. Without service: by any. */
const struct stack_line *lint_find_reached(const struct stack *stack, const char *service);

/* lint_is_kept: whether a file that services share has the module for others than this one: only
 * conditions of the service keep every login from it. */
bool lint_is_kept(const struct lint_context *lint);

/* lint_asks: whether a service has the module, and is not kept from it. */
bool lint_asks(const char *service);

/* lint_models: what each line of the stack can answer, for roles; ours by its words and the
 * configuration. Without service and configuration: in any service. Returns the caller's to free,
 * or NULL without memory. */
struct module_model *lint_models(const struct lint_context *lint);

/* lint_has_factor: whether a line of the stack checks a first factor, by its roles. */
bool lint_has_factor(const struct lint_context *lint);

/*
 * lint_stack: goes all ways of the stack, which scene->explore then points to, and finds what is
 * wrong with its lines and with what comes of them; nothing, if not all can be gone. The caller
 * owes paths_free(explore) in any case.
 */
enum paths_result lint_stack(struct lint_context *lint, struct paths *paths);

/* lint_predict: what will happen; after lint_stack. */
void lint_predict(const struct lint_context *lint, struct prediction *prediction);

#endif
