/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verdict: ends a login.
 *
 * verdicts[] is the only place that turns an event into a PAM code, and covered() the only one that
 * lets users in by fail = safe. No verdict is the default: a login that reaches none is a denial.
 */
#include <config.h>

#include "auth/login_internal.h"
#include "base/log.h"
#include "wire/pam_code.h"

#include <security/_pam_types.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define TEXT_SETUP   "The second factor is not set up correctly. The system log says why."
#define TEXT_FAILED  "The second factor is not available. Try again later."
#define TEXT_REFUSED "No code could be sent. The system log says why."
#define TEXT_NO_CODE "No code can be sent now. Try again later."
#define TEXT_PASSED  "The second factor is not available. This login continues without it."
#define TEXT_AGAIN   " Log in again to get a new one."

static const struct {
    int code;           /* the PAM code */
    int priority;       /* of the log line */
    const char *result; /* result= and reason= in the log line */
    const char *reason; /* NULL: the word for the login's outcome */
    const char *text;   /* shown to the user; NULL: nothing */
} verdicts[VERDICT_COUNT] = {
    [VERDICT_NONE] = {PAM_SYSTEM_ERR, LOG_CRIT, "error", "no-decision", NULL},
    [VERDICT_VERIFIED] = {PAM_SUCCESS, LOG_INFO, "success", "verified", NULL},
    [VERDICT_UNMAPPED_IGNORED] = {PAM_IGNORE, LOG_NOTICE, "ignored", "unmapped", NULL},
    [VERDICT_EXEMPT] = {PAM_IGNORE, LOG_INFO, "ignored", "exempt", NULL},
    [VERDICT_REMEMBERED] = {PAM_IGNORE, LOG_INFO, "ignored", "remembered", NULL},
    [VERDICT_BYPASS] = {PAM_IGNORE, LOG_NOTICE, "ignored", "pass", NULL},
    [VERDICT_BREAK_GLASS] = {PAM_SUCCESS, LOG_WARNING, "success", "break-glass", NULL},
    [VERDICT_TRIES_USED] = {PAM_MAXTRIES, LOG_NOTICE, "denied", "tries-used",
                            "Too many wrong codes."},
    [VERDICT_LOCKED] = {PAM_MAXTRIES, LOG_WARNING, "denied", "locked", NULL},
    [VERDICT_SEND_LIMIT] = {PAM_MAXTRIES, LOG_WARNING, "denied", "send-limit", TEXT_NO_CODE},
    [VERDICT_COUNTRY] = {PAM_MAXTRIES, LOG_ERR, "denied", "country", TEXT_NO_CODE},
    [VERDICT_NOT_ASKED_FOR] = {PAM_MAXTRIES, LOG_NOTICE, "denied", "tries-used",
                               "No code was requested."},
    [VERDICT_CODE_EXPIRED] = {PAM_AUTH_ERR, LOG_NOTICE, "denied", "code-expired",
                              "The code has expired." TEXT_AGAIN},
    [VERDICT_NAME_DIFFERS] = {PAM_AUTH_ERR, LOG_NOTICE, "denied", "name-differs", NULL},
    [VERDICT_CALLER_UNKNOWN] = {PAM_AUTH_ERR, LOG_ERR, "denied", "caller-unknown", NULL},
    [VERDICT_SSHD_DENIES] = {PAM_AUTH_ERR, LOG_NOTICE, "denied", "sshd-denies", NULL},
    [VERDICT_VOID] = {PAM_AUTH_ERR, LOG_NOTICE, "denied", NULL,
                      "The code is no longer valid." TEXT_AGAIN},
    [VERDICT_REFUSED] = {PAM_AUTH_ERR, LOG_ERR, "denied", NULL, TEXT_REFUSED},
    [VERDICT_SETUP] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", NULL, TEXT_SETUP},
    [VERDICT_UNAVAILABLE] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", NULL, TEXT_FAILED},
    [VERDICT_STORE] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "store", TEXT_FAILED},
    [VERDICT_GROUPS] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "groups", TEXT_SETUP},
    [VERDICT_ACCOUNT] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "account", TEXT_SETUP},
    [VERDICT_CONFIGURATION] = {PAM_SERVICE_ERR, LOG_ERR, "error", "configuration", TEXT_SETUP},
    [VERDICT_UNPREPARED] = {PAM_SERVICE_ERR, LOG_CRIT, "error", "privileges", TEXT_SETUP},
    [VERDICT_CONVERSATION] = {PAM_CONV_ERR, LOG_NOTICE, "denied", "conversation", NULL},
    [VERDICT_MEMORY] = {PAM_BUF_ERR, LOG_CRIT, "error", "memory", NULL},
    [VERDICT_HOST_GONE] = {PAM_CONV_ERR, LOG_NOTICE, "aborted", "host-gone", NULL},
};

bool verdict(struct login *login, enum verdict verdict)
{
    login->verdict = verdict;
    return false;
}

/* The verdict for each outcome that ends the login. */
static bool end_with(struct login *login, enum outcome outcome)
{
    static const enum verdict by_outcome[OUTCOME_COUNT] = {
        [OUTCOME_OK] = VERDICT_NONE,
        [OUTCOME_WRONG] = VERDICT_NONE,
        [OUTCOME_GONE] = VERDICT_VOID,
        [OUTCOME_NOT_QUEUED] = VERDICT_REFUSED,
        [OUTCOME_INVALID] = VERDICT_REFUSED,
        [OUTCOME_CREDENTIALS] = VERDICT_SETUP,
        [OUTCOME_NO_CREDIT] = VERDICT_UNAVAILABLE,
        [OUTCOME_FORBIDDEN] = VERDICT_SETUP,
        [OUTCOME_NOT_FOUND] = VERDICT_SETUP,
        [OUTCOME_LIMIT] = VERDICT_UNAVAILABLE,
        [OUTCOME_SERVER] = VERDICT_UNAVAILABLE,
        [OUTCOME_BAD_ANSWER] = VERDICT_UNAVAILABLE,
        [OUTCOME_NETWORK] = VERDICT_UNAVAILABLE,
        [OUTCOME_STALE] = VERDICT_UNAVAILABLE,
        [OUTCOME_TLS] = VERDICT_UNAVAILABLE,
        [OUTCOME_MEMORY] = VERDICT_MEMORY,
        [OUTCOME_ABANDONED] = VERDICT_HOST_GONE,
    };
    login->outcome = outcome;
    return verdict(login, by_outcome[outcome]);
}

#define BIT(outcome) (1U << (unsigned)(outcome))

/*
 * The outcomes that each word of fail_on stands for. No word stands for an account without money:
 * anyone who can request codes can bring that about.
 */
static unsigned causes(const struct config *config)
{
    static const unsigned by_word[] = {
        [FAIL_ON_NETWORK] = BIT(OUTCOME_NETWORK),
        [FAIL_ON_SERVER] = BIT(OUTCOME_SERVER),
        [FAIL_ON_LIMIT] = BIT(OUTCOME_LIMIT),
        [FAIL_ON_CREDENTIALS] = BIT(OUTCOME_CREDENTIALS) | BIT(OUTCOME_FORBIDDEN),
        [FAIL_ON_STORE] = 0, /* no outcome of a request */
    };
    unsigned covered = 0;
    for (size_t i = 0; i < config->fail_on.count; i++)
        covered |= by_word[config->fail_on.at[i]];
    return covered;
}

/*
 * True if fail = safe covers all of these outcomes. Only for applications that root started, such
 * as sshd and login: the caller of su or sudo controls enough of what a request needs (limits,
 * priority, a freezer) to cause an outage.
 */
static bool covered(const struct login *login, unsigned outcomes)
{
    return login->config.fail == FAIL_SAFE && login->request->caller_uid == 0 && outcomes != 0 &&
           (outcomes & ~causes(&login->config)) == 0;
}

/*
 * Once a code has been delivered, the user must type it or is denied: otherwise an attacker could
 * invalidate it with wrong guesses and then only wait for a send that fails.
 */
bool verdict_is_covered(const struct login *login)
{
    return !login->delivered && delivery_asked_all(&login->delivery) &&
           covered(login, login->delivery.failed);
}

/* A decoy is never covered: that would let in users who are not in the map. */
bool verdict_by_store(struct login *login, bool may_pass)
{
    login->passed_by_fail_safe = may_pass && login->config.fail == FAIL_SAFE &&
                                 config_has_word(&login->config.fail_on, FAIL_ON_STORE) &&
                                 login->request->caller_uid == 0 && !login->decoy &&
                                 login->delivery.asked == 0;
    return verdict(login, VERDICT_STORE);
}

bool verdict_by_sends(struct login *login)
{
    login->passed_by_fail_safe = verdict_is_covered(login);
    return end_with(login, login->delivery.last);
}

/*
 * After a verify only an outage counts: wrong codes can reach a limit, and a provider that accepted
 * the credentials for the send is not believed when it then rejects them.
 */
bool verdict_by_outcome(struct login *login, enum outcome outcome)
{
    login->passed_by_fail_safe =
        (outcome == OUTCOME_NETWORK || outcome == OUTCOME_SERVER) && covered(login, BIT(outcome));
    return end_with(login, outcome);
}

bool say(struct login *login, enum wire_type type, bool echo, const char *text)
{
    struct wire_message message = {.echo = echo};
    if (wire_set_string(message.text, sizeof(message.text), text) &&
        wire_send(login->socket, type, &message, sizeof(message)) == 0)
        return true;
    return verdict(login, VERDICT_HOST_GONE);
}

/* ---- the log line ---- */

/* The verdict in the log: a locked user must not learn of the lock from PAM or the messages. */
static enum verdict reported(const struct login *login)
{
    bool hidden = login->verdict == VERDICT_TRIES_USED || login->verdict == VERDICT_SEND_LIMIT ||
                  login->verdict == VERDICT_COUNTRY || login->verdict == VERDICT_CODE_EXPIRED ||
                  login->verdict == VERDICT_NOT_ASKED_FOR;
    if (login->decoy && !login->locked && login->verdict == VERDICT_SEND_LIMIT)
        return VERDICT_TRIES_USED; /* the problem is that there is no number */
    return login->locked && hidden ? VERDICT_LOCKED : login->verdict;
}

/* The user is exempt, remembered, or has a bypass, and exempt_result says success. */
static bool passes_as_success(const struct login *login)
{
    return (login->verdict == VERDICT_EXEMPT || login->verdict == VERDICT_REMEMBERED ||
            login->verdict == VERDICT_BYPASS) &&
           login->exempt_success;
}

static const char *result_of(const struct login *login)
{
    if (login->passed_by_fail_safe)
        return "ignored";
    return passes_as_success(login) ? "success" : verdicts[reported(login)].result;
}

static const char *reason_of(const struct login *login)
{
    const char *reason = verdicts[reported(login)].reason;
    if (reason == NULL)
        reason = outcome_words[login->outcome];
    return reason != NULL ? reason : "no-decision";
}

static int priority_of(const struct login *login)
{
    int priority = verdicts[reported(login)].priority;
    bool notable = login->delivery.failed != 0;
    if (login->passed_by_fail_safe || (notable && priority > LOG_WARNING))
        return LOG_WARNING;
    return priority;
}

/*
 * Further details: fail = safe, the key whose line in the map was used, the failed requests, and
 * the problem at the end.
 */
static void describe(const struct login *login, char *detail, size_t size)
{
    char last[512]; /* what fits into a log line besides the rest */
    char text[sizeof(login->delivery.why) + sizeof(last) + 128];
    const char *key = login->phone.key;
    const char *requests = login->delivery.why;
    (void)problem_shorten(login->problem.text, last, sizeof(last));
    (void)snprintf(text, sizeof(text), "%s%s%s%s%s%s%s",
                   login->passed_by_fail_safe ? "(fail = safe) " : "", *key != '\0' ? "key " : "",
                   key, *key != '\0' && (*requests != '\0' || *last != '\0') ? "; " : "", requests,
                   *requests != '\0' && *last != '\0' ? "; " : "", last);
    (void)log_escape(detail, size, text, "\"");
}

/* The texts about a login. It points into itself: do not copy it. */
struct summary {
    struct history_login login;
    char user[HISTORY_USER_SIZE];
    char service[128];
    char rhost[256];
    char detail[1400];
};

static void summarise(const struct login *login, int64_t milliseconds, struct summary *summary)
{
    const struct delivery *delivery = &login->delivery;
    const struct wire_request *request = login->request;
    bool mapped = *login->phone.number != '\0';
    const char *user = *login->user != '\0' ? login->user : request->user;
    describe(login, summary->detail, sizeof(summary->detail));
    summary->login = (struct history_login){
        .user = log_escape(summary->user, sizeof(summary->user), user, " \""),
        .service = log_escape(summary->service, sizeof(summary->service), request->service, " \""),
        .rhost = log_escape(summary->rhost, sizeof(summary->rhost), request->rhost, " \""),
        .result = result_of(login),
        .reason = reason_of(login),
        .channel = mapped ? channel_names[login->channel] : "",
        .provider = delivery->sends > 0 ? providers[delivery->provider]->name : "",
        .request = delivery->challenge.id,
        .number = mapped ? login->digits : "",
        .tries = login->tries,
        .sends = delivery->sends,
        .ms = milliseconds,
        .sent = delivery->sent,
        .detail = summary->detail,
    };
}

void verdict_log(struct login *login, int64_t milliseconds)
{
    struct summary summary;
    char text[sizeof(summary) + 512];
    summarise(login, milliseconds, &summary);
    log_line(priority_of(login), "%s", history_write(&summary.login, text, sizeof(text)));
    limits_commit(login, &summary.login);
}

/* ---- the answer ---- */

/* The answer to PAM. An end without a row of its own in verdicts[] is a denial as well. */
static int pam_code(const struct login *login)
{
    if (login->passed_by_fail_safe)
        return PAM_IGNORE;
    if (passes_as_success(login))
        return PAM_SUCCESS;
    return verdicts[login->verdict].result != NULL ? verdicts[login->verdict].code : PAM_SYSTEM_ERR;
}

int verdict_send(struct login *login)
{
    struct wire_message done = {.code = pam_code(login)};
    const char *text = login->passed_by_fail_safe ? TEXT_PASSED : verdicts[login->verdict].text;
    bool passes = pam_code_allows(done.code);
    bool told = (text == NULL || say(login, WIRE_ALERT, false, text)) &&
                wire_send(login->socket, WIRE_DONE, &done, sizeof(done)) == 0;
    if (!told && passes) /* the line that is in the log already says something else */
        log_line(LOG_NOTICE, "the application ended before it received the decision: login denied");
    return told ? 0 : 1;
}
