/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/users: which line decides, what it may contain, and that no byte confuses the
 * search. */
#include "../unit.h"

#include "config/users.h"

#define PIECE ((size_t)128 * 1024) /* many pages, and as much as a reader may take in one go */
#define GOOD  "+14043287382"
#define WRONG "+15550199" /* of a line that must not be used */

#define E164       "expected an E.164 number such as +12029167968: "
#define NO_NUMBER  E164 "the number is missing"
#define NO_PLUS    E164 "it does not begin with + and the country code"
#define NO_LETTERS E164 "it has letters"
#define NO_ZERO    E164 "no country code begins with 0"
#define NO_OTHERS  E164 "after + it has characters that are not digits"
#define TOO_SHORT  E164 "it is too short: 2 to 15 digits follow +, without blanks"
#define TOO_LONG   E164 "it is too long: at most 15 digits follow +"
#define NO_CHANNEL "expected sms, call, or both separated by a comma after the number"
#define NO_MORE    "expected only a # comment after the channels"
#define NO_DOS     "carriage return: save the file with Unix line endings"
#define NO_LENGTH  "the line is too long"
#define NO_END     "the file ends within this line and a number may be cut off: add a newline"

static struct phone phone;
static struct problem problem = {0};
static const struct sshkeys no_keys = {0};

static enum users_result look_up_with(const void *map, size_t length, const char *user,
                                      const struct sshkeys *keys, bool sure)
{
    memset(&phone, 0, sizeof(phone));
    memset(&problem, 0, sizeof(problem));
    char *path = unit_file_of("users", map, length, 0600);
    enum users_result result = users_find(path, user, keys, sure, &phone, &problem);
    unit_remove(path);
    return result;
}

static enum users_result look_up(const void *map, size_t length, const char *user)
{
    return look_up_with(map, length, user, &no_keys, false);
}

static enum users_result look_up_text(const char *map, const char *user)
{
    return look_up(map, strlen(map), user);
}

/* The problem is PATH:LINE: USER: TEXT. */
static void check_problem(const char *what, unsigned line, const char *user, const char *text)
{
    struct problem expected = {0};
    char *path = unit_path("users");
    problem_set(&expected, "%s:%u: %s: %s", path, line, user, text);
    free(path);
    unit_same_text(what, problem.text, expected.text);
}

/* The channels of phone as the map writes them. */
static const char *channels_of_phone(void)
{
    static char text[32];
    *text = '\0';
    for (size_t i = 0; i < phone.channel_count; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? "," : "",
                       channel_names[phone.channels[i]]);
    }
    return text;
}

/* A map of several parts. The caller frees text. */
struct map {
    char *text;
    size_t length;
};

static void add(struct map *map, const char *text, size_t length)
{
    map->text = realloc(map->text, map->length + length + 1);
    assert_non_null(map->text);
    memcpy(map->text + map->length, text, length);
    map->length += length;
}

static void add_text(struct map *map, const char *text)
{
    add(map, text, strlen(text));
}

static void add_filler(struct map *map, char filler, size_t length)
{
    map->text = realloc(map->text, map->length + length + 1);
    assert_non_null(map->text);
    memset(map->text + map->length, filler, length);
    map->length += length;
}

static enum users_result look_up_map(struct map *map, const char *user)
{
    enum users_result result = look_up(map->text, map->length, user);
    free(map->text);
    *map = (struct map){0};
    return result;
}

static void test_the_whole_name_must_match(void **state)
{
    (void)state;
    static const char map[] = "alice2 " WRONG "\n"
                              "2alice " WRONG "\n"
                              "alice-x\t" WRONG "\n"
                              "Alice " WRONG "\n"
                              "al " WRONG "\n"
                              "alice, " WRONG "\n"
                              "alice:" WRONG "\n"
                              "bob alice " WRONG "\n"
                              "alice " GOOD "\n"
                              "b#c " GOOD "\n"
                              "#dave " WRONG "\n"
                              "# erin " WRONG "\n"
                              "  # frank " WRONG "\n"
                              "   grace\t " GOOD "\n"
                              "\thugo " GOOD "\n"
                              "EXAMPLE\\ivan " GOOD "\n"
                              "judy@example.org " GOOD "\n"
                              "zo\xc3\xab " GOOD "\n"
                              "-n " GOOD "\n"
                              "* " WRONG "\n"
                              "@wheel " WRONG "\n"
                              "+15550100 " GOOD "\n"
                              "12 " GOOD "\n";
    static const struct {
        const char *user;
        enum users_result result;
    } cases[] = {
        {"alice", USERS_FOUND},
        {"b#c", USERS_FOUND},
        {"grace", USERS_FOUND},
        {"hugo", USERS_FOUND},
        {"EXAMPLE\\ivan", USERS_FOUND},
        {"judy@example.org", USERS_FOUND},
        {"zo\xc3\xab", USERS_FOUND},
        {"-n", USERS_FOUND},
        {"+15550100", USERS_FOUND},
        {"12", USERS_FOUND},
        {"a", USERS_ABSENT},
        {"alic", USERS_ABSENT},
        {"alice3", USERS_ABSENT},
        {"lice", USERS_ABSENT},
        {"ALICE", USERS_ABSENT},
        {"b", USERS_ABSENT},
        {"#c", USERS_ABSENT},
        {"dave", USERS_ABSENT},
        {"#dave", USERS_ABSENT},
        {"erin", USERS_ABSENT},
        {"#", USERS_ABSENT},
        {"# erin", USERS_ABSENT},
        {"frank", USERS_ABSENT},
        {"ivan", USERS_ABSENT},
        {"judy", USERS_ABSENT},
        {"zoe", USERS_ABSENT},
        {"zo", USERS_ABSENT},
        {"1", USERS_ABSENT},
        {"+1", USERS_ABSENT},
        {GOOD, USERS_ABSENT},
        {"", USERS_ABSENT},
        {" ", USERS_ABSENT},
        {" alice", USERS_ABSENT},
        {"alice ", USERS_ABSENT},
        {"bob alice", USERS_ABSENT},
        {"alice " GOOD, USERS_ABSENT},
        {"alice\t", USERS_ABSENT},
        {"alice\n", USERS_ABSENT},
        {"alice\r", USERS_ABSENT},
        {"\nalice", USERS_ABSENT},
        {"x\nalice", USERS_ABSENT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_same_number(cases[i].user, look_up_text(map, cases[i].user), cases[i].result);
        if (cases[i].result == USERS_FOUND)
            unit_same_text(cases[i].user, phone.number, GOOD);
        unit_same_text(cases[i].user, problem.text, "");
    }
}

static void test_a_good_line_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *number;
        const char *channels;
    } cases[] = {
        {"alice " GOOD "\n", GOOD, ""},
        {"alice\t" GOOD "\n", GOOD, ""},
        {" \t alice \t " GOOD " \t \n", GOOD, ""},
        {"alice " GOOD " sms\n", GOOD, "sms"},
        {"alice " GOOD " call\n", GOOD, "call"},
        {"alice " GOOD " sms,call\n", GOOD, "sms,call"},
        {"alice\t" GOOD "\tcall,sms\t\n", GOOD, "call,sms"},
        {"alice " GOOD "# comment\n", NULL, NULL}, /* a # within a field is part of it */
        {"alice " GOOD " # comment\n", GOOD, ""},
        {"alice " GOOD " #call\n", GOOD, ""},
        {"alice " GOOD "\t#\n", GOOD, ""},
        {"alice " GOOD " call # the landline, sms # no\n", GOOD, "call"},
        {"alice +15\n", "+15", ""},
        {"alice +155501001234567\n", "+155501001234567", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool good = cases[i].number != NULL;
        unit_same_number(cases[i].line, look_up_text(cases[i].line, "alice"),
                         good ? USERS_FOUND : USERS_BAD_LINE);
        if (good) {
            unit_same_text(cases[i].line, phone.number, cases[i].number);
            unit_same_text(cases[i].line, channels_of_phone(), cases[i].channels);
            unit_same_text(cases[i].line, problem.text, "");
        }
    }
}

static void test_a_wrong_line_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *problem;
    } cases[] = {
        {"alice\n", NO_NUMBER},
        {"alice \n", NO_NUMBER},
        {"alice # " GOOD "\n", NO_NUMBER},
        {"alice #" GOOD "\n", NO_NUMBER},
        {"alice sms\n", NO_LETTERS},
        {"alice 14043287382\n", NO_PLUS},
        {"alice 0014043287382\n", NO_PLUS},
        {"alice +04043287382\n", NO_ZERO},
        {"alice +0\n", NO_ZERO},
        {"alice +\n", TOO_SHORT},
        {"alice +1\n", TOO_SHORT},
        {"alice +1555010012345678\n", TOO_LONG}, /* 16 digits */
        {"alice ++14043287382\n", NO_OTHERS},
        {"alice +1-404-328-7382\n", NO_OTHERS},
        {"alice +1(404)3287382\n", NO_OTHERS},
        {"alice +1 404 328 7382\n", TOO_SHORT},
        {"alice +1404328738x\n", NO_LETTERS},
        {"alice +x4043287382\n", NO_LETTERS},
        {"alice +1404328738\xef\xbc\x92\n", NO_OTHERS}, /* a full-width 2 */
        {"alice \xef\xbc\x8b"
         "14043287382\n",
         NO_PLUS},
        {"alice tel:" GOOD "\n", NO_LETTERS},
        {"alice \"" GOOD "\"\n", NO_PLUS},
        {"alice " GOOD ",sms\n", NO_LETTERS},
        {"alice " GOOD "," GOOD "\n", NO_OTHERS},
        {"alice " GOOD "\v\n", NO_OTHERS},
        {"alice " GOOD " SMS\n", NO_CHANNEL},
        {"alice " GOOD " fax\n", NO_CHANNEL},
        {"alice " GOOD " voice\n", NO_CHANNEL},
        {"alice " GOOD " sm\n", NO_CHANNEL},
        {"alice " GOOD " smss\n", NO_CHANNEL},
        {"alice " GOOD " sms,\n", NO_CHANNEL},
        {"alice " GOOD " ,sms\n", NO_CHANNEL},
        {"alice " GOOD " ,\n", NO_CHANNEL},
        {"alice " GOOD " sms,,call\n", NO_CHANNEL},
        {"alice " GOOD " sms,sms\n", NO_CHANNEL},
        {"alice " GOOD " call,call\n", NO_CHANNEL},
        {"alice " GOOD " sms,call,sms\n", NO_CHANNEL},
        {"alice " GOOD " sms,fax\n", NO_CHANNEL},
        {"alice " GOOD " sms;call\n", NO_CHANNEL},
        {"alice " GOOD " sms#call\n", NO_CHANNEL},
        {"alice " GOOD " " GOOD "\n", NO_CHANNEL},
        {"alice " GOOD " ; comment\n", NO_CHANNEL},
        {"alice " GOOD " sms call\n", NO_MORE},
        {"alice " GOOD " sms, call\n", NO_CHANNEL},
        {"alice " GOOD " sms ,\n", NO_MORE},
        {"alice " GOOD " sms ; comment\n", NO_MORE},
        {"alice\r\n", NO_DOS},
        {"alice " GOOD "\r\n", NO_DOS},
        {"alice " GOOD " sms\r\n", NO_DOS},
        {"alice " GOOD " # comment\r\n", NO_DOS},
        {"alice " GOOD "\rbob " GOOD "\n", NO_DOS},
        {"alice", NO_END},
        {"alice +1404328", NO_END},
        {"alice " GOOD, NO_END},
        {"alice " GOOD " sms", NO_END},
        {"alice " GOOD " # comment", NO_END},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct map map = {0};
        unit_same_number(cases[i].line, look_up_text(cases[i].line, "alice"), USERS_BAD_LINE);
        check_problem(cases[i].line, 1, "alice", cases[i].problem);
        add_text(&map, "# users\n\nbob " WRONG "\n");
        add_text(&map, cases[i].line);
        unit_same_number(cases[i].line, look_up_map(&map, "alice"), USERS_BAD_LINE);
        check_problem(cases[i].line, 4, "alice", cases[i].problem);
    }
}

static void test_the_first_line_of_a_user_decides(void **state)
{
    (void)state;
    assert_int_equal(look_up_text("alice " GOOD " call\nalice " WRONG "\n", "alice"), USERS_FOUND);
    assert_string_equal(phone.number, GOOD);
    assert_string_equal(channels_of_phone(), "call");
    assert_int_equal(look_up_text("alice " GOOD "\nalice wrong\n", "alice"), USERS_FOUND);
    assert_string_equal(phone.number, GOOD);
    assert_int_equal(look_up_text("alice wrong\nalice " GOOD "\n", "alice"), USERS_BAD_LINE);
    check_problem("a wrong line before a good one", 1, "alice", NO_LETTERS);
    assert_int_equal(look_up_text("#alice " WRONG "\nalice " GOOD "\n", "alice"), USERS_FOUND);
    assert_string_equal(phone.number, GOOD);
}

static void test_the_lines_of_others_do_not_matter(void **state)
{
    (void)state;
    static const char *const maps[] = {
        "bob\nalice " GOOD "\n",
        "bob wrong\nalice " GOOD "\n",
        "bob " WRONG "\r\nalice " GOOD "\n",
        "bob " WRONG " fax\nalice " GOOD "\n",
        "\n\n \n\t\nalice " GOOD "\n",
        "\r\nalice " GOOD "\n",
        "alice " GOOD "\nbob " WRONG,
        "alice " GOOD "\nalice",
        "alice " GOOD "\n\n\n#",
    };
    for (size_t i = 0; i < COUNT(maps); i++) {
        unit_same_number(maps[i], look_up_text(maps[i], "alice"), USERS_FOUND);
        unit_same_text(maps[i], phone.number, GOOD);
    }
}

static void test_a_user_without_a_line_is_not_found(void **state)
{
    (void)state;
    static const char *const maps[] = {
        "",    "\n",   "\n\n\n", "#", "# comment\n", " ", ("bob " WRONG "\n"), ("bob " WRONG),
        "ali", "\r\n",
    };
    for (size_t i = 0; i < COUNT(maps); i++) {
        unit_same_number(maps[i], look_up_text(maps[i], "alice"), USERS_ABSENT);
        unit_same_text(maps[i], problem.text, "");
    }
}

static void test_a_nul_ends_neither_a_line_nor_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        size_t length;
        enum users_result result;
    } cases[] = {
#define MAP(text) text, sizeof(text) - 1
        {MAP("alice\0 " WRONG "\n"), USERS_ABSENT},
        {MAP("\0alice " WRONG "\n"), USERS_ABSENT},
        {MAP("bob\0alice " WRONG "\n"), USERS_ABSENT},
        {MAP("bob " WRONG " \0\nalice " GOOD "\n"), USERS_FOUND},
        {MAP("\0\0\0\nalice " GOOD "\n\0"), USERS_FOUND},
        {MAP("alice " GOOD "\0\n"), USERS_BAD_LINE},
        {MAP("alice " GOOD " sms\0\n"), USERS_BAD_LINE},
        {MAP("alice\0"), USERS_ABSENT},
#undef MAP
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_same_number("a NUL", look_up(cases[i].map, cases[i].length, "alice"), cases[i].result);
        if (cases[i].result == USERS_FOUND)
            assert_string_equal(phone.number, GOOD);
    }
}

static void test_garbage_is_searched_like_other_text(void **state)
{
    (void)state;
    struct map map = {0};
    add_filler(&map, 0, 8 * PIECE + 17);
    uint32_t number = 1;
    for (size_t i = 0; i < map.length; i++) {
        number = number * 1664525U + 1013904223U;
        map.text[i] = (char)(number >> 24);
    }
    assert_int_equal(look_up(map.text, map.length, "alice"), USERS_ABSENT);
    add_text(&map, "\nalice " GOOD "\n");
    assert_int_equal(look_up_map(&map, "alice"), USERS_FOUND);
    assert_string_equal(phone.number, GOOD);
}

static void test_up_to_1024_bytes_may_follow_the_name(void **state)
{
    (void)state;
    static const char line[] = "alice " GOOD " #";
    for (size_t rest = 1023; rest <= 1026; rest++) {
        struct map map = {0};
        add_text(&map, line);
        add_filler(&map, 'x', strlen("alice") + rest - map.length);
        add_text(&map, "\n");
        assert_int_equal(look_up_map(&map, "alice"), rest <= 1024 ? USERS_FOUND : USERS_BAD_LINE);
        if (rest <= 1024)
            assert_string_equal(phone.number, GOOD);
        else
            check_problem("a long rest", 1, "alice", NO_LENGTH);
    }
}

static void test_a_long_line_denies_only_its_own_user(void **state)
{
    (void)state;
    static const size_t lengths[] = {PIECE - 2,     PIECE - 1,           PIECE,
                                     PIECE + 1,     2 * PIECE - 1,       2 * PIECE,
                                     2 * PIECE + 1, (size_t)1024 * 1024, (size_t)5000 * 1000};
    static const char *const starts[] = {"bob " WRONG " #", "#", "alic", "alicex", ""};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct map map = {0};
        for (size_t j = 0; j < COUNT(starts); j++) {
            add_text(&map, starts[j]);
            add_filler(&map, 'x', lengths[i] - strlen(starts[j]) - 1);
            add_text(&map, "\nalice " GOOD "\n");
            assert_int_equal(look_up_map(&map, "alice"), USERS_FOUND);
            assert_string_equal(phone.number, GOOD);
        }

        add_text(&map, "# users\nalice " GOOD " #");
        add_filler(&map, 'x', lengths[i]);
        add_text(&map, "\nalice " GOOD "\nbob " GOOD "\n");
        assert_int_equal(look_up(map.text, map.length, "bob"), USERS_FOUND);
        assert_int_equal(look_up_map(&map, "alice"), USERS_BAD_LINE);
        check_problem("a long line", 2, "alice", NO_LENGTH);
    }
}

static void test_long_lines_are_counted_once(void **state)
{
    (void)state;
    static const size_t lengths[] = {PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 7 * PIECE + 5};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct map map = {0};
        for (int j = 0; j < 3; j++) {
            add_filler(&map, 'x', lengths[i]);
            add_text(&map, "\n");
        }
        add_text(&map, "alice wrong\n");
        assert_int_equal(look_up_map(&map, "alice"), USERS_BAD_LINE);
        check_problem("after three long lines", 4, "alice", NO_LETTERS);
    }
}

/* A reader that takes the start of a block for that of a line would use the wrong number. */
static void test_the_middle_of_a_long_line_is_not_read_as_a_line(void **state)
{
    (void)state;
    static const char *const leads[] = {"", "# users\n", "\n\n", "carol " WRONG "\n"};
    static const struct {
        const char *text;
        size_t length;
    } befores[] = {{"x", 1}, {" ", 1}, {"\0", 1}, {"\r", 1}, {"#", 1}};
    for (size_t lead = 0; lead < COUNT(leads); lead++) {
        for (size_t before = 0; before < COUNT(befores); before++) {
            for (size_t offset = PIECE - 2; offset <= 2 * PIECE + 2;
                 offset += offset == PIECE + 2 ? PIECE - 4 : 1) {
                struct map map = {0};
                size_t at = offset + (before % 2 == 0 ? 0 : strlen(leads[lead]));
                add_text(&map, leads[lead]);
                add_filler(&map, 'x', at - 1 - map.length);
                add(&map, befores[before].text, befores[before].length);
                add_text(&map, "alice " WRONG "\n");
                assert_int_equal(look_up(map.text, map.length, "alice"), USERS_ABSENT);
                add_text(&map, "alice " GOOD "\n");
                assert_int_equal(look_up_map(&map, "alice"), USERS_FOUND);
                assert_string_equal(phone.number, GOOD);
            }
        }
    }
}

static void test_an_unfinished_long_last_line_is_not_the_line_of_the_user(void **state)
{
    (void)state;
    for (size_t length = PIECE - 2; length <= PIECE + 2; length++) {
        struct map map = {0};
        add_filler(&map, 'x', length);
        add_text(&map, " alice " WRONG);
        assert_int_equal(look_up_map(&map, "alice"), USERS_ABSENT);
        add_filler(&map, 'x', length);
        assert_int_equal(look_up_map(&map, "alice"), USERS_ABSENT);
        add_text(&map, "alice ");
        add_filler(&map, 'x', length);
        assert_int_equal(look_up_map(&map, "alice"), USERS_BAD_LINE);
    }
}

static void test_a_line_across_two_blocks_is_read_whole(void **state)
{
    (void)state;
    static const char line[] = "alice " GOOD " call,sms\n";
    for (size_t before = 0; before <= strlen(line) + 1; before++) {
        for (size_t pieces = 1; pieces <= 2; pieces++) {
            struct map map = {0};
            add_text(&map, "bob " WRONG "\n#");
            add_filler(&map, 'x', pieces * PIECE - before - map.length - 1);
            add_text(&map, "\n");
            add_text(&map, line);
            assert_int_equal(look_up_map(&map, "alice"), USERS_FOUND);
            assert_string_equal(phone.number, GOOD);
            assert_string_equal(channels_of_phone(), "call,sms");
        }
    }
}

static void test_a_map_that_fills_its_last_page_is_read_to_its_end(void **state)
{
    (void)state;
    static const struct {
        const char *last;
        enum users_result result;
    } cases[] = {
        {"alice " GOOD "\n", USERS_FOUND},
        {"alice " GOOD, USERS_BAD_LINE},
        {"alice", USERS_BAD_LINE},
        {"\talice", USERS_BAD_LINE},
        {"alice\n", USERS_BAD_LINE},
        {"alic", USERS_ABSENT},
        {"a", USERS_ABSENT},
        {" ", USERS_ABSENT},
        {" alic", USERS_ABSENT},
        {"#", USERS_ABSENT},
    };
    for (size_t size = 4096; size <= PIECE; size *= 2) {
        for (size_t i = 0; i < COUNT(cases); i++) {
            struct map map = {0};
            add_filler(&map, '#', size - strlen(cases[i].last) - 1);
            add_text(&map, "\n");
            add_text(&map, cases[i].last);
            assert_int_equal(map.length, size);
            unit_same_number(cases[i].last, look_up_map(&map, "alice"), cases[i].result);
        }
    }
}

static void test_a_map_of_200000_users_has_each_of_them(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        const char *number; /* NULL: not in it */
    } cases[] = {
        {"user000000", "+15550100"},
        {"user000001", "+15550101"},
        {"user100042", "+15550142"},
        {"user199998", "+15550198"},
        {"user199999", "+15550199"},
        {"user200000", NULL},
        {"user", NULL},
        {"user00000", NULL},
        {"user0000000", NULL},
        {"zoe", NULL},
    };
    enum { USERS = 200000, LINE = 21 };
    char *map = malloc((size_t)USERS * LINE + 1);
    assert_non_null(map);
    for (unsigned i = 0; i < USERS; i++)
        assert_int_equal(sprintf(map + (size_t)i * LINE, "user%06u +155501%02u\n", i, i % 100),
                         LINE);
    char *path = unit_file("users", map, 0600);
    free(map);
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum users_result result =
            users_find(path, cases[i].user, &no_keys, false, &phone, &problem);
        unit_same_number(cases[i].user, result,
                         cases[i].number != NULL ? USERS_FOUND : USERS_ABSENT);
        if (cases[i].number != NULL)
            unit_same_text(cases[i].user, phone.number, cases[i].number);
    }
    unit_remove(path);
}

static void test_a_map_that_others_can_write_is_refused(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        bool good;
    } cases[] = {
        {0600, true},  {0400, true},  {0640, true},  {0644, true},  {0444, true},
        {0620, false}, {0660, false}, {0664, false}, {0602, false}, {0666, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *path = unit_file("users", "alice " GOOD "\n", cases[i].mode);
        enum users_result result = users_find(path, "alice", &no_keys, false, &phone, &problem);
        if (result != (cases[i].good ? USERS_FOUND : USERS_ERROR))
            fail_msg("mode %04o: result %d", cases[i].mode, result);
        if (!cases[i].good) {
            struct problem expected = {0};
            problem_set(&expected, "%s: mode is %04o; only its owner may write it: chmod go-w %s",
                        path, cases[i].mode, path);
            assert_string_equal(problem.text, expected.text);
        }
        unit_remove(path);
    }
}

static void test_a_map_not_owned_by_root_is_refused(void **state)
{
    (void)state;
    char *path = unit_file("users", "alice " GOOD "\n", 0600);
    if (chown(path, 65534, (gid_t)-1) != 0) {
        unit_remove(path);
        skip();
        return;
    }
    assert_int_equal(users_find(path, "alice", &no_keys, false, &phone, &problem), USERS_ERROR);
    assert_non_null(strstr(problem.text, "users: must be owned by root, not by uid 65534"));
    unit_remove(path);
}

static void test_a_file_that_is_not_regular_is_refused_as_map(void **state)
{
    (void)state;
    char *path = unit_path("users");
    assert_int_equal(users_find(path, "alice", &no_keys, false, &phone, &problem), USERS_ERROR);
    assert_non_null(strstr(problem.text, "users: No such file or directory"));

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(users_find(path, "alice", &no_keys, false, &phone, &problem), USERS_ERROR);
    assert_non_null(strstr(problem.text, "users: expected a regular file"));
    assert_int_equal(unlink(path), 0);

    char *target = unit_file("target", "alice " GOOD "\n", 0600);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(users_find(path, "alice", &no_keys, false, &phone, &problem), USERS_ERROR);
    assert_non_null(
        strstr(problem.text, "users: is a symbolic link; use the path of the file itself"));
    unit_remove(target);
    unit_remove(path);

    assert_int_equal(users_find(unit_folder(), "alice", &no_keys, false, &phone, &problem),
                     USERS_ERROR);
    assert_non_null(strstr(problem.text, ": expected a regular file"));
}

/* ---- lines for SSH keys ---- */

#define FP1 "SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kqos"
#define FP2 "SHA256:pgvj44XNYFCMXYruBkY3J+IuGgE5Ro6ELq15ICtMr5I"
#define FP3 "SHA256:xS5c/bR3Fm53P4SPkgOuAt9FEzcUuCLz1uilpfqpVmE"

#define NO_PRINT "expected SHA256: and the 43 characters that ssh-keygen -l shows"

static const struct sshkeys one_key = {1, {FP1}};
static const struct sshkeys two_keys = {2, {FP1, FP2}};
static const struct sshkeys four_keys = {4,
                                         {"SHA256:Jmvg3pPlyNdQYSVCqXoNpSJmBSW5xl+jBnwRVIluNcg",
                                          "SHA256:5k60h6x+l5N2UThB7aqrXmEc+1r4WW6Miffrd1FIieg",
                                          "SHA256:xGpTlaj1WQYFqijyfRxDcOP6YiItM+k1+HHDfdZDorM",
                                          FP1}};

static void test_the_first_line_for_any_key_or_a_used_key_decides(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        const struct sshkeys *keys;
        const char *channels;
    } cases[] = {
        {"alice " FP1 " " GOOD "\n", &one_key, ""},
        {"alice " FP1 " " GOOD " call,sms # the key of the laptop\n", &one_key, "call,sms"},
        {" \talice\t" FP1 "\t" GOOD "\tcall\n", &one_key, "call"},
        {"alice " FP1 " " GOOD "\nalice " WRONG "\n", &one_key, ""},
        {"alice " FP1 " " GOOD "\nalice " FP1 " " WRONG "\n", &one_key, ""},
        {"alice " FP1 " " GOOD "\nalice wrong\n", &one_key, ""},
        {"alice " FP2 " " WRONG "\nalice " FP1 " " GOOD "\n", &one_key, ""},
        {"alice " FP2 " " WRONG "\nalice " FP3 " " WRONG "\nalice " GOOD "\n", &one_key, ""},
        {"alice " FP2 " " WRONG "\n\n# no\nbob " FP1 " " WRONG "\nalice " FP1 " " GOOD "\n",
         &one_key, ""},
        {"alice " GOOD "\nalice " FP1 " " WRONG "\n", &one_key, ""},
        {"alice " GOOD "\nalice " FP1 "\n", &one_key, ""},
        {"alice " FP2 " " GOOD "\nalice " FP1 " " WRONG "\n", &two_keys, ""},
        {"alice " FP1 " " GOOD "\nalice " FP2 " " WRONG "\n", &two_keys, ""},
        {"alice " FP3 " " WRONG "\nalice " FP2 " " GOOD "\n", &two_keys, ""},
        {"alice " FP2 " " WRONG "\nalice " FP1 " " GOOD "\n", &four_keys, ""},
        {"alice " FP1 " " WRONG "\nalice " GOOD "\n", &no_keys, ""},
        {"alice " FP1 "\nalice " GOOD "\n", &no_keys,
         ""}, /* of a line for others no more is read */
        {"alice " FP1 " wrong fax\nalice " GOOD "\n", &no_keys, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int sure = 0; sure <= 1; sure++) {
            const char *map = cases[i].map;
            unit_same_number(map, look_up_with(map, strlen(map), "alice", cases[i].keys, sure == 1),
                             USERS_FOUND);
            unit_same_text(map, phone.number, GOOD);
            unit_same_text(map, channels_of_phone(), cases[i].channels);
            unit_same_text(map, problem.text, "");
        }
    }
}

static void test_a_user_with_only_lines_for_other_keys_is_not_unmapped(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        const struct sshkeys *keys;
        const char *used;
    } cases[] = {
        {"alice " FP2 " " WRONG "\n", &one_key, FP1},
        {"alice " FP2 " " WRONG "\nalice " FP3 " " WRONG "\n", &one_key, FP1},
        {"alice " FP2 " " WRONG "\nbob " GOOD "\n", &one_key, FP1},
        {"alice " FP3 " " WRONG "\n", &two_keys, FP1},
        {"alice " FP1 " " WRONG "\n", &no_keys, "none known"},
        /* one that is for the key in no more than a beginning, or in either case */
        {"alice SHA256:GZGXIXWYNU1PFUHKUJSBW5CS0/JSYYRE8VPKVL/KQOS " WRONG "\n", &one_key, FP1},
        {"alice SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kqoS " WRONG "\n", &one_key, FP1},
        {"alice SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kqot " WRONG "\n", &one_key, FP1},
        /* what makes a map doubtful does not make the user absent */
        {"alice " FP2 " " WRONG "\nbob " GOOD, &one_key, FP1},
        {"alice " FP2 " " WRONG "\nbob " GOOD "\r\n", &one_key, FP1},
        {"\xef\xbb\xbf\nalice " FP2 " " WRONG "\n", &one_key, FP1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int sure = 0; sure <= 1; sure++) {
            const char *map = cases[i].map;
            char *path = unit_path("users");
            unit_same_number(map, look_up_with(map, strlen(map), "alice", cases[i].keys, sure == 1),
                             USERS_OTHER_KEYS);
            unit_same_text(map, problem.text,
                           unit_format("%s has alice for other SSH keys only; key used: %s", path,
                                       cases[i].used));
            free(path);
        }
    }
}

static void test_a_line_with_a_wrong_fingerprint_denies(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *problem;
    } cases[] = {
        {"alice SHA256: " GOOD "\n", NO_PRINT},
        {"alice SHA256:x " GOOD "\n", NO_PRINT},
        {"alice SHA256:\n", NO_PRINT},
        {"alice " FP1 "= " GOOD "\n", NO_PRINT}, /* ssh-keygen shows no padding */
        {"alice " FP1 "x " GOOD "\n", NO_PRINT},
        {"alice " FP1 "," FP2 " " GOOD "\n", NO_PRINT},
        {"alice " FP1 "," GOOD "\n", NO_PRINT},
        {"alice SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kqo " GOOD "\n", NO_PRINT},
        {"alice SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kqo= " GOOD "\n", NO_PRINT},
        {"alice SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0_jsYYRE8vPKVl_kqos " GOOD "\n", NO_PRINT},
        {"alice SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0-jsYYRE8vPKVl-kqos " GOOD "\n", NO_PRINT},
        {"alice SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0*jsYYRE8vPKVl*kqos " GOOD "\n", NO_PRINT},
        {"alice SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kq\xc3\xa9 " GOOD "\n", NO_PRINT},
        {"alice SHA256:83:31:b1:89:75:98:36:ed:4f:15:48:4a:52:3b:01:c3 " GOOD "\n", NO_PRINT},
        /* what is none is a number, and a wrong one */
        {"alice MD5:83:31:b1:89:75:98:36:ed:4f:15:48:4a:52:3b:01:c3 " GOOD "\n", NO_LETTERS},
        {"alice sha256:gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kqos " GOOD "\n", NO_LETTERS},
        {"alice gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kqos " GOOD "\n", NO_LETTERS},
        {"alice \"" FP1 "\" " GOOD "\n", NO_LETTERS},
        /* the line is for the key that was used, and has no good number */
        {"alice " FP1 "\n", NO_NUMBER},
        {"alice " FP1 " # " GOOD "\n", NO_NUMBER},
        {"alice " FP1 " " FP2 " " GOOD "\n", NO_LETTERS},
        {"alice " FP1 " " FP1 " " GOOD "\n", NO_LETTERS},
        {"alice " FP1 " 14043287382\n", NO_PLUS},
        {"alice " FP1 " " GOOD " fax\n", NO_CHANNEL},
        {"alice " FP1 " " GOOD " sms call\n", NO_MORE},
        {"alice " FP1 " " GOOD " " FP1 "\n", NO_CHANNEL},
        {"alice " GOOD " " FP1 "\n", NO_CHANNEL},
        {"alice " FP1 " " GOOD "\r\n", NO_DOS},
        {"alice " FP1 " " GOOD, NO_END},
        /* a line that may be cut off, or whose end is doubtful, is not known to be for others */
        {"alice " FP2 " " GOOD "\r\n", NO_DOS},
        {"alice " FP2, NO_END},
        {"alice SHA256:pgvj44XNYFCMXYru", NO_END},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *map = cases[i].line;
        unit_same_number(map, look_up_with(map, strlen(map), "alice", &one_key, false),
                         USERS_BAD_LINE);
        check_problem(map, 1, "alice", cases[i].problem);
        /* neither a good line before it for another key, nor one after it, makes up for it */
        map = unit_format("alice " FP3 " " WRONG "\n%s%s", map,
                          strchr(map, '\n') != NULL ? "alice " WRONG "\n" : "");
        unit_same_number(map, look_up_with(map, strlen(map), "alice", &one_key, true),
                         USERS_BAD_LINE);
        check_problem(map, 2, "alice", cases[i].problem);
    }
}

static void test_a_wrong_fingerprint_of_another_user_does_not_matter(void **state)
{
    (void)state;
    static const char map[] = "bob SHA256:x " WRONG "\nalice2 SHA256:\nalice " FP1 " " GOOD "\n";
    assert_int_equal(look_up_with(map, strlen(map), "alice", &one_key, true), USERS_FOUND);
    assert_string_equal(phone.number, GOOD);
    assert_int_equal(look_up_with(map, strlen(map), "bob", &one_key, true), USERS_BAD_LINE);
    check_problem(map, 1, "bob", NO_PRINT);
    assert_int_equal(look_up_with(map, strlen(map), FP1, &one_key, true), USERS_ABSENT);
}

static void test_a_line_for_another_key_that_is_too_long_denies(void **state)
{
    (void)state;
    struct map map = {0};
    add_text(&map, "alice " FP2 " " WRONG " #");
    add_filler(&map, 'x', 1024);
    add_text(&map, "\nalice " GOOD "\n");
    enum users_result result = look_up_with(map.text, map.length, "alice", &one_key, false);
    free(map.text);
    assert_int_equal(result, USERS_BAD_LINE);
    check_problem("a long line", 1, "alice", NO_LENGTH);
}

/* ---- a map that must be whole, since who is absent is let in ---- */

static void test_a_map_that_must_be_complete_is_refused_if_it_may_not_be(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        size_t length;
        const char *why; /* NULL: it is whole */
    } cases[] = {
#define MAP(text) text, sizeof(text) - 1
        {MAP("\n"), NULL},
        {MAP("# nobody\n"), NULL},
        {MAP("bob " WRONG "\n"), NULL},
        {MAP("bob wrong\n"), NULL},
        {MAP("bob " FP1 " " WRONG "\n"), NULL},
        {MAP(""), "is empty"},
        {MAP("bob " WRONG), "does not end with a newline, and may be cut off"},
        {MAP("bob " WRONG "\n#"), "does not end with a newline, and may be cut off"},
        {MAP("bob " WRONG "\0\n"), "has a NUL byte"},
        {MAP("bob " WRONG "\r\n"), "has a carriage return: save the file with Unix line endings"},
        {MAP("\xef\xbb\xbf"
             "bob " WRONG "\n"),
         NULL}, /* which is no part of the first line */
        {MAP("\xef\xbb\xbf"), "is empty"},
        {MAP("# \xef\xbb\xbf\n"), "has a byte order mark after its beginning: remove it"},
#undef MAP
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *path = unit_path("users");
        const char *map = cases[i].map;
        unit_same_number(map, look_up_with(map, cases[i].length, "alice", &one_key, true),
                         cases[i].why == NULL ? USERS_ABSENT : USERS_ERROR);
        unit_same_text(map, problem.text,
                       cases[i].why == NULL
                           ? ""
                           : unit_format("%s: %s; with unmapped = ignore users who are not in "
                                         "it are denied",
                                         path, cases[i].why));
        unit_same_number(map, look_up_with(map, cases[i].length, "alice", &one_key, false),
                         USERS_ABSENT);
        free(path);
    }
}

/* ---- a byte order mark ---- */

#define MARK "\xef\xbb\xbf"

/* The first user of a file that Windows has saved would be one whom nobody finds. */
static void test_a_byte_order_mark_belongs_to_no_name(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        enum users_result result;
    } cases[] = {
        {MARK "alice " GOOD "\n", USERS_FOUND},
        {MARK "  alice " GOOD "\n", USERS_FOUND},
        {MARK "\nalice " GOOD "\n", USERS_FOUND},
        {MARK "bob " WRONG "\nalice " GOOD "\n", USERS_FOUND},
        {MARK "alice " GOOD "\nalice " WRONG "\n", USERS_FOUND},
        {MARK "# alice " WRONG "\n", USERS_ABSENT},
        {"bob " WRONG "\n" MARK "alice " WRONG "\n", USERS_BAD_LINE}, /* of two files */
        {MARK MARK "alice " WRONG "\n", USERS_BAD_LINE},
        {"alice " GOOD "\n" MARK "alice " WRONG "\n", USERS_FOUND},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *map = cases[i].map;
        unit_same_number(map, look_up_text(map, "alice"), cases[i].result);
        if (cases[i].result == USERS_FOUND)
            unit_same_text(map, phone.number, GOOD);
        if (cases[i].result == USERS_BAD_LINE)
            unit_check(problem.text,
                       strstr(problem.text, "a byte order mark precedes the name") != NULL, map);
        unit_same_number(map, look_up_text(map, MARK "alice"), USERS_ABSENT);
    }
}

/* ---- all lines ---- */

static struct users_map open_map(const void *map, size_t length)
{
    struct users_map opened;
    char *path = unit_file_of("users", map, length, 0600);
    bool good = users_open(path, &opened, &problem);
    unit_remove(path);
    unit_check("a map", good, problem.text);
    return opened;
}

static void test_every_line_is_read_as_for_a_login(void **state)
{
    (void)state;
    static const char map[] = "# comment\n"
                              "\n"
                              "alice " GOOD " call\n"
                              "  bob\t" FP1 " " GOOD "   # comment\n"
                              "carol 0155\n"
                              "dave\r\n"
                              "\r\n"
                              "erin SHA256:short " GOOD "\n"
                              "frank " FP1 " " GOOD " pigeon\n"
                              "alice " GOOD " " GOOD "\n"
                              "grace " GOOD;
    static const struct {
        unsigned number;
        const char *name;
        const char *wrong;
        const char *key;
    } lines[] = {
        {3, "alice", NULL, ""},
        {4, "bob", NULL, FP1},
        {5, "carol", NO_PLUS, ""},
        {6, "dave", NO_DOS, ""},
        {8, "erin", "expected SHA256: and the 43 characters that ssh-keygen -l shows", ""},
        {9, "frank", NO_CHANNEL, FP1},
        {10, "alice", NO_CHANNEL, ""},
        {11, "grace", NO_END, ""},
    };
    struct users_line line;
    struct users_map opened = open_map(map, sizeof(map) - 1);
    for (size_t i = 0; i < COUNT(lines); i++) {
        const char *name = lines[i].name;
        unit_check(name, users_next(&opened, &line), "a line");
        unit_same_number(name, (long long)opened.line, lines[i].number);
        unit_check(name,
                   line.user_length == strlen(name) &&
                       memcmp(line.user, name, line.user_length) == 0,
                   "the name");
        unit_same_text(name, line.wrong != NULL ? line.wrong : "",
                       lines[i].wrong != NULL ? lines[i].wrong : "");
        unit_same_text(name, line.phone.key, lines[i].key);
        if (lines[i].wrong == NULL)
            unit_same_text(name, line.phone.number, GOOD);
    }
    assert_false(users_next(&opened, &line));
    assert_false(users_next(&opened, &line));
    assert_false(users_changed(&opened));
    users_close(&opened);
}

static void test_the_doubtful_line_of_a_map_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        size_t length;
        const char *doubt;
        unsigned long line;
    } cases[] = {
#define MAP(text) (text), sizeof(text) - 1
        {MAP("alice " GOOD "\n"), NULL, 1},
        {MAP(""), "is empty", 1},
        {MAP("\n\n#"), "does not end with a newline, and may be cut off", 3},
        {MAP("a\nb\0\n"), "has a NUL byte", 2},
        {MAP("a\n\n\n\r\n"), "has a carriage return: save the file with Unix line endings", 4},
        {MAP("\xef\xbb\xbf"
             "a\n"),
         NULL, 1},
        {MAP("\xef\xbb\xbf"
             "a\n\xef\xbb\xbf"
             "b\n"),
         "has a byte order mark after its beginning: remove it", 2},
#undef MAP
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned long line = 0;
        struct users_map opened = open_map(cases[i].map, cases[i].length);
        const char *doubt = users_doubt_at(opened.text, opened.size, &line);
        unit_same_text(cases[i].map, doubt != NULL ? doubt : "none",
                       cases[i].doubt != NULL ? cases[i].doubt : "none");
        unit_same_number(cases[i].map, (long long)line, (long long)cases[i].line);
        users_close(&opened);
    }
}

int main(void)
{
    if (geteuid() != 0)
        return unit_skip_all("only a file that is root's is a users map");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_name_must_match),
        cmocka_unit_test(test_a_good_line_is_read),
        cmocka_unit_test(test_a_wrong_line_is_refused_with_its_reason),
        cmocka_unit_test(test_the_first_line_of_a_user_decides),
        cmocka_unit_test(test_the_lines_of_others_do_not_matter),
        cmocka_unit_test(test_a_user_without_a_line_is_not_found),
        cmocka_unit_test(test_a_nul_ends_neither_a_line_nor_a_name),
        cmocka_unit_test(test_garbage_is_searched_like_other_text),
        cmocka_unit_test(test_up_to_1024_bytes_may_follow_the_name),
        cmocka_unit_test(test_a_long_line_denies_only_its_own_user),
        cmocka_unit_test(test_long_lines_are_counted_once),
        cmocka_unit_test(test_the_middle_of_a_long_line_is_not_read_as_a_line),
        cmocka_unit_test(test_an_unfinished_long_last_line_is_not_the_line_of_the_user),
        cmocka_unit_test(test_a_line_across_two_blocks_is_read_whole),
        cmocka_unit_test(test_a_map_that_fills_its_last_page_is_read_to_its_end),
        cmocka_unit_test(test_a_map_of_200000_users_has_each_of_them),
        cmocka_unit_test(test_a_map_that_others_can_write_is_refused),
        cmocka_unit_test(test_a_map_not_owned_by_root_is_refused),
        cmocka_unit_test(test_a_file_that_is_not_regular_is_refused_as_map),
        cmocka_unit_test(test_the_first_line_for_any_key_or_a_used_key_decides),
        cmocka_unit_test(test_a_user_with_only_lines_for_other_keys_is_not_unmapped),
        cmocka_unit_test(test_a_line_with_a_wrong_fingerprint_denies),
        cmocka_unit_test(test_a_wrong_fingerprint_of_another_user_does_not_matter),
        cmocka_unit_test(test_a_line_for_another_key_that_is_too_long_denies),
        cmocka_unit_test(test_a_map_that_must_be_complete_is_refused_if_it_may_not_be),
        cmocka_unit_test(test_every_line_is_read_as_for_a_login),
        cmocka_unit_test(test_the_doubtful_line_of_a_map_is_named),
        cmocka_unit_test(test_a_byte_order_mark_belongs_to_no_name),
    };
    alarm(300); /* a search that hangs is killed */
    return cmocka_run_group_tests_name("users", tests, unit_make_folder, unit_remove_folder);
}
