/* SPDX-License-Identifier: BSD-3-Clause */
/* latency: see latency.h. Of each kind 32 are kept, by slots that logins take in turn. */
#include <config.h>

#include "store/latency.h"

#include <sys/random.h>

#define KEPT 32
#define ADD                                                                                        \
    "INSERT INTO swmfa_pace (kind, slot, microseconds) VALUES ($1, $2, $3) "                       \
    "ON CONFLICT (kind, slot) DO UPDATE SET microseconds = excluded.microseconds"

void latency_expect(struct store *store)
{
    store_expect(store, ADD);
}

static uint32_t chance(uint32_t below)
{
    uint32_t number = 0;
    return getrandom(&number, sizeof(number), 0) == (ssize_t)sizeof(number) ? number % below : 0;
}

bool latency_add(struct store *store, enum latency which, int64_t login, int64_t microseconds)
{
    return store_run(store, NULL, ADD, "iii", (int64_t)which, login % KEPT, microseconds);
}

bool latency_draw(struct store *store, enum latency which, int64_t *microseconds)
{
    struct store_answer answer;
    if (!store_run(store, &answer,
                   "SELECT microseconds FROM swmfa_pace WHERE kind = $1 AND slot >= $2 "
                   "ORDER BY slot LIMIT 1",
                   "ii", (int64_t)which, (int64_t)chance(KEPT)))
        return false;
    if (answer.rows == 0 && /* while there are not so many yet */
        !store_run(store, &answer,
                   "SELECT microseconds FROM swmfa_pace WHERE kind = $1 ORDER BY slot LIMIT 1", "i",
                   (int64_t)which))
        return false;
    *microseconds = store_number(&answer, 0);
    return true;
}
