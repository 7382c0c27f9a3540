/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/bypass: a bypass lets in its user alone, and ends by either clock. */
#include "unit_store.h"

#include "store/bypass.h"

#define STEP (5 * MINUTE) /* so far back the time of day may be corrected */

static void give(const char *user, int seconds, const char *reason)
{
    unit_good(bypass_grant(unit_begin(STORE_WRITE), user, seconds, reason));
    unit_commit();
}

static struct bypass look(const char *user)
{
    struct bypass pass = {.left_ms = -1};
    unit_good(bypass_look(unit_begin(STORE_READ), user, &pass));
    store_cancel(unit_store()->store);
    return pass;
}

static bool take_back(const char *user)
{
    bool was = false;
    unit_good(bypass_end(unit_begin(STORE_WRITE), user, &was));
    unit_commit();
    return was;
}

static void check(const char *what, int64_t left)
{
    unit_same_number(what, look("alice").left_ms, left);
}

static void test_a_user_has_no_bypass_by_default(void **state)
{
    (void)state;
    check("at first", 0);
    assert_false(take_back("alice"));
}

static void test_a_bypass_lasts_to_the_millisecond(void **state)
{
    (void)state;
    give("alice", 3600, "lost her phone");
    check("immediately", HOUR);
    unit_same_text("reason", look("alice").reason, "lost her phone");
    unit_pass(HOUR - 1);
    check("before the end", 1);
    unit_pass(1);
    check("at the end", 0);
    assert_false(take_back("alice"));
}

static void test_a_bypass_applies_to_the_exact_name(void **state)
{
    (void)state;
    give("alice", 3600, "x");
    static const char *const others[] = {"",       "ALICE",   "Alice", "alice ",
                                         " alice", "alice\n", "alic_", "alic%",
                                         "alice%", "bob",     "? 42",  "al\303\255ce"};
    for (size_t i = 0; i < COUNT(others); i++)
        unit_same_number(others[i], look(others[i]).left_ms, 0);
    assert_false(take_back("ALICE"));
    check("still", HOUR);
}

static void test_a_bypass_ends_by_the_faster_of_two_clocks(void **state)
{
    (void)state;
    struct moment begin = unit_store()->moment;
    give("alice", 3600, "x");
    unit_store()->moment.boot_ms = begin.boot_ms + HOUR - 1;
    check("the host was up", 1);
    unit_store()->moment.boot_ms = begin.boot_ms + HOUR;
    check("the host was up for longer", 0);
    unit_store()->moment = begin;
    unit_store()->moment.wall_ms = UNIT_WALL + HOUR - 1;
    check("by the time of day", 1);
    unit_store()->moment.wall_ms = UNIT_WALL + HOUR;
    check("over by the time of day", 0);
}

static void test_setting_the_time_of_day_does_not_extend_a_bypass(void **state)
{
    (void)state;
    give("alice", 3600, "x");
    unit_store()->moment.wall_ms = UNIT_WALL - STEP;
    check("a correction", HOUR);
    unit_store()->moment.wall_ms = UNIT_WALL - STEP - 1;
    check("more than that", 0);
    unit_store()->moment.wall_ms = UNIT_WALL - 365 * DAY;
    check("last year", 0);
    unit_store()->moment.wall_ms = UNIT_WALL - STEP;
    unit_store()->moment.boot_ms += HOUR;
    check("an hour after it was given", 0);
}

static void test_a_bypass_survives_a_reboot(void **state)
{
    (void)state;
    give("alice", 3600, "x");
    unit_pass(10 * MINUTE);
    (void)unit_now();
    (void)snprintf(unit_store()->moment.boot, sizeof(unit_store()->moment.boot), "second-boot");
    unit_store()->moment.boot_ms = MINUTE;
    unit_store()->moment.wall_ms += 5 * MINUTE;
    assert_true(look("alice").left_ms > 0);
    unit_store()->moment.wall_ms = UNIT_WALL + HOUR;
    check("it was off for long", 0);
}

static void test_a_bypass_lasts_at_most_thirty_days_whatever_the_store_says(void **state)
{
    (void)state;
    give("alice", 2592000, "x");
    (void)unit_sql("UPDATE swmfa_pass SET until_ms = until_ms + 315360000000, "
                   "until_wall_ms = until_wall_ms + 315360000000");
    check("ten years", 30 * DAY);
    unit_pass(30 * DAY);
    check("after thirty days", 0);
    (void)unit_sql("UPDATE swmfa_pass SET until_ms = 9223372036854775807, from_wall_ms = "
                   "-9223372036854775807, until_wall_ms = 9223372036854775807");
    check("no times", 0);
}

static void test_a_new_bypass_replaces_the_old_one(void **state)
{
    (void)state;
    give("alice", 2592000, "a month");
    give("alice", 60, "a minute");
    check("the shorter one", MINUTE);
    unit_same_text("its reason", look("alice").reason, "a minute");
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_pass"), "1");
}

static void test_a_bypass_can_be_revoked(void **state)
{
    (void)state;
    give("alice", 3600, "x");
    give("bob", 3600, "y");
    assert_true(take_back("alice"));
    check("ended", 0);
    assert_true(look("bob").left_ms == HOUR);
    assert_false(take_back("alice"));
    give("alice", 60, "again");
    check("given again", MINUTE);
}

static void test_a_reason_is_stored_whole(void **state)
{
    (void)state;
    char reason[101];
    give("alice", 60, unit_repeat(reason, sizeof(reason), "r", 100));
    unit_same_text("reason", look("alice").reason, reason);
}

static void test_expired_bypasses_are_deleted(void **state)
{
    (void)state;
    give("alice", 60, "x");
    unit_pass(MINUTE);
    give("bob", 60, "y");
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_pass"), "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_user_has_no_bypass_by_default),
        TEST(test_a_bypass_lasts_to_the_millisecond),
        TEST(test_a_bypass_applies_to_the_exact_name),
        TEST(test_a_bypass_ends_by_the_faster_of_two_clocks),
        TEST(test_setting_the_time_of_day_does_not_extend_a_bypass),
        TEST(test_a_bypass_survives_a_reboot),
        TEST(test_a_bypass_lasts_at_most_thirty_days_whatever_the_store_says),
        TEST(test_a_new_bypass_replaces_the_old_one),
        TEST(test_a_bypass_can_be_revoked),
        TEST(test_a_reason_is_stored_whole),
        TEST(test_expired_bypasses_are_deleted),
    };
    return cmocka_run_group_tests_name("pass", tests, unit_make_folder, unit_remove_folder);
}
