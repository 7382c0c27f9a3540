/* SPDX-License-Identifier: BSD-3-Clause */
/* precheck: see precheck.h. */
#include <config.h>

#include "ctl/setup/precheck.h"

#include "base/log.h"
#include "pamstack/lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_id(const struct finding *finding, const char *id)
{
    return strcmp(finding->id, id) == 0;
}

/*
 * The administrator has exempted the users that are then denied, and can fix that. An unknown
 * module that can end the stack is as bad as one that does, and nobody needs two codes in one
 * login.
 */
static bool is_against(const struct finding *finding)
{
    return (finding->severity == SEVERITY_ERROR && !is_id(finding, "exempt-denied")) ||
           is_id(finding, "may-skip") || is_id(finding, "asked-twice");
}

/* True if a line exempts users. The one of su for root is in every su, and needs no warning. */
static bool is_bypass(const struct finding *finding)
{
    return is_id(finding, "exempt-by-line") && strstr(finding->text, "pam_rootok") == NULL;
}

static bool take(const struct finding *finding, void *context)
{
    struct problem *problem = context;
    if (is_against(finding)) {
        problem_set(problem, "%s: %s", finding->where, finding->text);
        return false;
    }
    if (finding->severity != SEVERITY_NOTE || is_bypass(finding)) {
        char text[2048];
        (void)fprintf(stderr, "swmfactl: warning: %s; see swmfactl doctor\n",
                      log_escape(text, sizeof(text), finding->text, ""));
    }
    return true;
}

static bool look(struct lint_context *lint, struct problem *problem)
{
    struct paths paths;
    enum paths_result result = lint_stack(lint, &paths);
    paths_free(&paths);
    if (result == PATHS_TOO_MANY)
        return problem_set(problem, "%s: the stack has too many paths to check", lint->service);
    if (result == PATHS_NO_MEMORY)
        return problem_no_memory(problem);
    findings_each(lint->findings, take, problem);
    return problem->text[0] == '\0';
}

/* If libpam does not read the whole stack, nothing is known of it. */
static bool check_readable(const struct lint_context *lint, struct problem *problem)
{
    const struct stack *stack = lint->stack;
    if (stack->problem.text[0] != '\0')
        return problem_set(problem, "%s:%u: %s; %s", stack->problem_file, stack->problem_line,
                           stack->problem.text, stack_consequence(stack));
    return lint->ours != NULL ||
           problem_set(problem, "%s: no login would reach the module's line", lint->service);
}

bool trial_run(const struct config *config, const char *service, bool key,
               const struct stack_text *texts, struct problem *problem)
{
    struct lint_context lint = {.service = service, .config = config, .autosend = config->autosend};
    struct stack *stack = stack_read_planned(texts, service, "auth");
    struct module_model *models = NULL;
    bool good = false;
    lint.kind = applications_find(service)->kind;
    lint.before = key ? "an SSH key" : NULL;
    lint.stack = stack;
    lint.findings = findings_new();
    if (stack != NULL) {
        lint.ours = lint_find_reached(stack, service);
        if (lint.ours == NULL)
            lint.ours = lint_find_module(stack);
        lint.models = models = lint_models(&lint);
    }
    if (models == NULL || lint.findings == NULL)
        problem_no_memory(problem);
    else
        good = check_readable(&lint, problem) && look(&lint, problem);
    free(models);
    stack_free(stack);
    findings_free(lint.findings);
    return good;
}

/* ---- without the module ---- */

/* How a stack lets users in. */
struct ways {
    bool known;         /* libpam reads it, and all paths were explored */
    bool deterministic; /* all of its modules are known */
    bool proved; /* after a right factor; an unknown module that stands alone counts as one */
    bool open;   /* after no factor, and without the module's leave */
    bool asks;   /* a line asks for a factor other than the code */
};

static void look_at_roles(const struct stack *stack, const struct module_model *models,
                          struct ways *ways)
{
    for (size_t i = 0; i < stack->count; i++)
        for (size_t n = 0; n < models[i].count; n++) {
            ways->deterministic =
                ways->deterministic && models[i].answers[n].meaning != MEANS_ANYTHING;
            ways->asks = ways->asks || models[i].answers[n].meaning == MEANS_PROVED;
        }
}

static void look_at_ends(const struct paths *paths, struct ways *ways)
{
    bool success = false;
    for (size_t i = 0; i < paths->node_count; i++) {
        const struct node *node = paths->nodes[i];
        if (!paths_ended(paths, node, &success) || !success)
            continue;
        ways->proved = ways->proved || (node->events & EVENT_PROVED) != 0;
        ways->open = ways->open || (node->events & (EVENT_PROVED | EVENT_CODE | EVENT_PASS)) == 0;
    }
}

static struct ways find_ways(const char *service, const struct stack_text *texts)
{
    struct ways ways = {.deterministic = true};
    struct paths paths = {0};
    struct lint_context lint = {.service = service};
    struct stack *stack = stack_read_planned(texts, service, "auth");
    lint.stack = stack;
    struct module_model *models = stack != NULL ? lint_models(&lint) : NULL;
    if (models != NULL && stack->problem.text[0] == '\0') {
        look_at_roles(stack, models, &ways);
        ways.known = paths_run(&paths, stack, models, 0) == PATHS_DONE;
        if (ways.known)
            look_at_ends(&paths, &ways);
        paths_free(&paths);
    }
    free(models);
    stack_free(stack);
    return ways;
}

bool trial_without(const char *service, const struct stack_text *texts, struct problem *problem)
{
    static const struct stack_text none[1];
    struct ways before = find_ways(service, none);
    struct ways after = find_ways(service, texts);
    if (!after.known)
        return true;
    if (after.open && after.deterministic && !(before.known && before.open))
        return problem_set(
            problem,
            "%s: without the module's line, the stack would let some users in without a password",
            service);
    return after.proved || problem_set(problem,
                                       "%s: without the module's line, the stack would let nobody "
                                       "in, even with the right password",
                                       service);
}

bool trial_asks_otherwise(const char *service)
{
    static const struct stack_text none[1];
    return find_ways(service, none).asks;
}
