/* SPDX-License-Identifier: BSD-3-Clause */
/* pace: see pace.h. So many of the last ones are kept, each new one in the place of any. */
#include <config.h>

#include "store/pace.h"

#include <sys/random.h>

#define KEPT 32

static uint32_t chance(uint32_t below)
{
    uint32_t number = 0;
    return getrandom(&number, sizeof(number), 0) == (ssize_t)sizeof(number) ? number % below : 0;
}

bool pace_add(struct store *store, enum pace pace, int64_t microseconds)
{
    return store_run(store, NULL,
                     "INSERT INTO swmfa_pace (kind, slot, microseconds) VALUES ($1, $2, $3) "
                     "ON CONFLICT (kind, slot) DO UPDATE SET microseconds = excluded.microseconds",
                     "iii", (int64_t)pace, (int64_t)chance(KEPT), microseconds);
}

bool pace_draw(struct store *store, enum pace pace, int64_t *microseconds)
{
    struct store_answer answer;
    *microseconds = 0;
    if (!store_run(store, &answer, "SELECT COUNT(*) FROM swmfa_pace WHERE kind = $1", "i",
                   (int64_t)pace))
        return false;
    int64_t kept = store_number(&answer, 0);
    if (kept < 1)
        return true;
    if (!store_run(store, &answer,
                   "SELECT microseconds FROM swmfa_pace WHERE kind = $1 ORDER BY slot LIMIT 1 "
                   "OFFSET $2",
                   "ii", (int64_t)pace, (int64_t)chance((uint32_t)kept)))
        return false;
    *microseconds = store_number(&answer, 0);
    return true;
}
