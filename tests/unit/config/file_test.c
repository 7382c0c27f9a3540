/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/file: the folders on the way to a file, and whether others can change them. */
#include "../unit.h"

#include "config/file.h"

#include <sys/xattr.h>

/* The folders below that of the test that were visited, without it, each once and in order. */
static char visited[1024];

static bool note(const char *folder, const struct stat *status, void *context)
{
    (void)context;
    const char *below = strstr(folder, unit_folder());
    const char *name = below != NULL ? folder + strlen(unit_folder()) : "";
    size_t used = strlen(visited);
    if (*name != '\0' && strstr(visited, unit_format("%s ", name)) == NULL)
        (void)snprintf(visited + used, sizeof(visited) - used, "%s%s ", name,
                       file_folder_look(status) == FILE_FOLDER_WRITABLE ? "!" : "");
    return true;
}

static const char *at(const char *name)
{
    return unit_format("%s/%s", unit_folder(), name);
}

static void check_folders(const char *path, const char *expected)
{
    *visited = '\0';
    unit_check(path, file_folders(at(path), note, NULL), "to be looked through");
    unit_same_text(path, visited, expected);
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(at(name), 0755), 0);
}

/* A user who can change a link, or its folder, decides which file is read. */
static void test_the_folder_of_each_link_is_checked(void **state)
{
    (void)state;
    make_folder("a");
    make_folder("b");
    make_folder("c");
    make_folder("c/d");
    assert_int_equal(symlink("../b/second", at("a/first")), 0);
    assert_int_equal(symlink(at("c/./d//"), at("b/second")), 0);
    assert_int_equal(symlink("self", at("self")), 0);
    char *file = unit_file("c/d/file", "", 0600);
    check_folders("c/d/file", "/c /c/d ");
    check_folders("c/d/../d/./file", "/c /c/d ");
    check_folders("a/first/file", "/a /b /c /c/d ");
    check_folders("a/first/../d/file", "/a /b /c /c/d ");
    assert_false(file_folders(at("c/file"), note, NULL));
    assert_false(file_folders(at("self/file"), note, NULL));
    assert_false(file_folders(at("c/d/file/x"), note, NULL));
    unit_remove(file);
}

/* In a sticky folder everybody can make a link, and change his own. */
static void test_a_link_of_another_user_in_a_sticky_folder_is_checked(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    make_folder("f");
    char *file = unit_file("f/file", "", 0600);
    assert_int_equal(symlink("f", at("link")), 0);
    assert_int_equal(lchown(at("link"), 12345, 12345), 0);
    check_folders("link/file", "/f ");
    assert_int_equal(chmod(unit_folder(), 01777), 0);
    check_folders("link/file", "/link /f ");
    assert_int_equal(lchown(at("link"), 0, 0), 0);
    check_folders("link/file", "/f ");
    assert_int_equal(chmod(unit_folder(), 0700), 0);
    unit_remove(file);
}

/* An access list: its owner, the user 12345 and the group may write; its mask is the group's. */
static const unsigned char list[] = {
    2, 0,  0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 2,   0,   7,
    0, 57, 48,  0,   0,   4,   0,  5, 0,   255, 255, 255, 255, 16,  0,
    7, 0,  255, 255, 255, 255, 32, 0, 5,   0,   255, 255, 255, 255,
};

static void test_an_acl_that_lets_others_write_is_noticed(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    make_folder("e");
    char *file = unit_file("e/file", "", 0600);
    assert_int_equal(chown(at("e"), 0, 0), 0);
    assert_int_equal(chmod(at("e"), 0775), 0);
    check_folders("e/file", "/e ");
    if (setxattr(at("e"), "system.posix_acl_access", list, sizeof(list), 0) != 0)
        skip();
    check_folders("e/file", "/e! ");
    unit_remove(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_folder_of_each_link_is_checked),
        cmocka_unit_test(test_a_link_of_another_user_in_a_sticky_folder_is_checked),
        cmocka_unit_test(test_an_acl_that_lets_others_write_is_noticed),
    };
    return cmocka_run_group_tests_name("file", tests, unit_make_folder, unit_remove_folder);
}
