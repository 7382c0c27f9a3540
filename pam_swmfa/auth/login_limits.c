/* SPDX-License-Identifier: BSD-3-Clause */
/* login_limits: see login_limits.h. */
#include <config.h>

#include "auth/login_limits.h"

#include "auth/login_internal.h"
#include "auth/privilege.h"
#include "base/log.h"
#include "base/procstat.h"
#include "store/bypass.h"
#include "store/codes.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <time.h>

/* The time to wait for other logins. With the longest request it is below the module's patience. */
#define WAIT_MS 4000
/* The same for a login that has not needed the store, or that nobody waits for any more. */
#define LATE_WAIT_MS 500
/* Before the end of a decoy's wait, which is to be met to the microsecond. */
#define AWAKE_US 200

/* ---- transactions ---- */

/* may_pass: fail = safe can cover it. */
static bool store_failed(struct login *login, bool may_pass)
{
    login->problem = *store_problem(login->limits.store);
    return verdict_by_store(login, may_pass);
}

static bool note_times(struct login *login, int64_t id)
{
    const struct login_limits *limits = &login->limits;
    for (unsigned i = 0; i < LATENCY_COUNT; i++)
        if (limits->took_us[i] > 0 &&
            !latency_add(limits->store, (enum latency)i, id, limits->took_us[i]))
            return false;
    return true;
}

static int64_t clock_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Draws how long a decoy waits, less the time that drawing takes. */
static bool draw_wait(struct login *login, enum latency latency)
{
    struct login_limits *limits = &login->limits;
    int64_t start = clock_us();
    limits->wait_us = 0;
    if (!login->decoy)
        return true;
    bool drawn = latency_draw(limits->store, latency, &limits->wait_us);
    limits->wait_us -= clock_us() - start;
    return drawn;
}

/* The first is slower than those after it. */
static enum latency latency_of_verify(const struct login *login)
{
    return login->wrong == 0 ? LATENCY_VERIFY : LATENCY_REVERIFY;
}

/* The same. */
static enum latency latency_of_send(const struct login *login)
{
    return login->rounds == 0 ? LATENCY_SEND : LATENCY_RESEND;
}

/* milliseconds: the most to wait for others, if that is not too long for the module. */
static bool begin(struct login *login, enum store_access access, int64_t milliseconds)
{
    if (milliseconds > WAIT_MS)
        milliseconds = WAIT_MS;
    return store_begin(login->limits.store, access, NULL, milliseconds > 0 ? (int)milliseconds : 0);
}

/*
 * True if the store, as far as it can be read, has the user as locked. fail = safe must not let in
 * a user who is known to be locked: an attacker can wait for the moment when the store is busy.
 */
static bool known_locked(struct login *login)
{
    struct failures failures = {0};
    bool read = begin(login, STORE_READ, 0) &&
                failures_look(login->limits.store, login->limits.user, &failures);
    store_cancel(login->limits.store);
    return read && failures.locked;
}

/* ---- who is locked ---- */

/* The name is cut: it is the end of the text, and a long one would push out what precedes it. */
static void describe_lock(struct login *login, const struct failures *failures, const char *locked,
                          int64_t milliseconds)
{
    char time[64];
    (void)limit_time_write(milliseconds, time, sizeof(time));
    problem_set(&login->problem, "%lld failure%s in a row; %s %s%s; swmfactl unlock %.200s",
                (long long)failures->failures, failures->failures == 1 ? "" : "s", locked,
                failures->for_ever ? "" : "for ",
                failures->for_ever ? "until an administrator unlocks" : time, login->account);
}

/* From now on nothing is sent for this user, and no code is correct. */
static void lock(struct login *login, const struct failures *failures)
{
    if (!login->decoy) /* for other users the problem has the reason already */
        describe_lock(login, failures, "locked", failures->locked_for_ms);
    login->locked = login->locked || !login->decoy;
    login->decoy = true;
}

/* ---- entering ---- */

void limits_locate(struct login *login)
{
    const struct wire_request *request = login->request;
    struct remember_origin origin = {.rhost = request->rhost,
                                     .tty = request->tty,
                                     .caller_uid = request->caller_uid};
    struct procstat leader;
    struct moment moment;
    struct problem ignored = {0};
    if (login->config.policy.remember == 0 || !login->policy_holds ||
        !moment_now(&moment, &ignored))
        return;
    if (request->session > 0 && procstat_read(request->session, &leader)) {
        origin.session = request->session;
        origin.session_start = leader.start;
    }
    (void)remember_place(&origin, &moment, login->limits.place);
}

static struct remember_about whereabouts(struct login *login)
{
    const struct remember_about about = {.user = login->limits.user,
                                         .service = login->request->service,
                                         .place = login->limits.place,
                                         .phone = prefetch_digest(&login->prefetch)};
    return about;
}

/* Counts users without a number under a name of their own: no user in the map has a name with a
 * blank. */
static bool name_user(struct login *login)
{
    struct login_limits *limits = &login->limits;
    if (login->decoy && prefetch_digest(&login->prefetch) == NULL)
        return false;
    if (login->decoy) {
        memcpy(login->digits, login->prefetch.digits, sizeof(login->digits));
        (void)snprintf(limits->user, sizeof(limits->user), "? %s", login->digits);
    } else
        (void)snprintf(limits->user, sizeof(limits->user), "%s", login->account);
    sends_address(login->request->rhost, limits->address, sizeof(limits->address));
    return true;
}

static bool end_remembered(struct login *login, int64_t left_ms)
{
    char left[64];
    limit_time_write(left_ms, left, sizeof(left));
    problem_set(&login->problem, "for %s more", left);
    return verdict(login, VERDICT_REMEMBERED);
}

static bool end_bypassed(struct login *login, const struct bypass *bypass)
{
    char left[64];
    limit_time_write(bypass->left_ms, left, sizeof(left));
    problem_set(&login->problem, "bypass for %s more: %s", left, bypass->reason);
    return verdict(login, VERDICT_BYPASS);
}

/* The store's data on a user when the login begins. */
struct standing {
    struct failures failures;
    struct bypass bypass; /* for the very name, in the map or not; none if that name is locked */
    int64_t remembered_ms;
};

/*
 * A bypass does not end a lock. The account's own lock decides: users without a number are counted
 * together, and one of them must not lock another.
 */
static bool read_bypass(struct login *login, struct bypass *bypass)
{
    struct store *store = login->limits.store;
    struct failures own = {0};
    if (!bypass_look(store, login->user, bypass))
        return false;
    if (bypass->left_ms > 0 && !failures_look(store, login->account, &own))
        return false;
    if (own.locked)
        bypass->left_ms = 0;
    return true;
}

static bool read_standing(struct login *login, struct standing *standing)
{
    struct login_limits *limits = &login->limits;
    if (!begin(login, STORE_READ, WAIT_MS) ||
        !failures_look(limits->store, limits->user, &standing->failures) ||
        !read_bypass(login, &standing->bypass) ||
        !codes_left(limits->store, limits->user, &limits->codes_left))
        return false;
    if (*limits->place == '\0')
        return true;
    const struct remember_about about = whereabouts(login);
    return remember_look(limits->store, &about, login->config.policy.remember,
                         &standing->remembered_ms);
}

bool limits_load(struct login *login)
{
    struct login_limits *limits = &login->limits;
    struct standing standing = {.remembered_ms = 0};
    prefetch_begin(&login->prefetch, login->decoy ? login->decoy_key : NULL,
                   login->decoy ? login->user : login->phone.number);
    limits->store = store_open(STORE_FOLDER, &login->problem);
    if (limits->store == NULL)
        return verdict_by_store(login, true);
    if (store_is_new(limits->store))
        log_line(LOG_WARNING, "%s", STORE_IS_NEW);
    if (!name_user(login))
        return verdict(login, VERDICT_MEMORY);
    if (*limits->place != '\0' && prefetch_digest(&login->prefetch) == NULL)
        return verdict(login, VERDICT_MEMORY);
    if (!read_standing(login, &standing))
        return store_failed(login, true);
    store_cancel(limits->store); /* nothing was written */
    log_debug("store read; failures=%lld locked=%d break-glass codes=%lld",
              (long long)standing.failures.failures, standing.failures.locked,
              (long long)limits->codes_left);
    if (standing.bypass.left_ms > 0)
        return end_bypassed(login, &standing.bypass);
    if (standing.failures.locked)
        lock(login, &standing.failures);
    if (login->decoy || standing.remembered_ms == 0)
        return true;
    return end_remembered(login, standing.remembered_ms);
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

/* Counts, and locks. Returns what to do, or SENDS_FAILED. */
static enum sends count_send(struct login *login, int64_t deadline, struct sends_refusal *refusal)
{
    struct login_limits *limits = &login->limits;
    struct failures failures = {0};
    if (!begin(login, STORE_WRITE, deadline - delivery_now()) ||
        !failures_look(limits->store, limits->user, &failures))
        return SENDS_FAILED;
    if (failures.locked)
        lock(login, &failures);
    const struct sends_about about = {.user = limits->user,
                                      .phone = prefetch_digest(&login->prefetch),
                                      .pretended = login->decoy,
                                      .address = limits->address};
    enum sends sends =
        sends_count(limits->store, &login->config.sends, &about, limits->send_id, refusal);
    if (sends == SENDS_FAILED || !draw_wait(login, limits->sends) || !store_commit(limits->store))
        return SENDS_FAILED;
    return sends;
}

/* While the other thread is not ready yet there is time. */
static void expect_the_rest(struct store *store)
{
    failures_expect(store);
    history_expect(store);
    latency_expect(store);
}

bool limits_count_send(struct login *login, int64_t deadline)
{
    struct sends_refusal refusal = {.key = NULL};
    bool first = login->rounds == 0 && login->limits.attempt == 0 && login->refusal == REFUSAL_NONE;
    bool has_number = *login->phone.number != '\0';
    login->refusal = REFUSAL_NONE;
    if (has_number && !countries_permit(login->config.countries, login->phone.number)) {
        if (!login->decoy)
            problem_set(&login->problem, "the number ending in %s is in none of [limits] countries",
                        login->digits);
        refuse(login, REFUSAL_COUNTRY);
        return true;
    }
    if (prefetch_digest(&login->prefetch) == NULL)
        return verdict(login, VERDICT_MEMORY);
    login->limits.sends = latency_of_send(login);
    enum sends sends = count_send(login, deadline, &refusal);
    if (sends == SENDS_FAILED) {
        const struct problem why = *store_problem(login->limits.store);
        bool may_pass = first && !known_locked(login);
        login->problem = why;
        return verdict_by_store(login, may_pass);
    }
    if (sends == SENDS_REFUSED)
        refuse_by_limit(login, &refusal);
    expect_the_rest(login->limits.store);
    return true;
}

void limits_refund_send(struct login *login)
{
    struct login_limits *limits = &login->limits;
    if (!store_begin(limits->store, STORE_RELAX, NULL, WAIT_MS) ||
        !sends_give_back(limits->store, limits->send_id) || !store_commit(limits->store))
        log_line(LOG_WARNING, "a failed send still counts: %s", store_problem(limits->store)->text);
}

/* ---- attempts ---- */

bool limits_count_attempt(struct login *login)
{
    struct login_limits *limits = &login->limits;
    struct failures *failures = &limits->failures;
    if (!begin(login, STORE_WRITE, WAIT_MS) ||
        !failures_count(limits->store, limits->user, login->config.failures, failures) ||
        !draw_wait(login, latency_of_verify(login)) || !store_commit(limits->store))
        return store_failed(login, false);
    limits->attempt = failures->attempt;
    if (failures->locked)
        lock(login, failures);
    return true;
}

void limits_keep_attempt(struct login *login)
{
    const struct failures *failures = &login->limits.failures;
    if ((failures->lock_begins_ms > 0 || failures->for_ever) && !login->decoy)
        describe_lock(login, failures, "locked now", failures->lock_begins_ms);
}

/* Within a transaction. */
static bool forgive_and_remember(struct login *login)
{
    struct login_limits *limits = &login->limits;
    const struct remember_about about = whereabouts(login);
    return failures_forgive(limits->store, limits->user, limits->attempt) &&
           (*limits->place == '\0' ||
            remember_add(limits->store, &about, login->config.policy.remember));
}

/* ---- break-glass codes ---- */

/* Uses the code up; of several logins with the same code one does. */
static bool use_code(struct login *login, const char *code, const char *hash, bool *used)
{
    struct login_limits *limits = &login->limits;
    return (begin(login, STORE_WRITE, WAIT_MS) &&
            codes_use(limits->store, limits->user, code, hash, used) &&
            (!*used || forgive_and_remember(login)) &&
            codes_left(limits->store, limits->user, &limits->codes_left) &&
            store_commit(limits->store)) ||
           store_failed(login, false);
}

bool limits_use_break_glass(struct login *login, const char *code, bool *wrong)
{
    struct login_limits *limits = &login->limits;
    char hash[CODES_HASH_SIZE] = "";
    bool used = false;
    struct problem problem = {0};
    *wrong = true;
    if (!codes_ready(&problem)) {
        log_line(LOG_CRIT, "%s", problem.text);
        return true;
    }
    if (!begin(login, STORE_READ, WAIT_MS) || !codes_hash(limits->store, limits->user, code, hash))
        return store_failed(login, false);
    store_cancel(limits->store); /* nothing was written */
    if (!codes_match(code, login->decoy ? "" : hash))
        return true;
    if (!use_code(login, code, hash, &used))
        return false;
    *wrong = !used;
    return true;
}

/* ---- time ---- */

void limits_begin_request(struct login *login)
{
    login->limits.began_us = clock_us();
}

void limits_end_request(struct login *login, bool verify)
{
    struct login_limits *limits = &login->limits;
    enum latency latency = verify ? latency_of_verify(login) : limits->sends;
    limits->took_us[login->decoy ? LATENCY_DECOY : latency] = clock_us() - limits->began_us;
}

/* A sleep ends late, by the time of the wake-up: so the last part of the wait is spent awake. */
void limits_wait(struct login *login)
{
    struct login_limits *limits = &login->limits;
    struct pollfd host = {.fd = login->socket, .events = POLLIN | POLLRDHUP};
    int64_t end_us = limits->began_us + limits->wait_us;
    int64_t sleep_us = end_us - clock_us() - AWAKE_US;
    const struct timespec time = {.tv_sec = sleep_us / 1000000,
                                  .tv_nsec = sleep_us % 1000000 * 1000};
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0L, 0L, 0L);
    if (sleep_us > 0 && ppoll(&host, 1, &time, NULL) != 0)
        return; /* the host is gone */
    while (clock_us() < end_us)
        continue;
}

/* ---- the end ---- */

static void say_not_kept(const struct problem *why)
{
    log_line(LOG_WARNING, "this login is missing from swmfactl log: %s", why->text);
}

/* An exempt user, for example, has not needed the store so far, and must not be delayed by it. */
static bool open_late(struct login *login)
{
    struct problem problem = {0};
    if (login->verdict == VERDICT_UNPREPARED) /* it would fail again */
        return false;
    if (login->dropped || privilege_drop(&problem))
        login->limits.store = store_open_within(STORE_FOLDER, LATE_WAIT_MS, &problem);
    if (login->limits.store == NULL)
        say_not_kept(&problem);
    else if (store_is_new(login->limits.store))
        log_line(LOG_WARNING, "%s", STORE_IS_NEW);
    return login->limits.store != NULL;
}

/* Within a transaction. */
static bool settle(struct login *login, const struct history_login *summary)
{
    int64_t id = 0;
    return (login->verdict != VERDICT_VERIFIED || forgive_and_remember(login)) &&
           history_add(login->limits.store, summary, &id) && note_times(login, id);
}

void limits_commit(struct login *login, const struct history_login *summary)
{
    struct login_limits *limits = &login->limits;
    bool late = limits->store == NULL;
    int wait = late || login->verdict == VERDICT_HOST_GONE ? LATE_WAIT_MS : WAIT_MS;
    if (login->verdict == VERDICT_STORE || (late && !open_late(login)))
        return; /* nothing was counted, or nothing more is to be tried */
    if (store_begin(limits->store, STORE_RELAX, NULL, wait) && settle(login, summary) &&
        store_commit(limits->store))
        return;
    const struct problem *why = store_problem(limits->store);
    if (login->verdict == VERDICT_VERIFIED)
        log_line(LOG_WARNING, "the count of wrong codes was not reset: %s", why->text);
    else
        say_not_kept(why);
}

void limits_close(struct login *login)
{
    store_close(login->limits.store);
    login->limits.store = NULL;
}
