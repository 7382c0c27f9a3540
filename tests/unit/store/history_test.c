/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/history: which logins are recorded, for how long, how many, and how they are read.
 */
#include "unit_store.h"

#include "store/history.h"

#define CLEANED 16 /* logins after which what is old is gone */

static const struct history_login sample = {
    .user = "alice",
    .service = "sshd",
    .rhost = "192.0.2.7",
    .result = "success",
    .reason = "verified",
    .channel = "sms",
    .provider = "signalwire",
    .request = "0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab",
    .number = "82",
    .tries = 2,
    .sends = 3,
    .ms = 4711,
    .sent = "signalwire:sms? bandwidth:call",
    .detail = "a detail, \\\"quoted\\\"",
};

static void add(const struct history_login *login)
{
    int64_t id = 0;
    unit_good(history_add(unit_begin(STORE_RELAX), login, &id));
    unit_commit();
}

static void add_many(const struct history_login *login, int count)
{
    for (int i = 0; i < count; i++)
        add(login);
}

/* The ids that history_each gives, "1 2 3"; until as many as most. */
struct seen {
    char ids[4096];
    int most;
    struct history_login last; /* but for its texts */
};

static bool see(const struct history_login *login, void *context)
{
    struct seen *seen = context;
    size_t used = strlen(seen->ids);
    (void)snprintf(seen->ids + used, sizeof(seen->ids) - used, "%s%lld", used > 0 ? " " : "",
                   (long long)login->id);
    seen->last = *login;
    return --seen->most > 0;
}

static const char *ids(int64_t after, int64_t since, int most)
{
    static struct seen seen;
    seen = (struct seen){.most = most};
    struct store *store = unit_begin(STORE_READ);
    unit_good(history_each(store, after, since, see, &seen));
    store_cancel(store);
    return seen.ids;
}

static const char *all(void)
{
    return ids(0, 0, 1000);
}

static bool same(const struct history_login *login, void *context)
{
    *(int *)context += 1;
    unit_same_text("user", login->user, sample.user);
    unit_same_text("service", login->service, sample.service);
    unit_same_text("rhost", login->rhost, sample.rhost);
    unit_same_text("result", login->result, sample.result);
    unit_same_text("reason", login->reason, sample.reason);
    unit_same_text("channel", login->channel, sample.channel);
    unit_same_text("provider", login->provider, sample.provider);
    unit_same_text("request", login->request, sample.request);
    unit_same_text("number", login->number, sample.number);
    unit_same_text("sent", login->sent, sample.sent);
    unit_same_text("detail", login->detail, sample.detail);
    unit_same_number("tries", login->tries, 2);
    unit_same_number("sends", login->sends, 3);
    unit_same_number("ms", login->ms, 4711);
    unit_same_number("id", login->id, 1);
    unit_same_number("at", login->at_wall_ms, UNIT_WALL);
    return true;
}

static void test_an_added_login_is_read_back(void **state)
{
    (void)state;
    int count = 0;
    unit_same_text("empty", all(), "");
    add(&sample);
    unit_good(history_each(unit_begin(STORE_READ), 0, 0, same, &count));
    unit_good(history_last(unit_store()->store, "alice", same, &count));
    unit_good(history_last(unit_store()->store, "bob", same, &count));
    store_cancel(unit_store()->store);
    assert_int_equal(count, 2);
}

static void test_long_texts_are_stored_whole(void **state)
{
    (void)state;
    char user[HISTORY_USER_SIZE];
    char detail[1400];
    struct seen seen = {.most = 1};
    struct history_login login = sample;
    login.user = unit_repeat(user, sizeof(user), "u", sizeof(user) - 1);
    login.detail = unit_repeat(detail, sizeof(detail), "d", sizeof(detail) - 1);
    add(&login);
    unit_good(history_last(unit_begin(STORE_READ), user, see, &seen));
    store_cancel(unit_store()->store);
    unit_same_text("found by the name", seen.ids, "1");
    assert_string_equal(unit_sql("SELECT length(detail) FROM swmfa_login"), "1399");
}

static void test_the_list_can_be_read_from_any_row(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        add(&sample);
        unit_pass(MINUTE);
    }
    unit_same_text("all", all(), "1 2 3 4 5 6");
    unit_same_text("after", ids(2, 0, 1000), "3 4 5 6");
    unit_same_text("after all", ids(6, 0, 1000), "");
    unit_same_text("since", ids(0, UNIT_WALL + 4 * MINUTE, 1000), "5 6");
    unit_same_text("since, almost", ids(0, UNIT_WALL + 4 * MINUTE + 1, 1000), "6");
    unit_same_text("both", ids(5, UNIT_WALL + MINUTE, 1000), "6");
    unit_same_text("some", ids(0, 0, 2), "1 2");
}

static void test_the_last_login_is_that_of_the_user(void **state)
{
    (void)state;
    struct history_login bob = sample;
    struct seen seen = {.most = 1};
    bob.user = "bob";
    add_many(&sample, 2);
    add(&bob);
    unit_good(history_last(unit_begin(STORE_READ), "alice", see, &seen));
    store_cancel(unit_store()->store);
    unit_same_text("alice's", seen.ids, "2");
}

/* ---- how long ---- */

static void test_a_login_is_kept_for_90_days(void **state)
{
    (void)state;
    add(&sample);
    unit_pass(HISTORY_DAYS * DAY);
    add_many(&sample, CLEANED);
    unit_check("on its last day", strncmp(all(), "1 2 ", 4) == 0, "1 2 ...");
    unit_pass(1);
    add_many(&sample, CLEANED);
    unit_check("after it", strncmp(all(), "2 3 ", 4) == 0, "2 3 ...");
}

static void test_old_logins_are_deleted_in_small_steps(void **state)
{
    (void)state;
    (void)unit_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
        "INSERT INTO swmfa_login SELECT i, 1000, 'a', '', '', '', '', '', '', '', '', 0, "
        "0, 0, '', '' FROM n");
    add_many(&sample, CLEANED);
    unit_same_text("after some", unit_sql("SELECT COUNT(*) FROM swmfa_login WHERE user_name = 'a'"),
                   "744");
    add_many(&sample, 3 * CLEANED);
    unit_same_text("after more", unit_sql("SELECT COUNT(*) FROM swmfa_login WHERE user_name = 'a'"),
                   "0");
}

/* One that a wrong clock has dated must not keep the old ones that follow it. */
static void test_a_login_in_the_future_does_not_keep_old_ones(void **state)
{
    (void)state;
    struct moment right = unit_store()->moment;
    unit_store()->moment.wall_ms += 10000 * DAY;
    add(&sample);
    unit_store()->moment = right;
    (void)unit_sql(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "
        "INSERT INTO swmfa_login SELECT i, 1000, 'a', '', '', '', '', '', '', '', '', 0, "
        "0, 0, '', '' FROM n");
    add_many(&sample, 4 * CLEANED);
    unit_same_text("old ones", unit_sql("SELECT COUNT(*) FROM swmfa_login WHERE user_name = 'a'"),
                   "0");
}

/* A host that begins in 1970, and knows better later: the others stay. */
static void test_a_login_of_1970_does_not_delete_others(void **state)
{
    (void)state;
    struct moment right = unit_store()->moment;
    add(&sample);
    unit_store()->moment.wall_ms = 1000;
    add(&sample);
    unit_store()->moment = right;
    add_many(&sample, CLEANED);
    unit_check("the one of 1970 alone", strncmp(all(), "1 3 4 ", 6) == 0, "1 3 4 ...");
}

static void test_the_number_of_logins_is_bounded(void **state)
{
    (void)state;
    (void)unit_sql(
        unit_format("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
                    "i < %d) INSERT INTO swmfa_login SELECT i, %lld, 'a', '', '', '', '', "
                    "'', '', '', '', 0, 0, 0, '', '' FROM n",
                    HISTORY_MOST, (long long)UNIT_WALL));
    add_many(&sample, 10 * CLEANED);
    long count = strtol(unit_sql("SELECT COUNT(*) FROM swmfa_login"), NULL, 10);
    assert_in_range(count, HISTORY_MOST, HISTORY_MOST + CLEANED);
    unit_same_text("the newest", unit_sql("SELECT MAX(id) FROM swmfa_login"), "100160");
}

/* ---- the line, and the codes that were sent ---- */

static void test_a_row_prints_the_line_of_the_log(void **state)
{
    (void)state;
    char line[2048];
    unit_same_text("all", history_write(&sample, line, sizeof(line)),
                   "user=alice service=sshd rhost=192.0.2.7 result=success reason=verified "
                   "channel=sms provider=signalwire request=0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab "
                   "number=*82 tries=2 sends=3 ms=4711 detail=\"a detail, \\\"quoted\\\"\"");
    const struct history_login none = {.user = "",
                                       .service = "",
                                       .rhost = "",
                                       .result = "error",
                                       .reason = "store",
                                       .channel = "",
                                       .provider = "",
                                       .request = "",
                                       .number = "",
                                       .sent = "",
                                       .detail = ""};
    unit_same_text("nothing", history_write(&none, line, sizeof(line)),
                   "user=- service=- rhost=- result=error reason=store channel=- provider=- "
                   "request=- number=- tries=0 sends=0 ms=0");
}

static void test_sent_codes_are_read_word_by_word(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words; /* PROVIDER/CHANNEL/CERTAIN, a blank after each */
    } cases[] = {
        {"", ""},
        {"  ", ""},
        {"signalwire:sms", "signalwire/sms/1 "},
        {"signalwire:sms?", "signalwire/sms/0 "},
        {"signalwire:sms? bandwidth:call", "signalwire/sms/0 bandwidth/call/1 "},
        {" a:b  c:d? ", "a/b/1 c/d/0 "},
        {"a", "a//1 "},
        {"?", "//0 "},
        {":", "//1 "},
        {"a:", "a//1 "},
        {"a:b:c", "a/b:c/1 "},
        {"a-provider-with-a-name-that-is-too-long-to-be-one:sms",
         "a-provider-with-a-name-that-is-//1 "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char found[256] = "";
        const char *at = cases[i].text;
        struct history_sent sent;
        while (history_next_sent(&at, &sent))
            (void)snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s/%s/%d ",
                           sent.provider, sent.channel, sent.certain);
        unit_same_text(cases[i].text, found, cases[i].words);
    }
}

/* ---- others, and failures ---- */

static int add_alone(int number)
{
    struct problem problem = {0};
    int64_t id = 0;
    (void)number;
    struct store *store = store_open(unit_store()->folder, &problem);
    bool good = store != NULL;
    for (int i = 0; i < 10; i++)
        good = good && store_begin(store, STORE_RELAX, NULL, 10000) &&
               history_add(store, &sample, &id) && store_commit(store);
    store_close(store);
    return !good;
}

static void test_simultaneous_logins_have_a_row_each(void **state)
{
    (void)state;
    unit_close();
    assert_int_equal(unit_side_by_side(20, add_alone), 20);
    unit_open();
    unit_same_text("rows, first, last",
                   unit_sql("SELECT COUNT(*) || ' ' || MIN(id) || ' ' || MAX(id) FROM swmfa_login"),
                   "200 1 200");
}

static void test_without_its_table_nothing_is_added(void **state)
{
    (void)state;
    (void)unit_sql("ALTER TABLE swmfa_login RENAME TO elsewhere");
    int64_t id = 0;
    assert_false(history_add(unit_begin(STORE_RELAX), &sample, &id));
    assert_false(store_commit(unit_store()->store));
    assert_non_null(strstr(store_problem(unit_store()->store)->text, "swmfa_login"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_added_login_is_read_back),
        TEST(test_long_texts_are_stored_whole),
        TEST(test_the_list_can_be_read_from_any_row),
        TEST(test_the_last_login_is_that_of_the_user),
        TEST(test_a_login_is_kept_for_90_days),
        TEST(test_old_logins_are_deleted_in_small_steps),
        TEST(test_a_login_in_the_future_does_not_keep_old_ones),
        TEST(test_a_login_of_1970_does_not_delete_others),
        TEST(test_the_number_of_logins_is_bounded),
        cmocka_unit_test(test_a_row_prints_the_line_of_the_log),
        cmocka_unit_test(test_sent_codes_are_read_word_by_word),
        TEST(test_simultaneous_logins_have_a_row_each),
        TEST(test_without_its_table_nothing_is_added),
    };
    return cmocka_run_group_tests_name("history", tests, unit_make_folder, unit_remove_folder);
}
