/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/filter: no control sequence reaches the terminal, however it is split. */
#include "../unit.h"

#include "ctl/filter.h"

/* Returns the result for a text that arrives in pieces of so many bytes. */
static const char *filtered(const char *text, size_t piece, bool colours)
{
    static char to[FILTER_ROOM(1024)];
    struct filter filter = {.colours = colours};
    size_t length = strlen(text);
    size_t used = 0;
    for (size_t i = 0; i < length; i += piece)
        used += filter_bytes(&filter, text + i, length - i < piece ? length - i : piece, to + used);
    used += filter_end(&filter, to + used);
    to[used] = '\0';
    return to;
}

static void test_control_characters_become_octal_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *plain;    /* without colours */
        const char *coloured; /* with; NULL: the same */
    } cases[] = {
        {"", "", NULL},
        {"alice  12:00\tx \\ y\n", "alice  12:00\tx \\ y\n", NULL},
        {"a,b\r\nc\r\n", "a,b\r\nc\r\n", NULL},
        {"denied\rsuccess", "denied\\015success", NULL},
        {"\r\r\n\r", "\\015\r\n\\015", NULL},
        {"\033]0;title\007", "\\033]0;title\\007", NULL},
        {"\033[2J\033[H", "\\033[2J\\033[H", NULL},
        {"\033[31mred\033[0m", "\\033[31mred\\033[0m", "\033[31mred\033[0m"},
        {"\033[31mred", "\\033[31mred", "\033[31mred\033[0m"}, /* it ends with the output */
        {"\033[8mhidden", "\\033[8mhidden", NULL},
        {"\033[31;8m", "\\033[31;8m", NULL},
        {"\033\033[31m\033[3", "\\033\\033[31m\\033[3", "\\033\033[31m\\033[3\033[0m"},
        {"\033[\033[0m", "\\033[\\033[0m", "\\033[\033[0m"},
        {"\xc2\x9b"
         "2J \x9b"
         "2J",
         "\\302\\2332J \\2332J", NULL}, /* C1, in UTF-8 and alone */
        {"\xff\xfe\xed\xa0\x80", "\\377\\376\\355\\240\\200", NULL},
        {"zo\xc3\xab", "zo\\303\\253", NULL},
        {"\010\177\013\014", "\\010\\177\\013\\014", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t piece = 1; piece < 9; piece++) {
            const char *coloured = cases[i].coloured != NULL ? cases[i].coloured : cases[i].plain;
            unit_same_text(cases[i].plain, filtered(cases[i].text, piece, false), cases[i].plain);
            unit_same_text(coloured, filtered(cases[i].text, piece, true), coloured);
        }
}

static void test_escaped_text_always_fits_its_buffer(void **state)
{
    (void)state;
    char bytes[64];
    char to[FILTER_ROOM(sizeof(bytes)) + 1];
    for (int byte = 0; byte < 256; byte++) {
        struct filter filter = {.colours = true, .coloured = true};
        memset(bytes, byte, sizeof(bytes));
        to[FILTER_ROOM(sizeof(bytes))] = '#';
        size_t used = filter_bytes(&filter, bytes, sizeof(bytes), to);
        used += filter_end(&filter, to + used);
        assert_in_range(used, sizeof(bytes), FILTER_ROOM(sizeof(bytes)));
        assert_int_equal(to[FILTER_ROOM(sizeof(bytes))], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_characters_become_octal_numbers),
        cmocka_unit_test(test_escaped_text_always_fits_its_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
