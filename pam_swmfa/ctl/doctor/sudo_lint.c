/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sudo_lint: the effects of sudo's configuration on its PAM stack; see host_lint.h. Which users
 * sudo does not authenticate, whose password it asks for, and which PAM service it uses.
 */
#include <config.h>

#include "ctl/doctor/host_lint.h"

#include "wire/option.h"
#include "wire/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT 1024

/* The question, and where its findings go. */
struct look {
    struct lint_context *lint;
    const struct sudoers *sudoers;
    const char *option; /* of the Defaults that match */
    bool off;           /* Defaults !authenticate, for all */
    bool off_for_some;
    bool on; /* somebody is asked anyway */
    bool own_service, other_service;
};

/* ---- findings, each once: sudo and sudo -i share most of them ---- */

struct said {
    const char *text;
    bool found;
};

static bool is_said(const struct finding *finding, void *context)
{
    struct said *said = context;
    said->found = said->found || strcmp(finding->text, said->text) == 0;
    return !said->found;
}

static void say(const struct look *look, enum severity severity, const char *id, const char *fix,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void say(const struct look *look, enum severity severity, const char *id, const char *fix,
                const char *format, ...)
{
    char text[TEXT];
    struct said said = {.text = text};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    findings_each(look->lint->findings, is_said, &said);
    if (!said.found)
        findings_add(look->lint->findings, severity, id, look->sudoers->path, fix, "%s", text);
}

/* ---- users whom sudo asks for nothing ---- */

static bool is_on(const struct sudoers_setting *setting)
{
    return json_object_is_type(setting->value, json_type_boolean) &&
           json_object_get_boolean(setting->value);
}

/* The text of an option that is not switched off, or NULL. */
static const char *text_of(const struct sudoers_setting *setting)
{
    bool off = json_object_is_type(setting->value, json_type_boolean);
    return off ? NULL : json_object_get_string(setting->value);
}

static void take_authenticate(void *context, const struct sudoers_setting *setting)
{
    struct look *look = context;
    if (is_on(setting)) {
        look->on = look->on || setting->whom[0] != '\0';
        return;
    }
    if (setting->whom[0] == '\0') {
        look->off = true;
        return;
    }
    look->off_for_some = true;
    look->lint->around = true;
    say(look, SEVERITY_NOTE, "sudo-nopasswd", "",
        "sudo: Defaults !authenticate%s: sudo asks for neither password nor code", setting->whom);
}

static void take_rule(void *context, const struct sudoers_rule *rule)
{
    struct look *look = context;
    look->on = look->on || rule->tag == SUDOERS_PASSWD;
    if (rule->tag != SUDOERS_NOPASSWD)
        return;
    look->lint->around = true;
    say(look, SEVERITY_NOTE, "sudo-nopasswd", "",
        "sudo: %s may run %s%s%s with NOPASSWD: sudo asks for neither password nor code",
        rule->users, rule->commands, rule->hosts[0] != '\0' ? " on " : "", rule->hosts);
}

static void lint_authenticate(struct look *look)
{
    sudoers_each_setting(look->sudoers, "authenticate", take_authenticate, look);
    sudoers_each_rule(look->sudoers, !look->off && !look->off_for_some, take_rule, look);
    if (!look->off)
        return;
    look->lint->unused = look->lint->unused || !look->on;
    look->lint->around = true;
    say(look, SEVERITY_ERROR, "sudo-unauthenticated", "Defaults authenticate",
        look->on ? "sudo: Defaults !authenticate: sudo asks for neither password nor code, except "
                   "where PASSWD or another line of Defaults says so"
                 : "sudo: Defaults !authenticate: sudo asks for neither password nor code");
}

static void take_exempt_group(void *context, const struct sudoers_setting *setting)
{
    struct look *look = context;
    const char *group = text_of(setting);
    if (group == NULL || *group == '\0')
        return;
    look->lint->around = true;
    say(look, SEVERITY_NOTE, "sudo-nopasswd", "",
        "sudo: Defaults exempt_group=%s%s: sudo asks the members of that group for neither "
        "password nor code",
        group, setting->whom);
}

static void take_timestamp(void *context, const struct sudoers_setting *setting)
{
    struct look *look = context;
    const char *minutes = text_of(setting);
    if (minutes != NULL && strtod(minutes, NULL) < 0)
        say(look, SEVERITY_NOTE, "sudo-timestamp", "",
            "sudo: Defaults timestamp_timeout=%s%s: after one right code, sudo does not ask again "
            "in that session until the next boot",
            minutes, setting->whom);
}

/* ---- whose password, and whose phone ---- */

static bool asks_caller(const struct lint_context *lint)
{
    struct option_value value;
    for (char **at = lint->ours != NULL ? lint->ours->arguments : NULL; at != NULL && *at != NULL;
         at++)
        if (option_read(*at, &value) == OPTION_FLAG && value.flag == WIRE_FLAG_USE_UID)
            return true;
    return false;
}

/* The module's line, with use_uid. */
static void write_use_uid(const struct lint_context *lint, char *fix, size_t size)
{
    const struct stack_line *ours = lint->ours;
    (void)snprintf(fix, size, "auth  required  %s",
                   ours != NULL ? ours->module : SWMFA_PAM_DIR "/pam_swmfa.so");
    for (char **at = ours != NULL ? ours->arguments : NULL; at != NULL && *at != NULL; at++)
        (void)snprintf(fix + strlen(fix), size - strlen(fix), " %s", *at);
    (void)snprintf(fix + strlen(fix), size - strlen(fix), " use_uid");
}

static const struct target {
    const char *option;
    const char *whose;
} targets[] = {
    {"targetpw", "the target user"},
    {"rootpw", "root"},
    {"runaspw", "the user that runas_default names, root if none"},
};

static void take_target(void *context, const struct sudoers_setting *setting)
{
    struct look *look = context;
    char fix[TEXT];
    if (!is_on(setting) || asks_caller(look->lint))
        return;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        if (strcmp(targets[i].option, look->option) == 0) {
            write_use_uid(look->lint, fix, sizeof(fix));
            say(look, SEVERITY_WARNING, "sudo-target", fix,
                "%s: Defaults %s%s: sudo asks for the password of %s, and sends the code to that "
                "user's phone, not to the caller's",
                look->lint->service, look->option, setting->whom, targets[i].whose);
        }
}

/* ---- which service ---- */

static const char *const service_options[] = {"pam_service", "pam_login_service",
                                              "pam_askpass_service"};

/* sudo -i uses pam_login_service, sudo pam_service, and both with -A pam_askpass_service. */
static bool is_for(const struct lint_context *lint, const char *option)
{
    bool shell = strcmp(lint->service, "sudo-i") == 0;
    if (!shell && strcmp(lint->service, "sudo") != 0)
        return false;
    return strcmp(option, "pam_askpass_service") == 0 ||
           strcmp(option, shell ? "pam_login_service" : "pam_service") == 0;
}

static void take_service(void *context, const struct sudoers_setting *setting)
{
    struct look *look = context;
    struct lint_context *lint = look->lint;
    const char *service = text_of(setting);
    char fix[TEXT];
    if (service == NULL || *service == '\0')
        return;
    if (strcmp(service, lint->service) == 0) {
        look->own_service = true;
        return;
    }
    bool asked = lint_asks(service);
    lint->around = true;
    look->other_service = look->other_service || (setting->whom[0] == '\0' &&
                                                  strcmp(look->option, "pam_askpass_service") != 0);
    (void)snprintf(fix, sizeof(fix), "swmfactl doctor %s", service);
    say(look, asked ? SEVERITY_NOTE : SEVERITY_ERROR, "sudo-service", fix,
        "%s: Defaults %s=%s%s: sudo uses the PAM service %s, which %s", lint->service, look->option,
        service, setting->whom, service,
        asked ? "asks for a code as well" : "does not ask for a code");
}

/* ---- all ---- */

static void each(struct look *look, const char *option,
                 void (*take)(void *context, const struct sudoers_setting *setting))
{
    look->option = option;
    sudoers_each_setting(look->sudoers, option, take, look);
}

static void take_name(void *context, const struct sudoers_setting *setting)
{
    struct said *said = context;
    const char *service = text_of(setting);
    said->found = said->found || (service != NULL && strcmp(service, said->text) == 0);
}

bool lint_is_sudo(const struct sudoers *sudoers, const char *service)
{
    struct said said = {.text = service};
    said.found = strcmp(service, "sudo") == 0 || strcmp(service, "sudo-i") == 0;
    for (size_t i = 0; i < sizeof(service_options) / sizeof(service_options[0]); i++)
        sudoers_each_setting(sudoers, service_options[i], take_name, &said);
    return said.found;
}

static void take_login_service(void *context, const struct sudoers_setting *setting)
{
    const char **service = context;
    const char *text = text_of(setting);
    if (text != NULL && *text != '\0' && setting->whom[0] == '\0')
        *service = text;
}

const char *lint_sudo_login(const struct sudoers *sudoers)
{
    const char *service = "sudo-i";
    sudoers_each_setting(sudoers, "pam_login_service", take_login_service, &service);
    return service;
}

void lint_sudo(struct lint_context *lint, const struct sudoers *sudoers, const char *why)
{
    struct look look = {.lint = lint, .sudoers = sudoers};
    if (why != NULL) {
        lint->unsure = true;
        say(&look, SEVERITY_WARNING, "sudo-unknown", "visudo -c",
            "sudo: it is unknown which users it asks for a password and a code: %s", why);
        return;
    }
    lint_authenticate(&look);
    each(&look, "exempt_group", take_exempt_group);
    each(&look, "timestamp_timeout", take_timestamp);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        each(&look, targets[i].option, take_target);
    for (size_t i = 0; i < sizeof(service_options) / sizeof(service_options[0]); i++)
        if (is_for(lint, service_options[i]))
            each(&look, service_options[i], take_service);
    lint->unused = lint->unused || (look.other_service && !look.own_service);
    if (sudoers->others[0] == '\0')
        return;
    lint->unsure = true;
    say(&look, SEVERITY_NOTE, "sudo-unknown", "sudo -l -U USER",
        "sudo: nsswitch.conf makes it read rules from %s as well, which doctor does not examine: "
        "they can permit commands without a password and a code",
        sudoers->others);
}
