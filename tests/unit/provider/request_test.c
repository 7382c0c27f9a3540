/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of provider/signalwire and provider/bandwidth: the requests to each API, as swmfa.conf sets
 * them. */
#include "../unit_config.h"

#include "config/config.h"

#define SW PROVIDER_signalwire
#define BW PROVIDER_bandwidth

#define TO     "+14043287382"
#define FROM   "+12029167968"
#define SCOPE  "abcdefghijklmnopqrstuvwxy"
#define UUID   "0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab"
#define SECRET "PT-secret"

#define BOTH       "[swmfa]\nproviders = signalwire, bandwidth\n"
#define SIGNALWIRE "[signalwire]\nproject_id = project\napi_token = " SECRET "\nspace = example\n"
#define BANDWIDTH                                                                                  \
    "[bandwidth]\naccount_id = 9900000\nusername = user\npassword = " SECRET "\nfrom = " FROM "\n"
#define MESSAGING "messaging_application_id = m-1\n"
#define VOICE     "voice_application_id = v-1\n"
#define ALL       BOTH SIGNALWIRE BANDWIDTH MESSAGING VOICE

static struct config config;

static void load(const char *content)
{
    unit_config_load(content, &config);
}

/* One request, made of a challenge. */
struct request {
    json_object *body;
    char path[REQUEST_PATH_SIZE];
    char after[16];
};

static void make(struct request *request, enum provider_id id, enum channel channel,
                 const char *code)
{
    struct challenge challenge = {.number = TO, .channel = channel, .scope = SCOPE, .id = UUID};
    const void *settings = config.settings[id];
    memset(request, '#', sizeof(*request));
    request->body =
        code == NULL
            ? providers[id]->send(settings, &challenge, request->path, REQUEST_PATH_SIZE)
            : providers[id]->verify(settings, &challenge, code, request->path, REQUEST_PATH_SIZE);
    assert_non_null(request->body);
    assert_non_null(memchr(request->path, '\0', sizeof(request->path)));
    for (size_t i = 0; i < sizeof(request->after); i++)
        assert_int_equal(request->after[i], '#');
}

/* The body has these members and no others, each of that type and value; the order is free. */
static void check_request(const struct request *request, const char *path, const char *body)
{
    json_object *expected = json_tokener_parse(body);
    unit_check(body, expected != NULL, "JSON in the test");
    bool same = json_object_equal(request->body, expected) == 1;
    json_object_put(expected);
    if (!same)
        fail_msg("expected: %s\nfound:    %s", body, json_object_to_json_string(request->body));
    unit_same_text(body, request->path, path);
}

/* code: of a verify; NULL: it is a send. */
static void check(const char *content, enum provider_id id, enum channel channel, const char *code,
                  const char *path, const char *body)
{
    struct request request;
    load(content);
    make(&request, id, channel, code);
    check_request(&request, path, body);
    json_object_put(request.body);
    config_free(&config);
}

static void test_a_signalwire_send_has_the_documented_request(void **state)
{
    (void)state;
    check(SIGNALWIRE, SW, CHANNEL_SMS, NULL, "/mfa/sms",
          "{\"to\":\"" TO "\",\"token_length\":6,\"valid_for\":300,\"max_attempts\":3,"
          "\"allow_alphas\":false}");
    check(SIGNALWIRE, SW, CHANNEL_CALL, NULL, "/mfa/call",
          "{\"to\":\"" TO "\",\"token_length\":6,\"valid_for\":300,\"max_attempts\":3,"
          "\"allow_alphas\":false}");
    check(SIGNALWIRE "from = " FROM "\n", SW, CHANNEL_SMS, NULL, "/mfa/sms",
          "{\"to\":\"" TO "\",\"from\":\"" FROM "\",\"token_length\":6,\"valid_for\":300,"
          "\"max_attempts\":3,\"allow_alphas\":false}");
    check(SIGNALWIRE "from = " FROM "\nmessage = Code for example.org:\ntoken_length = 20\n"
                     "valid_for = 604800\nmax_attempts = 20\nallow_alphas = yes\n",
          SW, CHANNEL_CALL, NULL, "/mfa/call",
          "{\"to\":\"" TO "\",\"from\":\"" FROM "\",\"message\":\"Code for example.org:\","
          "\"token_length\":20,\"valid_for\":604800,\"max_attempts\":20,\"allow_alphas\":true}");
}

static void test_a_signalwire_verify_has_the_documented_request(void **state)
{
    (void)state;
    check(SIGNALWIRE, SW, CHANNEL_SMS, "012345", "/mfa/" UUID "/verify", "{\"token\":\"012345\"}");
    check(SIGNALWIRE, SW, CHANNEL_CALL, "aBcXyZ", "/mfa/" UUID "/verify", "{\"token\":\"aBcXyZ\"}");
}

static void test_a_bandwidth_send_has_the_documented_request(void **state)
{
    (void)state;
    check(ALL, BW, CHANNEL_SMS, NULL, "/code/messaging",
          "{\"to\":\"" TO "\",\"from\":\"" FROM "\",\"applicationId\":\"m-1\","
          "\"message\":\"Your {NAME} code is {CODE}\",\"digits\":6,\"scope\":\"" SCOPE "\"}");
    check(ALL, BW, CHANNEL_CALL, NULL, "/code/voice",
          "{\"to\":\"" TO "\",\"from\":\"" FROM "\",\"applicationId\":\"v-1\","
          "\"message\":\"Your {NAME} code is {CODE}\",\"digits\":6,\"scope\":\"" SCOPE "\"}");
    check(ALL "message = {SCOPE}: {CODE}\ndigits = 8\nexpiration_minutes = 15\n", BW, CHANNEL_SMS,
          NULL, "/code/messaging",
          "{\"to\":\"" TO "\",\"from\":\"" FROM "\",\"applicationId\":\"m-1\","
          "\"message\":\"{SCOPE}: {CODE}\",\"digits\":8,\"scope\":\"" SCOPE "\"}");
}

static void test_a_bandwidth_verify_has_the_documented_request(void **state)
{
    (void)state;
    check(ALL, BW, CHANNEL_SMS, "012345", "/code/verify",
          "{\"to\":\"" TO "\",\"code\":\"012345\",\"expirationTimeInMinutes\":5,"
          "\"scope\":\"" SCOPE "\"}");
    check(ALL "expiration_minutes = 15\ndigits = 8\n", BW, CHANNEL_CALL, "01234567", "/code/verify",
          "{\"to\":\"" TO "\",\"code\":\"01234567\",\"expirationTimeInMinutes\":15,"
          "\"scope\":\"" SCOPE "\"}");
}

/* Of the documents; what an API does not know it may refuse. */
static void test_requests_have_only_keys_that_the_api_documents(void **state)
{
    (void)state;
    static const struct {
        enum provider_id id;
        bool verify;
        const char *keys; /* each between blanks */
    } cases[] = {
        {SW, false, " to from message token_length valid_for max_attempts allow_alphas "},
        {SW, true, " token "},
        {BW, false, " to from applicationId message digits scope "},
        {BW, true, " to code expirationTimeInMinutes scope "},
    };
    load(ALL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
            struct request request;
            make(&request, cases[i].id, channel, cases[i].verify ? "123456" : NULL);
            json_object_object_foreach(request.body, key, value)
            {
                unit_check(key, strstr(cases[i].keys, unit_format(" %s ", key)) != NULL,
                           "a key of the documents");
                unit_check(key, value != NULL, "a value");
            }
            json_object_put(request.body);
        }
    }
    config_free(&config);
}

/* The scope ties a code of Bandwidth to its login; SignalWire has its id for that. */
static void test_a_verify_has_the_scope_of_its_send(void **state)
{
    (void)state;
    static const char *const scopes[] = {"a", "2345672345672345672345672", SCOPE};
    load(ALL);
    for (size_t i = 0; i < COUNT(scopes); i++) {
        struct challenge challenge = {.number = TO};
        char path[REQUEST_PATH_SIZE];
        assert_true((size_t)snprintf(challenge.scope, sizeof(challenge.scope), "%s", scopes[i]) <
                    sizeof(challenge.scope));
        json_object *send =
            providers[BW]->send(config.settings[BW], &challenge, path, sizeof(path));
        json_object *verify =
            providers[BW]->verify(config.settings[BW], &challenge, "123456", path, sizeof(path));
        json_object *of_send = NULL;
        json_object *of_verify = NULL;
        assert_true(json_object_object_get_ex(send, "scope", &of_send));
        assert_true(json_object_object_get_ex(verify, "scope", &of_verify));
        assert_string_equal(json_object_get_string(of_send), scopes[i]);
        assert_string_equal(json_object_get_string(of_verify), scopes[i]);
        json_object_put(send);
        json_object_put(verify);
    }
    config_free(&config);
}

static void test_a_message_is_sent_unchanged(void **state)
{
    (void)state;
    static const char *const messages[] = {
        "{CODE}",
        "\"{CODE}\"",
        "a\\b/c {CODE} \\u0041 \\",
        "\",\"to\":\"" FROM "\",\"x\":\"{CODE}",
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91 {CODE}",
        "</script> %s %n ${CODE} {NAME}{SCOPE}{CODE}{CODE}",
    };
    for (size_t i = 0; i < COUNT(messages); i++) {
        static const enum provider_id ids[] = {SW, BW};
        load(unit_format("%s%smessage = %s\n%smessage = %s\nfrom = %s\n", BOTH BANDWIDTH, MESSAGING,
                         messages[i], SIGNALWIRE, messages[i], FROM));
        for (size_t j = 0; j < COUNT(ids); j++) {
            struct request request;
            json_object *message = NULL;
            make(&request, ids[j], CHANNEL_SMS, NULL);
            const char *text = json_object_to_json_string(request.body);
            json_object *read = json_tokener_parse(text);
            assert_true(json_object_object_get_ex(read, "message", &message));
            unit_same_text(text, json_object_get_string(message), messages[i]);
            unit_check(text, strpbrk(text, "\n\r") == NULL, "one line");
            json_object_put(read);
            json_object_put(request.body);
        }
        config_free(&config);
    }
}

/* ---- where it goes, and what a code is like ---- */

static void test_an_account_has_the_address_and_credentials_of_its_section(void **state)
{
    (void)state;
    static const struct {
        enum provider_id id;
        const char *content;
        const char *base;
        const char *user;
    } cases[] = {
        {SW, SIGNALWIRE, "https://example.signalwire.com/api/relay/rest", "project"},
        {SW,
         "[signalwire]\nproject_id = P.1_2-3\napi_token = " SECRET "\n"
         "endpoint = https://localhost:8443\n",
         "https://localhost:8443/api/relay/rest", "P.1_2-3"},
        {SW,
         "[signalwire]\nproject_id = p\napi_token = " SECRET "\nendpoint = https://[::1]:8443\n",
         "https://[::1]:8443/api/relay/rest", "p"},
        {BW, ALL, "https://mfa.bandwidth.com/api/v1/accounts/9900000", "user"},
        {BW, ALL "endpoint = https://localhost:8443\n",
         "https://localhost:8443/api/v1/accounts/9900000", "user"},
        {BW,
         BOTH SIGNALWIRE "[bandwidth]\naccount_id = A_b-9\nusername = a@b.example!\npassword "
                         "= " SECRET "\nfrom = " FROM "\n" VOICE,
         "https://mfa.bandwidth.com/api/v1/accounts/A_b-9", "a@b.example!"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct account account = {0};
        load(cases[i].content);
        providers[cases[i].id]->account(config.settings[cases[i].id], &account);
        unit_same_text(cases[i].content, account.base, cases[i].base);
        unit_same_text(cases[i].content, account.user, cases[i].user);
        unit_same_text(cases[i].content, account.password->text, SECRET);
        unit_check(cases[i].content, account.ca_pem == NULL, "the system's CA certificates");
        config_free(&config);
    }
}

static void test_an_account_has_the_certificates_of_its_own_section(void **state)
{
    (void)state;
    char *one = unit_file("one.pem", "one\n", 0644);
    char *two = unit_file("two.pem", "two\n", 0644);
    load(unit_format("%sca_file = %s\n%sca_file = %s\n", BOTH SIGNALWIRE, one, BANDWIDTH VOICE,
                     two));
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        struct account account = {0};
        providers[id]->account(config.settings[id], &account);
        unit_same_text(providers[id]->name, account.ca_pem, id == SW ? "one\n" : "two\n");
    }
    config_free(&config);
    unit_remove(one);
    unit_remove(two);
}

/* Cut off, it would be another host, to which the credentials go. */
static void test_a_host_that_is_too_long_is_refused_or_whole(void **state)
{
    (void)state;
    static const char *const sections[PROVIDER_COUNT] = {
        [SW] = "[signalwire]\nproject_id = p\napi_token = t\n",
        [BW] = "[swmfa]\nproviders = bandwidth\n" BANDWIDTH VOICE};
    static const size_t lengths[] = {253, 254, 1000, 2000, 2020, 2030, 2040};
    char host[2100];
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        for (size_t i = 0; i < COUNT(lengths); i++) {
            struct problem problem = {0};
            struct account account = {0};
            unit_repeat(host, sizeof(host), "a.", lengths[i] / 2);
            (void)stpcpy(host + strlen(host), lengths[i] % 2 == 0 ? "bb" : "b");
            const char *endpoint = unit_format("https://%s", host);
            char *path = unit_file("swmfa.conf",
                                   unit_format("%sendpoint = %s\n", sections[id], endpoint), 0600);
            bool good = config_load(path, &config, &problem);
            unit_remove(path);
            if (!good)
                continue;
            providers[id]->account(config.settings[id], &account);
            bool whole = strncmp(account.base, endpoint, strlen(endpoint)) == 0 &&
                         strstr(account.base + strlen(endpoint),
                                id == SW ? "/api/relay/rest" : "/api/v1/accounts/9900000") != NULL;
            config_free(&config);
            unit_check(unit_format("%s: a host of %zu", providers[id]->name, lengths[i]), whole,
                       "a refusal, or the whole of the address");
        }
    }
}

static void test_the_terms_come_from_the_section(void **state)
{
    (void)state;
    static const struct {
        enum provider_id id;
        const char *content;
        struct terms terms;
    } cases[] = {
        {SW, ALL, {.length = 6, .letters = false, .valid_for = 300, .wrong_most = 3}},
        {SW,
         SIGNALWIRE
         "token_length = 20\nvalid_for = 604800\nmax_attempts = 20\nallow_alphas = yes\n",
         {.length = 20, .letters = true, .valid_for = 604800, .wrong_most = 20}},
        {BW, ALL, {.length = 6, .letters = false, .valid_for = 300, .wrong_most = INT_MAX}},
        {BW,
         ALL "digits = 8\nexpiration_minutes = 15\n",
         {.length = 8, .letters = false, .valid_for = 900, .wrong_most = INT_MAX}},
        {BW,
         ALL "digits = 4\nexpiration_minutes = 1\n",
         {.length = 4, .letters = false, .valid_for = 60, .wrong_most = INT_MAX}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct terms terms;
        memset(&terms, 0x55, sizeof(terms));
        load(cases[i].content);
        providers[cases[i].id]->terms(config.settings[cases[i].id], &terms);
        config_free(&config);
        unit_same_number("length", (long long)terms.length, (long long)cases[i].terms.length);
        unit_same_number("letters", terms.letters, cases[i].terms.letters);
        unit_same_number("valid_for", terms.valid_for, cases[i].terms.valid_for);
        unit_same_number("wrong_most", terms.wrong_most, cases[i].terms.wrong_most);
    }
}

static void check_lacks(enum provider_id id, enum channel channel, const char *expected)
{
    const char *key = providers[id]->lacks(config.settings[id], channel);
    unit_same_text(providers[id]->name, key != NULL ? key : "nothing",
                   expected != NULL ? expected : "nothing");
}

static void test_a_channel_without_its_application_is_unavailable(void **state)
{
    (void)state;
    load(ALL);
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++)
        for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++)
            check_lacks(id, channel, NULL);
    config_free(&config);
    load(BOTH SIGNALWIRE BANDWIDTH MESSAGING);
    check_lacks(BW, CHANNEL_SMS, NULL);
    check_lacks(BW, CHANNEL_CALL, "voice_application_id");
    check_lacks(SW, CHANNEL_CALL, NULL);
    config_free(&config);
    load(BOTH SIGNALWIRE BANDWIDTH VOICE);
    check_lacks(BW, CHANNEL_SMS, "messaging_application_id");
    check_lacks(BW, CHANNEL_CALL, NULL);
    check_lacks(SW, CHANNEL_SMS, NULL);
    config_free(&config);
}

/* ---- what was never sent ---- */

static void test_a_decoy_verify_has_no_number_of_a_user(void **state)
{
    (void)state;
    static const struct {
        enum provider_id id;
        unsigned char byte; /* all random ones */
        const char *path;
        const char *body;
    } cases[] = {
        {SW, 0x00, "/mfa/00000000-0000-4000-8000-000000000000/verify", "{\"token\":\"012345\"}"},
        {SW, 0xff, "/mfa/ffffffff-ffff-4fff-bfff-ffffffffffff/verify", "{\"token\":\"012345\"}"},
        {SW, 0x5a, "/mfa/5a5a5a5a-5a5a-4a5a-a55a-5a5a5a5a5a5a/verify", "{\"token\":\"012345\"}"},
        {BW, 0x5a, "/code/verify",
         "{\"to\":\"" FROM "\",\"code\":\"012345\",\"expirationTimeInMinutes\":5,\"scope\":\"" SCOPE
         "\"}"},
    };
    load(ALL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char bytes[UNSENT_BYTES];
        struct request request = {0};
        struct challenge challenge = {.scope = SCOPE};
        const void *settings = config.settings[cases[i].id];
        memset(bytes, cases[i].byte, sizeof(bytes));
        providers[cases[i].id]->unsent(settings, bytes, &challenge);
        request.body = providers[cases[i].id]->verify(settings, &challenge, "012345", request.path,
                                                      REQUEST_PATH_SIZE);
        check_request(&request, cases[i].path, cases[i].body);
        json_object_put(request.body);
    }
    config_free(&config);
}

static void test_no_two_scopes_are_the_same(void **state)
{
    (void)state;
    char scopes[2][CHALLENGE_SCOPE_SIZE];
    for (size_t i = 0; i < 2; i++) {
        assert_true(provider_make_scope(scopes[i]));
        assert_int_equal(strspn(scopes[i], "abcdefghijklmnopqrstuvwxyz234567"), 25);
        assert_int_equal(strlen(scopes[i]), 25);
    }
    assert_string_not_equal(scopes[0], scopes[1]);
}

int main(void)
{
    if (geteuid() != 0)
        return unit_skip_all("only a file that is root's is a configuration");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signalwire_send_has_the_documented_request),
        cmocka_unit_test(test_a_signalwire_verify_has_the_documented_request),
        cmocka_unit_test(test_a_bandwidth_send_has_the_documented_request),
        cmocka_unit_test(test_a_bandwidth_verify_has_the_documented_request),
        cmocka_unit_test(test_requests_have_only_keys_that_the_api_documents),
        cmocka_unit_test(test_a_verify_has_the_scope_of_its_send),
        cmocka_unit_test(test_a_message_is_sent_unchanged),
        cmocka_unit_test(test_an_account_has_the_address_and_credentials_of_its_section),
        cmocka_unit_test(test_an_account_has_the_certificates_of_its_own_section),
        cmocka_unit_test(test_a_host_that_is_too_long_is_refused_or_whole),
        cmocka_unit_test(test_the_terms_come_from_the_section),
        cmocka_unit_test(test_a_channel_without_its_application_is_unavailable),
        cmocka_unit_test(test_a_decoy_verify_has_no_number_of_a_user),
        cmocka_unit_test(test_no_two_scopes_are_the_same),
    };
    return cmocka_run_group_tests_name("request", tests, unit_make_folder, unit_remove_folder);
}
