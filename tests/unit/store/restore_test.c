/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/restore: an old backup adds locks and lets nobody in. */
#include "unit_store.h"

#include "store/failures.h"
#include "store/restore.h"

static struct {
    unsigned char *image;
    size_t size;
} backup;

static long long later(int64_t than, int64_t by)
{
    return than + by;
}

static void sql(const char *statements)
{
    (void)unit_sql(statements);
}

static void same(const char *query, const char *expected)
{
    unit_same_text(query, unit_sql(query), expected);
}

static void take_backup(void)
{
    store_free_image(backup.image);
    backup.image = store_image(unit_store()->store, &backup.size);
    unit_good(backup.image != NULL);
}

/* One of each, as alice has it: everything is good until a day from now. */
static void fill(void)
{
    int64_t now = unit_now();
    sql(unit_format("INSERT INTO swmfa_try VALUES ('alice', 7, 2, %lld), ('bob', 100, 0, 0);"
                    "INSERT INTO swmfa_send VALUES ('a', %lld, 'alice', 'p', '192.0.2.1', 'h');"
                    "INSERT INTO swmfa_code VALUES ('alice', 0, 'h0'), ('alice', 1, 'h1');"
                    "INSERT INTO swmfa_remembered VALUES ('alice', 'sshd', 'host x', '', %lld, 0, "
                    "%lld);"
                    "INSERT INTO swmfa_pass VALUES ('alice', %lld, 0, %lld, 'why');",
                    later(now, HOUR), (long long)now, later(now, DAY), later(UNIT_WALL, DAY),
                    later(now, DAY), later(UNIT_WALL, DAY)));
    sql("INSERT INTO swmfa_login VALUES (1, 1, 'alice', '', '', '', '', '', '', '', '', 0, 0, 0, "
        "'', 'old'), (2, 2, 'bob', '', '', '', '', '', '', '', '', 0, 0, 0, '', 'old')");
}

/* How many calls of renameat still work; -1: all. */
static int renames_left = -1;

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (renames_left == 0) {
        errno = EIO;
        return -1;
    }
    renames_left -= renames_left > 0;
    return renameat2(from_fd, from, to_fd, to, 0);
}

static struct restored restore(bool codes)
{
    struct problem problem = {""};
    struct restored restored;
    struct store *from = store_open_image(backup.image, backup.size, "the backup", &problem);
    if (from == NULL)
        fail_msg("no backup: %s", problem.text);
    unit_good(restore_from(unit_begin(STORE_WRITE), from, codes, &restored));
    unit_commit();
    store_close(from);
    return restored;
}

/* Another store in the place of the one of the test, which is empty. */
static void start_again(void)
{
    char aside[64];
    struct problem problem = {""};
    unit_close();
    if (!store_replace(unit_store()->folder, NULL, NULL, aside, sizeof(aside), &problem))
        fail_msg("not replaced: %s", problem.text);
    unit_open();
}

static int64_t locked_for(const char *user)
{
    struct failures tries;
    unit_good(failures_look(unit_begin(STORE_READ), user, &tries));
    store_cancel(unit_store()->store);
    return tries.for_ever ? -1 : tries.locked_for_ms;
}

static void test_a_restore_lets_nobody_in(void **state)
{
    (void)state;
    fill();
    take_backup();
    sql("DELETE FROM swmfa_pass; DELETE FROM swmfa_remembered; DELETE FROM swmfa_code "
        "WHERE number = 0");
    for (int codes = 0; codes < 2; codes++) { /* alice has a code: the other one was used */
        struct restored restored = restore(codes == 1);
        unit_same_number("codes", restored.codes, 0);
        unit_same_number("codes that did not", restored.codes_left, 2);
        unit_same_number("places that did not", restored.places, 1);
        unit_same_number("passes that did not", restored.passes, 1);
        same("SELECT COUNT(*) || group_concat(hash) FROM swmfa_code", "1h1");
        same("SELECT COUNT(*) FROM swmfa_pass", "0");
        same("SELECT COUNT(*) FROM swmfa_remembered", "0");
    }
}

static void test_a_restore_keeps_newer_entries_of_the_store(void **state)
{
    (void)state;
    fill();
    take_backup();
    sql("UPDATE swmfa_try SET attempts = 10, locked_until_ms = 5 WHERE user_name = 'alice';"
        "UPDATE swmfa_try SET forgiven = 100 WHERE user_name = 'bob';"
        "INSERT INTO swmfa_send VALUES ('b', 9, 'alice', 'p', '', 'h');"
        "UPDATE swmfa_login SET detail = 'new' WHERE id = 2");
    struct restored restored = restore(false);
    unit_same_number("users", restored.users, 0);
    unit_same_number("sends", restored.sends, 0);
    unit_same_number("logins", restored.logins, 0);
    same("SELECT attempts || ' ' || forgiven || ' ' || locked_until_ms FROM swmfa_try "
         "WHERE user_name = 'alice'",
         "10 2 5");
    unit_same_number("unlocked since", locked_for("bob"), 0);
    same("SELECT COUNT(*) FROM swmfa_send", "2");
    same("SELECT group_concat(detail) FROM swmfa_login", "old,new");
}

static void test_restored_locks_last_as_long_as_before(void **state)
{
    (void)state;
    unit_pass(DAY);
    fill();
    take_backup();
    start_again();
    struct restored restored = restore(false);
    unit_same_number("users", restored.users, 2);
    unit_same_number("sends", restored.sends, 1);
    unit_same_number("logins", restored.logins, 2);
    unit_same_number("alice", locked_for("alice"), HOUR);
    unit_same_number("bob", locked_for("bob"), -1);
    same("SELECT COUNT(*) FROM swmfa_code", "0");
    unit_pass(HOUR);
    unit_same_number("in an hour", locked_for("alice"), 0);
}

static void test_a_restore_adds_to_the_counts_of_a_new_store(void **state)
{
    (void)state;
    unit_pass(DAY);
    fill();
    take_backup();
    start_again();
    unit_pass(SECOND);
    int64_t now = unit_now();
    sql(unit_format(
        "INSERT INTO swmfa_try VALUES ('alice', 1, 1, 0), ('bob', 5, 0, %lld);"
        "INSERT INTO swmfa_send VALUES ('b', %lld, 'alice', 'p', '', 'h');"
        "INSERT INTO swmfa_pass VALUES ('bob', %lld, 0, 0, 'new');"
        "INSERT INTO swmfa_login VALUES (1, 3, 'carol', '', '', '', '', '', '', '', '', "
        "0, 0, 0, '', 'new')",
        later(now, DAY), (long long)now, later(now, HOUR)));
    (void)restore(false);
    now = unit_now();
    same("SELECT attempts || ' ' || forgiven FROM swmfa_try WHERE user_name = 'alice'", "8 3");
    same("SELECT attempts || ' ' || forgiven FROM swmfa_try WHERE user_name = 'bob'", "105 0");
    same(unit_format("SELECT at_ms - %lld FROM swmfa_send WHERE id = 'b'", (long long)now), "0");
    same(unit_format("SELECT until_ms - %lld FROM swmfa_pass", (long long)now), "3600000");
    same("SELECT group_concat(id || detail, ' ') FROM (SELECT * FROM swmfa_login ORDER BY id)",
         "1old 2old 3new");
}

static void test_a_restore_with_codes_restores_them_for_users_without_codes(void **state)
{
    (void)state;
    fill();
    sql("INSERT INTO swmfa_code VALUES ('bob', 3, 'b3')");
    take_backup();
    sql("DELETE FROM swmfa_code WHERE user_name = 'alice'; UPDATE swmfa_code SET number = 4");
    unit_same_number("codes", restore(true).codes, 2);
    same("SELECT group_concat(user_name || number, ' ') FROM (SELECT * FROM swmfa_code "
         "ORDER BY user_name, number)",
         "alice0 alice1 bob4");
}

static void test_a_damaged_or_newer_backup_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *change;
        const char *says;
    } cases[] = {
        {"UPDATE swmfa_store SET version = 99", "expected version 2, found 99"},
        {"UPDATE swmfa_store SET version = 0", "it has no valid version"},
        {"DELETE FROM swmfa_store", "has not one row"},
        {"DROP TABLE swmfa_store", "no such table"},
    };
    struct problem problem = {""};
    fill();
    for (size_t i = 0; i < COUNT(cases); i++) {
        start_again();
        sql(cases[i].change);
        struct store *store = unit_store()->store;
        store_free_image(backup.image);
        backup.image = store_image(store, &backup.size);
        unit_check(cases[i].change, backup.image == NULL, "no backup is made of it");
        unit_check(store_problem(store)->text,
                   strstr(store_problem(store)->text, cases[i].says) != NULL, cases[i].says);
    }
    start_again();
    take_backup();
    for (size_t size = 0; size < backup.size; size += 1000)
        assert_null(store_open_image(backup.image, size, "the backup", &problem));
    for (size_t at = 0; at < backup.size; at += 1024) { /* each page */
        unsigned char page[1024];
        memcpy(page, backup.image + at, sizeof(page));
        memset(backup.image + at, 0x5a, sizeof(page));
        struct store *from = store_open_image(backup.image, backup.size, "the backup", &problem);
        unit_check(unit_format("page at %zu", at), from == NULL, "a refusal");
        unit_check(problem.text, strncmp(problem.text, "the backup: ", 12) == 0, "its name");
        memcpy(backup.image + at, page, sizeof(page));
    }
}

/* A backup that cannot be restored must not replace one that can. */
static void test_a_store_without_one_of_its_tables_is_not_backed_up(void **state)
{
    (void)state;
    static const char *const tables[] = {"send",       "try",  "code", "login",
                                         "remembered", "pass", "pace"};
    size_t size = 0;
    for (size_t i = 0; i < COUNT(tables); i++) {
        start_again();
        sql(unit_format("ALTER TABLE swmfa_%s RENAME TO other;"
                        "CREATE VIEW swmfa_%s AS SELECT * FROM other",
                        tables[i], tables[i]));
        unit_check(tables[i], store_image(unit_store()->store, &size) == NULL, "no image");
    }
}

/* Whatever is there under its names: the old files go aside as they are, and nothing is followed.
 */
static void test_a_restore_moves_an_unusable_store_aside(void **state)
{
    (void)state;
    char *outside = unit_file("outside", "precious", 0640);
    static const char *const endings[] = {"", "-wal", "-shm", "-journal", ".new"};
    for (int kind = 0; kind < 5; kind++) {
        unit_close();
        for (size_t i = 0; i < COUNT(endings); i++) {
            const char *path = unit_format("%s%s", unit_store()->file, endings[i]);
            (void)unlink(path);
            if (kind == 0)
                assert_int_equal(symlink(outside, path), 0);
            else if (kind == 1)
                assert_int_equal(link(outside, path), 0);
            else if (kind == 2)
                assert_int_equal(mkfifo(path, 0600), 0);
            else
                assert_int_equal(mkdir(path, kind == 3 ? 0700 : 0500), 0);
        }
        struct problem problem = {""};
        assert_false(unit_opens(&problem));
        start_again();
        same("SELECT version FROM swmfa_store", "2");
        char *left = unit_read(outside);
        unit_same_text("outside", left, "precious");
        free(left);
        struct stat status;
        assert_int_equal(stat(outside, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0640);
    }
    unit_remove(outside);
}

/* Without its log of changes, the file is an older store, in which a used code is good again. */
static void test_an_interrupted_restore_leaves_no_older_store(void **state)
{
    (void)state;
    char aside[64];
    struct problem problem = {""};
    for (int works = 0; works < 5; works++) {
        start_again();
        sql("INSERT INTO swmfa_code VALUES ('alice', 0, 'used');"
            "PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM swmfa_code");
        unit_close();
        renames_left = works;
        (void)store_replace(unit_store()->folder, NULL, NULL, aside, sizeof(aside), &problem);
        renames_left = -1;
        if (store_repair(unit_store()->folder, &problem) && unit_opens(&problem))
            same("SELECT COUNT(*) FROM swmfa_code", "0");
        else
            start_again();
    }
}

/* A time that no clock of the host has shown would lock everybody out permanently. */
static void test_an_invalid_time_locks_nobody_out(void **state)
{
    (void)state;
    struct problem problem = {""};
    struct restored restored;
    sql(unit_format("INSERT INTO swmfa_send VALUES ('a', %lld, 'alice', 'p', '192.0.2.1', 'h')",
                    later(unit_now(), DAY)));
    take_backup();
    start_again();
    (void)restore(false);
    unit_same_number("send",
                     strtoll(unit_sql("SELECT at_ms FROM swmfa_send"), NULL, 10) <= unit_now(),
                     true);
    static const char *const times[] = {"-1", "4611686018427387904", "9223372036854775807"};
    for (size_t i = 0; i < COUNT(times); i++) {
        sql(unit_format("UPDATE swmfa_store SET now_ms = %s", times[i]));
        take_backup();
        start_again();
        struct store *from = store_open_image(backup.image, backup.size, "the backup", &problem);
        unit_good(from != NULL);
        unit_check(times[i], !restore_from(unit_begin(STORE_WRITE), from, false, &restored),
                   "a refusal");
        store_close(from);
    }
}

static void test_a_repair_changes_no_content(void **state)
{
    (void)state;
    struct problem problem = {""};
    char *outside = unit_file("outside", "precious", 0640);
    const char *journal = unit_format("%s-journal", unit_store()->file);
    fill();
    unit_close();
    assert_int_equal(chmod(unit_store()->file, 0644), 0);
    assert_int_equal(symlink(outside, journal), 0);
    assert_false(unit_opens(&problem));
    unit_check("repair", store_repair(unit_store()->folder, &problem), problem.text);
    unit_open();
    same("SELECT COUNT(*) FROM swmfa_code", "2");
    struct stat status;
    assert_int_equal(stat(unit_store()->file, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    unit_settle();
    sql("PRAGMA journal_mode = delete");
    assert_false(unit_opens(&problem));
    unit_check("repair", store_repair(unit_store()->folder, &problem), problem.text);
    unit_open();
    unit_close();
    assert_int_equal(unlink(unit_store()->file), 0);
    assert_int_equal(symlink(outside, unit_store()->file), 0);
    assert_false(store_repair(unit_store()->folder, &problem));
    assert_int_equal(stat(outside, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    unit_remove(outside);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

static int tear_down(void **state)
{
    store_free_image(backup.image);
    return unit_remove_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_restore_lets_nobody_in),
        TEST(test_a_restore_keeps_newer_entries_of_the_store),
        TEST(test_restored_locks_last_as_long_as_before),
        TEST(test_a_restore_adds_to_the_counts_of_a_new_store),
        TEST(test_a_restore_with_codes_restores_them_for_users_without_codes),
        TEST(test_a_damaged_or_newer_backup_is_refused),
        TEST(test_a_store_without_one_of_its_tables_is_not_backed_up),
        TEST(test_a_restore_moves_an_unusable_store_aside),
        TEST(test_an_interrupted_restore_leaves_no_older_store),
        TEST(test_an_invalid_time_locks_nobody_out),
        TEST(test_a_repair_changes_no_content),
    };
    return cmocka_run_group_tests_name("restore", tests, unit_make_folder, tear_down);
}
