/* SPDX-License-Identifier: BSD-3-Clause */
/* guard: see guard.h. */
#include <config.h>

#include "auth/guard.h"

#include "auth/flow.h"
#include "auth/log.h"
#include "store/codes.h"
#include "store/tries.h"

#include <poll.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

/* For other logins. With the longest request it is below the module's patience. */
#define WAIT_MS 4000

/* ---- transactions ---- */

static bool store_failed(struct login *login)
{
    login->problem = *store_problem(login->guard.store);
    return end_by_store(login);
}

static bool note_times(struct login *login)
{
    struct guard *guard = &login->guard;
    for (unsigned i = 0; i < PACE_COUNT; i++) {
        if (guard->took_us[i] > 0 && !pace_add(guard->store, (enum pace)i, guard->took_us[i]))
            return false;
        guard->took_us[i] = 0;
    }
    return true;
}

static bool begin(struct login *login, enum store_access access, int64_t milliseconds)
{
    struct moment moment;
    if (!moment_now(&moment, &login->problem))
        return end_by_store(login);
    if (milliseconds > WAIT_MS)
        milliseconds = WAIT_MS;
    return store_begin(login->guard.store, access, &moment,
                       milliseconds > 0 ? (int)milliseconds : 0) ||
           store_failed(login);
}

/* ---- who is locked ---- */

/* From now on nothing is sent for this person, and nothing is right. */
static void lock(struct login *login, const struct tries *tries)
{
    char left[64] = "an administrator unlocks";
    if (!tries->for_ever)
        limit_time_write(tries->locked_for_ms, left, sizeof(left));
    if (!login->decoy) /* for others the problem says why already */
        problem_set(&login->problem, "%lld failure%s in a row; %s%s; swmfactl unlock %.200s",
                    (long long)tries->failures, tries->failures == 1 ? "" : "s",
                    tries->for_ever ? "locked until " : "locked for ", left, login->user);
    login->locked = login->locked || !login->decoy;
    login->decoy = true;
}

/* ---- entering ---- */

static struct remember_about whereabouts(const struct login *login)
{
    const struct remember_about about = {.user = login->guard.user,
                                         .service = login->request->service,
                                         .place = login->guard.place,
                                         .phone = login->phone.number};
    return about;
}

/* Somebody without a number is counted among others: a name with a blank is nobody's in the map. */
static void name_person(struct login *login)
{
    struct guard *guard = &login->guard;
    struct moment moment;
    struct problem ignored = {0};
    if (login->decoy)
        (void)snprintf(guard->user, sizeof(guard->user), "? %s", login->digits);
    else
        (void)snprintf(guard->user, sizeof(guard->user), "%s", login->user);
    sends_address(login->request->rhost, guard->address, sizeof(guard->address));
    if (login->config.policy.remember > 0 && login->policy_holds && moment_now(&moment, &ignored))
        (void)remember_place(login->request->rhost, login->request->tty, &moment, guard->place);
}

static bool end_remembered(struct login *login, int64_t left_ms)
{
    char left[64];
    limit_time_write(left_ms, left, sizeof(left));
    problem_set(&login->problem, "for %s more", left);
    return end(login, END_REMEMBERED);
}

bool guard_enter(struct login *login)
{
    struct guard *guard = &login->guard;
    const struct remember_about about = whereabouts(login);
    struct tries tries = {0};
    int64_t remembered_ms = 0;
    name_person(login);
    guard->store = store_open(STORE_FOLDER, &login->problem);
    if (guard->store == NULL)
        return end_by_store(login);
    if (store_is_new(guard->store))
        log_line(LOG_WARNING, "%s", STORE_IS_NEW);
    if (!begin(login, STORE_READ, WAIT_MS))
        return false;
    bool good =
        tries_look(guard->store, guard->user, &tries) &&
        (*guard->place == '\0' ||
         remember_look(guard->store, &about, login->config.policy.remember, &remembered_ms)) &&
        codes_left(guard->store, guard->user, &guard->codes_left);
    if (!good)
        return store_failed(login);
    store_cancel(guard->store); /* nothing was written */
    log_debug("store read; failures=%lld locked=%d break-glass codes=%lld",
              (long long)tries.failures, tries.locked, (long long)guard->codes_left);
    if (tries.locked)
        lock(login, &tries);
    if (login->decoy || remembered_ms == 0)
        return true;
    return end_remembered(login, remembered_ms);
}

/* ---- sends ---- */

static void refuse(struct login *login, enum refusal refusal)
{
    login->refusal = refusal;
    log_debug("no code may be sent: %s", login->problem.text);
}

static void refuse_by_limit(struct login *login, const struct sends_refusal *refusal)
{
    char window[32];
    char left[64];
    limit_time_write(refusal->free_in_ms, left, sizeof(left));
    if (!login->decoy)
        problem_set(&login->problem, "[limits] %s: %d/%s is reached, for %s more", refusal->key,
                    refusal->limit.most,
                    limit_span_write(refusal->limit.seconds, window, sizeof(window)), left);
    refuse(login, REFUSAL_LIMIT);
}

bool guard_send(struct login *login, int64_t deadline)
{
    struct guard *guard = &login->guard;
    struct tries tries = {0};
    struct sends_refusal refusal;
    login->refusal = REFUSAL_NONE;
    bool has_number = *login->phone.number != '\0';
    if (has_number && !countries_permit(login->config.countries, login->phone.number)) {
        if (!login->decoy)
            problem_set(&login->problem, "the number ending in %s is in none of [limits] countries",
                        login->digits);
        refuse(login, REFUSAL_COUNTRY);
        return true;
    }
    if (!begin(login, STORE_WRITE, deadline - delivery_now()))
        return false;
    if (!tries_look(guard->store, guard->user, &tries))
        return store_failed(login);
    if (tries.locked)
        lock(login, &tries);
    const struct sends_about about = {.user = guard->user,
                                      .phone = has_number ? login->phone.number : guard->user,
                                      .pretended = login->decoy,
                                      .address = guard->address};
    enum sends sends =
        sends_count(guard->store, &login->config.sends, &about, guard->send_id, &refusal);
    if (sends == SENDS_FAILED || !note_times(login) ||
        !pace_draw(guard->store, PACE_SEND, &guard->wait_us) || !store_commit(guard->store))
        return store_failed(login);
    if (sends == SENDS_REFUSED)
        refuse_by_limit(login, &refusal);
    return true;
}

void guard_give_back(struct login *login)
{
    struct guard *guard = &login->guard;
    struct moment moment;
    struct problem ignored = {0};
    if (!moment_now(&moment, &ignored))
        return;
    if (!store_begin(guard->store, STORE_RELAX, &moment, WAIT_MS) ||
        !sends_give_back(guard->store, guard->send_id) || !store_commit(guard->store))
        log_line(LOG_WARNING, "a send that failed stays counted: %s",
                 store_problem(guard->store)->text);
}

/* ---- tries ---- */

bool guard_try(struct login *login)
{
    struct guard *guard = &login->guard;
    struct tries tries = {0};
    if (!begin(login, STORE_WRITE, WAIT_MS))
        return false;
    if (!tries_count(guard->store, guard->user, login->config.failures, &tries) ||
        !note_times(login) || !pace_draw(guard->store, PACE_VERIFY, &guard->wait_us) ||
        !store_commit(guard->store))
        return store_failed(login);
    guard->attempt = tries.attempt;
    if (tries.locked)
        lock(login, &tries);
    return true;
}

/* Within a transaction. */
static bool forgive_and_remember(struct login *login)
{
    struct guard *guard = &login->guard;
    const struct remember_about about = whereabouts(login);
    return tries_forgive(guard->store, guard->user, guard->attempt) &&
           (*guard->place == '\0' ||
            remember_add(guard->store, &about, login->config.policy.remember));
}

void guard_right(struct login *login)
{
    struct guard *guard = &login->guard;
    struct moment moment;
    if (!moment_now(&moment, &login->problem))
        return;
    if (!store_begin(guard->store, STORE_RELAX, &moment, WAIT_MS) || !forgive_and_remember(login) ||
        !note_times(login) || !store_commit(guard->store))
        problem_set(&login->problem, "this try stays counted as a failure: %.400s",
                    store_problem(guard->store)->text);
}

/* ---- break-glass codes ---- */

/* Uses the code up; of several logins with the same code one does. */
static bool use_code(struct login *login, const char *code, const char *hash, bool *used)
{
    struct guard *guard = &login->guard;
    return begin(login, STORE_WRITE, WAIT_MS) &&
           ((codes_use(guard->store, guard->user, code, hash, used) &&
             (!*used || forgive_and_remember(login)) &&
             codes_left(guard->store, guard->user, &guard->codes_left) &&
             store_commit(guard->store)) ||
            store_failed(login));
}

bool guard_break_glass(struct login *login, const char *code, bool *wrong)
{
    struct guard *guard = &login->guard;
    char hash[CODES_HASH_SIZE] = "";
    bool used = false;
    *wrong = true;
    if (!begin(login, STORE_READ, WAIT_MS))
        return false;
    if (!codes_hash(guard->store, guard->user, code, hash))
        return store_failed(login);
    store_cancel(guard->store); /* nothing was written */
    if (!codes_match(code, login->decoy ? "" : hash))
        return true;
    if (!use_code(login, code, hash, &used))
        return false;
    *wrong = !used;
    return true;
}

/* ---- time ---- */

void guard_took(struct login *login, enum pace pace, int64_t microseconds)
{
    login->guard.took_us[pace] = microseconds;
}

void guard_wait(struct login *login)
{
    struct pollfd host = {.fd = login->socket, .events = POLLIN | POLLRDHUP};
    struct timespec left = {.tv_sec = login->guard.wait_us / 1000000,
                            .tv_nsec = login->guard.wait_us % 1000000 * 1000};
    (void)ppoll(&host, 1, &left, NULL);
    login->guard.wait_us = 0;
}

void guard_end(struct login *login)
{
    store_close(login->guard.store);
    login->guard.store = NULL;
}
