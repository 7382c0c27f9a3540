/* SPDX-License-Identifier: BSD-3-Clause */
/* online: the part of `swmfactl check` that contacts the providers, with the client and the user of
 * logins. See provider_probe for the request. */
#include <config.h>

#include "ctl/check/check.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAYS_LEAST 14 /* a certificate should be renewed this long before it expires */
#define DAY        ((int64_t)24 * 3600)

/* A provider that was contacted. */
struct asked {
    const struct provider *provider;
    enum outcome outcome;
    struct rest_report report;
    struct problem problem;
    char host[256]; /* https://HOST[:PORT] */
};

/* ---- what it means ---- */

struct meaning {
    enum severity severity;
    const char *id;
    const char *fix;
};

/* The first step of a connection that failed. */
static struct meaning of_network(const struct rest_report *report)
{
    if (report->resolved == 0)
        return (struct meaning){
            SEVERITY_ERROR, "online-resolve",
            "check /etc/resolv.conf and its servers, and the name in space or endpoint"};
    if (report->connected == 0)
        return (struct meaning){
            SEVERITY_ERROR, "online-connect",
            "allow this host to connect to it: check routes and firewalls; a proxy is not used"};
    if (report->secured == 0)
        return (
            struct meaning){SEVERITY_ERROR, "online-tls",
                            "look for something on the way, such as a firewall, that blocks TLS"};
    return (struct meaning){SEVERITY_ERROR, "online-answer",
                            "ask the provider; or try a longer timeout"};
}

static struct meaning of_outcome(const struct asked *asked)
{
    switch (asked->outcome) {
    case OUTCOME_NETWORK:
    case OUTCOME_STALE:
        return of_network(&asked->report);
    case OUTCOME_TLS:
        return (struct meaning){
            SEVERITY_ERROR, "online-tls",
            "check the CA certificates (ca_file, or the system's), the name in space or endpoint, "
            "and the clock; something on the way may impersonate the provider"};
    case OUTCOME_CREDENTIALS:
    case OUTCOME_FORBIDDEN:
        return (struct meaning){SEVERITY_ERROR, "online-credentials", NULL}; /* fix_credentials */
    case OUTCOME_NO_CREDIT:
        return (struct meaning){
            SEVERITY_ERROR, "online-credit",
            "top up the account at the provider, and find out what used it up: swmfactl report"};
    case OUTCOME_LIMIT:
        return (struct meaning){SEVERITY_WARNING, "online-limit",
                                "wait some minutes and run this again"};
    case OUTCOME_SERVER:
        return (struct meaning){SEVERITY_ERROR, "online-server",
                                "check the provider's status page; try again later"};
    case OUTCOME_MEMORY:
        return (struct meaning){SEVERITY_ERROR, "online-memory", ""};
    default:
        return (struct meaning){SEVERITY_ERROR, "online-answer",
                                "check space or endpoint, and the account"};
    }
}

/* ---- asking ---- */

static void ask(const struct check *check, struct asked *asked, const void *settings)
{
    struct account account = {0};
    asked->provider->account(settings, &account);
    size_t host = strlen("https://");
    host += strcspn(account.base + host, "/");
    (void)snprintf(asked->host, sizeof(asked->host), "%.*s", (int)host, account.base);
    const struct rest_settings client = {.base = account.base,
                                         .user = account.user,
                                         .password = account.password,
                                         .ca_pem = account.ca_pem,
                                         .connect_timeout = check->config.connect_timeout,
                                         .watch_fd = -1,
                                         .report = true};
    struct rest *rest = rest_new(&client);
    if (rest == NULL) {
        asked->outcome = OUTCOME_MEMORY;
        problem_no_memory(&asked->problem);
        return;
    }
    asked->outcome = provider_probe(asked->provider, settings, rest, check->config.timeout * 1000,
                                    &asked->problem);
    rest_report(rest, &asked->report);
    rest_free(rest);
}

/* Whole days that are left; 0 where the certificate is not known. */
static int64_t days_left(const struct asked *asked)
{
    return asked->report.valid_until > 0 ? (asked->report.valid_until - time(NULL)) / DAY : 0;
}

static double milliseconds(int64_t from, int64_t until)
{
    return (double)(until - from) / 1000;
}

/* ---- findings ---- */

/* The one of several keys that the configuration sets, with its line. */
static void describe_key(const struct check *check, const char *section, const char *const *keys,
                         char *text, size_t size)
{
    while (keys[1] != NULL && config_line(&check->lines, section, *keys) == 0)
        keys++;
    (void)snprintf(text, size, "%s (line %u)", *keys, config_line(&check->lines, section, *keys));
}

/* The settings to correct if the provider rejects the credentials. */
static void fix_credentials(const struct check *check, const char *section, char *fix, size_t size)
{
    static const char *const accounts[] = {"project_id", "username", NULL};
    static const char *const secrets[] = {"api_token", "api_token_file", "password",
                                          "password_file", NULL};
    bool other = strcmp(check->conf, SWMFA_CONF_PATH) != 0;
    char account[64];
    char secret[64];
    describe_key(check, section, accounts, account, sizeof(account));
    describe_key(check, section, secrets, secret, sizeof(secret));
    (void)snprintf(fix, size,
                   "correct %s and %s of [%s] in %s, or replace the file (a copy is kept): "
                   "swmfactl%s%s init --force",
                   account, secret, section, check->conf, other ? " -c " : "",
                   other ? check->conf : "");
}

static void say_times(struct check *check, const struct asked *asked)
{
    const struct rest_report *report = &asked->report;
    char days[64] = "";
    if (report->valid_until > 0)
        (void)snprintf(days, sizeof(days), "; its certificate is valid for %lld more days",
                       (long long)days_left(asked));
    findings_add(check->findings, SEVERITY_NOTE, "online", asked->host, "",
                 "%s accepts the credentials: name %.1f ms, connection %.1f ms, TLS %.1f ms, "
                 "answer %.1f ms%s",
                 asked->provider->title, milliseconds(0, report->resolved),
                 milliseconds(report->resolved, report->connected),
                 milliseconds(report->connected, report->secured),
                 milliseconds(report->secured, report->ended), days);
}

static void say(struct check *check, const struct asked *asked)
{
    if (asked->outcome == OUTCOME_OK) {
        say_times(check, asked);
    } else {
        char fix[768];
        struct meaning meaning = of_outcome(asked);
        if (meaning.fix == NULL) {
            fix_credentials(check, asked->provider->name, fix, sizeof(fix));
            meaning.fix = fix;
        }
        check_problem(check, meaning.severity, meaning.id, asked->host, meaning.fix,
                      &asked->problem);
    }
    if (asked->report.valid_until > 0 && days_left(asked) < DAYS_LEAST)
        findings_add(check->findings, SEVERITY_WARNING, "online-certificate", asked->host,
                     "ask the operator of that host to renew it",
                     "its certificate expires in %lld days; after that no code can be sent by %s",
                     (long long)days_left(asked), asked->provider->title);
}

static void add_number(json_object *object, const char *key, int64_t number)
{
    (void)json_object_object_add(object, key, json_object_new_int64(number));
}

static void add_json(struct check *check, const struct asked *asked)
{
    json_object *object = json_object_new_object();
    const char *word = outcome_words[asked->outcome];
    (void)json_object_object_add(object, "provider", json_object_new_string(asked->provider->name));
    (void)json_object_object_add(object, "outcome",
                                 json_object_new_string(word != NULL ? word : "good"));
    add_number(object, "resolved_us", asked->report.resolved);
    add_number(object, "connected_us", asked->report.connected);
    add_number(object, "secured_us", asked->report.secured);
    add_number(object, "ended_us", asked->report.ended);
    if (asked->report.valid_until > 0)
        add_number(object, "certificate_days", days_left(asked));
    (void)json_object_array_add(check->online, object);
}

void check_online(struct check *check)
{
    const struct config *config = &check->config;
    check->online = json_object_new_array();
    for (size_t i = 0; i < config->providers.count; i++) {
        int id = config->providers.at[i];
        struct asked asked = {.provider = providers[id]};
        ask(check, &asked, config->settings[id]);
        say(check, &asked);
        add_json(check, &asked);
        check_examined(check, "%s", asked.provider->name);
    }
}
