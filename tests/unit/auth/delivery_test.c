/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of auth/delivery without requests: which provider can send, and what a code must look like
 * before it is sent. The system tests cover the requests. */
#include "../unit_config.h"

#include "auth/delivery.h"

#define SW PROVIDER_signalwire
#define BW PROVIDER_bandwidth

#define TO "+14043287382"

#define SIGNALWIRE                                                                                 \
    "[signalwire]\nspace = example\nproject_id = p\napi_token = t\ntoken_length = 8\n"
#define BANDWIDTH                                                                                  \
    "[bandwidth]\naccount_id = a\nusername = u\npassword = p\nfrom = +12029167968\ndigits = 7\n"
#define MESSAGING    "messaging_application_id = m\n"
#define VOICE        "voice_application_id = v\n"
#define BY(provider) "[swmfa]\nproviders = " provider "\n"

static struct config config;
static struct delivery delivery;

static void begin(const char *content)
{
    unit_config_load(content, &config);
    memset(&delivery, 0x55, sizeof(delivery));
    delivery_begin(&delivery, &config, -1);
}

static void end(void)
{
    delivery_end(&delivery);
    config_free(&config);
}

static void test_a_new_delivery_has_sent_nothing(void **state)
{
    (void)state;
    begin(BY("bandwidth, signalwire") SIGNALWIRE BANDWIDTH VOICE);
    assert_int_equal(delivery.provider, BW);
    assert_false(delivery_asked_all(&delivery));
    assert_int_equal(delivery.sends, 0);
    assert_int_equal(delivery.failed, 0);
    assert_int_equal(delivery.sent_at, 0);
    assert_string_equal(delivery.why, "");
    assert_string_equal(delivery.challenge.id, "");
    assert_int_not_equal(delivery.state, OUTCOME_OK);
    assert_int_not_equal(delivery.last, OUTCOME_OK);
    end();
}

static void test_a_channel_is_possible_if_one_provider_has_it(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        bool sms;
        bool call;
    } cases[] = {
        {SIGNALWIRE, true, true},
        {BY("bandwidth") BANDWIDTH MESSAGING, true, false},
        {BY("bandwidth") BANDWIDTH VOICE, false, true},
        {BY("bandwidth") BANDWIDTH MESSAGING VOICE, true, true},
        {BY("bandwidth, signalwire") BANDWIDTH MESSAGING SIGNALWIRE, true, true},
        {BY("signalwire, bandwidth") BANDWIDTH VOICE SIGNALWIRE, true, true},
        /* one that is configured and not used helps nobody */
        {BY("bandwidth") BANDWIDTH MESSAGING SIGNALWIRE, true, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].content);
        unit_same_number(cases[i].content, delivery_can(&delivery, CHANNEL_SMS), cases[i].sms);
        unit_same_number(cases[i].content, delivery_can(&delivery, CHANNEL_CALL), cases[i].call);
        end();
    }
}

static void test_the_terms_before_a_send_are_those_of_the_first_provider(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        size_t length;
    } cases[] = {
        {BY("signalwire, bandwidth") SIGNALWIRE BANDWIDTH VOICE, 8},
        {BY("bandwidth, signalwire") SIGNALWIRE BANDWIDTH VOICE, 7},
        {BY("bandwidth") SIGNALWIRE BANDWIDTH VOICE, 7},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct terms terms = {0};
        begin(cases[i].content);
        delivery_terms(&delivery, &terms);
        end();
        unit_same_number(cases[i].content, (long long)terms.length, (long long)cases[i].length);
    }
}

static void test_a_provider_that_lacks_the_channel_is_not_asked(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        enum channel channel;
        const char *why;
    } cases[] = {
        {BY("bandwidth") BANDWIDTH MESSAGING, CHANNEL_CALL,
         "bandwidth lacks: voice_application_id"},
        {BY("bandwidth") BANDWIDTH VOICE, CHANNEL_SMS, "bandwidth lacks: messaging_application_id"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].content);
        unit_same_number(cases[i].content,
                         delivery_send(&delivery, TO, cases[i].channel, true,
                                       delivery_now() + 1000),
                         DELIVERED_NOT);
        unit_same_text(cases[i].content, delivery.why, cases[i].why);
        assert_int_equal(delivery.sends, 0);
        assert_false(delivery_asked_all(&delivery)); /* it has the other one */
        assert_int_not_equal(delivery.state, OUTCOME_OK);
        assert_null(delivery.rest[SW]);
        assert_null(delivery.rest[BW]);
        unit_same_number(cases[i].content,
                         delivery_send(&delivery, TO, cases[i].channel, true,
                                       delivery_now() + 1000),
                         DELIVERED_NOT);
        delivery.permitted = 1U << (unsigned)cases[i].channel;
        assert_true(delivery_asked_all(&delivery)); /* none that is permitted */
        end();
    }
}

static void test_a_code_that_cannot_be_verified_makes_no_request(void **state)
{
    (void)state;
    begin(SIGNALWIRE);
    for (enum outcome outcome = OUTCOME_WRONG; outcome < OUTCOME_COUNT; outcome++) {
        struct problem problem = {0};
        delivery.state = outcome;
        assert_int_equal(delivery_verify(&delivery, "12345678", &problem), outcome);
        assert_int_equal(delivery.state, outcome);
        assert_null(delivery.rest[SW]);
    }
    end();
}

int main(void)
{
    if (geteuid() != 0)
        return unit_skip_all("only a file that is root's is a configuration");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_delivery_has_sent_nothing),
        cmocka_unit_test(test_a_channel_is_possible_if_one_provider_has_it),
        cmocka_unit_test(test_the_terms_before_a_send_are_those_of_the_first_provider),
        cmocka_unit_test(test_a_provider_that_lacks_the_channel_is_not_asked),
        cmocka_unit_test(test_a_code_that_cannot_be_verified_makes_no_request),
    };
    return cmocka_run_group_tests_name("delivery", tests, unit_make_folder, unit_remove_folder);
}
