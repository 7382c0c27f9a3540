/* SPDX-License-Identifier: BSD-3-Clause */
/* conf: the part of `swmfactl check` that examines swmfa.conf: errors, and valid settings that let
 * users in without a code, cost money, or have no effect. */
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

/* Users do not need more in a day; a stranger could run up a bill. */
#define USER_DAY_MOST 100
#define HOST_DAY_MOST 10000

/* A network with a shorter prefix is too large to be the administrator's own. */
#define WIDE_IPV4 8
#define WIDE_IPV6 16

static void tell(void *context, const struct problem *problem)
{
    struct check *check = context;
    check_problem(check, SEVERITY_ERROR, "conf", check->conf,
                  "correct it: swmfa.conf(5); every login by this file is denied until then",
                  problem);
}

static void say(struct check *check, enum severity severity, const char *id, const char *section,
                const char *key, const char *fix, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* Adds a finding on a key, at the line that sets it. */
static void say(struct check *check, enum severity severity, const char *id, const char *section,
                const char *key, const char *fix, const char *format, ...)
{
    char where[LOCATION_SIZE];
    struct problem text = {0}; /* for its size, and how it cuts a text */
    va_list arguments;
    va_start(arguments, format);
    problem_add_list(&text, format, arguments);
    va_end(arguments);
    unsigned line = config_line(&check->lines, section, key);
    (void)location_write(check->conf, line, where, sizeof(where));
    findings_add(check->findings, severity, id, where, fix, "[%s] %s: %s", section, key, text.text);
}

/* ---- logins without a code ---- */

static void check_fail_on(struct check *check)
{
    static const struct {
        int word;
        const char *name;
        const char *text;
    } causes[] = {
        {FAIL_ON_LIMIT, "limit",
         "anyone with a first factor can request codes until the provider refuses, and then needs "
         "no code"},
        {FAIL_ON_CREDENTIALS, "credentials",
         "a revoked or mistyped token lets every user in without a code until somebody notices"},
        {FAIL_ON_STORE, "store",
         "anyone who fills the disk needs no code, and limits and locks no longer apply"},
    };
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (config_has_word(&check->config.fail_on, causes[i].word))
            say(check, SEVERITY_WARNING, "fail-on", "swmfa", "fail_on",
                "remove it from fail_on; swmfa.conf(5) describes what it allows", "%s: %s",
                causes[i].name, causes[i].text);
}

static void check_fail(struct check *check)
{
    if (check->config.fail == FAIL_SAFE) {
        say(check, SEVERITY_WARNING, "fail-safe", "swmfa", "fail",
            "set fail = secure, and make break-glass codes for users who must always get in: "
            "swmfactl codes USER",
            "safe: while no provider answers, users log in with the first factor alone");
        check_fail_on(check);
    } else if (config_line(&check->lines, "swmfa", "fail_on") > 0) {
        say(check, SEVERITY_NOTE, "fail-on-unused", "swmfa", "fail_on", "remove it",
            "has no effect with fail = secure");
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
                "list your own networks only", "%.*s: no login from %s requires a code",
                (int)length, item, ipv4 ? "any IPv4 address" : "any address");
        else if (bits < (ipv4 ? WIDE_IPV4 : WIDE_IPV6))
            say(check, SEVERITY_WARNING, "exempt-wide", "policy", "exempt_networks",
                "list your own networks only", "%.*s covers a large part of the Internet",
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
            "create the group, correct the name, or remove it from the list",
            "the group %s %s%s: users whose exemption depends on the groups are denied", name,
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
                "correct the name: use that of the file in /etc/pam.d",
                "%.*s: PAM has no such service, so the rules never apply to it", (int)length, item);
    }
}

static void check_policy(struct check *check)
{
    const struct policy *policy = &check->config.policy;
    if (check->config.unmapped == UNMAPPED_IGNORE)
        say(check, SEVERITY_WARNING, "unmapped-ignore", "swmfa", "unmapped",
            "set unmapped = deny once every user who should log in is in the map",
            "ignore: users who are not in the users map log in with the first factor alone");
    if (policy->exempt_result == EXEMPT_SUCCESS)
        say(check, SEVERITY_WARNING, "exempt-success", "policy", "exempt_result",
            "set exempt_result = ignore, and add a line to the stack: pam_swmfa(8), EXAMPLES",
            "success: in a stack where the module comes before the first factor or replaces it, "
            "exempt users need no factor at all");
    check_networks(check);
    check_groups(check, "exempt_groups", policy->exempt_groups);
    check_groups(check, "require_groups", policy->require_groups);
    check_services(check);
}

/* ---- what it costs ---- */

/* Returns how many sends a list of limits permits in a day. */
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
            "add a limit for the day, as in the default",
            "a stranger can trigger up to %lld codes a day for %s, at your cost", in_a_day(list),
            whom);
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
            "set the prefixes of your users' numbers, such as countries = +1",
            "not set: codes are sent to any country, also where messages are expensive");
}

/* ---- the providers ---- */

/* Providers name a setting differently: returns the one of these keys that the section sets, or "".
 */
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
            given_of(check, provider->name, lengths), "set it to 6 or more (NIST SP 800-63B-4)",
            "codes of %zu digits are too easy to guess", terms.length);
    if (terms.valid_for > CODE_SECONDS_MOST)
        say(check, SEVERITY_WARNING, "code-long-valid", provider->name,
            given_of(check, provider->name, times),
            "set it to ten minutes or less (NIST SP 800-63B-4)",
            "a code is valid for %d seconds, also for anyone who finds the phone later",
            terms.valid_for);
}

/* Values that are still those of the installed example. */
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
                "enter the value of your account; the provider's dashboard shows it",
                "still has the value of the example: no code can be sent");
}

/* Other values with quotes around them are errors. */
static void check_quotes(struct check *check)
{
    struct config_key key;
    for (size_t i = 0; config_key_at(i, &key); i++)
        if (config_quoted(&check->lines, key.section, key.name))
            say(check, SEVERITY_WARNING, "quotes", key.section, key.name,
                "remove the quotes, unless they are part of the value",
                "is in quotes, which are sent as part of it");
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
            "set the other channel, or configure the provider for this one",
            "no provider can send by %s, so the other channel is used",
            channel_names[config->channel]);
    if (config->providers.count > 1 && config->deadline <= config->timeout)
        say(check, SEVERITY_WARNING, "deadline", "swmfa", "deadline",
            "set it to more than timeout, so that both providers have time",
            "the %d seconds for all providers end before the first provider times out (%d "
            "seconds), so the second is never used",
            config->deadline, config->timeout);
    if (config->connect_timeout > config->timeout)
        say(check, SEVERITY_NOTE, "connect-timeout", "swmfa", "connect_timeout",
            "set it to less than timeout", "is longer than timeout, which ends the attempt first");
}

/* ---- the whole ---- */

static void check_mode(struct check *check)
{
    struct stat status;
    char fix[LOCATION_SIZE];
    if (stat(check->conf, &status) != 0 || (status.st_mode & 0040U) == 0 || status.st_gid == 0)
        return;
    (void)snprintf(fix, sizeof(fix), "chmod g-r %s", check->conf);
    findings_add(check->findings, SEVERITY_NOTE, "conf-readable", check->conf, fix,
                 "group %u can read the credentials in this file", (unsigned)status.st_gid);
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
