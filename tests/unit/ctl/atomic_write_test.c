/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/files/atomic_write: at every moment the old or the new file is there, and a change
 * by another program is noticed. */
#include "../unit.h"

#include "ctl/files/atomic_write.h"

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define OLD "alice +15550100182\n"
#define NEW "alice +15550100182\nbob +15550100183\n"

static struct problem problem;

static void begin(struct edit *edit, const char *path, bool missing)
{
    problem = (struct problem){0};
    if (!edit_begin(edit, path, missing, &problem))
        fail_msg("edit_begin: %s", problem.text);
}

static bool commit(struct edit *edit, const char *text)
{
    problem = (struct problem){0};
    return edit_commit(edit, text, strlen(text), 0640, &problem);
}

static void check_text(const char *path, const char *expected)
{
    char *found = unit_read(path);
    unit_same_text(path, found, expected);
    free(found);
}

/* Nothing is left beside the file. */
static void check_alone(const char *path)
{
    char *beside = NULL;
    assert_true(asprintf(&beside, "%s" EDIT_SUFFIX, path) > 0);
    assert_int_equal(access(beside, F_OK), -1);
    free(beside);
}

static void check_says(const char *text)
{
    if (strstr(problem.text, text) == NULL)
        fail_msg("expected \"%s\" in: %s", text, problem.text);
}

static void test_a_commit_replaces_the_text_and_keeps_owner_group_and_mode(void **state)
{
    (void)state;
    static const mode_t modes[] = {0600, 0640, 0644, 0400, 0444};
    for (size_t i = 0; i < COUNT(modes); i++) {
        struct edit edit;
        struct stat status;
        char *path = unit_file("map", OLD, modes[i]);
        assert_int_equal(chown(path, 0, 12345), 0);
        begin(&edit, path, false);
        assert_string_equal(edit.text, OLD);
        assert_int_equal(edit.length, strlen(OLD));
        assert_true(commit(&edit, NEW));
        edit_end(&edit);
        edit_end(&edit);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777U, modes[i]);
        assert_int_equal(status.st_gid, 12345);
        check_text(path, NEW);
        check_alone(path);
        unit_remove(path);
    }
}

static void test_nothing_changes_without_a_commit(void **state)
{
    (void)state;
    struct edit edit;
    char *path = unit_file("map", OLD, 0600);
    begin(&edit, path, false);
    edit_end(&edit);
    check_text(path, OLD);
    check_alone(path);
    unit_remove(path);
    edit = (struct edit){0};
    edit_end(&edit);
}

static void test_a_missing_file_is_made_on_request(void **state)
{
    (void)state;
    struct edit edit;
    struct stat status;
    char *path = unit_path("map");
    assert_false(edit_begin(&edit, path, false, &problem));
    check_says("No such file");
    check_alone(path);
    begin(&edit, path, true);
    assert_string_equal(edit.text, "");
    assert_true(commit(&edit, NEW));
    edit_end(&edit);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777U, 0640);
    check_text(path, NEW);
    begin(&edit, path, false);
    assert_true(edit_remove(&edit, &problem));
    edit_end(&edit);
    assert_int_equal(access(path, F_OK), -1);
    check_alone(path);
    free(path);
}

/* ---- others meanwhile ---- */

static void write_in_place(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static void rename_over(const char *path, const char *text)
{
    char *other = unit_file("other", text, 0600);
    assert_int_equal(rename(other, path), 0);
    free(other);
}

static void change_mode(const char *path, const char *text)
{
    (void)text;
    assert_int_equal(chmod(path, 0640), 0);
}

static void remove_it(const char *path, const char *text)
{
    (void)text;
    assert_int_equal(unlink(path), 0);
}

/* The same length, and so soon that the time of the file may be the same. */
static void test_a_change_by_another_program_is_kept(void **state)
{
    (void)state;
    static const char theirs[] = "alice +15550100199\n";
    static void (*const changes[])(const char *path, const char *text) = {write_in_place,
                                                                          rename_over, change_mode,
                                                                          remove_it};
    for (size_t i = 0; i < COUNT(changes); i++)
        for (int removing = 0; removing < 2; removing++) {
            struct edit edit;
            char *path = unit_file("map", OLD, 0600);
            begin(&edit, path, false);
            changes[i](path, theirs);
            problem = (struct problem){0};
            assert_false(removing != 0 ? edit_remove(&edit, &problem) : commit(&edit, NEW));
            check_says("changed by another process meanwhile");
            edit_end(&edit);
            check_alone(path);
            if (changes[i] == remove_it) {
                assert_int_equal(access(path, F_OK), -1);
                free(path);
                continue;
            }
            check_text(path, changes[i] == change_mode ? OLD : theirs);
            unit_remove(path);
        }
}

static void test_a_file_made_by_another_program_is_kept(void **state)
{
    (void)state;
    struct edit edit;
    char *path = unit_path("map");
    begin(&edit, path, true);
    free(unit_file("map", OLD, 0600));
    assert_false(commit(&edit, NEW));
    check_says("changed by another process meanwhile");
    edit_end(&edit);
    check_text(path, OLD);
    unit_remove(path);
}

/* Adds one letter to the file, in a process of its own. */
static pid_t start_adding(const char *path, char letter)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    struct edit edit;
    char text[256];
    bool done = edit_begin(&edit, path, false, &problem);
    if (done) {
        (void)snprintf(text, sizeof(text), "%s%c", edit.text, letter);
        done = edit_commit(&edit, text, strlen(text), 0600, &problem);
        edit_end(&edit);
    }
    _exit(done ? 0 : 1);
}

static void test_simultaneous_changes_are_all_kept(void **state)
{
    (void)state;
    pid_t children[26];
    char *path = unit_file("map", "-", 0600);
    for (size_t i = 0; i < COUNT(children); i++)
        children[i] = start_adding(path, (char)('a' + i));
    for (size_t i = 0; i < COUNT(children); i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    char *text = unit_read(path);
    assert_non_null(text);
    assert_int_equal(strlen(text), 1 + COUNT(children));
    for (size_t i = 0; i < COUNT(children); i++)
        assert_non_null(strchr(text, (char)('a' + i)));
    free(text);
    check_alone(path);
    unit_remove(path);
}

static void test_a_reader_cannot_lock_out_a_writer(void **state)
{
    (void)state;
    struct edit edit;
    char *path = unit_file("map", OLD, 0644);
    int folder = open(unit_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(folder, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
    begin(&edit, path, false);
    assert_true(commit(&edit, NEW));
    edit_end(&edit);
    close(folder);
    close(file);
    unit_remove(path);
}

/* ---- what is refused, and what fails ---- */

static void check_refused(const char *path, const char *says)
{
    struct edit edit;
    problem = (struct problem){0};
    assert_false(edit_begin(&edit, path, false, &problem));
    check_says(says);
    check_alone(path);
}

static void test_a_file_that_others_can_write_is_refused(void **state)
{
    (void)state;
    char *path = unit_file("map", OLD, 0600);
    assert_int_equal(chown(path, 12345, 0), 0);
    check_refused(path, "must be owned by root");
    assert_int_equal(chown(path, 0, 0), 0);
    assert_int_equal(chmod(path, 0620), 0);
    check_refused(path, "only its owner may write it");
    assert_int_equal(chmod(path, 0600), 0);
    char *link = unit_path("link");
    assert_int_equal(symlink(path, link), 0);
    check_refused(link, "is a symbolic link");
    unit_remove(link);
    check_refused(unit_folder(), "expected a regular file");
    check_text(path, OLD);
    unit_remove(path);
}

static void test_links_in_the_place_of_the_new_file_are_not_followed(void **state)
{
    (void)state;
    char *path = unit_file("map", OLD, 0600);
    char *victim = unit_file("victim", OLD, 0600);
    char *beside = unit_path("map" EDIT_SUFFIX);
    struct edit edit;
    assert_int_equal(symlink(victim, beside), 0);
    assert_false(edit_begin(&edit, path, false, &problem));
    check_says(strerror(ELOOP));
    assert_int_equal(unlink(beside), 0);
    assert_int_equal(link(victim, beside), 0);
    assert_false(edit_begin(&edit, path, false, &problem));
    check_says("remove it");
    check_text(victim, OLD);
    unit_remove(victim);
    (void)unlink(beside);
    free(beside);
    unit_remove(path);
}

/* Its owner could have it open. */
static void test_a_leftover_of_another_user_is_refused(void **state)
{
    (void)state;
    char *path = unit_file("map", OLD, 0600);
    char *beside = unit_file("map" EDIT_SUFFIX, "left", 0600);
    struct edit edit;
    assert_int_equal(chown(beside, 12345, 0), 0);
    assert_false(edit_begin(&edit, path, false, &problem));
    check_says("remove it");
    (void)unlink(beside);
    free(beside);
    unit_remove(path);
}

static void test_a_leftover_of_a_killed_writer_is_reused(void **state)
{
    (void)state;
    struct stat status;
    struct edit edit;
    char *path = unit_file("map", OLD, 0600);
    char *beside = unit_file("map" EDIT_SUFFIX, "much longer than what comes: " NEW NEW NEW, 0644);
    begin(&edit, path, false);
    assert_int_equal(stat(beside, &status), 0);
    assert_int_equal(status.st_mode & 07777U, 0600);
    assert_true(commit(&edit, NEW));
    edit_end(&edit);
    check_text(path, NEW);
    check_alone(path);
    free(beside);
    unit_remove(path);
}

/* As with a quota or a full disk, a write is cut short and the next one fails. */
static void test_a_failed_write_keeps_the_old_file(void **state)
{
    (void)state;
    struct rlimit before;
    struct edit edit;
    char *path = unit_file("map", OLD, 0600);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = strlen(OLD) + 3, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    begin(&edit, path, false);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool done = commit(&edit, NEW);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(done);
    check_says("File too large: nothing was changed");
    edit_end(&edit);
    check_text(path, OLD);
    check_alone(path);
    unit_remove(path);
}

static void test_a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct edit edit;
    char path[8192];
    (void)unit_repeat(path, sizeof(path), "/x", 3000);
    assert_false(edit_begin(&edit, path, false, &problem));
    check_says("the path is too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_commit_replaces_the_text_and_keeps_owner_group_and_mode),
        cmocka_unit_test(test_nothing_changes_without_a_commit),
        cmocka_unit_test(test_a_missing_file_is_made_on_request),
        cmocka_unit_test(test_a_change_by_another_program_is_kept),
        cmocka_unit_test(test_a_file_made_by_another_program_is_kept),
        cmocka_unit_test(test_simultaneous_changes_are_all_kept),
        cmocka_unit_test(test_a_reader_cannot_lock_out_a_writer),
        cmocka_unit_test(test_a_file_that_others_can_write_is_refused),
        cmocka_unit_test(test_links_in_the_place_of_the_new_file_are_not_followed),
        cmocka_unit_test(test_a_leftover_of_another_user_is_refused),
        cmocka_unit_test(test_a_leftover_of_a_killed_writer_is_reused),
        cmocka_unit_test(test_a_failed_write_keeps_the_old_file),
        cmocka_unit_test(test_a_path_that_is_too_long_is_refused),
    };
    if (geteuid() != 0)
        return unit_skip_all("files must be root's");
    return cmocka_run_group_tests(tests, unit_make_folder, unit_remove_folder);
}
