/* SPDX-License-Identifier: BSD-3-Clause */
/* readiness: see readiness.h. */
#include <config.h>

#include "ctl/setup/readiness.h"

#include "base/location.h"
#include "base/log.h"
#include "config/placeholder.h"
#include "config/users.h"
#include "ctl/doctor/host_lint.h"
#include "ctl/host/sudoers.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_SHOWN 20

/* ---- messages ---- */

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

/* The line that enable adds has no conf=. */
static bool check_path(const char *conf, struct problem *problem)
{
    return conf == NULL || strcmp(conf, SWMFA_CONF_PATH) == 0 ||
           problem_set(problem,
                       "logins read " SWMFA_CONF_PATH
                       ", not the file of --conf; add a line with conf= by hand, see pam_swmfa(8)");
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
                       SWMFA_CONF_PATH ": the account is still the example's, and every user would "
                                       "be denied; set it up with swmfactl init");
}

/* ---- the host ---- */

static bool check_installed(const char *path, struct problem *problem)
{
    return access(path, R_OK) == 0 ||
           problem_set(problem, "%s: %s: every user would be denied", path, strerror(errno));
}

static bool check_store(struct problem *problem)
{
    struct stat status;
    const struct passwd *user = getpwnam(SWMFA_USER);
    if (user == NULL)
        return problem_set(problem,
                           "the user " SWMFA_USER " does not exist: every user would be denied");
    if (stat(SWMFA_STATE_DIR, &status) == 0 && S_ISDIR(status.st_mode) &&
        status.st_uid == user->pw_uid && (status.st_mode & 07777U) == 0700)
        return true;
    return problem_set(problem, SWMFA_STATE_DIR
                       ": wrong owner or mode, or no such folder: every user would be denied; run "
                       "install -d -o " SWMFA_USER " -g " SWMFA_USER " -m 0700 " SWMFA_STATE_DIR);
}

/* ---- the users map ---- */

/* Returns why a line does not let its user in, or NULL. */
static const char *find_fault(const struct config *config, const struct users_line *line)
{
    if (line->wrong != NULL)
        return line->wrong;
    return countries_permit(config->countries, line->phone.number)
               ? NULL
               : "the number is outside of countries, so no code is sent to it";
}

struct tally {
    size_t lines;
    size_t good;
    unsigned long first; /* number of the first bad line, 0: none, ... */
    const char *fault;   /* ... and what is wrong with it */
};

/* Reports each line that would not let its user in. */
static void tally_lines(const struct config *config, struct users_map *map, struct tally *tally,
                        readiness_take *take, void *context)
{
    struct users_line line;
    char where[LOCATION_SIZE];
    char text[LOCATION_SIZE];
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
        (void)location_write(config->users, map->line, where, sizeof(where));
        (void)snprintf(text, sizeof(text), "%s; until you fix it, the user is denied", fault);
        take(context, where, text);
    }
    if (tally->lines - tally->good <= LINES_SHOWN)
        return;
    (void)snprintf(text, sizeof(text), "%zu more lines are wrong; swmfactl check lists them",
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
        return problem_set(
            problem,
            "%s: the map has no user, and every user would be denied; add users with "
            "swmfactl user add",
            config->users);
    return problem_set(
        problem,
        "%s:%lu: no line of the map is usable, and every user in it would be denied: "
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

/* SFTP and forwarding by sshd need no shell. */
static bool is_looked_at(const struct readiness_walk *walk, const struct host_account *account)
{
    return account->shell || walk->all ||
           (walk->sshd != NULL && account_has_proof(account, walk->sshd));
}

bool readiness_next_account(struct readiness_walk *walk, struct host_account *account)
{
    if (walk->number == 0)
        account_rewind();
    do
        if (!account_next(account))
            return false;
    while (!is_looked_at(walk, account));
    if (walk->number++ < walk->most)
        return true;
    readiness_warn("there are more than %zu accounts: only the first of them were checked; whether "
                   "the others can log in is unknown",
                   walk->most);
    return false;
}

/* True if an item of a rule's list stands for the account. The members of a plugin's group,
 * "%:NAME", are unknown. */
static bool is_account(const char *item, void *context)
{
    const struct host_account *account = context;
    const struct group *group = NULL;
    if (strcmp(item, "ALL") == 0)
        return account->password != KNOWN_NO;
    if (*item == '+')
        return innetgr(item + 1, NULL, account->name, NULL) == 1;
    if (*item == '#')
        return strtoul(item + 1, NULL, 10) == account->uid;
    if (strncmp(item, "%#", 2) == 0)
        group = getgrgid((gid_t)strtoul(item + 2, NULL, 10));
    if (*item == '%')
        return account_in_groups(account, group != NULL ? group->gr_name : item + 1);
    return strcasecmp(item, account->name) == 0; /* as sudo does by default */
}

/* If the rules cannot be read, which is reported elsewhere, the usual groups are used. */
static bool uses_sudo(const struct host_account *account, const struct sudoers *sudoers)
{
    struct host_account copy = *account;
    return account_in_groups(account, SUDO_GROUPS) || sudoers_permits(sudoers, is_account, &copy);
}

/* For su, the account whose phone gets the code: with use_uid the caller, otherwise the target. */
static bool uses(const struct readiness *readiness, const struct host_account *account,
                 const struct sudoers *sudoers)
{
    bool root = account->uid == 0;
    bool password = account->password != KNOWN_NO || account->empty;
    if (readiness->sshd != NULL)
        return account_refused(account, readiness->sshd) == NULL &&
               account_has_proof(account, readiness->sshd);
    if (strcmp(readiness->service, "sudo") == 0)
        return !root && uses_sudo(account, sudoers);
    if (strcmp(readiness->service, "su") == 0 && readiness->use_uid)
        return !root && (password || account->shell); /* it types the target's password */
    return password;
}

void readiness_find_denied(const struct readiness *readiness, struct names *names)
{
    struct readiness_walk walk = {.most = READINESS_LOOKED_UP, .sshd = readiness->sshd};
    struct host_account account;
    struct sudoers sudoers = {0};
    struct problem ignored = {0};
    if (strcmp(readiness->service, "sudo") == 0)
        (void)sudoers_read_users(&sudoers, &ignored);
    while (readiness_next_account(&walk, &account))
        if (uses(readiness, &account, &sudoers) &&
            account_code(account.name, readiness->service, readiness->config) >= ACCOUNT_UNMAPPED)
            names_add(names, account.name);
    sudoers_free(&sudoers);
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
            "%s will deny these accounts, which have no usable line in the users map, %s: %s",
            readiness->service, readiness->config->users, names_show(&denied));
    if (!found && !readiness_each_mapped(readiness, stop, &found, problem))
        return false;
    return found || problem_set(problem,
                                "%s: no user in the map has an account with a shell on this host, "
                                "and every user would be denied",
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
    struct lint_context lint = {.service = "sudo",
                                .kind = applications_find("sudo")->kind,
                                .findings = findings_new()};
    if (lint.findings != NULL) {
        bool known = sudoers_read(&sudoers, &why);
        lint_sudo(&lint, &sudoers, known ? NULL : why.text);
        findings_each(lint.findings, warn, NULL);
        sudoers_free(&sudoers);
    }
    findings_free(lint.findings);
}

#define LOGIN_DEFS     "/etc/login.defs"
#define LOGIN_KEY      "LOGIN_TIMEOUT"
#define LOGIN_DEFAULT  60 /* seconds, if the file does not set it */
#define TYPING_SECONDS 60 /* to type a password, look at the phone and type the code */

bool readiness_login_ends(const struct config *config, struct login_timeout *timeout)
{
    char line[512];
    FILE *file = fopen(LOGIN_DEFS, "re");
    *timeout = (struct login_timeout){.where = LOGIN_DEFS, .seconds = LOGIN_DEFAULT};
    timeout->needed = (config != NULL ? config->deadline : 0) + TYPING_SECONDS;
    for (unsigned number = 1; file != NULL && fgets(line, sizeof(line), file) != NULL; number++) {
        const char *at = line + strspn(line, " \t");
        size_t key = strlen(LOGIN_KEY);
        if (strncmp(at, LOGIN_KEY, key) != 0 || strchr(" \t", at[key]) == NULL)
            continue;
        timeout->seconds = strtol(at + key, NULL, 10);
        (void)snprintf(timeout->where, sizeof(timeout->where), LOGIN_DEFS ":%u", number);
    }
    if (file != NULL)
        (void)fclose(file);
    return timeout->seconds > 0 && timeout->seconds < timeout->needed;
}

static void warn_about_timeout(const struct readiness *readiness)
{
    struct login_timeout timeout;
    if (readiness_login_ends(readiness->config, &timeout))
        readiness_warn("%s: " READINESS_LOGIN_ENDS, timeout.where, timeout.seconds, timeout.needed);
}

static bool keep_plugin_group(const char *item, void *context)
{
    char *group = context;
    if (strncmp(item, "%:", 2) == 0)
        (void)snprintf(group, ACCOUNT_NAME_MAX, "%s", item);
    return false;
}

/* Only sudo's plugin knows the members of such a group. */
static void warn_about_plugin_group(void)
{
    struct sudoers sudoers;
    struct problem ignored = {0};
    char group[ACCOUNT_NAME_MAX] = "";
    if (sudoers_read_users(&sudoers, &ignored))
        (void)sudoers_permits(&sudoers, keep_plugin_group, group);
    if (*group != '\0')
        readiness_warn("%s: a rule is for %s, a group of a sudo plugin: its members are unknown, "
                       "and sudo will deny those without a usable line in the users map",
                       sudoers.path, group);
    sudoers_free(&sudoers);
}

bool readiness_check_accounts(const struct readiness *readiness, struct problem *problem)
{
    if (strcmp(readiness->service, "sshd") == 0)
        return readiness_check_sshd(readiness, problem);
    if (strcmp(readiness->service, "sudo") == 0) {
        warn_about_sudoers();
        warn_about_plugin_group();
    }
    if (strcmp(readiness->service, "login") == 0)
        warn_about_timeout(readiness);
    return check_users_of(readiness, problem);
}
