/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/remember: which logins need no new code, where, and how long by which clock. */
#include "unit_store.h"

#include "store/remember.h"

#define HOURS8 (8 * 60 * 60) /* seconds */
#define STEP   (5 * MINUTE)  /* so far back the time of day may be corrected */

static const struct remember_about alice = {"alice", "sshd", "host 192.0.2.1", "+15550101"};

static void add(const struct remember_about *about, int seconds)
{
    unit_good(remember_add(unit_begin(STORE_WRITE), about, seconds));
    unit_commit();
}

static int64_t look(const struct remember_about *about)
{
    int64_t left = -1;
    struct store *store = unit_begin(STORE_READ);
    unit_good(remember_look(store, about, 30 * 86400, &left));
    store_cancel(store);
    return left;
}

static int64_t count(const char *user)
{
    int64_t found = -1;
    struct store *store = unit_begin(STORE_READ);
    unit_good(remember_count(store, user, &found));
    store_cancel(store);
    return found;
}

static int64_t forget(const char *user)
{
    int64_t found = -1;
    unit_good(remember_forget(unit_begin(STORE_WRITE), user, &found));
    unit_commit();
    return found;
}

/* For how long alice is remembered; what counts must say the same. */
static void check(const char *what, int64_t left)
{
    unit_same_number(what, look(&alice), left);
    unit_same_number(what, count("alice"), left > 0);
}

/* A setting that has become shorter holds for what was remembered before it. */
static void test_a_shorter_time_takes_effect_immediately(void **state)
{
    (void)state;
    int64_t left = -1;
    add(&alice, 3600);
    unit_pass(10 * MINUTE);
    struct store *store = unit_begin(STORE_READ);
    unit_good(remember_look(store, &alice, 1200, &left));
    assert_int_equal(left, 10 * MINUTE);
    unit_good(remember_look(store, &alice, 600, &left));
    assert_int_equal(left, 0);
    unit_good(remember_look(store, &alice, 7200, &left)); /* a longer one does not */
    assert_int_equal(left, 50 * MINUTE);
    store_cancel(store);
}

static void test_only_an_added_login_is_remembered(void **state)
{
    (void)state;
    check("nobody", 0);
    assert_int_equal(forget("alice"), 0);
}

static void test_a_login_is_remembered_to_the_millisecond(void **state)
{
    (void)state;
    add(&alice, HOURS8);
    check("immediately", 8 * HOUR);
    unit_pass(8 * HOUR - 1);
    check("before the end", 1);
    unit_pass(1);
    check("at the end", 0);
    unit_pass(100 * DAY);
    check("long after", 0);
}

static void test_a_lookup_does_not_extend_a_remembered_login_and_adding_does(void **state)
{
    (void)state;
    add(&alice, HOURS8);
    unit_pass(7 * HOUR);
    check("later", HOUR);
    check("and once more", HOUR);
    add(&alice, HOURS8);
    check("again", 8 * HOUR);
    add(&alice, 60);
    check("the last one counts", MINUTE);
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_remembered"), "1");
}

static void test_every_part_of_the_origin_must_match(void **state)
{
    (void)state;
    static const struct remember_about others[] = {
        {"bob", "sshd", "host 192.0.2.1", "+15550101"},
        {"Alice", "sshd", "host 192.0.2.1", "+15550101"},
        {"alice", "sudo", "host 192.0.2.1", "+15550101"},
        {"alice", "", "host 192.0.2.1", "+15550101"},
        {"alice", "sshd", "host 192.0.2.10", "+15550101"},
        {"alice", "sshd", "host 192.0.2", "+15550101"},
        {"alice", "sshd", "", "+15550101"},
        {"alice", "sshd", "%", "+15550101"},
        {"alice", "sshd", "host 192.0.2.1", "+15550102"},
        {"alice", "sshd", "host 192.0.2.1", "+1555010"},
        {"alice", "sshd", "host 192.0.2.1", ""},
    };
    add(&alice, HOURS8);
    for (size_t i = 0; i < COUNT(others); i++)
        unit_same_number(unit_format("case %zu", i), look(&others[i]), 0);
    check("alice", 8 * HOUR);
    assert_int_equal(count("bob"), 0);
}

static void test_with_another_number_the_login_is_not_remembered(void **state)
{
    (void)state;
    struct remember_about moved = alice;
    moved.phone = "+15550102";
    add(&alice, HOURS8);
    add(&moved, 60);
    assert_int_equal(look(&alice), 0);
    assert_int_equal(look(&moved), MINUTE);
    assert_int_equal(count("alice"), 1);
}

/* ---- clocks ---- */

static void test_setting_the_time_of_day_forward_ends_a_remembered_login(void **state)
{
    (void)state;
    struct moment *moment = &unit_store()->moment;
    add(&alice, HOURS8);
    moment->wall_ms += 2 * HOUR;
    check("two hours", 6 * HOUR);
    moment->wall_ms += 6 * HOUR - 1;
    check("to the end", 1);
    moment->wall_ms += 1;
    check("the end", 0);
    moment->wall_ms += DAY;
    check("a day", 0);
}

static void test_setting_the_time_of_day_back_ends_a_remembered_login(void **state)
{
    (void)state;
    struct moment *moment = &unit_store()->moment;
    add(&alice, HOURS8);
    moment->wall_ms = UNIT_WALL - STEP;
    check("a correction", 8 * HOUR);
    moment->wall_ms = UNIT_WALL - STEP - 1;
    check("more than a correction", 0);
    moment->wall_ms = UNIT_WALL - DAY;
    check("a day", 0);
    moment->wall_ms = 0;
    check("a host without a clock", 0);
}

/* Whatever is done to the time of day, it is not longer than the host was up. */
static void test_setting_the_time_of_day_back_never_extends_a_remembered_login(void **state)
{
    (void)state;
    struct moment *moment = &unit_store()->moment;
    unsigned seed = 1;
    int remembered = 0;
    add(&alice, HOURS8);
    for (int64_t up = 0; up < 10 * HOUR; up += 5 * MINUTE) {
        unit_pass(5 * MINUTE);
        int64_t truth = moment->wall_ms;
        moment->wall_ms += ((int64_t)((unsigned)rand_r(&seed) % 960) - 480) * MINUTE;
        int64_t left = look(&alice);
        assert_in_range(left, 0, 8 * HOUR);
        unit_check("time", left == 0 || left <= 8 * HOUR - up - 5 * MINUTE, "no more than is left");
        unit_same_number("count", count("alice"), left > 0);
        remembered += left > 0;
        moment->wall_ms = truth;
    }
    assert_in_range(remembered, 10, 96);
}

static void test_a_remembered_login_expires_while_the_host_is_off(void **state)
{
    (void)state;
    struct moment *moment = &unit_store()->moment;
    add(&alice, HOURS8);
    unit_pass(HOUR);
    check("up for an hour", 7 * HOUR);
    (void)snprintf(moment->boot, sizeof(moment->boot), "second-boot");
    moment->boot_ms = 30 * SECOND;
    moment->wall_ms += 2 * HOUR;
    check("off for two", 5 * HOUR);
    moment->wall_ms += 5 * HOUR;
    check("off for seven", 0);
}

/* ---- places ---- */

static void test_the_origin_of_a_login_is_its_host_or_terminal(void **state)
{
    (void)state;
    static const struct {
        struct remember_origin origin;
        const char *place;
    } cases[] = {
        {{"192.0.2.1", "", 0, 0, 0}, "host 192.0.2.1"},
        {{"192.0.2.1", "ssh", 0, 7, 9}, "host 192.0.2.1"},
        {{"host.example", "/dev/pts/1", 0, 7, 9}, "host host.example"},
        {{"", "/dev/pts/1", 1000, 7, 9}, "boot first-boot uid 1000 session 7.9 tty /dev/pts/1"},
        {{"", "/dev/pts/1", 0, 7, 0}, "boot first-boot uid 0 session 7.0 tty /dev/pts/1"},
        {{"", "/dev/pts/1", 1000, 0, 0}, ""},
        {{"", "", 1000, 7, 9}, ""},
        /* sudo with pam_rhost: the name of this host, and of any session on it */
        {{"host.example", "/dev/pts/1", 1000, 7, 9},
         "boot first-boot uid 1000 session 7.9 tty /dev/pts/1"},
        {{"host.example", "", 1000, 7, 9}, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char place[REMEMBER_PLACE_SIZE];
        memset(place, 'x', sizeof(place));
        unit_same_number(cases[i].place,
                         remember_place(&cases[i].origin, &unit_store()->moment, place),
                         *cases[i].place != '\0');
        unit_same_text("place", place, cases[i].place);
    }
}

static void test_a_terminal_of_another_boot_is_another_origin(void **state)
{
    (void)state;
    char before[REMEMBER_PLACE_SIZE];
    char after[REMEMBER_PLACE_SIZE];
    struct moment *moment = &unit_store()->moment;
    struct remember_about about = alice;
    const struct remember_origin on_tty1 = {"", "tty1", 1000, 7, 9};
    assert_true(remember_place(&on_tty1, moment, before));
    about.place = before;
    add(&about, HOURS8);
    assert_int_equal(look(&about), 8 * HOUR);
    (void)snprintf(moment->boot, sizeof(moment->boot), "second-boot");
    moment->boot_ms = 10 * SECOND;
    assert_true(remember_place(&on_tty1, moment, after));
    about.place = after;
    assert_int_equal(look(&about), 0);
}

static void test_a_long_host_is_stored_whole(void **state)
{
    (void)state;
    char rhost[1088]; /* as long as the helper takes it */
    char one[REMEMBER_PLACE_SIZE];
    char other[REMEMBER_PLACE_SIZE];
    struct remember_about about = alice;
    unit_repeat(rhost, sizeof(rhost), "x", sizeof(rhost) - 1);
    const struct remember_origin origin = {.rhost = rhost, .tty = ""};
    assert_true(remember_place(&origin, &unit_store()->moment, one));
    rhost[sizeof(rhost) - 2] = 'y';
    assert_true(remember_place(&origin, &unit_store()->moment, other));
    about.place = one;
    add(&about, HOURS8);
    assert_int_equal(look(&about), 8 * HOUR);
    about.place = other;
    assert_int_equal(look(&about), 0);
}

/* ---- many ---- */

static void test_several_origins_of_several_users_are_remembered(void **state)
{
    (void)state;
    struct remember_about about = alice;
    char place[64];
    about.place = place;
    for (int i = 0; i < 5; i++) {
        (void)snprintf(place, sizeof(place), "host 192.0.2.%d", i);
        about.user = "alice";
        add(&about, 60 * (i + 1));
        about.user = "bob";
        add(&about, 600);
    }
    assert_int_equal(count("alice"), 5);
    unit_pass(2 * MINUTE);
    assert_int_equal(count("alice"), 3);
    assert_int_equal(count("bob"), 5);
    assert_int_equal(forget("alice"), 5); /* past ones included */
    assert_int_equal(forget("alice"), 0);
    assert_int_equal(count("alice"), 0);
    assert_int_equal(look(&about), 8 * MINUTE);
    assert_int_equal(count("bob"), 5);
}

static void test_adding_deletes_expired_logins(void **state)
{
    (void)state;
    struct remember_about other = alice;
    other.user = "bob";
    add(&alice, 60);
    unit_pass(MINUTE - 1);
    add(&other, 60);
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_remembered"), "2");
    unit_pass(1);
    add(&other, 60);
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_remembered"), "1");
}

/* ---- one by one ---- */

static bool write_place(const struct remembered *place, void *context)
{
    char *all = context;
    (void)snprintf(all + strlen(all), 1024 - strlen(all), "%s,%s,%s,%u,%d,%lld|", place->service,
                   place->rhost, place->tty, place->caller_uid, place->rebooted,
                   (long long)place->left_ms);
    return strstr(all, "stop") == NULL;
}

static const char *places_of(const char *user)
{
    static char all[1024];
    all[0] = '\0';
    unit_good(remember_each(unit_begin(STORE_READ), user, write_place, all));
    store_cancel(unit_store()->store);
    return all;
}

static void add_place(const char *service, const char *rhost, const char *tty, int seconds)
{
    char place[REMEMBER_PLACE_SIZE];
    const struct remember_about about = {"alice", service, place, "+15550101"};
    const struct remember_origin origin = {rhost, tty, *rhost != '\0' ? 0 : 1000, 7, 9};
    assert_true(remember_place(&origin, &unit_store()->moment, place));
    add(&about, seconds);
}

static void test_remembered_logins_are_read_one_by_one(void **state)
{
    (void)state;
    unit_same_text("none", places_of("alice"), "");
    add_place("sudo", "", "/dev/pts/1", 60);
    add_place("sshd", "192.0.2.1", "ssh", 3600);
    add_place("sshd", "a tty b", "", 120);
    unit_same_text("all", places_of("alice"),
                   "sshd,192.0.2.1,,0,0,3600000|sshd,a tty b,,0,0,120000|"
                   "sudo,,/dev/pts/1,1000,0,60000|");
    unit_same_text("another one's", places_of("bob"), "");
    (void)snprintf(unit_store()->moment.boot, sizeof(unit_store()->moment.boot), "second-boot");
    unit_store()->moment.boot_ms = SECOND;
    unit_check("of another boot", strstr(places_of("alice"), "sudo,,/dev/pts/1,1000,1,") != NULL,
               "that it was booted");
    unit_pass(MINUTE);
    unit_check("past", strstr(places_of("alice"), "sudo") == NULL, "none that is over");
}

static void test_a_reader_of_remembered_logins_can_stop(void **state)
{
    (void)state;
    add_place("a", "192.0.2.1", "", 60);
    add_place("stop", "192.0.2.1", "", 60);
    add_place("z", "192.0.2.1", "", 60);
    unit_same_text("two", places_of("alice"), "a,192.0.2.1,,0,0,60000|stop,192.0.2.1,,0,0,60000|");
}

static void test_a_failed_read_is_not_an_answer(void **state)
{
    (void)state;
    struct store *store = unit_store()->store;
    int64_t number = 0;
    add(&alice, HOURS8);
    assert_false(remember_look(store, &alice, 30 * 86400, &number));
    assert_false(remember_count(store, "alice", &number));
    assert_false(remember_add(store, &alice, 60));
    assert_false(remember_forget(store, "alice", &number));
    check("as it was", 8 * HOUR);
    (void)unit_sql("DROP TABLE swmfa_remembered");
    (void)unit_begin(STORE_READ);
    number = 1;
    assert_false(remember_look(store, &alice, 30 * 86400, &number));
    assert_int_equal(number, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_shorter_time_takes_effect_immediately),
        TEST(test_only_an_added_login_is_remembered),
        TEST(test_a_login_is_remembered_to_the_millisecond),
        TEST(test_a_lookup_does_not_extend_a_remembered_login_and_adding_does),
        TEST(test_every_part_of_the_origin_must_match),
        TEST(test_with_another_number_the_login_is_not_remembered),
        TEST(test_setting_the_time_of_day_forward_ends_a_remembered_login),
        TEST(test_setting_the_time_of_day_back_ends_a_remembered_login),
        TEST(test_setting_the_time_of_day_back_never_extends_a_remembered_login),
        TEST(test_a_remembered_login_expires_while_the_host_is_off),
        TEST(test_the_origin_of_a_login_is_its_host_or_terminal),
        TEST(test_a_terminal_of_another_boot_is_another_origin),
        TEST(test_a_long_host_is_stored_whole),
        TEST(test_several_origins_of_several_users_are_remembered),
        TEST(test_adding_deletes_expired_logins),
        TEST(test_remembered_logins_are_read_one_by_one),
        TEST(test_a_reader_of_remembered_logins_can_stop),
        TEST(test_a_failed_read_is_not_an_answer),
    };
    alarm(300);
    return cmocka_run_group_tests_name("remember", tests, unit_make_folder, unit_remove_folder);
}
