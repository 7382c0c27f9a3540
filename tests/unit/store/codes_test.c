/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of store/codes: what a code looks like, how it is read, and that each works once. */
#include "unit_store.h"

#include "store/codes.h"

#include <time.h>

#define LETTERS "0123456789abcdefghjkmnpqrstvwxyz"

/* Made once: a hash takes its time. */
static struct codes codes;
static struct codes others;

static int make(void **state)
{
    struct problem problem = {0};
    bool good = codes_make(&codes, &problem) && codes_make(&others, &problem);
    if (!good)
        print_error("%s\n", problem.text);
    return good ? unit_make_folder(state) : -1;
}

static void replace(const char *user, const struct codes *by)
{
    unit_good(codes_replace(unit_begin(STORE_WRITE), user, by));
    unit_commit();
}

/* The hash that is kept, good until the next call. */
static const char *hash_of(const char *user, const char *code)
{
    static char hash[CODES_HASH_SIZE];
    memset(hash, 'x', sizeof(hash));
    struct store *store = unit_begin(STORE_READ);
    unit_good(codes_hash(store, user, code, hash));
    store_cancel(store);
    return hash;
}

static bool use(const char *user, const char *code, const char *hash)
{
    bool used = !*hash; /* whatever is not what it must become */
    unit_good(codes_use(unit_begin(STORE_WRITE), user, code, hash, &used));
    unit_commit();
    return used;
}

static int64_t left(const char *user)
{
    int64_t count = -1;
    struct store *store = unit_begin(STORE_READ);
    unit_good(codes_left(store, user, &count));
    store_cancel(store);
    return count;
}

/* ---- making ---- */

static void check_shape(const struct codes *made)
{
    for (int i = 0; i < CODES_COUNT; i++) {
        const char *code = made->code[i];
        assert_int_equal(strlen(code), 21);
        assert_int_equal(strspn(code, LETTERS), 21);
        assert_int_equal(code[0], '0' + i);
        assert_int_equal(strncmp(made->hash[i], "$y$", 3), 0);
        assert_in_range(strlen(made->hash[i]), 60, CODES_HASH_SIZE - 1);
        assert_null(strstr(made->hash[i], code + 1));
    }
}

static void test_codes_have_their_shape(void **state)
{
    (void)state;
    check_shape(&codes);
    check_shape(&others);
}

static void test_codes_and_salts_are_all_different(void **state)
{
    (void)state;
    char code[2 * CODES_COUNT][CODES_CODE_SIZE];
    char hash[2 * CODES_COUNT][CODES_HASH_SIZE];
    memcpy(code, codes.code, sizeof(codes.code));
    memcpy(code + CODES_COUNT, others.code, sizeof(others.code));
    memcpy(hash, codes.hash, sizeof(codes.hash));
    memcpy(hash + CODES_COUNT, others.hash, sizeof(others.hash));
    for (int i = 0; i < 2 * CODES_COUNT; i++)
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(code[i] + 1, code[j] + 1);
            /* $y$ parameters $ salt of 22 $ */
            assert_int_not_equal(strncmp(hash[i], hash[j], strlen("$y$j9T$") + 22), 0);
        }
    /* of 400 characters each of the alphabet; one is missed once in 10^4 runs */
    size_t seen = 0;
    for (size_t letter = 0; letter < 32; letter++)
        for (int i = 0; i < 2 * CODES_COUNT; i++)
            if (strchr(code[i] + 1, LETTERS[letter]) != NULL) {
                seen++;
                break;
            }
    assert_in_range(seen, 28, 32);
}

/* ---- reading ---- */

static void test_a_typed_code_is_read_in_every_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *code; /* NULL: it has not the form of one */
    } cases[] = {
        {"0abcdefghjkmnpqrstvwx", "0abcdefghjkmnpqrstvwx"},
        {"0ABCDEFGHJKMNPQRSTVWX", "0abcdefghjkmnpqrstvwx"},
        {"9yz012345678901234567", "9yz012345678901234567"},
        {"0-abcde-fghjk-mnpqr-stvwx", "0abcdefghjkmnpqrstvwx"},
        {"0abcde fghjk mnpqr stvwx", "0abcdefghjkmnpqrstvwx"},
        {"  0abcde\tfghjk - mnpqr--stvwx \t-", "0abcdefghjkmnpqrstvwx"},
        {"--------------------------------0abcdefghjkmnpqrstvwx", "0abcdefghjkmnpqrstvwx"},
        {"000000000000000000000", "000000000000000000000"},
        {"ooooooooooooooooooooo", "000000000000000000000"},
        {"OOOOOOOOOOOOOOOOOOOOO", "000000000000000000000"},
        {"ililililililililililI", "111111111111111111111"},
        {"LLLLLLLLLLLLLLLLLLLLL", "111111111111111111111"},
        {"oilOILabcdefghjkmnpqr", "011011abcdefghjkmnpqr"},
        /* too short, too long */
        {"", NULL},
        {"-", NULL},
        {"123456", NULL},
        {"0abcdefghjkmnpqrstvw", NULL},
        {"0abcdefghjkmnpqrstvwxy", NULL},
        {"0abcdefghjkmnpqrstvwx-0", NULL},
        {"0abcdefghjkmnpqrstvwx0abcdefghjkmnpqrstvwx", NULL},
        /* begins with no number */
        {"a0bcdefghjkmnpqrstvwx", NULL},
        {"z00000000000000000000", NULL},
        /* letters that are none */
        {"0ubcdefghjkmnpqrstvwx", NULL},
        {"0Ubcdefghjkmnpqrstvwx", NULL},
        {"0abcdefghjkmnpqrstvw.", NULL},
        {"0abcdefghjkmnpqrstvw+", NULL},
        {"0abcdefghjkmnpqrstvwx\n", NULL},
        {"0abcde_fghjk_mnpqr_stvwx", NULL},
        {"0\xc3\xa4\x62\x63\x64\x65\x66ghjkmnpqrstvwx", NULL},
        {"0abcde\xe2\x80\x93"
         "fghjkmnpqrstvwx",
         NULL},
        {"\xd9\xa0"
         "abcdefghjkmnpqrstvwx",
         NULL},
        {"0abcdefghjkmnpqrstvw\x80", NULL},
        {"0abcdefghjkmnpqrstvw\xff", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *code = malloc(CODES_CODE_SIZE); /* a memory checker sees a write too far */
        assert_non_null(code);
        memset(code, 'x', CODES_CODE_SIZE);
        unit_same_number(cases[i].text, codes_read(cases[i].text, code), cases[i].code != NULL);
        unit_same_text(cases[i].text, code, cases[i].code != NULL ? cases[i].code : "");
        for (size_t j = 0; j < CODES_CODE_SIZE && cases[i].code == NULL; j++)
            assert_int_equal(code[j], 0); /* nothing of it is left */
        free(code);
    }
}

static void test_each_byte_is_read_as_itself_or_refused(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char text[CODES_CODE_SIZE + 1] = "0";
        char code[CODES_CODE_SIZE];
        memset(text + 1, byte, CODES_LENGTH - 1);
        bool letter = byte < 128 && (strchr(LETTERS "ilo", byte) != NULL ||
                                     (byte >= 'A' && byte <= 'Z' && byte != 'U'));
        unit_same_number(unit_format("byte %d", byte), codes_read(text, code), letter);
    }
}

static void test_every_generated_code_is_read(void **state)
{
    (void)state;
    for (int i = 0; i < CODES_COUNT; i++) {
        char text[2 * CODES_CODE_SIZE];
        char code[CODES_CODE_SIZE];
        const char *made = codes.code[i];
        (void)snprintf(text, sizeof(text), "%.1s-%.5s-%.5s-%.5s-%s", made, made + 1, made + 6,
                       made + 11, made + 16);
        assert_true(codes_read(text, code));
        assert_string_equal(code, made);
        for (char *c = text; *c != '\0'; c++)
            *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
        assert_true(codes_read(text, code));
        assert_string_equal(code, made);
    }
}

/* ---- matching ---- */

static void test_a_code_matches_only_its_own_hash(void **state)
{
    (void)state;
    char wrong[CODES_CODE_SIZE];
    char shorter[CODES_HASH_SIZE];
    assert_true(codes_match(codes.code[3], codes.hash[3]));
    assert_false(codes_match(codes.code[4], codes.hash[3]));
    memcpy(wrong, codes.code[3], sizeof(wrong));
    wrong[CODES_LENGTH - 1] = wrong[CODES_LENGTH - 1] == '0' ? '1' : '0';
    assert_false(codes_match(wrong, codes.hash[3]));
    assert_false(codes_match("", codes.hash[3]));
    /* a hash that is not whole */
    memcpy(shorter, codes.hash[3], sizeof(shorter));
    shorter[strlen(shorter) - 1] = '\0';
    assert_false(codes_match(codes.code[3], shorter));
}

static void test_an_invalid_hash_matches_nothing(void **state)
{
    (void)state;
    static const char *const hashes[] = {"*0", "*1", "x", "!", "$", "$y$", "$y$j9T$", "$0$x"};
    for (size_t i = 0; i < COUNT(hashes); i++)
        unit_same_number(hashes[i], codes_match(codes.code[0], hashes[i]), false);
}

static void test_without_a_hash_nothing_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_false(codes_match(codes.code[i], ""));
}

/* ---- keeping ---- */

static void test_a_user_without_codes_has_none_left(void **state)
{
    (void)state;
    assert_int_equal(left("alice"), 0);
    assert_string_equal(hash_of("alice", codes.code[0]), "");
    assert_false(use("alice", codes.code[0], codes.hash[0]));
    assert_false(use("alice", codes.code[0], ""));
}

static void test_the_first_digit_of_a_code_selects_its_hash(void **state)
{
    (void)state;
    replace("alice", &codes);
    for (int i = 0; i < CODES_COUNT; i++) {
        assert_string_equal(hash_of("alice", codes.code[i]), codes.hash[i]);
        assert_string_equal(hash_of("alice", others.code[i]), codes.hash[i]);
        assert_string_equal(hash_of("bob", codes.code[i]), "");
        assert_string_equal(hash_of("Alice", codes.code[i]), "");
    }
}

static void test_a_code_works_once(void **state)
{
    (void)state;
    replace("alice", &codes);
    replace("bob", &others);
    for (int i = 0; i < CODES_COUNT; i++) {
        assert_int_equal(left("alice"), CODES_COUNT - i);
        assert_true(use("alice", codes.code[i], codes.hash[i]));
        assert_false(use("alice", codes.code[i], codes.hash[i]));
        assert_string_equal(hash_of("alice", codes.code[i]), "");
    }
    assert_int_equal(left("alice"), 0);
    assert_int_equal(left("bob"), CODES_COUNT);
}

static void test_new_codes_revoke_the_old_ones(void **state)
{
    (void)state;
    replace("alice", &codes);
    assert_true(use("alice", codes.code[0], codes.hash[0]));
    replace("alice", &others);
    assert_int_equal(left("alice"), CODES_COUNT);
    for (int i = 0; i < CODES_COUNT; i++) {
        assert_false(use("alice", codes.code[i], codes.hash[i]));
        assert_string_equal(hash_of("alice", codes.code[i]), others.hash[i]);
    }
    assert_int_equal(left("alice"), CODES_COUNT);
    assert_false(codes_match(codes.code[1], hash_of("alice", codes.code[1])));
    assert_true(codes_match(others.code[1], hash_of("alice", others.code[1])));
}

static void test_a_code_of_another_user_is_not_used(void **state)
{
    (void)state;
    replace("alice", &codes);
    replace("bob", &others);
    assert_false(use("bob", codes.code[0], codes.hash[0]));
    assert_false(use("alice", others.code[0], others.hash[0]));
    assert_false(use("alice", codes.code[1], codes.hash[0])); /* of another number */
    assert_int_equal(left("alice"), CODES_COUNT);
    assert_int_equal(left("bob"), CODES_COUNT);
}

static void test_only_hashes_are_stored(void **state)
{
    (void)state;
    replace("alice", &codes);
    for (int i = 0; i < CODES_COUNT; i++)
        assert_string_equal(
            unit_sql(unit_format("SELECT COUNT(*) FROM swmfa_code WHERE hash LIKE '%%%s%%'",
                                 codes.code[i] + 1)),
            "0");
    assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_code WHERE hash LIKE '$y$%'"), "10");
}

static void test_an_uncommitted_replacement_keeps_the_old_codes(void **state)
{
    (void)state;
    replace("alice", &codes);
    struct store *store = unit_begin(STORE_WRITE);
    unit_good(codes_replace(store, "alice", &others));
    store_cancel(store);
    assert_string_equal(hash_of("alice", codes.code[7]), codes.hash[7]);
}

static void test_a_failed_read_is_not_an_answer(void **state)
{
    (void)state;
    struct store *store = unit_store()->store;
    char hash[CODES_HASH_SIZE];
    int64_t count = 0;
    bool used = true;
    assert_false(codes_replace(store, "alice", &codes));
    assert_false(codes_hash(store, "alice", codes.code[0], hash));
    assert_false(codes_left(store, "alice", &count));
    assert_false(codes_use(store, "alice", codes.code[0], codes.hash[0], &used));
    assert_false(used);
    assert_int_equal(left("alice"), 0);
}

static int use_alone(int number)
{
    struct problem problem = {0};
    bool used = false;
    (void)number;
    struct store *store = store_open(unit_store()->folder, &problem);
    bool good = store != NULL && store_begin(store, STORE_WRITE, &unit_store()->moment, 30000) &&
                codes_use(store, "alice", codes.code[5], codes.hash[5], &used) &&
                store_commit(store);
    store_close(store);
    return good ? !used : 2;
}

static void test_only_one_of_twenty_simultaneous_logins_uses_a_code(void **state)
{
    (void)state;
    replace("alice", &codes);
    unit_close();
    assert_int_equal(unit_side_by_side(20, use_alone), 1);
    unit_open();
    assert_int_equal(left("alice"), CODES_COUNT - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_have_their_shape),
        cmocka_unit_test(test_codes_and_salts_are_all_different),
        cmocka_unit_test(test_a_typed_code_is_read_in_every_spelling),
        cmocka_unit_test(test_each_byte_is_read_as_itself_or_refused),
        cmocka_unit_test(test_every_generated_code_is_read),
        cmocka_unit_test(test_a_code_matches_only_its_own_hash),
        cmocka_unit_test(test_an_invalid_hash_matches_nothing),
        cmocka_unit_test(test_without_a_hash_nothing_matches),
        TEST(test_a_user_without_codes_has_none_left),
        TEST(test_the_first_digit_of_a_code_selects_its_hash),
        TEST(test_a_code_works_once),
        TEST(test_new_codes_revoke_the_old_ones),
        TEST(test_a_code_of_another_user_is_not_used),
        TEST(test_only_hashes_are_stored),
        TEST(test_an_uncommitted_replacement_keeps_the_old_codes),
        TEST(test_a_failed_read_is_not_an_answer),
        TEST(test_only_one_of_twenty_simultaneous_logins_uses_a_code),
    };
    alarm(300);
    return cmocka_run_group_tests_name("codes", tests, make, unit_remove_folder);
}
