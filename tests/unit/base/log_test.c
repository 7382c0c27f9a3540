/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of base/log: log lines are printable, unambiguous and within their bounds. */
#include "../unit.h"

#include "base/log.h"

#include <syslog.h>

static void test_each_byte_is_itself_or_its_octal_number(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte <= 255; byte++) {
        const char text[] = {(char)byte, '\0'};
        char expected[8];
        char found[16];
        bool plain = byte >= 0x20 && byte <= 0x7e && byte != '\\';
        (void)snprintf(expected, sizeof(expected), plain ? "%c" : "\\%03o", byte);
        unit_same_text("one byte", log_escape(found, sizeof(found), text, ""), expected);
    }
}

static void test_texts_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *also;
        const char *expected;
    } cases[] = {
        {"", "", ""},
        {"alice", " \"", "alice"},
        {"alice result=success", " \"", "alice\\040result=success"},
        {"a \"b\"", " \"", "a\\040\\\"b\\\""},
        {"a \"b\"", "", "a \"b\""},
        {"sshd (auth)", " ()", "sshd\\040\\050auth\\051"},
        {"a\nNov 22 sshd[1]: x", "", "a\\012Nov 22 sshd[1]: x"},
        {"\033[2J\007\177", "", "\\033[2J\\007\\177"},
        {"\\012", "", "\\134012"}, /* one that was typed is not one that was escaped */
        {"zoë", "", "zo\\303\\253"},
        {"\x80\xff", "", "\\200\\377"},
        {"%s%n", "", "%s%n"},
    };
    char found[128];
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *result = log_escape(found, sizeof(found), cases[i].text, cases[i].also);
        assert_ptr_equal(result, found);
        unit_same_text(cases[i].text, found, cases[i].expected);
    }
}

/* Escapes text into size bytes and sees that nothing after them is touched. */
static const char *escape_into(char *buffer, size_t size, const char *text)
{
    memset(buffer, '#', 256);
    (void)log_escape(buffer, size, text, "");
    unit_check(text, memchr(buffer, '\0', size) != NULL, "an end within the buffer");
    for (size_t i = size; i < 256; i++)
        unit_check(text, buffer[i] == '#', "nothing written after the buffer");
    return buffer;
}

static void test_a_text_that_does_not_fit_ends_in_dots(void **state)
{
    (void)state;
    static const char *const texts[] = {"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrst",
                                        "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
                                        "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns"};
    char whole[256];
    char buffer[256];
    for (size_t i = 0; i < COUNT(texts); i++) {
        (void)log_escape(whole, sizeof(whole), texts[i], "");
        for (size_t size = 8; size <= 48; size++) {
            const char *found = escape_into(buffer, size, texts[i]);
            size_t length = strlen(found);
            assert_true(length >= 3);
            unit_same_text(texts[i], found + length - 3, "...");
            unit_check(texts[i], memcmp(found, whole, length - 3) == 0, "the text's beginning");
            unit_check(texts[i], whole[length - 3] == '\\' || found[length - 4] != '\\',
                       "no number that is cut in the middle");
        }
    }
}

static void test_a_text_that_fits_is_whole(void **state)
{
    (void)state;
    char text[256];
    char buffer[256];
    for (size_t size = 8; size <= 64; size++) {
        unit_repeat(text, sizeof(text), "a", size - 1);
        unit_same_text("as long as the buffer allows", escape_into(buffer, size, text), text);
        unit_repeat(text, sizeof(text), "a", size);
        unit_check("one longer", strcmp(escape_into(buffer, size, text), text) != 0, "a cut");
    }
}

/* ---- whole lines ---- */

static char line[8192];

/* In place of libc's: keeps the line. */
void __syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void keep_line(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static void keep_line(const char *format, va_list arguments)
{
    (void)vsnprintf(line, sizeof(line), format, arguments);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    (void)priority;
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    keep_line(format, arguments);
    va_end(arguments);
}

#undef syslog /* a macro for __syslog_chk with some compilers */
void syslog(int priority, const char *format, ...)
{
    (void)priority;
    va_list arguments;
    va_start(arguments, format);
    keep_line(format, arguments);
    va_end(arguments);
}

static void test_a_line_is_printable(void **state)
{
    (void)state;
    log_line(LOG_NOTICE, "user=%s", "a\nb\033\xff");
    unit_same_text("a line", strstr(line, "user="), "user=a?b??");
}

static void test_a_long_line_shows_that_it_is_cut(void **state)
{
    (void)state;
    static char text[4096];
    unit_repeat(text, sizeof(text), "a", sizeof(text) - 1);
    log_line(LOG_NOTICE, "result=denied detail=%s", text);
    const char *found = strstr(line, "result=");
    assert_non_null(found);
    unit_same_number("length", (long long)strlen(found), 2047);
    unit_check("reason", strncmp(found, "result=denied detail=aaa", 24) == 0, "the beginning");
    unit_same_text("end", found + 2043, "a...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_byte_is_itself_or_its_octal_number),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_a_text_that_does_not_fit_ends_in_dots),
        cmocka_unit_test(test_a_text_that_fits_is_whole),
        cmocka_unit_test(test_a_line_is_printable),
        cmocka_unit_test(test_a_long_line_shows_that_it_is_cut),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
