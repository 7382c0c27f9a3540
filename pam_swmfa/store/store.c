/* SPDX-License-Identifier: BSD-3-Clause */
/* store: see store.h. The tables, and the clock that they use. */
#include <config.h>

#include "store/store.h"

#include "store/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 2
#define SCHEMA_TEXT    "2"
#define NOT_ONE_ROW    "swmfa_store has not one row"
#define LATE_MS        ((int64_t)60 * 1000) /* how much older than the last moment another one can be */

/* The additions of version 2: see history.h and bypass.h. */
#define TABLES_OF_2                                                                                \
    "CREATE TABLE swmfa_login (id BIGINT PRIMARY KEY, at_wall_ms BIGINT NOT NULL, "                \
    "user_name TEXT NOT NULL, service TEXT NOT NULL, rhost TEXT NOT NULL, result TEXT NOT NULL, "  \
    "reason TEXT NOT NULL, channel TEXT NOT NULL, provider TEXT NOT NULL, request TEXT NOT NULL, " \
    "digits TEXT NOT NULL, tries BIGINT NOT NULL, sends BIGINT NOT NULL, took_ms BIGINT NOT "      \
    "NULL, "                                                                                       \
    "sent TEXT NOT NULL, detail TEXT NOT NULL)",                                                   \
        "CREATE INDEX swmfa_login_at ON swmfa_login (at_wall_ms)",                                 \
        "CREATE TABLE swmfa_pass (user_name TEXT PRIMARY KEY, until_ms BIGINT NOT NULL, "          \
        "from_wall_ms BIGINT NOT NULL, until_wall_ms BIGINT NOT NULL, reason TEXT NOT NULL)"

/* The changes from each version to the next; the first is for the version after 0. */
static const char *const additions[SCHEMA_VERSION][5] = {
    [1] = {TABLES_OF_2, "UPDATE swmfa_store SET version = 2"},
};

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
    TABLES_OF_2,
    NULL,
};

/* The columns that a store must have to be restored from. */
static const char *const columns[] = {
    "SELECT boot, boot_ms, now_ms FROM swmfa_store LIMIT 0",
    "SELECT id, at_ms, user_name, phone, address, host FROM swmfa_send LIMIT 0",
    "SELECT user_name, attempts, forgiven, locked_until_ms FROM swmfa_try LIMIT 0",
    "SELECT user_name, number, hash FROM swmfa_code LIMIT 0",
    "SELECT user_name, service, place, phone, until_ms, from_wall_ms, until_wall_ms "
    "FROM swmfa_remembered LIMIT 0",
    "SELECT kind, slot, microseconds FROM swmfa_pace LIMIT 0",
    "SELECT id, at_wall_ms, user_name, service, rhost, result, reason, channel, provider, request, "
    "digits, tries, sends, took_ms, sent, detail FROM swmfa_login LIMIT 0",
    "SELECT user_name, until_ms, from_wall_ms, until_wall_ms, reason FROM swmfa_pass LIMIT 0",
};

struct store {
    struct engine *engine;
    struct problem problem;
    char folder[256];
    char file[300];
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

bool store_is_no_time(int64_t ms)
{
    return ms < 0 || ms > INT64_MAX / 4;
}

int64_t store_time_left(const struct store *store, int64_t until_ms, int64_t from_wall_ms,
                        int64_t until_wall_ms, int64_t most_ms)
{
    int64_t wall = store->moment.wall_ms;
    if (store_is_no_time(until_ms) || store_is_no_time(from_wall_ms) ||
        store_is_no_time(until_wall_ms))
        return 0;
    int64_t left = until_ms - store->now_ms;
    if (until_wall_ms - wall < left)
        left = until_wall_ms - wall;
    int64_t longer = until_wall_ms - from_wall_ms - most_ms;
    if (longer > 0)
        left -= longer;
    return left > 0 && wall >= from_wall_ms - STORE_STEP_MS ? left : 0;
}

int64_t store_number(const struct store_answer *answer, size_t column)
{
    return answer->rows > 0 ? strtoll(answer->cell[column], NULL, 10) : 0;
}

const char *store_printable(const char *text, char *to, size_t size)
{
    (void)snprintf(to, size, "%s", text);
    for (char *at = to; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    return to;
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

void store_expect(struct store *store, const char *sql)
{
    engine_expect(store->engine, sql);
}

bool store_each(struct store *store, bool (*each)(const char *const *cells, void *context),
                void *context, const char *sql, const char *types, ...)
{
    va_list parameters;
    if (!store->running)
        return false;
    va_start(parameters, types);
    bool good = engine_each(store->engine, each, context, &store->problem, sql, types, parameters);
    va_end(parameters);
    return good || give_up(store);
}

/*
 * The time of the store continues from where it was last seen: in the same boot by the time that
 * has passed since, in another boot by the time since that boot. A moment that was taken before a
 * faster process took one is slightly older than the last; a much older one comes from a clock that
 * was set differently, from which the time then continues.
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
        if (__builtin_sub_overflow(anchor, store_number(&last, 1), &passed))
            passed = 0;
        if (passed < 0 && passed >= -LATE_MS)
            anchor = store_number(&last, 1);
    }
    if (__builtin_add_overflow(store_number(&last, 2), passed > 0 ? passed : 0, &store->now_ms))
        store->now_ms = INT64_MAX; /* no clock shows it, see store_is_no_time */
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

/* Begins a transaction in which no time passes. */
static bool begin_still(struct store *store, enum store_access access, int milliseconds)
{
    const struct moment none = {.boot = ""};
    store->moment = none;
    store->running = engine_begin(store->engine, access, milliseconds, &store->problem);
    return store->running;
}

static bool read_version(struct store *store, int64_t *version)
{
    struct store_answer answer;
    char text[32];
    if (!store_run(store, &answer, "SELECT version FROM swmfa_store", ""))
        return false;
    if (answer.rows != 1)
        return engine_damaged(store->engine, &store->problem, NOT_ONE_ROW);
    *version = store_number(&answer, 0);
    (void)snprintf(text, sizeof(text), "%lld", (long long)*version);
    if (*version <= SCHEMA_VERSION && (*version < 1 || strcmp(answer.cell[0], text) != 0))
        return engine_damaged(store->engine, &store->problem, "it has no valid version");
    if (*version <= SCHEMA_VERSION)
        return true;
    return problem_set(&store->problem,
                       "%s: expected version " SCHEMA_TEXT
                       ", found %s: a newer pam_swmfa created it: install that version",
                       store->file, answer.cell[0]);
}

/* Makes an older store one of this version; another process may be faster. */
static bool upgrade(struct store *store, int milliseconds)
{
    int64_t version = 0;
    if (!begin_still(store, STORE_WRITE, milliseconds) || !read_version(store, &version))
        return false;
    for (; version < SCHEMA_VERSION; version++)
        for (const char *const *sql = additions[version]; *sql != NULL; sql++)
            if (!store_run(store, NULL, *sql, ""))
                return false;
    return store_commit(store);
}

static bool check_version(struct store *store, int milliseconds)
{
    int64_t version = 0;
    if (!begin_still(store, STORE_READ, milliseconds) || !read_version(store, &version))
        return false;
    store_cancel(store);
    return version == SCHEMA_VERSION || upgrade(store, milliseconds);
}

static bool check_tables(struct store *store)
{
    if (!begin_still(store, STORE_READ, 0))
        return false;
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (!store_run(store, NULL, columns[i], ""))
            return false;
    store_cancel(store);
    return true;
}

static void name(struct store *store, const char *folder)
{
    (void)snprintf(store->folder, sizeof(store->folder), "%s", folder);
    (void)snprintf(store->file, sizeof(store->file), "%s/" STORE_FILE, store->folder);
}

static struct store *new_store(struct problem *problem)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        problem_no_memory(problem);
    return store;
}

/* A store that was opened, if that went well; or NULL, with its problem, and it is closed. */
static struct store *opened(struct store *store, bool good, struct problem *problem)
{
    if (good)
        return store;
    *problem = store->problem;
    store_close(store);
    return NULL;
}

struct store *store_open_within(const char *folder, int milliseconds, struct problem *problem)
{
    struct store *store = new_store(problem);
    if (store == NULL)
        return NULL;
    name(store, folder);
    store->engine = engine_open(folder, milliseconds, tables, &store->made, &store->problem);
    return opened(store, store->engine != NULL && check_version(store, milliseconds), problem);
}

struct store *store_open(const char *folder, struct problem *problem)
{
    return store_open_within(folder, STORE_OPEN_WAIT_MS, problem);
}

bool store_examine(const char *folder, int64_t *version, int64_t *now, struct problem *problem)
{
    bool made = false;
    struct store store = {.problem = {""}};
    *version = 0;
    *now = SCHEMA_VERSION;
    name(&store, folder);
    store.engine = engine_open(folder, STORE_OPEN_WAIT_MS, NULL, &made, &store.problem);
    if (store.engine != NULL && begin_still(&store, STORE_READ, STORE_OPEN_WAIT_MS) &&
        read_version(&store, version) && engine_check(store.engine, &store.problem))
        store_cancel(&store);
    if (store.engine != NULL)
        engine_close(store.engine);
    *problem = store.problem;
    return *problem->text == '\0';
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    engine_close(store->engine);
    free(store);
}

/* ---- backups ---- */

unsigned char *store_image(struct store *store, size_t *size)
{
    unsigned char *image = engine_image(store->engine, size, &store->problem);
    struct store *copy =
        image != NULL ? store_open_image(image, *size, store->file, &store->problem) : NULL;
    if (copy == NULL) { /* damaged content is no backup */
        store_free_image(image);
        return NULL;
    }
    store_close(copy);
    return image;
}

void store_free_image(unsigned char *image)
{
    engine_free_image(image);
}

struct store *store_open_image(const unsigned char *image, size_t size, const char *file,
                               struct problem *problem)
{
    struct store *store = new_store(problem);
    if (store == NULL)
        return NULL;
    (void)snprintf(store->folder, sizeof(store->folder), "%s", file);
    (void)snprintf(store->file, sizeof(store->file), "%s", file);
    store->engine = engine_open_image(image, size, file, &store->problem);
    return opened(store, store->engine != NULL && check_version(store, 0) && check_tables(store),
                  problem);
}

bool store_set_now(struct store *store, int64_t now_ms)
{
    store->now_ms = now_ms;
    return store_run(store, NULL, "UPDATE swmfa_store SET now_ms = $1", "i", now_ms);
}

/* Fills a new store. */
struct filling {
    const char *folder;
    bool (*fill)(struct store *store, void *context);
    void *context;
};

static bool fill(struct engine *engine, void *context, struct problem *problem)
{
    const struct filling *filling = context;
    struct store store = {.engine = engine};
    name(&store, filling->folder);
    bool good = store_begin(&store, STORE_WRITE, NULL, 0) &&
                filling->fill(&store, filling->context) && store_commit(&store);
    if (!good)
        *problem = store.problem;
    return good;
}

bool store_replace(const char *folder, bool (*with)(struct store *store, void *context),
                   void *context, char *aside, size_t size, struct problem *problem)
{
    struct filling filling = {folder, with, context};
    return engine_replace(folder, tables, with != NULL ? fill : NULL, &filling, aside, size,
                          problem);
}

bool store_repair(const char *folder, struct problem *problem)
{
    return engine_repair(folder, problem);
}
