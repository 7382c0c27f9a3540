/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * login: see login.h.
 *
 * decide() is the list of decisions, in order. Each step either goes on or ends the login with one
 * of the ends in ends[], the only place that turns what happened into a PAM code. No end is the
 * default: a login that reaches none is a denial.
 */
#include <config.h>

#include "auth/login.h"

#include "auth/decoy.h"
#include "auth/log.h"
#include "auth/privilege.h"
#include "auth/reply.h"
#include "config/config.h"
#include "config/users.h"
#include "provider/signalwire.h"

#include <errno.h>
#include <pwd.h>
#include <security/_pam_types.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

enum end {
    END_NONE,
    END_VERIFIED,
    END_UNMAPPED_IGNORED,
    END_TRIES_USED,
    END_CODE_EXPIRED,
    END_CODE_GONE,
    END_NOT_QUEUED,
    END_INVALID,
    END_NAME_DIFFERS,
    END_CALLER_UNKNOWN,
    END_SSHD_DENIES,
    END_CREDENTIALS,
    END_FORBIDDEN,
    END_NOT_FOUND,
    END_LIMIT,
    END_SERVER,
    END_BAD_ANSWER,
    END_NETWORK,
    END_TLS,
    END_CONFIGURATION,
    END_UNPREPARED,
    END_CONVERSATION,
    END_MEMORY,
    END_HOST_GONE,
    END_COUNT,
};

#define TEXT_SETUP  "The second factor is not set up correctly. The system log says why."
#define TEXT_FAILED "The second factor is not available. Try again later."
#define TEXT_AGAIN  " Log in again to get a new one."

static const struct {
    int code;           /* the PAM code */
    int priority;       /* of the log line */
    const char *result; /* result= and reason= in the log line */
    const char *reason;
    const char *text; /* said to the person; NULL: nothing */
} ends[END_COUNT] = {
    [END_NONE] = {PAM_SYSTEM_ERR, LOG_CRIT, "error", "no-decision", NULL},
    [END_VERIFIED] = {PAM_SUCCESS, LOG_INFO, "success", "verified", NULL},
    [END_UNMAPPED_IGNORED] = {PAM_IGNORE, LOG_NOTICE, "ignored", "unmapped", NULL},
    [END_TRIES_USED] = {PAM_MAXTRIES, LOG_NOTICE, "denied", "tries-used", "Too many wrong codes."},
    [END_CODE_EXPIRED] = {PAM_AUTH_ERR, LOG_NOTICE, "denied", "code-expired",
                          "The code has expired." TEXT_AGAIN},
    [END_CODE_GONE] = {PAM_AUTH_ERR, LOG_NOTICE, "denied", "code-void",
                       "The code is not valid any more." TEXT_AGAIN},
    [END_NOT_QUEUED] = {PAM_AUTH_ERR, LOG_ERR, "denied", "not-queued", TEXT_FAILED},
    [END_INVALID] = {PAM_AUTH_ERR, LOG_ERR, "denied", "provider-refused", TEXT_FAILED},
    [END_NAME_DIFFERS] = {PAM_AUTH_ERR, LOG_NOTICE, "denied", "name-differs", NULL},
    [END_CALLER_UNKNOWN] = {PAM_AUTH_ERR, LOG_ERR, "denied", "caller-unknown", NULL},
    [END_SSHD_DENIES] = {PAM_AUTH_ERR, LOG_NOTICE, "denied", "sshd-denies", NULL},
    [END_CREDENTIALS] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "credentials", TEXT_SETUP},
    [END_FORBIDDEN] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "forbidden", TEXT_SETUP},
    [END_NOT_FOUND] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "not-found", TEXT_SETUP},
    [END_LIMIT] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "provider-limit", TEXT_FAILED},
    [END_SERVER] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "provider-error", TEXT_FAILED},
    [END_BAD_ANSWER] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "bad-answer", TEXT_FAILED},
    [END_NETWORK] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "network", TEXT_FAILED},
    [END_TLS] = {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "error", "tls", TEXT_FAILED},
    [END_CONFIGURATION] = {PAM_SERVICE_ERR, LOG_ERR, "error", "configuration", TEXT_SETUP},
    [END_UNPREPARED] = {PAM_SERVICE_ERR, LOG_CRIT, "error", "privileges", TEXT_SETUP},
    [END_CONVERSATION] = {PAM_CONV_ERR, LOG_NOTICE, "denied", "conversation", NULL},
    [END_MEMORY] = {PAM_BUF_ERR, LOG_CRIT, "error", "memory", NULL},
    [END_HOST_GONE] = {PAM_CONV_ERR, LOG_NOTICE, "aborted", "host-gone", NULL},
};

struct login {
    int socket;
    const struct wire_request *request;
    const struct problem *unprepared;

    struct config config;      /* all zero until it is loaded */
    char user[WIRE_USER_SIZE]; /* whom the code is for */
    struct phone phone;
    bool decoy; /* there is no phone: nothing is sent, nothing can be right */
    enum channel channel;
    char digits[3]; /* the last two of the number, or a decoy's */
    struct rest *rest;
    char id[SIGNALWIRE_ID_SIZE];
    time_t sent_at; /* CLOCK_BOOTTIME */
    int tries;
    int sends;

    enum end end;
    bool passed_by_fail_safe;
    struct problem problem;
};

static const char *const channel_words[] = {"SMS", "voice call"};

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Ends the login. Returns false, for `return end(...)` in a step. */
static bool end(struct login *login, enum end end)
{
    login->end = end;
    return false;
}

static bool past_validity(const struct login *login)
{
    return clock_ms(CLOCK_BOOTTIME) / 1000 - login->sent_at >= login->config.signalwire.valid_for;
}

/*
 * Only where root started the application, as sshd and login: the caller of su or sudo owns enough
 * of what a request needs (limits, priority, a freezer) to make an outage himself.
 */
static bool covered_by_fail_safe(const struct login *login, enum outcome outcome)
{
    return login->config.fail == FAIL_SAFE && login->request->caller_uid == 0 &&
           (outcome == OUTCOME_NETWORK || outcome == OUTCOME_SERVER);
}

/* What an outcome that does not let the login go on ends it with. */
static bool end_by_outcome(struct login *login, enum outcome outcome)
{
    static const enum end by_outcome[] = {
        [OUTCOME_OK] = END_NONE,
        [OUTCOME_WRONG] = END_NONE,
        [OUTCOME_GONE] = END_CODE_GONE,
        [OUTCOME_NOT_QUEUED] = END_NOT_QUEUED,
        [OUTCOME_INVALID] = END_INVALID,
        [OUTCOME_CREDENTIALS] = END_CREDENTIALS,
        [OUTCOME_FORBIDDEN] = END_FORBIDDEN,
        [OUTCOME_NOT_FOUND] = END_NOT_FOUND,
        [OUTCOME_LIMIT] = END_LIMIT,
        [OUTCOME_SERVER] = END_SERVER,
        [OUTCOME_BAD_ANSWER] = END_BAD_ANSWER,
        [OUTCOME_NETWORK] = END_NETWORK,
        [OUTCOME_TLS] = END_TLS,
        [OUTCOME_MEMORY] = END_MEMORY,
        [OUTCOME_ABANDONED] = END_HOST_GONE,
    };
    login->passed_by_fail_safe = covered_by_fail_safe(login, outcome);
    if (outcome == OUTCOME_GONE && past_validity(login))
        return end(login, END_CODE_EXPIRED);
    return end(login, by_outcome[outcome]);
}

static bool say(struct login *login, enum wire_type type, const char *text)
{
    struct wire_say message = {.echo = login->config.echo == 1};
    if (wire_put(message.text, sizeof(message.text), text) &&
        wire_send(login->socket, type, &message, sizeof(message)) == 0)
        return true;
    return end(login, END_HOST_GONE);
}

/* One field of a log line: blanks and quotes cannot forge another. */
static const char *field(char *buffer, size_t size, const char *value)
{
    return *value != '\0' ? log_escape(buffer, size, value, " \"") : "-";
}

/* ---- as root ---- */

static bool load_configuration(struct login *login)
{
    const char *path = *login->request->conf != '\0' ? login->request->conf : NULL;
    if (!config_load(path, &login->config, &login->problem))
        return end(login, END_CONFIGURATION);
    char tty[64];
    char ruser[64];
    log_debug("configuration read; tty=%s ruser=%s uid=%u",
              field(tty, sizeof(tty), login->request->tty),
              field(ruser, sizeof(ruser), login->request->ruser), login->request->caller_uid);
    return true;
}

/* The person who is asked: PAM_USER, or with use_uid the one who called su. */
static bool find_person(struct login *login)
{
    if ((login->request->flags & WIRE_FLAG_USE_UID) == 0)
        return wire_put(login->user, sizeof(login->user), login->request->user);
    const struct passwd *caller = getpwuid(login->request->caller_uid);
    if (caller != NULL && wire_put(login->user, sizeof(login->user), caller->pw_name))
        return true;
    problem_set(&login->problem, "use_uid: no user with uid %u", login->request->caller_uid);
    return end(login, END_CALLER_UNKNOWN);
}

/*
 * unmapped = ignore lets a user pass by name, so the name must be the account's own: where NSS
 * finds an account under several spellings, "ALICE" must not pass in place of the mapped "alice".
 */
static bool ignore_unmapped(struct login *login)
{
    errno = 0;
    const struct passwd *account = getpwnam(login->user);
    if (account != NULL && strcmp(account->pw_name, login->user) == 0)
        return end(login, END_UNMAPPED_IGNORED);
    problem_set(&login->problem,
                account != NULL ? "unmapped = ignore: the account's own name differs from the one "
                                  "that was given"
                                : "unmapped = ignore: the account cannot be looked up");
    return end(login, END_NAME_DIFFERS);
}

static bool find_phone(struct login *login)
{
    login->channel = (enum channel)login->config.channel;
    switch (users_find(login->config.users, login->user, login->config.unmapped == UNMAPPED_IGNORE,
                       &login->phone, &login->problem)) {
    case USERS_FOUND:
        memcpy(login->digits, login->phone.number + strlen(login->phone.number) - 2, 3);
        if (login->phone.channel_count > 0)
            login->channel = login->phone.channels[0];
        log_debug("found in the map; channel %s", channel_names[login->channel]);
        return true;
    case USERS_ABSENT:
        if (login->config.unmapped == UNMAPPED_IGNORE)
            return ignore_unmapped(login);
        problem_set(&login->problem, "not in %.400s", login->config.users);
        break;
    case USERS_BAD_LINE:
        break;
    default:
        return end(login, END_CONFIGURATION);
    }
    login->decoy = true;
    log_debug("no number to be used; asks without sending anything");
    if (!decoy_digits(&login->config.signalwire.api_token, login->user, login->digits))
        return end(login, END_MEMORY);
    return true;
}

static bool drop_privileges(struct login *login)
{
    return privilege_drop(&login->problem) || end(login, END_UNPREPARED);
}

/* ---- as the service user ---- */

static bool send_code(struct login *login)
{
    login->sent_at = clock_ms(CLOCK_BOOTTIME) / 1000;
    if (login->decoy)
        return true;
    login->rest = signalwire_new(&login->config, login->socket);
    if (login->rest == NULL)
        return end(login, END_MEMORY);
    login->sends++;
    enum outcome outcome =
        signalwire_send(login->rest, &login->config.signalwire, login->phone.number, login->channel,
                        login->id, &login->problem);
    log_debug("send: outcome %d", (int)outcome);
    return outcome == OUTCOME_OK || end_by_outcome(login, outcome);
}

/* Asks for a code. intro: what the person must know. */
static bool prompt(struct login *login, const char *intro, const struct code_form *form,
                   enum reply_kind *kind, char *code)
{
    char text[WIRE_TEXT_SIZE];
    struct wire_reply reply = {0};
    (void)snprintf(text, sizeof(text), "%s\nCode: ", intro);
    if (!say(login, WIRE_PROMPT, text))
        return false;
    enum wire_result received = wire_receive(login->socket, &reply, sizeof(reply));
    if (received != WIRE_OK || reply.head.type != WIRE_REPLY) {
        explicit_bzero(&reply, sizeof(reply));
        return end(login, END_HOST_GONE);
    }
    *kind = reply_read(&reply, form, code);
    explicit_bzero(&reply, sizeof(reply));
    return true;
}

/* A decoy's code is wrong, then expired; only the provider can say that another is right. */
static enum outcome check_code(struct login *login, const char *code)
{
    if (login->decoy)
        return past_validity(login) ? OUTCOME_GONE : OUTCOME_WRONG;
    return signalwire_verify(login->rest, login->id, code, &login->problem);
}

/* One try. Returns true to ask again, with intro set to what the next prompt says. */
static bool try_code(struct login *login, char *intro, size_t size, int *attempts)
{
    const struct signalwire_config *provider = &login->config.signalwire;
    const struct code_form form = {.length = (size_t)provider->token_length,
                                   .letters = provider->allow_alphas == 1};
    char code[REPLY_CODE_SIZE] = "";
    enum reply_kind kind = REPLY_CONV_FAILED;
    if (!prompt(login, intro, &form, &kind, code))
        return false;

    switch (kind) {
    case REPLY_CODE:
        break;
    case REPLY_NO_CODE:
        (void)snprintf(intro, size, "That is not a code of %d %s. Try again.",
                       provider->token_length, form.letters ? "digits and letters" : "digits");
        return true;
    case REPLY_SSHD_DENIES:
        problem_set(&login->problem, "sshd has refused this user before: see PermitRootLogin, "
                                     "AllowUsers, DenyUsers in sshd_config");
        return end(login, END_SSHD_DENIES);
    default:
        return end(login, END_CONVERSATION);
    }
    enum outcome outcome = check_code(login, code);
    explicit_bzero(code, sizeof(code));
    log_debug("verify: outcome %d", (int)outcome);
    if (outcome == OUTCOME_OK)
        return end(login, END_VERIFIED);
    if (outcome != OUTCOME_WRONG)
        return end_by_outcome(login, outcome);
    ++*attempts;
    (void)snprintf(intro, size, "Wrong code. Try again.");
    return true;
}

static bool ask_for_code(struct login *login)
{
    char intro[128];
    int attempts = 0; /* of the provider's max_attempts */
    (void)snprintf(intro, sizeof(intro), "Code sent by %s to the number ending in %s.",
                   channel_words[login->channel], login->digits);
    while (login->tries < login->config.tries && attempts < login->config.signalwire.max_attempts) {
        login->tries++;
        if (!try_code(login, intro, sizeof(intro), &attempts))
            return false;
    }
    return end(login, END_TRIES_USED);
}

/* ---- the whole ---- */

static void decide(struct login *login)
{
    if (login->unprepared != NULL) {
        login->problem = *login->unprepared;
        login->end = END_UNPREPARED;
        return;
    }
    (void)(load_configuration(login) && find_person(login) && find_phone(login) &&
           drop_privileges(login) && send_code(login) && ask_for_code(login));
}

static void report(const struct login *login, int64_t milliseconds)
{
    char user[256];
    char service[128];
    char rhost[256];
    char detail[700];
    bool mapped = *login->phone.number != '\0' && !login->decoy;
    bool safe = login->passed_by_fail_safe;

    (void)log_escape(detail, sizeof(detail), login->problem.text, "\"");
    log_line(safe ? LOG_WARNING : ends[login->end].priority,
             "user=%s service=%s rhost=%s result=%s reason=%s channel=%s provider=%s request=%s "
             "number=%s%s tries=%d sends=%d ms=%lld%s%s%s%s",
             field(user, sizeof(user), *login->user != '\0' ? login->user : login->request->user),
             field(service, sizeof(service), login->request->service),
             field(rhost, sizeof(rhost), login->request->rhost),
             safe ? "ignored" : ends[login->end].result, ends[login->end].reason,
             mapped ? channel_names[login->channel] : "-", mapped ? "signalwire" : "-",
             *login->id != '\0' ? login->id : "-", mapped ? "*" : "-", mapped ? login->digits : "",
             login->tries, login->sends, (long long)milliseconds,
             *detail != '\0' ? " detail=\"" : "", detail, safe ? " (fail = safe)" : "",
             *detail != '\0' ? "\"" : "");
}

/* The answer to PAM. An end without a row of its own in ends[] is a denial as well. */
static int pam_code(const struct login *login)
{
    if (login->passed_by_fail_safe)
        return PAM_IGNORE;
    return ends[login->end].result != NULL ? ends[login->end].code : PAM_SYSTEM_ERR;
}

/* Says the last words. Returns the exit status. */
static int tell(struct login *login)
{
    struct wire_say done = {.code = pam_code(login)};
    const char *text = login->passed_by_fail_safe ? NULL : ends[login->end].text;
    if (text != NULL && !say(login, WIRE_INFO, text))
        return 1;
    return wire_send(login->socket, WIRE_DONE, &done, sizeof(done)) == 0 ? 0 : 1;
}

int login_run(int socket, const struct wire_request *request, const struct problem *unprepared)
{
    int64_t start = clock_ms(CLOCK_MONOTONIC);
    struct login login = {.socket = socket, .request = request, .unprepared = unprepared};

    decide(&login);
    rest_free(login.rest);
    config_free(&login.config);
    report(&login, clock_ms(CLOCK_MONOTONIC) - start);
    return tell(&login);
}
