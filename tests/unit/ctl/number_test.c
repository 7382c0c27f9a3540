/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/numbering and ctl/users/number: numbers as users write them, and none by a guess.
 */
#include "../unit.h"

#include "config/numbering.h"
#include "ctl/users/number.h"

/* ---- the lengths of countries ---- */

static void test_a_length_unusual_in_a_country_is_reported(void **state)
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
static void test_no_country_code_is_a_prefix_of_another(void **state)
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

/* ---- numbers as people write them ---- */

static void check(const char *country, const char *text, const char *expected)
{
    char number[PHONE_NUMBER_SIZE];
    char why[192];
    const char *what = unit_format("%s in %s", text, country != NULL ? country : "no country");
    const char *wrong = number_read(text, country, number, why, sizeof(why));
    if (*expected == '+')
        unit_same_text(what, wrong != NULL ? wrong : number, expected);
    else
        unit_check(what, wrong != NULL && strstr(wrong, expected) != NULL,
                   wrong != NULL ? wrong : number);
}

#define US "+15550100101"

static void test_numbers_with_a_plus_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const char *const good[] = {
        US,
        "+1 (555) 010-0101",
        "+1.555.010.0101",
        "+1.5550100101",
        "+1-555-010-0101",
        "(+1) 555 010 0101",
        " +1 555\t010 0101 ",
        "+1\xc2\xa0(555)\xc2\xa0"
        "010-0101",
        "+1\xa0"
        "555\xa0"
        "0100101", /* Windows-1252 */
        "+1\xe2\x80\xaf"
        "555\xe2\x80\x89"
        "010\xe2\x80\x91"
        "0101",
        "\xe2\x80\xaa+15550100101\xe2\x80\xac", /* as copied from Windows' contacts */
        "+1 555 010\xe2\x80\x93"
        "0101",
        "\xef\xbb\xbf+15550100101",
        "'+15550100101",
    };
    static const struct {
        const char *text;
        const char *wrong;
    } wrong[] = {
        {"", "the number is missing"},
        {" - ", "characters that are not digits"},
        {"()", "the number is missing"},
        {"+1 555 010 010x", "it has letters"},
        {"+1 555 010 0101 ext. 5", "it has letters"},
        {"tel:+15550100101", "it has letters"},
        {"phone", "it has letters"},
        {"+1 555 010 0101 / +1 555 010 0102", "not digits"},
        {"+1 555 0100101/02", "not digits"},
        {"+1 555 0100101, +1 555 0100102", "not digits"},
        {"++15550100101", "not digits"},
        {"1+5550100101", "not digits"},
        {"+1 (555 010 0101", "not closed"},
        {"+1 555) 010 0101", "not digits"},
        {"+1 ((555)) 010 0101", "not digits"},
        {"+44 (0)7700 900123", "(0) stands for a 0"},
        {"0044 (0)7700 900123", "(0) stands for a 0"},
        {"+015550100101", "no country code begins with 0"},
        {"+1234567890123456", "too long"},
        {"+1234567890123456789012345", "too long"},
        {"-15550100101", "not digits"},
        {"+15550100101.0", "decimals"},
        {"15550100101.00", "decimals"},
        {"4.4E+11", "the spreadsheet has rounded this number; format the column as text"},
        {"4,4E+11", "the spreadsheet has rounded"},
        {"1.55501E+10", "the spreadsheet has rounded"},
        {"1e10", "the spreadsheet has rounded"},
        {"+1.5E10", "the spreadsheet has rounded"},
        {"#NAME?", "it has letters"},
        {"+\xd9\xa1", "not digits"}, /* an Arabic 1 */
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        check(NULL, good[i], US);
        check("44", good[i], US);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        check(NULL, wrong[i].text, wrong[i].wrong);
        check("44", wrong[i].text, wrong[i].wrong);
    }
}

static void test_numbers_without_a_plus_need_a_country(void **state)
{
    (void)state;
    static const struct {
        const char *country;
        const char *text;
        const char *read; /* the number, or what is wrong */
    } cases[] = {
        {NULL, "0015550100101", "it does not begin with + and the country code; --country"},
        {NULL, "(555) 010-0101", "; --country"},
        {NULL, "15550100101", "; --country"},
        {NULL, "07700 900123", "; --country"},
        /* the international prefix */
        {"1", "0015550100101", US},
        {"1", "00 44 7700 900123", "+447700900123"},
        {"44", "0015550100101", US},
        {"49", "00 1 555 010 0101", US},
        {"44", "001555010010", "too short for +1"},
        {"44", "0000", "no country code that is known follows 00"},
        {"44", "00", "no country code that is known follows 00"},
        {"44", "00999123456", "no country code that is known follows 00"},
        {"44", "001234567890123456789", "too long"},
        {"61", "0015550100101", "00 is not always the prefix"}, /* it is 0011 */
        {"81", "0015550100101", "00 is not always the prefix"}, /* it is 010 */
        {"55", "0015550100101", "00 is not always the prefix"}, /* a carrier's number follows it */
        /* a country where a number has 10 digits, and 1 before them may be left out */
        {"1", "(555) 010-0101", US},
        {"1", "555.010.0101", US},
        {"1", "1 555 010 0101", US},
        {"1", "555-0101", "expected 10 digits"},
        {"1", "0155501001", "expected 10 digits"},
        {"1", "1555010010", "expected 10 digits"},
        {"1", "25550100101", "expected 10 digits"},
        {"1", "447700900123", "expected 10 digits"},
        {"1", "011447700900123", "expected 10 digits"},
        /* countries where a 0 goes before numbers */
        {"44", "07700 900123", "+447700900123"},
        {"44", "(0)7700 900123", "+447700900123"},
        {"44", "(020) 7946 0000", "+442079460000"},
        {"33", "06 12 34 56 78", "+33612345678"},
        {"49", "0151-23456789", "+4915123456789"},
        {"44", "7700900123", "neither + nor 0, which a spreadsheet removes"},
        {"44", "447700900123", "neither + nor 0"},
        {"49", "491512345678", "neither + nor 0"},
        {"44", "077009001234", "too long for +44"},
        {"44", "0770", "too short for +44"},
        {"44", "0", "too short for +44"},
        /* countries where nothing goes before them */
        {"34", "612 345 678", "+34612345678"},
        {"34", "0612345678", "no number begins with 0 in the country +34"},
        {"34", "34612345678", "too long for +34"},
        {"45", "12345678", "+4512345678"},
        {"39", "06 1234 5678", "+390612345678"},
        {"39", "333 1234567", "+393331234567"},
        {"39", "3912345678", "it can be a number with or without the country code +39"},
        /* others */
        {"7", "8 912 345-67-89", "it is not known how numbers are written"},
        {"7", "9123456789", "it is not known how numbers are written"},
        {"7", "00 44 7700 900123", "00 is not always the prefix"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check(cases[i].country, cases[i].text, cases[i].read);
}

static void test_only_an_assigned_country_code_is_a_country(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *code; /* NULL: none */
    } cases[] = {{"1", "1"},   {"+1", "1"},    {"+44", "44"}, {"44", "44"},   {"353", "353"},
                 {"", NULL},   {"+", NULL},    {"++1", NULL}, {"0044", NULL}, {"US", NULL},
                 {"+4", NULL}, {"999", NULL},  {"12", NULL},  {"1 ", NULL},   {"1x", NULL},
                 {"-1", NULL}, {"+1555", NULL}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char code[4] = "";
        bool good = number_country(cases[i].text, code);
        unit_same_text(cases[i].text, good ? code : "none",
                       cases[i].code != NULL ? cases[i].code : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_length_unusual_in_a_country_is_reported),
        cmocka_unit_test(test_no_country_code_is_a_prefix_of_another),
        cmocka_unit_test(test_numbers_with_a_plus_are_read_as_people_write_them),
        cmocka_unit_test(test_numbers_without_a_plus_need_a_country),
        cmocka_unit_test(test_only_an_assigned_country_code_is_a_country),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
