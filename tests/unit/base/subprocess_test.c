/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of base/subprocess: a program finds what it is given and nothing else, and ends in time. */
#include "../unit.h"

#include "base/subprocess.h"

#include <signal.h>

#define SHELL(script) "/bin/sh", "-c", script, NULL

static struct problem problem;
static char out[256];
static char err[256];

/* Runs a script with empty input and both outputs taken. */
static int run(const char *script)
{
    const char *const argv[] = {SHELL(script)};
    const struct program program = {.argv = argv,
                                    .input = "",
                                    .output = {out, sizeof(out)},
                                    .errors = {err, sizeof(err)}};
    return program_run(&program, &problem);
}

static void test_outputs_are_kept_apart_or_together(void **state)
{
    (void)state;
    assert_int_equal(run("echo one; echo two >&2; exit 7"), 7);
    unit_same_text("output", out, "one\n");
    unit_same_text("errors", err, "two\n");
    const char *const argv[] = {SHELL("echo one; echo two >&2")};
    const struct program both = {.argv = argv, .input = "", .output = {out, sizeof(out)}};
    assert_int_equal(program_run(&both, &problem), 0);
    unit_same_text("both", out, "one\ntwo\n");
}

static void test_a_long_output_is_cut_off(void **state)
{
    (void)state;
    assert_int_equal(run("printf '%1000s' x"), 0);
    unit_same_number("length", (long long)strlen(out), sizeof(out) - 1);
}

static void test_an_endless_output_ends_the_program(void **state)
{
    (void)state;
    assert_int_equal(run("exec yes"), 128 + SIGXFSZ);
    unit_same_number("length", (long long)strlen(out), sizeof(out) - 1);
}

static void test_it_finds_its_environment_and_input_alone(void **state)
{
    (void)state;
    const char *const argv[] = {SHELL("cat; env | sort | grep -v ^_= | grep -v ^PWD=")};
    static const char *const environment[] = {"A=1", NULL};
    struct program program = {.argv = argv, .input = "in\n", .output = {out, sizeof(out)}};
    (void)setenv("STRANGE", "1", 1);
    assert_int_equal(program_run(&program, &problem), 0);
    unit_same_text("of its own", out, "in\n" PROGRAM_PATH "\n");
    program.environment = environment;
    assert_int_equal(program_run(&program, &problem), 0);
    unit_same_text("given", out, "in\nA=1\n");
}

static void test_no_other_descriptor_is_open(void **state)
{
    (void)state;
    int leaked[8]; /* not close-on-exec, as those of who started us */
    for (size_t i = 0; i < COUNT(leaked); i++)
        assert_true((leaked[i] = dup(STDIN_FILENO)) >= 0);
    const char *const argv[] = {SHELL("echo /dev/fd/[3-9] /dev/fd/[1-9][0-9]; cat /dev/fd/3")};
    struct program program = {.argv = argv,
                              .input = "",
                              .output = {out, sizeof(out)},
                              .files = {{"a", 1}, {NULL, 0}}};
    assert_int_not_equal(program_run(&program, &problem), 0);
    program.file_count = 1;
    assert_int_equal(program_run(&program, &problem), 0);
    assert_non_null(strstr(out, "\na"));
    for (size_t i = 0; i < COUNT(leaked); i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "/dev/fd/%d ", leaked[i]);
        unit_check(name, leaked[i] < 5 || strstr(out, name) == NULL, "closed");
        (void)close(leaked[i]);
    }
}

static void test_files_are_found_in_order_and_whole(void **state)
{
    (void)state;
    const char *const argv[] = {SHELL("od -An -c /dev/fd/3; cat /dev/fd/4")};
    const struct program program = {.argv = argv,
                                    .input = "",
                                    .output = {out, sizeof(out)},
                                    .files = {{"a\0b", 3}, {"two", 3}},
                                    .file_count = 2};
    assert_int_equal(program_run(&program, &problem), 0);
    unit_same_text("files", out, "   a  \\0   b\ntwo");
}

static void test_what_cannot_be_run_says_why(void **state)
{
    (void)state;
    const char *const argv[] = {"/nowhere/program", NULL};
    (void)snprintf(out, sizeof(out), "from before");
    const struct program program = {.argv = argv, .input = "", .output = {out, sizeof(out)}};
    assert_int_equal(program_run(&program, &problem), -1);
    assert_int_equal(errno, ENOENT);
    unit_same_text("problem", problem.text,
                   "/nowhere/program: cannot be run: No such file or directory");
    unit_same_text("output", out, "");
}

static void test_a_file_that_is_no_program_is_not_given_to_a_shell(void **state)
{
    (void)state;
    char *path = unit_file("script", "echo shell\n", 0700);
    const char *const argv[] = {path, NULL};
    const struct program program = {.argv = argv, .input = "", .output = {out, sizeof(out)}};
    assert_int_equal(program_run(&program, &problem), -1);
    unit_same_text("output", out, "");
    free(path);
}

static void test_signals_and_time_end_it(void **state)
{
    (void)state;
    assert_int_equal(run("kill -TERM $$"), 128 + SIGTERM);
    const char *const argv[] = {"sleep", "60", NULL};
    const struct program program = {.argv = argv,
                                    .input = "",
                                    .output = {out, sizeof(out)},
                                    .seconds = 1};
    assert_int_equal(program_run(&program, &problem), 128 + SIGKILL);
}

static void test_blocked_signals_reach_it_only_if_wanted(void **state)
{
    (void)state;
    sigset_t ending;
    sigset_t before;
    const char *const argv[] = {SHELL("kill -TERM $$; echo alive")};
    struct program program = {.argv = argv, .input = "", .output = {out, sizeof(out)}};
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &ending, &before);
    int blocked = program_run(&program, &problem);
    program.interruptible = true;
    int reached = program_run(&program, &problem);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(blocked, 0);
    assert_int_equal(reached, 128 + SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs_are_kept_apart_or_together),
        cmocka_unit_test(test_a_long_output_is_cut_off),
        cmocka_unit_test(test_an_endless_output_ends_the_program),
        cmocka_unit_test(test_it_finds_its_environment_and_input_alone),
        cmocka_unit_test(test_no_other_descriptor_is_open),
        cmocka_unit_test(test_files_are_found_in_order_and_whole),
        cmocka_unit_test(test_what_cannot_be_run_says_why),
        cmocka_unit_test(test_a_file_that_is_no_program_is_not_given_to_a_shell),
        cmocka_unit_test(test_signals_and_time_end_it),
        cmocka_unit_test(test_blocked_signals_reach_it_only_if_wanted),
    };
    return cmocka_run_group_tests_name("subprocess", tests, unit_make_folder, unit_remove_folder);
}
