/* SPDX-License-Identifier: BSD-3-Clause */
/* login_internal: one login as the steps of it see it; for login.c, challenge.c, policy.c and
 * verdict.c only.
 */
#ifndef SWMFA_LOGIN_INTERNAL_H
#define SWMFA_LOGIN_INTERNAL_H

#include "auth/delivery.h"
#include "auth/login_limits.h"
#include "auth/prefetch.h"
#include "base/problem.h"
#include "config/config.h"
#include "config/phone.h"
#include "provider/outcome.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum verdict {
    VERDICT_NONE,
    VERDICT_VERIFIED,
    VERDICT_UNMAPPED_IGNORED,
    VERDICT_EXEMPT,
    VERDICT_REMEMBERED,
    VERDICT_BYPASS,
    VERDICT_BREAK_GLASS,
    VERDICT_TRIES_USED,
    VERDICT_LOCKED,
    VERDICT_SEND_LIMIT,
    VERDICT_COUNTRY,
    VERDICT_NOT_ASKED_FOR,
    VERDICT_CODE_EXPIRED,
    VERDICT_NAME_DIFFERS,
    VERDICT_CALLER_UNKNOWN,
    VERDICT_SSHD_DENIES,
    VERDICT_VOID,
    VERDICT_REFUSED,
    VERDICT_SETUP,
    VERDICT_UNAVAILABLE,
    VERDICT_STORE,
    VERDICT_GROUPS,
    VERDICT_ACCOUNT,
    VERDICT_CONFIGURATION,
    VERDICT_UNPREPARED,
    VERDICT_CONVERSATION,
    VERDICT_MEMORY,
    VERDICT_HOST_GONE,
    VERDICT_COUNT,
};

struct login {
    int socket;
    const struct wire_request *request;
    const struct problem *unprepared;

    struct config config;         /* all zero until it is loaded */
    char user[WIRE_USER_SIZE];    /* the user who gets the code */
    char account[WIRE_USER_SIZE]; /* the one name of that user's account, see username_own */
    struct phone phone;
    bool decoy; /* there is no phone, or the user is locked: nothing is sent, no code is correct */
    const struct secret *decoy_key; /* number of its digits */
    bool locked;                    /* there is one, and it is that */
    bool dropped;                   /* the process is the service user's for good */
    bool policy_holds;              /* [policy] is for this service */
    struct login_limits limits;
    struct prefetch prefetch;
    enum refusal refusal; /* why the last code that was asked for was not sent */
    enum channel channel;
    char digits[3]; /* the last two of the number, or a decoy's */
    struct delivery delivery;
    int64_t round_at; /* when the last round of sends began, delivery_now(); 0: none has */
    int rounds;
    bool delivered; /* some provider has queued a code */
    int tries;
    int words; /* answers that were words, such as help */
    int wrong; /* codes that were wrong */

    enum verdict verdict;
    enum outcome outcome; /* detail of the verdict: the result of the request */
    bool passed_by_fail_safe;
    bool exempt_success; /* PAM_SUCCESS for VERDICT_EXEMPT, in place of PAM_IGNORE */
    struct problem problem;
};

/* end: ends the login. Returns false, for `return end(...)` in a step. */
bool verdict(struct login *login, enum verdict verdict);

/* verdict_by_outcome: the same for a request whose outcome ends the login. */
bool verdict_by_outcome(struct login *login, enum outcome outcome);

/* verdict_by_sends: the same if no code can be sent: passes if verdict_is_covered. */
bool verdict_by_sends(struct login *login);

/*
 * verdict_by_store: the same if the store is unusable; may_pass: passes if fail = safe covers it.
 */
bool verdict_by_store(struct login *login, bool may_pass);

/* verdict_is_covered: returns whether fail = safe covers the failure to send a code: every provider
 * has been contacted, none has queued a code, and fail_on has each of the causes. */
bool verdict_is_covered(const struct login *login);

/* verdict_log: writes the line about the login to the log, then adds the login to the store: the
 * store may be slow, and the line must be written even if this process is killed during that. */
void verdict_log(struct login *login, int64_t milliseconds);

/* verdict_send: says the last words to the module. Returns the exit status. */
int verdict_send(struct login *login);

/* say: sends a text to the module; false, with the login ended, if it is gone. */
bool say(struct login *login, enum wire_type type, bool echo, const char *text);

/* policy_apply: decides whether the user needs a code. Returns false when the login has ended. */
bool policy_apply(struct login *login);

/*
 * name_is_own: returns whether the user's name is in the account's own spelling: a user who passes
 * by name must not pass by another spelling of it. Returns false with the problem.
 */
bool name_is_own(struct login *login);

/* ask: has codes sent and asks for them, until the login has ended. */
void ask(struct login *login);

#endif
