/* SPDX-License-Identifier: BSD-3-Clause */
/* bypass: see bypass.h. */
#include <config.h>

#include "store/bypass.h"

#include "config/limit.h"

#include <stdio.h>

bool bypass_look(struct store *store, const char *user, struct bypass *bypass)
{
    struct store_answer row;
    *bypass = (struct bypass){.left_ms = 0};
    if (!store_run(store, &row,
                   "SELECT until_ms, from_wall_ms, until_wall_ms, reason FROM swmfa_pass "
                   "WHERE user_name = $1",
                   "t", user))
        return false;
    if (row.rows == 0)
        return true;
    bypass->left_ms = store_time_left(store, store_number(&row, 0), store_number(&row, 1),
                                      store_number(&row, 2), (int64_t)LIMIT_SECONDS_MAX * 1000);
    (void)store_printable(row.cell[3], bypass->reason, sizeof(bypass->reason));
    return true;
}

bool bypass_grant(struct store *store, const char *user, int seconds, const char *reason)
{
    int64_t wall = store_moment(store)->wall_ms;
    int64_t length = (int64_t)seconds * 1000;
    return store_run(store, NULL, "DELETE FROM swmfa_pass WHERE until_ms <= $1", "i",
                     store_now(store)) &&
           store_run(store, NULL,
                     "INSERT INTO swmfa_pass (user_name, until_ms, from_wall_ms, until_wall_ms, "
                     "reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_name) DO UPDATE SET "
                     "until_ms = excluded.until_ms, from_wall_ms = excluded.from_wall_ms, "
                     "until_wall_ms = excluded.until_wall_ms, reason = excluded.reason",
                     "tiiit", user, store_now(store) + length, wall, wall + length, reason);
}

bool bypass_end(struct store *store, const char *user, bool *was)
{
    struct bypass bypass;
    if (!bypass_look(store, user, &bypass))
        return false;
    *was = bypass.left_ms > 0;
    return store_run(store, NULL, "DELETE FROM swmfa_pass WHERE user_name = $1", "t", user);
}
