/* SPDX-License-Identifier: BSD-3-Clause */
/* pace: see pace.h. The last ones of each kind are kept, numbered as they came. */
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
                     "INSERT INTO swmfa_pace (kind, slot, microseconds) "
                     "SELECT $1, COALESCE(MAX(slot), 0) + 1, $2 FROM swmfa_pace WHERE kind = $1",
                     "ii", (int64_t)pace, microseconds) &&
           store_run(store, NULL,
                     "DELETE FROM swmfa_pace WHERE kind = $1 AND slot <= "
                     "(SELECT MAX(slot) FROM swmfa_pace WHERE kind = $1) - $2",
                     "ii", (int64_t)pace, (int64_t)KEPT);
}

static bool read_at(struct store *store, enum pace pace, int64_t place, int64_t *microseconds)
{
    struct store_answer answer;
    if (!store_run(store, &answer,
                   "SELECT microseconds FROM swmfa_pace WHERE kind = $1 ORDER BY slot LIMIT 1 "
                   "OFFSET $2",
                   "ii", (int64_t)pace, place))
        return false;
    *microseconds = store_number(&answer, 0);
    return true;
}

/* While there are not so many yet, the first one is drawn more often: it does not matter. */
bool pace_draw(struct store *store, enum pace pace, int64_t *microseconds)
{
    return read_at(store, pace, (int64_t)chance(KEPT), microseconds) &&
           (*microseconds > 0 || read_at(store, pace, 0, microseconds));
}
