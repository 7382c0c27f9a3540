/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of auth/reply: words, codes and other text are distinguished before anything is sent. */
#include "../unit.h"

#include "auth/reply.h"

/* Reads a reply and sees that code is written for codes only, and within its bounds. */
static void check(const struct wire_reply *reply, size_t length, bool letters,
                  enum reply_kind expected, const char *expected_code)
{
    struct {
        char code[REPLY_CODE_SIZE];
        char after[8];
    } out = {.code = "", .after = "after"};
    char what[512];
    (void)snprintf(what, sizeof(what), "\"%.*s\" for %zu %s", (int)sizeof(reply->text), reply->text,
                   length, letters ? "characters" : "digits");
    unit_same_number(what, reply_read(reply, length, letters, out.code), expected);
    bool coded = expected == REPLY_CODE || expected == REPLY_BREAK_GLASS;
    unit_same_text(what, out.code, coded ? expected_code : "");
    unit_same_text(what, out.after, "after");
}

static void check_text(const char *text, size_t length, bool letters, enum reply_kind expected,
                       const char *expected_code)
{
    struct wire_reply reply = {.status = WIRE_REPLY_TEXT};
    assert_true(wire_set_string(reply.text, sizeof(reply.text), text));
    check(&reply, length, letters, expected, expected_code);
}

static void test_a_code_is_distinguished_from_other_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        bool letters;
        const char *code; /* NULL: it cannot be one */
    } cases[] = {
        {"123456", 6, false, "123456"},
        {"000000", 6, false, "000000"},
        {"1234", 4, false, "1234"},
        {"12345", 6, false, NULL},
        {"1234567", 6, false, NULL},
        {"------", 6, false, NULL},
        {"123 456", 6, false, "123456"},
        {"123-456", 6, false, "123456"},
        {"  1 2-3 - 4--5 6  ", 6, false, "123456"},
        {"123 45", 6, false, NULL},
        {"123 456 7", 6, false, NULL},
        {"12a456", 6, false, NULL},
        {"abcdef", 6, false, NULL},
        {"12a456", 6, true, "12a456"},
        {"aBcXyZ", 6, true, "aBcXyZ"},
        {"azAZ09", 6, true, "azAZ09"},
        {"aB-cX yZ", 6, true, "aBcXyZ"},
        {"123456", 6, true, "123456"},
        {"12345678901234567890", 20, false, "12345678901234567890"},
        {"12345-67890 12345-67890", 20, false, "12345678901234567890"},
        {"abcdefghijKLMNOPQRST", 20, true, "abcdefghijKLMNOPQRST"},
        {"1234567890123456789", 20, false, NULL},
        {"1234567890123456789012", 20, false, NULL},
        {"123%456", 6, false, NULL},
        {"123_456", 6, false, NULL},
        {"+12345", 6, false, NULL},
        {"12345/", 6, false, NULL}, /* the characters beside 0, 9, A, Z, a and z */
        {"12345:", 6, true, NULL},
        {"12345@", 6, true, NULL},
        {"12345[", 6, true, NULL},
        {"12345`", 6, true, NULL},
        {"12345{", 6, true, NULL},
        {"\"12345", 6, true, NULL},
        {"١٢٣٤٥٦", 6, true, NULL}, /* Arabic digits */
        {"١٢٣", 6, true, NULL},    /* six bytes of them */
        {"éééabc", 9, true, NULL}, /* nine bytes */
        {"123456\xff", 6, true, NULL},
        {"\x1b[D23456", 6, false, NULL}, /* a cursor key */
        {"correct horse battery staple", 6, true, NULL},
        {"correct-horse", 12, true, "correcthorse"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_text(cases[i].text, cases[i].length, cases[i].letters,
                   cases[i].code != NULL ? REPLY_CODE : REPLY_NO_CODE, cases[i].code);
}

/* Characters that come with a paste, a phone's keyboard or a whole message. */
static void test_text_around_a_code_is_dropped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        bool letters;
        const char *code; /* NULL: it cannot be one */
    } cases[] = {
        {"123456\n", 6, false, "123456"},
        {"123456\r\n", 6, false, "123456"},
        {"\t123456", 6, false, "123456"},
        {"123\t456", 6, false, "123456"},
        {"123\u00a0456", 6, false, "123456"},                   /* no-break space */
        {"\u202f12\u200934 56", 6, false, "123456"},            /* narrow ones */
        {"12\u00ad34\u200b56\u2060\ufeff", 6, false, "123456"}, /* seen by nobody */
        {"\u200e\u2068123456\u2069", 6, false, "123456"},       /* direction */
        {"123\u2013456", 6, false, "123456"},                   /* an en dash */
        {"12\u221234\u201056", 6, false, "123456"},             /* minus, hyphen */
        {"\033[200~123456\033[201~", 6, false, "123456"},
        {"\033[200~123 456\r\033[201~", 6, false, "123456"},
        {"\033[200~123456", 6, false, "123456"},
        {"\033[202~123456", 6, false, NULL},
        {"[200~123456[201~", 6, false, NULL},
        {"\033[200~\033[200", 3, false, NULL},
        {"123456.", 6, false, "123456"},
        {"123456 . ", 6, false, "123456"},
        {"123.456", 6, false, "123456"},
        {"123. 456.", 6, false, "123456"},
        {".", 6, false, NULL},
        {"１２３４５６", 6, false, "123456"}, /* full-width */
        {"１２３－４５６．", 6, false, "123456"},
        {"１２３４５６。", 6, false, "123456"},
        {"ａＢ３ｘＹ９", 6, true, "aB3xY9"},
        {"１２３４５", 6, false, NULL},
        {"12345\xe0\x80\xb6", 6, false, NULL}, /* a 6 in too many bytes */
        {"123456\xc2", 6, false, NULL},        /* half a character */
        {"123456\xe2\x80", 6, false, NULL},
        {"123456\xa0", 6, false, NULL}, /* a no-break space, but not in UTF-8 */
        {"123456\033", 6, false, NULL},
        {"12345\b6", 6, false, NULL},
        {"aB3xY9.", 6, true, "aB3xY9"},
        {"\033[200~aB3-xY9\u00a0\033[201~", 6, true, "aB3xY9"},
        {"aB3.xY9", 6, true, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_text(cases[i].text, cases[i].length, cases[i].letters,
                   cases[i].code != NULL ? REPLY_CODE : REPLY_NO_CODE, cases[i].code);
}

static void test_a_code_is_found_in_its_message_if_it_is_unambiguous(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        bool letters;
        const char *code; /* NULL: it cannot be one, or might not be */
    } cases[] = {
        {"Code: 123456", 6, false, "123456"},
        {"Code:123456.", 6, false, "123456"},
        {"Code：１２３４５６", 6, false, "123456"},
        {"Your code is: 123456", 6, false, "123456"},
        {"Your Personal Authorization Code is: 123456", 6, false, "123456"},
        {"\033[200~Your Acme code is 123456.\r\033[201~", 6, false, "123456"},
        {"123456 is your code, tell nobody", 6, false, "123456"},
        {"G-123456", 6, false, "123456"},
        {"FB-123456 is your confirmation code", 6, false, "123456"},
        {"the code is G-123456!", 6, false, "123456"},
        {"code=123456", 6, false, "123456"},
        {"\"123456\"", 6, false, "123456"},
        {"code (123456)", 6, false, "123456"},
        {"Votre code \u00e0 usage unique : 123456", 6, false, "123456"},
        {"Your code is 12345678901234567890", 20, false, "12345678901234567890"},
        {"Code: 12345", 6, false, NULL},
        {"Code: 1234567", 6, false, NULL},
        {"Code: 123 456", 6, false, NULL},
        {"Code: 123456 (5 minutes)", 6, false, NULL},
        {"Code 1: 123456", 6, false, NULL},
        {"123456 or 654321", 6, false, NULL},
        {"Code: 123456 654321", 12, false, NULL},
        /* what passwords are like */
        {"hunter123456", 6, false, NULL},
        {"123456hunter", 6, false, NULL},
        {"Welcome@123456", 6, false, NULL},
        {"welcome!123456", 6, false, NULL},
        {"Winter-123456", 6, false, NULL},
        {"SALE-123456", 6, false, NULL},
        {"g-123456", 6, false, NULL},
        {"xG-123456", 6, false, NULL},
        {"my_123456", 6, false, NULL},
        {"123456@home", 6, false, NULL},
        {"123456-abc", 6, false, NULL},
        {"\u00e9123456", 6, false, NULL},
        {"123456\u00e9", 6, false, NULL},
        /* where a code may have letters it must stand alone after a colon, and have a digit */
        {"Your code is: aB3xY9", 6, true, "aB3xY9"},
        {"Code: 123456.", 6, true, "123456"},
        {"Code: aB3-xY9", 6, true, "aB3xY9"},
        {"Code: abcdef", 6, true, NULL},
        {"Note: please", 6, true, NULL},
        {"Code:aB3xY9", 6, true, NULL},
        {"Code aB3xY9", 6, true, NULL},
        {"Code: aB3xY9 please", 6, true, NULL},
        {"Code: aB3 xY9", 6, true, NULL},
        {"Code 1: aB3xY9", 6, true, NULL},
        {"Code: aB3xY", 6, true, NULL},
        {"Code: ", 6, true, NULL},
        {"G-aB3xY9", 6, true, NULL},
        {"G-123456", 6, true, NULL},
        {"123456 is your code", 6, true, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_text(cases[i].text, cases[i].length, cases[i].letters,
                   cases[i].code != NULL ? REPLY_CODE : REPLY_NO_CODE, cases[i].code);
}

/* Their length tells them from every code that a provider can send. */
static void test_a_break_glass_code_is_recognised_by_its_length(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *code; /* NULL: it cannot be one */
    } cases[] = {
        {"123456789012345678901", "123456789012345678901"},
        {"0abcdef-ghjkmnp-qrstvwx", "0abcdefghjkmnpqrstvwx"},
        {" 9 ABCDEFGHJKMNPQRSTVWX ", "9abcdefghjkmnpqrstvwx"},
        {"0oilOIL8901234567890z", "00110118901234567890z"},
        {"\t0abcdef-ghjkmnp-qrstvwx\r\n", "0abcdefghjkmnpqrstvwx"},
        {"0abcdef\u00a0ghjkmnp\u2011qrstvwx.", "0abcdefghjkmnpqrstvwx"},
        {"\033[200~0abcdef ghjkmnp qrstvwx\033[201~", "0abcdefghjkmnpqrstvwx"},
        {"0123456-ghjkmnp-qrstvwx", "0123456ghjkmnpqrstvwx"}, /* not G-123456 */
        {"12345678901234567890", NULL},
        {"abcdefghjkmnpqrstvwxy", NULL}, /* the first is its number */
        {"0abcdefghjkmnpqrstvwu", NULL},
        {"0abcdefghjkmnpqrstvw.", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_text(cases[i].text, 6, false,
                   cases[i].code != NULL ? REPLY_BREAK_GLASS : REPLY_NO_CODE, cases[i].code);
    check_text("12345678901234567890", 20, false, REPLY_CODE, "12345678901234567890");
}

static void test_every_byte_but_digits_and_letters_is_refused(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte <= 255; byte++) {
        char text[] = "12345?";
        text[5] = (char)byte;
        bool digit = byte >= '0' && byte <= '9';
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        check_text(text, 6, false, digit ? REPLY_CODE : REPLY_NO_CODE, text);
        check_text(text, 6, true, digit || letter ? REPLY_CODE : REPLY_NO_CODE, text);
    }
}

static void test_the_refusal_of_sshd_is_recognised_at_every_length(void **state)
{
    (void)state;
    static const char once[] = "\b\n\r\177INCORRECT";
    char text[WIRE_REPLY_SIZE] = "";
    for (size_t length = 1; length < sizeof(text); length++) {
        text[length - 1] = once[(length - 1) % (sizeof(once) - 1)];
        text[length] = '\0';
        check_text(text, 6, false, REPLY_SSHD_DENIES, NULL);
        check_text(text, 6, true, REPLY_SSHD_DENIES, NULL);
    }
}

static void test_text_like_the_refusal_of_sshd_is_not_a_refusal(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "INCORRECT",
        "INCORR",
        "\n\r\177INCORRECT",
        "\b\n\r\177incorrect",
        "\b\n\r\177INCORRECT ",
        "\b\n\r\177INCORRECTI",
        "\b\n\r\177INCORRECT\b\n\r\177INCORRECS",
        " \b\n\r\177INCORRECT",
        "\b\n\r\177INCORREC\b",
        "\b\n\r\177INCORRECT\b\n\r\177call",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        check_text(texts[i], 13, false, REPLY_NO_CODE, NULL);
    check_text("INCORR", 6, true, REPLY_CODE, "INCORR");
}

static void test_a_reply_without_text_is_not_a_code(void **state)
{
    (void)state;
    static const struct {
        uint32_t status;
        enum reply_kind expected;
    } cases[] = {
        {WIRE_REPLY_TEXT, REPLY_CODE},
        {WIRE_REPLY_NOTHING, REPLY_NO_CODE},
        {WIRE_REPLY_TOO_LONG, REPLY_NO_CODE},
        {WIRE_REPLY_FAILED, REPLY_CONV_FAILED},
        {0, REPLY_CONV_FAILED},
        {WIRE_REPLY_FAILED + 1, REPLY_CONV_FAILED},
        {UINT32_MAX, REPLY_CONV_FAILED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_reply reply = {.status = cases[i].status, .text = "123456"};
        check(&reply, 6, false, cases[i].expected, "123456");
    }
}

static void test_a_text_without_an_end_is_refused(void **state)
{
    (void)state;
    struct wire_reply reply = {.status = WIRE_REPLY_TEXT};
    memset(reply.text, ' ', sizeof(reply.text));
    memcpy(reply.text, "123456", 6);
    check(&reply, 6, false, REPLY_CONV_FAILED, NULL);
    reply.text[sizeof(reply.text) - 1] = '\0'; /* the longest that has one */
    check(&reply, 6, false, REPLY_CODE, "123456");
}

static void test_a_refused_code_is_wiped(void **state)
{
    (void)state;
    struct wire_reply reply = {.status = WIRE_REPLY_TEXT, .text = "12345x"};
    static const char zeros[REPLY_CODE_SIZE];
    char code[REPLY_CODE_SIZE];
    memset(code, '#', sizeof(code));
    assert_int_equal(reply_read(&reply, 6, false, code), REPLY_NO_CODE);
    assert_memory_equal(code, zeros, sizeof(code));
}

static void test_words_are_read_in_any_case_with_surrounding_blanks(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum reply_kind kind;
    } words[] = {
        {"text", REPLY_SMS},
        {"TEXT", REPLY_SMS},
        {"phone", REPLY_CALL},
        {"again", REPLY_RESEND},
        {"call.", REPLY_CALL},
        {"Text .", REPLY_SMS},
        {"ｃａｌｌ", REPLY_CALL},
        {"？", REPLY_HELP},
        {"new code", REPLY_RESEND},
        {"send again", REPLY_RESEND},
        {"resend code", REPLY_RESEND},
        {"Resend  the\tcode.", REPLY_RESEND},
        {"", REPLY_EMPTY},
        {"resend", REPLY_RESEND},
        {"RESEND", REPLY_RESEND},
        {"ReSend", REPLY_RESEND},
        {"sms", REPLY_SMS},
        {"SMS", REPLY_SMS},
        {"Sms", REPLY_SMS},
        {"call", REPLY_CALL},
        {"CALL", REPLY_CALL},
        {"cAlL", REPLY_CALL},
        {"help", REPLY_HELP},
        {"HELP", REPLY_HELP},
        {"Help", REPLY_HELP},
        {"?", REPLY_HELP},
    };
    static const char *const around[][2] = {{"", ""},
                                            {" ", ""},
                                            {"", " "},
                                            {"\t", ""},
                                            {"", "\t"},
                                            {" ", "\t"},
                                            {"  ", ""},
                                            {" \t \t", "\t  "},
                                            {"\033[200~", "\r\n\033[201~"},
                                            {"\u200b", "\u00a0"}};
    for (size_t i = 0; i < COUNT(words); i++)
        for (size_t j = 0; j < COUNT(around); j++)
            for (int letters = 0; letters <= 1; letters++)
                check_text(unit_format("%s%s%s", around[j][0], words[i].word, around[j][1]), 6,
                           letters == 1, words[i].kind, NULL);
}

static void test_a_word_takes_precedence_over_a_code_of_the_same_letters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        enum reply_kind kind; /* where letters are allowed; else it is no code */
        bool word;
    } cases[] = {
        {"call", 4, REPLY_CALL, true},     {"CALL", 4, REPLY_CALL, true},
        {"help", 4, REPLY_HELP, true},     {" hElP ", 4, REPLY_HELP, true},
        {"resend", 6, REPLY_RESEND, true}, {"Resend", 6, REPLY_RESEND, true},
        {"Call.", 4, REPLY_CALL, true},    {"calk", 4, REPLY_CODE, false},
        {"cal1", 4, REPLY_CODE, false},    {"1call", 5, REPLY_CODE, false},
        {"calls", 5, REPLY_CODE, false},   {"smss", 4, REPLY_CODE, false},
        {"help1", 5, REPLY_CODE, false},   {"resent", 6, REPLY_CODE, false},
        {"hel", 4, REPLY_NO_CODE, false},  {"resen", 6, REPLY_NO_CODE, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_text(cases[i].text, cases[i].length, true, cases[i].kind, cases[i].text);
        check_text(cases[i].text, cases[i].length, false,
                   cases[i].word ? cases[i].kind : REPLY_NO_CODE, NULL);
    }
    check_text("ca-ll", 4, true, REPLY_CODE, "call"); /* written like a code, it is one */
    check_text("c all", 4, true, REPLY_CODE, "call");
}

/* No prompt names these, so nobody can know that a code of the same letters would not be read. */
static void test_a_code_takes_precedence_over_a_word_that_no_prompt_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum reply_kind word;
        const char *code;
    } cases[] = {
        {"text", REPLY_SMS, "text"},
        {"Phone", REPLY_CALL, "Phone"},
        {"again.", REPLY_RESEND, "again"},
        {"new code", REPLY_RESEND, "newcode"},
        {"resend the code", REPLY_RESEND, "resendthecode"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t length = strlen(cases[i].code);
        check_text(cases[i].text, length, true, REPLY_CODE, cases[i].code);
        check_text(cases[i].text, length + 1, true, cases[i].word, NULL);
        check_text(cases[i].text, length, false, cases[i].word, NULL);
    }
}

static void test_text_like_a_word_is_not_a_word(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "resend!", "re-send",     "re send", "resend sms",  "sms call",  "smsme", "sm",
        "voice",   "helpme",      "??",      "? ?",         "-?",        "h",     "-",
        "-- --",   "\"call\"",    "c.all",   "c\xc3\xa4ll", "call..",    ".",     "call,",
        "call\v",  "s\xc5\xbfms", "\x1bOP",  "newcode",     "send",      "\v",    "/help",
        "--help",  "ca\bll",      "texts",   "the code",    "telephone", "code",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        check_text(texts[i], 12, true, REPLY_NO_CODE, NULL);
        check_text(texts[i], 12, false, REPLY_NO_CODE, NULL);
    }
}

static void test_a_word_is_read_only_from_a_text(void **state)
{
    (void)state;
    static const struct {
        uint32_t status;
        enum reply_kind expected;
    } cases[] = {
        {WIRE_REPLY_TEXT, REPLY_CALL},
        {WIRE_REPLY_NOTHING, REPLY_NO_CODE},
        {WIRE_REPLY_TOO_LONG, REPLY_NO_CODE},
        {WIRE_REPLY_FAILED, REPLY_CONV_FAILED},
        {0, REPLY_CONV_FAILED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_reply reply = {.status = cases[i].status, .text = "call"};
        check(&reply, 4, true, cases[i].expected, NULL);
    }
    struct wire_reply empty = {.status = WIRE_REPLY_NOTHING};
    check(&empty, 6, false, REPLY_NO_CODE, NULL);
}

static void test_a_word_in_the_longest_text_is_read(void **state)
{
    (void)state;
    struct wire_reply reply = {.status = WIRE_REPLY_TEXT};
    memset(reply.text, ' ', sizeof(reply.text));
    memcpy(reply.text + sizeof(reply.text) - 5, "call", 4);
    check(&reply, 6, false, REPLY_CONV_FAILED, NULL); /* a text without an end */
    reply.text[sizeof(reply.text) - 1] = '\0';
    check(&reply, 6, false, REPLY_CALL, NULL);
    memset(reply.text, ' ', sizeof(reply.text) - 1);
    check(&reply, 6, false, REPLY_EMPTY, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_code_is_distinguished_from_other_text),
        cmocka_unit_test(test_text_around_a_code_is_dropped),
        cmocka_unit_test(test_a_code_is_found_in_its_message_if_it_is_unambiguous),
        cmocka_unit_test(test_a_break_glass_code_is_recognised_by_its_length),
        cmocka_unit_test(test_every_byte_but_digits_and_letters_is_refused),
        cmocka_unit_test(test_the_refusal_of_sshd_is_recognised_at_every_length),
        cmocka_unit_test(test_text_like_the_refusal_of_sshd_is_not_a_refusal),
        cmocka_unit_test(test_a_reply_without_text_is_not_a_code),
        cmocka_unit_test(test_a_text_without_an_end_is_refused),
        cmocka_unit_test(test_a_refused_code_is_wiped),
        cmocka_unit_test(test_words_are_read_in_any_case_with_surrounding_blanks),
        cmocka_unit_test(test_a_word_takes_precedence_over_a_code_of_the_same_letters),
        cmocka_unit_test(test_a_code_takes_precedence_over_a_word_that_no_prompt_names),
        cmocka_unit_test(test_text_like_a_word_is_not_a_word),
        cmocka_unit_test(test_a_word_is_read_only_from_a_text),
        cmocka_unit_test(test_a_word_in_the_longest_text_is_read),
    };
    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
