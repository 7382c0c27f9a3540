/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/price: which texts are prices, and how a price is printed. */
#include "../unit.h"

#include "config/price.h"

static void test_prices_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t millionths;
    } cases[] = {
        {"0", 0},
        {"0.0", 0},
        {"1", 1000000},
        {"0.0079", 7900},
        {"0.1", 100000},
        {"00.10", 100000},
        {"0.000001", 1},
        {"1.000001", 1000001},
        {"12.34", 12340000},
        {"0.3", 300000},
        {"999999", 999999000000},
        {"999999.999999", 999999999999},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct price price = {.given = false};
        unit_check(cases[i].text, price_read(cases[i].text, &price) && price.given, "a price");
        unit_same_number(cases[i].text, price.millionths, cases[i].millionths);
    }
}

static void test_text_that_is_not_a_price_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",        " ",       ".",         "1.",
        ".5",      "-1",      "+1",        "1,5",
        "0,0079",  "1e3",     "0x1",       "1 ",
        " 1",      "1.5.5",   "1..5",      "$1",
        "1 USD",   "1.5USD",  "nan",       "inf",
        "1000000", "0000001", "0.0000001", "1.1234567",
        "1\n",     "1.5\t",   "\xd9\xa1",  "99999999999999999999999999",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct price price = {.given = true, .millionths = 5};
        unit_check(cases[i], !price_read(cases[i], &price), "a refusal");
        unit_check(cases[i], !price.given && price.millionths == 0, "none");
    }
}

static void test_prices_are_printed_with_at_least_two_decimals(void **state)
{
    (void)state;
    static const struct {
        int64_t millionths;
        const char *text;
    } cases[] = {
        {0, "0.00"},
        {1, "0.000001"},
        {7900, "0.0079"},
        {100000, "0.10"},
        {10000, "0.01"},
        {1000000, "1.00"},
        {1200000, "1.20"},
        {1234567, "1.234567"},
        {100000000000, "100000.00"},
        {9000000000000000000, "9000000000000.00"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[PRICE_SIZE];
        unit_same_text(cases[i].text, price_write(cases[i].millionths, text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prices_are_read_exactly),
        cmocka_unit_test(test_text_that_is_not_a_price_is_refused),
        cmocka_unit_test(test_prices_are_printed_with_at_least_two_decimals),
    };
    return cmocka_run_group_tests_name("price", tests, NULL, NULL);
}
