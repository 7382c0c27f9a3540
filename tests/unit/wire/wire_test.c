/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of wire: a message arrives whole and of our version, or is refused. */
#include "../unit.h"

#include "wire/option.h"
#include "wire/pam_code.h"
#include "wire/wire.h"

#include <security/_pam_types.h>

#include <signal.h>
#include <sys/socket.h>

static void open_door(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_door(int ends[2])
{
    assert_int_equal(close(ends[0]), 0);
    if (ends[1] >= 0)
        assert_int_equal(close(ends[1]), 0);
}

static void fill(void *message, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)message)[i] = (unsigned char)(i * 7 + 1);
}

static void test_a_received_message_equals_the_sent_one(void **state)
{
    (void)state;
    static union {
        struct wire_head head;
        struct wire_request request;
        struct wire_reply reply;
        struct wire_message say;
    } sent, received;
    static const struct {
        enum wire_type type;
        size_t size;
    } cases[] = {
        {WIRE_REQUEST, sizeof(struct wire_request)}, {WIRE_REPLY, sizeof(struct wire_reply)},
        {WIRE_PROMPT, sizeof(struct wire_message)},  {WIRE_INFO, sizeof(struct wire_message)},
        {WIRE_ALERT, sizeof(struct wire_message)},   {WIRE_DONE, sizeof(struct wire_message)},
    };
    int ends[2];
    open_door(ends);
    for (size_t i = 0; i < COUNT(cases); i++) {
        fill(&sent, cases[i].size);
        memset(&received, 0, sizeof(received));
        assert_int_equal(wire_send(ends[0], cases[i].type, &sent, cases[i].size), 0);
        assert_int_equal(sent.head.version, WIRE_VERSION);
        assert_int_equal(sent.head.type, cases[i].type);
        assert_int_equal(wire_receive(ends[1], &received, cases[i].size), WIRE_OK);
        assert_memory_equal(&received, &sent, cases[i].size);
    }
    close_door(ends);
}

static void test_the_longest_fields_of_a_request_arrive(void **state)
{
    (void)state;
    static struct wire_request sent, received;
    static char keys[WIRE_KEYS_SIZE];
    int ends[2];
    open_door(ends);
    unit_repeat(keys, sizeof(keys), "k", WIRE_KEYS_SIZE - 1);
    assert_true(wire_set_string(sent.keys, sizeof(sent.keys), keys));
    assert_true(wire_set_string(sent.tty, sizeof(sent.tty), "tty"));
    assert_true(wire_set_string(sent.conf, sizeof(sent.conf), "/conf"));
    assert_int_equal(wire_send(ends[0], WIRE_REQUEST, &sent, sizeof(sent)), 0);
    assert_int_equal(wire_receive(ends[1], &received, sizeof(received)), WIRE_OK);
    assert_true(wire_terminated(received.keys, sizeof(received.keys)));
    assert_string_equal(received.keys, keys);
    assert_string_equal(received.tty, "tty");
    assert_string_equal(received.conf, "/conf");
    close_door(ends);
}

static void test_messages_keep_their_bounds_and_order(void **state)
{
    (void)state;
    int ends[2];
    open_door(ends);
    for (int code = 1; code <= 3; code++) {
        struct wire_message say = {.code = code};
        assert_int_equal(wire_send(ends[0], WIRE_DONE, &say, sizeof(say)), 0);
    }
    for (int code = 1; code <= 3; code++) {
        struct wire_message say = {0};
        assert_int_equal(wire_receive(ends[1], &say, sizeof(say)), WIRE_OK);
        assert_int_equal(say.code, code);
    }
    close_door(ends);
}

static void test_a_malformed_packet_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t size;
        uint32_t version;
        enum wire_result expected;
    } cases[] = {
        {"right", sizeof(struct wire_reply), WIRE_VERSION, WIRE_OK},
        {"one byte", 1, WIRE_VERSION, WIRE_INVALID},
        {"a head alone", sizeof(struct wire_head), WIRE_VERSION, WIRE_INVALID},
        {"one byte short", sizeof(struct wire_reply) - 1, WIRE_VERSION, WIRE_INVALID},
        {"one byte long", sizeof(struct wire_reply) + 1, WIRE_VERSION, WIRE_INVALID},
        {"another message", sizeof(struct wire_message), WIRE_VERSION, WIRE_INVALID},
        {"a request", sizeof(struct wire_request), WIRE_VERSION, WIRE_INVALID},
        {"the version before", sizeof(struct wire_reply), WIRE_VERSION - 1, WIRE_INVALID},
        {"the version after", sizeof(struct wire_reply), WIRE_VERSION + 1, WIRE_INVALID},
        {"no version", sizeof(struct wire_reply), 0, WIRE_INVALID},
        {"nothing", 0, 0, WIRE_EOF},
    };
    static unsigned char packet[sizeof(struct wire_request)];
    struct {
        struct wire_reply reply;
        unsigned char after[64];
    } received;
    int ends[2];
    open_door(ends);
    for (size_t i = 0; i < COUNT(cases); i++) {
        memset(packet, 0x55, sizeof(packet));
        memcpy(packet, &cases[i].version, sizeof(cases[i].version));
        memset(&received, 0xaa, sizeof(received));
        assert_int_equal(send(ends[0], packet, cases[i].size, 0), cases[i].size);
        unit_same_number(cases[i].what,
                         wire_receive(ends[1], &received.reply, sizeof(received.reply)),
                         cases[i].expected);
        for (size_t j = 0; j < sizeof(received.after); j++)
            unit_same_number(cases[i].what, received.after[j], 0xaa);
    }
    close_door(ends);
}

static void test_the_rest_of_a_long_packet_is_not_read_as_a_message(void **state)
{
    (void)state;
    static unsigned char packet[2 * sizeof(struct wire_reply)];
    struct wire_reply reply = {.status = WIRE_REPLY_NOTHING};
    for (size_t i = 0; i < 2; i++) { /* two good messages in one packet are none */
        reply.head = (struct wire_head){.version = WIRE_VERSION, .type = WIRE_REPLY};
        memcpy(packet + i * sizeof(reply), &reply, sizeof(reply));
    }
    int ends[2];
    open_door(ends);
    assert_int_equal(send(ends[0], packet, sizeof(packet), 0), sizeof(packet));
    assert_int_equal(wire_send(ends[0], WIRE_REPLY, &reply, sizeof(reply)), 0);
    assert_int_equal(wire_receive(ends[1], &reply, sizeof(reply)), WIRE_INVALID);
    assert_int_equal(wire_receive(ends[1], &reply, sizeof(reply)), WIRE_OK);
    assert_int_equal(recv(ends[1], &reply, sizeof(reply), MSG_DONTWAIT), -1);
    close_door(ends);
}

static void test_the_end_is_reported_after_earlier_messages(void **state)
{
    (void)state;
    struct wire_message say = {.code = 1};
    int ends[2];
    open_door(ends);
    assert_int_equal(wire_send(ends[1], WIRE_DONE, &say, sizeof(say)), 0);
    assert_int_equal(close(ends[1]), 0);
    ends[1] = -1;
    assert_int_equal(wire_receive(ends[0], &say, sizeof(say)), WIRE_OK);
    assert_int_equal(wire_receive(ends[0], &say, sizeof(say)), WIRE_EOF);
    assert_int_equal(wire_receive(ends[0], &say, sizeof(say)), WIRE_EOF);
    close_door(ends);
}

static void test_an_end_that_leaves_a_message_unread_is_an_end(void **state)
{
    (void)state;
    struct wire_message say = {0};
    int ends[2];
    open_door(ends);
    assert_int_equal(wire_send(ends[0], WIRE_INFO, &say, sizeof(say)), 0);
    assert_int_equal(close(ends[1]), 0); /* Linux then says ECONNRESET to the other end */
    ends[1] = -1;
    assert_int_equal(wire_receive(ends[0], &say, sizeof(say)), WIRE_EOF);
    close_door(ends);
}

static void test_an_error_is_neither_a_message_nor_an_end(void **state)
{
    (void)state;
    struct wire_message say = {0};
    int ends[2];
    open_door(ends);
    int flags = fcntl(ends[0], F_GETFL);
    assert_int_equal(fcntl(ends[0], F_SETFL, flags | O_NONBLOCK), 0);
    assert_int_equal(wire_receive(ends[0], &say, sizeof(say)), WIRE_ERROR);
    assert_int_equal(errno, EAGAIN);
    close_door(ends);
    assert_int_equal(wire_receive(-1, &say, sizeof(say)), WIRE_ERROR);
    assert_int_equal(errno, EBADF);
    assert_int_equal(wire_send(-1, WIRE_INFO, &say, sizeof(say)), -1);
    assert_int_equal(errno, EBADF);
}

static volatile sig_atomic_t pipe_signals;

static void count_signal(int number)
{
    (void)number;
    pipe_signals++;
}

static void test_sending_to_nobody_fails_without_a_signal(void **state)
{
    (void)state;
    static const int types[] = {SOCK_SEQPACKET, SOCK_STREAM}; /* Linux signals for a stream only */
    struct wire_message say = {0};
    struct sigaction count = {.sa_handler = count_signal};
    struct sigaction before;
    for (size_t i = 0; i < COUNT(types); i++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, types[i] | SOCK_CLOEXEC, 0, ends), 0);
        assert_int_equal(close(ends[1]), 0);
        ends[1] = -1;
        assert_int_equal(sigaction(SIGPIPE, &count, &before), 0);
        int result = wire_send(ends[0], WIRE_INFO, &say, sizeof(say));
        int error = errno;
        assert_int_equal(sigaction(SIGPIPE, &before, NULL), 0);
        assert_int_equal(result, -1);
        assert_int_equal(error, EPIPE);
        assert_int_equal(pipe_signals, 0);
        close_door(ends);
    }
}

static void test_set_string_fills_a_field_or_leaves_it_empty(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        bool fits;
    } cases[] = {
        {NULL, 8, true},      {"", 8, true},          {"a", 8, true},
        {"1234567", 8, true}, {"12345678", 8, false}, {"123456789012", 8, false},
        {"", 1, true},        {"a", 1, false},        {NULL, 1, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = cases[i].text != NULL ? cases[i].text : "";
        const char *kept = cases[i].fits ? text : "";
        char field[16];
        memset(field, '#', sizeof(field));
        unit_same_number(text, wire_set_string(field, cases[i].size, cases[i].text), cases[i].fits);
        for (size_t j = 0; j < sizeof(field); j++) {
            int expected = j >= cases[i].size ? '#' : j < strlen(kept) ? kept[j] : '\0';
            unit_same_number(text, field[j], expected);
        }
    }
}

static void test_a_field_without_an_end_is_noticed(void **state)
{
    (void)state;
    char field[8];
    memset(field, 'a', sizeof(field));
    assert_false(wire_terminated(field, sizeof(field)));
    for (size_t i = 0; i < sizeof(field); i++) {
        memset(field, 'a', sizeof(field));
        field[i] = '\0';
        assert_true(wire_terminated(field, sizeof(field)));
        assert_false(wire_terminated(field, i));
    }
}

/* ---- module options and PAM codes ---- */

static void test_each_option_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum option_result result;
        uint32_t flag;
        const char *conf;
    } cases[] = {
        {"debug", OPTION_FLAG, WIRE_FLAG_DEBUG, NULL},
        {"use_uid", OPTION_FLAG, WIRE_FLAG_USE_UID, NULL},
        {"conf=/etc/x", OPTION_CONF, 0, "/etc/x"},
        {"conf=/", OPTION_CONF, 0, "/"},
        {"conf=", OPTION_RELATIVE, 0, NULL},
        {"conf=x", OPTION_RELATIVE, 0, NULL},
        {"conf", OPTION_UNKNOWN, 0, NULL},
        {"", OPTION_UNKNOWN, 0, NULL},
        {"debug ", OPTION_UNKNOWN, 0, NULL},
        {"debug=", OPTION_UNKNOWN, 0, NULL},
        {"Debug", OPTION_UNKNOWN, 0, NULL},
        {"use_ui", OPTION_UNKNOWN, 0, NULL},
        {"use_uid2", OPTION_UNKNOWN, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct option_value value = {.flag = 99, .conf = "x"};
        unit_same_number(cases[i].word, option_read(cases[i].word, &value), cases[i].result);
        unit_same_number(cases[i].word, value.flag, cases[i].flag);
        unit_check(cases[i].word, (value.conf == NULL) == (cases[i].conf == NULL), "the path");
        if (value.conf != NULL)
            unit_same_text(cases[i].word, value.conf, cases[i].conf);
    }
}

static void test_only_two_codes_let_pass(void **state)
{
    (void)state;
    size_t count = 0;
    for (int code = -2; code < 300; code++) {
        bool passes = code == PAM_SUCCESS || code == PAM_IGNORE;
        assert_int_equal(pam_code_allows(code), passes);
        assert_true(!passes || pam_code_name(code) != NULL);
        count += pam_code_name(code) != NULL;
    }
    unit_same_number("codes of the table", (long long)count, 9);
    unit_same_text("name", pam_code_name(PAM_AUTHINFO_UNAVAIL), "PAM_AUTHINFO_UNAVAIL");
    assert_null(pam_code_name(PAM_PERM_DENIED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_received_message_equals_the_sent_one),
        cmocka_unit_test(test_the_longest_fields_of_a_request_arrive),
        cmocka_unit_test(test_messages_keep_their_bounds_and_order),
        cmocka_unit_test(test_a_malformed_packet_is_refused),
        cmocka_unit_test(test_the_rest_of_a_long_packet_is_not_read_as_a_message),
        cmocka_unit_test(test_the_end_is_reported_after_earlier_messages),
        cmocka_unit_test(test_an_end_that_leaves_a_message_unread_is_an_end),
        cmocka_unit_test(test_an_error_is_neither_a_message_nor_an_end),
        cmocka_unit_test(test_sending_to_nobody_fails_without_a_signal),
        cmocka_unit_test(test_set_string_fills_a_field_or_leaves_it_empty),
        cmocka_unit_test(test_a_field_without_an_end_is_noticed),
        cmocka_unit_test(test_each_option_is_read),
        cmocka_unit_test(test_only_two_codes_let_pass),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
