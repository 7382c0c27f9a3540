/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of base/problem: no text is too long for it; place and reason stay, and a cut shows. */
#include "../unit.h"

#include "base/problem.h"

#define CUT " [...] "

static const char *ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t wanted = strlen(end);
    return length >= wanted ? text + length - wanted : text;
}

static void test_a_long_path_keeps_the_reason(void **state)
{
    (void)state;
    char path[4000];
    struct problem problem = {0};
    unit_repeat(path, sizeof(path), "/folder", 560);
    assert_false(problem_set(&problem, "%s: cannot be read", path));
    assert_null(strstr(problem.text, CUT));
    unit_same_text("whole", problem.text, unit_format("%s: cannot be read", path));
}

static void test_what_does_not_fit_loses_its_middle(void **state)
{
    (void)state;
    static char name[100000];
    struct problem problem = {0};
    unit_repeat(name, sizeof(name), "n", sizeof(name) - 1);
    assert_false(problem_set(&problem, "map:7: %s: no such account", name));
    unit_same_number("length", (long long)strlen(problem.text), sizeof(problem.text) - 1);
    unit_check("place", strncmp(problem.text, "map:7: nnn", 10) == 0, "the beginning");
    unit_same_text("reason", ends_with(problem.text, "nnn: no such account"),
                   "nnn: no such account");
    assert_non_null(strstr(problem.text, "nnn" CUT "nnn"));
}

static void test_each_size_is_kept(void **state)
{
    (void)state;
    char text[256];
    char to[300];
    for (size_t size = 32; size <= 64; size++)
        for (size_t length = size - 2; length <= size + 2; length++) {
            memset(to, '#', sizeof(to));
            unit_repeat(text, sizeof(text), "a", length);
            assert_ptr_equal(problem_shorten(text, to, size), to);
            size_t most = length < size ? length : size - 1;
            unit_same_number("length", (long long)strlen(to), (long long)most);
            unit_check("cut", (strstr(to, CUT) != NULL) == (length >= size), "a mark if cut");
            for (size_t i = size; i < sizeof(to); i++)
                assert_int_equal(to[i], '#');
        }
}

/* Is it UTF-8 of whole characters of two bytes, beside the mark? */
static bool is_whole(const char *text)
{
    while (*text != '\0') {
        if (strncmp(text, CUT, sizeof(CUT) - 1) == 0)
            text += sizeof(CUT) - 1;
        else if (text[0] == '\xc3' && text[1] == '\xab')
            text += 2;
        else if (*text == 'a')
            text++;
        else
            return false;
    }
    return true;
}

static void test_no_character_is_cut_in_two(void **state)
{
    (void)state;
    char text[256] = "a";
    char to[64];
    unit_repeat(text + 1, sizeof(text) - 1, "\xc3\xab", 100);
    for (size_t size = 32; size <= 64; size++) {
        unit_check("odd", is_whole(problem_shorten(text, to, size)), "whole characters");
        unit_check("even", is_whole(problem_shorten(text + 1, to, size)), "whole characters");
    }
    unit_repeat(text, sizeof(text), "\x80", 200); /* no UTF-8 at all: cut at any byte */
    unit_check("bytes", strlen(problem_shorten(text, to, 64)) > 50, "most of its bytes");
}

static void test_texts_are_added(void **state)
{
    (void)state;
    static char name[6000];
    struct problem problem = {0};
    unit_repeat(name, sizeof(name), "n", sizeof(name) - 1);
    problem_set(&problem, "answered %d", 401);
    assert_false(problem_add(&problem, ": %s", "denied"));
    unit_same_text("added", problem.text, "answered 401: denied");
    problem_add(&problem, ": %s", name);
    problem_add(&problem, "; check the token");
    unit_check("first", strncmp(problem.text, "answered 401: denied: nnn", 25) == 0, "kept");
    unit_same_text("last", ends_with(problem.text, "nnn; check the token"), "nnn; check the token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_path_keeps_the_reason),
        cmocka_unit_test(test_what_does_not_fit_loses_its_middle),
        cmocka_unit_test(test_each_size_is_kept),
        cmocka_unit_test(test_no_character_is_cut_in_two),
        cmocka_unit_test(test_texts_are_added),
    };
    return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
