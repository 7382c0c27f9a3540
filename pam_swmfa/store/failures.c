/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * failures: see failures.h.
 *
 * Attempts are numbered for each user, always upwards. Those up to forgiven are no failures: so a
 * correct attempt forgives the attempts that were counted before it, but not those that logins
 * beside it have counted since.
 */
#include <config.h>

#include "store/failures.h"

#define COUNT                                                                                      \
    "INSERT INTO swmfa_try (user_name, attempts, forgiven, locked_until_ms) "                      \
    "VALUES ($1, $2, 0, $3) ON CONFLICT (user_name) DO UPDATE SET "                                \
    "attempts = excluded.attempts, locked_until_ms = excluded.locked_until_ms"
#define FORGIVE                                                                                    \
    "UPDATE swmfa_try SET forgiven = $1, locked_until_ms = 0 "                                     \
    "WHERE user_name = $2 AND forgiven < $1 AND attempts >= $1"

void failures_expect(struct store *store)
{
    store_expect(store, COUNT);
    store_expect(store, FORGIVE);
}

/* The length of a lock that begins after so many failures, or 0 if none does. */
static int64_t lock_of(int64_t count, int failures)
{
    if (count % failures != 0)
        return 0;
    int64_t lock = FAILURES_LOCK_FIRST_MS;
    for (int64_t i = count / failures; i > 1 && lock < FAILURES_LOCK_MOST_MS; i--)
        lock *= 2;
    return lock < FAILURES_LOCK_MOST_MS ? lock : FAILURES_LOCK_MOST_MS;
}

/* Reads a user's row; attempts and locked_until as stored there. */
static bool look(struct store *store, const char *user, struct failures *state,
                 int64_t *locked_until)
{
    struct store_answer row;
    if (!store_run(store, &row,
                   "SELECT attempts, forgiven, locked_until_ms FROM swmfa_try "
                   "WHERE user_name = $1",
                   "t", user))
        return false;
    *locked_until = store_number(&row, 2);
    state->lock_begins_ms = 0;
    state->attempt = store_number(&row, 0);
    state->failures = state->attempt - store_number(&row, 1);
    state->for_ever = state->failures >= FAILURES_LOCK_FOR_EVER;
    state->locked_for_ms = *locked_until - store_now(store);
    if (state->for_ever || state->locked_for_ms < 0)
        state->locked_for_ms = 0;
    state->locked = state->for_ever || state->locked_for_ms > 0;
    return true;
}

bool failures_look(struct store *store, const char *user, struct failures *state)
{
    int64_t locked_until = 0;
    return look(store, user, state, &locked_until);
}

bool failures_count(struct store *store, const char *user, int failures, struct failures *state)
{
    int64_t locked_until = 0;
    if (!look(store, user, state, &locked_until))
        return false;
    if (state->locked)
        return true;
    state->attempt++;
    state->failures++;
    state->for_ever = state->failures >= FAILURES_LOCK_FOR_EVER;
    state->lock_begins_ms = lock_of(state->failures, failures);
    if (state->lock_begins_ms > 0)
        locked_until = store_now(store) + state->lock_begins_ms;
    return store_run(store, NULL, COUNT, "tii", user, state->attempt, locked_until);
}

bool failures_forgive(struct store *store, const char *user, int64_t attempt)
{
    return store_run(store, NULL, FORGIVE, "it", attempt, user);
}

bool failures_unlock(struct store *store, const char *user)
{
    return store_run(store, NULL,
                     "UPDATE swmfa_try SET forgiven = attempts, locked_until_ms = 0 "
                     "WHERE user_name = $1",
                     "t", user) &&
           store_run(store, NULL, "DELETE FROM swmfa_send WHERE user_name = $1 AND host = ''", "t",
                     user);
}
