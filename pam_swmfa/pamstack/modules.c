/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * modules: see modules.h. One row for each module that is known, with the answers that its manual
 * gives, but for those of a system that is out of order.
 */
#include <config.h>

#include "pamstack/modules.h"

#include "config/key.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OURS "pam_swmfa"

/* ---- names and files ---- */

const char *modules_name(const struct stack_line *line, char *buffer, size_t size)
{
    const char *module = line->module != NULL ? line->module : "";
    const char *slash = strrchr(module, '/');
    (void)snprintf(buffer, size, "%s", slash != NULL ? slash + 1 : module);
    char *dot = strrchr(buffer, '.');
    if (dot != NULL)
        *dot = '\0';
    return buffer;
}

bool modules_is_ours(const struct stack_line *line)
{
    char name[64];
    return line->kind == STACK_MODULE && strcmp(modules_name(line, name, sizeof(name)), OURS) == 0;
}

/* The folder for names without one is built into libpam. It is the one where Linux-PAM's own
 * modules are. */
static const char *module_folder(void)
{
    static const char *const folders[] = {SWMFA_PAM_DIR,
#ifdef __x86_64__
                                          "/lib/x86_64-linux-gnu/security",
#elif defined(__aarch64__)
                                          "/lib/aarch64-linux-gnu/security",
#endif
                                          "/lib64/security", "/usr/lib/security", "/lib/security"};
    char path[4096];
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/pam_permit.so", folders[i]);
        if (access(path, F_OK) == 0)
            return folders[i];
    }
    return SWMFA_PAM_DIR;
}

bool modules_path(const struct stack_line *line, char *buffer, size_t size)
{
    const char *module = line->module != NULL ? line->module : "";
    if (*module == '/')
        (void)snprintf(buffer, size, "%s", module);
    else
        (void)snprintf(buffer, size, "%s/%s", module_folder(), module);
    return access(buffer, R_OK) == 0;
}

/* ---- the answers ---- */

/* The purpose of a module. */
enum purpose {
    PROVES,     /* a first factor */
    DECIDES,    /* a condition */
    DOES_OTHER, /* neither */
    SAYS_YES,
    SAYS_NO,
};

static const struct row {
    const char *name;
    const char *option; /* the row counts only if the line has it; NULL: any line */
    enum purpose purpose;
    const char *asks; /* of PROVES */
    int codes[5];     /* besides PAM_SUCCESS; ends with 0 */
    bool never_succeeds;
} rows[] = {
    {"pam_permit", NULL, SAYS_YES, NULL, {0}, false},
    {"pam_deny", NULL, SAYS_NO, NULL, {PAM_AUTH_ERR}, true},
    /* checks something that the user knows, has or is */
    {"pam_unix",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_sss",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_sss_gss",
     NULL,
     PROVES,
     "Kerberos ticket",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_CRED_UNAVAIL},
     false},
    {"pam_ldap",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_krb5",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_winbind",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_systemd_home",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_userdb", NULL, PROVES, "password", {PAM_AUTH_ERR, PAM_USER_UNKNOWN}, false},
    {"pam_pwdfile",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_himmelblau",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_IGNORE},
     false},
    {"pam_radius_auth",
     NULL,
     PROVES,
     "RADIUS password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_fprintd", NULL, PROVES, "fingerprint", {PAM_AUTH_ERR, PAM_AUTHINFO_UNAVAIL}, false},
    {"pam_pkcs11",
     NULL,
     PROVES,
     "smart card",
     {PAM_AUTH_ERR, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_p11", NULL, PROVES, "smart card", {PAM_AUTH_ERR, PAM_AUTHINFO_UNAVAIL}, false},
    {"pam_ssh_agent_auth", NULL, PROVES, "SSH agent", {PAM_AUTH_ERR}, false},
    {"pam_rssh", NULL, PROVES, "SSH agent", {PAM_AUTH_ERR}, false},
    {"pam_u2f", NULL, PROVES, "security key", {PAM_AUTH_ERR, PAM_IGNORE}, false},
    {"pam_google_authenticator",
     NULL,
     PROVES,
     "one-time code of an app",
     {PAM_AUTH_ERR, PAM_IGNORE},
     false},
    {"pam_oath", NULL, PROVES, "one-time code of a token", {PAM_AUTH_ERR, PAM_USER_UNKNOWN}, false},
    {"pam_yubico",
     NULL,
     PROVES,
     "YubiKey",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_duo",
     NULL,
     PROVES,
     "Duo",
     {PAM_MAXTRIES, PAM_ABORT, PAM_USER_UNKNOWN, PAM_SERVICE_ERR, PAM_AUTH_ERR},
     false},
    {"pam_otpw", NULL, PROVES, "one-time password", {PAM_AUTH_ERR, PAM_USER_UNKNOWN}, false},
    {"pam_authd_exec",
     NULL,
     PROVES,
     "factor of authd",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_authd",
     NULL,
     PROVES,
     "factor of authd",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_kanidm",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_ACCT_EXPIRED, PAM_CRED_INSUFFICIENT, PAM_IGNORE},
     false},
    {"pam_aad",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_lsass",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_centrifydc",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_vas3",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_unix2",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_pgsql",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_mysql",
     NULL,
     PROVES,
     "password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED},
     false},
    {"pam_tacplus",
     NULL,
     PROVES,
     "TACACS+ password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_CRED_INSUFFICIENT},
     false},
    {"pam_radius",
     NULL,
     PROVES,
     "RADIUS password",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_oslogin_login", NULL, PROVES, "factor of Google OS Login", {PAM_PERM_DENIED}, false},
    {"pam_securid",
     NULL,
     PROVES,
     "RSA SecurID code",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_privacyidea",
     NULL,
     PROVES,
     "one-time code of privacyIDEA",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL},
     false},
    {"pam_howdy",
     NULL,
     PROVES,
     "face",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    {"pam_usb",
     NULL,
     PROVES,
     "USB drive",
     {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE},
     false},
    /* checks the user, the origin, the time or the frequency */
    {"pam_faillock", "authfail", DECIDES, NULL, {PAM_IGNORE, PAM_AUTH_ERR}, true},
    {"pam_faillock", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_rootok", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_wheel", "trust", DECIDES, NULL, {PAM_PERM_DENIED, PAM_IGNORE}, false},
    {"pam_wheel", NULL, DECIDES, NULL, {PAM_IGNORE, PAM_PERM_DENIED}, true},
    {"pam_succeed_if", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_localuser", NULL, DECIDES, NULL, {PAM_PERM_DENIED}, false},
    {"pam_usertype", NULL, DECIDES, NULL, {PAM_AUTH_ERR, PAM_USER_UNKNOWN}, false},
    {"pam_listfile", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_access", NULL, DECIDES, NULL, {PAM_PERM_DENIED}, false},
    {"pam_nologin", NULL, DECIDES, NULL, {PAM_IGNORE, PAM_AUTH_ERR}, true},
    {"pam_securetty", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_shells", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_sepermit", NULL, DECIDES, NULL, {PAM_AUTH_ERR, PAM_IGNORE}, false},
    {"pam_timestamp", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_tally2", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_time", NULL, DECIDES, NULL, {PAM_PERM_DENIED}, false},
    {"pam_rhosts", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    {"pam_abl", NULL, DECIDES, NULL, {PAM_AUTH_ERR}, false},
    /* does neither */
    {"pam_env", NULL, DOES_OTHER, NULL, {PAM_IGNORE}, false},
    {"pam_faildelay", NULL, DOES_OTHER, NULL, {PAM_IGNORE}, true},
    {"pam_group", NULL, DOES_OTHER, NULL, {PAM_IGNORE}, true},
    {"pam_warn", NULL, DOES_OTHER, NULL, {PAM_IGNORE}, true},
    {"pam_issue", NULL, DOES_OTHER, NULL, {PAM_IGNORE}, true},
    {"pam_echo", NULL, DOES_OTHER, NULL, {PAM_IGNORE}, false},
    {"pam_keyinit", NULL, DOES_OTHER, NULL, {PAM_IGNORE}, false},
    {"pam_cap", NULL, DOES_OTHER, NULL, {PAM_IGNORE, PAM_AUTH_ERR}, false},
    {"pam_canonicalize_user", NULL, DOES_OTHER, NULL, {PAM_IGNORE}, true},
    {"pam_gnome_keyring",
     NULL,
     DOES_OTHER,
     NULL,
     {PAM_IGNORE, PAM_AUTH_ERR, PAM_SERVICE_ERR},
     false},
    {"pam_kwallet5", NULL, DOES_OTHER, NULL, {PAM_IGNORE, PAM_AUTH_ERR}, false},
    {"pam_ecryptfs", NULL, DOES_OTHER, NULL, {PAM_IGNORE, PAM_AUTH_ERR}, false},
    {"pam_fscrypt", NULL, DOES_OTHER, NULL, {PAM_IGNORE, PAM_AUTH_ERR, PAM_SERVICE_ERR}, false},
    {"pam_zfs_key", NULL, DOES_OTHER, NULL, {PAM_IGNORE, PAM_AUTH_ERR, PAM_SERVICE_ERR}, false},
    {"pam_mount", NULL, DOES_OTHER, NULL, {PAM_IGNORE, PAM_AUTH_ERR, PAM_SERVICE_ERR}, false},
};

static bool has_argument(const struct stack_line *line, const char *argument)
{
    for (char **at = line->arguments; *at != NULL; at++)
        if (strcmp(*at, argument) == 0)
            return true;
    return false;
}

static const struct row *find_row(const struct stack_line *line)
{
    char name[64];
    (void)modules_name(line, name, sizeof(name));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].name, name) == 0 &&
            (rows[i].option == NULL || has_argument(line, rows[i].option)))
            return &rows[i];
    return NULL;
}

static void add(struct module_model *model, int code, enum meaning meaning)
{
    model->answers[model->count++] = (struct answer){code, meaning};
}

/* Everything that it can answer is looked at. */
static void take_unknown(struct module_model *model)
{
    static const int codes[] = {PAM_SUCCESS,      PAM_IGNORE,   PAM_AUTH_ERR,
                                PAM_USER_UNKNOWN, PAM_MAXTRIES, PAM_AUTHINFO_UNAVAIL,
                                PAM_PERM_DENIED};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        add(model, codes[i], MEANS_ANYTHING);
}

static void take_row(const struct row *row, struct module_model *model)
{
    static const enum meaning good[] = {MEANS_PROVED, MEANS_YES, MEANS_NOTHING, MEANS_NOTHING};
    static const enum meaning bad[] = {MEANS_REFUSED, MEANS_NO, MEANS_NOTHING, MEANS_NOTHING,
                                       MEANS_NOTHING};
    model->asks = row->asks;
    model->deterministic = row->purpose == DECIDES && strcmp(row->name, "pam_faillock") != 0;
    if (!row->never_succeeds)
        add(model, PAM_SUCCESS, good[row->purpose]);
    for (size_t i = 0; i < sizeof(row->codes) / sizeof(row->codes[0]) && row->codes[i] != 0; i++)
        add(model, row->codes[i], bad[row->purpose]);
}

/* ---- pam_succeed_if ---- */

/* True if a list, separated by colons, has the word. */
static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (; *list != '\0'; list += strcspn(list, ":"), list += *list == ':') {
        if (strcspn(list, ":") == length && strncmp(list, word, length) == 0)
            return true;
    }
    return false;
}

/* The result of "service OPERATOR VALUE" for the service: 1 or 0; -1: unknown. */
static int decide_service(const char *operator, const char * value, const char *service)
{
    if (strcmp(operator, "=") == 0)
        return strcmp(value, service) == 0;
    if (strcmp(operator, "!=") == 0)
        return strcmp(value, service) != 0;
    if (strcmp(operator, "in") == 0)
        return list_has(value, service);
    if (strcmp(operator, "notin") == 0)
        return !list_has(value, service);
    return -1;
}

/* All conditions of the line must be met: one on the service that is not met decides the result,
 * and so do met ones if there are no others. */
static int decide_succeed_if(const struct stack_line *line, const char *service)
{
    static const char flags[] = ":debug:use_uid:quiet:quiet_fail:quiet_success:audit:";
    bool others = false;
    bool some = false;
    for (char **at = line->arguments; *at != NULL; at++) {
        if (list_has(flags, *at))
            continue;
        int decided = strcmp(at[0], "service") == 0 && at[1] != NULL && at[2] != NULL
                          ? decide_service(at[1], at[2], service)
                          : -1;
        if (decided == 0)
            return 0;
        some = true;
        others = others || decided < 0;
        for (int words = 2; words > 0 && at[1] != NULL; words--)
            at++;
    }
    return others || !some ? -1 : 1;
}

/* ---- all ---- */

/* True if the administrator has listed the module as one that checks a first factor. */
static bool is_factor(const struct stack_line *line, const char *factors)
{
    char name[64];
    const char *item = NULL;
    size_t length = 0;
    (void)modules_name(line, name, sizeof(name));
    while ((item = key_next_item(&factors, &length)) != NULL) {
        if (length > 3 && strncmp(item + length - 3, ".so", 3) == 0)
            length -= 3;
        if (length == strlen(name) && strncmp(item, name, length) == 0)
            return true;
    }
    return false;
}

static void take_known(const struct stack_line *line, const char *service, const char *factors,
                       struct module_model *model)
{
    static const struct row factor = {NULL,
                                      NULL,
                                      PROVES,
                                      "first factor",
                                      {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL,
                                       PAM_PERM_DENIED, PAM_IGNORE},
                                      false};
    const struct row *row = find_row(line);
    if (row == NULL && is_factor(line, factors)) {
        take_row(&factor, model);
        return;
    }
    if (row == NULL) {
        take_unknown(model);
        return;
    }
    bool decides = service != NULL && strcmp(row->name, "pam_succeed_if") == 0;
    int decided = decides ? decide_succeed_if(line, service) : -1;
    if (decided >= 0)
        add(model, decided == 1 ? PAM_SUCCESS : PAM_AUTH_ERR, MEANS_NOTHING);
    else
        take_row(row, model);
}

/* libpam replaces "$ISA" with a value from its build: the file may exist. */
void modules_model(const struct stack_line *line, const char *service, const char *factors,
                   struct module_model *model)
{
    char path[4096];
    *model = (struct module_model){0};
    if (line->kind == STACK_BROKEN) {
        add(model, PAM_PERM_DENIED, MEANS_NOTHING);
        return;
    }
    bool there = modules_path(line, path, sizeof(path));
    if (there || strstr(path, "$ISA") != NULL)
        take_known(line, service, factors, model);
    if (!there)
        add(model, PAM_MODULE_UNKNOWN, MEANS_NOTHING);
}
