/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/gsm: which alphabet a text needs, and how much of an SMS it takes. */
#include "../unit.h"

#include "config/gsm.h"

/* 3GPP TS 23.038, 6.2.1: the default alphabet without CR, LF and ESC, in the standard's order. */
static const char *const basic[] = {
    "@", "£", "$", "¥", "è", "é", "ù", "ì", "ò", "Ç", "Ø", "ø", "Å", "å",  "Δ", "_", "Φ", "Γ",
    "Λ", "Ω", "Π", "Ψ", "Σ", "Θ", "Ξ", "Æ", "æ", "ß", "É", " ", "!", "\"", "#", "¤", "%", "&",
    "'", "(", ")", "*", "+", ",", "-", ".", "/", "0", "1", "2", "3", "4",  "5", "6", "7", "8",
    "9", ":", ";", "<", "=", ">", "?", "¡", "A", "B", "C", "D", "E", "F",  "G", "H", "I", "J",
    "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X",  "Y", "Z", "Ä", "Ö",
    "Ñ", "Ü", "§", "¿", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j",  "k", "l", "m", "n",
    "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z", "ä", "ö",  "ñ", "ü", "à",
};

/* The same, 6.2.1.1: the extension table without page break. */
static const char *const extension[] = {"^", "{", "}", "\\", "[", "~", "]", "|", "€"};

static void check(const char *text, enum gsm_alphabet alphabet, size_t units)
{
    size_t found = 0;
    unit_same_number(text, gsm_measure(text, &found), alphabet);
    if (alphabet != GSM_INVALID)
        unit_same_number(text, (long long)found, (long long)units);
}

static void test_a_basic_character_takes_one_septet(void **state)
{
    (void)state;
    assert_int_equal(COUNT(basic), 128 - 3);
    for (size_t i = 0; i < COUNT(basic); i++)
        check(basic[i], GSM_7BIT, 1);
}

static void test_an_extension_character_takes_two_septets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(extension); i++)
        check(extension[i], GSM_7BIT, 2);
}

static bool listed(const char *const *table, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i], text) == 0)
            return true;
    return false;
}

static const char *encode(unsigned point, char *text)
{
    char *at = text;
    if (point < 0x80) {
        *at++ = (char)point;
    } else if (point < 0x800) {
        *at++ = (char)(0xc0 | point >> 6);
        *at++ = (char)(0x80 | (point & 0x3f));
    } else {
        *at++ = (char)(0xe0 | point >> 12);
        *at++ = (char)(0x80 | (point >> 6 & 0x3f));
        *at++ = (char)(0x80 | (point & 0x3f));
    }
    *at = '\0';
    return text;
}

static void test_every_other_character_needs_ucs2(void **state)
{
    (void)state;
    char text[4] = "";
    for (unsigned point = 0xa0; point <= 0xffff; point++)
        if ((point < 0xd800 || point > 0xdfff) &&
            !listed(basic, COUNT(basic), encode(point, text)) &&
            !listed(extension, COUNT(extension), text))
            check(text, GSM_UCS2, 1);
    check("`", GSM_UCS2, 1);
}

static void test_units_add_up_in_the_alphabet_of_the_whole_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum gsm_alphabet alphabet;
        size_t units;
    } cases[] = {
        {"", GSM_7BIT, 0},
        {"Your code is:", GSM_7BIT, 13},
        {"ΔΦΓΛΩΠΨΣΘΞ", GSM_7BIT, 10},
        {"[{€}]", GSM_7BIT, 10},
        {"a^b", GSM_7BIT, 4},
        {"[{€}]ж", GSM_UCS2, 6},             /* what took two septets takes one unit */
        {"\xf0\x9f\x94\x91", GSM_UCS2, 2},   /* an emoji is a surrogate pair */
        {"a\xf0\x9f\x94\x91z", GSM_UCS2, 4}, /* wherever it stands */
        {"\xf4\x8f\xbf\xbf", GSM_UCS2, 2},   /* the last code point */
        {"e\xcc\x81", GSM_UCS2, 2},          /* é as a letter and a combining accent */
        {"\xe2\x80\x99", GSM_UCS2, 1},       /* the typographic apostrophe */
        {"\xce\x91", GSM_UCS2, 1},           /* Greek Alpha only looks like A */
        {"\xce\xb4", GSM_UCS2, 1},           /* small delta */
        {"\xc3\xa7", GSM_UCS2, 1},           /* small c with cedilla */
        {"\xef\xbb\xbfhi", GSM_UCS2, 3},     /* a byte order mark is a character */
        {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", GSM_UCS2, 5}, /* two joined by one */
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check(cases[i].text, cases[i].alphabet, cases[i].units);
}

static void test_control_characters_are_invalid(void **state)
{
    (void)state;
    char text[4] = "";
    for (unsigned point = 1; point < 0xa0; point++)
        if (point < ' ' || point >= 0x7f)
            check(encode(point, text), GSM_INVALID, 0);
    check("code\n", GSM_INVALID, 0);
    check("ж\033[2J", GSM_INVALID, 0);
    check("\tж", GSM_INVALID, 0);
}

static void test_invalid_utf8_is_invalid(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "\x80",                     /* a continuation without a beginning */
        "caf\xe9",                  /* Latin-1 */
        "\xc3",                     /* cut off */
        "\xe2\x82",                 /* cut off */
        "\xf0\x9f\x94",             /* cut off */
        "\xe2\x82z",                /* cut off in the middle of the text */
        "\xc0\xaf",                 /* two bytes for what takes one */
        "\xe0\x80\xaf",             /* three bytes for what takes one */
        "\xf0\x82\x82\xac",         /* four bytes for what takes three */
        "\xed\xa0\x80",             /* half of a surrogate pair */
        "\xed\xa0\xbd\xed\xb4\x91", /* both halves of a surrogate pair */
        "\xfe",
        "\xff",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t units = 0;
        if (gsm_measure(cases[i], &units) != GSM_INVALID)
            fail_msg("case %zu is taken for UTF-8", i);
    }
}

static void test_bytes_past_the_last_code_point_are_invalid(void **state)
{
    (void)state;
    check("\xf4\x90\x80\x80", GSM_INVALID, 0);
    check("\xf7\xbf\xbf\xbf", GSM_INVALID, 0);
    check("\xf8\x88\x80\x80\x80", GSM_INVALID, 0); /* five bytes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_basic_character_takes_one_septet),
        cmocka_unit_test(test_an_extension_character_takes_two_septets),
        cmocka_unit_test(test_every_other_character_needs_ucs2),
        cmocka_unit_test(test_units_add_up_in_the_alphabet_of_the_whole_text),
        cmocka_unit_test(test_control_characters_are_invalid),
        cmocka_unit_test(test_invalid_utf8_is_invalid),
        cmocka_unit_test(test_bytes_past_the_last_code_point_are_invalid),
    };
    return cmocka_run_group_tests_name("gsm", tests, NULL, NULL);
}
