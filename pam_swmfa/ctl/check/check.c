/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check: swmfactl check examines everything that logins need.
 *
 * It first examines, as root, what root alone can read. Then it becomes the service user, as logins
 * do, opens the store and contacts the providers. It changes nothing and sends no code.
 */
#include <config.h>

#include "ctl/check/check.h"
#include "ctl/finding_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_ONLINE = COMMAND_KEY,
};

static bool wants_online;

/* ---- for all parts ---- */

void check_examined(struct check *check, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)json_object_array_add(check->examined, json_object_new_string(text));
}

void check_problem(struct check *check, enum severity severity, const char *id, const char *path,
                   const char *fix, const struct problem *problem)
{
    char where[LOCATION_SIZE];
    const char *text = problem->text;
    size_t length = strlen(path);
    const char *end = strncmp(text, path, length) == 0 ? strstr(text + length, ": ") : NULL;
    if (end != NULL)
        length = (size_t)(end - text);
    (void)snprintf(where, sizeof(where), "%.*s", (int)length, end != NULL ? text : path);
    if (end != NULL)
        text = end + 2;
    findings_add(check->findings, severity, id, where, fix, "%s", text);
}

/* ---- the whole ---- */

/* Becomes the service user for good. */
static void check_as_service_user(struct check *check, bool store)
{
    if (!ctl_leave_root(check->ctl)) {
        findings_add(check->findings, SEVERITY_ERROR, "privileges", SWMFA_USER,
                     "look in the kernel's log, and at what confines this process: a container or "
                     "a security module",
                     "%s", check->ctl->problem.text);
        return;
    }
    if (store)
        check_store(check);
    if (wants_online && check->sound)
        check_online(check);
}

static void check_all(struct check *check)
{
    check_configuration(check);
    if (check->config.users != NULL) {
        check_users(check);
        check_accounts(check);
    }
    check_programs(check);
    bool user = check_service_user(check);
    bool store = user && check_state(check);
    if (user)
        check_as_service_user(check, store);
    if (wants_online && check->online == NULL)
        findings_add(check->findings, SEVERITY_NOTE, "online-not", check->conf,
                     "fix the errors first", "no provider was contacted");
    config_free(&check->config);
}

static void print_count(const struct check *check, enum severity severity, const char *name,
                        bool *first)
{
    size_t count = findings_count(check->findings, severity);
    if (count == 0)
        return;
    (void)printf("%s%zu %s%s", *first ? "" : ", ", count, name, count == 1 ? "" : "s");
    *first = false;
}

/* The last line: the examined items, and the number of findings. */
static bool print_end(struct check *check)
{
    bool first = true;
    for (size_t i = 0; i < json_object_array_length(check->examined); i++)
        (void)printf("%s%s", i > 0 ? ", " : "",
                     json_object_get_string(json_object_array_get_idx(check->examined, i)));
    (void)printf(": ");
    print_count(check, SEVERITY_ERROR, "error", &first);
    print_count(check, SEVERITY_WARNING, "warning", &first);
    if (first)
        (void)printf("nothing to fix");
    first = false;
    print_count(check, SEVERITY_NOTE, "note", &first);
    (void)printf("\n");
    return ctl_flush(check->ctl);
}

static enum ctl_status report(struct check *check)
{
    json_object *document = json_object_new_object();
    (void)json_object_object_add(document, "conf", json_object_new_string(check->conf));
    (void)json_object_object_add(document, "examined", json_object_get(check->examined));
    if (check->online != NULL)
        (void)json_object_object_add(document, "online", json_object_get(check->online));
    enum ctl_status status = findings_print(check->findings, check->ctl, document);
    if (status != CTL_FAILED && !check->ctl->json && !print_end(check))
        status = CTL_FAILED;
    return status;
}

static enum ctl_status run_check(struct ctl_context *ctl)
{
    static struct check check; /* too large for the stack */
    enum ctl_status status = CTL_FAILED;
    check.ctl = ctl;
    check.conf = ctl->conf != NULL ? ctl->conf : SWMFA_CONF_PATH;
    check.findings = findings_new();
    check.examined = json_object_new_array();
    if (check.findings == NULL || check.examined == NULL) {
        problem_no_memory(&ctl->problem);
    } else {
        check_all(&check);
        status = report(&check);
    }
    json_object_put(check.online);
    json_object_put(check.examined);
    findings_free(check.findings);
    return status;
}

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    (void)state;
    if (key != KEY_ONLINE)
        return ARGP_ERR_UNKNOWN;
    wants_online = true;
    return 0;
}

static const struct argp_option options[] = {
    {.name = "online",
     .key = KEY_ONLINE,
     .doc = "Check the credentials with each provider; sends no code"},
    {0},
};

const struct command command_check = {
    .name = "check",
    .arguments = "",
    .summary = "Check configuration, users map, programs and store",
    .text =
        "Checks everything that logins need: the configuration, every line of the users map, the "
        "helper, the module, the service user and the store. Says what to fix. Changes "
        "nothing.\vExit status: 0 nothing to fix, 1 could not be checked, 2 warnings, 3 errors.",
    .json = true,
    .options = options,
    .option = read_option,
    .run = run_check,
};
