/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/key: the items of a list, and that each table of keys is one that config can use.
 */
#include "../unit.h"

#include "config/key.h"
#include "config/limit.h"
#include "provider/provider.h"

#include <regex.h>

static void test_items_of_a_list_are_read_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *items[4];
    } cases[] = {
        {"a", 1, {"a"}},
        {"a,b", 2, {"a", "b"}},
        {"a, b", 2, {"a", "b"}},
        {"a ,b", 2, {"a", "b"}},
        {"\t a\t ,\t \tb \t", 2, {"a", "b"}},
        {"a b", 1, {"a b"}},
        {" a \t b , c d ", 2, {"a \t b", "c d"}},
        {"a,a,a", 3, {"a", "a", "a"}},
        {"", 1, {""}},
        {" ", 1, {""}},
        {"\t", 1, {""}},
        {",", 2, {"", ""}},
        {" , ", 2, {"", ""}},
        {"a,", 2, {"a", ""}},
        {",a", 2, {"", "a"}},
        {"a, ,b", 3, {"a", "", "b"}},
        {"a,,b", 3, {"a", "", "b"}},
        {",,,", 4, {"", "", "", ""}},
        {"\n", 1, {"\n"}}, /* no blank */
        {"a;b", 1, {"a;b"}},
        {"192.0.2.0/24, 2001:db8::/32", 2, {"192.0.2.0/24", "2001:db8::/32"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = strdup(cases[i].text); /* a memory checker sees a read too far */
        assert_non_null(text);
        const char *at = text;
        const char *item = NULL;
        size_t length = 0;
        size_t count = 0;
        while (count < cases[i].count && (item = key_next_item(&at, &length)) != NULL) {
            const char *expected = cases[i].items[count++];
            unit_check(cases[i].text, item >= text && item + length <= text + strlen(text),
                       "an item in the text");
            unit_check(cases[i].text,
                       expected != NULL && strlen(expected) == length &&
                           memcmp(item, expected, length) == 0,
                       expected);
        }
        unit_same_number(cases[i].text, (long long)count, (long long)cases[i].count);
        unit_check(cases[i].text, key_next_item(&at, &length) == NULL, "no more items");
        unit_check(cases[i].text, key_next_item(&at, &length) == NULL, "an end that stays");
        free(text);
    }
}

static void test_a_missing_text_has_no_items(void **state)
{
    (void)state;
    const char *none = NULL;
    size_t length = 0;
    assert_null(key_next_item(&none, &length));
    assert_null(none);
}

static void test_no_and_yes_are_0_and_1(void **state)
{
    (void)state;
    assert_string_equal(key_no_yes[0], "no");
    assert_string_equal(key_no_yes[1], "yes");
    assert_null(key_no_yes[2]);
}

/* ---- the tables of the providers ---- */

static size_t size_of(enum key_kind kind)
{
    switch (kind) {
    case KEY_SECRET:
        return sizeof(struct secret);
    case KEY_FILE:
        return sizeof(struct key_file);
    case KEY_NUMBER:
    case KEY_SPAN:
    case KEY_WORD:
        return sizeof(int);
    case KEY_WORDS:
        return sizeof(struct key_words);
    case KEY_LIMITS:
        return sizeof(struct limit_list);
    case KEY_PRICE:
        return sizeof(struct price);
    default:
        return sizeof(char *);
    }
}

static const struct key *key_of(const struct section *section, const char *name)
{
    for (const struct key *key = section->keys; key->name != NULL; key++)
        if (strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

static void check_form(const struct key *key)
{
    regex_t expression;
    size_t words = 0;
    switch (key->kind) {
    case KEY_TEXT:
    case KEY_SECRET:
        unit_check(key->name, key->pattern != NULL && key->expected != NULL,
                   "a pattern, and the same in words");
        unit_same_number(key->name, regcomp(&expression, key->pattern, REG_EXTENDED | REG_NOSUB),
                         0);
        regfree(&expression);
        break;
    case KEY_NUMBER:
        unit_check(key->name, key->min >= 0 && key->min < key->max, "a range");
        unit_check(key->name, key->default_value != NULL, "a default: 0 may be none of the range");
        break;
    case KEY_WORD:
    case KEY_WORDS:
        while (key->words != NULL && key->words[words] != NULL)
            words++;
        unit_check(key->name, words >= 2 && words <= KEY_WORDS_MAX, "words to choose from");
        break;
    default:
        break;
    }
}

static void test_every_key_of_a_provider_is_usable_by_config(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        const struct section *section = &providers[i]->section;
        for (const struct key *key = section->keys; key->name != NULL; key++) {
            const char *what = unit_format("[%s] %s", section->name, key->name);
            unit_check(what, (size_t)(key - section->keys) < SECTION_KEYS_MAX, "few enough keys");
            unit_check(what, key_of(section, key->name) == key, "a name of its own");
            unit_check(what, key->offset + size_of(key->kind) <= section->size,
                       "a place in the settings");
            check_form(key);
            unit_check(what, !key->required || key->default_value == NULL,
                       "no default where it must be given");
            if (key->kind == KEY_SECRET) {
                const struct key *file = key_of(section, unit_format("%s_file", key->name));
                unit_check(what, file != NULL && file->kind == KEY_TEXT && file->redact,
                           "a key for its file, which never shows what stands there");
            }
        }
    }
}

static void test_no_two_keys_share_a_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        const struct key *keys = providers[i]->section.keys;
        for (const struct key *one = keys; one->name != NULL; one++)
            for (const struct key *other = keys; other != one; other++)
                unit_check(unit_format("%s and %s", one->name, other->name),
                           one->offset >= other->offset + size_of(other->kind) ||
                               other->offset >= one->offset + size_of(one->kind),
                           "places of their own");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_of_a_list_are_read_in_order),
        cmocka_unit_test(test_a_missing_text_has_no_items),
        cmocka_unit_test(test_no_and_yes_are_0_and_1),
        cmocka_unit_test(test_every_key_of_a_provider_is_usable_by_config),
        cmocka_unit_test(test_no_two_keys_share_a_member),
    };
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
