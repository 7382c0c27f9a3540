/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * failures: see failures.h.
 *
 * Attempts are numbered for each user, and never go back. Those up to forgiven are no failures: so
 * an attempt that was right forgives what was counted before it, and not what others, side by side
 * with it, have counted since.
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

/* How long a lock is that begins with so many failures, or 0 if none does. */
static int64_t lock_of(int64_t count, int failures)
{
    if (count % failures != 0)
        return 0;
    int64_t lock = FAILURES_LOCK_FIRST_MS;
    for (int64_t i = count / failures; i > 1 && lock < FAILURES_LOCK_MOST_MS; i--)
        lock *= 2;
    return lock < FAILURES_LOCK_MOST_MS ? lock : FAILURES_LOCK_MOST_MS;
}

/* Reads a user's row; attempts and locked_until as they stand in it. */
static bool look(struct store *store, const char *user, struct failures *tries,
                 int64_t *locked_until)
{
    struct store_answer row;
    if (!store_run(store, &row,
                   "SELECT attempts, forgiven, locked_until_ms FROM swmfa_try "
                   "WHERE user_name = $1",
                   "t", user))
        return false;
    *locked_until = store_number(&row, 2);
    tries->lock_begins_ms = 0;
    tries->attempt = store_number(&row, 0);
    tries->failures = tries->attempt - store_number(&row, 1);
    tries->for_ever = tries->failures >= FAILURES_LOCK_FOR_EVER;
    tries->locked_for_ms = *locked_until - store_now(store);
    if (tries->for_ever || tries->locked_for_ms < 0)
        tries->locked_for_ms = 0;
    tries->locked = tries->for_ever || tries->locked_for_ms > 0;
    return true;
}

bool failures_look(struct store *store, const char *user, struct failures *tries)
{
    int64_t locked_until = 0;
    return look(store, user, tries, &locked_until);
}

bool failures_count(struct store *store, const char *user, int failures, struct failures *tries)
{
    int64_t locked_until = 0;
    if (!look(store, user, tries, &locked_until))
        return false;
    if (tries->locked)
        return true;
    tries->attempt++;
    tries->failures++;
    tries->for_ever = tries->failures >= FAILURES_LOCK_FOR_EVER;
    tries->lock_begins_ms = lock_of(tries->failures, failures);
    if (tries->lock_begins_ms > 0)
        locked_until = store_now(store) + tries->lock_begins_ms;
    return store_run(store, NULL, COUNT, "tii", user, tries->attempt, locked_until);
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
