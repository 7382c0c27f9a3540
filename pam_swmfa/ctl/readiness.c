/* SPDX-License-Identifier: BSD-3-Clause */
/* readiness: see readiness.h. */
#include <config.h>

#include "ctl/readiness.h"

#include "auth/log.h"
#include "config/users.h"
#include "ctl/judge.h"
#include "ctl/placeholder.h"
#include "ctl/sudoers.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_SHOWN 20
#define WHERE_SIZE  4200

/* ---- what is said ---- */

void readiness_warn(const char *format, ...)
{
    char text[2048];
    char shown[4096];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "swmfactl: warning: %s\n", log_escape(shown, sizeof(shown), text, ""));
}

void names_add(struct names *names, const char *name)
{
    size_t used = strlen(names->text);
    if (names->count++ < NAMES_SHOWN)
        (void)snprintf(names->text + used, sizeof(names->text) - used, "%s%.40s",
                       used > 0 ? ", " : "", name);
}

const char *names_show(struct names *names)
{
    size_t used = strlen(names->text);
    if (names->count > NAMES_SHOWN)
        (void)snprintf(names->text + used, sizeof(names->text) - used, " and %zu more",
                       names->count - NAMES_SHOWN);
    names->count = 0;
    return names->text;
}

/* ---- the configuration ---- */

/* The line that is made has no conf=. */
static bool check_path(const char *conf, struct problem *problem)
{
    return conf == NULL || strcmp(conf, SWMFA_CONF_PATH) == 0 ||
           problem_set(problem, "logins read " SWMFA_CONF_PATH
                                ", and not the file of --conf; add a line with "
                                "conf= by hand, see pam_swmfa(8)");
}

bool readiness_load(const struct readiness *readiness, struct config *config,
                    struct problem *problem)
{
    if (!check_path(readiness->conf, problem) || !config_load(readiness->conf, config, problem))
        return false;
    if (!placeholder_only(config))
        return true;
    config_free(config);
    return problem_set(problem,
                       SWMFA_CONF_PATH ": the account is that of the example, and everybody would "
                                       "be denied; swmfactl init sets it up");
}

/* ---- the host ---- */

static bool check_installed(const char *path, struct problem *problem)
{
    return access(path, R_OK) == 0 ||
           problem_set(problem, "%s: %s: everybody would be denied", path, strerror(errno));
}

static bool check_store(struct problem *problem)
{
    struct stat status;
    const struct passwd *user = getpwnam(SWMFA_USER);
    if (user == NULL)
        return problem_set(problem,
                           "the user " SWMFA_USER " is missing: everybody would be denied");
    if (stat(SWMFA_STATE_DIR, &status) == 0 && S_ISDIR(status.st_mode) &&
        status.st_uid == user->pw_uid && (status.st_mode & 07777U) == 0700)
        return true;
    return problem_set(problem, SWMFA_STATE_DIR ": is not as it must be, and everybody would be "
                                                "denied: install -d -o " SWMFA_USER
                                                " -g " SWMFA_USER " -m 0700 " SWMFA_STATE_DIR);
}

/* ---- the users map ---- */

/* What speaks against a line, or NULL. */
static const char *find_fault(const struct config *config, const struct users_line *line)
{
    if (line->wrong != NULL)
        return line->wrong;
    return countries_permit(config->countries, line->phone.number)
               ? NULL
               : "the number is outside of countries, and no code is sent to it";
}

struct tally {
    size_t lines;
    size_t good;
    unsigned long first; /* of the lines that are not: its number, 0: none, ... */
    const char *fault;   /* ... and what speaks against it */
};

/* Hands over each line that will not get its user in. */
static void tally_lines(const struct config *config, struct users_map *map, struct tally *tally,
                        readiness_take *take, void *context)
{
    struct users_line line;
    char where[WHERE_SIZE];
    char text[WHERE_SIZE];
    while (users_next(map, &line)) {
        const char *fault = find_fault(config, &line);
        tally->lines++;
        tally->good += fault == NULL ? 1 : 0;
        if (fault == NULL || tally->lines - tally->good > LINES_SHOWN)
            continue;
        if (tally->first == 0) {
            tally->first = map->line;
            tally->fault = fault;
        }
        (void)snprintf(where, sizeof(where), "%s:%lu", config->users, map->line);
        (void)snprintf(text, sizeof(text), "%s; until you correct it, the user is denied", fault);
        take(context, where, text);
    }
    if (tally->lines - tally->good <= LINES_SHOWN)
        return;
    (void)snprintf(text, sizeof(text), "%zu more lines are wrong; swmfactl check names them",
                   tally->lines - tally->good - LINES_SHOWN);
    take(context, config->users, text);
}

bool readiness_check_map(const struct config *config, readiness_take *take, void *context,
                         struct problem *problem)
{
    struct users_map map;
    struct tally tally = {0};
    unsigned long at = 0;
    if (!users_open(config->users, &map, problem))
        return false;
    tally_lines(config, &map, &tally, take, context);
    const char *doubt = users_doubt_at(map.text, map.size, &at);
    users_close(&map);
    if (tally.good > 0 || (config->unmapped == UNMAPPED_IGNORE && tally.lines == 0))
        return true;
    if (tally.lines == 0 && doubt == NULL)
        return problem_set(problem,
                           "%s: it has no user, and everybody would be denied; swmfactl user add "
                           "enters users",
                           config->users);
    return problem_set(
        problem,
        "%s:%lu: none of its lines can be used, and everybody in it would be denied: "
        "%s; see swmfa.users(5)",
        config->users, doubt != NULL ? at : tally.first, doubt != NULL ? doubt : tally.fault);
}

static void warn_of(void *context, const char *where, const char *text)
{
    (void)context;
    readiness_warn("%s: %s", where, text);
}

bool readiness_each_mapped(const struct readiness *readiness,
                           bool (*take)(const struct host_account *account, void *context),
                           void *context, struct problem *problem)
{
    struct users_map map;
    struct users_line line;
    struct host_account account;
    char name[ACCOUNT_NAME_MAX];
    bool more = true;
    if (!users_open(readiness->config->users, &map, problem))
        return false;
    for (size_t i = 0; more && i < READINESS_LOOKED_UP && users_next(&map, &line);) {
        bool usable = find_fault(readiness->config, &line) == NULL &&
                      (*line.phone.key == '\0' || readiness->publickey);
        if (!usable || line.user_length >= sizeof(name))
            continue;
        i++;
        (void)snprintf(name, sizeof(name), "%.*s", (int)line.user_length, line.user);
        if (account_find(name, &account))
            more = take(&account, context);
    }
    users_close(&map);
    return true;
}

bool readiness_check_host(const struct readiness *readiness, struct problem *problem)
{
    return readiness_check_map(readiness->config, warn_of, NULL, problem) && check_store(problem) &&
           check_installed(SWMFA_MODULE_PATH, problem) && check_installed(SWMFA_AUTH_PATH, problem);
}

/* ---- the accounts that use a service ---- */

#define SUDO_GROUPS "sudo, wheel, admin"

bool readiness_next_account(size_t *number, size_t most, struct host_account *account)
{
    if (*number == 0)
        account_rewind();
    if (!account_next(account))
        return false;
    if ((*number)++ < most)
        return true;
    readiness_warn("there are more than %zu accounts with a shell: only the first of them were "
                   "looked at",
                   most);
    return false;
}

/* Those whom sudo's rules name; empty where they cannot be read, which is said elsewhere. */
struct sudo_users {
    char text[16384];
};

static void add_users(void *context, const struct sudoers_rule *rule)
{
    struct sudo_users *users = context;
    size_t used = strlen(users->text);
    (void)snprintf(users->text + used, sizeof(users->text) - used, "%s%s", used > 0 ? ", " : "",
                   rule->users);
}

static void find_sudo_users(struct sudo_users *users)
{
    struct sudoers sudoers;
    struct problem ignored = {0};
    *users = (struct sudo_users){0};
    if (sudoers_read(&sudoers, &ignored))
        sudoers_each_rule(&sudoers, true, add_users, users);
    sudoers_free(&sudoers);
}

static bool uses_sudo(const struct host_account *account, const struct sudo_users *users)
{
    char group[ACCOUNT_NAME_MAX];
    const char *list = users->text;
    const char *item = NULL;
    size_t length = 0;
    if (key_list_has(list, account->name) || account_in_groups(account, SUDO_GROUPS) ||
        (key_list_has(list, "ALL") && account->password != KNOWN_NO))
        return true;
    while ((item = key_next_item(&list, &length)) != NULL) {
        if (*item != '%' || length >= sizeof(group))
            continue;
        (void)snprintf(group, sizeof(group), "%.*s", (int)length - 1, item + 1);
        if (account_in_groups(account, group))
            return true;
    }
    return false;
}

/* For su, the account whose phone gets the code: the caller with use_uid, otherwise the target. */
static bool uses(const struct readiness *readiness, const struct host_account *account,
                 const struct sudo_users *users)
{
    bool root = account->uid == 0;
    bool password = account->password != KNOWN_NO || account->empty;
    if (readiness->sshd != NULL)
        return account_refused(account, readiness->sshd) == NULL &&
               (account->password != KNOWN_NO ||
                account_keys(account, readiness->sshd) != KNOWN_NO);
    if (strcmp(readiness->service, "sudo") == 0)
        return !root && uses_sudo(account, users);
    if (strcmp(readiness->service, "su") == 0 && readiness->use_uid)
        return !root && password;
    return password;
}

void readiness_find_denied(const struct readiness *readiness, struct names *names)
{
    struct host_account account;
    struct sudo_users users = {0};
    if (strcmp(readiness->service, "sudo") == 0)
        find_sudo_users(&users);
    for (size_t i = 0; readiness_next_account(&i, READINESS_LOOKED_UP, &account);)
        if (uses(readiness, &account, &users) &&
            account_code(account.name, readiness->service, readiness->config) >= ACCOUNT_UNMAPPED)
            names_add(names, account.name);
}

static bool stop(const struct host_account *account, void *context)
{
    bool *found = context;
    *found = account->shell;
    return !*found;
}

static bool check_users_of(const struct readiness *readiness, struct problem *problem)
{
    struct names denied = {0};
    bool found = readiness->config->unmapped == UNMAPPED_IGNORE;
    readiness_find_denied(readiness, &denied);
    if (denied.count > 0)
        readiness_warn(
            "%s will deny these accounts, which have no usable line in the users map, %s: "
            "%s",
            readiness->service, readiness->config->users, names_show(&denied));
    if (!found && !readiness_each_mapped(readiness, stop, &found, problem))
        return false;
    return found ||
           problem_set(problem,
                       "%s: none of its users has an account with a shell on this host, and "
                       "everybody would be denied",
                       readiness->config->users);
}

static bool warn(const struct finding *finding, void *context)
{
    (void)context;
    readiness_warn("%s: %s", finding->where, finding->text);
    return true;
}

static void warn_about_sudoers(void)
{
    struct sudoers sudoers;
    struct problem why = {0};
    struct scene scene = {.service = "sudo",
                          .kind = applications_find("sudo")->kind,
                          .findings = findings_new()};
    if (scene.findings != NULL) {
        bool known = sudoers_read(&sudoers, &why);
        judge_sudo(&scene, &sudoers, known ? NULL : why.text);
        findings_each(scene.findings, warn, NULL);
        sudoers_free(&sudoers);
    }
    findings_free(scene.findings);
}

bool readiness_check_accounts(const struct readiness *readiness, struct problem *problem)
{
    if (strcmp(readiness->service, "sshd") == 0)
        return readiness_check_sshd(readiness, problem);
    if (strcmp(readiness->service, "sudo") == 0)
        warn_about_sudoers();
    return check_users_of(readiness, problem);
}
