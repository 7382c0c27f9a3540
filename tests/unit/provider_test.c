/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of provider/signalwire: what each answer of the API means, and what is said about it. */
#include "unit.h"

#include "provider/signalwire.h"

#define ID    "0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab"
#define TO    "+14043287382"
#define GOOD  "{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "\",\"channel\":\"sms\"}"
#define RIGHT "{\"success\":true}"

/* The form of the API's documents for one entry of a 422's list. */
#define ENTRY(detail, title, code)                                                                 \
    "{\"detail\":\"" detail "\",\"status\":\"422\",\"title\":\"" title "\",\"code\":\"" code "\"}"

/* What signalwire_sent says of an id, with the rest of a good answer. */
#define WITH_ID(id) "{\"id\":" id ",\"success\":true,\"to\":\"" TO "\",\"channel\":\"sms\"}"

#define NOT_TOLD "success must be true or false"
#define NO_UUID  "id must be a UUID"
#define NOT_TO   "to is not the number that was asked for"
#define NOT_SMS  "channel is not sms"

/* An answer and a problem with something behind it that must stay as it is. */
static struct {
    struct rest_answer answer;
    struct problem problem;
    char behind[16];
    char id[SIGNALWIRE_ID_SIZE];
    char behind_id[16];
} one;

static void answer_with(long status, const char *body, size_t length)
{
    assert_true(length <= REST_ANSWER_MAX);
    memset(&one.problem, 0, sizeof(one.problem));
    memset(one.behind, '#', sizeof(one.behind));
    memset(one.behind_id, '#', sizeof(one.behind_id));
    memcpy(one.id, "none", 5);
    one.answer.status = status;
    one.answer.length = length;
    memcpy(one.answer.body, body, length);
    one.answer.body[length] = '\0';
}

static void check_bounds(const char *what)
{
    unit_check(what, memchr(one.problem.text, '\0', sizeof(one.problem.text)) != NULL,
               "a problem that ends within its buffer");
    for (size_t i = 0; i < sizeof(one.behind); i++)
        unit_check(what, one.behind[i] == '#' && one.behind_id[i] == '#',
                   "nothing written behind a buffer");
}

static enum outcome sent(long status, const char *body)
{
    answer_with(status, body, strlen(body));
    enum outcome outcome = signalwire_sent(&one.answer, TO, CHANNEL_SMS, one.id, &one.problem);
    check_bounds(body);
    unit_same_text(body, one.id, outcome == OUTCOME_OK ? ID : "none");
    return outcome;
}

static enum outcome verified(long status, const char *body)
{
    answer_with(status, body, strlen(body));
    enum outcome outcome = signalwire_verified(&one.answer, &one.problem);
    check_bounds(body);
    return outcome;
}

/* The problem says why; where nothing went wrong there is none. */
static void check_words(const char *what, const char *words)
{
    if (words == NULL)
        unit_same_text(what, one.problem.text, "");
    else if (strstr(one.problem.text, words) == NULL)
        fail_msg("%s:\n  \"%s\" does not say \"%s\"", what, one.problem.text, words);
}

static void test_errors_mean_the_same_for_both_requests(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *body;
        enum outcome outcome;
        const char *words;
    } cases[] = {
        {401, "{\"error\":\"Unauthorized\"}", OUTCOME_CREDENTIALS, "answered 401: Unauthorized"},
        {401, "", OUTCOME_CREDENTIALS, "answered 401"},
        {401, RIGHT, OUTCOME_CREDENTIALS, "answered 401"},
        {403, "{\"error\":\"Forbidden\"}", OUTCOME_FORBIDDEN, "answered 403: Forbidden"},
        {422, "{\"errors\":[" ENTRY("Not a number.", "Invalid", "invalid_parameter") "]}",
         OUTCOME_INVALID, "answered 422; invalid_parameter Invalid Not a number."},
        {422, "{\"errors\":[]}", OUTCOME_INVALID, "answered 422"},
        {422, "{\"errors\":{}}", OUTCOME_INVALID, "answered 422"},
        {422, "{\"errors\":[null,1,\"text\",[]," ENTRY("d", "t", "c") "]}", OUTCOME_INVALID,
         "answered 422; c t d"},
        {422, "{\"errors\":[{\"detail\":[],\"title\":{},\"code\":\"c\"}]}", OUTCOME_INVALID,
         "answered 422; c"},
        {422, "", OUTCOME_INVALID, "answered 422"},
        {429, "{\"error\":\"Too Many Requests\"}", OUTCOME_LIMIT,
         "answered 429: Too Many Requests"},
        {429, "slow down", OUTCOME_LIMIT, "answered 429"},
        {500, "{\"error\":\"Internal Server Error\"}", OUTCOME_SERVER,
         "answered 500: Internal Server Error"},
        {502, "<html><h1>502 Bad Gateway</h1></html>", OUTCOME_SERVER, "answered 502"},
        {503, "", OUTCOME_SERVER, "answered 503"},
        {504, RIGHT, OUTCOME_SERVER, "answered 504"},
        {599, GOOD, OUTCOME_SERVER, "answered 599"},
        {600, GOOD, OUTCOME_BAD_ANSWER, "answered 600"},
        {499, GOOD, OUTCOME_BAD_ANSWER, "answered 499"},
        {400, "{\"error\":\"Bad Request\"}", OUTCOME_BAD_ANSWER, "answered 400: Bad Request"},
        {302, RIGHT, OUTCOME_BAD_ANSWER, "answered 302"},
        {204, "", OUTCOME_BAD_ANSWER, "answered 204"},
        {201, GOOD, OUTCOME_BAD_ANSWER, "answered 201"},
        {202, RIGHT, OUTCOME_BAD_ANSWER, "answered 202"},
        {100, RIGHT, OUTCOME_BAD_ANSWER, "answered 100"},
        {0, RIGHT, OUTCOME_BAD_ANSWER, "answered 0"},
        {-200, RIGHT, OUTCOME_BAD_ANSWER, "answered -200"},
        {500, "{\"error\":1}", OUTCOME_SERVER, "answered 500"},
        {500, "{\"error\":\"a\",\"error\":\"b\"}", OUTCOME_SERVER, "answered 500"},
        {500, "[\"error\"]", OUTCOME_SERVER, "answered 500"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_same_number(cases[i].body, sent(cases[i].status, cases[i].body), cases[i].outcome);
        check_words(cases[i].body, cases[i].words);
        unit_same_number(cases[i].body, verified(cases[i].status, cases[i].body), cases[i].outcome);
        check_words(cases[i].body, cases[i].words);
    }
}

static void test_a_verify_of_an_unknown_id_says_that_the_code_is_gone(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"error\":\"Not Found\"}", "", RIGHT, "<html>"};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(verified(404, bodies[i]), OUTCOME_GONE);
        check_words(bodies[i], "SignalWire answered 404");
        assert_int_equal(sent(404, bodies[i]), OUTCOME_NOT_FOUND);
        check_words(bodies[i], "SignalWire answered 404");
    }
    assert_int_equal(verified(404, bodies[0]), OUTCOME_GONE);
    check_words(bodies[0], "answered 404: Not Found");
}

static void test_all_entries_of_a_422_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *problem;
    } cases[] = {
        {"{\"errors\":[" ENTRY("To is missing.", "Missing", "missing_parameter") "," ENTRY(
             "Message is too long.", "Invalid",
             "invalid_parameter") "," ENTRY("Not yours.", "Forbidden", "not_owned") "]}",
         "SignalWire answered 422; missing_parameter Missing To is missing.; invalid_parameter "
         "Invalid Message is too long.; not_owned Forbidden Not yours."},
        {"{\"errors\":[{\"code\":\"a\"},{\"code\":\"b\"}]}", "SignalWire answered 422; a; b"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(sent(422, cases[i].body), OUTCOME_INVALID);
        unit_same_text(cases[i].body, one.problem.text, cases[i].problem);
    }
}

static void test_entries_of_a_422_are_parted_even_without_a_code(void **state)
{
    (void)state;
    static const char body[] =
        "{\"errors\":[{\"code\":\"a\"},{\"detail\":\"b\"},{\"title\":\"c\"}]}";
    assert_int_equal(sent(422, body), OUTCOME_INVALID);
    check_words(body, "; a; ");
    unit_check(one.problem.text, strstr(one.problem.text, "b c") == NULL, "b and c parted");
}

static void test_a_long_description_is_cut_off(void **state)
{
    (void)state;
    static char words[30000];
    static char body[REST_ANSWER_MAX + 1];
    static const char *const forms[] = {
        "{\"error\":\"%s\"}",
        "{\"errors\":[{\"detail\":\"%s\"},{\"detail\":\"b\",\"code\":\"c\"}]}",
        "{\"errors\":[{\"code\":\"%s\",\"title\":\"t\",\"detail\":\"d\"}]}",
    };
    for (size_t length = 440; length < 520; length++) {
        for (size_t i = 0; i < COUNT(forms); i++) {
            unit_repeat(words, sizeof(words), "x", length);
            char *at = strstr(forms[i], "%s");
            (void)snprintf(body, sizeof(body), "%.*s%s%s", (int)(at - forms[i]), forms[i], words,
                           at + 2);
            assert_int_equal(sent(422, body), OUTCOME_INVALID);
            check_words(body, "answered 422");
            check_words(body, "xxxxxxxx");
        }
    }
    (void)snprintf(body, sizeof(body), "{\"error\":\"%s\"}",
                   unit_repeat(words, sizeof(words), "x", sizeof(words) - 1));
    assert_int_equal(sent(500, body), OUTCOME_SERVER);
    unit_same_number("a full buffer", (long long)strlen(one.problem.text),
                     sizeof(one.problem.text) - 1);
}

static void test_a_send_counts_only_with_all_that_was_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum outcome outcome;
        const char *words;
    } cases[] = {
        {GOOD, OUTCOME_OK, NULL},
        {" " GOOD "\r\n", OUTCOME_OK, NULL},
        {"{\"new\":[],\"channel\":\"sms\",\"to\":\"" TO "\",\"success\":true,\"id\":\"" ID "\"}",
         OUTCOME_OK, NULL},
        {"{\"success\":false}", OUTCOME_NOT_QUEUED, "success is false"},
        {"{\"id\":\"" ID "\",\"success\":false,\"to\":\"" TO "\",\"channel\":\"sms\"}",
         OUTCOME_NOT_QUEUED, "success is false"},
        {"{\"id\":\"" ID "\",\"to\":\"" TO "\",\"channel\":\"sms\"}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"id\":\"" ID "\",\"success\":\"true\",\"to\":\"" TO "\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"id\":\"" ID "\",\"success\":1,\"to\":\"" TO "\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"id\":\"" ID "\",\"success\":null,\"to\":\"" TO "\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"id\":\"" ID "\",\"success\":[],\"to\":\"" TO "\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"id\":\"" ID "\",\"success\":false,\"success\":true,\"to\":\"" TO
         "\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, "a key stands twice"},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"+12029167968\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, NOT_TO},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"14043287382\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, NOT_TO},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "0\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, NOT_TO},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "\\u0000\",\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, "not JSON"},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":14043287382,\"channel\":\"sms\"}",
         OUTCOME_BAD_ANSWER, NOT_TO},
        {"{\"id\":\"" ID "\",\"success\":true,\"channel\":\"sms\"}", OUTCOME_BAD_ANSWER, NOT_TO},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "\",\"channel\":\"call\"}",
         OUTCOME_BAD_ANSWER, NOT_SMS},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "\",\"channel\":\"SMS\"}",
         OUTCOME_BAD_ANSWER, NOT_SMS},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "\",\"channel\":\"\"}",
         OUTCOME_BAD_ANSWER, NOT_SMS},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "\",\"channel\":null}",
         OUTCOME_BAD_ANSWER, NOT_SMS},
        {"{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "\"}", OUTCOME_BAD_ANSWER, NOT_SMS},
        {"[" GOOD "]", OUTCOME_BAD_ANSWER, "not a JSON object"},
        {GOOD GOOD, OUTCOME_BAD_ANSWER, "not JSON"},
        {"{\"data\":" GOOD "}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"", OUTCOME_BAD_ANSWER, "cut off"},
        {"<!DOCTYPE html><html>success</html>", OUTCOME_BAD_ANSWER, "not JSON"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_same_number(cases[i].body, sent(200, cases[i].body), cases[i].outcome);
        check_words(cases[i].body, cases[i].words);
    }
}

static void test_the_channel_of_a_send_is_the_one_that_was_asked_for(void **state)
{
    (void)state;
    static const char called[] =
        "{\"id\":\"" ID "\",\"success\":true,\"to\":\"" TO "\",\"channel\":\"call\"}";
    answer_with(200, called, strlen(called));
    assert_int_equal(signalwire_sent(&one.answer, TO, CHANNEL_CALL, one.id, &one.problem),
                     OUTCOME_OK);
    assert_string_equal(one.id, ID);
    answer_with(200, GOOD, strlen(GOOD));
    assert_int_equal(signalwire_sent(&one.answer, TO, CHANNEL_CALL, one.id, &one.problem),
                     OUTCOME_BAD_ANSWER);
    check_words(GOOD, "channel is not call");
}

static void test_an_id_is_a_uuid_or_the_answer_is_bad(void **state)
{
    (void)state;
    static const char *const bad[] = {
        WITH_ID("\"\""),
        WITH_ID("null"),
        WITH_ID("1"),
        WITH_ID("[\"" ID "\"]"),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4a\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4abc\""),
        WITH_ID("\"" ID "\\r\\n\""),
        WITH_ID("\"" ID "/verify\""),
        WITH_ID("\"" ID "?\""),
        WITH_ID("\"0b9e6ab595ba4a7ea2b04cfbbb53f4ab\""),
        WITH_ID("\"{0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4}\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ag\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0_4cfbbb53f4ab\""),
        WITH_ID("\"0b9e6ab59-5ba-4a7e-a2b0-4cfbbb53f4ab\""),
        WITH_ID("\"../../../../../../../../etc/passwd/x\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53/../\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53\\r\\n\\r\\n\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4%0\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53 4ab\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb5\xef\xbc\x91\x61\x62\""),
        "{\"success\":true,\"to\":\"" TO "\",\"channel\":\"sms\"}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        unit_same_number(bad[i], sent(200, bad[i]), OUTCOME_BAD_ANSWER);
        check_words(bad[i], NO_UUID);
    }

    static const char upper[] = WITH_ID("\"0B9E6AB5-95BA-4A7E-A2B0-4CFBBB53F4AB\"");
    answer_with(200, upper, strlen(upper));
    assert_int_equal(signalwire_sent(&one.answer, TO, CHANNEL_SMS, one.id, &one.problem),
                     OUTCOME_OK);
    assert_string_equal(one.id, "0B9E6AB5-95BA-4A7E-A2B0-4CFBBB53F4AB");
    check_bounds(upper);
}

static void test_a_code_is_right_only_if_the_answer_says_so_clearly(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum outcome outcome;
        const char *words;
    } cases[] = {
        {RIGHT, OUTCOME_OK, NULL},
        {" {\"success\" : true , \"new\" : 1}\n", OUTCOME_OK, NULL},
        {"{\"success\":false}", OUTCOME_WRONG, NULL},
        {"{\"success\":false,\"error\":\"x\"}", OUTCOME_WRONG, NULL},
        {"{\"success\":\"true\"}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"success\":\"false\"}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"success\":1}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"success\":0}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"success\":null}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"success\":[]}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"success\":{}}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"Success\":true}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"valid\":true}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{}", OUTCOME_BAD_ANSWER, NOT_TOLD},
        {"{\"success\":false,\"success\":true}", OUTCOME_BAD_ANSWER, "a key stands twice"},
        {"{\"success\":true,\"success\":true}", OUTCOME_BAD_ANSWER, "a key stands twice"},
        {"{\"success\":true,\"\\u0073uccess\":false}", OUTCOME_BAD_ANSWER, "a key stands twice"},
        {"{\"success\":true", OUTCOME_BAD_ANSWER, "cut off"},
        {"{\"success\":true}{\"success\":false}", OUTCOME_BAD_ANSWER, "not JSON"},
        {"{\"success\":true} true", OUTCOME_BAD_ANSWER, "not JSON"},
        {"{\"success\":True}", OUTCOME_BAD_ANSWER, "not JSON"},
        {"[true]", OUTCOME_BAD_ANSWER, "not a JSON object"},
        {"[{\"success\":true}]", OUTCOME_BAD_ANSWER, "not a JSON object"},
        {"true", OUTCOME_BAD_ANSWER, ""},
        {"", OUTCOME_BAD_ANSWER, "cut off"},
        {"<html><body>{\"success\":true}</body></html>", OUTCOME_BAD_ANSWER, "not JSON"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_same_number(cases[i].body, verified(200, cases[i].body), cases[i].outcome);
        check_words(cases[i].body, cases[i].words);
        if (cases[i].outcome == OUTCOME_BAD_ANSWER)
            unit_check(cases[i].body, *one.problem.text != '\0', "a problem that says why");
    }
}

static void test_no_status_but_200_is_a_success(void **state)
{
    (void)state;
    for (long status = 100; status <= 599; status++) {
        char what[32];
        (void)snprintf(what, sizeof(what), "status %ld", status);
        unit_same_number(what, sent(status, GOOD) == OUTCOME_OK, status == 200);
        unit_same_number(what, verified(status, GOOD) == OUTCOME_OK, status == 200);
        unit_same_number(what, verified(status, RIGHT) == OUTCOME_OK, status == 200);
        unit_same_number(what, verified(status, "{\"success\":false}") == OUTCOME_WRONG,
                         status == 200);
    }
}

static void test_an_answer_of_the_full_length_is_read_to_its_end(void **state)
{
    (void)state;
    static char body[REST_ANSWER_MAX + 1];
    memset(body, ' ', REST_ANSWER_MAX);
    memcpy(body, RIGHT, strlen(RIGHT));
    answer_with(200, body, REST_ANSWER_MAX);
    assert_int_equal(signalwire_verified(&one.answer, &one.problem), OUTCOME_OK);
    body[REST_ANSWER_MAX - 1] = 'x';
    answer_with(200, body, REST_ANSWER_MAX);
    assert_int_equal(signalwire_verified(&one.answer, &one.problem), OUTCOME_BAD_ANSWER);
    answer_with(200, RIGHT "\0", sizeof(RIGHT)); /* a NUL does not end it */
    assert_int_equal(signalwire_verified(&one.answer, &one.problem), OUTCOME_BAD_ANSWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_mean_the_same_for_both_requests),
        cmocka_unit_test(test_a_verify_of_an_unknown_id_says_that_the_code_is_gone),
        cmocka_unit_test(test_all_entries_of_a_422_are_told),
        cmocka_unit_test(test_entries_of_a_422_are_parted_even_without_a_code),
        cmocka_unit_test(test_a_long_description_is_cut_off),
        cmocka_unit_test(test_a_send_counts_only_with_all_that_was_asked_for),
        cmocka_unit_test(test_the_channel_of_a_send_is_the_one_that_was_asked_for),
        cmocka_unit_test(test_an_id_is_a_uuid_or_the_answer_is_bad),
        cmocka_unit_test(test_a_code_is_right_only_if_the_answer_says_so_clearly),
        cmocka_unit_test(test_no_status_but_200_is_a_success),
        cmocka_unit_test(test_an_answer_of_the_full_length_is_read_to_its_end),
    };
    return cmocka_run_group_tests_name("signalwire", tests, NULL, NULL);
}
