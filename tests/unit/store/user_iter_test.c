/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/user_iter: every user in the store is found, once, in order. */
#include "unit_store.h"

#include "store/user_iter.h"

/* All names, "alice|bob". */
static const char *all(void)
{
    static char names[4096];
    char name[USER_ITER_NAME_SIZE] = "";
    struct store *store = unit_begin(STORE_READ);
    names[0] = '\0';
    for (;;) {
        unit_good(user_iter_next(store, name, name));
        if (*name == '\0')
            break;
        (void)snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
                       *names != '\0' ? "|" : "", name);
    }
    store_cancel(store);
    return names;
}

static void test_an_empty_store_has_no_users(void **state)
{
    (void)state;
    unit_same_text("empty", all(), "");
}

static void test_users_of_every_table_are_found(void **state)
{
    (void)state;
    (void)unit_sql("INSERT INTO swmfa_try VALUES ('trier', 1, 0, 0);"
                   "INSERT INTO swmfa_send VALUES ('x', 0, 'sender', '', '', '');"
                   "INSERT INTO swmfa_code VALUES ('coder', 0, '');"
                   "INSERT INTO swmfa_remembered VALUES ('placer', '', '', '', 0, 0, 0);"
                   "INSERT INTO swmfa_pass VALUES ('passer', 0, 0, 0, '');");
    unit_same_text("all", all(), "coder|passer|placer|sender|trier");
}

static void test_a_user_in_several_tables_or_rows_is_found_once(void **state)
{
    (void)state;
    (void)unit_sql("INSERT INTO swmfa_try VALUES ('alice', 1, 0, 0), ('carol', 1, 0, 0);"
                   "INSERT INTO swmfa_send VALUES ('x', 0, 'alice', '', '', ''), "
                   "('y', 1, 'alice', '', '', ''), ('z', 0, 'bob', '', '', '');"
                   "INSERT INTO swmfa_pass VALUES ('alice', 0, 0, 0, ''), ('bob', 0, 0, 0, '');");
    unit_same_text("all", all(), "alice|bob|carol");
}

static void test_every_name_is_found(void **state)
{
    (void)state;
    char name[512];
    (void)unit_sql("INSERT INTO swmfa_try VALUES ('? 42', 1, 0, 0), ('ALICE', 1, 0, 0), "
                   "('alice', 1, 0, 0), (' ', 1, 0, 0), ('\303\244', 1, 0, 0)");
    unit_same_text("bytes", all(), " |? 42|ALICE|alice|\303\244");
    (void)unit_sql("DELETE FROM swmfa_try");
    (void)unit_sql(unit_format("INSERT INTO swmfa_try VALUES ('%s', 1, 0, 0), ('y', 1, 0, 0)",
                               unit_repeat(name, sizeof(name), "x", 511)));
    unit_same_text("long", all(), unit_format("%s|y", name));
}

static void test_a_missing_table_is_an_error(void **state)
{
    (void)state;
    char name[USER_ITER_NAME_SIZE] = "";
    (void)unit_sql("ALTER TABLE swmfa_code RENAME TO elsewhere");
    assert_false(user_iter_next(unit_begin(STORE_READ), "", name));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_empty_store_has_no_users),
        TEST(test_users_of_every_table_are_found),
        TEST(test_a_user_in_several_tables_or_rows_is_found_once),
        TEST(test_every_name_is_found),
        TEST(test_a_missing_table_is_an_error),
    };
    return cmocka_run_group_tests_name("user_iter", tests, unit_make_folder, unit_remove_folder);
}
