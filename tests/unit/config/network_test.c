/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/network: which texts are networks, and which addresses they contain. */
#include "../unit.h"

#include "config/network.h"

#define NO_ADDRESS "expected an address or a network such as 192.0.2.0/24: "
#define NO_BITS    NO_ADDRESS

static struct problem problem = {0};

/* Reads a text that does not end where its length says, as an item of a list does not. */
static bool read_network(const char *text, struct network *network)
{
    char list[256];
    memset(&problem, 0, sizeof(problem));
    memset(network, 0x55, sizeof(*network));
    assert_in_range(snprintf(list, sizeof(list), "%s/8,192.0.2.1", text), 1, sizeof(list) - 1);
    return network_read(list, strlen(text), network, &problem);
}

static void test_an_address_or_network_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned prefix;
        unsigned char address[16];
    } cases[] = {
#define V4(a, b, c, d) {[10] = 0xff, [11] = 0xff, [12] = (a), [13] = (b), [14] = (c), [15] = (d)}
        {"192.0.2.0/24", 120, V4(192, 0, 2, 0)},
        {"192.0.2.1", 128, V4(192, 0, 2, 1)},
        {"192.0.2.1/32", 128, V4(192, 0, 2, 1)},
        {"192.0.2.128/25", 121, V4(192, 0, 2, 128)},
        {"192.0.2.254/31", 127, V4(192, 0, 2, 254)},
        {"10.0.0.0/8", 104, V4(10, 0, 0, 0)},
        {"128.0.0.0/1", 97, V4(128, 0, 0, 0)},
        {"0.0.0.0/0", 96, V4(0, 0, 0, 0)},
        {"0.0.0.0", 128, V4(0, 0, 0, 0)},
        {"255.255.255.255", 128, V4(255, 255, 255, 255)},
        {"::ffff:192.0.2.0/120", 120, V4(192, 0, 2, 0)},
        {"::ffff:c000:201", 128, V4(192, 0, 2, 1)},
        {"::ffff:0:0/96", 96, V4(0, 0, 0, 0)},
#undef V4
        {"::/0", 0, {0}},
        {"::", 128, {0}},
        {"::1", 128, {[15] = 1}},
        {"::1/128", 128, {[15] = 1}},
        {"8000::/1", 1, {0x80}},
        {"2001:db8::/32", 32, {0x20, 1, 0x0d, 0xb8}},
        {"2001:DB8::/32", 32, {0x20, 1, 0x0d, 0xb8}},
        {"2001:0db8:0000::/33", 33, {0x20, 1, 0x0d, 0xb8}},
        {"2001:db8:8000::/33", 33, {0x20, 1, 0x0d, 0xb8, 0x80}},
        {"fe80::/10", 10, {0xfe, 0x80}},
        {"2001:db8::192.0.2.1",
         128,
         {0x20, 1, 0x0d, 0xb8, [12] = 192, [13] = 0, [14] = 2, [15] = 1}},
        {"2001:0db8:1111:2222:3333:4444:255.255.255.255/128",
         128,
         {0x20, 1, 0x0d, 0xb8, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 255, 255, 255, 255}},
    };
    struct network network;
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_check(cases[i].text, read_network(cases[i].text, &network), "a network");
        unit_same_text(cases[i].text, problem.text, "");
        unit_same_number(cases[i].text, network.prefix, cases[i].prefix);
        unit_check(cases[i].text,
                   memcmp(network.address, cases[i].address, sizeof(network.address)) == 0,
                   "this address");
    }
}

static void test_text_that_is_not_a_network_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"", NO_ADDRESS},
        {" ", NO_ADDRESS},
        {"\t", NO_ADDRESS},
        {"/", NO_ADDRESS},
        {"/24", NO_ADDRESS},
        {"any", NO_ADDRESS},
        {"*", NO_ADDRESS},
        {"localhost", NO_ADDRESS},
        {"example.org", NO_ADDRESS},
        {"example.org/24", NO_ADDRESS},
        {"192.0.2", NO_ADDRESS},
        {"192.0.2/24", NO_ADDRESS},
        {"192.0.2.", NO_ADDRESS},
        {".192.0.2.1", NO_ADDRESS},
        {"192.0.2.1.1", NO_ADDRESS},
        {"192..2.1", NO_ADDRESS},
        {"192.0.2.256", NO_ADDRESS},
        {"192.0.2.01", NO_ADDRESS}, /* eight or one? */
        {"0192.0.2.1", NO_ADDRESS},
        {"192.0.2.010/32", NO_ADDRESS},
        {"0xc0.0.2.1", NO_ADDRESS},
        {"3221225985", NO_ADDRESS},
        {"127.1", NO_ADDRESS},
        {"-1.0.0.0", NO_ADDRESS},
        {"+1.0.0.0", NO_ADDRESS},
        {" 192.0.2.1", NO_ADDRESS},
        {"192.0.2.1 ", NO_ADDRESS},
        {"192.0.2.0 /24", NO_ADDRESS},
        {"192.0.2.1\n", NO_ADDRESS},
        {"192.0.2.1:22", NO_ADDRESS},
        {"192.0.2.1-192.0.2.9", NO_ADDRESS},
        {"\"192.0.2.1\"", NO_ADDRESS},
        {"\xef\xbc\x91\xef\xbc\x99\xef\xbc\x92.0.2.1", NO_ADDRESS},
        {":", NO_ADDRESS},
        {":::", NO_ADDRESS},
        {"1::2::3", NO_ADDRESS},
        {"2001:db8", NO_ADDRESS},
        {"2001:db8:/32", NO_ADDRESS},
        {"1:2:3:4:5:6:7:8:9", NO_ADDRESS},
        {"2001:db8::12345", NO_ADDRESS},
        {"2001:db8::g", NO_ADDRESS},
        {"[2001:db8::1]", NO_ADDRESS},
        {"[2001:db8::]/32", NO_ADDRESS},
        {"fe80::1%eth0", NO_ADDRESS},
        {"fe80::1%1", NO_ADDRESS},
        {"fe80::%eth0/10", NO_ADDRESS},
        {"::ffff:192.0.2.256", NO_ADDRESS},
        {"::ffff:192.0.2.01", NO_ADDRESS},
        {"192.0.2.0/", NO_BITS},
        {"192.0.2.0/ ", NO_BITS},
        {"192.0.2.0/ 24", NO_BITS},
        {"192.0.2.0/24 ", NO_BITS},
        {"192.0.2.0/33", NO_BITS},
        {"192.0.2.0/128", NO_BITS},
        {"192.0.2.0/024", NO_BITS},
        {"0.0.0.0/00", NO_BITS},
        {"192.0.2.0/-1", NO_BITS},
        {"192.0.2.0/+24", NO_BITS},
        {"192.0.2.0/0x18", NO_BITS},
        {"192.0.2.0/24.0", NO_BITS},
        {"192.0.2.0/2x", NO_BITS},
        {"192.0.2.0/24/24", NO_BITS},
        {"192.0.2.0//24", NO_BITS},
        {"192.0.2.0/255.255.255.0", NO_BITS},
        {"192.0.2.0/4294967320", NO_BITS}, /* 24 where numbers wrap round */
        {"192.0.2.0/280", NO_BITS},        /* the same in a byte */
        {"192.0.2.0/99999999999999999999", NO_BITS},
        {"::/129", NO_BITS},
        {"::/999", NO_BITS},
        {"::/1000", NO_BITS},
        {"::/00", NO_BITS},
        {"::/", NO_BITS},
        {"2001:db8::/032", NO_BITS},
        {"192.0.2.1/24", "has nonzero bits after the /24: "},
        {"192.0.2.1/31", "has nonzero bits after the /31: "},
        {"192.0.2.1/0", "has nonzero bits after the /0: "},
        {"192.0.3.0/23", "has nonzero bits after the /23: "},
        {"128.0.0.0/0", "has nonzero bits after the /0: "},
        {"2001:db8::1/127", "has nonzero bits after the /127: "},
        {"2001:db8::1/32", "has nonzero bits after the /32: "},
        {"2001:db8:8000::/32", "has nonzero bits after the /32: "},
        {"::1/0", "has nonzero bits after the /0: "},
        {"8000::/0", "has nonzero bits after the /0: "},
        {"::ffff:0:0/95", "has nonzero bits after the /95: "},
        {"::ffff:192.0.2.1/24", "has nonzero bits after the /24: "},
        {"::ffff:192.0.2.1/120", "has nonzero bits after the /120: "},
    };
    struct network network;
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_check(cases[i].text, !read_network(cases[i].text, &network), "a refusal");
        const char *why = unit_format("%s%s (", cases[i].why, cases[i].text);
        unit_check(cases[i].text, strncmp(problem.text, why, strlen(why)) == 0, why);
    }
}

static void test_every_valid_prefix_length_is_read_and_no_other(void **state)
{
    (void)state;
    struct network network;
    for (unsigned bits = 0; bits <= 200; bits++) {
        const char *v4 = unit_format("0.0.0.0/%u", bits);
        const char *v6 = unit_format("::/%u", bits);
        unit_same_number(v4, read_network(v4, &network), bits <= 32);
        if (bits <= 32)
            unit_same_number(v4, network.prefix, 96 + bits);
        unit_same_number(v6, read_network(v6, &network), bits <= 128);
        if (bits <= 128)
            unit_same_number(v6, network.prefix, bits);
    }
}

static void test_a_text_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct network network;
    char text[200];
    for (size_t length = 45; length < sizeof(text) - 1; length++) {
        unit_repeat(text, sizeof(text), "1", length);
        unit_check(text, !read_network(text, &network), "a refusal");
        unit_check(text, strncmp(problem.text, NO_ADDRESS, strlen(NO_ADDRESS)) == 0, NO_ADDRESS);
    }
    unit_repeat(text, sizeof(text), "0", 60);
    memcpy(text, "192.0.2.0/", 10);
    unit_check(text, !read_network(text, &network), "a refusal");
}

static void test_a_network_contains_only_its_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        const char *address;
        bool held;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.0", true},
        {"192.0.2.0/24", "192.0.2.1", true},
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.1.255", false},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.0/24", "::ffff:192.0.2.7", true}, /* as a socket of both kinds tells it */
        {"192.0.2.0/24", "::ffff:c000:207", true},
        {"192.0.2.0/24", "::FFFF:192.0.2.7", true},
        {"192.0.2.0/24", "0:0:0:0:0:ffff:192.0.2.7", true},
        {"192.0.2.0/24", "::ffff:192.0.3.7", false},
        {"192.0.2.0/24", "::192.0.2.7", false},
        {"192.0.2.0/24", "64:ff9b::192.0.2.7", false},
        {"192.0.2.0/24", "2002:c000:207::", false},
        {"192.0.2.0/24", "::fffe:192.0.2.7", false},
        {"::ffff:192.0.2.0/120", "192.0.2.7", true},
        {"::ffff:192.0.2.0/120", "192.0.3.7", false},
        {"::ffff:192.0.2.1", "192.0.2.1", true},
        {"::ffff:0:0/96", "192.0.2.1", true},
        {"::ffff:0:0/96", "2001:db8::1", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "192.0.2.0", false},
        {"192.0.2.1", "::1", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.254/31", "192.0.2.253", false},
        {"192.0.2.254/31", "192.0.2.254", true},
        {"192.0.2.254/31", "192.0.2.255", true},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "110.0.0.0", false},
        {"128.0.0.0/1", "128.0.0.0", true},
        {"128.0.0.0/1", "127.255.255.255", false},
        {"0.0.0.0/0", "0.0.0.0", true},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::ffff:192.0.2.1", true},
        {"0.0.0.0/0", "::", false},
        {"0.0.0.0/0", "::1", false},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"0.0.0.0/0", "::192.0.2.1", false},
        {"0.0.0.0/0", "::fffe:0:0", false},
        {"0.0.0.0/0", "::1:0:0:0", false},
        {"::/0", "::", true},
        {"::/0", "::1", true},
        {"::/0", "2001:db8::1", true},
        {"::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"::/0", "0.0.0.0", false}, /* an exempt ::/0 is not all the world */
        {"::/0", "192.0.2.1", false},
        {"::/0", "::ffff:192.0.2.1", false},
        {"::/64", "192.0.2.1", false},
        {"::/80", "192.0.2.1", false},
        {"::/80", "::1", true},
        {"::1", "::1", true},
        {"::1", "0:0:0:0:0:0:0:1", true},
        {"::1", "::2", false},
        {"::1", "127.0.0.1", false},
        {"::1", "0.0.0.1", false},
        {"127.0.0.0/8", "127.0.0.1", true},
        {"127.0.0.0/8", "::1", false},
        {"2001:db8::/32", "2001:db8::", true},
        {"2001:db8::/32", "2001:DB8:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF", true},
        {"2001:db8::/32", "2001:db9::", false},
        {"2001:db8::/32", "2001:db7:ffff::", false},
        {"2001:db8:8000::/33", "2001:db8:8000::1", true},
        {"2001:db8:8000::/33", "2001:db8:7fff::1", false},
        {"2001:db8::/127", "2001:db8::1", true},
        {"2001:db8::/127", "2001:db8::2", false},
        {"8000::/1", "8000::", true},
        {"8000::/1", "7fff::", false},
        {"fe80::/10", "fe80::1", true},
        {"fe80::/10", "febf::1", true},
        {"fe80::/10", "fec0::1", false},
    };
    struct network network;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *what = unit_format("%s in %s", cases[i].address, cases[i].network);
        unit_check(what, read_network(cases[i].network, &network), "a network");
        unit_same_number(what, network_holds(&network, cases[i].address), cases[i].held);
    }
}

/* A service may pass a name for the remote host, which the remote side can choose. */
static void test_text_that_is_not_an_address_is_in_no_network(void **state)
{
    (void)state;
    static const char *const networks[] = {"0.0.0.0/0",     "::/0",      "192.0.2.1",
                                           "::ffff:0:0/96", "fe80::/10", "::"};
    static const char *const texts[] = {
        "",
        " ",
        "localhost",
        "example.org",
        "192.0.2.1.example.org",
        "192.0.2.1 ",
        " 192.0.2.1",
        "192.0.2.1\n",
        "192.0.2.1/32",
        "192.0.2.1:22",
        "192.0.2.01",
        "192.0.2",
        "192.0.2.1,192.0.2.2",
        "127.1",
        "0",
        "0x7f.0.0.1",
        "fe80::1%eth0",
        "fe80::1%1",
        "::/0",
        "[::1]",
        "[::]",
        "::ffff:192.0.2.01",
        ":",
        "::%lo",
        "UNKNOWN",
        "*",
    };
    struct network network;
    for (size_t i = 0; i < COUNT(networks); i++) {
        assert_true(read_network(networks[i], &network));
        for (size_t j = 0; j < COUNT(texts); j++)
            unit_check(texts[j], !network_holds(&network, texts[j]), "in no network");
    }
}

static void test_only_the_bits_of_the_prefix_are_compared(void **state)
{
    (void)state;
    struct network network;
    for (unsigned bits = 0; bits <= 32; bits++) {
        assert_true(read_network(unit_format("0.0.0.0/%u", bits), &network));
        for (unsigned bit = 0; bit < 32; bit++) {
            uint32_t address = UINT32_C(1) << (31 - bit);
            const char *text =
                unit_format("%u.%u.%u.%u", (unsigned)(address >> 24 & 255),
                            (unsigned)(address >> 16 & 255), (unsigned)(address >> 8 & 255),
                            (unsigned)(address & 255));
            unit_same_number(text, network_holds(&network, text), bit >= bits);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_or_network_is_read),
        cmocka_unit_test(test_text_that_is_not_a_network_is_refused),
        cmocka_unit_test(test_every_valid_prefix_length_is_read_and_no_other),
        cmocka_unit_test(test_a_text_that_is_too_long_is_refused),
        cmocka_unit_test(test_a_network_contains_only_its_addresses),
        cmocka_unit_test(test_text_that_is_not_an_address_is_in_no_network),
        cmocka_unit_test(test_only_the_bits_of_the_prefix_are_compared),
    };
    return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
