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

/* The first one from that place on. */
static bool read_from(struct store *store, enum pace pace, int64_t slot, int64_t *microseconds)
{
    struct store_answer answer;
    if (!store_run(store, &answer,
                   "SELECT microseconds FROM swmfa_pace WHERE kind = $1 AND slot >= $2 "
                   "ORDER BY slot LIMIT 1",
                   "ii", (int64_t)pace, slot))
        return false;
    *microseconds = store_number(&answer, 0);
    return true;
}

/* While not all places are taken, one behind a gap is drawn more often: it does not matter. */
bool pace_draw(struct store *store, enum pace pace, int64_t *microseconds)
{
    return read_from(store, pace, (int64_t)chance(KEPT), microseconds) &&
           (*microseconds > 0 || read_from(store, pace, 0, microseconds));
}
