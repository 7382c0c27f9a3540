/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/sends: every limit to the millisecond, what each counts, and addresses. */
#include "unit_store.h"

#include "store/sends.h"

#define ALICE_PHONE "the digest of +15550101"
#define BOB_PHONE   "+15550102"

static char last_id[SENDS_ID_SIZE];
static struct sends_refusal refusal;

static struct limits limits_of(const char *user, const char *phone, const char *address,
                               const char *host)
{
    struct limits limits = {0};
    const struct {
        const char *text;
        struct limit_list *list;
    } keys[] = {
        {user, &limits.user},
        {phone, &limits.phone},
        {address, &limits.address},
        {host, &limits.host},
    };
    for (size_t i = 0; i < COUNT(keys); i++)
        if (keys[i].text != NULL)
            assert_true(limit_list_read(keys[i].text, keys[i].list));
    return limits;
}

static enum sends count(const struct limits *limits, const char *user, const char *phone,
                        const char *address)
{
    const struct sends_about about = {.user = user, .phone = phone, .address = address};
    memset(last_id, 0x55, sizeof(last_id));
    memset(&refusal, 0x55, sizeof(refusal));
    enum sends sends = sends_count(unit_begin(STORE_WRITE), limits, &about, last_id, &refusal);
    unit_commit();
    return sends;
}

static enum sends count_alice(const struct limits *limits)
{
    return count(limits, "alice", ALICE_PHONE, "192.0.2.1");
}

static void give_back(const char *id)
{
    unit_good(sends_give_back(unit_begin(STORE_WRITE), id));
    unit_commit();
}

static long rows(void)
{
    return strtol(unit_sql("SELECT COUNT(*) FROM swmfa_send"), NULL, 10);
}

static void check_refusal(const char *key, int most, int seconds, int64_t free_in_ms)
{
    unit_same_text(key, refusal.key, key);
    unit_same_number(key, refusal.limit.most, most);
    unit_same_number(key, refusal.limit.seconds, seconds);
    unit_same_number(key, refusal.free_in_ms, free_in_ms);
}

/* ---- limits ---- */

static void test_without_limits_every_send_is_counted(void **state)
{
    (void)state;
    const struct limits none = {0};
    for (int i = 0; i < 30; i++)
        assert_int_equal(count_alice(&none), SENDS_COUNTED);
    assert_int_equal(rows(), 30);
}

/* The four scopes with one limit each, with sends that have nothing but that scope in common. */
static void test_each_scope_has_its_limits(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *limits[4];
        const char *sends[3][3]; /* these count together */
        const char *other[3];    /* and this one does not; NULL: there is none */
    } cases[] = {
        {"user_sends",
         {"3/10m"},
         {{"alice", "+15550110", "192.0.2.1"}, {"alice", "", ""}, {"alice", "+15550112", "host"}},
         {"bob", "+15550110", "192.0.2.1"}},
        {"phone_sends",
         {NULL, "3/10m"},
         {{"alice", "+15550110", "192.0.2.1"}, {"bob", "+15550110", ""}, {"", "+15550110", "host"}},
         {"alice", "+15550111", "192.0.2.1"}},
        {"address_sends",
         {NULL, NULL, "3/10m"},
         {{"alice", "+15550110", "192.0.2.1"}, {"bob", "", "192.0.2.1"}, {"eve", "", "192.0.2.1"}},
         {"alice", "+15550110", "192.0.2.2"}},
        {"host_sends",
         {NULL, NULL, NULL, "3/10m"},
         {{"alice", "+15550110", ""}, {"bob", "+15550111", "host"}, {"eve", "+15550112", ""}},
         {NULL}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct limits limits = limits_of(cases[i].limits[0], cases[i].limits[1],
                                               cases[i].limits[2], cases[i].limits[3]);
        (void)unit_sql("DELETE FROM swmfa_send");
        for (size_t j = 0; j < 3; j++) {
            const char *const *send = cases[i].sends[j];
            unit_same_number(cases[i].key, count(&limits, send[0], send[1], send[2]),
                             SENDS_COUNTED);
            unit_pass(MINUTE);
        }
        for (size_t j = 0; j < 3; j++) {
            const char *const *send = cases[i].sends[j];
            unit_same_number(cases[i].key, count(&limits, send[0], send[1], send[2]),
                             SENDS_REFUSED);
            check_refusal(cases[i].key, 3, 600, 7 * MINUTE);
        }
        assert_int_equal(rows(), 3);
        if (cases[i].other[0] != NULL)
            unit_same_number(cases[i].key,
                             count(&limits, cases[i].other[0], cases[i].other[1],
                                   cases[i].other[2]),
                             SENDS_COUNTED);
        unit_pass(DAY);
    }
}

static void test_a_send_expires_when_it_is_as_old_as_its_window(void **state)
{
    (void)state;
    static const struct {
        const char *limit;
        int most;
        int seconds;
    } cases[] = {{"1/1s", 1, 1},    {"1/10m", 1, 600},    {"3/10m", 3, 600},
                 {"5/1h", 5, 3600}, {"10/1d", 10, 86400}, {"20/30d", 20, 2592000},
                 {"2/90s", 2, 90}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t window = cases[i].seconds * SECOND;
        const struct limits limits = limits_of(cases[i].limit, NULL, NULL, NULL);
        (void)unit_sql("DELETE FROM swmfa_send");
        for (int j = 0; j < cases[i].most; j++) {
            unit_same_number(cases[i].limit, count_alice(&limits), SENDS_COUNTED);
            unit_pass(7);
        }
        int64_t left = window - 7 * (int64_t)cases[i].most;
        unit_same_number(cases[i].limit, count_alice(&limits), SENDS_REFUSED);
        check_refusal("user_sends", cases[i].most, cases[i].seconds, left);
        unit_pass(left - 1);
        unit_same_number(cases[i].limit, count_alice(&limits), SENDS_REFUSED);
        check_refusal("user_sends", cases[i].most, cases[i].seconds, 1);
        unit_pass(1);
        unit_same_number(cases[i].limit, count_alice(&limits), SENDS_COUNTED);
        /* that was the first one's place; the second one's is free 7 ms after the first one's */
        unit_same_number(cases[i].limit, count_alice(&limits), SENDS_REFUSED);
        check_refusal("user_sends", cases[i].most, cases[i].seconds,
                      cases[i].most > 1 ? 7 : window);
    }
}

static void test_every_limit_of_a_list_applies(void **state)
{
    (void)state;
    const struct limits limits = limits_of("10/1d, 3/10m, 5/1h", NULL, NULL, NULL);
    int counted = 0;
    int64_t start = unit_store()->moment.boot_ms;
    for (int minute = 0; minute < 24 * 60; minute++, unit_pass(MINUTE)) {
        enum sends sends = count_alice(&limits);
        counted += sends == SENDS_COUNTED;
        if (sends == SENDS_REFUSED && counted == 3)
            check_refusal("user_sends", 3, 600, start + 10 * MINUTE - unit_store()->moment.boot_ms);
        if (sends == SENDS_REFUSED && counted == 5)
            check_refusal("user_sends", 5, 3600, start + HOUR - unit_store()->moment.boot_ms);
        if (sends == SENDS_REFUSED && counted == 10)
            check_refusal("user_sends", 10, 86400, start + DAY - unit_store()->moment.boot_ms);
    }
    assert_int_equal(counted, 10);
    assert_int_equal(count_alice(&limits), SENDS_COUNTED);
}

static void test_a_refusal_counts_nothing(void **state)
{
    (void)state;
    /* the host is full: neither user, phone nor address may have a send less for it */
    const struct limits limits = limits_of("3/10m", "3/10m", "3/10m", "1/1m");
    assert_int_equal(count_alice(&limits), SENDS_COUNTED);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(count_alice(&limits), SENDS_REFUSED);
        check_refusal("host_sends", 1, 60, MINUTE);
    }
    assert_int_equal(rows(), 1);
    for (int i = 0; i < 2; i++) {
        unit_pass(MINUTE);
        assert_int_equal(count_alice(&limits), SENDS_COUNTED);
    }
    unit_pass(MINUTE);
    assert_int_equal(count_alice(&limits), SENDS_REFUSED);
    check_refusal("user_sends", 3, 600, 7 * MINUTE);
}

static void test_other_limits_count_what_was_sent_before(void **state)
{
    (void)state;
    const struct limits many = limits_of("50/1d", NULL, NULL, NULL);
    const struct limits few = limits_of("3/10m", NULL, NULL, "4/1h");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(count_alice(&many), SENDS_COUNTED);
        unit_pass(SECOND);
    }
    assert_int_equal(count_alice(&few), SENDS_REFUSED);
    check_refusal("host_sends", 4, 3600, HOUR - 4 * SECOND); /* the one that is for longest */
    assert_int_equal(count(&few, "bob", BOB_PHONE, ""), SENDS_REFUSED);
    check_refusal("host_sends", 4, 3600, HOUR - 4 * SECOND);
    assert_int_equal(count_alice(&many), SENDS_COUNTED);
}

/* The time that a refusal says is the first at which a send is let through. */
static void test_a_refusal_names_the_time_when_a_send_is_allowed_again(void **state)
{
    (void)state;
    const struct limits limits = limits_of("2/1m, 4/5m", "3/2m", "5/10m", "6/3m");
    static const char *const users[] = {"alice", "bob"};
    static const char *const phones[] = {ALICE_PHONE, BOB_PHONE, ""};
    static const char *const addresses[] = {"192.0.2.1", "2001:db8::", ""};
    unsigned seed = 1;
    int refused = 0;
    for (int i = 0; i < 250; i++) {
        const char *user = users[(unsigned)rand_r(&seed) % 2];
        const char *phone = phones[(unsigned)rand_r(&seed) % 3];
        const char *address = addresses[(unsigned)rand_r(&seed) % 3];
        unit_pass((int64_t)((unsigned)rand_r(&seed) % 30000));
        if (count(&limits, user, phone, address) != SENDS_REFUSED)
            continue;
        const struct sends_refusal first = refusal;
        assert_in_range(first.free_in_ms, 1, first.limit.seconds * SECOND);
        unit_pass(first.free_in_ms - 1);
        assert_int_equal(count(&limits, user, phone, address), SENDS_REFUSED);
        assert_int_equal(refusal.free_in_ms, 1);
        unit_pass(1);
        assert_int_equal(count(&limits, user, phone, address), SENDS_COUNTED);
        refused++;
    }
    assert_in_range(refused, 30, 250);
}

static void test_only_the_clock_of_the_store_expires_sends(void **state)
{
    (void)state;
    const struct limits limits = limits_of("1/10m", NULL, NULL, NULL);
    struct moment *moment = &unit_store()->moment;
    assert_int_equal(count_alice(&limits), SENDS_COUNTED);
    moment->wall_ms += 100 * DAY;
    assert_int_equal(count_alice(&limits), SENDS_REFUSED);
    moment->wall_ms -= 300 * DAY;
    assert_int_equal(count_alice(&limits), SENDS_REFUSED);
    check_refusal("user_sends", 1, 600, 10 * MINUTE);
    (void)snprintf(moment->boot, sizeof(moment->boot), "second-boot");
    moment->boot_ms = 9 * MINUTE;
    assert_int_equal(count_alice(&limits), SENDS_REFUSED);
    check_refusal("user_sends", 1, 600, MINUTE);
    unit_pass(MINUTE);
    assert_int_equal(count_alice(&limits), SENDS_COUNTED);
}

/* ---- what is not counted for everything ---- */

static void test_a_decoy_counts_only_for_the_user_and_the_address(void **state)
{
    (void)state;
    const struct limits limits = limits_of(NULL, "1/1d", NULL, "2/1d");
    for (int i = 0; i < 10; i++)
        assert_int_equal(count(&limits, "? 01", "", "192.0.2.1"), SENDS_COUNTED);
    const struct limits user = limits_of("10/1d", NULL, NULL, NULL);
    assert_int_equal(count(&user, "? 01", "", ""), SENDS_REFUSED);
    check_refusal("user_sends", 10, 86400, DAY);
    const struct limits address = limits_of(NULL, NULL, "10/1d", NULL);
    assert_int_equal(count(&address, "alice", ALICE_PHONE, "192.0.2.1"), SENDS_REFUSED);
    check_refusal("address_sends", 10, 86400, DAY);
    /* the host is free still */
    assert_int_equal(count(&limits, "alice", ALICE_PHONE, ""), SENDS_COUNTED);
    assert_int_equal(count(&limits, "bob", BOB_PHONE, ""), SENDS_COUNTED);
    /* and once it is full, a decoy is refused as anybody is */
    assert_int_equal(count(&limits, "eve", "+15550103", ""), SENDS_REFUSED);
    check_refusal("host_sends", 2, 86400, DAY);
    assert_int_equal(count(&limits, "? 01", "", "192.0.2.1"), SENDS_REFUSED);
    check_refusal("host_sends", 2, 86400, DAY);
}

static void test_a_local_login_is_not_counted_by_address(void **state)
{
    (void)state;
    const struct limits limits = limits_of(NULL, NULL, "1/1d", NULL);
    for (int i = 0; i < 10; i++)
        assert_int_equal(count(&limits, "alice", ALICE_PHONE, ""), SENDS_COUNTED);
    assert_int_equal(count(&limits, "alice", ALICE_PHONE, "192.0.2.1"), SENDS_COUNTED);
    assert_int_equal(count(&limits, "alice", ALICE_PHONE, "192.0.2.1"), SENDS_REFUSED);
    assert_int_equal(count(&limits, "alice", ALICE_PHONE, ""), SENDS_COUNTED);
}

static void test_no_user_name_equals_the_name_of_the_host_count(void **state)
{
    (void)state;
    const struct limits limits = limits_of("1/1d", NULL, "2/1d", "50/1d");
    assert_int_equal(count(&limits, "localhost", ALICE_PHONE, "localhost"), SENDS_COUNTED);
    assert_int_equal(count(&limits, "localhost", ALICE_PHONE, ""), SENDS_REFUSED);
    assert_int_equal(count(&limits, "alice", ALICE_PHONE, "localhost"), SENDS_COUNTED);
    assert_int_equal(count(&limits, "bob", ALICE_PHONE, "localhost"), SENDS_REFUSED);
    assert_int_equal(count(&limits, "bob", ALICE_PHONE, ""), SENDS_COUNTED);
}

/* ---- giving back ---- */

static void test_a_refund_frees_exactly_that_send(void **state)
{
    (void)state;
    const struct limits limits = limits_of("3/10m", "3/10m", "3/10m", "3/10m");
    char ids[3][SENDS_ID_SIZE];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(count_alice(&limits), SENDS_COUNTED);
        assert_int_equal(strlen(last_id), SENDS_ID_SIZE - 1);
        memcpy(ids[i], last_id, SENDS_ID_SIZE);
        unit_pass(MINUTE);
    }
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[1], ids[2]);
    assert_int_equal(count_alice(&limits), SENDS_REFUSED);
    give_back(last_id); /* of a send that was refused */
    give_back("");
    give_back("%");
    assert_int_equal(rows(), 3);
    give_back(ids[1]);
    give_back(ids[1]);
    assert_int_equal(rows(), 2);
    assert_int_equal(count_alice(&limits), SENDS_COUNTED);
    assert_int_equal(count_alice(&limits), SENDS_REFUSED);
    check_refusal("user_sends", 3, 600, 7 * MINUTE); /* the first one counts still */
}

static void test_sends_of_a_user_are_counted_by_their_age(void **state)
{
    (void)state;
    static const struct {
        int seconds;
        int64_t count;
    } cases[] = {{0, 0},   {1, 0},   {60, 0},  {61, 1},   {120, 1},
                 {121, 2}, {180, 2}, {181, 3}, {86400, 3}};
    const struct limits none = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(count(&none, "alice", i == 1 ? "" : ALICE_PHONE, ""), SENDS_COUNTED);
        assert_int_equal(count(&none, "bob", BOB_PHONE, ""), SENDS_COUNTED);
        unit_pass(MINUTE);
    }
    struct store *store = unit_begin(STORE_READ);
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t found = -1;
        unit_good(sends_of_user(store, "alice", cases[i].seconds, &found));
        unit_same_number(unit_format("%d s", cases[i].seconds), found, cases[i].count);
        unit_good(sends_of_user(store, "eve", cases[i].seconds, &found));
        assert_int_equal(found, 0);
    }
}

static void test_sends_of_the_host_are_the_real_ones(void **state)
{
    (void)state;
    const struct limits none = {0};
    const struct sends_about pretended = {"eve", ALICE_PHONE, "", true};
    int64_t found = -1;
    assert_int_equal(count(&none, "alice", ALICE_PHONE, ""), SENDS_COUNTED);
    unit_pass(MINUTE);
    assert_int_equal(count(&none, "bob", BOB_PHONE, ""), SENDS_COUNTED);
    assert_int_equal(sends_count(unit_begin(STORE_WRITE), &none, &pretended, last_id, &refusal),
                     SENDS_COUNTED);
    unit_commit();
    unit_pass(MINUTE);
    static const struct {
        int seconds;
        int64_t count;
    } cases[] = {{60, 0}, {61, 1}, {120, 1}, {121, 2}, {86400, 2}};
    struct store *store = unit_begin(STORE_READ);
    for (size_t i = 0; i < COUNT(cases); i++) {
        unit_good(sends_of_host(store, cases[i].seconds, &found));
        unit_same_number(unit_format("%d s", cases[i].seconds), found, cases[i].count);
    }
    store_cancel(store);
    assert_false(sends_of_host(store, 60, &found));
}

/* ---- what is kept ---- */

static void test_only_sends_that_no_window_needs_are_deleted(void **state)
{
    (void)state;
    const struct limits month = limits_of("3/10m", NULL, "9/30d", NULL);
    const struct limits hour = limits_of("9/1h", NULL, NULL, NULL);
    assert_int_equal(count_alice(&month), SENDS_COUNTED);
    unit_pass(30 * DAY - 1);
    assert_int_equal(count_alice(&month), SENDS_COUNTED);
    assert_int_equal(rows(), 2);
    unit_pass(1);
    assert_int_equal(count(&month, "bob", BOB_PHONE, ""), SENDS_COUNTED);
    assert_int_equal(rows(), 2); /* the first one went */
    /* a day is kept always: it is what an administrator is shown */
    unit_pass(DAY - 2);
    assert_int_equal(count(&hour, "bob", BOB_PHONE, ""), SENDS_COUNTED);
    assert_int_equal(rows(), 3);
    unit_pass(1);
    assert_int_equal(count(&hour, "bob", BOB_PHONE, ""), SENDS_COUNTED);
    assert_int_equal(rows(), 3);
    unit_pass(DAY);
    assert_int_equal(count(&hour, "bob", BOB_PHONE, ""), SENDS_COUNTED);
    assert_int_equal(rows(), 1);
}

/* ---- side by side ---- */

static int count_alone(int number)
{
    struct problem problem = {0};
    const struct limits limits = limits_of(NULL, NULL, NULL, "7/10m");
    char user[32];
    char phone[32];
    (void)snprintf(user, sizeof(user), "user%d", number);
    (void)snprintf(phone, sizeof(phone), "+155501%02d", number);
    const struct sends_about about = {.user = user, .phone = phone, .address = ""};
    struct store *store = store_open(unit_store()->folder, &problem);
    if (store == NULL || !store_begin(store, STORE_WRITE, &unit_store()->moment, 30000))
        return 2;
    enum sends sends = sends_count(store, &limits, &about, last_id, &refusal);
    bool good = sends != SENDS_FAILED && store_commit(store);
    store_close(store);
    return good ? sends == SENDS_REFUSED : 3;
}

static void test_fifty_simultaneous_sends_are_counted_up_to_the_limit(void **state)
{
    (void)state;
    unit_close();
    assert_int_equal(unit_side_by_side(50, count_alone), 7);
    unit_open();
    assert_int_equal(rows(), 7);
}

/* ---- failures ---- */

static void test_a_failed_read_is_not_an_answer(void **state)
{
    (void)state;
    const struct limits limits = limits_of("3/10m", NULL, NULL, NULL);
    const struct sends_about about = {"alice", ALICE_PHONE, "", false};
    struct store *store = unit_store()->store;
    int64_t found = 0;
    /* outside a transaction */
    assert_int_equal(sends_count(store, &limits, &about, last_id, &refusal), SENDS_FAILED);
    assert_false(sends_give_back(store, last_id));
    assert_false(sends_of_user(store, "alice", 60, &found));
    (void)unit_sql("DROP TABLE swmfa_send");
    (void)unit_begin(STORE_WRITE);
    assert_int_equal(sends_count(store, &limits, &about, last_id, &refusal), SENDS_FAILED);
    assert_false(store_commit(store));
    unit_check(store_problem(store)->text, strstr(store_problem(store)->text, "is damaged") != NULL,
               "that it is damaged");
}

/* ---- addresses ---- */

static void test_an_address_counts_by_its_network_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *rhost;
        const char *address;
    } cases[] = {
        {"", ""},
        {"192.0.2.1", "192.0.2.1"},
        {"255.255.255.255", "255.255.255.255"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:192.0.2.1", "192.0.2.1"},
        {"::ffff:c000:201", "192.0.2.1"},
        {"0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:DB8:1:2::1", "2001:db8:1:2::"},
        {"2001:0db8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::"},
        {"2001:db8:1:3::1", "2001:db8:1:3::"},
        {"2001:db8::1", "2001:db8::"},
        {"::1", "::"},
        {"::", "::"},
        {"::192.0.2.1", "::"},
        {"::fffe:192.0.2.1", "::"},
        {"fe80::1", "fe80::"},
        {"fe80::1%eth0", "fe80::"},
        {"fe80::abcd:2%eth0", "fe80::"},
        {"fe80::1%25", "fe80::"},
        {"2001:db8:1:2::1%eth0", "2001:db8:1:2::"},
        {"192.0.2.1%eth0", "192.0.2.1%eth0"},
        {"host.example", "host.example"},
        {"Host.Example", "Host.Example"},
        {"host%eth0", "host%eth0"},
        {"%eth0", "%eth0"},
        {"localhost", "localhost"},
        {"192.0.2", "192.0.2"},
        {"192.0.2.256", "192.0.2.256"},
        {"192.0.2.1 ", "192.0.2.1 "},
        {"192.0.2.1:22", "192.0.2.1:22"},
        {"[2001:db8::1]", "[2001:db8::1]"},
        {"2001:db8::1::2", "2001:db8::1::2"},
        {"2001:db8::12345", "2001:db8::12345"},
        {"2001:db8:1:2:3:4:5:6:7", "2001:db8:1:2:3:4:5:6:7"},
        {":", ":"},
        {"\xff\n%s%n", "\xff\n%s%n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char address[1088];
        memset(address, 'x', sizeof(address));
        sends_address(cases[i].rhost, address, sizeof(address));
        unit_same_text(cases[i].rhost, address, cases[i].address);
    }
}

static void test_a_long_address_is_cut_to_its_buffer(void **state)
{
    (void)state;
    char rhost[2048];
    char address[64];
    unit_repeat(rhost, sizeof(rhost), "x", 2000);
    sends_address(rhost, address, sizeof(address));
    assert_int_equal(strlen(address), sizeof(address) - 1);
    unit_repeat(rhost, sizeof(rhost), "2001:db8:", 200);
    sends_address(rhost, address, sizeof(address));
    assert_int_equal(strlen(address), sizeof(address) - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_limits_every_send_is_counted),
        TEST(test_each_scope_has_its_limits),
        TEST(test_a_send_expires_when_it_is_as_old_as_its_window),
        TEST(test_every_limit_of_a_list_applies),
        TEST(test_a_refusal_counts_nothing),
        TEST(test_other_limits_count_what_was_sent_before),
        TEST(test_a_refusal_names_the_time_when_a_send_is_allowed_again),
        TEST(test_only_the_clock_of_the_store_expires_sends),
        TEST(test_a_decoy_counts_only_for_the_user_and_the_address),
        TEST(test_a_local_login_is_not_counted_by_address),
        TEST(test_no_user_name_equals_the_name_of_the_host_count),
        TEST(test_a_refund_frees_exactly_that_send),
        TEST(test_sends_of_a_user_are_counted_by_their_age),
        TEST(test_sends_of_the_host_are_the_real_ones),
        TEST(test_only_sends_that_no_window_needs_are_deleted),
        TEST(test_fifty_simultaneous_sends_are_counted_up_to_the_limit),
        TEST(test_a_failed_read_is_not_an_answer),
        cmocka_unit_test(test_an_address_counts_by_its_network_prefix),
        cmocka_unit_test(test_a_long_address_is_cut_to_its_buffer),
    };
    alarm(300); /* a transaction that waits for itself is killed */
    return cmocka_run_group_tests_name("sends", tests, unit_make_folder, unit_remove_folder);
}
