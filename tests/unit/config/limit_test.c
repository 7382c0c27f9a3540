/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/limit: lists of limits, and times. */
#include "../unit.h"

#include "config/limit.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

/* Texts that are no time, with or without "NUMBER/" before them. */
#define NO_TIMES                                                                                   \
    "", " ", "s", "m", "d", "10", "10 m", "10 ", "m10", "10mm", "10ms", "10m1", "1h30m", "10M",    \
        "10H", "10D", "10S", "10w", "10y", "10min", "10x", "10.", "1.5h", "1,5h", "1e1m", "-1m",   \
        "+1m", "--1m", "0m", "0s", "0d", "00", "00s", "01m", "010m", "0x10m", "10m/", "/10m",      \
        "10/m", "10m;", "10m # a", "\"10m\"", "ten", "all", "none", "never", "31d", "721h",        \
        "43201m", "2592001s", "2592000m", "2592000d", "99999999d", "2147483647s", "2147483648s",   \
        "4294967297s" /* 1 where numbers wrap round */, "4294967296d", "71582789m" /* 44 s */,     \
        "1193047h" /* 2^32 s and more */, "18446744073709551617s",                                 \
        "99999999999999999999999999999999d", "\xd9\xa1m" /* an Arabic 1 */,                        \
        "1\xc2\xa0m" /* a blank that is none */, "1m\n", "\n1m", "1\xe2\x80\x8bm"

/* Reads a copy that ends where its memory does: a memory checker sees a read too far. */
static bool read_list(const char *text, struct limit_list *list)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    memset(list, 0x55, sizeof(*list));
    bool good = limit_list_read(copy, list);
    free(copy);
    return good;
}

static bool read_span(const char *text, int *seconds)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    *seconds = 0x5555;
    bool good = limit_span_read(copy, seconds);
    free(copy);
    return good;
}

static void check_list(const char *text, const struct limit *expected, size_t count)
{
    struct limit_list list;
    unit_check(text, read_list(text, &list), "a list");
    unit_same_number(text, (long long)list.count, (long long)count);
    for (size_t i = 0; i < count; i++) {
        unit_same_number(text, list.at[i].most, expected[i].most);
        unit_same_number(text, list.at[i].seconds, expected[i].seconds);
    }
}

static void check_no_list(const char *text)
{
    struct limit_list list;
    unit_check(text, !read_list(text, &list), "a refusal");
    unit_same_number(text, (long long)list.count, 0);
}

static void test_a_list_of_limits_is_read_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        struct limit limits[LIMIT_MANY];
    } cases[] = {
        {"3/10m, 5/1h, 10/1d", 3, {{3, 10 * MINUTE}, {5, HOUR}, {10, DAY}}},
        {"10/1d,3/10m", 2, {{10, DAY}, {3, 10 * MINUTE}}},
        {"1/1s", 1, {{1, 1}}},
        {"1/1m", 1, {{1, MINUTE}}},
        {"1/1h", 1, {{1, HOUR}}},
        {"1/1d", 1, {{1, DAY}}},
        {"100000/30d", 1, {{LIMIT_MOST, LIMIT_SECONDS_MAX}}},
        {"99999/720h", 1, {{99999, LIMIT_SECONDS_MAX}}},
        {"2/43200m", 1, {{2, LIMIT_SECONDS_MAX}}},
        {"2/2592000s", 1, {{2, LIMIT_SECONDS_MAX}}},
        {" \t3/10m\t, \t5/1h ", 2, {{3, 10 * MINUTE}, {5, HOUR}}},
        {"5/1h,5/2h", 2, {{5, HOUR}, {5, 2 * HOUR}}}, /* of no use, but plain */
        {"9/1h,2/2h", 2, {{9, HOUR}, {2, 2 * HOUR}}},
        {"1/1s,2/2s,3/3s,4/4s,5/5s,6/6s,7/7s,8/8s",
         8,
         {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}, {7, 7}, {8, 8}}},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_list(cases[i].text, cases[i].limits, cases[i].count);
}

static void test_text_that_is_not_a_list_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "\t",
        ",",
        ", ,",
        "3",
        "3/",
        "/",
        "//",
        "/10m",
        "3/10",
        "3 / 10m",
        "3/ 10m",
        "3 /10m",
        "3//10m",
        "3/10m/1h",
        "3\\10m",
        "3:10m",
        "3 10m",
        "3per10m",
        "10m/3",
        "3/10m,",
        ",3/10m",
        "3/10m,,",
        ",,3/10m",
        "3/10m,,5/1h",
        "3/10m, ,5/1h",
        "3/10m 5/1h",
        "3/10m;5/1h",
        "3/10m, 5",
        "3/10m, 5/1h.",
        "0/10m",
        "00/10m",
        "03/10m",
        "-3/10m",
        "+3/10m",
        "3.0/10m",
        "3x/10m",
        "x/10m",
        "0x3/10m",
        "three/10m",
        "100001/10m",
        "999999/10m",
        "2147483648/10m",
        "4294967299/10m" /* 3 where numbers wrap round */,
        "18446744073709551619/10m",
        "99999999999999999999999999999999/10m",
        "\xd9\xa3/10m" /* an Arabic 3 */,
        "3\xef\xbc\x8f/10m", /* a wide slash */
        "\"3/10m\"",
        "3/10m # a",
        "none",
        "0",
        "unlimited",
        "1/1s,2/2s,3/3s,4/4s,5/5s,6/6s,7/7s,8/8s,9/9s", /* one too many */
        "1/1s,2/2s,3/3s,4/4s,5/5s,6/6s,7/7s,8/8s,",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        check_no_list(texts[i]);
}

static void test_a_repeated_time_in_a_list_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "3/10m,3/10m",        "3/10m,4/10m",
        "3/10m, 5/1h, 4/10m", "3/1m,4/60s",
        "3/60m,4/1h",         "3/24h, 9/1d",
        "3/86400s,4/1d",      "1/1s,2/2s,3/3s,4/4s,5/5s,6/6s,7/7s,8/7s",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        check_no_list(texts[i]);
}

static void test_text_that_is_not_a_time_is_refused(void **state)
{
    (void)state;
    static const char *const times[] = {NO_TIMES};
    for (size_t i = 0; i < COUNT(times); i++) {
        int seconds = 0;
        unit_check(times[i], !read_span(times[i], &seconds), "a refusal");
        unit_same_number(times[i], seconds, 0);
        check_no_list(unit_format("3/%s", times[i]));
        check_no_list(unit_format("5/1h, 3/%s", times[i]));
        check_no_list(unit_format("3/%s, 5/1h", times[i]));
    }
    check_no_list("3/0");
}

static void test_a_span_is_0_or_a_time(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int seconds;
        const char *written; /* in the largest unit */
    } cases[] = {
        {"0", 0, "0"},
        {"1s", 1, "1s"},
        {"59s", 59, "59s"},
        {"60s", 60, "1m"},
        {"61s", 61, "61s"},
        {"90s", 90, "90s"},
        {"120s", 120, "2m"},
        {"10m", 600, "10m"},
        {"60m", HOUR, "1h"},
        {"61m", 3660, "61m"},
        {"1h", HOUR, "1h"},
        {"3601s", 3601, "3601s"},
        {"12h", 12 * HOUR, "12h"},
        {"24h", DAY, "1d"},
        {"25h", 25 * HOUR, "25h"},
        {"1d", DAY, "1d"},
        {"1441m", 86460, "1441m"},
        {"86400s", DAY, "1d"},
        {"30d", 30 * DAY, "30d"},
        {"720h", 30 * DAY, "30d"},
        {"43200m", 30 * DAY, "30d"},
        {"43199m", 30 * DAY - 60, "43199m"},
        {"2592000s", 30 * DAY, "30d"},
        {"2591999s", 30 * DAY - 1, "2591999s"},
    };
    char written[16];
    for (size_t i = 0; i < COUNT(cases); i++) {
        int seconds = 0;
        unit_check(cases[i].text, read_span(cases[i].text, &seconds), "a time");
        unit_same_number(cases[i].text, seconds, cases[i].seconds);
        assert_ptr_equal(limit_span_write(seconds, written, sizeof(written)), written);
        unit_same_text(cases[i].text, written, cases[i].written);
    }
}

static void test_a_span_can_be_within_something_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int most;
        int seconds; /* -1: refused */
    } cases[] = {{"0", 9, 0},
                 {"9s", 9, 9},
                 {"10s", 9, -1},
                 {"1m", 59, -1},
                 {"1m", 60, 60},
                 {"90d", 90 * DAY, 90 * DAY},
                 {"91d", 90 * DAY, -1},
                 {"2160h", 90 * DAY, 90 * DAY},
                 {"2161h", 90 * DAY, -1},
                 {"x", 90 * DAY, -1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        int seconds = 0x5555;
        bool good = limit_span_within(cases[i].text, cases[i].most, &seconds);
        unit_same_number(cases[i].text, good ? seconds : -1, cases[i].seconds);
        unit_same_number(cases[i].text, good || seconds == 0, 1);
    }
}

static void test_written_limits_read_back_the_same(void **state)
{
    (void)state;
    char written[16];
    for (int seconds = 0; seconds <= LIMIT_SECONDS_MAX; seconds += seconds < 2 * DAY ? 1 : 997) {
        int again = -1;
        limit_span_write(seconds, written, sizeof(written));
        if (!limit_span_read(written, &again) || again != seconds)
            fail_msg("%d seconds are written %s, which reads %d", seconds, written, again);
    }
}

static void test_a_write_stays_within_its_buffer(void **state)
{
    (void)state;
    char written[] = "xxxxx";
    limit_span_write(12 * HOUR, written, 3);
    assert_string_equal(written, "12");
    assert_string_equal(written + 3, "xx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_of_limits_is_read_in_order),
        cmocka_unit_test(test_text_that_is_not_a_list_is_refused),
        cmocka_unit_test(test_a_repeated_time_in_a_list_is_refused),
        cmocka_unit_test(test_text_that_is_not_a_time_is_refused),
        cmocka_unit_test(test_a_span_is_0_or_a_time),
        cmocka_unit_test(test_a_span_can_be_within_something_else),
        cmocka_unit_test(test_written_limits_read_back_the_same),
        cmocka_unit_test(test_a_write_stays_within_its_buffer),
    };
    return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
