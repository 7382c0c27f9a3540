/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/users/csv: files of spreadsheets are read, with the line number of each row. */
#include "../unit.h"

#include "ctl/users/csv.h"

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

static void test_rows_are_read_with_their_line_numbers(void **state)
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
        {"a , +1 , sms\n", "1:a|+1|sms|-\n"},
        {"a,+1\nb ,\t+2 ,\tsms\n", "1:a|+1|-|-\n2:b|+2|sms|-\n"},
        {"\"a\",\"+1\",\"sms,call\"\n", "1:a|+1|sms,call|-\n"},
        {"\"a\nb\",+1\nc,+2\n", "1:a\nb|+1|-|-\n3:c|+2|-|-\n"},
        {"\"a\"\"b\",+1\n", "1:a\"b|+1|-|-\n"},
        /* the first row can name the columns */
        {"name,number\na,+1\n", "2:a|+1|-|-\n"},
        {"Name,Number,Channels,Key\r\na,+1\r\n", "2:a|+1|-|-\n"},
        {"\xef\xbb\xbf\"name\",\"number\"\na,+1\n", "2:a|+1|-|-\n"},
        {"name,+1\n", "1:name|+1|-|-\n"},
        {"a,+1\nname,number\n", "1:a|+1|-|-\n2:name|number|-|-\n"},
        {"username,phone_number\na,+1\n", "2:a|+1|-|-\n"},
        {"User Name;Mobile Phone;Channels\na;+1;sms,call\n", "2:a|+1|sms,call|-\n"},
        {"ACCOUNT\tCell\tmethod\tssh-key\na\t+1\tsms\tk\n", "2:a|+1|sms|k\n"},
        {"login,telephone,,\na,+1,,\n", "2:a|+1|-|-\n"},
        {"\n,,,\nname,number\na,+1\n", "4:a|+1|-|-\n"},
        /* in any order, which it tells */
        {"name,number,key\na,+1\n", "2:a|+1|-|-\n"},
        {"name,number,key\na,+1,k\n", "2:a|+1|-|k\n"},
        {"phone,username\n+1,a\n+2,b\n", "2:a|+1|-|-\n3:b|+2|-|-\n"},
        {"name,key,number\na,k,+1\nb,,+2\n", "2:a|+1|-|k\n3:b|+2|-|-\n"},
        {"name,number,department\na,+1\n", "1:!\n2:a|+1|-|-\n"},
        {"name,number,phone\na,+1\n", "1:!\n2:a|+1|-|-\n"},
        {"name,username,number\na,b,+1\n", "1:!\n2:!\n"},
        {"name,,number\na,x,+1\n", "2:!\n"},
        /* other separators, of which the first line that has columns tells */
        {"a;+1;sms;k\nb;+2\n", "1:a|+1|sms|k\n2:b|+2|-|-\n"},
        {"a\t+1\tsms\tk\nb\t+2\n", "1:a|+1|sms|k\n2:b|+2|-|-\n"},
        {"\n\na;+1\nb;+2;sms,call\n", "3:a|+1|-|-\n4:b|+2|sms,call|-\n"},
        {"a\t+1\nb\t\tsms\n", "1:a|+1|-|-\n2:b|-|sms|-\n"},
        {"\t+1\na\t+2\n", "1:-|+1|-|-\n2:a|+2|-|-\n"},
        {"a;+1\nb,+2\n", "1:a|+1|-|-\n2:!\n"},
        {"\"a;\",\"+1\"\nb,+2\n", "1:a;|+1|-|-\n2:b|+2|-|-\n"},
        {"\"a\n;\",+1\n", "1:a\n;|+1|-|-\n"},
        {"sep=;\na;+1;sms,call\n", "2:a|+1|sms,call|-\n"},
        {"sep=,\r\na,+1\r\n", "2:a|+1|-|-\n"},
        /* blanks, of which some are no-break spaces */
        {"\" a \" , \"\xc2\xa0+1\xc2\xa0\"\n", "1:a|+1|-|-\n"},
        {"pap\xc3\xa0,+1\n", "1:pap\xc3\xa0|+1|-|-\n"},
        {"  \na,+1\n", "2:a|+1|-|-\n"},
        /* empty rows, and columns at the end */
        {"a,+1,,\n,,,\n , ,\n\"\",\"\"\nb,+2\n,,,,,,\n", "1:a|+1|-|-\n5:b|+2|-|-\n"},
        {"a;+1;;;;\n;;;;;\nb;+2\n", "1:a|+1|-|-\n3:b|+2|-|-\n"},
        {"a,+1,sms,k,,,\n", "1:a|+1|sms|k\n"},
        /* wrong ones */
        {"a\n", "1:!\n"},
        {"a,+1\nb;+2\n", "1:a|+1|-|-\n2:!\n"},
        {"a,+1,sms,k,x\n", "1:!\n"},
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

static void test_an_ambiguous_separator_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"a;+1;sms,call\n", "has commas and semicolons, and it is not clear"},
        {"\n\na,+1\tsms\nb,+2\n", "has commas and tabs, and it is not clear"},
        {"a;b\tc\n", "has semicolons and tabs, and it is not clear"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sheet sheet;
        struct problem problem = {0};
        assert_false(sheet_read(&sheet, cases[i].text, strlen(cases[i].text), &problem));
        unit_check(cases[i].text, strstr(problem.text, cases[i].says) != NULL, problem.text);
        assert_int_equal(sheet.count, 0);
        sheet_free(&sheet);
    }
}

static void test_utf_16_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *rows; /* NULL: it is refused */
    } cases[] = {
#define TEXT(text) text, sizeof(text) - 1
        {TEXT("\xff\xfe"
              "a\0\t\0+\0001\0\r\0\n\0\xe9\0\t\0+\0002\0"),
         "1:a|+1|-|-\n2:\xc3\xa9|+2|-|-\n"},
        {TEXT("\xfe\xff\0a\0,\0+\0001\0\n"), "1:a|+1|-|-\n"},
        {TEXT("\xff\xfe"), ""},
        {TEXT("\xff\xfe"
              "a\0,"),
         NULL}, /* half a character */
        {TEXT("\xff\xfe\0\xd8"
              "a\0,\0+\0001\0"),
         NULL}, /* half a pair */
#undef TEXT
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sheet sheet;
        struct problem problem = {0};
        bool good = sheet_read(&sheet, cases[i].text, cases[i].length, &problem);
        assert_int_equal(good, cases[i].rows != NULL);
        if (good)
            unit_same_text("UTF-16", rows_of(&sheet), cases[i].rows);
        else
            unit_check("UTF-16", strstr(problem.text, "begins as UTF-16, but is not") != NULL,
                       problem.text);
        sheet_free(&sheet);
    }
}

static void test_a_file_with_a_nul_is_refused(void **state)
{
    (void)state;
    static const char text[] = "a\0b,+1\n";
    struct sheet sheet;
    struct problem problem = {0};
    assert_true(sheet_read(&sheet, text, sizeof(text) - 1, &problem));
    unit_same_text("NUL", rows_of(&sheet), "1:!\n");
    sheet_free(&sheet);
}

static void test_many_rows_are_all_read(void **state)
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
        cmocka_unit_test(test_rows_are_read_with_their_line_numbers),
        cmocka_unit_test(test_an_ambiguous_separator_is_refused),
        cmocka_unit_test(test_utf_16_is_read),
        cmocka_unit_test(test_a_file_with_a_nul_is_refused),
        cmocka_unit_test(test_many_rows_are_all_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
