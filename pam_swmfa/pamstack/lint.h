/* SPDX-License-Identifier: BSD-3-Clause */
/* lint: predicts the logins by one service, and reports what is wrong with its stack. */
#ifndef SWMFA_LINT_H
#define SWMFA_LINT_H

#include "base/finding.h"
#include "config/config.h"
#include "pamstack/applications.h"
#include "pamstack/paths.h"

/* How often an event occurs, among all paths of a stack. */
enum frequency {
    FREQUENCY_NEVER,
    FREQUENCY_SOMETIMES,
    FREQUENCY_ALWAYS,
};

/* The prediction. Conditions such as pam_nologin may be met or not. */
struct prediction {
    enum frequency asked;         /* with a correct first factor: a code is requested */
    bool exempts;                 /* it would be always, but for conditions and ways around */
    enum frequency right_in;      /* with every factor correct: let in */
    enum frequency wrong_code_in; /* with a correct first factor, without a correct code: let in */
    enum frequency wrong_in;      /* with a wrong first factor, and any code: let in */
    bool wrong_sends;             /* with a wrong first factor, or none, a code is sent */
    bool passes;                  /* the module lets some users in without a code */
    enum frequency pass_in;       /* these users: let in */
    char steps[1024];             /* the requested factors, in words */
};

/* The input of a lint. */
struct lint_context {
    struct findings *findings;
    const char *service;
    enum application_kind kind;  /* of the program */
    const struct config *config; /* NULL: it cannot be read */
    const struct stack *stack;   /* its auth lines */
    const struct module_model *models;
    const struct paths *paths;
    const struct stack_line *ours; /* the first line of the module */
    const char
        *before;   /* a factor that was requested before the stack, such as an SSH key; or NULL */
    bool autosend; /* codes are sent without a request */
    bool around;   /* settings of sshd or sudo let users in without the stack */
    bool unused;   /* no login reaches the stack */
    bool unsure;   /* it is unknown whether all logins reach the stack */
};

/* lint_find_module: returns the first line of the module, or NULL. */
const struct stack_line *lint_find_module(const struct stack *stack);

/* lint_find_reached: returns the first line of the module that a login by the service can reach, or
 * NULL: conditions on the service can exclude each line. Without service: by any. */
const struct stack_line *lint_find_reached(const struct stack *stack, const char *service);

/* lint_is_kept: returns whether a shared file has the module for services other than this one: only
 * conditions on the service keep every login from it. */
bool lint_is_kept(const struct lint_context *lint);

/* lint_asks: returns whether a service has the module, and can reach it. */
bool lint_asks(const char *service);

/*
 * lint_models: returns the possible results of each line of the stack; those of our module follow
 * from its arguments and the configuration. Without service and configuration: for any service. The
 * caller frees it; NULL without memory.
 */
struct module_model *lint_models(const struct lint_context *lint);

/* lint_has_factor: returns whether a line of the stack checks a first factor, by its model. */
bool lint_has_factor(const struct lint_context *lint);

/*
 * lint_stack: explores all paths of the stack, which lint->explore then points to, and reports what
 * is wrong with its lines and their results; reports nothing if not all can be explored. The caller
 * owes paths_free(explore) in any case.
 */
enum paths_result lint_stack(struct lint_context *lint, struct paths *paths);

/* lint_predict: makes the prediction; after lint_stack. */
void lint_predict(const struct lint_context *lint, struct prediction *prediction);

#endif
