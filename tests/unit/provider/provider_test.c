/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of provider, signalwire and bandwidth: what each answer means, and what is said about it.
 * request_test.c tests the requests.
 */
#include "../unit.h"

#include "base/log.h"
#include "provider/provider.h"

#define TO     "+14043287382"
#define OTHER  "+12029167968"
#define SCOPE  "abcdefghijklmnopqrstuvwxy"
#define BEFORE "before" /* the id of a challenge that has had no answer yet */

#define UUID  "0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab"
#define ID    "9f1c2d3e-1234567890abcdef_XYZ"
#define ID_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"

/* SignalWire's answer to a send, with an id that may be anything. */
#define WITH_ID(id) "{\"id\":" id ",\"success\":true,\"to\":\"" TO "\",\"channel\":\"sms\"}"
#define QUEUED      WITH_ID("\"" UUID "\"")
#define QUEUED_CALL "{\"id\":\"" UUID "\",\"success\":true,\"to\":\"" TO "\",\"channel\":\"call\"}"

/* An entry of the list in SignalWire's 422, as its documents have it. */
#define ENTRY(detail, title, code)                                                                 \
    "{\"detail\":\"" detail "\",\"status\":\"422\",\"title\":\"" title "\",\"code\":\"" code "\"}"

#define NOT_TOLD "success must be true or false"
#define NO_UUID  "id must be a UUID"
#define NOT_TO   "to is not the requested number"
#define NOT_SMS  "channel is not sms"

#define SW PROVIDER_signalwire
#define BW PROVIDER_bandwidth

/* The best answers that there are, to a send and to a verify. */
static const char *const queued[PROVIDER_COUNT] = {
    [SW] = QUEUED, [BW] = "{\"messageId\":\"" ID "\"}"};
static const char *const right[PROVIDER_COUNT] = {
    [SW] = "{\"success\":true}", [BW] = "{\"valid\":true}"};
static const char *const wrong[PROVIDER_COUNT] = {
    [SW] = "{\"success\":false}", [BW] = "{\"valid\":false}"};

/* A buffer, with bytes after it that must not change. */
static struct {
    struct rest_answer answer;
    struct challenge challenge;
    char behind_challenge[16];
    struct problem problem;
    char behind_problem[16];
} one;

static void answer_with(long status, const char *body, size_t length)
{
    assert_true(length <= REST_ANSWER_MAX);
    memset(&one, '#', sizeof(one));
    one.challenge = (struct challenge){.number = TO, .scope = SCOPE, .id = BEFORE};
    *one.problem.text = '\0';
    one.answer.unsettled = false;
    one.answer.status = status;
    one.answer.length = length;
    memcpy(one.answer.body, body, length);
    one.answer.body[length] = '\0';
}

/* Nothing is written but the id of a send that is good, and a problem that has an end. */
static void check_bounds(const char *what, enum channel channel)
{
    unit_check(what, memchr(one.problem.text, '\0', sizeof(one.problem.text)) != NULL,
               "a problem that ends within its buffer");
    unit_check(what, memchr(one.challenge.id, '\0', sizeof(one.challenge.id)) != NULL,
               "an id that ends within its buffer");
    for (size_t i = 0; i < sizeof(one.behind_problem); i++)
        unit_check(what, one.behind_problem[i] == '#' && one.behind_challenge[i] == '#',
                   "nothing written after a buffer");
    unit_same_text(what, one.challenge.number, TO);
    unit_same_text(what, one.challenge.scope, SCOPE);
    unit_same_number(what, one.challenge.channel, channel);
}

static enum outcome sent_of(enum provider_id id, enum channel channel, long status,
                            const char *body, size_t length)
{
    answer_with(status, body, length);
    one.challenge.channel = channel;
    enum outcome outcome = provider_sent(providers[id], &one.answer, &one.challenge, &one.problem);
    check_bounds(body, channel);
    if (outcome == OUTCOME_OK) {
        unit_same_text(body, one.problem.text, "");
        unit_check(body, strcmp(one.challenge.id, BEFORE) != 0, "the id of the answer");
    } else {
        unit_check(body, *one.problem.text != '\0', "a problem that says why");
        unit_same_text(body, one.challenge.id, BEFORE);
    }
    return outcome;
}

static enum outcome sent(enum provider_id id, enum channel channel, long status, const char *body)
{
    return sent_of(id, channel, status, body, strlen(body));
}

static enum outcome verified_of(enum provider_id id, long status, const char *body, size_t length)
{
    answer_with(status, body, length);
    enum outcome outcome = provider_verified(providers[id], &one.answer, &one.problem);
    check_bounds(body, CHANNEL_SMS);
    unit_same_text(body, one.challenge.id, BEFORE);
    unit_check(body,
               (*one.problem.text == '\0') == (outcome == OUTCOME_OK || outcome == OUTCOME_WRONG),
               "a problem where something failed, and there alone");
    return outcome;
}

static enum outcome verified(enum provider_id id, long status, const char *body)
{
    return verified_of(id, status, body, strlen(body));
}

/* The problem says who answered, and has these words. */
static void check_words(enum provider_id id, const char *what, const char *words)
{
    unit_check(what,
               strncmp(one.problem.text, providers[id]->title, strlen(providers[id]->title)) == 0,
               "a problem that begins with the provider's name");
    if (strstr(one.problem.text, words) == NULL)
        fail_msg("%s:\n  \"%s\" does not say \"%s\"", what, one.problem.text, words);
}

/* ---- the tables ---- */

static void test_a_provider_is_found_by_the_name_of_its_section(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        const struct provider *provider = providers[i];
        unit_same_text("name", provider_names[i], provider->name);
        unit_same_text("section", provider->section.name, provider->name);
        unit_check(provider->name, *provider->title != '\0', "a title");
        unit_check(provider->name,
                   provider->hints.credentials != NULL && provider->hints.forbidden != NULL &&
                       provider->hints.not_found != NULL,
                   "each of the hints");
    }
    assert_null(provider_names[PROVIDER_COUNT]);
    assert_string_equal(providers[SW]->name, "signalwire");
    assert_string_equal(providers[BW]->name, "bandwidth");
    assert_true(providers[SW]->needs_id);
    assert_false(providers[BW]->needs_id);
}

static void test_each_failure_has_a_word_of_its_own(void **state)
{
    (void)state;
    assert_null(outcome_words[OUTCOME_OK]);
    assert_null(outcome_words[OUTCOME_WRONG]);
    for (size_t i = OUTCOME_WRONG + 1; i < OUTCOME_COUNT; i++) {
        const char *word = outcome_words[i];
        if (word == NULL) {
            fail_msg("outcome %zu has no word", i);
            break;
        }
        unit_check(word, strspn(word, "abcdefghijklmnopqrstuvwxyz-") == strlen(word),
                   "one that needs no quotes in the log");
        for (size_t j = OUTCOME_WRONG + 1; j < i && i != OUTCOME_STALE;
             j++) /* is a network's too */
            unit_check(word, strcmp(word, outcome_words[j]) != 0, "no other's");
    }
}

/* ---- what is the same for both ---- */

static void test_an_error_means_the_same_for_every_request_of_every_provider(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *body;
        enum outcome outcome;
        const char *words;
    } cases[] = {
        {400, "{\"error\":\"Bad Request\",\"requestId\":\"354cc8a3-6701\"}", OUTCOME_INVALID,
         " answered 400: Bad Request 354cc8a3-6701"},
        {400, "", OUTCOME_INVALID, " answered 400"},
        {401, "{\"error\":\"Unauthorized\"}", OUTCOME_CREDENTIALS, " answered 401: Unauthorized; "},
        {401, "{\"message\":\"Unauthorized\"}", OUTCOME_CREDENTIALS,
         " answered 401: Unauthorized; "},
        {401, "", OUTCOME_CREDENTIALS, " answered 401; "},
        {401, "{\"success\":true,\"valid\":true}", OUTCOME_CREDENTIALS, " answered 401; "},
        {403, "{\"error\":\"Forbidden\"}", OUTCOME_FORBIDDEN, " answered 403: Forbidden; "},
        {403, "{\"message\":\"Missing Authentication Token\"}", OUTCOME_FORBIDDEN,
         " answered 403: Missing Authentication Token; "},
        {403, "{\"Message\":\"Access is denied\"}", OUTCOME_FORBIDDEN,
         " answered 403: Access is denied; "},
        {403, "{\"Message\":\"b\",\"message\":\"a\"}", OUTCOME_FORBIDDEN, " answered 403: a b; "},
        {403, "{\"MESSAGE\":\"a\"}", OUTCOME_FORBIDDEN, " answered 403; "},
        {403, "{\"message\":1,\"Message\":[\"x\"],\"error\":{}}", OUTCOME_FORBIDDEN,
         " answered 403; "},
        {422, "{\"errors\":[" ENTRY("Not a number.", "Invalid", "invalid_parameter") "]}",
         OUTCOME_INVALID, " answered 422; invalid_parameter Invalid Not a number."},
        {422, "{\"errors\":[]}", OUTCOME_INVALID, " answered 422"},
        {422, "{\"errors\":{}}", OUTCOME_INVALID, " answered 422"},
        {422, "{\"errors\":\"x\"}", OUTCOME_INVALID, " answered 422"},
        {422, "{\"errors\":[null,1,\"text\",[]," ENTRY("d", "t", "c") "]}", OUTCOME_INVALID,
         " answered 422; c t d"},
        {422, "{\"errors\":[{\"detail\":[],\"title\":{},\"code\":\"c\"}]}", OUTCOME_INVALID,
         " answered 422; c"},
        {422, "", OUTCOME_INVALID, " answered 422"},
        {429,
         "{\"error\":\"This number has exceeded verification attempts, please wait 2 minutes\","
         "\"requestId\":\"354cc8a3-6701-461e-8fa7-8671703dd898\"}",
         OUTCOME_LIMIT,
         " answered 429: This number has exceeded verification attempts, please wait 2 minutes "
         "354cc8a3-6701-461e-8fa7-8671703dd898"},
        {429, "slow down", OUTCOME_LIMIT, " answered 429"},
        {500, "{\"error\":\"Internal Server Error\"}", OUTCOME_SERVER,
         " answered 500: Internal Server Error"},
        {500, "{\"error\":1}", OUTCOME_SERVER, " answered 500"},
        {500, "{\"error\":\"a\",\"error\":\"b\"}", OUTCOME_SERVER, " answered 500"},
        {500, "[\"error\"]", OUTCOME_SERVER, " answered 500"},
        {500, "{\"error\":\"a\"} and more", OUTCOME_SERVER, " answered 500"},
        {502, "<html><h1>502 Bad Gateway</h1></html>", OUTCOME_SERVER, " answered 502"},
        {503, "", OUTCOME_SERVER, " answered 503"},
        {504, "{\"success\":true,\"valid\":true}", OUTCOME_SERVER, " answered 504"},
        {599, QUEUED, OUTCOME_SERVER, " answered 599"},
        {600, QUEUED, OUTCOME_BAD_ANSWER, " answered 600"},
        {499, QUEUED, OUTCOME_BAD_ANSWER, " answered 499"},
        {402, "{\"error\":\"Payment Required\"}", OUTCOME_NO_CREDIT,
         " answered 402: Payment Required; check the account's balance"},
        {402, QUEUED, OUTCOME_NO_CREDIT, " answered 402; check the account's balance"},
        {302, "{\"success\":true,\"valid\":true}", OUTCOME_BAD_ANSWER, " answered 302"},
        {304, "", OUTCOME_BAD_ANSWER, " answered 304"},
        {204, "", OUTCOME_BAD_ANSWER, " answered 204"},
        {201, QUEUED, OUTCOME_BAD_ANSWER, " answered 201"},
        {202, "{\"messageId\":\"" ID "\",\"valid\":true,\"success\":true}", OUTCOME_BAD_ANSWER,
         " answered 202"},
        {100, "{\"success\":true,\"valid\":true}", OUTCOME_BAD_ANSWER, " answered 100"},
        {0, "{\"success\":true,\"valid\":true}", OUTCOME_BAD_ANSWER, " answered 0"},
        {-200, "{\"success\":true,\"valid\":true}", OUTCOME_BAD_ANSWER, " answered -200"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
            for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
                unit_same_number(cases[i].body, sent(id, channel, cases[i].status, cases[i].body),
                                 cases[i].outcome);
                check_words(id, cases[i].body, cases[i].words);
            }
            unit_same_number(cases[i].body, verified(id, cases[i].status, cases[i].body),
                             cases[i].outcome);
            check_words(id, cases[i].body, cases[i].words);
        }
    }
}

static void test_refused_credentials_name_the_keys_to_check(void **state)
{
    (void)state;
    static const struct {
        enum provider_id id;
        long status;
        const char *problem;
    } cases[] = {
        {SW, 401, "SignalWire answered 401: x; check project_id and api_token"},
        {SW, 403, "SignalWire answered 403: x; check the scope of the API token"},
        {SW, 404, "SignalWire answered 404: x; check space and endpoint"},
        {BW, 401, "Bandwidth answered 401: x; check username and password"},
        {BW, 403, "Bandwidth answered 403: x; check account_id and what its users may do"},
        {BW, 404, "Bandwidth answered 404: x; check account_id and endpoint"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)sent(cases[i].id, CHANNEL_SMS, cases[i].status, "{\"error\":\"x\"}");
        unit_same_text("a problem", one.problem.text, cases[i].problem);
    }
}

static void test_a_404_ends_a_code_only_if_the_api_says_so(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"error\":\"Not Found\"}", "", "{\"success\":true}",
                                         "{\"valid\":true}", "<html>"};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(verified(SW, 404, bodies[i]), OUTCOME_GONE);
        check_words(SW, bodies[i], "SignalWire answered 404");
        assert_int_equal(sent(SW, CHANNEL_SMS, 404, bodies[i]), OUTCOME_NOT_FOUND);
        check_words(SW, bodies[i], "SignalWire answered 404");
        assert_int_equal(verified(BW, 404, bodies[i]), OUTCOME_NOT_FOUND);
        check_words(BW, bodies[i], "Bandwidth answered 404");
        assert_int_equal(sent(BW, CHANNEL_CALL, 404, bodies[i]), OUTCOME_NOT_FOUND);
        check_words(BW, bodies[i], "Bandwidth answered 404");
    }
    assert_int_equal(verified(SW, 404, bodies[0]), OUTCOME_GONE);
    assert_string_equal(one.problem.text, "SignalWire answered 404: Not Found");
}

static void test_only_status_200_is_a_success(void **state)
{
    (void)state;
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        for (long status = 100; status <= 599; status++) {
            const char *what = unit_format("%s: status %ld", providers[id]->name, status);
            unit_same_number(what, sent(id, CHANNEL_SMS, status, queued[id]) == OUTCOME_OK,
                             status == 200);
            unit_same_number(what, verified(id, status, right[id]) == OUTCOME_OK, status == 200);
            unit_same_number(what, verified(id, status, wrong[id]) == OUTCOME_WRONG, status == 200);
        }
    }
}

static void test_an_answer_that_is_not_a_json_object_is_no_success(void **state)
{
    (void)state;
    static const struct {
        const char *form; /* % stands for the best answer */
        const char *words;
    } cases[] = {
        {"", "truncated"},
        {" \r\n", "truncated"},
        {"%x", "not JSON"},
        {"% true", "not JSON"},
        {"%%", "not JSON"},
        {"%]", "not JSON"},
        {"% <html>", "not JSON"},
        {"%\f", "not JSON"},
        {"x%", "not JSON"},
        {"\xef\xbb\xbf%", "not JSON"},
        {"HTTP/1.1 200 OK\r\n\r\n%", "not JSON"},
        {"[%]", "not a JSON object"},
        {"[true]", "not a JSON object"},
        {"true", ""},
        {"1", ""},
        {"null", ""},
        {"\"%\"", ""},
        {"<!DOCTYPE html><html>success</html>", "not JSON"},
        {"<html><body>%</body></html>", "not JSON"},
        {"{", "truncated"},
        {"{}", " must be "},
        {"{\"data\":%}", " must be "},
        {"{\"result\":[%]}", " must be "},
        {"{\"a\":'b'}", "not JSON"},
        {"/**/%", "not JSON"},
        {"{\"a\":\"\xff\"}", "not JSON"},
    };
    char body[1024];
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        for (size_t i = 0; i < COUNT(cases); i++) {
            for (int verify = 0; verify <= 1; verify++) {
                const char *best = verify == 1 ? right[id] : queued[id];
                *body = '\0';
                for (const char *at = cases[i].form; *at != '\0'; at++) {
                    size_t used = strlen(body);
                    (void)snprintf(body + used, sizeof(body) - used, "%.*s",
                                   *at == '%' ? (int)strlen(best) : 1, *at == '%' ? best : at);
                }
                unit_same_number(body,
                                 verify == 1 ? verified(id, 200, body)
                                             : sent(id, CHANNEL_SMS, 200, body),
                                 OUTCOME_BAD_ANSWER);
                check_words(id, body, cases[i].words);
                check_words(id, body, "'s answer: ");
            }
        }
    }
}

/* One that is cut off anywhere is none: a part of an answer never says more than the whole. */
static void test_an_answer_that_is_cut_off_is_no_success(void **state)
{
    (void)state;
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        for (size_t length = 0; length < strlen(queued[id]); length++)
            assert_int_equal(sent_of(id, CHANNEL_SMS, 200, queued[id], length), OUTCOME_BAD_ANSWER);
        for (size_t length = 0; length < strlen(right[id]); length++)
            assert_int_equal(verified_of(id, 200, right[id], length), OUTCOME_BAD_ANSWER);
    }
}

static void test_a_nul_anywhere_is_no_success(void **state)
{
    (void)state;
    char body[256];
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        for (int verify = 0; verify <= 1; verify++) {
            const char *best = verify == 1 ? right[id] : queued[id];
            size_t length = strlen(best);
            for (size_t at = 0; at <= length; at++) {
                memcpy(body, best, at);
                body[at] = '\0';
                memcpy(body + at + 1, best + at, length - at);
                unit_same_number(unit_format("%s with a NUL at %zu", best, at),
                                 verify == 1 ? verified_of(id, 200, body, length + 1)
                                             : sent_of(id, CHANNEL_SMS, 200, body, length + 1),
                                 OUTCOME_BAD_ANSWER);
            }
        }
    }
    static const char error[] = "{\"error\":\"a\0b\"}";
    assert_int_equal(sent_of(SW, CHANNEL_SMS, 500, error, sizeof(error) - 1), OUTCOME_SERVER);
    assert_string_equal(one.problem.text, "SignalWire answered 500");
}

static void test_a_deeply_nested_answer_is_no_success(void **state)
{
    (void)state;
    static char body[REST_ANSWER_MAX + 1];
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        for (int form = 0; form < 3; form++) {
            if (form == 0) { /* no end, and as many as there is room for */
                unit_repeat(body, sizeof(body), "[", REST_ANSWER_MAX);
            } else {
                char *at = stpcpy(body, right[id]) - 1;
                at = stpcpy(at, ",\"x\":");
                for (int i = 0; i < 10000; i++)
                    at = stpcpy(at, form == 1 ? "[" : "{\"a\":");
                *at++ = '1';
                for (int i = 0; i < 10000; i++)
                    *at++ = form == 1 ? ']' : '}';
                stpcpy(at, "}");
            }
            assert_int_equal(sent(id, CHANNEL_SMS, 200, body), OUTCOME_BAD_ANSWER);
            assert_int_equal(verified(id, 200, body), OUTCOME_BAD_ANSWER);
            assert_int_equal(verified(id, 500, body), OUTCOME_SERVER);
            assert_string_equal(strstr(one.problem.text, " answered"), " answered 500");
        }
    }
}

static void test_an_answer_of_the_full_length_is_read_to_its_end(void **state)
{
    (void)state;
    static char body[REST_ANSWER_MAX + 1];
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        memset(body, ' ', REST_ANSWER_MAX);
        memcpy(body, right[id], strlen(right[id]));
        assert_int_equal(verified_of(id, 200, body, REST_ANSWER_MAX), OUTCOME_OK);
        body[REST_ANSWER_MAX - 1] = 'x';
        assert_int_equal(verified_of(id, 200, body, REST_ANSWER_MAX), OUTCOME_BAD_ANSWER);
        memset(body, ' ', REST_ANSWER_MAX);
        memcpy(body + REST_ANSWER_MAX - strlen(queued[id]), queued[id], strlen(queued[id]));
        assert_int_equal(sent_of(id, CHANNEL_SMS, 200, body, REST_ANSWER_MAX), OUTCOME_OK);
    }
}

/* ---- what is told of an error ---- */

static void test_every_entry_of_a_422_is_reported(void **state)
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
        {"{\"errors\":[{\"code\":\"a\"},{\"detail\":\"b\"},{\"title\":\"c\"}]}",
         "SignalWire answered 422; a; b; c"},
        {"{\"error\":\"e\",\"errors\":[{\"code\":\"a\"}]}", "SignalWire answered 422: e; a"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(sent(SW, CHANNEL_SMS, 422, cases[i].body), OUTCOME_INVALID);
        unit_same_text(cases[i].body, one.problem.text, cases[i].problem);
    }
}

static void test_a_long_description_is_cut_off(void **state)
{
    (void)state;
    static char words[15001];
    static char body[REST_ANSWER_MAX + 1];
    static const char *const forms[] = {
        "{\"error\":\"%s\"}",
        "{\"message\":\"%s\",\"Message\":\"%s\",\"error\":\"%s\",\"requestId\":\"%s\"}",
        "{\"errors\":[{\"detail\":\"%s\"},{\"detail\":\"b\",\"code\":\"c\"}]}",
        "{\"errors\":[{\"code\":\"%s\",\"title\":\"t\",\"detail\":\"d\"}]}",
        "{\"errors\":[{\"code\":\"%s\"},{\"code\":\"%s\"},{\"title\":\"%s\",\"detail\":\"%s\"}]}",
    };
    static const long statuses[] = {401, 422, 500};
    for (size_t i = 0; i < COUNT(forms); i++) {
        for (size_t length = 4030; length <= 15000; length += length == 4100 ? 10900 : 1) {
            unit_repeat(words, sizeof(words), "x", length);
            size_t used = 0;
            for (const char *at = forms[i]; *at != '\0';) {
                bool filler = at[0] == '%';
                used += (size_t)snprintf(body + used, sizeof(body) - used, "%.*s",
                                         filler ? (int)length : 1, filler ? words : at);
                at += filler ? 2 : 1;
            }
            for (size_t j = 0; j < COUNT(statuses); j++) {
                for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
                    (void)sent(id, CHANNEL_SMS, statuses[j], body);
                    check_words(id, "a long description", "xxxxxxxx");
                    (void)verified(id, statuses[j], body);
                    check_words(id, "a long description", "xxxxxxxx");
                }
            }
        }
    }
    assert_int_equal(strlen(one.problem.text), sizeof(one.problem.text) - 1);
    (void)sent(SW, CHANNEL_SMS, 401, body);
    assert_non_null(strstr(one.problem.text, providers[SW]->hints.credentials));
}

static void test_an_escape_sequence_in_an_error_does_not_reach_the_log(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"error\":\"\\u001b[2J\\u001b]0;x\\u0007\"}",
        "{\"message\":\"a\\nNov 22 09:00:00 host sshd[1]: Accepted\\r\\n\"}",
        "{\"Message\":\"\\u0080\\u009b31m \\u202e\\ufeff \\\" reason=ok\"}",
        "{\"errors\":[{\"code\":\"\\u001b[31m\",\"title\":\"\\u007f\",\"detail\":\"%n%s\"}]}",
        "{\"requestId\":\"\\b\\b\\b\\b\\t\\f\"}",
    };
    char line[4096];
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(verified(BW, 500, bodies[i]), OUTCOME_SERVER);
        unit_check(bodies[i], strlen(one.problem.text) > strlen("Bandwidth answered 500"),
                   "a description");
        (void)log_escape(line, sizeof(line), one.problem.text, "\"");
        for (const char *at = line; *at != '\0'; at++)
            unit_check(line,
                       *at >= ' ' && *at <= '~' && (*at != '"' || (at > line && at[-1] == '\\')),
                       "nothing but plain characters");
    }
}

/* A caller that asks again still has the earlier problem, which is no part of the next answer. */
static void test_a_good_answer_clears_an_earlier_problem(void **state)
{
    (void)state;
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        static const char before[] = "SignalWire answered 404: Not Found";
        const char *const bodies[] = {right[id], wrong[id], queued[id]};
        for (size_t i = 0; i < COUNT(bodies); i++) {
            answer_with(200, bodies[i], strlen(bodies[i]));
            one.challenge.channel = CHANNEL_SMS;
            problem_set(&one.problem, "%s", before);
            enum outcome outcome =
                i == 2 ? provider_sent(providers[id], &one.answer, &one.challenge, &one.problem)
                       : provider_verified(providers[id], &one.answer, &one.problem);
            assert_int_equal(outcome, i == 1 ? OUTCOME_WRONG : OUTCOME_OK);
            unit_check(one.problem.text,
                       *one.problem.text == '\0' || strcmp(one.problem.text, before) == 0,
                       "nothing that this provider is said to have answered");
        }
    }
}

/* ---- SignalWire: a send ---- */

static void test_a_signalwire_send_needs_an_answer_with_every_member(void **state)
{
    (void)state;
#define SENT(success, to, channel)                                                                 \
    "{\"id\":\"" UUID "\",\"success\":" success ",\"to\":" to ",\"channel\":" channel "}"
#define QUOTED_TO "\"" TO "\""
    static const struct {
        const char *body;
        enum outcome outcome;
        const char *words;
    } cases[] = {
        {QUEUED, OUTCOME_OK, NULL},
        {" " QUEUED "\r\n", OUTCOME_OK, NULL},
        {"{\"new\":[],\"channel\":\"sms\",\"to\":\"" TO "\",\"success\":true,\"id\":\"" UUID "\"}",
         OUTCOME_OK, NULL},
        {SENT("true", "\"\\u002b14043287382\"", "\"s\\u006ds\""), OUTCOME_OK, NULL},
        {"{\"success\":false}", OUTCOME_NOT_QUEUED, "success is false"},
        {SENT("false", QUOTED_TO, "\"sms\""), OUTCOME_NOT_QUEUED, "success is false"},
        {"{\"id\":\"" UUID "\",\"to\":\"" TO "\",\"channel\":\"sms\"}", OUTCOME_BAD_ANSWER,
         NOT_TOLD},
        {SENT("\"true\"", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TOLD},
        {SENT("\"false\"", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TOLD},
        {SENT("1", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TOLD},
        {SENT("0", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TOLD},
        {SENT("null", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TOLD},
        {SENT("[]", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TOLD},
        {SENT("[true]", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TOLD},
        {SENT("{}", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TOLD},
        {SENT("true", QUOTED_TO, "\"sms\",\"success\":true"), OUTCOME_BAD_ANSWER,
         "has a key twice"},
        {SENT("false,\"success\":true", QUOTED_TO, "\"sms\""), OUTCOME_BAD_ANSWER,
         "has a key twice"},
        {SENT("true", QUOTED_TO ",\"to\":\"" OTHER "\"", "\"sms\""), OUTCOME_BAD_ANSWER,
         "has a key twice"},
        {SENT("true", "\"" OTHER "\"", "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TO},
        {SENT("true", "\"14043287382\"", "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TO},
        {SENT("true", "\"" TO "0\"", "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TO},
        {SENT("true", "\" " TO "\"", "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TO},
        {SENT("true", "\"\"", "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TO},
        {SENT("true", "\"" TO "\\u0000\"", "\"sms\""), OUTCOME_BAD_ANSWER, "not JSON"},
        {SENT("true", "14043287382", "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TO},
        {SENT("true", "null", "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TO},
        {SENT("true", "[" QUOTED_TO "]", "\"sms\""), OUTCOME_BAD_ANSWER, NOT_TO},
        {"{\"id\":\"" UUID "\",\"success\":true,\"channel\":\"sms\"}", OUTCOME_BAD_ANSWER, NOT_TO},
        {SENT("true", QUOTED_TO, "\"call\""), OUTCOME_BAD_ANSWER, NOT_SMS},
        {SENT("true", QUOTED_TO, "\"SMS\""), OUTCOME_BAD_ANSWER, NOT_SMS},
        {SENT("true", QUOTED_TO, "\"sms \""), OUTCOME_BAD_ANSWER, NOT_SMS},
        {SENT("true", QUOTED_TO, "\"\""), OUTCOME_BAD_ANSWER, NOT_SMS},
        {SENT("true", QUOTED_TO, "null"), OUTCOME_BAD_ANSWER, NOT_SMS},
        {SENT("true", QUOTED_TO, "[\"sms\"]"), OUTCOME_BAD_ANSWER, NOT_SMS},
        {"{\"id\":\"" UUID "\",\"success\":true,\"to\":\"" TO "\"}", OUTCOME_BAD_ANSWER, NOT_SMS},
        {"{\"messageId\":\"" ID "\"}", OUTCOME_BAD_ANSWER, NOT_TOLD}, /* the other's */
    };
#undef SENT
#undef QUOTED_TO
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_same_number(cases[i].body, sent(SW, CHANNEL_SMS, 200, cases[i].body),
                         cases[i].outcome);
        if (cases[i].words == NULL)
            unit_same_text(cases[i].body, one.challenge.id, UUID);
        else
            check_words(SW, cases[i].body, cases[i].words);
    }
}

static void test_a_signalwire_send_must_confirm_the_requested_channel(void **state)
{
    (void)state;
    assert_int_equal(sent(SW, CHANNEL_CALL, 200, QUEUED_CALL), OUTCOME_OK);
    assert_string_equal(one.challenge.id, UUID);
    assert_int_equal(sent(SW, CHANNEL_CALL, 200, QUEUED), OUTCOME_BAD_ANSWER);
    check_words(SW, QUEUED, "channel is not call");
}

static void test_a_signalwire_id_must_be_a_uuid(void **state)
{
    (void)state;
    static const char *const bad[] = {
        WITH_ID("\"\""),
        WITH_ID("null"),
        WITH_ID("1"),
        WITH_ID("true"),
        WITH_ID("{}"),
        WITH_ID("[\"" UUID "\"]"),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4a\""),
        WITH_ID("\"" UUID "c\""), /* 37 characters */
        WITH_ID("\"" UUID UUID "\""),
        WITH_ID("\"" UUID "\\r\\n\""),
        WITH_ID("\"" UUID "/verify\""),
        WITH_ID("\"" UUID "?\""),
        WITH_ID("\"" UUID "#\""),
        WITH_ID("\" " UUID "\""),
        WITH_ID("\"" ID_64 "0\""), /* 65 */
        WITH_ID("\"0b9e6ab595ba4a7ea2b04cfbbb53f4ab\""),
        WITH_ID("\"{0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4}\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ag\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0_4cfbbb53f4ab\""),
        WITH_ID("\"0b9e6ab59-5ba-4a7e-a2b0-4cfbbb53f4ab\""),
        WITH_ID("\"------------------------------------\""),
        WITH_ID("\"../../../../../../../../etc/passwd/x\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53/../\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4a?\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53\\r\\n\\r\\n\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4%0\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53 4ab\""),
        WITH_ID("\"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb5\xef\xbc\x91\x61\x62\""),
        "{\"success\":true,\"to\":\"" TO "\",\"channel\":\"sms\"}",
        "{\"Id\":\"" UUID "\",\"success\":true,\"to\":\"" TO "\",\"channel\":\"sms\"}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        unit_same_number(bad[i], sent(SW, CHANNEL_SMS, 200, bad[i]), OUTCOME_BAD_ANSWER);
        check_words(SW, bad[i], NO_UUID);
    }
    assert_int_equal(sent(SW, CHANNEL_SMS, 200,
                          WITH_ID("\"0B9E6AB5-95BA-4A7E-A2B0-4CFBBB53F4AB\"")),
                     OUTCOME_OK);
    assert_string_equal(one.challenge.id, "0B9E6AB5-95BA-4A7E-A2B0-4CFBBB53F4AB");
}

/* ---- Bandwidth: a send ---- */

static void test_a_bandwidth_send_needs_the_id_of_its_channel(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *sms; /* the id, where an SMS was asked for; NULL: the answer is bad */
        const char *call;
    } cases[] = {
        {"{\"messageId\":\"" ID "\"}", ID, NULL},
        {"{\"MessageId\":\"" ID "\"}", ID, NULL},
        {"{\"callId\":\"" ID "\"}", NULL, ID},
        {"{\"CallId\":\"" ID "\"}", NULL, ID},
        {" {\"messageId\" : \"" ID "\" , \"new\" : {} }\n", ID, NULL},
        {"{\"\\u006dessageId\":\"" ID "\"}", ID, NULL},
        {"{\"messageId\":\"" ID "\",\"callId\":\"c-1\"}", ID, "c-1"},
        {"{\"messageId\":\"" ID "\",\"MessageId\":\"other\"}", ID, NULL},
        {"{\"callId\":\"" ID "\",\"CallId\":\"other\"}", NULL, ID},
        {"{\"messageId\":\"1\"}", "1", NULL},
        {"{\"callId\":\"" ID_64 "\"}", NULL, ID_64}, /* 64 characters: all that there is room for */
        {"{\"messageId\":\"" ID_64 "\"}", ID_64, NULL},
        {"{\"messageid\":\"" ID "\"}", NULL, NULL},
        {"{\"message_id\":\"" ID "\"}", NULL, NULL},
        {"{\"MESSAGEID\":\"" ID "\"}", NULL, NULL},
        {"{\"callid\":\"" ID "\"}", NULL, NULL},
        {"{\"id\":\"" ID "\"}", NULL, NULL},
        {"{\"data\":{\"messageId\":\"" ID "\",\"callId\":\"" ID "\"}}", NULL, NULL},
        {"{\"error\":\"Internal\",\"requestId\":\"" ID "\"}", NULL, NULL},
        {QUEUED, NULL, NULL}, /* the other's */
        {QUEUED_CALL, NULL, NULL},
        {"{\"valid\":true}", NULL, NULL},
        {"{\"messageId\":\"" ID "\",\"messageId\":\"" ID "\"}", NULL, NULL},
        {"{\"callId\":\"" ID "\",\"callId\":\"" ID "\"}", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const expected[CHANNEL_COUNT] = {
            [CHANNEL_SMS] = cases[i].sms, [CHANNEL_CALL] = cases[i].call};
        for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
            unit_same_number(cases[i].body, sent(BW, channel, 200, cases[i].body),
                             expected[channel] != NULL ? OUTCOME_OK : OUTCOME_BAD_ANSWER);
            if (expected[channel] != NULL)
                unit_same_text(cases[i].body, one.challenge.id, expected[channel]);
            else
                check_words(BW, cases[i].body, "Bandwidth's answer: ");
        }
    }
}

static void test_a_bandwidth_id_must_be_short_and_printable(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "\"\"",
        "null",
        "1",
        "1234567890",
        "true",
        "[]",
        "[\"" ID "\"]",
        "{}",
        "{\"messageId\":\"" ID "\"}",
        "\"" ID_64 "0\"", /* 65 characters */
        "\"" ID_64 ID_64 "\"",
        "\"../x\"",
        "\"..\"",
        "\"a/b\"",
        "\"a\\/b\"",
        "\"a?b\"",
        "\"a#b\"",
        "\"a%2fb\"",
        "\"a\\r\\nb\"",
        "\"" ID "\\r\\n\"",
        "\"" ID "\\n\"",
        "\"" ID " \"",
        "\" " ID "\"",
        "\"a b\"",
        "\"a\\tb\"",
        "\"a=b\"",
        "\"a\\\"b\"",
        "\"a\\\\b\"",
        "\"a.b\"",
        "\"a:b\"",
        "\"a@b\"",
        "\"\\u001b[2J\"",
        "\"a\\u0000\"",
        "\"caf\xc3\xa9\"",
        "\"\\ud83d\\udd11\"",
    };
    static const struct {
        enum channel channel;
        const char *key;
        const char *words;
    } keys[] = {
        {CHANNEL_SMS, "messageId", "messageId must be an id"},
        {CHANNEL_SMS, "MessageId", "messageId must be an id"},
        {CHANNEL_CALL, "callId", "callId must be an id"},
        {CHANNEL_CALL, "CallId", "callId must be an id"},
    };
    for (size_t i = 0; i < COUNT(ids); i++) {
        for (size_t j = 0; j < COUNT(keys); j++) {
            const char *body = unit_format("{\"%s\":%s}", keys[j].key, ids[i]);
            unit_same_number(body, sent(BW, keys[j].channel, 200, body), OUTCOME_BAD_ANSWER);
            check_words(BW, body, strstr(body, "u0000") != NULL ? "not JSON" : keys[j].words);
        }
    }
}

/* A key of one spelling that is no id is not hidden by one of the other. */
static void test_the_other_spelling_does_not_repair_a_bad_bandwidth_id(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"messageId\":\"../x\",\"MessageId\":\"" ID "\"}",
        "{\"MessageId\":\"" ID "\",\"messageId\":\"\"}",
    };
    for (size_t i = 0; i < COUNT(bodies); i++)
        unit_same_number(bodies[i], sent(BW, CHANNEL_SMS, 200, bodies[i]), OUTCOME_BAD_ANSWER);
}

/* ---- a verify ---- */

static void test_a_code_is_right_only_if_the_answer_says_so_clearly(void **state)
{
    (void)state;
    static const char *const keys[PROVIDER_COUNT] = {[SW] = "success", [BW] = "valid"};
    static const struct {
        const char *form; /* KEY stands for the key */
        enum outcome outcome;
        const char *words;
    } cases[] = {
        {"{\"KEY\":true}", OUTCOME_OK, NULL},
        {" {\"KEY\" : true , \"new\" : 1}\n", OUTCOME_OK, NULL},
        {"{\"KEY\":true,\"error\":\"x\"}", OUTCOME_OK, NULL},
        {"{\"KEY\":false}", OUTCOME_WRONG, NULL},
        {"{\"KEY\":false,\"error\":\"x\"}", OUTCOME_WRONG, NULL},
        {"{\"KEY\":\"true\"}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":\"false\"}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":\"\"}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":1}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":0}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":-1}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":1.0}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":null}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":[]}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":[true]}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":{}}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":{\"KEY\":true}}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"data\":{\"KEY\":true}}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY \":true}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"_KEY\":true}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\\u0000\":true}", OUTCOME_BAD_ANSWER, "not JSON"},
        {"{\"ok\":true,\"status\":\"approved\"}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{}", OUTCOME_BAD_ANSWER, " must be true or false"},
        {"{\"KEY\":false,\"KEY\":true}", OUTCOME_BAD_ANSWER, "has a key twice"},
        {"{\"KEY\":true,\"KEY\":true}", OUTCOME_BAD_ANSWER, "has a key twice"},
        {"{\"KEY\":true,\"KEY\":false}", OUTCOME_BAD_ANSWER, "has a key twice"},
        {"{\"KEY\":True}", OUTCOME_BAD_ANSWER, "not JSON"},
        {"{\"KEY\":TRUE}", OUTCOME_BAD_ANSWER, "not JSON"},
        {"{\"KEY\":tru}", OUTCOME_BAD_ANSWER, "not JSON"},
        {"{\"KEY\":true,}", OUTCOME_BAD_ANSWER, "not JSON"},
        {"{'KEY':true}", OUTCOME_BAD_ANSWER, "not JSON"},
        {"{KEY:true}", OUTCOME_BAD_ANSWER, "not JSON"},
    };
    char body[256];
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        for (size_t i = 0; i < COUNT(cases); i++) {
            const char *from = cases[i].form;
            char *to = body;
            for (const char *at = NULL; (at = strstr(from, "KEY")) != NULL; from = at + 3)
                to = stpcpy(mempcpy(to, from, (size_t)(at - from)), keys[id]);
            stpcpy(to, from);
            unit_same_number(body, verified(id, 200, body), cases[i].outcome);
            if (cases[i].words != NULL)
                check_words(id, body, cases[i].words);
        }
    }
}

static void test_the_answer_of_one_provider_means_nothing_from_the_other(void **state)
{
    (void)state;
    static const struct {
        enum provider_id id;
        const char *body;
        enum outcome outcome;
    } cases[] = {
        {SW, "{\"valid\":true}", OUTCOME_BAD_ANSWER},
        {BW, "{\"success\":true}", OUTCOME_BAD_ANSWER},
        {SW, "{\"valid\":true,\"success\":false}", OUTCOME_WRONG},
        {BW, "{\"success\":true,\"valid\":false}", OUTCOME_WRONG},
        {SW, "{\"Success\":true}", OUTCOME_BAD_ANSWER},
        {BW, "{\"Valid\":true}", OUTCOME_BAD_ANSWER},
        {SW, "{\"\\u0073uccess\":true}", OUTCOME_OK},
        {BW, "{\"\\u0076alid\":true}", OUTCOME_OK},
        {SW, "{\"success\":false,\"\\u0073uccess\":true}", OUTCOME_BAD_ANSWER},
        {BW, "{\"valid\":false,\"\\u0076alid\":true}", OUTCOME_BAD_ANSWER},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        unit_same_number(cases[i].body, verified(cases[i].id, 200, cases[i].body),
                         cases[i].outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_provider_is_found_by_the_name_of_its_section),
        cmocka_unit_test(test_each_failure_has_a_word_of_its_own),
        cmocka_unit_test(test_an_error_means_the_same_for_every_request_of_every_provider),
        cmocka_unit_test(test_refused_credentials_name_the_keys_to_check),
        cmocka_unit_test(test_a_404_ends_a_code_only_if_the_api_says_so),
        cmocka_unit_test(test_only_status_200_is_a_success),
        cmocka_unit_test(test_an_answer_that_is_not_a_json_object_is_no_success),
        cmocka_unit_test(test_an_answer_that_is_cut_off_is_no_success),
        cmocka_unit_test(test_a_nul_anywhere_is_no_success),
        cmocka_unit_test(test_a_deeply_nested_answer_is_no_success),
        cmocka_unit_test(test_an_answer_of_the_full_length_is_read_to_its_end),
        cmocka_unit_test(test_every_entry_of_a_422_is_reported),
        cmocka_unit_test(test_a_long_description_is_cut_off),
        cmocka_unit_test(test_an_escape_sequence_in_an_error_does_not_reach_the_log),
        cmocka_unit_test(test_a_good_answer_clears_an_earlier_problem),
        cmocka_unit_test(test_a_signalwire_send_needs_an_answer_with_every_member),
        cmocka_unit_test(test_a_signalwire_send_must_confirm_the_requested_channel),
        cmocka_unit_test(test_a_signalwire_id_must_be_a_uuid),
        cmocka_unit_test(test_a_bandwidth_send_needs_the_id_of_its_channel),
        cmocka_unit_test(test_a_bandwidth_id_must_be_short_and_printable),
        cmocka_unit_test(test_the_other_spelling_does_not_repair_a_bad_bandwidth_id),
        cmocka_unit_test(test_a_code_is_right_only_if_the_answer_says_so_clearly),
        cmocka_unit_test(test_the_answer_of_one_provider_means_nothing_from_the_other),
    };
    return cmocka_run_group_tests_name("provider", tests, NULL, NULL);
}
