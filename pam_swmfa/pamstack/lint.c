/* SPDX-License-Identifier: BSD-3-Clause */
/* judge: see judge.h. What is found is computed from all that can come of the stack. */
#include <config.h>

#include "pamstack/lint.h"

#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT  1024
#define PLACE 4200

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

static const char *place(const struct stack_line *line, char *buffer, size_t size)
{
    (void)snprintf(buffer, size, "%s:%u", line->file, line->number);
    return buffer;
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

const struct stack_line *judge_find_ours(const struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        if (modules_is_ours(&stack->lines[i]))
            return &stack->lines[i];
    return NULL;
}

static void add_answer(struct role *role, int code, enum meaning meaning)
{
    role->answers[role->count++] = (struct answer){code, meaning};
}

/* How the module lets pass without a code: 0 not at all, or the codes as bits. */
enum {
    PASS_IGNORE = 1,
    PASS_SUCCESS = 2,
};

static unsigned pass_codes(const struct scene *scene)
{
    const struct config *config = scene->config;
    const struct policy *policy = &config->policy;
    bool holds = policy->services == NULL || key_list_has(policy->services, scene->service);
    bool safe = config->fail == FAIL_SAFE && scene->kind != APPLICATION_CALLER; /* root starts it */
    bool exempts = holds && (policy->exempt_groups != NULL || policy->exempt_networks != NULL ||
                             policy->require_groups != NULL || policy->remember > 0);
    unsigned codes = 0;
    if (exempts)
        codes |= policy->exempt_result == EXEMPT_SUCCESS ? PASS_SUCCESS : PASS_IGNORE;
    if (config->unmapped == UNMAPPED_IGNORE || safe)
        codes |= PASS_IGNORE;
    return codes;
}

enum word {
    WORD_GOOD,
    WORD_UNKNOWN,
    WORD_RELATIVE,
    WORD_MISSING, /* the file of conf= */
};

static enum word read_option(const char *word)
{
    if (strcmp(word, "debug") == 0 || strcmp(word, "use_uid") == 0)
        return WORD_GOOD;
    if (strncmp(word, "conf=", 5) != 0)
        return WORD_UNKNOWN;
    if (word[5] != '/')
        return WORD_RELATIVE;
    return access(word + 5, F_OK) == 0 ? WORD_GOOD : WORD_MISSING;
}

static bool options_good(const struct stack_line *line)
{
    for (char **at = line->arguments; *at != NULL; at++)
        if (read_option(*at) != WORD_GOOD)
            return false;
    return true;
}

/* What the module's own line can answer, by its words and the configuration. */
static void take_ours(const struct scene *scene, const struct stack_line *line, struct role *role)
{
    static const int denials[] = {PAM_AUTH_ERR, PAM_MAXTRIES,   PAM_AUTHINFO_UNAVAIL,
                                  PAM_CONV_ERR, PAM_SYSTEM_ERR, PAM_SERVICE_ERR,
                                  PAM_BUF_ERR};
    char path[PLACE];
    *role = (struct role){.asks = "code"};
    if (!modules_path(line, path, sizeof(path))) {
        add_answer(role, PAM_MODULE_UNKNOWN, MEANS_NOTHING);
        return;
    }
    bool not_root = scene->kind == APPLICATION_NOT_ROOT;
    if (scene->config == NULL || !options_good(line) || not_root) {
        add_answer(role, not_root ? PAM_SYSTEM_ERR : PAM_SERVICE_ERR, MEANS_DENIAL);
        return;
    }
    unsigned pass = pass_codes(scene);
    if (scene->kind != APPLICATION_NO_PROMPT)
        add_answer(role, PAM_SUCCESS, MEANS_CODE);
    if ((pass & PASS_IGNORE) != 0)
        add_answer(role, PAM_IGNORE, MEANS_PASS);
    if ((pass & PASS_SUCCESS) != 0)
        add_answer(role, PAM_SUCCESS, MEANS_PASS);
    for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++)
        add_answer(role, denials[i], MEANS_DENIAL);
}

/* What is not known counts as a first factor where there is no other. */
static void take_unknown(const struct stack *stack, struct role *roles)
{
    static const char unknown[] = "what an unknown module asks for";
    for (size_t i = 0; i < stack->count; i++)
        if (roles[i].count > 0 && roles[i].answers[0].meaning == MEANS_PROVED)
            return;
    for (size_t i = 0; i < stack->count; i++)
        for (size_t n = 0; n < roles[i].count; n++)
            if (roles[i].answers[n].meaning == MEANS_ANYTHING) {
                roles[i].answers[n].meaning = n == 0 ? MEANS_PROVED : MEANS_REFUSED;
                roles[i].asks = unknown;
            }
}

struct role *judge_roles(const struct scene *scene)
{
    const char *factors = scene->config != NULL ? scene->config->first_factor_modules : NULL;
    struct role *roles = calloc(scene->stack->count, sizeof(*roles));
    for (size_t i = 0; roles != NULL && i < scene->stack->count; i++) {
        const struct stack_line *line = &scene->stack->lines[i];
        if (modules_is_ours(line))
            take_ours(scene, line, &roles[i]);
        else
            modules_role(line, scene->service, factors, &roles[i]);
    }
    if (roles != NULL)
        take_unknown(scene->stack, roles);
    return roles;
}

bool judge_has_factor(const struct scene *scene)
{
    for (size_t i = 0; i < scene->stack->count; i++)
        if (scene->roles[i].count > 0 && scene->roles[i].answers[0].meaning == MEANS_PROVED)
            return true;
    return false;
}

const struct stack_line *judge_find_reached(const struct stack *stack, const char *service)
{
    const struct scene scene = {.service = service, .stack = stack};
    const struct stack_line *found = NULL;
    struct explore explore;
    struct role *roles = judge_roles(&scene);
    if (roles == NULL)
        return judge_find_ours(stack);
    if (explore_run(&explore, stack, roles, 0) != EXPLORE_DONE)
        found = judge_find_ours(stack);
    for (size_t i = 0; found == NULL && i < stack->count; i++)
        if (modules_is_ours(&stack->lines[i]) && explore_reaches(&explore, i))
            found = &stack->lines[i];
    explore_free(&explore);
    free(roles);
    return found;
}

/* In the service's own file such a condition is a mistake. */
bool judge_is_kept(const struct scene *scene)
{
    const char *slash = strrchr(scene->ours->file, '/');
    bool own = slash != NULL && strcmp(slash + 1, scene->service) == 0;
    return !own && judge_find_reached(scene->stack, scene->service) == NULL &&
           judge_find_reached(scene->stack, NULL) != NULL;
}

bool judge_asks(const char *service)
{
    struct stack *stack = stack_read(NULL, service, "auth");
    struct scene scene = {.service = service, .stack = stack};
    scene.ours = stack == NULL || stack->other ? NULL : judge_find_ours(stack);
    bool found = scene.ours != NULL && !judge_is_kept(&scene);
    stack_free(stack);
    return found;
}

/* ---- the lines themselves ---- */

static void judge_options(const struct scene *scene, const struct stack_line *line)
{
    char where[PLACE];
    char fix[TEXT] = "";
    add_text(fix, sizeof(fix), "auth  required  %s", line->module);
    for (char **at = line->arguments; *at != NULL; at++)
        if (read_option(*at) == WORD_GOOD)
            add_text(fix, sizeof(fix), " %s", *at);
    for (char **at = line->arguments; *at != NULL; at++) {
        enum word option = read_option(*at);
        if (option == WORD_GOOD)
            continue;
        findings_add(scene->findings, SEVERITY_ERROR, "module-option",
                     place(line, where, sizeof(where)), fix,
                     "%s: %s: %s; the module denies every login by this line", scene->service, *at,
                     option == WORD_RELATIVE  ? "the path is not absolute"
                     : option == WORD_MISSING ? "there is no such file"
                                              : "there is no such option");
    }
}

/* use_uid asks the caller; where root is the caller, it asks root. */
static void judge_use_uid(const struct scene *scene, const struct stack_line *line)
{
    char where[PLACE];
    char fix[TEXT] = "";
    bool su = strcmp(scene->service, "su") == 0 || strcmp(scene->service, "su-l") == 0;
    bool given = false;
    add_text(fix, sizeof(fix), "auth  required  %s", line->module);
    for (char **at = line->arguments; *at != NULL; at++)
        if (strcmp(*at, "use_uid") == 0)
            given = true;
        else
            add_text(fix, sizeof(fix), " %s", *at);
    if (given && scene->kind != APPLICATION_CALLER)
        findings_add(scene->findings, SEVERITY_ERROR, "use-uid", place(line, where, sizeof(where)),
                     fix, "%s: use_uid is for programs such as sudo, su and doas; %s",
                     scene->service,
                     scene->kind == APPLICATION_UNKNOWN
                         ? "it is not known here that the real uid is the caller's"
                         : "here the real uid is not the caller's, and the wrong user, mostly "
                           "root, would be asked for a code");
    if (!given && su) {
        add_text(fix, sizeof(fix), " use_uid");
        findings_add(scene->findings, SEVERITY_NOTE, "su-target", place(line, where, sizeof(where)),
                     fix,
                     "%s: without use_uid the code goes to the phone of the account that su leads "
                     "to, and not to that of the caller",
                     scene->service);
    }
}

static void judge_file(const struct scene *scene, const struct stack_line *line)
{
    char where[PLACE];
    char path[PLACE];
    char fix[PLACE] = "";
    if (modules_path(line, path, sizeof(path)))
        return;
    if (modules_is_ours(line)) {
        bool built = access(SWMFA_PAM_DIR "/pam_swmfa.so", R_OK) == 0;
        add_text(fix, sizeof(fix), "%s",
                 built ? "auth  required  " SWMFA_PAM_DIR "/pam_swmfa.so" : "");
        if (built)
            add_arguments(fix, sizeof(fix), line);
        findings_add(scene->findings, SEVERITY_ERROR, "module-missing",
                     place(line, where, sizeof(where)), fix,
                     "%s: there is no file %s; nobody is asked for a code here", scene->service,
                     path);
    } else if (!line->silent) {
        findings_add(scene->findings, SEVERITY_WARNING, "file-missing",
                     place(line, where, sizeof(where)), "",
                     "%s: there is no file %s; libpam goes by module_unknown", scene->service,
                     path);
    }
}

/* pam_rootok behind the module comes too late. */
static void judge_rootok(const struct scene *scene, const struct stack_line *line)
{
    char name[64];
    char where[PLACE];
    if (line < scene->ours || line->kind != STACK_MODULE ||
        strcmp(modules_name(line, name, sizeof(name)), "pam_rootok") != 0)
        return;
    findings_add(scene->findings, SEVERITY_WARNING, "rootok-late",
                 place(line, where, sizeof(where)), "auth  sufficient  pam_rootok.so",
                 "%s: root is asked for a code before this line; move it to the top",
                 scene->service);
}

/* A line of the module for other services, in a file that they share, says nothing of this one. */
static bool is_for_others(const struct scene *scene, size_t line)
{
    return modules_is_ours(&scene->stack->lines[line]) && scene->explore->nodes[0]->can_ask &&
           !explore_reaches(scene->explore, line);
}

static void judge_words(const struct scene *scene)
{
    char where[PLACE];
    for (size_t i = 0; i < scene->stack->count; i++) {
        const struct stack_line *line = &scene->stack->lines[i];
        if (line->why != NULL)
            findings_add(scene->findings, SEVERITY_ERROR, "broken-line",
                         place(line, where, sizeof(where)), "", "%s: %s; libpam denies here",
                         scene->service, line->why);
        if (line->kind != STACK_MODULE || is_for_others(scene, i))
            continue;
        judge_file(scene, line);
        judge_rootok(scene, line);
        if (modules_is_ours(line)) {
            judge_options(scene, line);
            judge_use_uid(scene, line);
        }
    }
}

/* ---- ends and ways ---- */

/* The first end of a kind: all facts of with, none of without. SIZE_MAX: there is none. */
static size_t find_end(const struct scene *scene, bool success, unsigned with, unsigned without)
{
    const struct explore *explore = scene->explore;
    for (size_t i = 0; i < explore->node_count; i++) {
        const struct node *node = explore->nodes[i];
        bool good = false;
        if (explore_ended(explore, node, &good) && good == success &&
            (node->facts & with) == with && (node->facts & without) == 0)
            return i;
    }
    return SIZE_MAX;
}

static bool has_end(const struct scene *scene, bool success, unsigned with, unsigned without)
{
    return find_end(scene, success, with, without) != SIZE_MAX;
}

/* A way, without what says nothing: "pam_unix: auth_err, pam_swmfa: success". */
static const char *tell_way(const struct scene *scene, size_t end, char *text, size_t size)
{
    const struct explore *explore = scene->explore;
    size_t *way = calloc(scene->stack->count + 1, sizeof(*way));
    char name[64];
    text[0] = '\0';
    size_t count = way != NULL ? explore_way(explore, end, way) : 0;
    for (size_t i = 1; i < count; i++) {
        const struct edge edge = {way[i - 1], way[i], explore->nodes[way[i]]->answer};
        const struct stack_line *line = explore_line(explore, explore->nodes[edge.from]);
        const struct answer *answer = explore_answer(explore, &edge);
        if (answer->meaning != MEANS_NOTHING)
            add_text(text, size, "%s%s: %s", *text != '\0' ? ", " : "",
                     modules_name(line, name, sizeof(name)), stack_code_name(answer->code));
    }
    free(way);
    return text;
}

/* The line that refused on a way, the last before the module; or NULL. */
static const struct stack_line *find_refusal(const struct scene *scene, size_t end)
{
    const struct explore *explore = scene->explore;
    const struct stack_line *found = NULL;
    size_t *way = calloc(scene->stack->count + 1, sizeof(*way));
    size_t count = way != NULL ? explore_way(explore, end, way) : 0;
    for (size_t i = 1; i < count; i++) {
        const struct edge edge = {way[i - 1], way[i], explore->nodes[way[i]]->answer};
        const struct stack_line *line = explore_line(explore, explore->nodes[edge.from]);
        if (modules_is_ours(line))
            break;
        if (explore_answer(explore, &edge)->meaning == MEANS_REFUSED)
            found = line;
    }
    free(way);
    return found;
}

/* ---- what to write instead ---- */

static bool proves(const struct scene *scene, const struct stack_line *line)
{
    const struct role *role = &scene->roles[line - scene->stack->lines];
    return line->kind == STACK_MODULE && role->count > 0 &&
           role->answers[0].meaning == MEANS_PROVED;
}

static const struct stack_line *find_module(const struct scene *scene, const char *wanted)
{
    char name[64];
    for (size_t i = 0; i < scene->stack->count; i++)
        if (scene->stack->lines[i].kind == STACK_MODULE &&
            strcmp(modules_name(&scene->stack->lines[i], name, sizeof(name)), wanted) == 0)
            return &scene->stack->lines[i];
    return NULL;
}

/* Adds a line for a first factor. What was typed for the one before is not asked for again. */
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
 * The lines for the first factors of a stack, as Debian has them, and the module behind: a wrong
 * one ends the stack, a right one goes on. With pam_faillock, as its manual has it.
 */
static void write_stack(const struct scene *scene, char *text, size_t size)
{
    const struct stack *stack = scene->stack;
    bool faillock = find_module(scene, "pam_faillock") != NULL;
    int left = 0;
    bool first = true;
    for (size_t i = 0; i < stack->count; i++)
        left += proves(scene, &stack->lines[i]) ? 1 : 0;
    text[0] = '\0';
    if (faillock)
        add_text(text, size, "auth  required  pam_faillock.so preauth");
    for (size_t i = 0; i < stack->count; i++) {
        if (!proves(scene, &stack->lines[i]))
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
    add_line(text, size, "required", scene->ours);
}

/* The lines that ask for a first factor where there are none. */
static void write_password(const struct scene *scene, char *text, size_t size)
{
    bool debian = access("/etc/pam.d/common-auth", F_OK) == 0;
    (void)snprintf(text, size, "%s",
                   debian ? "@include common-auth" : "auth  requisite  pam_unix.so");
    add_line(text, size, "required", scene->ours);
}

/* ---- what is wrong with what comes of it ---- */

/* How a refusal is made an end. */
static void write_end(const struct scene *scene, const struct stack_line *refusal, char *fix,
                      size_t size)
{
    const struct stack_line *deny = find_module(scene, "pam_deny");
    fix[0] = '\0';
    if (refusal == NULL || refusal->level > scene->ours->level)
        write_stack(scene, fix, size);
    else if (strcasecmp(refusal->control, "required") == 0)
        add_line(fix, size, "requisite", refusal);
    else if (deny != NULL && deny > refusal && deny < scene->ours &&
             deny->file == scene->ours->file && deny->actions[PAM_AUTH_ERR] == STACK_BAD)
        add_line(fix, size, "requisite", deny);
    else
        write_stack(scene, fix, size);
}

static void judge_wrong_factor(const struct scene *scene)
{
    char way[TEXT];
    char where[PLACE];
    char fix[TEXT];
    size_t end = find_end(scene, false, FACT_SENT, 0);
    if (end == SIZE_MAX)
        end = find_end(scene, true, FACT_SENT, 0);
    if (end == SIZE_MAX)
        return;
    const struct stack_line *refusal = find_refusal(scene, end);
    write_end(scene, refusal, fix, sizeof(fix));
    findings_add(scene->findings, SEVERITY_ERROR, "sends-after-refusal",
                 place(refusal != NULL ? refusal : scene->ours, where, sizeof(where)), fix,
                 "%s: with a wrong password the stack goes on to pam_swmfa, and a code is %s: "
                 "strangers make you pay for messages (%s)",
                 scene->service,
                 scene->autosend ? "sent" : "sent whenever the stranger asks for it",
                 tell_way(scene, end, way, sizeof(way)));
}

static void write_behind(const struct scene *scene, char *fix, size_t size)
{
    const struct stack_line *last = NULL;
    for (size_t i = 0; i < scene->stack->count; i++)
        if (proves(scene, &scene->stack->lines[i]))
            last = &scene->stack->lines[i];
    fix[0] = '\0';
    if (last == NULL) {
        write_password(scene, fix, size);
        return;
    }
    add_text(fix, size, "behind the first factor (%s:%u), and not before it:", last->file,
             last->number);
    add_line(fix, size, "required", scene->ours);
}

static void judge_early(const struct scene *scene)
{
    char where[PLACE];
    char fix[TEXT];
    bool early = has_end(scene, true, FACT_EARLY, 0) || has_end(scene, false, FACT_EARLY, 0);
    if (!early)
        return;
    write_behind(scene, fix, sizeof(fix));
    if (strcmp(scene->service, "sshd") == 0 && strncmp(fix, "behind", 6) != 0)
        (void)snprintf(fix, sizeof(fix), "AuthenticationMethods publickey,keyboard-interactive");
    findings_add(scene->findings, SEVERITY_ERROR, "sends-to-strangers",
                 place(scene->ours, where, sizeof(where)), fix,
                 "%s: pam_swmfa is run before a first factor was right: whoever knows the name of "
                 "a user can have codes sent, at your cost",
                 scene->service);
}

static void judge_code_alone(const struct scene *scene)
{
    char way[TEXT];
    char where[PLACE];
    char fix[TEXT];
    size_t end = find_end(scene, true, FACT_CODE, FACT_PROVED);
    if (end == SIZE_MAX)
        return;
    const struct stack_line *refusal = find_refusal(scene, end);
    if (refusal != NULL)
        write_end(scene, refusal, fix, sizeof(fix));
    else
        write_behind(scene, fix, sizeof(fix));
    findings_add(scene->findings, SEVERITY_ERROR, "code-alone",
                 place(scene->ours, where, sizeof(where)), fix,
                 "%s: a right code lets in without a right first factor (%s)", scene->service,
                 tell_way(scene, end, way, sizeof(way)));
}

static void judge_denial(const struct scene *scene)
{
    char way[TEXT];
    char where[PLACE];
    char fix[TEXT] = "";
    size_t end = find_end(scene, true, FACT_DENIAL, FACT_CODE);
    if (end == SIZE_MAX)
        return;
    add_line(fix, sizeof(fix), "required", scene->ours);
    findings_add(scene->findings, SEVERITY_ERROR, "denial-forgotten",
                 place(scene->ours, where, sizeof(where)), fix,
                 "%s: \"%s\": who gives no right code is let in all the same (%s)", scene->service,
                 scene->ours->control, tell_way(scene, end, way, sizeof(way)));
}

static void judge_fails_open(const struct scene *scene)
{
    char way[TEXT];
    char where[PLACE];
    char fix[TEXT];
    size_t end = find_end(scene, true, FACT_REFUSED, FACT_PROVED | FACT_CODE | FACT_DENIAL);
    if (end == SIZE_MAX)
        return;
    const struct stack_line *refusal = find_refusal(scene, end);
    if (refusal == NULL)
        refusal = scene->ours;
    write_end(scene, refusal, fix, sizeof(fix));
    findings_add(scene->findings, SEVERITY_ERROR, "fails-open",
                 place(refusal, where, sizeof(where)), fix,
                 "%s: a wrong password lets in, and without a code (%s)", scene->service,
                 tell_way(scene, end, way, sizeof(way)));
}

static void judge_pass(const struct scene *scene)
{
    char where[PLACE];
    size_t end = find_end(scene, true, FACT_PASS, FACT_PROVED | FACT_CODE | FACT_REFUSED);
    if (end == SIZE_MAX)
        return;
    char fix[TEXT];
    write_password(scene, fix, sizeof(fix));
    findings_add(scene->findings, SEVERITY_ERROR, "exempt-without-factor",
                 place(scene->ours, where, sizeof(where)),
                 strcmp(scene->service, "sshd") == 0
                     ? "AuthenticationMethods publickey,keyboard-interactive"
                     : fix,
                 "%s: whom swmfa.conf lets pass (exempt, remembered, unmapped = ignore or fail = "
                 "safe) is asked for nothing at all, and let in",
                 scene->service);
}

/* Whom the module lets pass is denied, where a code would let in. */
static bool pass_is_denied(const struct explore *explore, const struct edge *edge)
{
    if (explore_answer(explore, edge)->meaning != MEANS_PASS ||
        explore->nodes[edge->to]->can_succeed)
        return false;
    for (size_t i = 0; i < explore->edge_count; i++) {
        const struct edge *other = &explore->edges[i];
        if (other->from == edge->from && explore->nodes[other->to]->can_succeed &&
            explore_answer(explore, other)->meaning == MEANS_CODE)
            return true;
    }
    return false;
}

static void judge_exempt_denied(const struct scene *scene)
{
    char where[PLACE];
    char fix[TEXT] = "";
    const struct explore *explore = scene->explore;
    for (size_t i = 0; i < explore->edge_count; i++) {
        if (!pass_is_denied(explore, &explore->edges[i]))
            continue;
        add_line(fix, sizeof(fix), "required", scene->ours);
        add_text(fix, sizeof(fix), "\nauth  required  pam_permit.so");
        findings_add(scene->findings, SEVERITY_ERROR, "exempt-denied",
                     place(scene->ours, where, sizeof(where)), fix,
                     "%s: whom swmfa.conf lets pass (exempt, remembered, unmapped = ignore or fail "
                     "= safe) is denied: no other line of the stack says yes",
                     scene->service);
        return;
    }
}

static void judge_again(const struct scene *scene)
{
    char where[PLACE];
    if (!has_end(scene, true, FACT_AGAIN, 0))
        return;
    findings_add(scene->findings, SEVERITY_WARNING, "asked-twice",
                 place(scene->ours, where, sizeof(where)), "",
                 "%s: pam_swmfa is run twice in one login, and two codes are sent: take one of its "
                 "lines out",
                 scene->service);
}

/* ---- ways past the module ---- */

static void write_past(const struct scene *scene, const struct stack_line *line, char *fix,
                       size_t size)
{
    fix[0] = '\0';
    if (proves(scene, line))
        write_stack(scene, fix, size);
    else
        add_line(fix, size, strcasecmp(line->control, "sufficient") == 0 ? "optional" : "required",
                 line);
}

/* One line that leads past the module, to success. */
static void judge_past(const struct scene *scene, const struct edge *edge)
{
    const struct explore *explore = scene->explore;
    const struct stack_line *line = explore_line(explore, explore->nodes[edge->from]);
    bool twice = (explore->nodes[edge->to]->facts & FACT_TWICE) != 0;
    char name[64];
    char where[PLACE];
    char fix[TEXT];
    (void)modules_name(line, name, sizeof(name));
    (void)place(line, where, sizeof(where));
    write_past(scene, line, fix, sizeof(fix));
    switch (explore_answer(explore, edge)->meaning) {
    case MEANS_YES:
    case MEANS_NO:
        findings_add(scene->findings, SEVERITY_NOTE, "exempt-by-line", where, "",
                     "%s: users who meet the condition of %s are not asked for a code",
                     scene->service, name);
        break;
    case MEANS_ANYTHING:
        findings_add(scene->findings, SEVERITY_WARNING, "may-skip", where, fix,
                     "%s: %s is not known here; it can end the stack, and then nobody is asked for "
                     "a code (if it checks a password: first_factor_modules in swmfa.conf)",
                     scene->service, name);
        break;
    case MEANS_PROVED:
    case MEANS_NOTHING:
        findings_add(scene->findings, twice ? SEVERITY_NOTE : SEVERITY_ERROR,
                     twice ? "other-factor" : "skipped", where, twice ? "" : fix,
                     twice ? "%s: who has two other factors, the second by %s, is not asked for a "
                             "code"
                           : "%s: \"%s\" ends the stack, or leads past pam_swmfa: nobody who comes "
                             "here is asked for a code",
                     scene->service, twice ? name : line->control);
        break;
    default:
        break; /* fails-open and denial-forgotten are of these */
    }
}

/* Whether an edge leads past the module for good. */
static bool is_past(const struct explore *explore, const struct edge *edge)
{
    const struct node *from = explore->nodes[edge->from];
    const struct node *to = explore->nodes[edge->to];
    return from->can_ask && !to->can_ask && to->can_succeed && (to->facts & FACT_ASKED) == 0;
}

/* Each line once. */
static void judge_skipping(const struct scene *scene)
{
    const struct explore *explore = scene->explore;
    bool *said = calloc(scene->stack->count, sizeof(*said));
    for (size_t i = 0; said != NULL && i < explore->edge_count; i++) {
        const struct edge *edge = &explore->edges[i];
        size_t at = explore->nodes[edge->from]->dispatch.at;
        if (!is_past(explore, edge) || said[at])
            continue;
        enum meaning meaning = explore_answer(explore, edge)->meaning;
        said[at] = meaning != MEANS_REFUSED;
        judge_past(scene, edge);
    }
    free(said);
}

static void judge_never(const struct scene *scene)
{
    char where[PLACE];
    char fix[TEXT];
    write_stack(scene, fix, sizeof(fix));
    findings_add(scene->findings, SEVERITY_ERROR, "never-asked",
                 place(scene->ours, where, sizeof(where)), fix,
                 "%s: no login comes to this line: nobody is asked for a code", scene->service);
}

/* What judge_application says of such a program is enough. */
static bool cannot_ask(const struct scene *scene)
{
    return scene->kind == APPLICATION_NOT_ROOT || scene->kind == APPLICATION_NO_PROMPT;
}

/* Nobody gets in, with the right first factor and the right code. */
static void judge_nobody(const struct scene *scene)
{
    char where[PLACE];
    if (has_end(scene, true, FACT_CODE, 0) || has_end(scene, true, FACT_PROVED, 0) ||
        scene->config == NULL || !options_good(scene->ours) || cannot_ask(scene))
        return;
    findings_add(scene->findings, SEVERITY_ERROR, "nobody-gets-in",
                 place(scene->ours, where, sizeof(where)), "",
                 "%s: no right code lets in, whatever else is right", scene->service);
}

static void judge_jumps(const struct scene *scene)
{
    char where[PLACE];
    const struct explore *explore = scene->explore;
    bool *said = calloc(scene->stack->count, sizeof(*said));
    for (size_t i = 0; said != NULL && i < explore->edge_count; i++) {
        const struct edge *edge = &explore->edges[i];
        struct dispatch dispatch = explore->nodes[edge->from]->dispatch;
        const struct stack_line *line = &scene->stack->lines[dispatch.at];
        size_t at = dispatch.at;
        if (said[at] ||
            dispatch_answer(scene->stack, &dispatch, explore_answer(explore, edge)->code))
            continue;
        said[at] = true;
        findings_add(scene->findings, SEVERITY_ERROR, "bad-jump", place(line, where, sizeof(where)),
                     "", "%s: \"%s\" jumps beyond the end of the file or substack; libpam denies",
                     scene->service, line->control);
    }
    free(said);
}

/* ---- the program ---- */

/* Writes the condition that keeps the service from the module, to stand before the module's line in
 * a file that services share. Returns what to do, in words. */
static const char *write_guard(const struct scene *scene, char *fix, size_t size)
{
    const char *slash = strrchr(scene->ours->file, '/');
    fix[0] = '\0';
    if (slash != NULL && strcmp(slash + 1, scene->service) == 0)
        return "remove this line";
    add_text(fix, size, "auth  [success=1 default=ignore]  pam_succeed_if.so quiet service in %s",
             scene->service);
    add_line(fix, size, "required", scene->ours);
    return "keep it from this line";
}

/* Whether the program can run the helper and show a prompt. */
static void judge_application(const struct scene *scene)
{
    char where[PLACE];
    char fix[TEXT];
    const char *program = applications_find(scene->service)->words;
    const char *cure = write_guard(scene, fix, sizeof(fix));
    (void)place(scene->ours, where, sizeof(where));
    if (scene->kind == APPLICATION_NOT_ROOT)
        findings_add(scene->findings, SEVERITY_ERROR, "not-root", where, fix,
                     "%s: %s does not run as root, and pam_swmfa denies every login: %s",
                     scene->service, program, cure);
    if (scene->kind == APPLICATION_NO_PROMPT)
        findings_add(scene->findings, SEVERITY_ERROR, "no-prompt", where, fix,
                     "%s: %s cannot show a prompt for a code: each login with the right password "
                     "%s: %s",
                     scene->service, program,
                     scene->autosend ? "has a code sent, and is denied" : "is denied", cure);
    if (scene->kind == APPLICATION_UNKNOWN)
        findings_add(scene->findings, SEVERITY_NOTE, "unknown-service", where, "",
                     "%s: the program is not known here: it can only ask for a code if it runs as "
                     "root and shows a second prompt",
                     scene->service);
}

static void judge_ways(const struct scene *scene)
{
    char path[PLACE];
    judge_jumps(scene);
    if (!modules_path(scene->ours, path, sizeof(path)))
        return; /* said already; it is never run */
    if (!scene->explore->nodes[0]->can_ask) {
        judge_never(scene);
        return;
    }
    judge_application(scene);
    judge_wrong_factor(scene);
    judge_early(scene);
    judge_code_alone(scene);
    judge_denial(scene);
    judge_fails_open(scene);
    judge_pass(scene);
    judge_exempt_denied(scene);
    judge_skipping(scene);
    judge_again(scene);
    judge_nobody(scene);
}

enum explore_result judge_stack(struct scene *scene, struct explore *explore)
{
    enum explore_result result =
        explore_run(explore, scene->stack, scene->roles, scene->before != NULL ? FACT_PROVED : 0);
    scene->explore = explore;
    if (result == EXPLORE_DONE) {
        judge_words(scene);
        judge_ways(scene);
    }
    return result;
}

/* ---- the prediction ---- */

/* How often, among the ends with these facts and without those, one is a success. */
static enum often often_in(const struct scene *scene, unsigned with, unsigned without)
{
    bool in = has_end(scene, true, with, without);
    bool out = has_end(scene, false, with, without);
    return !in ? OFTEN_NEVER : out ? OFTEN_SOMETIMES : OFTEN_ALWAYS;
}

/* A wrong first factor, or none where a code comes first. */
static enum often wrong_in(const struct scene *scene)
{
    bool refused = has_end(scene, false, FACT_REFUSED, FACT_PROVED);
    bool in = has_end(scene, true, FACT_REFUSED, FACT_PROVED) ||
              has_end(scene, true, FACT_CODE, FACT_PROVED) ||
              has_end(scene, true, FACT_DENIAL, FACT_PROVED);
    return !in ? OFTEN_NEVER : refused ? OFTEN_SOMETIMES : OFTEN_ALWAYS;
}

/* The way to the shell with everything right, step by step. */
static void tell_steps(const struct scene *scene, char *text, size_t size)
{
    const struct explore *explore = scene->explore;
    size_t end = find_end(scene, true, FACT_PROVED | FACT_CODE, FACT_REFUSED | FACT_AGAIN);
    if (end == SIZE_MAX)
        end = find_end(scene, true, FACT_CODE, 0);
    if (end == SIZE_MAX)
        end = find_end(scene, true, FACT_PROVED, 0);
    size_t *way = calloc(scene->stack->count + 1, sizeof(*way));
    size_t count = way != NULL && end != SIZE_MAX ? explore_way(explore, end, way) : 0;
    int number = 1;
    text[0] = '\0';
    if (scene->before != NULL)
        add_text(text, size, "%d. %s (sshd). ", number++, scene->before);
    for (size_t i = 1; way != NULL && i < count; i++) {
        const struct edge edge = {way[i - 1], way[i], explore->nodes[way[i]]->answer};
        const struct stack_line *line = explore_line(explore, explore->nodes[edge.from]);
        enum meaning meaning = explore_answer(explore, &edge)->meaning;
        char name[64];
        if (meaning == MEANS_PROVED || meaning == MEANS_CODE)
            add_text(text, size, "%d. %s (%s, %s:%u). ", number++,
                     scene->roles[line - scene->stack->lines].asks,
                     modules_name(line, name, sizeof(name)), line->file, line->number);
    }
    free(way);
}

void judge_predict(const struct scene *scene, struct prediction *prediction)
{
    const struct explore *explore = scene->explore;
    bool past = scene->unsure;
    bool exempts = scene->around;
    for (size_t i = 0; i < explore->edge_count; i++) {
        enum meaning meaning = explore_answer(explore, &explore->edges[i])->meaning;
        bool condition = meaning == MEANS_YES || meaning == MEANS_NO;
        if (!is_past(explore, &explore->edges[i]))
            continue;
        past = past || !condition;
        exempts = exempts || condition;
    }
    bool can = !scene->unused && (has_end(scene, true, FACT_CODE, FACT_REFUSED) ||
                                  has_end(scene, false, FACT_CODE, FACT_REFUSED));
    *prediction = (struct prediction){
        .asked = !can              ? OFTEN_NEVER
                 : past || exempts ? OFTEN_SOMETIMES
                                   : OFTEN_ALWAYS,
        .exempts = can && exempts && !past,
        .right_in = often_in(scene, 0, FACT_REFUSED | FACT_DENIAL | FACT_PASS),
        .wrong_code_in = often_in(scene, FACT_DENIAL, FACT_REFUSED | FACT_CODE),
        .wrong_in = wrong_in(scene),
        .wrong_sends = has_end(scene, false, FACT_SENT, 0) || has_end(scene, true, FACT_SENT, 0) ||
                       has_end(scene, false, FACT_EARLY, 0) || has_end(scene, true, FACT_EARLY, 0),
        .passes = has_end(scene, true, FACT_PASS, 0) || has_end(scene, false, FACT_PASS, 0),
        .pass_in = often_in(scene, FACT_PASS, FACT_REFUSED),
    };
    tell_steps(scene, prediction->steps, sizeof(prediction->steps));
}
