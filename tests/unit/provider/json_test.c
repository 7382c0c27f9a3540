/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of provider/json: a text is one JSON object by RFC 8259, with no key twice, or nothing. */
#include "../unit.h"

#include "provider/json.h"

/* A text with the length that it has, so that a NUL may stand in it. */
#define TEXT(literal) literal, sizeof(literal) - 1

/* Reads from a copy with nothing after it, so that a memory checker sees a read too far. */
static json_object *read_text(const char *text, size_t length, struct problem *problem)
{
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    copy[length] = '\0'; /* an answer's body has one, too */
    json_object *object = json_read(copy, length, problem);
    free(copy);
    return object;
}

static void check_accepted(const char *text, size_t length)
{
    struct problem problem = {""};
    json_object *object = read_text(text, length, &problem);
    if (object == NULL)
        fail_msg("%s: refused: %s", text, problem.text);
    unit_check(text, json_object_is_type(object, json_type_object), "an object");
    json_object_put(object);
}

static void check_refused(const char *text, size_t length, const char *why)
{
    struct problem problem = {""};
    json_object *object = read_text(text, length, &problem);
    json_object_put(object);
    unit_check(text, object == NULL, "refused");
    if (strstr(problem.text, why) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", text, problem.text, why);
}

static void test_json_objects_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {TEXT("{}")},
        {TEXT("{\"success\":true}")},
        {TEXT(" \t\r\n{ \"a\" : 1 , \"b\" : [ ] }\r\n\t ")},
        {TEXT("{}\n\n\n")},
        {TEXT("{\"a\":{\"a\":{\"a\":1}}}")}, /* one key in several objects */
        {TEXT("{\"a\":[{\"b\":1},{\"b\":2}]}")},
        {TEXT("{\"a\":1,\"A\":2}")},
        {TEXT("{\"a\":1,\"a \":2}")},
        {TEXT("{\"a:b\":\"c:d\",\"e\":\":::\"}")},  /* colons in strings count for nothing */
        {TEXT("{\"a\":\"\\\":\",\"b\":\"\\\\\"}")}, /* escaped quotes and backslashes */
        {TEXT("{\"a\":\"\\\\\\\":\\\\\"}")},
        {TEXT("{\"\\\"\":1,\"\\\\\":2}")},
        {TEXT("{\"\":1}")},
        {TEXT("{\"a\":null,\"b\":false,\"c\":true}")},
        {TEXT("{\"a\":0,\"b\":-0,\"c\":-1.5e-10,\"d\":1E+2,\"e\":12345678901234567890}")},
        {TEXT("{\"a\":\"\\b\\f\\n\\r\\t\\/\\\\\\\"\\u0041\"}")},
        {TEXT("{\"a\":\"\\ud83d\\udd11\"}")},
        {TEXT("{\"a\":\"caf\xc3\xa9 \xf0\x9f\x94\x91 \x7f\"}")},
        {TEXT(
            "{\"\xc2\x80\":\"\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}")},
        {TEXT("{\"a\":\"\xed\x9f\xbf\xee\x80\x80\"}")}, /* next to the surrogates */
        {TEXT(
            "{\"a\":\"\\\\\xc3\xa9\\\"\xc3\xa9\\n\xc3\xa9\"}")}, /* after escapes that are whole */
        {TEXT("{\"a\":\"/* no comment */ // none\"}")},
        {TEXT("{\"a\":\"'\"}")},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_accepted(cases[i].text, cases[i].length);
}

static void test_text_that_is_not_a_json_object_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *why;
    } cases[] = {
        {TEXT(""), "truncated"},
        {TEXT(" \r\n\t"), "truncated"},
        {TEXT("{"), "truncated"},
        {TEXT("{\"success\":true"), "truncated"},
        {TEXT("{\"success\":tru"), "truncated"},
        {TEXT("{\"a\":\"b"), "truncated"},
        {TEXT("{\"a\":\"b\\"), "truncated"},
        {TEXT("{\"a\":\"\\u00"), "truncated"},
        {TEXT("[]"), "not a JSON object"},
        {TEXT("[{\"success\":true}]"), "not a JSON object"},
        {TEXT("true"), ""},
        {TEXT("1"), ""},
        {TEXT("1 "), ""},
        {TEXT("\"text\""), "not a JSON object"},
        {TEXT("null"), ""},
        {TEXT("<html><body>502</body></html>"), "not JSON"},
        {TEXT("{}{}"), "not JSON"},
        {TEXT("{\"success\":true}{\"success\":false}"), "not JSON"},
        {TEXT("{\"success\":true} x"), "not JSON"},
        {TEXT("{\"success\":true}]"), "not JSON"},
        {TEXT("{\"success\":true}}"), "not JSON"},
        {TEXT("{\"success\":true},"), "not JSON"},
        {TEXT("x{\"success\":true}"), "not JSON"},
        {TEXT("\xef\xbb\xbf{}"), "not JSON"}, /* a byte order mark */
        {TEXT("{success:true}"), "not JSON"},
        {TEXT("{\"a\":'b'}"), "not JSON"},
        {TEXT("{\"a\":True}"), "not JSON"},
        {TEXT("{\"a\":TRUE}"), "not JSON"},
        {TEXT("{\"a\":Null}"), "not JSON"},
        {TEXT("{\"a\":tru}"), "not JSON"},
        {TEXT("{\"a\":truee}"), "not JSON"},
        {TEXT("{\"a\"}"), "not JSON"},
        {TEXT("{\"a\":}"), "not JSON"},
        {TEXT("{\"a\" 1}"), "not JSON"},
        {TEXT("{\"a\"=1}"), "not JSON"},
        {TEXT("{:1}"), "not JSON"},
        {TEXT("{1:1}"), "not JSON"},
        {TEXT("{null:1}"), "not JSON"},
        {TEXT("{\"a\":1 \"b\":2}"), "not JSON"},
        {TEXT("{\"a\":1;\"b\":2}"), "not JSON"},
        {TEXT("{,}"), "not JSON"},
        {TEXT("{\"a\":1,}"), "not JSON"},
        {TEXT("{\"a\":1,,\"b\":2}"), "not JSON"},
        {TEXT("{\"a\":[1,]}"), "not JSON"},
        {TEXT("{\"a\":[,1]}"), "not JSON"},
        {TEXT("{\"a\":[1 2]}"), "not JSON"},
        {TEXT("{\"a\":[1}"), "not JSON"},
        {TEXT("{\"a\":\"\\x41\"}"), "not JSON"},
        {TEXT("{\"a\":\"\\u00g0\"}"), "not JSON"},
        {TEXT("{\"a\":\"\\'\"}"), "not JSON"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i].text, cases[i].length, cases[i].why);
}

static void check_all_refused(const char *const *texts, size_t count, const char *why)
{
    for (size_t i = 0; i < count; i++)
        check_refused(texts[i], strlen(texts[i]), why);
}

static void test_comments_and_other_blanks_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{/**/}",        "{\"a\":1/**/}",
        "{\"a\"/**/:1}", "{} // end",
        "/* */{}",       "{\"a\":1//\n}",
        "# none\n{}",    "\v{}",
        "\f{}",          "{\v}",
        "{}\v",          "{}\f",
        "{\"a\":\f1}",   "{\"a\":\xc2\xa0[]}",
    };
    check_all_refused(texts, COUNT(texts), "not JSON");
}

static void test_malformed_numbers_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"a\":nan}",   "{\"a\":infinity}", "{\"a\":-NaN}", "{\"a\":01}",    "{\"a\":+1}",
        "{\"a\":.5}",    "{\"a\":1e}",       "{\"a\":1e+}",  "{\"a\":-}",     "{\"a\":0x10}",
        "{\"a\":1.2.3}", "{\"a\":1-2}",      "{\"a\":--1}",  "{\"a\":1e5.5}",
    };
    check_all_refused(texts, COUNT(texts), "not JSON");
}

static void test_not_a_number_and_infinity_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}",
                                        "{\"a\":[1,NaN]}"};
    check_all_refused(texts, COUNT(texts), "not JSON");
}

static void test_a_repeated_key_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"success\":false,\"success\":true}",
        "{\"success\":true,\"success\":true}",
        "{\"success\":true,\"id\":1,\"success\":false}",
        "{\"a\":1,\"b\":{\"c\":1,\"c\":2}}",
        "{\"a\":[1,[{\"c\":1,\"c\":1}]]}",
        "{\"a\":{\"b\":1},\"a\":{\"b\":1}}",
        "{\"a\":{\"b\":1},\"a\":1}",
        "{\"a\":1,\"a\":{\"b\":1,\"c\":2,\"d\":3}}",
        "{\"a\":{\"b\":1,\"c\":2},\"a\":[]}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\\u0061\":1,\"a\":2}",
        "{\"\\u0061\":1,\"\\u0061\":2}",
        "{\"a/b\":1,\"a\\/b\":2}",
        "{\"\\u00e9\":1,\"\xc3\xa9\":2}",
        "{\"\":1,\"\":2}",
        "{\"a:\":1,\"a:\":2,\"b\":\":\"}",
        "{\"a\":1,\"a\":2,\"b\":\"\\\":\"}",
        "{\"a\":null,\"a\":null}",
        "{\"a\":[],\"a\":[]}",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        check_refused(texts[i], strlen(texts[i]), "a JSON object has a key twice");
}

static void test_a_key_in_single_quotes_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{'success':true}",
        "{\"a\":{'b':1}}",
        "{'\"':1,'\"':2}",
        /* the colons outside of strings are as many as the keys, and yet one stands twice */
        "{\"success\":false,\"success\":true,'\"':1,'b\"':2}",
    };
    check_all_refused(texts, COUNT(texts), "");
}

static void test_a_nul_is_refused_anywhere(void **state)
{
    (void)state;
    static const char text[] = " {\"a\" : [true, \"b\", 12], \"c\":{}} ";
    check_accepted(TEXT(text));
    for (size_t at = 0; at <= sizeof(text) - 1; at++) {
        char with[sizeof(text) + 1];
        memcpy(with, text, at);
        with[at] = '\0';
        memcpy(with + at + 1, text + at, sizeof(text) - at);
        struct problem problem = {""};
        json_object *object = read_text(with, sizeof(text), &problem);
        json_object_put(object);
        if (object != NULL)
            fail_msg("accepted with a NUL at %zu", at);
    }
    check_refused(TEXT("\0"), "");
}

static void test_control_characters_in_strings_must_be_escaped(void **state)
{
    (void)state;
    for (int c = 1; c < ' '; c++) {
        char value[] = "{\"a\":\"b?c\"}";
        char key[] = "{\"b?c\":\"a\"}";
        char escaped[32];
        *strchr(value, '?') = (char)c;
        *strchr(key, '?') = (char)c;
        (void)snprintf(escaped, sizeof(escaped), "{\"a\":\"b\\u%04xc\"}", (unsigned)c);
        check_refused(value, strlen(value), "not JSON");
        check_refused(key, strlen(key), "not JSON");
        check_accepted(escaped, strlen(escaped));
    }
}

static void test_invalid_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\x80\"}",
        "{\"a\":\"\xc3\"}",
        "{\"a\":\"\xc3(\"}",
        "{\"a\":\"\xe2\x82\"}",
        "{\"a\":\"\xf0\x9f\x94\"}",
        "{\"a\":\"caf\xe9\"}",
        "{\"\xff\":1}",
        "{\"a\":\"\xf8\x88\x80\x80\x80\"}",
        /* written in more bytes than it takes: / and U+07FF and U+FFFF */
        "{\"a\":\"\xc0\xaf\"}",
        "{\"a\":\"\xe0\x9f\xbf\"}",
        "{\"a\":\"\xf0\x8f\xbf\xbf\"}",
        /* surrogates, and what is above U+10FFFF */
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xed\xbf\xbf\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}",
        "{\"a\":\"\xed\xa0\xbd\xed\xb4\x91\"}",
        "{\"a\":\"\xc3\"",
        "{\"a\":\"\xf0\x9f\x94",
        "\xc3",
    };
    check_all_refused(texts, COUNT(texts), "not JSON");
}

static void test_non_ascii_bytes_are_allowed_only_in_strings(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"a\":\"\\\xc3\xa9\"}",     "{\"\\\xc3\xa9\":1}",   "{\"a\":\"\\\\\\\xc3\xa9\"}",
        "{\"a\":\xc3\xa9}",           "{\xc3\xa9:1}",         "{\"a\":1\xc3\xa9}",
        "\xc3\xa9{\"a\":1}",          "{\"a\":1}\xc3\xa9",    "{\xe2\x80\x9cz\xe2\x80\x9d:1}",
        "{\"a\":\"\\u00e\xc3\xa9\"}", "{\"a\":\xef\xbc\x91}", "{\"a\":\xe2\x80\xa8 1}",
    };
    check_all_refused(texts, COUNT(texts), "not JSON");
}

/* A value depth levels deep: an object, then what open and close say, then a number. */
static char *nested(size_t depth, const char *open, const char *close, size_t *length)
{
    char *text = malloc(depth * (strlen(open) + strlen(close)) + 64);
    assert_non_null(text);
    char *at = stpcpy(text, "{\"a\":");
    for (size_t i = 2; i < depth; i++)
        at = stpcpy(at, open);
    at = stpcpy(at, "1");
    for (size_t i = 2; i < depth; i++)
        at = stpcpy(at, close);
    at = stpcpy(at, "}");
    *length = (size_t)(at - text);
    return text;
}

static void test_more_than_eight_levels_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        bool accepted;
    } cases[] = {{2, true},   {7, true},     {8, true},      {9, false},
                 {10, false}, {1000, false}, {100000, false}};
    static const char *const forms[][2] = {{"[", "]"},
                                           {"{\"a\":", "}"},
                                           {"[", ",[]]"},
                                           {"{\"b\":{},\"a\":", "}"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t j = 0; j < COUNT(forms); j++) {
            struct problem problem = {""};
            size_t length = 0;
            char *text = nested(cases[i].depth, forms[j][0], forms[j][1], &length);
            json_object *object = json_read(text, length, &problem);
            bool accepted = object != NULL;
            json_object_put(object);
            free(text);
            if (accepted != cases[i].accepted)
                fail_msg("depth %zu of %s: %s", cases[i].depth, forms[j][0], problem.text);
        }
    }
}

static void test_a_problem_has_a_bounded_length(void **state)
{
    (void)state;
    static char text[65536];
    struct problem problem = {0};
    memset(text, '<', sizeof(text));
    memset(&problem, '#', sizeof(problem));
    assert_null(json_read(text, sizeof(text), &problem));
    assert_non_null(memchr(problem.text, '\0', sizeof(problem.text)));
}

static void test_only_true_and_false_are_booleans(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        bool value;
    } cases[] = {
        {"{\"success\":true}", true, true},
        {"{\"success\":false}", true, false},
        {"{\"\\u0073uccess\":true}", true, true},
        {"{\"success\":\"true\"}", false, false},
        {"{\"success\":\"false\"}", false, false},
        {"{\"success\":\"\"}", false, false},
        {"{\"success\":1}", false, false},
        {"{\"success\":0}", false, false},
        {"{\"success\":1.0}", false, false},
        {"{\"success\":null}", false, false},
        {"{\"success\":[]}", false, false},
        {"{\"success\":[true]}", false, false},
        {"{\"success\":{}}", false, false},
        {"{\"success\":{\"success\":true}}", false, false},
        {"{\"data\":{\"success\":true}}", false, false},
        {"{\"Success\":true}", false, false},
        {"{\"success \":true}", false, false},
        {"{}", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int before = 0; before <= 1; before++) {
            json_object *object =
                json_read(cases[i].text, strlen(cases[i].text), &(struct problem){""});
            assert_non_null(object);
            bool value = before == 1;
            bool good = json_boolean(object, "success", &value);
            json_object_put(object);
            unit_same_number(cases[i].text, good, cases[i].good);
            unit_same_number(cases[i].text, value, good ? cases[i].value : before == 1);
        }
    }
}

static void test_a_key_with_a_nul_is_not_the_key_before_the_nul(void **state)
{
    (void)state;
    static const char text[] = "{\"success\\u0000\":true}";
    json_object *object = json_read(text, strlen(text), &(struct problem){""});
    bool value = false;
    bool good = object != NULL && json_boolean(object, "success", &value);
    json_object_put(object);
    assert_false(good);
}

static void test_a_text_is_a_string_without_a_nul(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *value; /* NULL: none */
    } cases[] = {
        {"{\"id\":\"abc\"}", "abc"},
        {"{\"id\":\"\"}", ""},
        {"{\"id\":\"a\\u00e9\\n\"}", "a\xc3\xa9\n"},
        {"{\"id\":\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91\"}",
         "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91"},
        {"{\"\xc3\xa9\":1,\"id\":\"\xf4\x8f\xbf\xbf\"}", "\xf4\x8f\xbf\xbf"},
        {"{\"id\":1}", NULL},
        {"{\"id\":true}", NULL},
        {"{\"id\":null}", NULL},
        {"{\"id\":[\"abc\"]}", NULL},
        {"{\"id\":{\"id\":\"abc\"}}", NULL},
        {"{\"ID\":\"abc\"}", NULL},
        {"{}", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_object *object =
            json_read(cases[i].text, strlen(cases[i].text), &(struct problem){""});
        assert_non_null(object);
        const char *value = json_text(object, "id");
        unit_same_text(cases[i].text, value != NULL ? value : "(none)",
                       cases[i].value != NULL ? cases[i].value : "(none)");
        json_object_put(object);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_objects_are_accepted),
        cmocka_unit_test(test_text_that_is_not_a_json_object_is_refused),
        cmocka_unit_test(test_comments_and_other_blanks_are_refused),
        cmocka_unit_test(test_malformed_numbers_are_refused),
        cmocka_unit_test(test_not_a_number_and_infinity_are_refused),
        cmocka_unit_test(test_a_repeated_key_is_refused),
        cmocka_unit_test(test_a_key_in_single_quotes_is_refused),
        cmocka_unit_test(test_a_nul_is_refused_anywhere),
        cmocka_unit_test(test_control_characters_in_strings_must_be_escaped),
        cmocka_unit_test(test_invalid_utf8_is_refused),
        cmocka_unit_test(test_non_ascii_bytes_are_allowed_only_in_strings),
        cmocka_unit_test(test_more_than_eight_levels_are_refused),
        cmocka_unit_test(test_a_problem_has_a_bounded_length),
        cmocka_unit_test(test_only_true_and_false_are_booleans),
        cmocka_unit_test(test_a_key_with_a_nul_is_not_the_key_before_the_nul),
        cmocka_unit_test(test_a_text_is_a_string_without_a_nul),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
