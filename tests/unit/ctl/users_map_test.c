/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/users/users_map: a change takes effect, and everything else stays byte for byte. */
#include "../unit.h"

#include "ctl/users/users_map.h"

#define KEY       "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDrpZcEZ0zxKV2e8q4"
#define OTHER_KEY "SHA256:lS2cYOoIRJ1tUr5mzyHmb1Ug0tgdd27zTN5pHPuoWrM"
#define OLD       "+15550100182"
#define NEW       "+15550100199"

static struct problem problem;

static void read_map(struct map *map, const char *text)
{
    problem = (struct problem){0};
    if (!map_read(map, text, strlen(text), &problem))
        fail_msg("map_read: %s", problem.text);
}

/* The changed text, the caller's to free. */
static char *written(const struct map *map)
{
    size_t length = 0;
    char *text = map_write(map, "MAP", &length, &problem);
    if (text == NULL)
        fail_msg("map_write: %s", problem.text);
    else
        assert_int_equal(strlen(text), length);
    return text;
}

/* Changes the line that is for the key, or adds one. */
static void put(struct map *map, const struct map_entry *entry)
{
    struct map_line *line = map_find_entry(map, entry->user, entry->key);
    assert_true(line != NULL ? map_set(line, entry, &problem) : map_add(map, entry, &problem));
}

/* Puts the entry into a map, compares the map, and checks that logins use the entry. */
static void check_put(const char *before, const struct map_entry *entry, const char *after)
{
    struct map map;
    struct map now;
    read_map(&map, before);
    put(&map, entry);
    char *text = written(&map);
    unit_same_text(before, text, after);
    read_map(&now, text);
    unit_check(text, map_verify(&now, "MAP", entry, &problem), "that it counts");
    map_free(&now);
    map_free(&map);
    free(text);
}

static void test_a_change_keeps_the_rest_of_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *channels;
        const char *after;
    } cases[] = {
        {"alice " OLD "\n", NULL, "alice " NEW "\n"},
        {"alice\t" OLD "\tsms\n", NULL, "alice\t" NEW "\tsms\n"},
        {"alice\t" OLD "\tsms\n", "call,sms", "alice\t" NEW "\tcall,sms\n"},
        {"alice " OLD "\n", "call", "alice " NEW "   call\n"},
        {"  alice   " OLD "   sms  # her own \n", "call", "  alice   " NEW "   call  # her own \n"},
        {"alice " OLD " # sms\n", NULL, "alice " NEW " # sms\n"},
        {"alice " OLD "\t # sms\n", "sms", "alice " NEW "   sms\t # sms\n"},
        {"alice " OLD " sms   \n", NULL, "alice " NEW " sms   \n"},
        /* wrong ones are mended */
        {"alice\n", NULL, "alice   " NEW "\n"},
        {"alice # who?\n", "sms", "alice " NEW "   sms   # who?\n"},
        {"alice +1 555 0100 sms # x\n", NULL, "alice " NEW "   # x\n"},
        {"alice " OLD " fax\n", NULL, "alice " NEW "\n"},
        {"alice " OLD " sms call\n", "sms", "alice " NEW "   sms\n"},
        {"alice " OLD "\r\n", NULL, "alice " NEW "\n"},
        {"alice " OLD, NULL, "alice " NEW "\n"},
        {"alice\r\n", NULL, "alice   " NEW "\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct map_entry entry = {.user = "alice",
                                        .number = NEW,
                                        .channels = cases[i].channels};
        check_put(cases[i].before, &entry, cases[i].after);
    }
}

static void test_a_new_line_goes_where_it_takes_effect(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *key;
        const char *after;
    } cases[] = {
        {"", NULL, "root   " NEW "\n"},
        {"# all\n\n", NULL, "# all\n\nroot   " NEW "\n"},
        {"", KEY, "root   " KEY "   " NEW "\n"},
        {"root " OTHER_KEY " " OLD "\n", NULL, "root " OTHER_KEY " " OLD "\nroot   " NEW "\n"},
        {"root " OLD "\nbob " OLD "\n", KEY,
         "root   " KEY "   " NEW "\nroot " OLD "\nbob " OLD "\n"},
        {"root " OTHER_KEY " " OLD "\nbob " OLD "\nroot " OLD "\n", KEY,
         "root " OTHER_KEY " " OLD "\nbob " OLD "\nroot   " KEY "   " NEW "\nroot " OLD "\n"},
        {"root SHA256:x " OLD "\n", KEY, "root   " KEY "   " NEW "\nroot SHA256:x " OLD "\n"},
        {"root wrong\n", KEY, "root   " KEY "   " NEW "\nroot wrong\n"},
        {"roots " OLD "\n", KEY, "roots " OLD "\nroot   " KEY "   " NEW "\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct map_entry entry = {.user = "root", .key = cases[i].key, .number = NEW};
        check_put(cases[i].before, &entry, cases[i].after);
    }
}

static void test_a_line_without_effect_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *key;
        const char *says;
    } cases[] = {
        {"root SHA256:x " OLD "\nroot " NEW "\n", NULL, "MAP:1: root: this line counts"},
        {"root " OLD "\nroot " NEW "\n", NULL, "MAP:1: root: this line counts"},
        {"root " OLD "\nroot " KEY " " NEW "\n", KEY, "MAP:1: root: this line counts"},
        {"root " OTHER_KEY " " NEW "\n", KEY, "would not be found"},
        {"bob " NEW "\n", NULL, "would not be found"},
        {"root " NEW, NULL, "the file ends within this line"},
        {"root " NEW " call\n", NULL, "MAP:1: root: this line counts"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct map map;
        const struct map_entry entry = {.user = "root",
                                        .key = cases[i].key,
                                        .number = NEW,
                                        .channels = "sms"};
        read_map(&map, cases[i].text);
        unit_check(cases[i].text, !map_verify(&map, "MAP", &entry, &problem), "that it is refused");
        unit_check(problem.text, strstr(problem.text, cases[i].says) != NULL, cases[i].says);
        map_free(&map);
    }
}

static void test_a_map_that_may_be_truncated_is_not_written(void **state)
{
    (void)state;
    static const char *const texts[] = {"bob " OLD "\nalice +1555010", "# a comment"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct map map;
        size_t length = 0;
        read_map(&map, texts[i]);
        assert_true(map_add(&map, &(struct map_entry){.user = "x", .number = NEW}, &problem));
        assert_null(map_write(&map, "MAP", &length, &problem));
        unit_check(problem.text, strstr(problem.text, "the file ends within this line") != NULL,
                   "why");
        map_free(&map);
    }
}

static void test_a_map_that_is_not_text_is_refused(void **state)
{
    (void)state;
    static const char nul[] = "bob " OLD "\nx\0y " OLD "\n";
    static const struct {
        const char *text;
        size_t length;
        bool empty;
        bool good;
    } cases[] = {
        {"bob " OLD "\n", 17, false, true},
        {"", 0, false, false},
        {"", 0, true, true},
        {"bob " OLD "\r\n", 18, true, false},
        {"\xef\xbb\xbf"
         "bob " OLD "\n",
         20, true, true}, /* which is no part of the first line */
        {nul, sizeof(nul) - 1, true, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct map map;
        assert_true(map_read(&map, cases[i].text, cases[i].length, &problem));
        unit_same_number(cases[i].text, map_check(&map, "MAP", cases[i].empty, &problem),
                         cases[i].good);
        map_free(&map);
    }
}

static void test_an_entry_is_checked_before_it_is_written(void **state)
{
    (void)state;
    static const struct {
        struct map_entry entry;
        const char *field; /* NULL: it is good */
    } cases[] = {
        {{"alice", NULL, NEW, NULL}, NULL},
        {{"EXAMPLE\\ivan", KEY, NEW, "call,sms"}, NULL},
        {{"", NULL, NEW, NULL}, "name"},
        {{"#alice", NULL, NEW, NULL}, "name"},
        {{"a b", NULL, NEW, NULL}, "name"},
        {{"a\tb", NULL, NEW, NULL}, "name"},
        {{"a\nb", NULL, NEW, NULL}, "name"},
        {{"a\rb", NULL, NEW, NULL}, "name"},
        {{"alice", "", NEW, NULL}, "key"},
        {{"alice", KEY "x", NEW, NULL}, "key"},
        {{"alice", NULL, "", NULL}, "number"},
        {{"alice", NULL, "15550100182", NULL}, "number"},
        {{"alice", NULL, "+1 5550100182", NULL}, "number"},
        {{"alice", NULL, "+05550100182", NULL}, "number"},
        {{"alice", NULL, "+1", NULL}, "number"},
        {{"alice", NULL, "+1234567890123456", NULL}, "number"},
        {{"alice", NULL, NEW "\nbob +15550100100", NULL}, "number"},
        {{"alice", NULL, NEW " # x", NULL}, "number"},
        {{"alice", NULL, NEW, ""}, "channels"},
        {{"alice", NULL, NEW, "fax"}, "channels"},
        {{"alice", NULL, NEW, "sms,sms"}, "channels"},
        {{"alice", NULL, NEW, "sms,"}, "channels"},
        {{"alice", NULL, NEW, "sms # x"}, "channels"},
        {{"alice", NULL, NEW, "sms\nbob +15550100100"}, "channels"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *field = NULL;
        const char *wrong = map_entry_wrong(&cases[i].entry, &field);
        const char *what = unit_format("case %zu", i);
        unit_check(what, (wrong == NULL) == (cases[i].field == NULL), "the other verdict");
        if (cases[i].field != NULL)
            unit_same_text(what, field, cases[i].field);
    }
}

static void test_entries_are_shown_without_whole_numbers(void **state)
{
    (void)state;
    static const char before[] = "# call +15550100182 or 5550100182, room 1234\n"
                                 "user12345 " OLD " sms # was +1555\n"
                                 "root " KEY " " OLD "\n"
                                 "bob +1 555 0100182\n"
                                 "carol " OLD "\n";
    static const char after[] = "# call *82 or *82, room 1234\n"
                                "user12345 *82 sms # was *55\n"
                                "root " KEY " *82\n"
                                "bob +1 555 *82\n"
                                "carol *82\n";
    static const char changed[] = "# call *82 or *82, room 1234\n"
                                  "user12345 *99 sms # was *55\n"
                                  "root " KEY " *82\n"
                                  "bob +1 555 *82\n"
                                  "carol *82   (another number)\n"
                                  "dora   *11\n";
    struct map map;
    char *text[2] = {NULL, NULL};
    size_t length[2] = {0, 0};
    FILE *to[2] = {open_memstream(&text[0], &length[0]), open_memstream(&text[1], &length[1])};
    read_map(&map, before);
    put(&map, &(struct map_entry){.user = "user12345", .number = NEW});
    put(&map, &(struct map_entry){.user = "carol", .number = "+15550100282"});
    put(&map, &(struct map_entry){.user = "dora", .number = "+15550100111"});
    assert_true(map_masked(&map, to[0], to[1]));
    assert_int_equal(fclose(to[0]), 0);
    assert_int_equal(fclose(to[1]), 0);
    unit_same_text("before", text[0], after);
    unit_same_text("after", text[1], changed);
    free(text[0]);
    free(text[1]);
    map_free(&map);
}

/* ---- maps by chance ---- */

static unsigned chance(unsigned below)
{
    static uint64_t seed = 20261126; /* the same maps each time */
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % below;
}

static const char *pick(const char *const *from, unsigned count)
{
    return from[chance(count)];
}

#define PICK(...)                                                                                  \
    pick((const char *const[]){__VA_ARGS__},                                                       \
         (unsigned)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)))

static const char *const names[] = {"alice", "al", "alice2", "bob", "EXAMPLE\\ivan", "-x", "+1555"};

/* A line as people write them, right or wrong. */
static const char *some_line(void)
{
    if (chance(4) == 0)
        return PICK("\n", "   \n", "# a comment\n", "\t# +15550100182 alice\n", "#\n", "\t\n");
    return unit_format("%s%s%s%s%s%s%s%s\n", PICK("", "", "", "  ", "\t"),
                       pick(names, COUNT(names)), PICK(" ", "\t", "      ", " \t "),
                       PICK("", "", "", KEY " ", OTHER_KEY "\t", "SHA256:short "),
                       PICK(OLD, OLD, OLD, "+15550100183", "0155", "", "+1 555", "# none"),
                       PICK("", "", " ", "\t\t", "   "), PICK("", "", "sms", "call,sms", "fax"),
                       PICK("", "", " # x", "\t#", "  ", " \xff\xfe"));
}

static char *some_map(void)
{
    char *text = strdup("");
    for (unsigned lines = chance(12); lines > 0; lines--) {
        char *more = NULL;
        assert_true(asprintf(&more, "%s%s", text, some_line()) >= 0);
        free(text);
        text = more;
    }
    return text;
}

/* The text without the line of that number, which is NULL for none. */
static char *without(const struct map *map, const struct map_line *line)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    for (size_t i = 0; i < map->count; i++)
        if (&map->lines[i] != line)
            assert_int_equal(fwrite(map->lines[i].text, 1, map->lines[i].length, to),
                             map->lines[i].length);
    assert_int_equal(fclose(to), 0);
    return text;
}

/* The text after the fields of a line. */
static const char *comment_of(const struct map_line *line)
{
    struct users_line parsed;
    map_parse(line, &parsed);
    return unit_format("%.*s", (int)(line->text + line->length - parsed.comment), parsed.comment);
}

static void check_change(const char *text, const struct map_entry *entry)
{
    struct map map;
    struct map now;
    read_map(&map, text);
    struct map_line *line = map_find_entry(&map, entry->user, entry->key);
    put(&map, entry);
    char *changed = written(&map);
    read_map(&now, changed);
    unit_same_number(text, (long long)now.count, (long long)map.count + (line == NULL));
    const struct map_line *line_now = map_find_entry(&now, entry->user, entry->key);
    assert_non_null(line_now);
    char *rest = without(&map, line);
    char *rest_now = without(&now, line_now);
    unit_same_text(text, rest_now, rest);
    if (line != NULL) {
        unit_same_number(text, (long long)map_number(&now, line_now),
                         (long long)map_number(&map, line));
        unit_same_text(text, comment_of(line_now), comment_of(line));
    }
    struct users_line parsed;
    map_parse(line_now, &parsed);
    unit_check(changed, parsed.wrong == NULL && map_entry_matches(&parsed.phone, entry),
               "a good line");
    free(rest);
    free(rest_now);
    map_free(&now);
    map_free(&map);
    free(changed);
}

static void check_remove(const char *text, const char *user)
{
    struct map map;
    struct map now;
    read_map(&map, text);
    struct map_user found = map_find(&map, user, strlen(user));
    char *expected = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&expected, &length);
    for (size_t i = 0; i < map.count; i++) {
        struct users_line parsed;
        map_parse(&map.lines[i], &parsed);
        if (parsed.user == NULL || parsed.user_length != strlen(user) ||
            memcmp(parsed.user, user, parsed.user_length) != 0)
            (void)fwrite(map.lines[i].text, 1, map.lines[i].length, to);
    }
    assert_int_equal(fclose(to), 0);
    for (size_t i = 0; i < found.count; i++)
        assert_true(map_remove(found.lines[i], &problem));
    char *changed = written(&map);
    unit_same_text(text, changed, expected);
    read_map(&now, changed);
    assert_int_equal(map_find(&now, user, strlen(user)).count, 0);
    map_free(&now);
    map_free(&map);
    free(changed);
    free(expected);
}

static void test_all_other_lines_stay_byte_for_byte(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char *text = some_map();
        const char *user = pick(names, COUNT(names));
        const struct map_entry entry = {.user = user,
                                        .key = PICK(NULL, NULL, KEY, OTHER_KEY),
                                        .number = NEW,
                                        .channels = PICK(NULL, NULL, "sms", "call,sms")};
        check_change(text, &entry);
        check_remove(text, user);
        free(text);
    }
}

/* The list agrees with logins. */
static void test_the_deciding_line_is_that_of_a_login(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char *text = some_map();
        const char *user = pick(names, COUNT(names));
        const char *key = PICK(NULL, KEY, OTHER_KEY);
        struct sshkeys keys = {.count = key != NULL ? 1 : 0};
        struct phone of_map = {0};
        struct phone of_login = {0};
        struct map_line *line = NULL;
        struct map map;
        (void)snprintf(keys.fingerprint[0], sizeof(keys.fingerprint[0]), "%s",
                       key != NULL ? key : "");
        char *path = unit_file("users", text, 0600);
        read_map(&map, text);
        struct map_user found = map_find(&map, user, strlen(user));
        enum users_result says = map_decides(&found, key, &of_map, &line);
        enum users_result does = users_find(path, user, &keys, false, &of_login, &problem);
        unit_same_number(text, says, does);
        if (says == USERS_FOUND)
            unit_same_text(text, of_map.number, of_login.number);
        if (says == USERS_BAD_LINE)
            unit_check(problem.text,
                       strstr(problem.text, unit_format(":%lu: ", map_number(&map, line))) != NULL,
                       unit_format("line %lu", map_number(&map, line)));
        map_free(&map);
        unit_remove(path);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_change_keeps_the_rest_of_the_line),
        cmocka_unit_test(test_a_new_line_goes_where_it_takes_effect),
        cmocka_unit_test(test_a_line_without_effect_is_noticed),
        cmocka_unit_test(test_a_map_that_may_be_truncated_is_not_written),
        cmocka_unit_test(test_a_map_that_is_not_text_is_refused),
        cmocka_unit_test(test_an_entry_is_checked_before_it_is_written),
        cmocka_unit_test(test_entries_are_shown_without_whole_numbers),
        cmocka_unit_test(test_all_other_lines_stay_byte_for_byte),
        cmocka_unit_test(test_the_deciding_line_is_that_of_a_login),
    };
    if (geteuid() != 0)
        return unit_skip_all("files must be root's");
    return cmocka_run_group_tests(tests, unit_make_folder, unit_remove_folder);
}
