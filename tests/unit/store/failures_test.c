/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/failures: attempts are counted, locks start, grow and end. */
#include "unit_store.h"

#include "store/failures.h"
#include "store/sends.h"

#define FIRST (15 * MINUTE)

/* One attempt in a transaction of its own. */
static struct failures count(const char *user, int failures)
{
    struct failures tries;
    memset(&tries, 0x55, sizeof(tries));
    unit_good(failures_count(unit_begin(STORE_WRITE), user, failures, &tries));
    unit_commit();
    return tries;
}

static struct failures look(const char *user)
{
    struct failures tries;
    memset(&tries, 0x55, sizeof(tries));
    struct store *store = unit_begin(STORE_READ);
    unit_good(failures_look(store, user, &tries));
    store_cancel(store);
    return tries;
}

static void forgive(const char *user, int64_t attempt)
{
    unit_good(failures_forgive(unit_begin(STORE_WRITE), user, attempt));
    unit_commit();
}

static void unlock(const char *user)
{
    unit_good(failures_unlock(unit_begin(STORE_WRITE), user));
    unit_commit();
}

static void check(const char *what, struct failures found, int64_t failures, int64_t locked_for)
{
    unit_same_number(what, found.failures, failures);
    unit_same_number(what, found.locked_for_ms, locked_for);
    unit_same_number(what, found.locked, locked_for > 0);
    unit_same_number(what, found.for_ever, false);
}

static void test_a_user_without_attempts_has_no_failures(void **state)
{
    (void)state;
    check("nobody", look("alice"), 0, 0);
    assert_int_equal(look("alice").attempt, 0);
    forgive("alice", 1);
    unlock("alice");
    check("nobody still", look("alice"), 0, 0);
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_try"), "0");
}

static void test_an_attempt_is_counted_with_its_number(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= 9; i++) {
        struct failures tries = count("alice", 10);
        check("alice", tries, i, 0);
        assert_int_equal(tries.attempt, i);
        check("alice", look("alice"), i, 0);
    }
    check("bob", look("bob"), 0, 0);
    check("ALICE", look("ALICE"), 0, 0);
    check("alice with a blank", look("alice "), 0, 0);
}

static void test_each_series_of_failures_locks_twice_as_long(void **state)
{
    (void)state;
    static const int each[] = {1, 3, 7, 10, 33, 50, 99};
    for (size_t i = 0; i < COUNT(each); i++) {
        const char *user = unit_format("user%d", each[i]);
        int64_t lock = FIRST;
        for (int64_t n = 1; n < FAILURES_LOCK_FOR_EVER; n++) {
            check(user, count(user, each[i]), n, 0); /* as it was before: not locked */
            if (n % each[i] != 0) {
                check(user, look(user), n, 0);
                continue;
            }
            check(user, look(user), n, lock);
            unit_pass(lock);
            check(user, look(user), n, 0);
            lock = lock * 2 < DAY ? lock * 2 : DAY;
        }
    }
}

static void test_a_hundred_failures_in_a_row_lock_permanently(void **state)
{
    (void)state;
    static const int each[] = {1, 3, 10, 99, 100};
    for (size_t i = 0; i < COUNT(each); i++) {
        const char *user = unit_format("user%d", each[i]);
        for (int n = 1; n <= FAILURES_LOCK_FOR_EVER; n++) {
            unit_check(user, !count(user, each[i]).locked, "no lock");
            unit_pass(DAY);
        }
        unit_pass(10000 * DAY);
        for (int n = 0; n < 3; n++) {
            struct failures tries = n == 0 ? look(user) : count(user, each[i]);
            unit_same_number(user, tries.failures, FAILURES_LOCK_FOR_EVER);
            unit_same_number(user, tries.locked, true);
            unit_same_number(user, tries.for_ever, true);
            unit_same_number(user, tries.locked_for_ms, 0);
        }
        unlock(user);
        check(user, look(user), 0, 0);
        check(user, count(user, each[i]), 1, 0);
    }
}

static void test_a_lock_ends_at_its_millisecond_and_not_before(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)count("alice", 3);
    unit_pass(FIRST - 1);
    check("before", count("alice", 3), 3, 1);
    unit_pass(1);
    check("at the end", look("alice"), 3, 0);
    check("the next", count("alice", 3), 4, 0);
}

static void test_while_locked_nothing_is_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        (void)count("alice", 10);
    for (int i = 0; i < 200; i++)
        check("locked", count("alice", 10), 10, FIRST);
    assert_int_equal(count("alice", 10).attempt, 10);
    check("somebody else", count("bob", 10), 1, 0);
    /* with another setting neither */
    check("locked", count("alice", 3), 10, FIRST);
    check("locked", count("alice", 1), 10, FIRST);
}

static void test_unlock_clears_every_failure(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        (void)count("alice", 10);
        (void)count("bob", 10);
    }
    unlock("alice");
    check("alice", look("alice"), 0, 0);
    check("bob", look("bob"), 10, FIRST);
    /* the next locks are the first ones again */
    for (int i = 1; i <= 10; i++)
        check("alice", count("alice", 10), i, 0);
    check("alice", look("alice"), 10, FIRST);
}

/* While somebody is locked nothing is sent; what was counted all the same goes with the lock. */
static void test_unlock_clears_sends_of_decoys(void **state)
{
    (void)state;
    static const struct sends_about sends[] = {{"alice", "", "192.0.2.1", true},
                                               {"alice", "+15550101", "192.0.2.1", false},
                                               {"alice", "", "", true},
                                               {"bob", "", "192.0.2.1", true}};
    static const struct limits none = {0};
    struct sends_refusal refusal;
    char id[SENDS_ID_SIZE];
    int64_t count = 0;
    struct store *store = unit_begin(STORE_WRITE);
    for (size_t i = 0; i < COUNT(sends); i++)
        assert_int_equal(sends_count(store, &none, &sends[i], id, &refusal), SENDS_COUNTED);
    unit_commit();
    unlock("alice");
    store = unit_begin(STORE_READ);
    unit_good(sends_of_user(store, "alice", 60, &count));
    assert_int_equal(count, 1);
    unit_good(sends_of_user(store, "bob", 60, &count));
    assert_int_equal(count, 1);
    store_cancel(store);
}

static void test_a_right_attempt_clears_the_failures_before_it(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        (void)count("alice", 10);
    int64_t right = count("alice", 10).attempt;
    forgive("bob", right);
    check("not of somebody else", look("alice"), 5, 0);
    forgive("alice", right);
    check("alice", look("alice"), 0, 0);
    struct failures next = count("alice", 10);
    check("the next", next, 1, 0);
    assert_int_equal(next.attempt, right + 1);
}

static void test_a_right_attempt_keeps_later_failures(void **state)
{
    (void)state;
    int64_t right = 0;
    for (int i = 1; i <= 9; i++)
        if (i == 4)
            right = count("alice", 10).attempt;
        else
            (void)count("alice", 10);
    forgive("alice", right);
    check("five are later", look("alice"), 5, 0);
    for (int i = 6; i <= 10; i++)
        check("to the next lock", count("alice", 10), i, 0);
    check("the lock", look("alice"), 10, FIRST);
}

static void test_a_right_attempt_clears_failures_only_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)count("alice", 10);
    forgive("alice", 3);
    for (int i = 0; i < 10; i++)
        (void)count("alice", 10);
    check("locked", look("alice"), 10, FIRST);
    forgive("alice", 3);
    forgive("alice", 2);
    forgive("alice", 0);
    forgive("alice", -1);
    check("locked still", look("alice"), 10, FIRST);
    /* an attempt from before an administrator unlocked */
    unlock("alice");
    for (int i = 0; i < 10; i++)
        (void)count("alice", 10);
    forgive("alice", 13);
    check("locked still", look("alice"), 10, FIRST);
}

static void test_a_right_attempt_ends_the_lock_that_it_started(void **state)
{
    (void)state;
    int64_t right = 0;
    for (int i = 0; i < 10; i++)
        right = count("alice", 10).attempt;
    check("locked while it is under way", look("alice"), 10, FIRST);
    forgive("alice", right);
    check("right", look("alice"), 0, 0);
    right = count("alice", 1).attempt;
    check("one is enough", look("alice"), 1, FIRST);
    forgive("alice", right);
    check("right", look("alice"), 0, 0);
}

/* A number that was never given, as after an old copy was restored, gives nobody tries. */
static void test_an_unknown_attempt_clears_no_more_than_all_failures(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)count("alice", 10);
    forgive("alice", 50);
    unit_check("failures", look("alice").failures >= 0, "none below 0");
    int64_t before = look("alice").failures;
    for (int64_t i = 1; i <= 10 - before; i++)
        check("alice", count("alice", 10), before + i, 0);
    check("alice", look("alice"), 10, FIRST);
}

static void test_a_lock_survives_a_reboot_and_a_change_of_the_time_of_day(void **state)
{
    (void)state;
    struct moment *moment = &unit_store()->moment;
    for (int i = 0; i < 10; i++)
        (void)count("alice", 10);
    moment->wall_ms += 1000 * DAY;
    check("the time of day went forward", look("alice"), 10, FIRST);
    moment->wall_ms -= 3000 * DAY;
    check("the time of day went back", look("alice"), 10, FIRST);
    (void)snprintf(moment->boot, sizeof(moment->boot), "second-boot");
    moment->boot_ms = 10 * SECOND;
    check("after a reboot", look("alice"), 10, FIRST - 10 * SECOND);
    moment->boot_ms = FIRST;
    check("after its time", look("alice"), 10, 0);
}

static void test_an_uncommitted_attempt_is_not_counted(void **state)
{
    (void)state;
    struct failures tries;
    (void)count("alice", 10);
    struct store *store = unit_begin(STORE_WRITE);
    unit_good(failures_count(store, "alice", 10, &tries));
    store_cancel(store);
    check("alice", look("alice"), 1, 0);
    /* nor outside a transaction */
    assert_false(failures_count(store, "alice", 10, &tries));
    assert_false(failures_look(store, "alice", &tries));
    assert_false(failures_forgive(store, "alice", 1));
    assert_false(failures_unlock(store, "alice"));
    check("alice", look("alice"), 1, 0);
}

static void test_names_are_never_read_as_sql(void **state)
{
    (void)state;
    static const char *const names[] = {"o'brien",  "\"; DROP TABLE swmfa_try; --",
                                        "%",        "_",
                                        "$1",       "j\xc3\xb6rg",
                                        "\xff\xfe", "",
                                        "? 01"};
    char longest[512];
    for (size_t i = 0; i < COUNT(names); i++)
        check(names[i], count(names[i], 10), 1, 0);
    for (size_t i = 0; i < COUNT(names); i++)
        check(names[i], look(names[i]), 1, 0);
    /* as long as a name can be; only its last letter is another */
    check("long", count(unit_repeat(longest, sizeof(longest), "x", 511), 10), 1, 0);
    check("long", look(longest), 1, 0);
    longest[510] = 'y';
    check("long and different", look(longest), 0, 0);
}

/* ---- side by side ---- */

static int count_alone(int number)
{
    struct problem problem = {0};
    struct failures tries = {0};
    (void)number;
    struct store *store = store_open(unit_store()->folder, &problem);
    bool good = store != NULL && store_begin(store, STORE_WRITE, &unit_store()->moment, 30000) &&
                failures_count(store, "alice", 10, &tries) && store_commit(store);
    store_close(store);
    return good ? tries.locked : 2;
}

static void test_exactly_ten_of_fifty_simultaneous_attempts_are_not_locked(void **state)
{
    (void)state;
    unit_close();
    assert_int_equal(unit_side_by_side(50, count_alone), 10);
    unit_open();
    check("alice", look("alice"), 10, FIRST);
    assert_int_equal(look("alice").attempt, 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_user_without_attempts_has_no_failures),
        TEST(test_an_attempt_is_counted_with_its_number),
        TEST(test_each_series_of_failures_locks_twice_as_long),
        TEST(test_a_hundred_failures_in_a_row_lock_permanently),
        TEST(test_a_lock_ends_at_its_millisecond_and_not_before),
        TEST(test_while_locked_nothing_is_counted),
        TEST(test_unlock_clears_every_failure),
        TEST(test_unlock_clears_sends_of_decoys),
        TEST(test_a_right_attempt_clears_the_failures_before_it),
        TEST(test_a_right_attempt_keeps_later_failures),
        TEST(test_a_right_attempt_clears_failures_only_once),
        TEST(test_a_right_attempt_ends_the_lock_that_it_started),
        TEST(test_an_unknown_attempt_clears_no_more_than_all_failures),
        TEST(test_a_lock_survives_a_reboot_and_a_change_of_the_time_of_day),
        TEST(test_an_uncommitted_attempt_is_not_counted),
        TEST(test_names_are_never_read_as_sql),
        TEST(test_exactly_ten_of_fifty_simultaneous_attempts_are_not_locked),
    };
    alarm(300); /* a transaction that waits for itself is killed */
    return cmocka_run_group_tests_name("tries", tests, unit_make_folder, unit_remove_folder);
}
