/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unit_store: what the unit tests of store/ share: an empty store for each test, a clock that goes
 * only when it is told to, processes side by side, and a look at the file with SQLite alone.
 *
 * A process that a test forks reports by its exit status: it must not fail a check of cmocka's.
 */
#ifndef SWMFA_UNIT_STORE_H
#define SWMFA_UNIT_STORE_H

#include "../unit.h"

#include "store/store.h"

#include <dirent.h>
#include <sqlite3.h>
#include <sys/wait.h>

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define UNIT_WALL ((int64_t)1750000000 * SECOND) /* the time of day when a test begins */

/* The store of a test, and the moment that it begins its next transaction with. */
struct unit_store {
    struct store *store;
    struct moment moment;
    char folder[PATH_MAX];
    char file[PATH_MAX];
};

static inline struct unit_store *unit_store(void)
{
    static struct unit_store it;
    return &it;
}

/* ---- opening ---- */

/* unit_opens: opens the store, or says why not. */
static inline bool unit_opens(struct problem *problem)
{
    struct unit_store *it = unit_store();
    memset(problem, 0, sizeof(*problem));
    it->store = store_open(it->folder, problem);
    return it->store != NULL;
}

static inline void unit_open(void)
{
    struct problem problem = {0};
    if (!unit_opens(&problem))
        fail_msg("refused: %s", problem.text);
}

static inline void unit_close(void)
{
    store_close(unit_store()->store);
    unit_store()->store = NULL;
}

/* unit_store_folder: the set-up of a test: a folder in which there is no store yet. */
static inline int unit_store_folder(void **state)
{
    (void)state;
    struct unit_store *it = unit_store();
    const struct unit_store fresh = {.moment = {"first-boot", 1000 * SECOND, UNIT_WALL}};
    *it = fresh;
    int length = snprintf(it->folder, PATH_MAX - NAME_MAX, "%s/store", unit_folder());
    if (length >= PATH_MAX - NAME_MAX || mkdir(it->folder, 0700) != 0)
        return -1;
    (void)snprintf(it->file, PATH_MAX, "%.*s/" STORE_FILE, PATH_MAX - NAME_MAX, it->folder);
    return 0;
}

/* unit_store_set_up: the same with an empty store in it, opened. */
static inline int unit_store_set_up(void **state)
{
    struct problem problem = {0};
    if (unit_store_folder(state) != 0)
        return -1;
    bool good = unit_opens(&problem);
    if (!good)
        print_error("%s\n", problem.text);
    return good ? 0 : -1;
}

/* unit_store_tear_down: the tear-down of both. */
static inline int unit_store_tear_down(void **state)
{
    (void)state;
    unit_close();
    (void)chmod(unit_store()->folder, 0700);
    return nftw(unit_store()->folder, unit_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- transactions ---- */

/* unit_pass: so many milliseconds pass. */
static inline void unit_pass(int64_t milliseconds)
{
    unit_store()->moment.boot_ms += milliseconds;
    unit_store()->moment.wall_ms += milliseconds;
}

static inline struct store *unit_begin(enum store_access access)
{
    struct unit_store *it = unit_store();
    if (!store_begin(it->store, access, &it->moment, 10000))
        fail_msg("no transaction: %s", store_problem(it->store)->text);
    return it->store;
}

/* unit_good: fails, with the problem of the store, unless that was good. */
static inline void unit_good(bool good)
{
    if (!good)
        fail_msg("the store failed: %s", store_problem(unit_store()->store)->text);
}

static inline void unit_commit(void)
{
    unit_good(store_commit(unit_store()->store));
}

/* unit_now: the time of the store. */
static inline int64_t unit_now(void)
{
    struct store *store = unit_begin(STORE_READ);
    int64_t now = store_now(store);
    store_cancel(store);
    return now;
}

/* ---- without the store's functions ---- */

/* unit_sql: runs SQL on the file. Returns the first column of the last row, good until the next. */
static inline const char *unit_sql(const char *sql)
{
    static char cell[STORE_CELL_SIZE];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    *cell = '\0';
    assert_int_equal(sqlite3_open_v2(unit_store()->file, &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 5000);
    while (*sql != '\0') {
        int result = sqlite3_prepare_v2(db, sql, -1, &statement, &sql);
        if (result != SQLITE_OK)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        while (statement != NULL && (result = sqlite3_step(statement)) == SQLITE_ROW)
            if (sqlite3_column_count(statement) > 0)
                (void)snprintf(cell, sizeof(cell), "%s",
                               (const char *)sqlite3_column_text(statement, 0));
        if (statement != NULL && result != SQLITE_DONE)
            fail_msg("%s", sqlite3_errmsg(db));
        (void)sqlite3_finalize(statement);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return cell;
}

/* unit_settle: closes the store and leaves all of it in the one file, which can be damaged then. */
static inline void unit_settle(void)
{
    unit_close();
    (void)unit_sql("PRAGMA wal_checkpoint(TRUNCATE)");
}

/* ---- processes ---- */

/* unit_wait: the exit status of a process; 255 if a signal ended it. */
static inline int unit_wait(pid_t process)
{
    int status = 0;
    assert_int_equal(waitpid(process, &status, 0), process);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* unit_side_by_side: runs something in so many simultaneous processes. Returns how many gave back
 * 0; fails if one gave back anything but 0 and 1. The store must be closed. */
static inline int unit_side_by_side(int processes, int (*run)(int number))
{
    pid_t process[64];
    int gate[2];
    int zeros = 0;
    char ignored = 0;
    assert_true(processes <= (int)COUNT(process) && unit_store()->store == NULL);
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    for (int i = 0; i < processes; i++) {
        process[i] = fork();
        assert_true(process[i] >= 0);
        if (process[i] == 0) {
            close(gate[1]); /* begins when the last writer of the gate is gone */
            _exit(read(gate[0], &ignored, 1) == 0 ? run(i) : 99);
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < processes; i++) {
        int status = unit_wait(process[i]);
        assert_in_range(status, 0, 1);
        zeros += status == 0;
    }
    return zeros;
}

/* unit_alone: runs something in a process of its own, which may change what it likes of itself.
 * Returns its exit status. The store must be closed. */
static inline int unit_alone(int (*run)(void))
{
    assert_null(unit_store()->store);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0)
        _exit(run());
    return unit_wait(process);
}

#endif
