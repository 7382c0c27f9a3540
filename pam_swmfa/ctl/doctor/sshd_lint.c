/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_lint: the effects of sshd's own settings on the module; see host_lint.h. */
#include <config.h>

#include "ctl/doctor/host_lint.h"

#include "base/location.h"
#include "config/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPING_SECONDS 60 /* to type a password, look at the phone and type the code */
#define TRIES_FEW      3

/* ---- the methods ---- */

/* The kind of a method. */
enum method {
    METHOD_KEY, /* publickey, and others that do not use PAM's auth lines */
    METHOD_PASSWORD,
    METHOD_KBDINT,
    METHOD_OFF, /* it is switched off */
};

bool lint_sshd_prompts(const struct sshd *sshd)
{
    return sshd_says(sshd, "kbdinteractiveauthentication", "yes") &&
           !sshd_says(sshd, "challengeresponseauthentication", "no"); /* before OpenSSH 8.7 */
}

#define KEY "publickey"

static enum method find_method(const struct sshd *sshd, const char *name, size_t length)
{
    static const struct {
        const char *name;
        const char *keyword;
        enum method method;
    } methods[] = {
        {KEY, "pubkeyauthentication", METHOD_KEY},
        {"hostbased", "hostbasedauthentication", METHOD_KEY},
        {"gssapi-with-mic", "gssapiauthentication", METHOD_KEY},
        {"password", "passwordauthentication", METHOD_PASSWORD},
        {"keyboard-interactive", "kbdinteractiveauthentication", METHOD_KBDINT},
        /* sshd tries the empty password, as its password method would. */
        {"none", "permitemptypasswords", METHOD_PASSWORD},
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strlen(methods[i].name) != length || strncmp(methods[i].name, name, length) != 0)
            continue;
        bool on = methods[i].method == METHOD_KBDINT
                      ? lint_sshd_prompts(sshd) && sshd_says(sshd, "usepam", "yes")
                      : sshd_says(sshd, methods[i].keyword, "yes") &&
                            (methods[i].method != METHOD_PASSWORD ||
                             sshd_says(sshd, "passwordauthentication", "yes"));
        return on ? methods[i].method : METHOD_OFF;
    }
    return METHOD_OFF;
}

/* Reads one list, such as "publickey,keyboard-interactive:pam". Returns whether it is possible. */
static bool take_list(const struct sshd *sshd, const char *list, size_t length,
                      struct ssh_view *view)
{
    bool seen[METHOD_OFF] = {false};
    bool key_first = false;
    for (size_t at = 0; at < length;) {
        size_t item = strcspn(list + at, ", ");
        size_t name = strcspn(list + at, ":, ");
        enum method method = find_method(sshd, list + at, name);
        if (method == METHOD_OFF)
            return false;
        key_first = key_first || (method == METHOD_KBDINT && seen[METHOD_KEY]);
        seen[method] = true;
        at += item + 1;
    }
    view->key_first = view->key_first && (key_first || !seen[METHOD_KBDINT]);
    view->needs_key = view->needs_key && seen[METHOD_KEY];
    view->runs_pam = view->runs_pam || seen[METHOD_KBDINT];
    view->password = view->password || seen[METHOD_PASSWORD];
    view->one_key = view->one_key || (length == strlen(KEY) && strncmp(list, KEY, length) == 0);
    view->key_alone = view->key_alone || (!seen[METHOD_KBDINT] && !seen[METHOD_PASSWORD]);
    return true;
}

#define EACH_ALONE "publickey hostbased gssapi-with-mic password keyboard-interactive"

void lint_sshd_view(const struct sshd *sshd, struct ssh_view *view)
{
    char methods[1024];
    const char *at = sshd_value(sshd, "authenticationmethods", methods, sizeof(methods));
    *view = (struct ssh_view){.known = *sshd->text != '\0', .key_first = true, .needs_key = true};
    if (!view->known)
        return;
    if (strcmp(at, "any") == 0 || *at == '\0')
        at = EACH_ALONE;
    for (; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
        (void)take_list(sshd, at, strcspn(at, " "), view);
    view->key_first = view->key_first && view->runs_pam;
    if (!sshd_says(sshd, "usepam", "yes")) {
        view->own_password = view->password;
        view->runs_pam = false;
        view->password = false;
    }
}

/* ---- what is wrong ---- */

const char *lint_methods_line(const struct lint_context *lint)
{
    return lint_has_factor(lint) ? "AuthenticationMethods keyboard-interactive"
                                 : "AuthenticationMethods publickey,keyboard-interactive";
}

/* Since OpenSSH 10.0, PAMServiceName can name another stack than that of "sshd". */
static void lint_service(const struct lint_context *lint, const struct sshd *sshd)
{
    char where[LOCATION_SIZE];
    char service[256];
    (void)sshd_value(sshd, "pamservicename", service, sizeof(service));
    if (*service != '\0' && strcmp(service, lint->service) != 0)
        findings_add(
            lint->findings, SEVERITY_ERROR, "pam-service",
            sshd_find("PAMServiceName", where, sizeof(where)), "PAMServiceName sshd",
            "sshd: PAMServiceName is %s: logins use the stack of that service, and not this "
            "one",
            service);
}

static void lint_use_pam(const struct lint_context *lint, const struct sshd *sshd,
                         const struct ssh_view *view)
{
    char where[LOCATION_SIZE];
    if (!sshd_says(sshd, "usepam", "yes"))
        findings_add(lint->findings, SEVERITY_ERROR, "use-pam",
                     sshd_find("UsePAM", where, sizeof(where)), "UsePAM yes",
                     "sshd: UsePAM is not yes: no login asks for a code");
    if (lint_sshd_prompts(sshd))
        return;
    if (*sshd_find("KbdInteractiveAuthentication", where, sizeof(where)) != '\0' &&
        strcmp(where, SSHD_CONFIG) == 0)
        (void)sshd_find("ChallengeResponseAuthentication", where, sizeof(where));
    findings_add(lint->findings, SEVERITY_ERROR, "kbdint-off", where,
                 "KbdInteractiveAuthentication yes",
                 "sshd: KbdInteractiveAuthentication is no, and sshd cannot ask for a code: %s",
                 view->password && lint->autosend
                     ? "each login with the right password sends one, and is denied"
                     : "logins that require one are denied, or do not ask for it");
}

static void lint_password(const struct lint_context *lint, const struct sshd *sshd,
                          const struct ssh_view *view)
{
    char where[LOCATION_SIZE];
    if (!sshd_says(sshd, "passwordauthentication", "yes") || !sshd_says(sshd, "usepam", "yes"))
        return;
    (void)sshd_find("PasswordAuthentication", where, sizeof(where));
    if (!view->password)
        findings_add(lint->findings, SEVERITY_NOTE, "password-method-unused", where,
                     "PasswordAuthentication no",
                     "sshd: PasswordAuthentication is yes, but AuthenticationMethods does not "
                     "permit it: it is harmless as long as that line remains");
    else if (!lint->autosend)
        findings_add(lint->findings, SEVERITY_WARNING, "password-method", where,
                     "PasswordAuthentication no",
                     "sshd: the password method cannot prompt for a code: each login with it is "
                     "denied (nothing is sent: autosend = no)");
    else
        findings_add(lint->findings, SEVERITY_ERROR, "password-method", where,
                     "PasswordAuthentication no",
                     "sshd: the password method cannot prompt for a code: each login with it sends "
                     "one, and is denied");
}

static void lint_key(const struct lint_context *lint, const struct ssh_view *view)
{
    char where[LOCATION_SIZE];
    if (view->key_alone)
        findings_add(lint->findings, SEVERITY_ERROR, "key-alone",
                     sshd_find("AuthenticationMethods", where, sizeof(where)),
                     lint_methods_line(lint),
                     "sshd: a key alone lets users in: no code is requested");
}

bool lint_root_is_mapped(const struct lint_context *lint)
{
    const struct sshkeys none = {0};
    struct phone phone;
    struct problem ignored = {0};
    if (lint->config == NULL)
        return false;
    enum users_result found =
        users_find(lint->config->users, "root", &none, false, &phone, &ignored);
    return found == USERS_FOUND || found == USERS_OTHER_KEYS || found == USERS_BAD_LINE;
}

static void lint_root(const struct lint_context *lint, const struct sshd *sshd,
                      const struct ssh_view *view)
{
    char where[LOCATION_SIZE];
    char value[64];
    if (sshd_says(sshd, "permitrootlogin", "yes") || !lint_root_is_mapped(lint))
        return;
    findings_add(
        lint->findings, SEVERITY_WARNING, "root-login",
        sshd_find("PermitRootLogin", where, sizeof(where)), "PermitRootLogin yes",
        "sshd: root has a line in the users map, but PermitRootLogin is %s: sshd rejects root%s",
        sshd_value(sshd, "permitrootlogin", value, sizeof(value)),
        view->key_first && lint->autosend && !sshd_says(sshd, "permitrootlogin", "no")
            ? ", after a code was sent"
            : "");
}

/* The first line of the map that is for an SSH key, or 0. */
static unsigned long find_key_line(const char *path)
{
    struct users_map map;
    struct users_line line;
    struct problem ignored = {0};
    unsigned long found = 0;
    if (!users_open(path, &map, &ignored))
        return 0;
    while (found == 0 && users_next(&map, &line))
        if (line.key != NULL)
            found = map.line;
    users_close(&map);
    return found;
}

/* ExposeAuthInfo is not examined: sshd tells PAM of the keys in any case. */
static void lint_key_lines(const struct lint_context *lint, const struct ssh_view *view)
{
    char where[LOCATION_SIZE];
    if (lint->config == NULL || !view->runs_pam || view->key_first)
        return;
    unsigned long line = find_key_line(lint->config->users);
    if (line == 0)
        return;
    (void)location_write(lint->config->users, line, where, sizeof(where));
    findings_add(lint->findings, SEVERITY_WARNING, "keys-unused", where,
                 "AuthenticationMethods publickey,keyboard-interactive",
                 "sshd: the line is for an SSH key, but AuthenticationMethods does not require a "
                 "key before the code: such lines are never used");
}

/* The values that are numbers. */
static void lint_numbers(const struct lint_context *lint, const struct sshd *sshd)
{
    char where[LOCATION_SIZE];
    char value[64];
    int deadline = lint->config != NULL ? lint->config->deadline : 0;
    long grace = strtol(sshd_value(sshd, "logingracetime", value, sizeof(value)), NULL, 10);
    if (grace > 0 && grace < deadline + TYPING_SECONDS)
        findings_add(lint->findings, SEVERITY_WARNING, "login-grace",
                     sshd_find("LoginGraceTime", where, sizeof(where)), "LoginGraceTime 180",
                     "sshd: LoginGraceTime is %ld seconds, but a send can take %d (deadline), and "
                     "typing another %d",
                     grace, deadline, TYPING_SECONDS);
    long tries = strtol(sshd_value(sshd, "maxauthtries", value, sizeof(value)), NULL, 10);
    if (tries > 0 && tries < TRIES_FEW)
        findings_add(lint->findings, SEVERITY_NOTE, "max-auth-tries",
                     sshd_find("MaxAuthTries", where, sizeof(where)), "MaxAuthTries 6",
                     "sshd: MaxAuthTries is %ld: a client that offers several keys first is "
                     "disconnected before the prompt",
                     tries);
}

/* Before 10.3, sshd keeps a module's messages until its next prompt. */
static void lint_version(const struct lint_context *lint, const struct sshd *sshd)
{
    bool old = sshd->major > 0 && (sshd->major < 10 || (sshd->major == 10 && sshd->minor < 3));
    if (old)
        findings_add(lint->findings, SEVERITY_NOTE, "texts-late", sshd_program(), "",
                     "OpenSSH %d.%d shows messages of pam_swmfa, such as that a call is being "
                     "placed, only with the next prompt",
                     sshd->major, sshd->minor);
}

void lint_sshd(struct lint_context *lint, const struct sshd *sshd, const struct ssh_view *view)
{
    lint->around = view->key_alone;
    lint->unused = !view->runs_pam && !view->password;
    lint_service(lint, sshd);
    lint_use_pam(lint, sshd, view);
    lint_password(lint, sshd, view);
    lint_key(lint, view);
    lint_root(lint, sshd, view);
    lint_key_lines(lint, view);
    lint_numbers(lint, sshd);
    if (!sshd->matched) /* otherwise they have been applied already */
        lint_matches(lint, sshd, view);
    lint_version(lint, sshd);
}
