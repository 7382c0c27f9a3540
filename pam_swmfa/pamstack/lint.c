/* SPDX-License-Identifier: BSD-3-Clause */
/* lint: see lint.h. Findings are computed from all paths of the stack. */
#include <config.h>

#include "pamstack/lint.h"

#include "wire/option.h"
#include "wire/pam_code.h"
#include "wire/wire.h"

#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT 1024

/* ---- text ---- */

static void add_text(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_text(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

static void add_arguments(char *text, size_t size, const struct stack_line *line)
{
    for (char **at = line->arguments; *at != NULL; at++)
        if (strpbrk(*at, " \t") != NULL)
            add_text(text, size, " [%s]", *at);
        else
            add_text(text, size, " %s", *at);
}

/* Adds a line of pam.d: the module of a line, with another control. */
static void add_line(char *text, size_t size, const char *control, const struct stack_line *line)
{
    add_text(text, size, "%sauth  %s  %s", *text != '\0' ? "\n" : "", control, line->module);
    add_arguments(text, size, line);
}

/* ---- the module's own line ---- */

const struct stack_line *lint_find_module(const struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        if (modules_is_ours(&stack->lines[i]))
            return &stack->lines[i];
    return NULL;
}

static void add_answer(struct module_model *model, int code, enum meaning meaning)
{
    model->answers[model->count++] = (struct answer){code, meaning};
}

/* How the module lets users pass without a code: 0 not at all, or the codes as bits. */
enum {
    PASS_IGNORE = 1,
    PASS_SUCCESS = 2,
};

static unsigned pass_codes(const struct lint_context *lint)
{
    const struct config *config = lint->config;
    const struct policy *policy = &config->policy;
    bool holds = policy->services == NULL || key_list_has(policy->services, lint->service);
    bool safe = config->fail == FAIL_SAFE && lint->kind != APPLICATION_CALLER; /* root starts it */
    bool exempts = holds && (policy->exempt_groups != NULL || policy->exempt_networks != NULL ||
                             policy->require_groups != NULL || policy->remember > 0);
    unsigned codes = 0;
    if (exempts)
        codes |= policy->exempt_result == EXEMPT_SUCCESS ? PASS_SUCCESS : PASS_IGNORE;
    if (config->unmapped == UNMAPPED_IGNORE || safe)
        codes |= PASS_IGNORE;
    return codes;
}

/* Returns the fault of a module option; NULL: none. */
static const char *option_wrong(const char *word)
{
    struct option_value value;
    switch (option_read(word, &value)) {
    case OPTION_FLAG:
        return NULL;
    case OPTION_CONF:
        return access(value.conf, F_OK) == 0 ? NULL : "there is no such file";
    case OPTION_RELATIVE:
        return "the path is not absolute";
    case OPTION_UNKNOWN:
        break;
    }
    return "unknown option";
}

static bool options_good(const struct stack_line *line)
{
    for (char **at = line->arguments; *at != NULL; at++)
        if (option_wrong(*at) != NULL)
            return false;
    return true;
}

/* The possible results of the module's own line, by its arguments and the configuration. */
static void take_ours(const struct lint_context *lint, const struct stack_line *line,
                      struct module_model *model)
{
    char path[LOCATION_SIZE];
    *model = (struct module_model){.asks = "code"};
    if (!modules_path(line, path, sizeof(path))) {
        add_answer(model, PAM_MODULE_UNKNOWN, MEANS_NOTHING);
        return;
    }
    bool not_root = lint->kind == APPLICATION_NOT_ROOT;
    if (lint->config == NULL || !options_good(line) || not_root) {
        add_answer(model, not_root ? PAM_SYSTEM_ERR : PAM_SERVICE_ERR, MEANS_DENIAL);
        return;
    }
    unsigned pass = pass_codes(lint);
    if (lint->kind != APPLICATION_NO_PROMPT)
        add_answer(model, PAM_SUCCESS, MEANS_CODE);
    if ((pass & PASS_IGNORE) != 0)
        add_answer(model, PAM_IGNORE, MEANS_PASS);
    if ((pass & PASS_SUCCESS) != 0)
        add_answer(model, PAM_SUCCESS, MEANS_PASS);
    for (const struct pam_code *at = pam_codes; at->name != NULL; at++)
        if (!pam_code_allows(at->code))
            add_answer(model, at->code, MEANS_DENIAL);
}

/* An unknown module counts as a first factor if there is no other. */
static void take_unknown(const struct stack *stack, struct module_model *models)
{
    static const char unknown[] = "factor of an unknown module";
    for (size_t i = 0; i < stack->count; i++)
        if (models[i].count > 0 && models[i].answers[0].meaning == MEANS_PROVED)
            return;
    for (size_t i = 0; i < stack->count; i++)
        for (size_t n = 0; n < models[i].count; n++)
            if (models[i].answers[n].meaning == MEANS_ANYTHING) {
                models[i].answers[n].meaning = n == 0 ? MEANS_PROVED : MEANS_REFUSED;
                models[i].asks = unknown;
            }
}

struct module_model *lint_models(const struct lint_context *lint)
{
    const char *factors = lint->config != NULL ? lint->config->first_factor_modules : NULL;
    struct module_model *models = calloc(lint->stack->count, sizeof(*models));
    for (size_t i = 0; models != NULL && i < lint->stack->count; i++) {
        const struct stack_line *line = &lint->stack->lines[i];
        if (modules_is_ours(line))
            take_ours(lint, line, &models[i]);
        else
            modules_model(line, lint->service, factors, &models[i]);
    }
    if (models != NULL)
        take_unknown(lint->stack, models);
    return models;
}

bool lint_has_factor(const struct lint_context *lint)
{
    for (size_t i = 0; i < lint->stack->count; i++)
        if (lint->models[i].count > 0 && lint->models[i].answers[0].meaning == MEANS_PROVED)
            return true;
    return false;
}

const struct stack_line *lint_find_reached(const struct stack *stack, const char *service)
{
    const struct lint_context lint = {.service = service, .stack = stack};
    const struct stack_line *found = NULL;
    struct paths paths;
    struct module_model *models = lint_models(&lint);
    if (models == NULL)
        return lint_find_module(stack);
    if (paths_run(&paths, stack, models, 0) != PATHS_DONE)
        found = lint_find_module(stack);
    for (size_t i = 0; found == NULL && i < stack->count; i++)
        if (modules_is_ours(&stack->lines[i]) && paths_reaches(&paths, i))
            found = &stack->lines[i];
    paths_free(&paths);
    free(models);
    return found;
}

/* In the service's own file such a condition is a mistake. */
bool lint_is_kept(const struct lint_context *lint)
{
    const char *slash = strrchr(lint->ours->file, '/');
    bool own = slash != NULL && strcmp(slash + 1, lint->service) == 0;
    return !own && lint_find_reached(lint->stack, lint->service) == NULL &&
           lint_find_reached(lint->stack, NULL) != NULL;
}

bool lint_asks(const char *service)
{
    struct stack *stack = stack_read(NULL, service, "auth");
    struct lint_context lint = {.service = service, .stack = stack};
    lint.ours = stack == NULL || stack->other ? NULL : lint_find_module(stack);
    bool found = lint.ours != NULL && !lint_is_kept(&lint);
    stack_free(stack);
    return found;
}

/* ---- the lines themselves ---- */

static void lint_options(const struct lint_context *lint, const struct stack_line *line)
{
    char where[LOCATION_SIZE];
    char fix[TEXT] = "";
    add_text(fix, sizeof(fix), "auth  required  %s", line->module);
    for (char **at = line->arguments; *at != NULL; at++)
        if (option_wrong(*at) == NULL)
            add_text(fix, sizeof(fix), " %s", *at);
    for (char **at = line->arguments; *at != NULL; at++) {
        const char *wrong = option_wrong(*at);
        if (wrong == NULL)
            continue;
        findings_add(lint->findings, SEVERITY_ERROR, "module-option",
                     stack_format_location(line, where, sizeof(where)), fix,
                     "%s: %s: %s; the module denies every login that reaches this line",
                     lint->service, *at, wrong);
    }
}

/* use_uid asks the caller; where root is the caller, it asks root. */
static void lint_use_uid(const struct lint_context *lint, const struct stack_line *line)
{
    char where[LOCATION_SIZE];
    char fix[TEXT] = "";
    bool su = strcmp(lint->service, "su") == 0 || strcmp(lint->service, "su-l") == 0;
    bool given = false;
    struct option_value value;
    add_text(fix, sizeof(fix), "auth  required  %s", line->module);
    for (char **at = line->arguments; *at != NULL; at++)
        if (option_read(*at, &value) == OPTION_FLAG && value.flag == WIRE_FLAG_USE_UID)
            given = true;
        else
            add_text(fix, sizeof(fix), " %s", *at);
    if (given && lint->kind != APPLICATION_CALLER)
        findings_add(lint->findings, SEVERITY_ERROR, "use-uid",
                     stack_format_location(line, where, sizeof(where)), fix,
                     "%s: use_uid is only for programs such as sudo, su and doas; %s",
                     lint->service,
                     lint->kind == APPLICATION_UNKNOWN
                         ? "it is unknown whether the real uid is the caller's here"
                         : "here the real uid is not the caller's, so the module would ask for the "
                           "code of the wrong user, usually root");
    if (!given && su) {
        add_text(fix, sizeof(fix), " use_uid");
        findings_add(lint->findings, SEVERITY_NOTE, "su-target",
                     stack_format_location(line, where, sizeof(where)), fix,
                     "%s: without use_uid, the code goes to the phone of the target account, not "
                     "to the caller's",
                     lint->service);
    }
}

static void lint_file(const struct lint_context *lint, const struct stack_line *line)
{
    char where[LOCATION_SIZE];
    char path[LOCATION_SIZE];
    char fix[LOCATION_SIZE] = "";
    if (modules_path(line, path, sizeof(path)))
        return;
    if (modules_is_ours(line)) {
        bool built = access(SWMFA_PAM_DIR "/pam_swmfa.so", R_OK) == 0;
        add_text(fix, sizeof(fix), "%s",
                 built ? "auth  required  " SWMFA_PAM_DIR "/pam_swmfa.so" : "");
        if (built)
            add_arguments(fix, sizeof(fix), line);
        findings_add(lint->findings, SEVERITY_ERROR, "module-missing",
                     stack_format_location(line, where, sizeof(where)), fix,
                     "%s: there is no file %s; no login asks for a code here", lint->service, path);
    } else if (!line->silent) {
        findings_add(lint->findings, SEVERITY_WARNING, "file-missing",
                     stack_format_location(line, where, sizeof(where)), "",
                     "%s: there is no file %s; libpam treats it as an unknown module",
                     lint->service, path);
    }
}

/* pam_rootok after the module comes too late. */
static void lint_rootok(const struct lint_context *lint, const struct stack_line *line)
{
    char name[64];
    char where[LOCATION_SIZE];
    if (line < lint->ours || line->kind != STACK_MODULE ||
        strcmp(modules_name(line, name, sizeof(name)), "pam_rootok") != 0)
        return;
    findings_add(lint->findings, SEVERITY_WARNING, "rootok-late",
                 stack_format_location(line, where, sizeof(where)),
                 "auth  sufficient  pam_rootok.so",
                 "%s: the module asks root for a code before this line; move this line to the top",
                 lint->service);
}

/* A line of the module for other services, in a shared file, says nothing about this one. */
static bool is_for_others(const struct lint_context *lint, size_t line)
{
    return modules_is_ours(&lint->stack->lines[line]) && lint->paths->nodes[0]->can_ask &&
           !paths_reaches(lint->paths, line);
}

static void lint_words(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    for (size_t i = 0; i < lint->stack->count; i++) {
        const struct stack_line *line = &lint->stack->lines[i];
        if (line->why != NULL)
            findings_add(lint->findings, SEVERITY_ERROR, "broken-line",
                         stack_format_location(line, where, sizeof(where)), "",
                         "%s: %s; libpam denies every login that reaches it", lint->service,
                         line->why);
        if (line->kind != STACK_MODULE || is_for_others(lint, i))
            continue;
        lint_file(lint, line);
        lint_rootok(lint, line);
        if (modules_is_ours(line)) {
            lint_options(lint, line);
            lint_use_uid(lint, line);
        }
    }
}

/* ---- ends and ways ---- */

/* Finds the first end with all events of with, and none of without. SIZE_MAX: there is none. */
static size_t find_end(const struct lint_context *lint, bool success, unsigned with,
                       unsigned without)
{
    const struct paths *paths = lint->paths;
    for (size_t i = 0; i < paths->node_count; i++) {
        const struct node *node = paths->nodes[i];
        bool good = false;
        if (paths_ended(paths, node, &good) && good == success && (node->events & with) == with &&
            (node->events & without) == 0)
            return i;
    }
    return SIZE_MAX;
}

static bool has_end(const struct lint_context *lint, bool success, unsigned with, unsigned without)
{
    return find_end(lint, success, with, without) != SIZE_MAX;
}

/* Writes a path, without results that mean nothing: "pam_unix: auth_err, pam_swmfa: success". */
static const char *tell_way(const struct lint_context *lint, size_t end, char *text, size_t size)
{
    const struct paths *paths = lint->paths;
    size_t *way = calloc(lint->stack->count + 1, sizeof(*way));
    char name[64];
    text[0] = '\0';
    size_t count = way != NULL ? paths_way(paths, end, way) : 0;
    for (size_t i = 1; i < count; i++) {
        const struct edge edge = {way[i - 1], way[i], paths->nodes[way[i]]->answer};
        const struct stack_line *line = paths_line(paths, paths->nodes[edge.from]);
        const struct answer *answer = paths_answer(paths, &edge);
        if (answer->meaning != MEANS_NOTHING)
            add_text(text, size, "%s%s: %s", *text != '\0' ? ", " : "",
                     modules_name(line, name, sizeof(name)), stack_code_name(answer->code));
    }
    free(way);
    return text;
}

/* The line that refused on a way, the last before the module; or NULL. */
static const struct stack_line *find_refusal(const struct lint_context *lint, size_t end)
{
    const struct paths *paths = lint->paths;
    const struct stack_line *found = NULL;
    size_t *way = calloc(lint->stack->count + 1, sizeof(*way));
    size_t count = way != NULL ? paths_way(paths, end, way) : 0;
    for (size_t i = 1; i < count; i++) {
        const struct edge edge = {way[i - 1], way[i], paths->nodes[way[i]]->answer};
        const struct stack_line *line = paths_line(paths, paths->nodes[edge.from]);
        if (modules_is_ours(line))
            break;
        if (paths_answer(paths, &edge)->meaning == MEANS_REFUSED)
            found = line;
    }
    free(way);
    return found;
}

/* ---- what to write instead ---- */

static bool proves(const struct lint_context *lint, const struct stack_line *line)
{
    const struct module_model *model = &lint->models[line - lint->stack->lines];
    return line->kind == STACK_MODULE && model->count > 0 &&
           model->answers[0].meaning == MEANS_PROVED;
}

static const struct stack_line *find_module(const struct lint_context *lint, const char *wanted)
{
    char name[64];
    for (size_t i = 0; i < lint->stack->count; i++)
        if (lint->stack->lines[i].kind == STACK_MODULE &&
            strcmp(modules_name(&lint->stack->lines[i], name, sizeof(name)), wanted) == 0)
            return &lint->stack->lines[i];
    return NULL;
}

/* Adds a line for a first factor. The password of the one before is not asked for again. */
static void add_factor(char *text, size_t size, const struct stack_line *line, int jump, bool first)
{
    add_text(text, size, "%sauth  [success=%d default=ignore]  %s", *text != '\0' ? "\n" : "", jump,
             line->module);
    for (char **at = line->arguments; *at != NULL; at++)
        if (first || strcmp(*at, "forward_pass") != 0)
            add_text(text, size, " %s", *at);
    if (!first)
        add_text(text, size, " use_first_pass");
}

/*
 * The lines for the first factors of a stack, in Debian's form, and the module after them: a wrong
 * factor ends the stack, a right one continues. With pam_faillock, as in its manual.
 */
static void write_stack(const struct lint_context *lint, char *text, size_t size)
{
    const struct stack *stack = lint->stack;
    bool faillock = find_module(lint, "pam_faillock") != NULL;
    int left = 0;
    bool first = true;
    for (size_t i = 0; i < stack->count; i++)
        left += proves(lint, &stack->lines[i]) ? 1 : 0;
    text[0] = '\0';
    if (faillock)
        add_text(text, size, "auth  required  pam_faillock.so preauth");
    for (size_t i = 0; i < stack->count; i++) {
        if (!proves(lint, &stack->lines[i]))
            continue;
        add_factor(text, size, &stack->lines[i], left--, first);
        first = false;
    }
    if (faillock)
        add_text(text, size,
                 "\nauth  [default=die]  pam_faillock.so authfail\n"
                 "auth  required  pam_faillock.so authsucc");
    else
        add_text(text, size, "%sauth  requisite  pam_deny.so\nauth  required  pam_permit.so",
                 first ? "" : "\n");
    add_line(text, size, "required", lint->ours);
}

/* The lines that ask for a first factor where there are none. */
static void write_password(const struct lint_context *lint, char *text, size_t size)
{
    bool debian = access("/etc/pam.d/common-auth", F_OK) == 0;
    (void)snprintf(text, size, "%s",
                   debian ? "@include common-auth" : "auth  requisite  pam_unix.so");
    add_line(text, size, "required", lint->ours);
}

/* ---- wrong results ---- */

/* Describes how to make a refusal final. */
static void write_end(const struct lint_context *lint, const struct stack_line *refusal, char *fix,
                      size_t size)
{
    const struct stack_line *deny = find_module(lint, "pam_deny");
    fix[0] = '\0';
    if (refusal == NULL || refusal->level > lint->ours->level)
        write_stack(lint, fix, size);
    else if (strcasecmp(refusal->control, "required") == 0)
        add_line(fix, size, "requisite", refusal);
    else if (deny != NULL && deny > refusal && deny < lint->ours &&
             deny->file == lint->ours->file && deny->actions[PAM_AUTH_ERR] == STACK_BAD)
        add_line(fix, size, "requisite", deny);
    else
        write_stack(lint, fix, size);
}

static void lint_wrong_factor(const struct lint_context *lint)
{
    char way[TEXT];
    char where[LOCATION_SIZE];
    char fix[TEXT];
    size_t end = find_end(lint, false, EVENT_SENT, 0);
    if (end == SIZE_MAX)
        end = find_end(lint, true, EVENT_SENT, 0);
    if (end == SIZE_MAX)
        return;
    const struct stack_line *refusal = find_refusal(lint, end);
    write_end(lint, refusal, fix, sizeof(fix));
    findings_add(lint->findings, SEVERITY_ERROR, "sends-after-refusal",
                 stack_format_location(refusal != NULL ? refusal : lint->ours, where,
                                       sizeof(where)),
                 fix,
                 "%s: after a wrong password the stack continues to pam_swmfa, and a code is %s: "
                 "strangers can run up your phone bill (%s)",
                 lint->service, lint->autosend ? "sent" : "sent on request",
                 tell_way(lint, end, way, sizeof(way)));
}

/* Returns whether the stack has a first factor, after which the module can be put. */
static bool write_after_factor(const struct lint_context *lint, char *fix, size_t size)
{
    const struct stack_line *last = NULL;
    for (size_t i = 0; i < lint->stack->count; i++)
        if (proves(lint, &lint->stack->lines[i]))
            last = &lint->stack->lines[i];
    fix[0] = '\0';
    if (last == NULL) {
        write_password(lint, fix, size);
        return false;
    }
    add_text(fix, size, "after the first factor (%s:%u), not before it:", last->file, last->number);
    add_line(fix, size, "required", lint->ours);
    return true;
}

static void lint_early(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    char fix[TEXT];
    bool early = has_end(lint, true, EVENT_EARLY, 0) || has_end(lint, false, EVENT_EARLY, 0);
    if (!early)
        return;
    bool factor = write_after_factor(lint, fix, sizeof(fix));
    if (strcmp(lint->service, "sshd") == 0 && !factor)
        (void)snprintf(fix, sizeof(fix), "AuthenticationMethods publickey,keyboard-interactive");
    findings_add(lint->findings, SEVERITY_ERROR, "sends-to-strangers",
                 stack_format_location(lint->ours, where, sizeof(where)), fix,
                 "%s: pam_swmfa runs before any first factor is verified: anyone who knows a "
                 "user's name can trigger codes, at your cost",
                 lint->service);
}

static void lint_code_alone(const struct lint_context *lint)
{
    char way[TEXT];
    char where[LOCATION_SIZE];
    char fix[TEXT];
    size_t end = find_end(lint, true, EVENT_CODE, EVENT_PROVED);
    if (end == SIZE_MAX)
        return;
    const struct stack_line *refusal = find_refusal(lint, end);
    if (refusal != NULL)
        write_end(lint, refusal, fix, sizeof(fix));
    else
        (void)write_after_factor(lint, fix, sizeof(fix));
    findings_add(lint->findings, SEVERITY_ERROR, "code-alone",
                 stack_format_location(lint->ours, where, sizeof(where)), fix,
                 "%s: users are let in with a code alone, without a correct first factor (%s)",
                 lint->service, tell_way(lint, end, way, sizeof(way)));
}

static void lint_denial(const struct lint_context *lint)
{
    char way[TEXT];
    char where[LOCATION_SIZE];
    char fix[TEXT] = "";
    size_t end = find_end(lint, true, EVENT_DENIAL, EVENT_CODE);
    if (end == SIZE_MAX)
        return;
    add_line(fix, sizeof(fix), "required", lint->ours);
    findings_add(lint->findings, SEVERITY_ERROR, "denial-forgotten",
                 stack_format_location(lint->ours, where, sizeof(where)), fix,
                 "%s: \"%s\": users are let in without a correct code (%s)", lint->service,
                 lint->ours->control, tell_way(lint, end, way, sizeof(way)));
}

static void lint_fails_open(const struct lint_context *lint)
{
    char way[TEXT];
    char where[LOCATION_SIZE];
    char fix[TEXT];
    size_t end = find_end(lint, true, EVENT_REFUSED, EVENT_PROVED | EVENT_CODE | EVENT_DENIAL);
    if (end == SIZE_MAX)
        return;
    const struct stack_line *refusal = find_refusal(lint, end);
    if (refusal == NULL)
        refusal = lint->ours;
    write_end(lint, refusal, fix, sizeof(fix));
    findings_add(lint->findings, SEVERITY_ERROR, "fails-open",
                 stack_format_location(refusal, where, sizeof(where)), fix,
                 "%s: users are let in with a wrong password and without a code (%s)",
                 lint->service, tell_way(lint, end, way, sizeof(way)));
}

static void lint_pass(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    size_t end = find_end(lint, true, EVENT_PASS, EVENT_PROVED | EVENT_CODE | EVENT_REFUSED);
    if (end == SIZE_MAX)
        return;
    char fix[TEXT];
    write_password(lint, fix, sizeof(fix));
    findings_add(lint->findings, SEVERITY_ERROR, "exempt-without-factor",
                 stack_format_location(lint->ours, where, sizeof(where)),
                 strcmp(lint->service, "sshd") == 0
                     ? "AuthenticationMethods publickey,keyboard-interactive"
                     : fix,
                 "%s: users who need no code according to swmfa.conf (exempt, remembered, unmapped "
                 "= ignore or fail = safe) are let in without any factor",
                 lint->service);
}

/* A user whom the module lets pass is denied, though a code would let the user in. */
static bool pass_is_denied(const struct paths *paths, const struct edge *edge)
{
    if (paths_answer(paths, edge)->meaning != MEANS_PASS || paths->nodes[edge->to]->can_succeed)
        return false;
    for (size_t i = 0; i < paths->edge_count; i++) {
        const struct edge *other = &paths->edges[i];
        if (other->from == edge->from && paths->nodes[other->to]->can_succeed &&
            paths_answer(paths, other)->meaning == MEANS_CODE)
            return true;
    }
    return false;
}

static void lint_exempt_denied(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    char fix[TEXT] = "";
    const struct paths *paths = lint->paths;
    for (size_t i = 0; i < paths->edge_count; i++) {
        if (!pass_is_denied(paths, &paths->edges[i]))
            continue;
        add_line(fix, sizeof(fix), "required", lint->ours);
        add_text(fix, sizeof(fix), "\nauth  required  pam_permit.so");
        findings_add(
            lint->findings, SEVERITY_ERROR, "exempt-denied",
            stack_format_location(lint->ours, where, sizeof(where)), fix,
            "%s: users who need no code according to swmfa.conf (exempt, remembered, unmapped = "
            "ignore or fail = safe) are denied: no other line of the stack succeeds",
            lint->service);
        return;
    }
}

static void lint_again(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    if (!has_end(lint, true, EVENT_AGAIN, 0))
        return;
    findings_add(
        lint->findings, SEVERITY_WARNING, "asked-twice",
        stack_format_location(lint->ours, where, sizeof(where)), "",
        "%s: pam_swmfa runs twice in one login, and sends two codes: remove one of its lines",
        lint->service);
}

/* ---- ways past the module ---- */

static void write_past(const struct lint_context *lint, const struct stack_line *line, char *fix,
                       size_t size)
{
    fix[0] = '\0';
    if (proves(lint, line))
        write_stack(lint, fix, size);
    else
        add_line(fix, size, strcasecmp(line->control, "sufficient") == 0 ? "optional" : "required",
                 line);
}

/* Reports a line that leads past the module to success. */
static void lint_past(const struct lint_context *lint, const struct edge *edge)
{
    const struct paths *paths = lint->paths;
    const struct stack_line *line = paths_line(paths, paths->nodes[edge->from]);
    bool twice = (paths->nodes[edge->to]->events & EVENT_TWICE) != 0;
    char name[64];
    char where[LOCATION_SIZE];
    char fix[TEXT];
    (void)modules_name(line, name, sizeof(name));
    (void)stack_format_location(line, where, sizeof(where));
    write_past(lint, line, fix, sizeof(fix));
    switch (paths_answer(paths, edge)->meaning) {
    case MEANS_YES:
    case MEANS_NO:
        findings_add(lint->findings, SEVERITY_NOTE, "exempt-by-line", where, "",
                     "%s: users who meet the condition of %s log in without a code", lint->service,
                     name);
        break;
    case MEANS_ANYTHING:
        findings_add(
            lint->findings, SEVERITY_WARNING, "may-skip", where, fix,
            "%s: %s is unknown to doctor; it can end the stack, and then the login does not ask "
            "for a code (if it checks a password, add it to first_factor_modules in swmfa.conf)",
            lint->service, name);
        break;
    case MEANS_PROVED:
    case MEANS_NOTHING:
        findings_add(
            lint->findings, twice ? SEVERITY_NOTE : SEVERITY_ERROR,
            twice ? "other-factor" : "skipped", where, twice ? "" : fix,
            twice ? "%s: users with two other factors, the second from %s, log in without a code"
                  : "%s: \"%s\" ends the stack, or skips pam_swmfa: logins that take this path do "
                    "not ask for a code",
            lint->service, twice ? name : line->control);
        break;
    default:
        break; /* fails-open and denial-forgotten are of these */
    }
}

/* True if an edge leads past the module for good. */
static bool is_past(const struct paths *paths, const struct edge *edge)
{
    const struct node *from = paths->nodes[edge->from];
    const struct node *to = paths->nodes[edge->to];
    return from->can_ask && !to->can_ask && to->can_succeed && (to->events & EVENT_ASKED) == 0;
}

/* Each line once. */
static void lint_skipping(const struct lint_context *lint)
{
    const struct paths *paths = lint->paths;
    bool *said = calloc(lint->stack->count, sizeof(*said));
    for (size_t i = 0; said != NULL && i < paths->edge_count; i++) {
        const struct edge *edge = &paths->edges[i];
        size_t at = paths->nodes[edge->from]->dispatch.at;
        if (!is_past(paths, edge) || said[at])
            continue;
        enum meaning meaning = paths_answer(paths, edge)->meaning;
        said[at] = meaning != MEANS_REFUSED;
        lint_past(lint, edge);
    }
    free(said);
}

static void lint_never(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    char fix[TEXT];
    write_stack(lint, fix, sizeof(fix));
    findings_add(lint->findings, SEVERITY_ERROR, "never-asked",
                 stack_format_location(lint->ours, where, sizeof(where)), fix,
                 "%s: no login reaches this line: no login asks for a code", lint->service);
}

/* The finding of lint_application on such a program is enough. */
static bool cannot_ask(const struct lint_context *lint)
{
    return lint->kind == APPLICATION_NOT_ROOT || lint->kind == APPLICATION_NO_PROMPT;
}

/* Nobody gets in, with the right first factor and the right code. */
static void lint_nobody(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    if (has_end(lint, true, EVENT_CODE, 0) || has_end(lint, true, EVENT_PROVED, 0) ||
        lint->config == NULL || !options_good(lint->ours) || cannot_ask(lint))
        return;
    findings_add(lint->findings, SEVERITY_ERROR, "nobody-gets-in",
                 stack_format_location(lint->ours, where, sizeof(where)), "",
                 "%s: no login succeeds, even with the right code and every other factor",
                 lint->service);
}

static void lint_jumps(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    const struct paths *paths = lint->paths;
    bool *said = calloc(lint->stack->count, sizeof(*said));
    for (size_t i = 0; said != NULL && i < paths->edge_count; i++) {
        const struct edge *edge = &paths->edges[i];
        struct dispatch dispatch = paths->nodes[edge->from]->dispatch;
        const struct stack_line *line = &lint->stack->lines[dispatch.at];
        size_t at = dispatch.at;
        if (said[at] || dispatch_answer(lint->stack, &dispatch, paths_answer(paths, edge)->code))
            continue;
        said[at] = true;
        findings_add(lint->findings, SEVERITY_ERROR, "bad-jump",
                     stack_format_location(line, where, sizeof(where)), "",
                     "%s: \"%s\" jumps past the end of the file or substack; libpam denies every "
                     "login that does so",
                     lint->service, line->control);
    }
    free(said);
}

/* ---- the program ---- */

/* Writes the condition that excludes the service, to insert before the module's line in a shared
 * file. Returns the instruction. */
static const char *write_guard(const struct lint_context *lint, char *fix, size_t size)
{
    const char *slash = strrchr(lint->ours->file, '/');
    fix[0] = '\0';
    if (slash != NULL && strcmp(slash + 1, lint->service) == 0)
        return "remove this line";
    add_text(fix, size, "auth  [success=1 default=ignore]  pam_succeed_if.so quiet service in %s",
             lint->service);
    add_line(fix, size, "required", lint->ours);
    return "make a condition skip this line for it";
}

/* True if the program can run the helper and show a prompt. */
static void lint_application(const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    char fix[TEXT];
    const char *program = applications_find(lint->service)->words;
    const char *cure = write_guard(lint, fix, sizeof(fix));
    (void)stack_format_location(lint->ours, where, sizeof(where));
    if (lint->kind == APPLICATION_NOT_ROOT)
        findings_add(lint->findings, SEVERITY_ERROR, "not-root", where, fix,
                     "%s: %s does not run as root, so pam_swmfa denies every login: %s",
                     lint->service, program, cure);
    if (lint->kind == APPLICATION_NO_PROMPT)
        findings_add(lint->findings, SEVERITY_ERROR, "no-prompt", where, fix,
                     "%s: %s cannot prompt for a code: each login with the right password %s: %s",
                     lint->service, program,
                     lint->autosend ? "sends a code and is denied" : "is denied", cure);
    if (lint->kind == APPLICATION_UNKNOWN)
        findings_add(lint->findings, SEVERITY_NOTE, "unknown-service", where, "",
                     "%s: the program is unknown to doctor: it can ask for a code only if it runs "
                     "as root and shows a second prompt",
                     lint->service);
}

static void lint_ways(const struct lint_context *lint)
{
    char path[LOCATION_SIZE];
    lint_jumps(lint);
    if (!modules_path(lint->ours, path, sizeof(path)))
        return; /* reported already; it never runs */
    if (!lint->paths->nodes[0]->can_ask) {
        lint_never(lint);
        return;
    }
    lint_application(lint);
    lint_wrong_factor(lint);
    lint_early(lint);
    lint_code_alone(lint);
    lint_denial(lint);
    lint_fails_open(lint);
    lint_pass(lint);
    lint_exempt_denied(lint);
    lint_skipping(lint);
    lint_again(lint);
    lint_nobody(lint);
}

enum paths_result lint_stack(struct lint_context *lint, struct paths *paths)
{
    enum paths_result result =
        paths_run(paths, lint->stack, lint->models, lint->before != NULL ? EVENT_PROVED : 0);
    lint->paths = paths;
    if (result == PATHS_DONE) {
        lint_words(lint);
        lint_ways(lint);
    }
    return result;
}

/* ---- the prediction ---- */

/* How often an end with these events, and without those, is a success. */
static enum frequency often_in(const struct lint_context *lint, unsigned with, unsigned without)
{
    bool in = has_end(lint, true, with, without);
    bool out = has_end(lint, false, with, without);
    return !in ? FREQUENCY_NEVER : out ? FREQUENCY_SOMETIMES : FREQUENCY_ALWAYS;
}

/* A wrong first factor, or none if a code comes first. */
static enum frequency wrong_in(const struct lint_context *lint)
{
    bool refused = has_end(lint, false, EVENT_REFUSED, EVENT_PROVED);
    bool in = has_end(lint, true, EVENT_REFUSED, EVENT_PROVED) ||
              has_end(lint, true, EVENT_CODE, EVENT_PROVED) ||
              has_end(lint, true, EVENT_DENIAL, EVENT_PROVED);
    return !in ? FREQUENCY_NEVER : refused ? FREQUENCY_SOMETIMES : FREQUENCY_ALWAYS;
}

/* The way to the shell with everything right, step by step. */
static void tell_steps(const struct lint_context *lint, char *text, size_t size)
{
    const struct paths *paths = lint->paths;
    size_t end = find_end(lint, true, EVENT_PROVED | EVENT_CODE, EVENT_REFUSED | EVENT_AGAIN);
    if (end == SIZE_MAX)
        end = find_end(lint, true, EVENT_CODE, 0);
    if (end == SIZE_MAX)
        end = find_end(lint, true, EVENT_PROVED, 0);
    size_t *way = calloc(lint->stack->count + 1, sizeof(*way));
    size_t count = way != NULL && end != SIZE_MAX ? paths_way(paths, end, way) : 0;
    int number = 1;
    text[0] = '\0';
    if (lint->before != NULL)
        add_text(text, size, "%d. %s (sshd). ", number++, lint->before);
    for (size_t i = 1; way != NULL && i < count; i++) {
        const struct edge edge = {way[i - 1], way[i], paths->nodes[way[i]]->answer};
        const struct stack_line *line = paths_line(paths, paths->nodes[edge.from]);
        enum meaning meaning = paths_answer(paths, &edge)->meaning;
        char name[64];
        if (meaning == MEANS_PROVED || meaning == MEANS_CODE)
            add_text(text, size, "%d. %s (%s, %s:%u). ", number++,
                     lint->models[line - lint->stack->lines].asks,
                     modules_name(line, name, sizeof(name)), line->file, line->number);
    }
    free(way);
}

void lint_predict(const struct lint_context *lint, struct prediction *prediction)
{
    const struct paths *paths = lint->paths;
    bool past = lint->unsure;
    bool exempts = lint->around;
    for (size_t i = 0; i < paths->edge_count; i++) {
        enum meaning meaning = paths_answer(paths, &paths->edges[i])->meaning;
        bool condition = meaning == MEANS_YES || meaning == MEANS_NO;
        if (!is_past(paths, &paths->edges[i]))
            continue;
        past = past || !condition;
        exempts = exempts || condition;
    }
    bool can = !lint->unused && (has_end(lint, true, EVENT_CODE, EVENT_REFUSED) ||
                                 has_end(lint, false, EVENT_CODE, EVENT_REFUSED));
    *prediction = (struct prediction){
        .asked = !can              ? FREQUENCY_NEVER
                 : past || exempts ? FREQUENCY_SOMETIMES
                                   : FREQUENCY_ALWAYS,
        .exempts = can && exempts && !past,
        .right_in = often_in(lint, 0, EVENT_REFUSED | EVENT_DENIAL | EVENT_PASS),
        .wrong_code_in = often_in(lint, EVENT_DENIAL, EVENT_REFUSED | EVENT_CODE),
        .wrong_in = wrong_in(lint),
        .wrong_sends = has_end(lint, false, EVENT_SENT, 0) || has_end(lint, true, EVENT_SENT, 0) ||
                       has_end(lint, false, EVENT_EARLY, 0) || has_end(lint, true, EVENT_EARLY, 0),
        .passes = has_end(lint, true, EVENT_PASS, 0) || has_end(lint, false, EVENT_PASS, 0),
        .pass_in = often_in(lint, EVENT_PASS, EVENT_REFUSED),
    };
    tell_steps(lint, prediction->steps, sizeof(prediction->steps));
}
