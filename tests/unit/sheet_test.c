/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/sheet: what spreadsheets write is read, with the line of each row. */
#include "unit.h"

#include "ctl/sheet.h"

/* Rows as "LINE:name|number|channels|key", with "-" for none; a wrong one "LINE:!". */
static const char *rows_of(const struct sheet *sheet)
{
    static char text[4096];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sheet->count; i++) {
        const struct sheet_row *row = &sheet->rows[i];
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%lu:", row->line);
        for (size_t j = 0; row->wrong == NULL && j < SHEET_COLUMNS; j++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", j > 0 ? "|" : "",
                                     row->field[j] != NULL ? row->field[j] : "-");
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n",
                                 row->wrong != NULL ? "!" : "");
    }
    return text;
}

static void test_rows_are_read_with_their_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *rows;
    } cases[] = {
        {"", ""},
        {"\n\r\n\n", ""},
        {"a,+1\n", "1:a|+1|-|-\n"},
        {"a,+1", "1:a|+1|-|-\n"},
        {"a,+1,\n", "1:a|+1|-|-\n"},
        {"a,+1,,k\n", "1:a|+1|-|k\n"},
        {"a,+1,sms,k\nb,+2\n", "1:a|+1|sms|k\n2:b|+2|-|-\n"},
        {"a,+1\r\nb,+2\r\n", "1:a|+1|-|-\n2:b|+2|-|-\n"},
        {"a,+1\rb,+2\r", "1:a|+1|-|-\n2:b|+2|-|-\n"},
        {"\n\na,+1\n\n\nb,+2\n", "3:a|+1|-|-\n6:b|+2|-|-\n"},
        {"\xef\xbb\xbf"
         "a,+1\n",
         "1:a|+1|-|-\n"},
        {"a , +1 ,\tsms\n", "1:a|+1|sms|-\n"},
        {"\"a\",\"+1\",\"sms,call\"\n", "1:a|+1|sms,call|-\n"},
        {"\"a\nb\",+1\nc,+2\n", "1:a\nb|+1|-|-\n3:c|+2|-|-\n"},
        {"\"a\"\"b\",+1\n", "1:a\"b|+1|-|-\n"},
        /* the first row can name the columns */
        {"name,number\na,+1\n", "2:a|+1|-|-\n"},
        {"Name,Number,Channels,Key\r\na,+1\r\n", "2:a|+1|-|-\n"},
        {"\xef\xbb\xbf\"name\",\"number\"\na,+1\n", "2:a|+1|-|-\n"},
        {"name,+1\n", "1:name|+1|-|-\n"},
        {"a,+1\nname,number\n", "1:a|+1|-|-\n2:name|number|-|-\n"},
        {"name,number,key\na,+1\n", "1:!\n2:a|+1|-|-\n"},
        /* wrong ones */
        {"a\n", "1:!\n"},
        {"a;+1\nb,+2\n", "1:!\n2:b|+2|-|-\n"},
        {"a,+1,sms,k,x\n", "1:!\n"},
        {"a,+1,sms,k,\n", "1:!\n"},
        {"a,\"+1\nb,+2\n", "1:!\n"},
        {"a,+1\nb\"c,+2\nd,+3\n", "1:a|+1|-|-\n2:!\n"},
        {"a,+1\n\"b\"c,+2\n", "1:a|+1|-|-\n2:!\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sheet sheet;
        struct problem problem = {0};
        assert_true(sheet_read(&sheet, cases[i].text, strlen(cases[i].text), &problem));
        unit_same_text(cases[i].text, rows_of(&sheet), cases[i].rows);
        sheet_free(&sheet);
    }
}

static void test_a_nul_is_no_text(void **state)
{
    (void)state;
    static const char text[] = "a\0b,+1\n";
    struct sheet sheet;
    struct problem problem = {0};
    assert_true(sheet_read(&sheet, text, sizeof(text) - 1, &problem));
    unit_same_text("NUL", rows_of(&sheet), "1:!\n");
    sheet_free(&sheet);
}

static void test_many_rows(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    static char text[MANY * 16];
    char *to = text;
    for (int i = 0; i < MANY; i++)
        to += sprintf(to, "u%d,+1555%d\n", i, i); // NOLINT(cert-err33-c)
    struct sheet sheet;
    struct problem problem = {0};
    assert_true(sheet_read(&sheet, text, strlen(text), &problem));
    assert_int_equal(sheet.count, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(sheet.rows[i].line, i + 1);
        assert_string_equal(sheet.rows[i].field[0], unit_format("u%u", i));
        assert_string_equal(sheet.rows[i].field[1], unit_format("+1555%u", i));
    }
    sheet_free(&sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_read_with_their_lines),
        cmocka_unit_test(test_a_nul_is_no_text),
        cmocka_unit_test(test_many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
