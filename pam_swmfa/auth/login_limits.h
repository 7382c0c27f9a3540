/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guard: what the store has to say at each step of a login: whether the person is locked or
 * remembered, whether a code may be sent or tried, and what is kept of it all.
 *
 * Whoever has no number, or is locked, takes the same steps with the same transactions (a decoy):
 * only that nothing is counted for a phone or the host, and no code is looked up.
 */
#ifndef SWMFA_GUARD_H
#define SWMFA_GUARD_H

#include "store/history.h"
#include "store/latency.h"
#include "store/remember.h"
#include "store/sends.h"
#include "store/store.h"
#include "store/failures.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct login;

/* What a login knows of the store; all zero before guard_enter. */
struct guard {
    struct store *store;
    char user[WIRE_USER_SIZE]; /* as whom the person is counted */
    char address[WIRE_RHOST_SIZE];
    char place[REMEMBER_PLACE_SIZE]; /* "": not to be remembered */
    char send_id[SENDS_ID_SIZE];     /* of the last send that was counted */
    int64_t attempt;                 /* the number of the last try that was counted; 0: none was */
    struct tries tries;              /* where that try left the person */
    int64_t codes_left;              /* break-glass codes */
    enum pace sends;                 /* of what kind the last send is */
    int64_t began_us;                /* when the last request began */
    int64_t took_us[PACE_COUNT];     /* how long requests of each kind have taken; 0: none was */
    int64_t wait_us;                 /* a decoy: how long the request would have taken */
};

/* Why no code may be sent now. */
enum refusal {
    REFUSAL_NONE,
    REFUSAL_LIMIT,
    REFUSAL_COUNTRY,
};

/* guard_locate: finds the place that the person may be remembered at. As root: who may not see
 * other users' processes does not see the one that leads the session. */
void guard_locate(struct login *login);

/*
 * guard_enter: opens the store and looks the person up in it: login->locked, and a decoy from then
 * on; or the end of the login for who is remembered. Returns false when the login has ended.
 */
bool guard_enter(struct login *login);

/*
 * guard_send: before a send: checks the limits and counts it; login->refusal says if it must not be
 * made. Waits for others until the deadline, delivery_now(), at most. Returns false when the login
 * has ended.
 */
bool guard_send(struct login *login, int64_t deadline);

/* guard_give_back: the send that was counted last has certainly not happened. */
void guard_give_back(struct login *login);

/* guard_try: before a code is looked at: counts the try. Returns false when the login has ended. */
bool guard_try(struct login *login);

/* guard_wrong: the code was wrong. If that has locked the person, that is the problem. */
void guard_wrong(struct login *login);

/*
 * guard_break_glass: whether a code that was typed, and counted by guard_try, is a break-glass code
 * of the person that had not been used; it is used then. Otherwise *wrong, or false when the login
 * has ended.
 */
bool guard_break_glass(struct login *login, const char *code, bool *wrong);

/*
 * guard_request: a request begins, or for a decoy one that is not made. guard_wait: a decoy waits
 * until as much time has passed as one takes. guard_took: it is over, and its time to be kept.
 */
void guard_request(struct login *login);
void guard_wait(struct login *login);
void guard_took(struct login *login, bool verify);

/*
 * guard_settle: the login is decided: after a right code nothing is held against the person, and
 * the place is remembered; the login is kept in the history. Decides nothing: what could not be
 * written is a line in the log.
 */
void guard_settle(struct login *login, const struct history_login *summary);

/* guard_end: closes the store. */
void guard_end(struct login *login);

#endif
