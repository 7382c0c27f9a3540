/* SPDX-License-Identifier: BSD-3-Clause */
/* account: see account.h; sshd_config(5), PATTERNS, for the lists of users and groups. */
#include <config.h>

#include "ctl/host/account.h"

#include "config/users.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GROUPS_MAX    1024
#define LIST_SIZE     16384
#define PATH_SIZE     4096
#define KEYS_SIZE_MAX ((off_t)16 * 1024 * 1024)

/* ---- accounts ---- */

static const char *shell_of(const struct passwd *entry)
{
    return *entry->pw_shell != '\0' ? entry->pw_shell : "/bin/sh";
}

static bool has_shell(const struct passwd *entry)
{
    static const char *const closed[] = {"nologin", "false", "sync", "shutdown", "halt"};
    const char *shell = shell_of(entry);
    const char *name = strrchr(shell, '/');
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
        if (name != NULL && strcmp(name + 1, closed[i]) == 0)
            return false;
    return access(shell, X_OK) == 0;
}

/* sshd checks the shell this way before it takes any proof. */
static bool can_run(const struct passwd *entry)
{
    struct stat status;
    return stat(shell_of(entry), &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

static enum known has_password(const struct passwd *entry, bool *empty, bool *locked)
{
    const char *hash = entry->pw_passwd;
    if (strcmp(hash, "x") == 0) {
        const struct spwd *shadow = getspnam(entry->pw_name);
        if (shadow == NULL)
            return KNOWN_UNKNOWN;
        hash = shadow->sp_pwdp;
    }
    *empty = *hash == '\0';
    *locked = *hash == '!';
    return *hash == '\0' || *hash == '!' || *hash == '*' ? KNOWN_NO : KNOWN_YES;
}

static void take(const struct passwd *entry, struct host_account *account)
{
    *account = (struct host_account){.uid = entry->pw_uid,
                                     .gid = entry->pw_gid,
                                     .shell = has_shell(entry),
                                     .runs = can_run(entry)};
    account->password = has_password(entry, &account->empty, &account->locked);
    (void)snprintf(account->name, sizeof(account->name), "%s", entry->pw_name);
    (void)snprintf(account->home, sizeof(account->home), "%s", entry->pw_dir);
}

bool account_find(const char *name, struct host_account *account)
{
    const struct passwd *entry = getpwnam(name);
    if (entry != NULL)
        take(entry, account);
    return entry != NULL;
}

bool account_next(struct host_account *account)
{
    const struct passwd *entry = NULL;
    while ((entry = getpwent()) != NULL)
        if (strlen(entry->pw_name) < ACCOUNT_NAME_MAX) {
            take(entry, account);
            return true;
        }
    return false;
}

void account_rewind(void)
{
    setpwent();
}

/* ---- groups ---- */

/* Calls take with the name of each of its groups, until take returns false. */
static bool each_group(const struct host_account *account,
                       bool (*take_name)(const char *group, void *context), void *context)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    if (getgrouplist(account->name, account->gid, groups, &count) < 0)
        count = GROUPS_MAX;
    for (int i = 0; i < count; i++) {
        const struct group *group = getgrgid(groups[i]);
        if (group != NULL && !take_name(group->gr_name, context))
            return false;
    }
    return true;
}

static bool is_not_listed(const char *group, void *context)
{
    const char *const *list = context;
    return !key_list_has(*list, group);
}

bool account_in_groups(const struct host_account *account, const char *groups)
{
    return !each_group(account, is_not_listed, &groups);
}

/* ---- sshd's lists ---- */

/* sshd's patterns know only "*" and "?". */
static bool matches(const char *pattern, size_t length, const char *name)
{
    char quoted[2 * ACCOUNT_NAME_MAX + 1];
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (used + 3 > sizeof(quoted))
            return false;
        if (strchr("[]\\", pattern[i]) != NULL)
            quoted[used++] = '\\';
        quoted[used++] = pattern[i];
    }
    quoted[used] = '\0';
    return fnmatch(quoted, name, 0) == 0;
}

/* True if an item of AllowUsers or DenyUsers matches, with any address. anywhere: only items
 * without an address. */
static bool names_user(const char *list, const char *name, bool anywhere)
{
    for (; *(list += strspn(list, " ")) != '\0'; list += strcspn(list, " ")) {
        size_t length = strcspn(list, " @");
        if ((list[length] != '@' || !anywhere) && matches(list, length, name))
            return true;
    }
    return false;
}

struct group_lists {
    const char *list;
    bool found;
};

static bool is_not_named(const char *group, void *context)
{
    struct group_lists *lists = context;
    for (const char *at = lists->list; *(at += strspn(at, " ")) != '\0'; at += strcspn(at, " "))
        lists->found = lists->found || matches(at, strcspn(at, " "), group);
    return !lists->found;
}

static bool names_group(const char *list, const struct host_account *account)
{
    struct group_lists lists = {.list = list};
    (void)each_group(account, is_not_named, &lists);
    return lists.found;
}

static bool is_none(const struct sshd *sshd, const char *keyword)
{
    char value[PATH_SIZE];
    const char *got = sshd_value(sshd, keyword, value, sizeof(value));
    return *got == '\0' || strcmp(got, "none") == 0;
}

/* The checks of sshd before authentication, in its order: see sshd_config(5), DenyUsers. */
const char *account_refused(const struct host_account *account, const struct sshd *sshd)
{
    char list[LIST_SIZE];
    if (!account->runs && is_none(sshd, "chrootdirectory"))
        return "its shell does not exist or is not executable";
    if (names_user(sshd_value(sshd, "denyusers", list, sizeof(list)), account->name, true))
        return "DenyUsers names it";
    if (*sshd_value(sshd, "allowusers", list, sizeof(list)) != '\0' &&
        !names_user(list, account->name, false))
        return "AllowUsers does not name it";
    if (names_group(sshd_value(sshd, "denygroups", list, sizeof(list)), account))
        return "DenyGroups names one of its groups";
    if (*sshd_value(sshd, "allowgroups", list, sizeof(list)) != '\0' && !names_group(list, account))
        return "AllowGroups names none of its groups";
    if (account->uid == 0 && sshd_says(sshd, "permitrootlogin", "no"))
        return "PermitRootLogin is no";
    if (account->locked && !sshd_says(sshd, "usepam", "yes"))
        return "it is locked";
    return NULL;
}

bool account_needs_key(const struct host_account *account, const struct sshd *sshd)
{
    return account->uid == 0 && !sshd_says(sshd, "permitrootlogin", "yes");
}

/* ---- keys ---- */

/* Finds the option expiry-time of a line, YYYYMMDD[HHMM[SS]][Z]: see sshd(8). */
static bool has_expired(const char *line, const char *key)
{
    static const char option[] = "expiry-time=\"";
    static const char *const formats[] = {"%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d"};
    const char *at = strcasestr(line, option);
    for (size_t i = 0; at != NULL && at < key && i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct tm until = {.tm_isdst = -1};
        const char *rest = strptime(at + strlen(option), formats[i], &until);
        if (rest == NULL || (*rest != '"' && *rest != 'Z' && *rest != 'z'))
            continue;
        time_t end = *rest != '"' ? timegm(&until) : mktime(&until);
        return end != -1 && end < time(NULL);
    }
    return false;
}

static bool is_key(const char *line)
{
    const char *at = line + strspn(line, " \t\r\n");
    const char *key = strstr(at, "AAAA"); /* the beginning of every key, in base64 */
    return *at != '#' && key != NULL && !has_expired(at, key);
}

/* Opens the regular file that sshd would read; the account can put anything there. */
static FILE *open_keys(const char *path, enum known *has)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool regular = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    bool large = regular && status.st_size > KEYS_SIZE_MAX;
    FILE *file = regular && !large ? fdopen(fd, "r") : NULL;
    *has = large || (fd < 0 && errno == EACCES) ? KNOWN_UNKNOWN : KNOWN_NO;
    if (fd >= 0 && file == NULL)
        close(fd);
    return file;
}

/*
 * Finds whether a file has a key. Even root cannot read every file: a home can be on another host.
 */
static enum known has_key(const char *path)
{
    char *line = NULL;
    size_t size = 0;
    enum known has;
    FILE *file = open_keys(path, &has);
    while (file != NULL && has == KNOWN_NO && getline(&line, &size, file) >= 0)
        has = is_key(line) ? KNOWN_YES : KNOWN_NO;
    free(line);
    if (file != NULL)
        (void)fclose(file);
    return has;
}

/* True if nobody else is in the account's group. Reads the file, since getpwent is in use. */
static bool is_alone_in_group(const struct host_account *account)
{
    const struct passwd *entry = NULL;
    const struct group *group = getgrgid(account->gid);
    bool alone = group != NULL;
    for (char **member = alone ? group->gr_mem : NULL; alone && *member != NULL; member++)
        alone = strcmp(*member, account->name) == 0;
    FILE *file = fopen("/etc/passwd", "re");
    while (alone && file != NULL && (entry = fgetpwent(file)) != NULL)
        alone = entry->pw_gid != account->gid || entry->pw_uid == account->uid;
    if (file != NULL)
        (void)fclose(file);
    return alone;
}

/* True if others cannot write. Debian's sshd lets the account's own group write. */
static bool is_strict(const struct stat *status, const struct host_account *account)
{
    bool group = (status->st_mode & S_IWGRP) != 0 &&
                 (status->st_gid != account->gid || !is_alone_in_group(account));
    return (status->st_uid == 0 || status->st_uid == account->uid) && !group &&
           (status->st_mode & S_IWOTH) == 0;
}

/* sshd opens the file as the account. */
static bool can_read(const struct stat *status, const struct host_account *account)
{
    if (account->uid == 0)
        return true;
    if (status->st_uid == account->uid)
        return (status->st_mode & S_IRUSR) != 0;
    return (status->st_mode & S_IROTH) != 0 || (status->st_mode & S_IRGRP) != 0;
}

/* True if sshd accepts a file of keys: up to the account's home, only the account may write. */
static bool is_taken(const struct host_account *account, const char *path, bool strict)
{
    struct stat status;
    char *real = realpath(path, NULL);
    char *home = realpath(account->home, NULL);
    bool taken = real != NULL && stat(real, &status) == 0 && S_ISREG(status.st_mode) &&
                 can_read(&status, account) && (!strict || is_strict(&status, account));
    bool more = strict;
    while (taken && more) {
        char *slash = strrchr(real, '/');
        slash[slash == real] = '\0';
        taken = stat(real, &status) == 0 && is_strict(&status, account);
        more = strcmp(real, "/") != 0 && (home == NULL || strcmp(real, home) != 0);
    }
    free(real);
    free(home);
    return taken;
}

/* Expands one word of AuthorizedKeysFile: %h, %u, %U and %%. */
static void expand(const struct host_account *account, const char *pattern, size_t length,
                   char *path, size_t size)
{
    size_t used = 0;
    path[0] = '\0';
    if (*pattern != '/' && strncmp(pattern, "%h", 2) != 0)
        used = (size_t)snprintf(path, size, "%s/", account->home);
    for (size_t i = 0; i < length && used < size; i++) {
        char word[32];
        const char *text = word;
        (void)snprintf(word, sizeof(word), "%c", pattern[i]);
        if (pattern[i] == '%' && i + 1 < length) {
            i++;
            if (pattern[i] == 'h')
                text = account->home;
            else if (pattern[i] == 'u')
                text = account->name;
            else if (pattern[i] == 'U')
                (void)snprintf(word, sizeof(word), "%u", (unsigned)account->uid);
        }
        used += (size_t)snprintf(path + used, size - used, "%s", text);
    }
}

static bool is_system(const struct host_account *account)
{
    return !account->shell && (account->uid < UID_PEOPLE_MIN || account->uid == UID_NOBODY);
}

enum known account_keys(const struct host_account *account, const struct sshd *sshd)
{
    char list[LIST_SIZE];
    char path[PATH_SIZE];
    if (!sshd_says(sshd, "pubkeyauthentication", "yes"))
        return KNOWN_NO;
    bool elsewhere = !is_none(sshd, "authorizedkeyscommand") || !is_none(sshd, "trustedusercakeys");
    enum known known = elsewhere && !is_system(account) ? KNOWN_UNKNOWN : KNOWN_NO;
    bool strict = sshd_says(sshd, "strictmodes", "yes");
    const char *at = sshd_value(sshd, "authorizedkeysfile", list, sizeof(list));
    for (; *(at += strspn(at, " ")) != '\0'; at += strcspn(at, " ")) {
        if (strcspn(at, " ") == 4 && strncasecmp(at, "none", 4) == 0)
            continue;
        expand(account, at, strcspn(at, " "), path, sizeof(path));
        enum known has = has_key(path);
        if (has == KNOWN_YES && is_taken(account, path, strict))
            return KNOWN_YES;
        if (has == KNOWN_UNKNOWN)
            known = KNOWN_UNKNOWN;
    }
    return known;
}

bool account_has_proof(const struct host_account *account, const struct sshd *sshd)
{
    return account->password != KNOWN_NO ||
           (account->empty && sshd_says(sshd, "permitemptypasswords", "yes")) ||
           account_keys(account, sshd) != KNOWN_NO;
}

/* ---- the users map, and accounts that need no line in it ---- */

/* Checks the groups that are exempt. exempt_networks depends on the client's address, which is
 * unknown here. */
static bool is_exempt(const char *name, const char *service, const struct policy *policy)
{
    struct host_account account;
    bool holds = policy->services == NULL || key_list_has(policy->services, service);
    if (!holds || !account_find(name, &account))
        return false;
    if (policy->exempt_groups != NULL && account_in_groups(&account, policy->exempt_groups))
        return true;
    return policy->require_groups != NULL && !account_in_groups(&account, policy->require_groups);
}

enum account_code account_code(const char *name, const char *service, const struct config *config)
{
    static const struct sshkeys none = {0};
    struct phone phone;
    struct problem ignored = {0};
    if (is_exempt(name, service, &config->policy))
        return ACCOUNT_PASSES;
    switch (users_find(config->users, name, &none, config->unmapped == UNMAPPED_IGNORE, &phone,
                       &ignored)) {
    case USERS_FOUND:
        return countries_permit(config->countries, phone.number) ? ACCOUNT_CODE : ACCOUNT_BAD_LINE;
    case USERS_ABSENT:
        return config->unmapped == UNMAPPED_IGNORE ? ACCOUNT_PASSES : ACCOUNT_UNMAPPED;
    case USERS_OTHER_KEYS:
        return ACCOUNT_KEY_LINES;
    default:
        return ACCOUNT_BAD_LINE;
    }
}
