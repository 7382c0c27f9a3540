/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doctor: predicts, for each service of pam.d that names the module, the result of a login, and
 * reports what is wrong.
 *
 * It reads the stack (parse.c), explores all its paths (paths.c), and examines the results and the
 * settings of sshd (lint.c, sshd_lint.c). This file chooses the services, collects the settings
 * around them, and prints. It changes nothing and sends nothing.
 */
#include <config.h>

#include "base/location.h"
#include "ctl/doctor/host_lint.h"
#include "ctl/finding_print.h"
#include "ctl/host/listener.h"
#include "ctl/setup/readiness.h"
#include "ctl/setup/sshd_dropin.h"
#include "wire/option.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_CONNECTION COMMAND_KEY

static const char *connection; /* of the command line */

/* The state of one run. */
struct doctor {
    struct ctl_context *ctl;
    struct findings *findings;
    json_object *list; /* of services, with --json */
    char **names;
    size_t count;
    char conf[LOCATION_SIZE]; /* the configuration that was read last; "": none */
    bool conf_good;
    bool map_good; /* its users map lets somebody in */
    struct config config;
    size_t asked; /* services of which a login can come to the module */
    char *kept;   /* those that are excluded from it, see lint_is_kept; NULL: none */
    char kept_where[LOCATION_SIZE];
    struct sudoers sudoers;
    bool sudo_read;          /* sudoers, or why it could not be read */
    struct problem sudo_why; /* "": it was */
    bool failed;             /* ctl->problem has the reason */
};

static bool fail_no_memory(struct doctor *doctor)
{
    doctor->failed = true;
    return problem_no_memory(&doctor->ctl->problem);
}

/* ---- the configuration ---- */

static void forget_config(struct doctor *doctor)
{
    if (doctor->conf_good)
        config_free(&doctor->config);
    doctor->conf_good = false;
}

static void add_line(void *context, const char *where, const char *text)
{
    findings_add(context, SEVERITY_WARNING, "users-line", where, "swmfactl check", "%s", text);
}

/* Reports a users map that denies everybody, by the rules of swmfactl enable. */
static void examine_map(struct doctor *doctor)
{
    const char *path = doctor->config.users;
    struct problem why = {0};
    doctor->map_good = readiness_check_map(&doctor->config, add_line, doctor->findings, &why);
    if (doctor->map_good)
        return;
    bool placed = strncmp(why.text, path, strlen(path)) == 0;
    char *end = placed ? strstr(why.text + strlen(path), ": ") : NULL;
    if (end != NULL)
        *end = '\0';
    findings_add(doctor->findings, SEVERITY_ERROR, "users-map", end != NULL ? why.text : path,
                 "swmfactl check", "every login that requires a code is denied: %s",
                 end != NULL ? end + 2 : why.text);
}

/* The configuration that a line of the module reads, or NULL, which is a finding. */
static const struct config *read_config(struct doctor *doctor, const struct stack_line *ours)
{
    const char *path = doctor->ctl->conf != NULL ? doctor->ctl->conf : SWMFA_CONF_PATH;
    struct problem why = {0};
    struct option_value value;
    for (char **at = ours->arguments; *at != NULL; at++)
        if (option_read(*at, &value) == OPTION_CONF && value.conf != NULL)
            path = value.conf;
    if (path != doctor->ctl->conf && access(path, F_OK) != 0 && strcmp(path, SWMFA_CONF_PATH) != 0)
        return NULL; /* the line is wrong, which was reported */
    if (strcmp(path, doctor->conf) == 0)
        return doctor->conf_good ? &doctor->config : NULL;
    forget_config(doctor);
    (void)snprintf(doctor->conf, sizeof(doctor->conf), "%s", path);
    doctor->conf_good = config_load(path, &doctor->config, &why);
    if (!doctor->conf_good)
        findings_add(doctor->findings, SEVERITY_ERROR, "configuration", path, "swmfactl check",
                     "every login that reaches pam_swmfa is denied: %s", why.text);
    else
        examine_map(doctor);
    return doctor->conf_good ? &doctor->config : NULL;
}

/* ---- which services ---- */

/* Files that others include, and no service of their own. */
static bool is_part(const char *name)
{
    static const char *const parts[] = {"common-",
                                        "system-auth",
                                        "password-auth",
                                        "system-login",
                                        "system-local-login",
                                        "system-remote-login",
                                        "system-services",
                                        "postlogin",
                                        "smartcard-auth",
                                        "fingerprint-auth",
                                        "other"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strncmp(name, parts[i], strlen(parts[i])) == 0)
            return true;
    return name[0] == '.' || strchr(name, '~') != NULL || strstr(name, ".dpkg") != NULL ||
           strstr(name, ".rpm") != NULL || strstr(name, ".pac") != NULL;
}

static const char *const other_types[] = {"account", "session", "password"};

/* True if a service names the module, in any of its lines. */
static bool names_module(struct doctor *doctor, const char *service)
{
    bool found = false;
    for (size_t i = 0; !found && i < 4; i++) {
        struct stack *stack = stack_read(NULL, service, i == 0 ? "auth" : other_types[i - 1]);
        if (stack == NULL)
            return fail_no_memory(doctor);
        found = !stack->other && lint_find_module(stack) != NULL;
        stack_free(stack);
    }
    return found;
}

static bool is_known(const struct doctor *doctor, const char *name)
{
    for (size_t i = 0; i < doctor->count; i++)
        if (strcmp(doctor->names[i], name) == 0)
            return true;
    return false;
}

static void add_name(struct doctor *doctor, const char *name)
{
    if (is_known(doctor, name))
        return;
    char **more = reallocarray(doctor->names, doctor->count + 1, sizeof(*more));
    char *copy = strdup(name);
    if (more != NULL)
        doctor->names = more;
    if (more != NULL && copy != NULL) {
        more[doctor->count++] = copy;
    } else {
        free(copy);
        (void)fail_no_memory(doctor);
    }
}

static void find_services(struct doctor *doctor)
{
    for (size_t i = 0; stack_folders[i] != NULL; i++) {
        struct dirent **entries = NULL;
        int count = scandir(stack_folders[i], &entries, NULL, alphasort);
        for (int n = 0; n < count; n++) {
            const char *name = entries[n]->d_name;
            if (!is_part(name) && !is_known(doctor, name) && names_module(doctor, name))
                add_name(doctor, name);
            free(entries[n]);
        }
        free(entries);
    }
}

/* ---- one service ---- */

static const char *often_name(enum frequency frequency)
{
    static const char *const names[] = {"never", "sometimes", "always"};
    return names[frequency];
}

static void add_word(json_object *object, const char *key, const char *value)
{
    (void)json_object_object_add(object, key, json_object_new_string(value));
}

static void print_json(struct doctor *doctor, const struct lint_context *lint,
                       const struct prediction *prediction)
{
    json_object *object = json_object_new_object();
    add_word(object, "service", lint->service);
    add_word(object, "line", "");
    if (lint->ours != NULL) {
        char where[LOCATION_SIZE];
        add_word(object, "line", stack_format_location(lint->ours, where, sizeof(where)));
    }
    add_word(object, "steps", prediction->steps);
    add_word(object, "asked", often_name(prediction->asked));
    add_word(object, "all_right_lets_in", often_name(prediction->right_in));
    add_word(object, "wrong_code_lets_in", often_name(prediction->wrong_code_in));
    add_word(object, "wrong_first_factor_lets_in", often_name(prediction->wrong_in));
    add_word(object, "exempt_lets_in", often_name(prediction->pass_in));
    (void)json_object_object_add(object, "code_sent_without_first_factor",
                                 json_object_new_boolean(prediction->wrong_sends));
    (void)json_object_array_add(doctor->list, object);
}

static const char *tell(enum frequency frequency, const char *never, const char *sometimes,
                        const char *always)
{
    return frequency == FREQUENCY_NEVER       ? never
           : frequency == FREQUENCY_SOMETIMES ? sometimes
                                              : always;
}

static void print_text(const struct lint_context *lint, const struct prediction *prediction)
{
    (void)printf("%s\n    %s\n", lint->service,
                 *prediction->steps != '\0' ? prediction->steps : "No login succeeds.");
    if (lint->config == NULL) {
        (void)printf("    Every login that reaches pam_swmfa is denied: see below.\n\n");
        return;
    }
    (void)printf("    %s. ",
                 tell(prediction->asked, "No login asks for a code",
                      prediction->exempts ? "Every login asks for a code, except those below"
                                          : "Some logins ask for a code",
                      "Every login asks for a code"));
    (void)printf("A wrong code is %s.\n",
                 tell(prediction->wrong_code_in, "denied", "accepted in some cases", "accepted"));
    (void)printf("    A wrong first factor is %s, and %s code is sent.\n",
                 tell(prediction->wrong_in, "denied", "accepted in some cases", "accepted"),
                 prediction->wrong_sends ? "a" : "no");
    if (prediction->passes)
        (void)printf("    Users who need no code according to swmfa.conf are %s.\n",
                     tell(prediction->pass_in, "denied", "let in", "let in"));
    (void)putchar('\n');
}

static void print_service(struct doctor *doctor, const struct lint_context *lint,
                          const struct prediction *prediction)
{
    if (doctor->ctl->json)
        print_json(doctor, lint, prediction);
    else
        print_text(lint, prediction);
}

/* The users map has nobody whom a correct code would let in. */
static void predict_denial(struct prediction *prediction)
{
    bool others = prediction->asked != FREQUENCY_ALWAYS || prediction->passes ||
                  prediction->wrong_code_in != FREQUENCY_NEVER;
    prediction->right_in =
        others && prediction->right_in != FREQUENCY_NEVER ? FREQUENCY_SOMETIMES : FREQUENCY_NEVER;
    if (!others)
        prediction->steps[0] = '\0';
}

static void predict(struct doctor *doctor, struct lint_context *lint)
{
    struct paths paths;
    struct prediction prediction;
    enum paths_result result = lint_stack(lint, &paths);
    if (result == PATHS_DONE) {
        lint_predict(lint, &prediction);
        if (lint->config != NULL && !doctor->map_good)
            predict_denial(&prediction);
        print_service(doctor, lint, &prediction);
    } else if (result == PATHS_TOO_MANY) {
        findings_add(doctor->findings, SEVERITY_ERROR, "too-many-ways", lint->ours->file, "",
                     "%s: the stack has too many paths to examine: its logins cannot be predicted",
                     lint->service);
    } else {
        (void)fail_no_memory(doctor);
    }
    paths_free(&paths);
}

/* Asks sshd of all connections, or of the one of the command line, which need not be complete. */
static bool ask_sshd(struct sshd *sshd, struct problem *why)
{
    struct sshd_connection spec = {0};
    struct sshd_question question = {0};
    *sshd = (struct sshd){0};
    if (connection != NULL) {
        if (!sshd_connection_parse(&spec, connection, why) || !sshd_complete(&spec, &question, why))
            return false;
        question.connection = &spec;
    }
    return sshd_ask(sshd, &question, why);
}

/* sshd's settings decide which factors come before the stack, and whether it runs. */
static void examine_sshd(struct doctor *doctor, struct lint_context *lint)
{
    struct sshd sshd;
    struct ssh_view view;
    struct problem why = {0};
    if (!ask_sshd(&sshd, &why)) {
        findings_add(doctor->findings, sshd.installed ? SEVERITY_ERROR : SEVERITY_WARNING,
                     "sshd-unknown", SSHD_CONFIG,
                     sshd.fix != NULL ? sshd.fix
                     : sshd.installed ? "sshd -t"
                                      : "",
                     "sshd: its settings are unknown: %s", why.text);
        lint->before = lint_has_factor(lint) ? NULL : "an SSH key";
        sshd_free(&sshd);
        return;
    }
    lint_sshd_view(&sshd, &view);
    lint->before = view.key_first ? "an SSH key" : NULL;
    lint_sshd(lint, &sshd, &view);
    sshd_free(&sshd);
}

/* ---- sudo and doas ---- */

/* sudo's settings are read once, when they are first needed. */
static void read_sudoers(struct doctor *doctor)
{
    if (doctor->sudo_read)
        return;
    doctor->sudo_read = true;
    (void)sudoers_read(&doctor->sudoers, &doctor->sudo_why);
}

/* An unknown service can be one that sudo's settings name. */
static enum application_kind find_kind(struct doctor *doctor, const char *service)
{
    enum application_kind kind = applications_find(service)->kind;
    if (kind != APPLICATION_UNKNOWN)
        return kind;
    read_sudoers(doctor);
    return lint_is_sudo(&doctor->sudoers, service) ? APPLICATION_CALLER : kind;
}

static void examine_sudo(struct doctor *doctor, struct lint_context *lint)
{
    read_sudoers(doctor);
    if (lint_is_sudo(&doctor->sudoers, lint->service))
        lint_sudo(lint, &doctor->sudoers,
                  doctor->sudo_why.text[0] != '\0' ? doctor->sudo_why.text : NULL);
}

/* Rules with the word nopass. */
static void examine_doas(const struct doctor *doctor, struct lint_context *lint)
{
    static const char path[] = "/etc/doas.conf";
    char line[1024];
    char where[LOCATION_SIZE];
    FILE *file = fopen(path, "re");
    for (unsigned number = 1; file != NULL && fgets(line, sizeof(line), file) != NULL; number++) {
        char *rest = NULL;
        line[strcspn(line, "#")] = '\0';
        for (char *word = strtok_r(line, " \t\n", &rest); word != NULL;
             word = strtok_r(NULL, " \t\n", &rest)) {
            if (strcmp(word, "nopass") != 0)
                continue;
            lint->around = true;
            (void)location_write(path, number, where, sizeof(where));
            findings_add(doctor->findings, SEVERITY_NOTE, "doas-nopass", where, "",
                         "doas: the rule has nopass: doas asks for neither password nor code");
        }
    }
    if (file != NULL)
        (void)fclose(file);
}

static void examine_login(const struct doctor *doctor, const struct lint_context *lint)
{
    struct login_timeout timeout;
    if (readiness_login_ends(lint->config, &timeout))
        findings_add(doctor->findings, SEVERITY_WARNING, "login-timeout", timeout.where,
                     "LOGIN_TIMEOUT  180", READINESS_LOGIN_ENDS, timeout.seconds, timeout.needed);
    findings_add(doctor->findings, SEVERITY_NOTE, "console-asks", lint->ours->file, "",
                 "login: the console asks for a code as well: keep another way in, in case the "
                 "configuration or the store fails");
}

static void examine_types(struct doctor *doctor, const char *service)
{
    char where[LOCATION_SIZE];
    for (size_t i = 0; i < sizeof(other_types) / sizeof(other_types[0]); i++) {
        struct stack *stack = stack_read(NULL, service, other_types[i]);
        const struct stack_line *ours =
            stack != NULL && !stack->other ? lint_find_module(stack) : NULL;
        if (ours != NULL)
            findings_add(doctor->findings, SEVERITY_ERROR, "module-type",
                         stack_format_location(ours, where, sizeof(where)), "",
                         "%s: pam_swmfa works only in auth lines, and for \"%s\" libpam treats it "
                         "as an unknown module: remove the line",
                         service, other_types[i]);
        stack_free(stack);
    }
}

/* The lines are there, and never run. */
static void examine_idle(const struct doctor *doctor, const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    findings_add(doctor->findings, SEVERITY_NOTE, "no-auth",
                 stack_format_location(lint->ours, where, sizeof(where)), "",
                 "%s: %s does not run auth lines: it asks for neither password nor code",
                 lint->service, applications_find(lint->service)->words);
}

/* The service has the module: examines the results. */
static void examine_ours(struct doctor *doctor, struct lint_context *lint)
{
    const struct stack_line *reached = lint_find_reached(lint->stack, lint->service);
    if (reached != NULL)
        lint->ours = reached;
    lint->kind = find_kind(doctor, lint->service);
    if (lint->kind == APPLICATION_NO_AUTH) {
        examine_idle(doctor, lint);
        return;
    }
    doctor->asked++;
    lint->config = read_config(doctor, lint->ours);
    lint->autosend = lint->config == NULL || lint->config->autosend != 0;
    struct module_model *models = lint_models(lint);
    if (models == NULL) {
        (void)fail_no_memory(doctor);
        return;
    }
    lint->models = models;
    if (strcmp(lint->service, "sshd") == 0)
        examine_sshd(doctor, lint);
    if (strcmp(lint->service, "login") == 0)
        examine_login(doctor, lint);
    if (lint->kind == APPLICATION_CALLER)
        examine_sudo(doctor, lint);
    if (strcmp(lint->service, "doas") == 0)
        examine_doas(doctor, lint);
    predict(doctor, lint);
    if (strcmp(lint->service, "sshd") == 0)
        lint_running(lint, reached != NULL);
    free(models);
}

/* "After the first factor" is all that can be said about a stack without a line of the module. */
#define OUR_LINE "auth  required  " SWMFA_PAM_DIR "/pam_swmfa.so"

/* How to make a service ask for a code. Returns the buffer. */
static const char *tell_enable(const char *service, char *text, size_t size)
{
    static const char *const enabled[][2] = {{"sshd", "sshd"},         {"sudo", "sudo"},
                                             {"sudo-i", "sudo"},       {"su", "su --use-uid"},
                                             {"su-l", "su --use-uid"}, {"login", "login"}};
    (void)snprintf(text, size, "%s", OUR_LINE);
    for (size_t i = 0; i < sizeof(enabled) / sizeof(enabled[0]); i++)
        if (strcmp(service, enabled[i][0]) == 0)
            (void)snprintf(text, size, "swmfactl enable %s", enabled[i][1]);
    return text;
}

static void examine_others(const struct doctor *doctor, const struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    char fix[128];
    (void)snprintf(where, sizeof(where), "%s/%s", stack_folders[0], lint->service);
    if (lint->stack->problem.text[0] != '\0')
        return;
    if (!lint->stack->exists)
        findings_add(doctor->findings, SEVERITY_WARNING, "no-such-service", where, "",
                     "%s: pam.d has no such file: libpam uses the service \"other\" instead",
                     lint->service);
    else
        findings_add(doctor->findings, SEVERITY_WARNING, "not-asked", where,
                     tell_enable(lint->service, fix, sizeof(fix)),
                     "%s: no auth line names pam_swmfa: no login asks for a code%s", lint->service,
                     strcmp(fix, OUR_LINE) == 0 ? "; add the line after the first factor" : "");
}

/* If services were not given, those that are excluded from the module are only listed. */
static void examine_kept(struct doctor *doctor, struct lint_context *lint)
{
    char where[LOCATION_SIZE];
    char *names = NULL;
    (void)stack_format_location(lint->ours, where, sizeof(where));
    if (doctor->ctl->argc > 0) {
        findings_add(doctor->findings, SEVERITY_WARNING, "not-asked", where, "",
                     "%s: a condition before this line limits it to other services: no login asks "
                     "for a code",
                     lint->service);
        return;
    }
    if (doctor->kept == NULL)
        (void)snprintf(doctor->kept_where, sizeof(doctor->kept_where), "%s", where);
    if (asprintf(&names, "%s%s%s", doctor->kept != NULL ? doctor->kept : "",
                 doctor->kept != NULL ? ", " : "", lint->service) < 0) {
        (void)fail_no_memory(doctor);
        return;
    }
    free(doctor->kept);
    doctor->kept = names;
}

static bool is_half(const struct finding *finding, void *context)
{
    bool *half = context;
    *half = strcmp(finding->id, "half-enabled") == 0;
    return !*half;
}

/* No login comes to the module. */
static void examine_without(struct doctor *doctor, struct lint_context *lint)
{
    bool half = false;
    if (strcmp(lint->service, "sshd") == 0) {
        lint_running(lint, false);
        findings_each(doctor->findings, is_half, &half);
    }
    if (lint->ours != NULL)
        examine_kept(doctor, lint);
    else if (!half) /* that finding says how to continue */
        examine_others(doctor, lint);
}

/* No service of that name was found, but swmfactl has changed its configuration. */
static void examine_sshd_without(const struct doctor *doctor)
{
    const struct lint_context lint = {.findings = doctor->findings, .service = "sshd"};
    if (access(SSHCONF_PATH, F_OK) == 0 || access(LISTENERS_RECORD, F_OK) == 0)
        lint_running(&lint, false);
}

static void examine(struct doctor *doctor, const char *service)
{
    char where[LOCATION_SIZE];
    struct stack *stack = stack_read(NULL, service, "auth");
    struct lint_context lint = {.findings = doctor->findings, .service = service, .stack = stack};
    if (stack == NULL) {
        (void)fail_no_memory(doctor);
        return;
    }
    lint.ours = stack->other ? NULL : lint_find_module(stack);
    examine_types(doctor, service);
    if (stack->problem.text[0] != '\0') {
        (void)location_write(stack->problem_file, stack->problem_line, where, sizeof(where));
        findings_add(doctor->findings, SEVERITY_ERROR, "unreadable", where, "", "%s: %s; %s",
                     service, stack->problem.text, stack_consequence(stack));
    } else if (lint.ours != NULL && !lint_is_kept(&lint)) {
        examine_ours(doctor, &lint);
    } else {
        examine_without(doctor, &lint);
    }
    stack_free(stack);
}

/* ---- what surrounds them ---- */

/* sudo and sudo -i, su and su -l have files of their own; sudo -i another if sudoers says so. */
static void examine_siblings(struct doctor *doctor)
{
    static const char *const pairs[][3] = {{"sudo", "sudo-i", "sudo -i"}, {"su", "su-l", "su -"}};
    char where[LOCATION_SIZE];
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (!is_known(doctor, pairs[i][0]) || !lint_asks(pairs[i][0]))
            continue;
        const char *sibling = i == 0 ? lint_sudo_login(&doctor->sudoers) : pairs[i][1];
        if (lint_asks(sibling))
            continue;
        struct stack *stack = stack_read(NULL, sibling, "auth");
        (void)snprintf(where, sizeof(where), "%s/%s", stack_folders[0], sibling);
        if (stack != NULL && stack->exists)
            findings_add(doctor->findings, SEVERITY_WARNING, "sibling-not-asked", where,
                         i == 0 ? OUR_LINE : OUR_LINE " use_uid",
                         "%s asks for a code, but \"%s\" does not: it has its own file",
                         pairs[i][0], pairs[i][2]);
        stack_free(stack);
    }
}

static void examine_selinux(const struct doctor *doctor)
{
    static const char path[] = "/sys/fs/selinux/enforce";
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgetc(file) == '1')
        findings_add(doctor->findings, SEVERITY_NOTE, "selinux", path,
                     "ausearch -m avc -ts recent -c swmfa-auth",
                     "SELinux is enforcing: if sshd or login starts the helper, it may block the "
                     "network (reason=network) or the store; look for denials after a first login");
    (void)fclose(file);
}

/* Only profiles of programs that log users in, or of the helper. */
static void examine_apparmor(const struct doctor *doctor)
{
    static const char path[] = "/sys/kernel/security/apparmor/profiles";
    static const char *const programs[] = {"sshd", "sudo", "/su ", "login", "swmfa"};
    char line[512];
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
            if (strstr(line, programs[i]) == NULL || strstr(line, "(enforce)") == NULL)
                continue;
            findings_add(doctor->findings, SEVERITY_NOTE, "apparmor", path,
                         "journalctl -k | grep apparmor.*DENIED",
                         "AppArmor confines %.*s: its profile must let the program run %s",
                         (int)strcspn(line, " \n"), line, SWMFA_AUTH_PATH);
            break;
        }
    if (file != NULL)
        (void)fclose(file);
}

static void examine_system(struct doctor *doctor)
{
    examine_siblings(doctor);
    if (doctor->asked > 0) {
        examine_selinux(doctor);
        examine_apparmor(doctor);
    }
}

/* ---- all ---- */

static bool take_words(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->ctl->argc; i++) {
        const char *word = doctor->ctl->argv[i];
        if (*word == '\0' || *word == '.' || strchr(word, '/') != NULL || strlen(word) > NAME_MAX)
            return problem_set(&doctor->ctl->problem, "%s is not a file name of pam.d", word);
        add_name(doctor, word);
    }
    return true;
}

static void examine_all(struct doctor *doctor)
{
    bool half = false;
    if (doctor->count == 0)
        find_services(doctor);
    for (size_t i = 0; i < doctor->count && !doctor->failed; i++)
        examine(doctor, doctor->names[i]);
    if (doctor->ctl->argc == 0 && !is_known(doctor, "sshd"))
        examine_sshd_without(doctor);
    findings_each(doctor->findings, is_half, &half);
    if (doctor->kept != NULL)
        findings_add(doctor->findings, SEVERITY_NOTE, "other-services", doctor->kept_where, "",
                     "a condition before this line limits it to some services; these ask for no "
                     "code: %s",
                     doctor->kept);
    if (doctor->ctl->argc == 0 && doctor->asked == 0 && !half)
        findings_add(doctor->findings, SEVERITY_WARNING, "not-asked", stack_folders[0],
                     "swmfactl enable sshd",
                     "no service has pam_swmfa in its auth lines: no login asks for a code; to add "
                     "it by hand, see pam_swmfa(8), EXAMPLES");
    examine_system(doctor);
    forget_config(doctor);
    sudoers_free(&doctor->sudoers);
    for (size_t i = 0; i < doctor->count; i++)
        free(doctor->names[i]);
    free(doctor->names);
    free(doctor->kept);
}

static enum ctl_status run_doctor(struct ctl_context *ctl)
{
    static struct doctor doctor;
    json_object *document = NULL;
    doctor = (struct doctor){.ctl = ctl};
    if (!take_words(&doctor))
        return CTL_FAILED;
    doctor.findings = findings_new();
    if (doctor.findings == NULL) {
        (void)fail_no_memory(&doctor);
        return CTL_FAILED;
    }
    if (ctl->json) {
        document = json_object_new_object();
        doctor.list = json_object_new_array();
        (void)json_object_object_add(document, "services", doctor.list);
    }
    examine_all(&doctor);
    enum ctl_status status = CTL_FAILED;
    if (doctor.failed)
        json_object_put(document);
    else
        status = findings_print(doctor.findings, ctl, document);
    findings_free(doctor.findings);
    return status;
}

static const struct argp_option options[] = {
    {.name = "connection",
     .key = KEY_CONNECTION,
     .arg = "SPEC",
     .doc = "Apply sshd's Match blocks for this connection: user=NAME,host=HOST,addr=ADDRESS, as "
            "in sshd -T -C"},
    {0},
};

static error_t take_option(int key, char *argument, struct argp_state *state)
{
    (void)state;
    if (key != KEY_CONNECTION)
        return ARGP_ERR_UNKNOWN;
    connection = argument;
    return 0;
}

const struct command command_doctor = {
    .name = "doctor",
    .arguments = "[SERVICE...]",
    .summary = "Predict logins, and find mistakes in PAM and sshd",
    .text = "Predicts what a login will do, for each SERVICE or, without one, for each service in "
            "pam.d that names pam_swmfa. Reports what is wrong in the PAM stacks and sshd's "
            "settings, and what to write instead. Changes and sends nothing.",
    .min_args = 0,
    .max_args = COMMAND_ARGV_MAX,
    .json = true,
    .options = options,
    .option = take_option,
    .run = run_doctor,
};
