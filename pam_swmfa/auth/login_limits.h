/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * login_limits: what the store has to say at each step of a login: whether the person is locked or
 * remembered, whether a code may be sent or tried, and what is kept of it all.
 *
 * Whoever has no number, or is locked, takes the same steps with the same transactions (a decoy):
 * only that nothing is counted for a phone or the host, and no code is looked up.
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

/* What a login knows of the store; all zero before limits_load. */
struct login_limits {
    struct store *store;
    char user[WIRE_USER_SIZE]; /* as whom the person is counted */
    char address[WIRE_RHOST_SIZE];
    char place[REMEMBER_PLACE_SIZE]; /* "": not to be remembered */
    char send_id[SENDS_ID_SIZE];     /* of the last send that was counted */
    int64_t attempt;                 /* the number of the last try that was counted; 0: none was */
    struct failures failures;        /* where that try left the person */
    int64_t codes_left;              /* break-glass codes */
    enum latency sends;              /* of what kind the last send is */
    int64_t began_us;                /* when the last request began */
    int64_t took_us[LATENCY_COUNT];  /* how long requests of each kind have taken; 0: none was */
    int64_t wait_us;                 /* a decoy: how long the request would have taken */
};

/* Why no code may be sent now. */
enum refusal {
    REFUSAL_NONE,
    REFUSAL_LIMIT,
    REFUSAL_COUNTRY,
};

/* limits_locate: finds the place that the person may be remembered at. As root: who may not see
 * other users' processes does not see the one that leads the session. */
void limits_locate(struct login *login);

/*
 * limits_load: opens the store and looks the person up in it: login->locked, and a decoy from then
 * on; or the end of the login for who is remembered. Returns false when the login has ended.
 */
bool limits_load(struct login *login);

/*
 * limits_count_send: before a send: checks the limits and counts it; login->refusal says if it must
 * not be made. Waits for others until the deadline, delivery_now(), at most. Returns false when the
 * login has ended.
 */
bool limits_count_send(struct login *login, int64_t deadline);

/* limits_refund_send: the send that was counted last has certainly not happened. */
void limits_refund_send(struct login *login);

/* limits_count_attempt: before a code is looked at: counts the try. Returns false when the login
 * has ended. */
bool limits_count_attempt(struct login *login);

/* limits_keep_attempt: the code was wrong. If that has locked the person, that is the problem. */
void limits_keep_attempt(struct login *login);

/*
 * limits_use_break_glass: whether a code that was typed, and counted by limits_count_attempt, is a
 * break-glass code of the person that had not been used; it is used then. Otherwise *wrong, or
 * false when the login has ended.
 */
bool limits_use_break_glass(struct login *login, const char *code, bool *wrong);

/*
 * limits_begin_request: a request begins, or for a decoy one that is not made. limits_wait: a decoy
 * waits until as much time has passed as one takes. limits_end_request: it is over, and its time to
 * be kept.
 */
void limits_begin_request(struct login *login);
void limits_wait(struct login *login);
void limits_end_request(struct login *login, bool verify);

/*
 * limits_commit: the login is decided: after a right code nothing is held against the person, and
 * the place is remembered; the login is kept in the history. Decides nothing: what could not be
 * written is a line in the log.
 */
void limits_commit(struct login *login, const struct history_login *summary);

/* limits_close: closes the store. */
void limits_close(struct login *login);

#endif
