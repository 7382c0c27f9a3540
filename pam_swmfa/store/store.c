/* SPDX-License-Identifier: BSD-3-Clause */
/* store: see store.h. What the tables are, and the clock that they go by. */
#include <config.h>

#include "store/store.h"

#include "store/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 1
#define SCHEMA_TEXT    "1"
#define NOT_ONE_ROW    "swmfa_store has not one row"
#define LATE_MS        ((int64_t)60 * 1000) /* how much older than the last one a moment can be */

/*
 * swmfa_store has one row, and will have its column version in all versions to come.
 * A row of swmfa_send is a send; "" where it is not counted for a phone, an address or the host:
 * one that is not counted for the host was not really made.
 */
static const char *const tables[] = {
    "CREATE TABLE swmfa_store (version BIGINT NOT NULL, boot TEXT NOT NULL, "
    "boot_ms BIGINT NOT NULL, now_ms BIGINT NOT NULL)",
    "INSERT INTO swmfa_store (version, boot, boot_ms, now_ms) VALUES (" SCHEMA_TEXT ", '', 0, 0)",
    "CREATE TABLE swmfa_send (id TEXT NOT NULL, at_ms BIGINT NOT NULL, user_name TEXT NOT NULL, "
    "phone TEXT NOT NULL, address TEXT NOT NULL, host TEXT NOT NULL)",
    "CREATE INDEX swmfa_send_user ON swmfa_send (user_name, at_ms)",
    "CREATE INDEX swmfa_send_phone ON swmfa_send (phone, at_ms)",
    "CREATE INDEX swmfa_send_address ON swmfa_send (address, at_ms)",
    "CREATE INDEX swmfa_send_at ON swmfa_send (at_ms, host)",
    "CREATE TABLE swmfa_try (user_name TEXT PRIMARY KEY, attempts BIGINT NOT NULL, "
    "forgiven BIGINT NOT NULL, locked_until_ms BIGINT NOT NULL)",
    "CREATE TABLE swmfa_code (user_name TEXT NOT NULL, number BIGINT NOT NULL, hash TEXT NOT NULL, "
    "PRIMARY KEY (user_name, number))",
    "CREATE TABLE swmfa_remembered (user_name TEXT NOT NULL, service TEXT NOT NULL, "
    "place TEXT NOT NULL, phone TEXT NOT NULL, until_ms BIGINT NOT NULL, "
    "from_wall_ms BIGINT NOT NULL, until_wall_ms BIGINT NOT NULL, "
    "PRIMARY KEY (user_name, service, place))",
    "CREATE INDEX swmfa_remembered_until ON swmfa_remembered (until_ms)",
    "CREATE TABLE swmfa_pace (kind BIGINT NOT NULL, slot BIGINT NOT NULL, "
    "microseconds BIGINT NOT NULL, PRIMARY KEY (kind, slot))",
    NULL,
};

struct store {
    struct engine *engine;
    struct problem problem;
    char folder[256];
    struct moment moment;
    int64_t now_ms;
    bool made;    /* by store_open */
    bool running; /* in a transaction that has not failed */
};

const struct problem *store_problem(const struct store *store)
{
    return &store->problem;
}

bool store_is_new(const struct store *store)
{
    return store->made;
}

int64_t store_now(const struct store *store)
{
    return store->now_ms;
}

const struct moment *store_moment(const struct store *store)
{
    return &store->moment;
}

int64_t store_number(const struct store_answer *answer, size_t column)
{
    return answer->rows > 0 ? strtoll(answer->cell[column], NULL, 10) : 0;
}

/* ---- transactions ---- */

static bool give_up(struct store *store)
{
    engine_rollback(store->engine);
    store->running = false;
    return false;
}

bool store_fail(struct store *store, const char *why)
{
    problem_set(&store->problem, "%s: %s", store->folder, why);
    return give_up(store);
}

bool store_run(struct store *store, struct store_answer *answer, const char *sql, const char *types,
               ...)
{
    va_list parameters;
    if (!store->running)
        return false;
    va_start(parameters, types);
    bool good = engine_run(store->engine, answer, &store->problem, sql, types, parameters);
    va_end(parameters);
    return good || give_up(store);
}

/*
 * The time of the store goes on from where it was last seen: in the same boot by what has passed
 * since, in another one by the time since that boot. A moment that a caller took before another
 * process was faster is a little older than the last one; one that is much older is of a clock that
 * is set differently, from which it goes on.
 */
static bool tell_time(struct store *store, enum store_access access)
{
    struct store_answer last;
    struct moment *moment = &store->moment;
    if (!store_run(store, &last, "SELECT boot, boot_ms, now_ms FROM swmfa_store", ""))
        return false;
    if (last.rows != 1) {
        (void)engine_damaged(store->engine, &store->problem, NOT_ONE_ROW);
        return give_up(store);
    }
    int64_t anchor = moment->boot_ms;
    int64_t passed = anchor;
    if (strcmp(moment->boot, last.cell[0]) == 0) {
        passed -= store_number(&last, 1);
        if (passed < 0 && passed >= -LATE_MS)
            anchor = store_number(&last, 1);
    }
    store->now_ms = store_number(&last, 2) + (passed > 0 ? passed : 0);
    return access == STORE_READ ||
           store_run(store, NULL, "UPDATE swmfa_store SET boot = $1, boot_ms = $2, now_ms = $3",
                     "tii", moment->boot, anchor, store->now_ms);
}

bool store_begin(struct store *store, enum store_access access, const struct moment *moment,
                 int milliseconds)
{
    store->running = engine_begin(store->engine, access, milliseconds, &store->problem);
    if (!store->running)
        return false;
    if (moment != NULL)
        store->moment = *moment;
    else if (!moment_now(&store->moment, &store->problem))
        return give_up(store);
    return tell_time(store, access);
}

bool store_commit(struct store *store)
{
    if (!store->running)
        return false;
    store->running = false;
    return engine_commit(store->engine, &store->problem);
}

void store_cancel(struct store *store)
{
    if (store->running)
        (void)give_up(store);
}

/* ---- opening ---- */

static bool check_version(struct store *store)
{
    struct store_answer answer;
    const struct moment none = {.boot = ""};
    store->moment = none;
    store->running = engine_begin(store->engine, STORE_READ, 4000, &store->problem);
    if (!store->running || !store_run(store, &answer, "SELECT version FROM swmfa_store", ""))
        return false;
    store_cancel(store);
    if (answer.rows != 1)
        return engine_damaged(store->engine, &store->problem, NOT_ONE_ROW);
    if (strcmp(answer.cell[0], SCHEMA_TEXT) == 0)
        return true;
    if (store_number(&answer, 0) <= SCHEMA_VERSION)
        return engine_damaged(store->engine, &store->problem, "its version is none");
    return problem_set(&store->problem,
                       "%s/" STORE_FILE ": expected version " SCHEMA_TEXT ", found %s: a newer "
                       "pam_swmfa has made it: install that one again",
                       store->folder, answer.cell[0]);
}

struct store *store_open(const char *folder, struct problem *problem)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        problem_set(problem, "no memory");
        return NULL;
    }
    (void)snprintf(store->folder, sizeof(store->folder), "%s", folder);
    store->engine = engine_open(folder, tables, &store->made, &store->problem);
    if (store->engine != NULL && check_version(store))
        return store;
    *problem = store->problem;
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    engine_close(store->engine);
    free(store);
}
