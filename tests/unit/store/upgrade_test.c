/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of store/store: a store that version 1 has made and used becomes one of this version, once
 * and whole, with all that is in it.
 */
#include "unit_store.h"

#include "store/bypass.h"
#include "store/codes.h"
#include "store/failures.h"
#include "store/history.h"
#include "store/remember.h"
#include "store/sends.h"

#include <signal.h>

/* As version 1 made it, and used by alice, who is locked. */
static const char version_1[] =
    "PRAGMA page_size = 1024;"
    "PRAGMA journal_mode = WAL;"
    "BEGIN;"
    "CREATE TABLE swmfa_store (version BIGINT NOT NULL, boot TEXT NOT NULL, "
    "boot_ms BIGINT NOT NULL, now_ms BIGINT NOT NULL);"
    "INSERT INTO swmfa_store (version, boot, boot_ms, now_ms) "
    "VALUES (1, 'first-boot', 1000000, 5000000);"
    "CREATE TABLE swmfa_send (id TEXT NOT NULL, at_ms BIGINT NOT NULL, user_name TEXT NOT NULL, "
    "phone TEXT NOT NULL, address TEXT NOT NULL, host TEXT NOT NULL);"
    "CREATE INDEX swmfa_send_user ON swmfa_send (user_name, at_ms);"
    "CREATE INDEX swmfa_send_phone ON swmfa_send (phone, at_ms);"
    "CREATE INDEX swmfa_send_address ON swmfa_send (address, at_ms);"
    "CREATE INDEX swmfa_send_at ON swmfa_send (at_ms, host);"
    "CREATE TABLE swmfa_try (user_name TEXT PRIMARY KEY, attempts BIGINT NOT NULL, "
    "forgiven BIGINT NOT NULL, locked_until_ms BIGINT NOT NULL);"
    "CREATE TABLE swmfa_code (user_name TEXT NOT NULL, number BIGINT NOT NULL, hash TEXT NOT NULL, "
    "PRIMARY KEY (user_name, number));"
    "CREATE TABLE swmfa_remembered (user_name TEXT NOT NULL, service TEXT NOT NULL, "
    "place TEXT NOT NULL, phone TEXT NOT NULL, until_ms BIGINT NOT NULL, "
    "from_wall_ms BIGINT NOT NULL, until_wall_ms BIGINT NOT NULL, "
    "PRIMARY KEY (user_name, service, place));"
    "CREATE INDEX swmfa_remembered_until ON swmfa_remembered (until_ms);"
    "CREATE TABLE swmfa_pace (kind BIGINT NOT NULL, slot BIGINT NOT NULL, "
    "microseconds BIGINT NOT NULL, PRIMARY KEY (kind, slot));"
    "INSERT INTO swmfa_send VALUES ('1', 4999000, 'alice', 'p', '192.0.2.1', 'localhost');"
    "INSERT INTO swmfa_try VALUES ('alice', 12, 2, 5060000);"
    "INSERT INTO swmfa_code VALUES ('alice', 3, '$y$three'), ('alice', 7, '$y$seven');"
    "INSERT INTO swmfa_remembered VALUES ('alice', 'sshd', 'host 192.0.2.1', 'p', 8600000, "
    "1750000000000, 1750003600000);"
    "INSERT INTO swmfa_pace VALUES (0, 0, 500);"
    "COMMIT;";

/* The set-up of a test: such a store, that nobody has open. */
static int set_up(void **state)
{
    sqlite3 *db = NULL;
    if (unit_store_folder(state) != 0)
        return -1;
    bool good = sqlite3_open_v2(unit_store()->file, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                NULL) == SQLITE_OK &&
                sqlite3_exec(db, version_1, NULL, NULL, NULL) == SQLITE_OK;
    if (!good)
        print_error("%s\n", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    return good ? 0 : -1;
}

static void check_data(void)
{
    struct failures tries = {0};
    struct bypass pass = {0};
    int64_t sent = 0;
    int64_t codes = 0;
    int64_t places = 0;
    struct store *store = unit_begin(STORE_READ);
    assert_int_equal(store_now(store), 5000000);
    unit_good(failures_look(store, "alice", &tries) && sends_of_user(store, "alice", 600, &sent) &&
              codes_left(store, "alice", &codes) && remember_count(store, "alice", &places) &&
              bypass_look(store, "alice", &pass));
    store_cancel(store);
    assert_true(tries.locked);
    assert_int_equal(tries.failures, 10);
    assert_int_equal(tries.locked_for_ms, MINUTE);
    assert_int_equal(sent, 1);
    assert_int_equal(codes, 2);
    assert_int_equal(places, 1);
    assert_int_equal(pass.left_ms, 0);
    assert_string_equal(unit_sql("SELECT version FROM swmfa_store"), "2");
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_store"), "1");
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_login"), "0");
    assert_string_equal(unit_sql("PRAGMA integrity_check"), "ok");
}

static void test_an_upgrade_loses_nothing(void **state)
{
    (void)state;
    unit_open();
    assert_false(store_is_new(unit_store()->store));
    check_data();
    unit_close();
    unit_open();
    check_data();
}

/* What each object of the schema is, in the order of their names. */
static void read_schema(char *to, size_t size)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    *to = '\0';
    assert_int_equal(sqlite3_open_v2(unit_store()->file, &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name || ': ' || COALESCE(sql, '') FROM sqlite_master "
                           "ORDER BY name",
                           -1, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        (void)snprintf(to + strlen(to), size - strlen(to), "%s\n",
                       (const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
}

static void test_an_upgraded_store_equals_a_new_one(void **state)
{
    static char upgraded[16384];
    static char made[16384];
    unit_open();
    read_schema(upgraded, sizeof(upgraded));
    assert_int_equal(unit_store_tear_down(state), 0);
    assert_int_equal(unit_store_set_up(state), 0);
    read_schema(made, sizeof(made));
    unit_check("the schema", strstr(made, "swmfa_login_at") != NULL, "with the new tables");
    unit_same_text("the schema", upgraded, made);
}

static int open_alone(int number)
{
    struct problem problem = {0};
    struct bypass pass;
    (void)number;
    struct store *store = store_open(unit_store()->folder, &problem);
    bool good = store != NULL && store_begin(store, STORE_WRITE, &unit_store()->moment, 10000) &&
                bypass_look(store, "alice", &pass) && store_commit(store);
    store_close(store);
    return !good;
}

static void test_simultaneous_processes_upgrade_a_store_once(void **state)
{
    (void)state;
    assert_int_equal(unit_side_by_side(20, open_alone), 20);
    unit_open();
    check_data();
}

static void open_for_ever(void)
{
    struct problem problem = {0};
    for (;;)
        store_close(store_open(unit_store()->folder, &problem));
}

/* At another moment each time; the tests with swmfactl and logins do it at each write. */
static void test_a_kill_at_any_time_leaves_the_old_or_the_new_store(void **state)
{
    for (useconds_t pause = 0; pause < 10000; pause += 250) {
        pid_t process = fork();
        assert_true(process >= 0);
        if (process == 0)
            open_for_ever();
        (void)usleep(pause);
        assert_int_equal(kill(process, SIGKILL), 0);
        assert_int_equal(unit_wait(process), 255);
        unit_open();
        check_data();
        assert_int_equal(unit_store_tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
    }
}

/* A store that another one writes to is not upgraded, nor used; nor is it harmed. */
static void test_a_locked_store_is_not_upgraded(void **state)
{
    (void)state;
    sqlite3 *db = NULL;
    struct problem problem = {0};
    assert_int_equal(sqlite3_open_v2(unit_store()->file, &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_null(store_open_within(unit_store()->folder, 20, &problem));
    assert_non_null(strstr(problem.text, "another process has held it locked"));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    unit_same_text("the version", unit_sql("SELECT version FROM swmfa_store"), "1");
    unit_open();
    check_data();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_upgrade_loses_nothing),
        TEST(test_an_upgraded_store_equals_a_new_one),
        TEST(test_simultaneous_processes_upgrade_a_store_once),
        TEST(test_a_kill_at_any_time_leaves_the_old_or_the_new_store),
        TEST(test_a_locked_store_is_not_upgraded),
    };
    alarm(120); /* what waits for itself is killed */
    return cmocka_run_group_tests_name("upgrade", tests, unit_make_folder, unit_remove_folder);
}
