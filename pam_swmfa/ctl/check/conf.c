/* SPDX-License-Identifier: BSD-3-Clause */
/* conf: the part of `swmfactl check` that looks at swmfa.conf: what is wrong in it, and what
 * is not but lets people in, costs money, or does not do what it seems to. */
#include <config.h>

#include "ctl/check/check.h"

#include "config/network.h"
#include "config/placeholder.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_SECONDS 86400

/* NIST SP 800-63B-4, 3.1.3: at least six digits, good for ten minutes at most. */
#define CODE_LENGTH_LEAST 6
#define CODE_SECONDS_MOST 600

/* More in a day than people need: a bill, if a stranger asks. */
#define USER_DAY_MOST 100
#define HOST_DAY_MOST 10000

/* Networks that hold more than these bits leave free are not one of ours. */
#define WIDE_IPV4 8
#define WIDE_IPV6 16

static void tell(void *context, const struct problem *problem)
{
    struct check *check = context;
    check_problem(check, SEVERITY_ERROR, "conf", check->conf,
                  "see swmfa.conf(5); with this file every login is denied", problem);
}

static void say(struct check *check, enum severity severity, const char *id, const char *section,
                const char *key, const char *fix, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* Says something about a key, where it was given. */
static void say(struct check *check, enum severity severity, const char *id, const char *section,
                const char *key, const char *fix, const char *format, ...)
{
    char where[CHECK_WHERE_SIZE];
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    unsigned line = config_line(&check->lines, section, key);
    (void)snprintf(where, sizeof(where), line > 0 ? "%.4096s:%u" : "%.4096s", check->conf, line);
    findings_add(check->findings, severity, id, where, fix, "[%s] %s: %s", section, key, text);
}

/* ---- who gets in without a code ---- */

static void check_fail_on(struct check *check)
{
    static const struct {
        int word;
        const char *name;
        const char *text;
    } causes[] = {
        {FAIL_ON_LIMIT, "limit",
         "who has a first factor can ask for codes until the provider refuses, and then needs "
         "none"},
        {FAIL_ON_CREDENTIALS, "credentials",
         "a token that is withdrawn or mistyped lets everybody in, for as long as nobody looks"},
        {FAIL_ON_STORE, "store", "who fills the disk needs no code, and limits and locks are gone"},
    };
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (config_has_word(&check->config.fail_on, causes[i].word))
            say(check, SEVERITY_WARNING, "fail-on", "swmfa", "fail_on",
                "leave it out of fail_on, or read swmfa.conf(5) on what it opens", "%s: %s",
                causes[i].name, causes[i].text);
}

static void check_fail(struct check *check)
{
    if (check->config.fail == FAIL_SAFE) {
        say(check, SEVERITY_WARNING, "fail-safe", "swmfa", "fail",
            "fail = secure, and break-glass codes for who must get in: swmfactl codes USER",
            "safe: while no provider answers, the first factor alone lets people in");
        check_fail_on(check);
    } else if (config_line(&check->lines, "swmfa", "fail_on") > 0) {
        say(check, SEVERITY_NOTE, "fail-on-unused", "swmfa", "fail_on", "remove it",
            "does nothing with fail = secure");
    }
}

static void check_networks(struct check *check)
{
    const char *at = check->config.policy.exempt_networks;
    const char *item = NULL;
    size_t length = 0;
    struct network network;
    struct problem ignored = {0};
    while ((item = key_next_item(&at, &length)) != NULL) {
        if (!network_read(item, length, &network, &ignored))
            continue; /* which is an error already */
        bool ipv4 = network.prefix >= 96 &&
                    memcmp(network.address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0;
        unsigned bits = ipv4 ? network.prefix - 96 : network.prefix;
        if (bits == 0)
            say(check, SEVERITY_ERROR, "exempt-all", "policy", "exempt_networks",
                "name the networks that are yours",
                "%.*s: nobody who comes by %s is ever asked for a code", (int)length, item,
                ipv4 ? "IPv4" : "the network");
        else if (bits < (ipv4 ? WIDE_IPV4 : WIDE_IPV6))
            say(check, SEVERITY_WARNING, "exempt-wide", "policy", "exempt_networks",
                "name the networks that are yours", "%.*s is a large part of the Internet",
                (int)length, item);
    }
}

static void check_groups(struct check *check, const char *key, const char *list)
{
    const char *item = NULL;
    size_t length = 0;
    char name[256];
    while ((item = key_next_item(&list, &length)) != NULL) {
        (void)snprintf(name, sizeof(name), "%.*s", (int)length, item);
        errno = 0;
        if (getgrnam(name) != NULL)
            continue;
        bool failed = errno != 0 && errno != ENOENT && errno != ESRCH;
        say(check, SEVERITY_ERROR, "policy-group", "policy", key,
            "make the group, correct the name, or take it out of the list",
            "the group %s %s%s: whoever the groups decide on is denied", name,
            failed ? "cannot be looked up: " : "does not exist", failed ? strerror(errno) : "");
    }
}

static void check_services(struct check *check)
{
    static const char *const folders[] = {"/etc/pam.d", "/usr/lib/pam.d"};
    const char *list = check->config.policy.services;
    const char *item = NULL;
    size_t length = 0;
    while ((item = key_next_item(&list, &length)) != NULL) {
        bool found = false;
        for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
            char path[512];
            struct stat status;
            (void)snprintf(path, sizeof(path), "%s/%.*s", folders[i], (int)length, item);
            found = found || stat(path, &status) == 0;
        }
        if (!found)
            say(check, SEVERITY_WARNING, "policy-service", "policy", "services",
                "correct the name: that of the file in /etc/pam.d",
                "%.*s: PAM has no such service, so the rules never hold for it", (int)length, item);
    }
}

static void check_policy(struct check *check)
{
    const struct policy *policy = &check->config.policy;
    if (check->config.unmapped == UNMAPPED_IGNORE)
        say(check, SEVERITY_WARNING, "unmapped-ignore", "swmfa", "unmapped",
            "unmapped = deny, when everybody who is to get in is in the map",
            "ignore: who is not in the users map gets in with the first factor alone");
    if (policy->exempt_result == EXEMPT_SUCCESS)
        say(check, SEVERITY_WARNING, "exempt-success", "policy", "exempt_result",
            "exempt_result = ignore, and a line more in the stack: pam_swmfa(8), EXAMPLES",
            "success: in a stack where the module stands before or beside the first factor, who "
            "is exempt needs none at all");
    check_networks(check);
    check_groups(check, "exempt_groups", policy->exempt_groups);
    check_groups(check, "require_groups", policy->require_groups);
    check_services(check);
}

/* ---- what it costs ---- */

/* The most that a list of limits lets through in a day. */
static long long in_a_day(const struct limit_list *list)
{
    long long least = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct limit *limit = &list->at[i];
        long long windows = (DAY_SECONDS + limit->seconds - 1) / limit->seconds;
        long long most = windows * limit->most;
        if (i == 0 || most < least)
            least = most;
    }
    return least;
}

static void check_limit(struct check *check, const char *key, const struct limit_list *list,
                        long long most, const char *whom)
{
    if (in_a_day(list) > most)
        say(check, SEVERITY_WARNING, "limit-high", "limits", key,
            "add a limit for the day, as the default has",
            "up to %lld codes a day for %s, at your cost, if a stranger asks for them",
            in_a_day(list), whom);
}

static void check_limits(struct check *check)
{
    const struct limits *sends = &check->config.sends;
    check_limit(check, "user_sends", &sends->user, USER_DAY_MOST, "one user");
    if (config_line(&check->lines, "limits", "phone_sends") > 0)
        check_limit(check, "phone_sends", &sends->phone, USER_DAY_MOST, "one phone");
    check_limit(check, "host_sends", &sends->host, HOST_DAY_MOST, "this host");
    if (check->config.countries == NULL)
        say(check, SEVERITY_NOTE, "countries", "limits", "countries",
            "name how the numbers of your users begin, such as countries = +1",
            "not given: codes are sent to any country, also where that is dear");
}

/* ---- the providers ---- */

/* Of several keys, the one that was given in the section, for who does not know how a provider
 * calls it; "" if none was. */
static const char *given_of(const struct check *check, const char *section, const char *const *keys)
{
    while (*keys != NULL && config_line(&check->lines, section, *keys) == 0)
        keys++;
    return *keys != NULL ? *keys : "";
}

static void check_terms(struct check *check, const struct provider *provider, const void *settings)
{
    static const char *const lengths[] = {"token_length", "digits", NULL};
    static const char *const times[] = {"valid_for", "expiration_minutes", NULL};
    struct terms terms = {0};
    provider->terms(settings, &terms);
    if (terms.length < CODE_LENGTH_LEAST && !terms.letters)
        say(check, SEVERITY_WARNING, "code-short", provider->name,
            given_of(check, provider->name, lengths), "6 or more (NIST SP 800-63B-4)",
            "codes of %zu digits are too easily guessed", terms.length);
    if (terms.valid_for > CODE_SECONDS_MOST)
        say(check, SEVERITY_WARNING, "code-long-valid", provider->name,
            given_of(check, provider->name, times), "ten minutes or less (NIST SP 800-63B-4)",
            "a code is good for %d seconds, also for who finds the phone later", terms.valid_for);
}

/* What stands in the file that is installed. */
static void check_placeholders(struct check *check, int id)
{
    static const char *const keys[][5] = {{"space", NULL},
                                          {"project_id", "username", NULL},
                                          {"api_token", "api_token_file", "password",
                                           "password_file", NULL}};
    unsigned found = placeholder_find(&check->config, id);
    const char *name = providers[id]->name;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if ((found & 1U << i) != 0)
            say(check, SEVERITY_ERROR, "placeholder", name, given_of(check, name, keys[i]),
                "enter that of your account; the provider's dashboard has it",
                "stands there as in the example: no code can be sent");
}

/* Other values with quotes around them are errors. */
static void check_quotes(struct check *check)
{
    struct config_key key;
    for (size_t i = 0; config_key_at(i, &key); i++)
        if (config_quoted(&check->lines, key.section, key.name))
            say(check, SEVERITY_WARNING, "quotes", key.section, key.name,
                "write it without quotes, unless they belong to it",
                "stands in quotes, which are sent with it");
}

static void check_providers(struct check *check)
{
    const struct config *config = &check->config;
    bool sendable = false;
    for (size_t i = 0; i < config->providers.count; i++) {
        int id = config->providers.at[i];
        check_terms(check, providers[id], config->settings[id]);
        check_placeholders(check, id);
        sendable = sendable || providers[id]->lacks(config->settings[id],
                                                    (enum channel)config->channel) == NULL;
    }
    if (!sendable)
        say(check, SEVERITY_NOTE, "channel", "swmfa", "channel",
            "name the other one, or give the provider what it needs for this one",
            "no provider can send by %s: the other channel is used",
            channel_names[config->channel]);
    if (config->providers.count > 1 && config->deadline <= config->timeout)
        say(check, SEVERITY_WARNING, "deadline", "swmfa", "deadline",
            "more than timeout, so that both fit into it",
            "%d seconds for all providers are over when the first has not answered in %d: the "
            "second is never asked",
            config->deadline, config->timeout);
    if (config->connect_timeout > config->timeout)
        say(check, SEVERITY_NOTE, "connect-timeout", "swmfa", "connect_timeout",
            "less than timeout", "is longer than timeout, which ends it before");
}

/* ---- the whole ---- */

static void check_mode(struct check *check)
{
    struct stat status;
    char fix[CHECK_WHERE_SIZE];
    if (stat(check->conf, &status) != 0 || (status.st_mode & 0040U) == 0 || status.st_gid == 0)
        return;
    (void)snprintf(fix, sizeof(fix), "chmod g-r %.4096s", check->conf);
    findings_add(check->findings, SEVERITY_NOTE, "conf-readable", check->conf, fix,
                 "group %u can read the credentials in it", (unsigned)status.st_gid);
}

void check_configuration(struct check *check)
{
    if (!check_folders(check, check->conf))
        return; /* no login reads it */
    check->sound = config_examine(check->conf, &check->config, &check->lines, tell, check);
    check_examined(check, "%s", check->conf);
    if (check->config.users == NULL)
        return; /* it could not be read */
    check_mode(check);
    check_fail(check);
    check_policy(check);
    check_limits(check);
    check_quotes(check);
    if (check->sound)
        check_providers(check);
}
