/* SPDX-License-Identifier: BSD-3-Clause */
/* flow: one login as the steps of it see it; for login.c, ask.c, policy.c and end.c only. */
#ifndef SWMFA_FLOW_H
#define SWMFA_FLOW_H

#include "auth/prefetch.h"
#include "auth/delivery.h"
#include "auth/login_limits.h"
#include "base/problem.h"
#include "config/config.h"
#include "config/phone.h"
#include "provider/outcome.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum end {
    END_NONE,
    END_VERIFIED,
    END_UNMAPPED_IGNORED,
    END_EXEMPT,
    END_REMEMBERED,
    END_PASS,
    END_BREAK_GLASS,
    END_TRIES_USED,
    END_LOCKED,
    END_SEND_LIMIT,
    END_COUNTRY,
    END_NOT_ASKED_FOR,
    END_CODE_EXPIRED,
    END_NAME_DIFFERS,
    END_CALLER_UNKNOWN,
    END_SSHD_DENIES,
    END_VOID,
    END_REFUSED,
    END_SETUP,
    END_UNAVAILABLE,
    END_STORE,
    END_GROUPS,
    END_ACCOUNT,
    END_CONFIGURATION,
    END_UNPREPARED,
    END_CONVERSATION,
    END_MEMORY,
    END_HOST_GONE,
    END_COUNT,
};

struct login {
    int socket;
    const struct wire_request *request;
    const struct problem *unprepared;

    struct config config;         /* all zero until it is loaded */
    char user[WIRE_USER_SIZE];    /* whom the code is for */
    char account[WIRE_USER_SIZE]; /* the one name of that user's account, see username_own */
    struct phone phone;
    bool decoy; /* there is no phone, or the person is locked: nothing is sent, nothing is right */
    const struct secret *decoy_key; /* of its digits */
    bool locked;                    /* there is one, and it is that */
    bool dropped;                   /* the process is the service user's for good */
    bool policy_holds;              /* [policy] is for this service */
    struct guard guard;
    struct ahead ahead;
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

    enum end end;
    enum outcome outcome; /* where the end does not say it all: what became of the request */
    bool passed_by_fail_safe;
    bool exempt_success; /* PAM_SUCCESS for END_EXEMPT, in place of PAM_IGNORE */
    struct problem problem;
};

/* end: ends the login. Returns false, for `return end(...)` in a step. */
bool end(struct login *login, enum end end);

/* end_by_outcome: the same, by what became of a request that lets the login not go on. */
bool end_by_outcome(struct login *login, enum outcome outcome);

/*
 * end_by_sends: the same, when no code can be had: passes if end_is_covered.
 */
bool end_by_sends(struct login *login);

/* end_by_store: the same, when the store cannot be used; may_pass: passes if fail = safe covers it.
 */
bool end_by_store(struct login *login, bool may_pass);

/* end_is_covered: whether fail = safe covers it that no code could be sent: every provider has been
 * asked, none has queued a code, and each of the failures is a cause that it covers. */
bool end_is_covered(const struct login *login);

/* end_report: writes the one line about the login to the log, then keeps the login in the store:
 * the store may be slow, and the line must be written even if this process is killed meanwhile. */
void end_report(struct login *login, int64_t milliseconds);

/* end_tell: says the last words to the module. Returns the exit status. */
int end_tell(struct login *login);

/* say: sends a text to the module; false, with the login ended, if it is gone. */
bool say(struct login *login, enum wire_type type, bool echo, const char *text);

/* policy_apply: whether the person must be asked at all. Returns false when the login has ended. */
bool policy_apply(struct login *login);

/*
 * name_is_own: whether the user's name is written as the account's own: what passes by name must
 * not pass by another spelling of it. Returns false with the problem.
 */
bool name_is_own(struct login *login);

/* ask: has codes sent and asks for them, until the login has ended. */
void ask(struct login *login);

#endif
