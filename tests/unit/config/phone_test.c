/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/phone: how numbers begin, and which countries a list permits. */
#include "../unit.h"

#include "config/phone.h"

static void test_only_a_possible_start_of_a_number_is_a_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool prefix;
        bool number;
    } cases[] = {
        {"+1", true, false},
        {"+9", true, false},
        {"+12", true, true},
        {"+44", true, true},
        {"+15550100182", true, true},
        {"+123456789012345", true, true},
        {"+1234567890123456", false, false},
        {"", false, false},
        {"+", false, false},
        {"+0", false, false},
        {"+01", false, false},
        {"0", false, false},
        {"1", false, false},
        {"44", false, false},
        {"0044", false, false},
        {"++1", false, false},
        {"+1+", false, false},
        {"+ 1", false, false},
        {"+1 ", false, false},
        {" +1", false, false},
        {"+1 555", false, false},
        {"+1-555", false, false},
        {"+1(555)", false, false},
        {"+1*", false, false},
        {"+1.", false, false},
        {"+x", false, false},
        {"+/", false, false}, /* beside the digits */
        {"+:", false, false},
        {"+1\n", false, false},
        {"US", false, false},
        {"+\xd9\xa1", false, false}, /* an Arabic 1 */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *list = unit_format("%s5,+1", cases[i].text); /* an item ends within a list */
        size_t length = strlen(cases[i].text);
        unit_same_number(cases[i].text, phone_prefix_valid(list, length), cases[i].prefix);
        unit_same_number(cases[i].text, phone_number_valid(list, length), cases[i].number);
    }
}

static void test_a_list_of_prefixes_permits_numbers_that_start_so(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        const char *number;
        bool permitted;
    } cases[] = {
        {NULL, "+15550100182", true},
        {NULL, "+445550100182", true},
        {NULL, "", true},
        {"+1", "+15550100182", true},
        {"+1", "+445550100182", false},
        {"+1, +44", "+15550100182", true},
        {"+1, +44", "+445550100182", true},
        {"+1,+44", "+445550100182", true},
        {" \t+1\t, \t+44 ", "+445550100182", true},
        {"+1, +44", "+495550100182", false},
        {"+44", "+4", false}, /* shorter than the prefix */
        {"+44", "+45550100182", false},
        {"+44", "+15550100144", false}, /* not at its beginning */
        {"+44", "+1445550100", false},
        {"+1555, +44", "+15550100182", true},
        {"+1555, +44", "+12029167968", false},
        {"+1556, +1555", "+15550100182", true},
        {"+15550100182", "+15550100182", true},
        {"+15550100182", "+15550100183", false},
        {"+15550100182", "+1555010018", false},
        {"+1", "15550100182", false},
        {"+1", "", false},
        {"", "+15550100182", false}, /* no prefix, no country */
        {",", "+15550100182", false},
        {" , ", "+15550100182", false},
        {"+44,", "+15550100182", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *list = cases[i].list;
        unit_same_number(unit_format("%s in %s", cases[i].number, list != NULL ? list : "none"),
                         countries_permit(list, cases[i].number), cases[i].permitted);
    }
}

/* One function names the fault of each number that is not valid. */
static void test_the_problem_of_a_number_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wrong; /* how it ends */
    } cases[] = {
        {"", "is missing"},
        {"15550100182", "does not begin with + and the country code"},
        {"0015550100182", "does not begin with + and the country code"},
        {" +15550100182", "does not begin with + and the country code"},
        {"+1555010018x", "has letters"},
        {"sms", "has letters"},
        {"+1 555 0100182", "has a blank or a line break"},
        {"+15550100182\n", "has a blank or a line break"},
        {"+1-555-0100182", "has characters that are not digits"},
        {"+1(555)0100182", "has characters that are not digits"},
        {"++15550100182", "has characters that are not digits"},
        {"+\xd9\xa1", "has characters that are not digits"},
        {"+015550100182", "no country code begins with 0"},
        {"+", "is too short: 2 to 15 digits follow +, without blanks"},
        {"+1", "is too short: 2 to 15 digits follow +, without blanks"},
        {"+1234567890123456", "is too long: at most 15 digits follow +"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *wrong = phone_number_wrong(cases[i].text, strlen(cases[i].text));
        size_t length = wrong != NULL ? strlen(wrong) : 0;
        size_t end = strlen(cases[i].wrong);
        unit_same_text(cases[i].text, length >= end ? wrong + length - end : wrong, cases[i].wrong);
    }
    assert_null(phone_number_wrong("+15550100182", strlen("+15550100182")));
    assert_null(
        phone_number_wrong("+15550100182x", strlen("+15550100182"))); /* an item of a list */
    assert_non_null(phone_number_wrong("+1555\0"
                                       "100",
                                       9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_a_possible_start_of_a_number_is_a_prefix),
        cmocka_unit_test(test_a_list_of_prefixes_permits_numbers_that_start_so),
        cmocka_unit_test(test_the_problem_of_a_number_is_named),
    };
    return cmocka_run_group_tests_name("phone", tests, NULL, NULL);
}
