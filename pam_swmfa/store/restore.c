/* SPDX-License-Identifier: BSD-3-Clause */
/* restore: see restore.h. */
#include <config.h>

#include "store/restore.h"

#include "store/history.h"

#include "store/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One table on its way from the backup to the store. */
struct copying {
    struct store *to;
    int64_t *count; /* rows that were added or changed */
    int64_t *left;  /* codes that were not */
    bool wanted;    /* codes */
    char user[600]; /* of the last code */
    bool free;      /* this user had none before */
    bool failed;
};

static int64_t number(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* Records the result of a statement. Returns whether to continue. */
static bool went(struct copying *copying, bool good, const struct store_answer *answer)
{
    copying->failed = !good;
    if (good)
        *copying->count += (int64_t)answer->changed;
    return good;
}

/* ---- entries that deny users ---- */

#define SENDS "SELECT id, at_ms, user_name, phone, address, host FROM swmfa_send"
#define ADD_SEND                                                                                   \
    "INSERT INTO swmfa_send (id, at_ms, user_name, phone, address, host) "                         \
    "SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM swmfa_send "                    \
    "WHERE user_name = $3 AND at_ms = $2 AND id = $1)"

static bool copy_send(const char *const *cells, void *context)
{
    struct copying *copying = context;
    struct store_answer answer;
    int64_t at = number(cells[1]);
    int64_t now = store_now(copying->to); /* one of a later time would never expire */
    bool good = store_run(copying->to, &answer, ADD_SEND, "titttt", cells[0], at < now ? at : now,
                          cells[2], cells[3], cells[4], cells[5]);
    return went(copying, good, &answer);
}

/*
 * Attempts never go back. So a row of the store with as many is a later state of the same row, and
 * stays; one with fewer is of a store that was created later, and both are counted.
 */
#define TRIES "SELECT user_name, attempts, forgiven, locked_until_ms FROM swmfa_try"
#define ADD_TRIES                                                                                  \
    "INSERT INTO swmfa_try (user_name, attempts, forgiven, locked_until_ms) "                      \
    "VALUES ($1, $2, $3, $4) ON CONFLICT (user_name) DO UPDATE SET "                               \
    "attempts = swmfa_try.attempts + excluded.attempts, "                                          \
    "forgiven = swmfa_try.forgiven + excluded.forgiven, "                                          \
    "locked_until_ms = CASE WHEN swmfa_try.locked_until_ms > excluded.locked_until_ms "            \
    "THEN swmfa_try.locked_until_ms ELSE excluded.locked_until_ms END "                            \
    "WHERE swmfa_try.attempts < excluded.attempts"

static bool copy_tries(const char *const *cells, void *context)
{
    struct copying *copying = context;
    struct store_answer answer;
    bool good = store_run(copying->to, &answer, ADD_TRIES, "tiii", cells[0], number(cells[1]),
                          number(cells[2]), number(cells[3]));
    return went(copying, good, &answer);
}

/* ---- what is only told ---- */

#define LOGINS "SELECT id, " HISTORY_COLUMNS " FROM swmfa_login"
#define ADD_LOGIN                                                                                  \
    "INSERT INTO swmfa_login (id, " HISTORY_COLUMNS ") VALUES ($1, " HISTORY_VALUES                \
    ") ON CONFLICT (id) DO NOTHING"

static bool copy_login(const char *const *cells, void *context)
{
    struct copying *copying = context;
    struct store_answer answer;
    bool good = store_run(copying->to, &answer, ADD_LOGIN, "iitttttttttiiitt", number(cells[0]),
                          number(cells[1]), cells[2], cells[3], cells[4], cells[5], cells[6],
                          cells[7], cells[8], cells[9], cells[10], number(cells[11]),
                          number(cells[12]), number(cells[13]), cells[14], cells[15]);
    return went(copying, good, &answer);
}

/* If the store was created after the backup, its logins are later than all in the backup. */
static bool make_room(struct store *store, struct store *backup)
{
    static const char last[] = "SELECT COALESCE(MAX(id), 0) FROM swmfa_login";
    struct store_answer here;
    struct store_answer there;
    if (!store_run(store, &here, last, "") || !store_run(backup, &there, last, ""))
        return false;
    int64_t most = store_number(&there, 0);
    return store_number(&here, 0) >= most ||
           store_run(store, NULL, "UPDATE swmfa_login SET id = id + $1", "i", most);
}

#define PACES "SELECT kind, slot, microseconds FROM swmfa_pace"
#define ADD_PACE                                                                                   \
    "INSERT INTO swmfa_pace (kind, slot, microseconds) VALUES ($1, $2, $3) "                       \
    "ON CONFLICT (kind, slot) DO NOTHING"

static bool copy_pace(const char *const *cells, void *context)
{
    struct copying *copying = context;
    struct store_answer answer;
    bool good = store_run(copying->to, &answer, ADD_PACE, "iii", number(cells[0]), number(cells[1]),
                          number(cells[2]));
    return went(copying, good, &answer);
}

/* ---- codes ---- */

#define CODES    "SELECT user_name, number, hash FROM swmfa_code ORDER BY user_name, number"
#define ADD_CODE "INSERT INTO swmfa_code (user_name, number, hash) VALUES ($1, $2, $3)"

/* If the store has codes of that user, those of the backup were used or replaced. */
static bool may_have(struct copying *copying, const char *user)
{
    int64_t left = 0;
    if (strcmp(copying->user, user) == 0)
        return true;
    (void)snprintf(copying->user, sizeof(copying->user), "%s", user);
    copying->failed = !codes_left(copying->to, user, &left);
    copying->free = left == 0;
    return !copying->failed;
}

static bool copy_code(const char *const *cells, void *context)
{
    struct copying *copying = context;
    struct store_answer answer;
    if (!may_have(copying, cells[0]))
        return false;
    if (!copying->wanted || !copying->free) {
        ++*copying->left;
        return true;
    }
    bool good =
        store_run(copying->to, &answer, ADD_CODE, "tit", cells[0], number(cells[1]), cells[2]);
    return went(copying, good, &answer);
}

/* ---- all of it ---- */

/* The time of the store moves to a later one, and so does everything that ends by it. */
static bool move_time(struct store *store, int64_t to_ms)
{
    static const char *const updates[] = {
        "UPDATE swmfa_send SET at_ms = at_ms + $1",
        "UPDATE swmfa_try SET locked_until_ms = locked_until_ms + $1 WHERE locked_until_ms > 0",
        "UPDATE swmfa_remembered SET until_ms = until_ms + $1",
        "UPDATE swmfa_pass SET until_ms = until_ms + $1",
    };
    int64_t by = to_ms - store_now(store);
    if (by <= 0)
        return true;
    for (size_t i = 0; i < sizeof(updates) / sizeof(updates[0]); i++)
        if (!store_run(store, NULL, updates[i], "i", by))
            return false;
    return store_set_now(store, to_ms);
}

static bool count_of(struct store *store, const char *sql, int64_t *count)
{
    struct store_answer answer;
    if (!store_run(store, &answer, sql, ""))
        return false;
    *count = store_number(&answer, 0);
    return true;
}

static bool copy_all(struct store *store, struct store *backup, bool codes,
                     struct restored *restored)
{
    int64_t paces = 0;
    const struct {
        const char *from;
        bool (*copy)(const char *const *cells, void *context);
        int64_t *count;
    } tables[] = {
        {SENDS, copy_send, &restored->sends},    {TRIES, copy_tries, &restored->users},
        {LOGINS, copy_login, &restored->logins}, {PACES, copy_pace, &paces},
        {CODES, copy_code, &restored->codes},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct copying copying = {.to = store,
                                  .count = tables[i].count,
                                  .left = &restored->codes_left,
                                  .wanted = codes};
        if (!store_each(backup, tables[i].copy, &copying, tables[i].from, "") || copying.failed)
            return false;
    }
    return true;
}

bool restore_from(struct store *store, struct store *backup, bool codes, struct restored *restored)
{
    *restored = (struct restored){.sends = 0};
    if (!store_begin(backup, STORE_READ, store_moment(store), 0))
        return false;
    if (store_is_no_time(store_now(backup))) {
        store_cancel(backup);
        return store_fail(store, "the backup has an invalid time");
    }
    bool good = move_time(store, store_now(backup)) && make_room(store, backup) &&
                copy_all(store, backup, codes, restored) &&
                count_of(backup, "SELECT COUNT(*) FROM swmfa_remembered", &restored->places) &&
                count_of(backup, "SELECT COUNT(*) FROM swmfa_pass", &restored->passes);
    store_cancel(backup);
    return good;
}
