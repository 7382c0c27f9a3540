/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/latency: a drawn latency is one of the last, and of its kind. */
#include "unit_store.h"

#include "store/latency.h"

#define MANY 2000

static int64_t draw(enum latency kind)
{
    int64_t microseconds = -1;
    unit_good(latency_draw(unit_store()->store, kind, &microseconds));
    return microseconds;
}

static void test_without_stored_latencies_0_is_drawn(void **state)
{
    (void)state;
    (void)unit_begin(STORE_READ);
    assert_int_equal(draw(LATENCY_SEND), 0);
    assert_int_equal(draw(LATENCY_VERIFY), 0);
}

static void test_each_kind_has_its_own_latencies(void **state)
{
    (void)state;
    struct store *store = unit_begin(STORE_WRITE);
    unit_good(latency_add(store, LATENCY_SEND, 40, 12345));
    for (int i = 0; i < 20; i++)
        assert_int_equal(draw(LATENCY_SEND), 12345);
    assert_int_equal(draw(LATENCY_VERIFY), 0);
    unit_good(latency_add(store, LATENCY_VERIFY, 41, (int64_t)3600 * 1000000));
    unit_commit();
    (void)unit_begin(STORE_READ);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(draw(LATENCY_SEND), 12345);
        assert_int_equal(draw(LATENCY_VERIFY), (int64_t)3600 * 1000000);
    }
}

static void test_exactly_the_stored_latencies_are_drawn(void **state)
{
    (void)state;
    static int drawn[MANY + 1];
    int kinds = 0;
    struct store *store = unit_begin(STORE_WRITE);
    for (int64_t i = 1; i <= MANY; i++)
        unit_good(latency_add(store, LATENCY_SEND, i, i));
    for (int i = 0; i < MANY; i++) {
        int64_t microseconds = draw(LATENCY_SEND);
        assert_in_range(microseconds, MANY - 31, MANY);
        kinds += drawn[microseconds]++ == 0;
    }
    /* each of 32 is missed once in 10^27 runs */
    assert_int_equal(kinds, 32);
    unit_commit();
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_pace"), "32");
}

static void test_a_failed_read_is_not_an_answer(void **state)
{
    (void)state;
    int64_t microseconds = 0;
    struct store *store = unit_store()->store;
    assert_false(latency_add(store, LATENCY_SEND, 1, 1));
    assert_false(latency_draw(store, LATENCY_SEND, &microseconds));
    (void)unit_sql("DROP TABLE swmfa_pace");
    (void)unit_begin(STORE_WRITE);
    assert_false(latency_draw(store, LATENCY_SEND, &microseconds));
    assert_false(store_commit(store));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_stored_latencies_0_is_drawn),
        TEST(test_each_kind_has_its_own_latencies),
        TEST(test_exactly_the_stored_latencies_are_drawn),
        TEST(test_a_failed_read_is_not_an_answer),
    };
    alarm(300);
    return cmocka_run_group_tests_name("latency", tests, unit_make_folder, unit_remove_folder);
}
