/* SPDX-License-Identifier: BSD-3-Clause */
/* trial: see trial.h. */
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

/* Who is exempt and denied has been named by the administrator, who can mend that. An unknown
 * module that can end the stack is as bad as one that does; and two codes in one login are no use.
 */
static bool is_against(const struct finding *finding)
{
    return (finding->severity == SEVERITY_ERROR && !is_id(finding, "exempt-denied")) ||
           is_id(finding, "may-skip") || is_id(finding, "asked-twice");
}

/* A line by which somebody is not asked; that of su for root is in every su. */
static bool is_bypass(const struct finding *finding)
{
    return is_id(finding, "exempt-by-line") && strstr(finding->text, "pam_rootok") == NULL;
}

static bool take(const struct finding *finding, void *context)
{
    struct problem *problem = context;
    if (is_against(finding)) {
        problem_set(problem, "%.150s: %.330s", finding->where, finding->text);
        return false;
    }
    if (finding->severity != SEVERITY_NOTE || is_bypass(finding)) {
        char text[2048];
        (void)fprintf(stderr, "swmfactl: warning: %s; see swmfactl doctor\n",
                      log_escape(text, sizeof(text), finding->text, ""));
    }
    return true;
}

static bool look(struct scene *scene, struct problem *problem)
{
    struct explore explore;
    enum explore_result result = judge_stack(scene, &explore);
    explore_free(&explore);
    if (result == EXPLORE_TOO_MANY)
        return problem_set(problem, "%s: the stack has too many ways to look at all of them",
                           scene->service);
    if (result == EXPLORE_NO_MEMORY)
        return problem_set(problem, "no memory");
    findings_each(scene->findings, take, problem);
    return problem->text[0] == '\0';
}

/* Nothing is known of a stack that libpam does not read as a whole. */
static bool check_readable(const struct scene *scene, struct problem *problem)
{
    const struct stack *stack = scene->stack;
    if (stack->problem.text[0] != '\0')
        return problem_set(problem, "%.200s:%u: %.200s; %s", stack->problem_file,
                           stack->problem_line, stack->problem.text, stack_consequence(stack));
    return scene->ours != NULL ||
           problem_set(problem, "%s: the module's line would not be reached", scene->service);
}

bool trial_run(const struct config *config, const char *service, bool key,
               const struct stack_text *texts, struct problem *problem)
{
    struct scene scene = {.service = service, .config = config, .autosend = config->autosend};
    struct stack *stack = stack_read_planned(texts, service, "auth");
    struct role *roles = NULL;
    bool good = false;
    scene.kind = applications_find(service)->kind;
    scene.before = key ? "an SSH key" : NULL;
    scene.stack = stack;
    scene.findings = findings_new();
    if (stack != NULL) {
        scene.ours = judge_find_reached(stack, service);
        if (scene.ours == NULL)
            scene.ours = judge_find_ours(stack);
        scene.roles = roles = judge_roles(&scene);
    }
    if (roles == NULL || scene.findings == NULL)
        problem_set(problem, "no memory");
    else
        good = check_readable(&scene, problem) && look(&scene, problem);
    free(roles);
    stack_free(stack);
    findings_free(scene.findings);
    return good;
}

/* ---- without the module ---- */

/* How a stack lets in. */
struct ways {
    bool known;  /* libpam reads it, and all ways were gone */
    bool steady; /* all of its modules are known */
    bool proved; /* by a right factor; of an only module that is not known, it counts as one */
    bool open;   /* by none, and not by the module's leave either */
    bool asks;   /* a line asks for a factor that is not the code */
};

static void look_at_roles(const struct stack *stack, const struct role *roles, struct ways *ways)
{
    for (size_t i = 0; i < stack->count; i++)
        for (size_t n = 0; n < roles[i].count; n++) {
            ways->steady = ways->steady && roles[i].answers[n].meaning != MEANS_ANYTHING;
            ways->asks = ways->asks || roles[i].answers[n].meaning == MEANS_PROVED;
        }
}

static void look_at_ends(const struct explore *explore, struct ways *ways)
{
    bool success = false;
    for (size_t i = 0; i < explore->node_count; i++) {
        const struct node *node = explore->nodes[i];
        if (!explore_ended(explore, node, &success) || !success)
            continue;
        ways->proved = ways->proved || (node->facts & FACT_PROVED) != 0;
        ways->open = ways->open || (node->facts & (FACT_PROVED | FACT_CODE | FACT_PASS)) == 0;
    }
}

static struct ways find_ways(const char *service, const struct stack_text *texts)
{
    struct ways ways = {.steady = true};
    struct explore explore = {0};
    struct scene scene = {.service = service};
    struct stack *stack = stack_read_planned(texts, service, "auth");
    scene.stack = stack;
    struct role *roles = stack != NULL ? judge_roles(&scene) : NULL;
    if (roles != NULL && stack->problem.text[0] == '\0') {
        look_at_roles(stack, roles, &ways);
        ways.known = explore_run(&explore, stack, roles, 0) == EXPLORE_DONE;
        if (ways.known)
            look_at_ends(&explore, &ways);
        explore_free(&explore);
    }
    free(roles);
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
    if (after.open && after.steady && !(before.known && before.open))
        return problem_set(problem,
                           "%s: without the module's line, some would get in without a "
                           "password",
                           service);
    return after.proved ||
           problem_set(problem, "%s: without the module's line, no right password would let in",
                       service);
}

bool trial_asks_otherwise(const char *service)
{
    static const struct stack_text none[1];
    return find_ways(service, none).asks;
}
