/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * login_limits: the store's part in each step of a login: whether the user is locked or remembered,
 * whether a code may be sent or tried, and the records of all that.
 *
 * Users without a number, and locked users, take the same steps with the same transactions (a
 * decoy), but nothing is counted for a phone or the host, and no code is looked up.
 */
#ifndef SWMFA_LOGIN_LIMITS_H
#define SWMFA_LOGIN_LIMITS_H

#include "store/failures.h"
#include "store/history.h"
#include "store/latency.h"
#include "store/remember.h"
#include "store/sends.h"
#include "store/store.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct login;

/* A login's data from the store; all zero before limits_load. */
struct login_limits {
    struct store *store;
    char user[WIRE_USER_SIZE]; /* the name under which the user is counted */
    char address[WIRE_RHOST_SIZE];
    char place[REMEMBER_PLACE_SIZE]; /* "": not to be remembered */
    char send_id[SENDS_ID_SIZE];     /* of the last send that was counted */
    int64_t attempt;                 /* the number of the last try that was counted; 0: none was */
    struct failures failures;        /* the user's failures and lock after that attempt */
    int64_t codes_left;              /* break-glass codes */
    enum latency sends;              /* the kind of the last send */
    int64_t began_us;                /* when the last request began */
    int64_t took_us[LATENCY_COUNT];  /* the durations of requests of each kind; 0: none was made */
    int64_t wait_us;                 /* for a decoy: how long the request would have taken */
};

/* Why no code may be sent now. */
enum refusal {
    REFUSAL_NONE,
    REFUSAL_LIMIT,
    REFUSAL_COUNTRY,
};

/* limits_locate: finds the key under which the login may be remembered. Runs as root: a user who
 * may not see other users' processes does not see the session's leader. */
void limits_locate(struct login *login);

/*
 * limits_load: opens the store and looks the user up in it: sets login->locked, and then a decoy;
 * or ends the login of a remembered user. Returns false when the login has ended.
 */
bool limits_load(struct login *login);

/*
 * limits_count_send: before a send: checks the limits and counts it; login->refusal says if it must
 * not be made. Waits for others until the deadline, delivery_now(), at most. Returns false when the
 * login has ended.
 */
bool limits_count_send(struct login *login, int64_t deadline);

/* limits_refund_send: takes back the last counted send, which certainly did not happen. */
void limits_refund_send(struct login *login);

/* limits_count_attempt: before a code is looked at: counts the try. Returns false when the login
 * has ended. */
bool limits_count_attempt(struct login *login);

/* limits_keep_attempt: keeps the attempt as a failure. If that has locked the user, the problem
 * says so. */
void limits_keep_attempt(struct login *login);

/*
 * limits_use_break_glass: finds whether a typed code, which limits_count_attempt has counted, is an
 * unused break-glass code of the user, and uses it up. Otherwise sets *wrong, or returns false when
 * the login has ended.
 */
bool limits_use_break_glass(struct login *login, const char *code, bool *wrong);

/*
 * limits_begin_request: a request begins, or for a decoy one that is not made. limits_wait: a decoy
 * waits for as long as a request takes. limits_end_request: it has ended, and its duration is to be
 * kept.
 */
void limits_begin_request(struct login *login);
void limits_wait(struct login *login);
void limits_end_request(struct login *login, bool verify);

/*
 * limits_commit: writes the decided login: a correct code forgives the user's failures, and the
 * login is remembered and added to the history. It decides nothing: a failure to write is a line in
 * the log.
 */
void limits_commit(struct login *login, const struct history_login *summary);

/* limits_close: closes the store. */
void limits_close(struct login *login);

#endif
