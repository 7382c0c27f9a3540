/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/numbering: the lengths of numbers. */
#include "unit.h"

#include "config/numbering.h"

/* ---- the lengths of countries ---- */

static void test_a_length_that_a_country_does_not_have_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        const char *doubt; /* NULL: none */
    } cases[] = {
        {"+15550100101", NULL}, /* for tests and films, though no exchange begins with 0 */
        {"+12029167968", NULL},
        {"+1555010010", "is too short for +1: 10 digits follow it, not 9"},
        {"+155501001011", "is too long for +1: 10 digits follow it, not 11"},
        {"+447700900123", NULL},
        {"+44770090012", NULL},
        {"+4477009001", "is too short for +44: 9 or 10 digits follow it, not 8"},
        {"+4407700900123", "is too long for +44: 9 or 10 digits follow it, not 11"},
        {"+31612345678", NULL},
        {"+310612345678", "has the wrong length for +31: 9 or 11 digits follow it, not 10"},
        {"+4930123456", NULL},
        {"+4915123456789", NULL},
        {"+491512345678901", NULL},
        {"+491", "is too short for +49: 5 to 13 digits follow it, not 1"},
        {"+4930", "is too short for +49: 5 to 13 digits follow it, not 2"},
        {"+390612345678", NULL},
        {"+33612345678", NULL},
        {"+336123456789", "is too long for +33: 9 digits follow it, not 10"},
        {"+353861234567", NULL},
        {"+68512345", NULL},
        {"+68512345678", "has the wrong length for +685: 5, 6, 7 or 10 digits follow it, not 8"},
        {"+1", "is too short for +1: 10 digits follow it, not 0"},
        {"+99912", NULL}, /* no country has it, that is known */
        {"+210123456789012", NULL},
        {"+", NULL},
    };
    char text[128];
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *doubt = numbering_doubt(cases[i].number, text, sizeof(text));
        unit_same_text(cases[i].number, doubt != NULL ? doubt : "none",
                       cases[i].doubt != NULL ? cases[i].doubt : "none");
    }
}

/* A code in two rows, or one that begins another, would have the wrong lengths. */
static void test_each_code_is_the_beginning_of_no_other(void **state)
{
    (void)state;
    unsigned known = 0;
    for (unsigned code = 1; code <= 999; code++) {
        char digits[8];
        (void)snprintf(digits, sizeof(digits), "%u", code);
        size_t length = numbering_code_length(digits);
        known += length == strlen(digits);
        if (length > 0 && length < strlen(digits)) {
            unit_same_number(digits, numbering_trunk(digits), TRUNK_UNKNOWN);
            unit_check(digits, !numbering_has_00(digits), "a code that cannot be");
        }
        if (length == 0)
            unit_same_number(digits, numbering_trunk(digits), TRUNK_UNKNOWN);
    }
    assert_int_equal(known, 211);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_length_that_a_country_does_not_have_is_told),
        cmocka_unit_test(test_each_code_is_the_beginning_of_no_other),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
