/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of pamstack/parse, how the lines of pam.d are read, and of pamstack/paths, every result of
 * a stack. */
#include "../unit.h"

#include "pamstack/paths.h"

#include <security/pam_appl.h>

static void add(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + used, 4096 - used, format, arguments);
    va_end(arguments);
}

/* "FILE:LINE LEVEL CONTROL MODULE|ARGUMENT|..." for each line, and what is wrong. */
static const char *dump(const struct stack *stack)
{
    static char text[4096];
    text[0] = '\0';
    for (size_t i = 0; i < stack->count; i++) {
        const struct stack_line *line = &stack->lines[i];
        add(text, "%s%s:%u %d %s %s", i > 0 ? "\n" : "", strrchr(line->file, '/') + 1, line->number,
            line->level, line->control, line->module != NULL ? line->module : "-");
        for (char **argument = line->arguments; *argument != NULL; argument++)
            add(text, "|%s", *argument);
        if (line->silent)
            add(text, " (silent)");
        if (line->why != NULL)
            add(text, " (%s)", line->why);
    }
    if (stack->other)
        add(text, " (other)");
    if (stack->problem.text[0] != '\0')
        add(text, "%s%s:%u! %s", stack->count > 0 ? "\n" : "",
            strrchr(stack->problem_file, '/') + 1, stack->problem_line, stack->problem.text);
    if (stack->unsure)
        add(text, " (unsure)");
    return text;
}

static const struct {
    const char *files;
    const char *expected;
} readings[] = {
    {"== s\nauth required a.so x y\n", "s:1 0 required a.so|x|y"},
    {"== s\n# one\n\n  auth\trequired\ta.so   # two\nAUTH Optional b.so\n",
     "s:3 0 required a.so\ns:4 0 Optional b.so"},
    {"== s\nauth required \\\n  a.so \\\n  x\nauth optional b.so\n",
     "s:1 0 required a.so|x\ns:4 0 optional b.so"},
    {"== s\nauth required a.so # \\\nauth required b.so\n",
     "s:1 0 required a.so\ns:2 0 required b.so"},
    /* Linux-PAM 1.5 goes on after it, 1.7 does not. */
    {"== s\nauth required a.so \\\n\nauth required b.so\n",
     "s:1! an empty line or a comment follows a backslash (unsure)"},
    {"== s\nauth optional b.so\nauth required a.so x\\\n \\\n # one\ny\n",
     "s:1 0 optional b.so\ns:2! an empty line or a comment follows a backslash (unsure)"},
    {"== s\nauth required a.so \\\n \n",
     "s:1! an empty line or a comment follows a backslash (unsure)"},
    {"== s\nauth required a.so x\\\ny#z \\\nauth required b.so\n",
     "s:1 0 required a.so|x|y\ns:3 0 required b.so"},
    {"== s\nauth [success=1 default=ignore] a.so [x y] [u\\]v] z\n",
     "s:1 0 success=1 default=ignore a.so|x y|u]v|z"},
    {"== s\n-auth required a.so\n", "s:1 0 required a.so (silent)"},
    {"== s\naccount required a.so\nauth required b.so\nsession optional c.so\n",
     "s:2 0 required b.so"},
    {"== s\nauth include t\nauth substack t\n@include t\n== t\nauth required a.so\n",
     "t:1 0 required a.so\ns:2 0 substack t\nt:1 1 required a.so\nt:1 0 required a.so"},
    {"== s\nauth substack t\n== t\nauth substack u\n== u\nauth required a.so\n",
     "s:1 0 substack t\nt:1 1 substack u\nu:1 2 required a.so"},
    {"== s\naccount include t\nauth required a.so\n== t\nauth required b.so\n",
     "s:2 0 required a.so"},
    {"== s\naccount required a.so\n== other\nauth required b.so\n",
     "other:1 0 required b.so (other)"},
    {"== s\nauth include none\n",
     "s:1 0 include none (the file, or a file that it includes, cannot be read)"},
    {"== s\nauth required a.so\n@include none\nauth required b.so\n",
     "s:1 0 required a.so\ns:2! an included file cannot be read: none"},
    {"== s\nauth include t\nauth required b.so\n== t\nauth required a.so\n@include none\n",
     "t:1 0 required a.so\n"
     "s:1 0 include t (the file, or a file that it includes, cannot be read)\ns:2 0 required b.so"},
    {"== s\n@include\n", "s:1! @include without a file"},
    {"== s\nauth required a.so\nauth\nauth required\n",
     "s:1 0 required a.so\ns:2 0  - (there is no control)\ns:3 0 required - (there is no module)"},
    {"== s\nbogus required a.so\n",
     "s:1 0 required a.so (the type is not auth, account, session or password)"},
    {"== s\nauth [success=] a.so\n",
     "s:1 0 success= a.so (the control is invalid, so libpam treats every result as \"bad\")"},
    {"== s\nauth required a.so \\\n", "s:1! the last line of the file ends with a backslash"},
    {"== s\n@include s\n", "s:0! the includes form a loop, or are nested too deep"},
    {"== s\nauth include t\n== t\nauth substack s\n",
     "s:0! the includes form a loop, or are nested too deep"},
};

static void test_lines_are_read_as_libpam_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(readings); i++) {
        unit_write_files("== other\nauth required deny.so\n== t\n== u\n");
        unit_write_files(readings[i].files);
        struct stack *stack = stack_read(unit_folder(), "s", "auth");
        assert_non_null(stack);
        const char *found = dump(stack);
        const char *last = strrchr(found, '\n');
        bool loop = stack->problem.text[0] != '\0' && strstr(found, "loop") != NULL;
        unit_same_text(readings[i].files, loop && last != NULL ? last + 1 : found,
                       readings[i].expected);
        stack_free(stack);
    }
}

static void test_includes_that_double_at_each_turn_end(void **state)
{
    (void)state;
    unit_write_files("== s\nauth required a.so\nauth include t\nauth include t\n"
                     "== t\nauth required b.so\nauth include s\nauth include s\n");
    struct stack *stack = stack_read(unit_folder(), "s", "auth");
    assert_non_null(stack);
    unit_check("circle", stack->problem.text[0] != '\0' && stack->count <= 1000, "an end");
    stack_free(stack);
}

/* ---- what can come of a stack ---- */

/* A module's name says what it can answer. */
static void role_of(const struct stack_line *line, struct module_model *model)
{
    static const struct {
        const char *module;
        struct module_model model;
    } models[] = {
        {"factor.so",
         {.answers = {{PAM_SUCCESS, MEANS_PROVED}, {PAM_AUTH_ERR, MEANS_REFUSED}}, .count = 2}},
        {"condition.so",
         {.answers = {{PAM_SUCCESS, MEANS_YES}, {PAM_AUTH_ERR, MEANS_NO}},
          .count = 2,
          .deterministic = true}},
        {"pam_swmfa.so",
         {.answers = {{PAM_SUCCESS, MEANS_CODE},
                      {PAM_IGNORE, MEANS_PASS},
                      {PAM_MAXTRIES, MEANS_DENIAL}},
          .count = 3}},
        {"deny.so", {.answers = {{PAM_AUTH_ERR, MEANS_NOTHING}}, .count = 1}},
        {"permit.so", {.answers = {{PAM_SUCCESS, MEANS_NOTHING}}, .count = 1}},
    };
    *model = (struct module_model){0};
    for (size_t i = 0; i < COUNT(models); i++)
        if (line->module != NULL && strcmp(line->module, models[i].module) == 0)
            *model = models[i].model;
}

#define SO  true
#define NOT false

/* True if some end has these events and not those. */
static const struct {
    const char *lines;
    bool is;
    bool success;
    unsigned with, without;
} ends[] = {
    /* the module required, after a first factor that ends the stack */
    {"auth requisite factor.so\nauth required pam_swmfa.so\n", SO, true, EVENT_PROVED | EVENT_CODE,
     0},
    {"auth requisite factor.so\nauth required pam_swmfa.so\n", NOT, true, 0, EVENT_PROVED},
    {"auth requisite factor.so\nauth required pam_swmfa.so\n", NOT, true, EVENT_DENIAL, 0},
    {"auth requisite factor.so\nauth required pam_swmfa.so\n", NOT, false, EVENT_SENT, 0},
    {"auth requisite factor.so\nauth required pam_swmfa.so\n", SO, true, EVENT_PASS, 0},
    /* alone, nobody else says yes */
    {"auth required pam_swmfa.so\n", NOT, true, EVENT_PASS, 0},
    {"auth required pam_swmfa.so\n", SO, true, EVENT_EARLY | EVENT_CODE, 0},
    {"auth required pam_swmfa.so\nauth required permit.so\n", SO, true, EVENT_PASS, EVENT_PROVED},
    /* a factor that does not end it */
    {"auth required factor.so\nauth required pam_swmfa.so\n", SO, false, EVENT_SENT, 0},
    {"auth required factor.so\nauth required pam_swmfa.so\n", NOT, true, EVENT_SENT, 0},
    {"auth optional factor.so\nauth required pam_swmfa.so\n", SO, true, EVENT_SENT | EVENT_CODE,
     EVENT_PROVED},
    /* controls of the module */
    {"auth requisite factor.so\nauth optional pam_swmfa.so\n", SO, true, EVENT_DENIAL, 0},
    {"auth requisite factor.so\nauth sufficient pam_swmfa.so\n", SO, true, EVENT_DENIAL, 0},
    {"auth sufficient factor.so\nauth required pam_swmfa.so\n", SO, true, EVENT_PROVED,
     EVENT_ASKED},
    /* a condition gives one answer only in one login */
    {"auth [success=1 default=ignore] condition.so\nauth required deny.so\n"
     "auth [success=ignore default=1] condition.so\nauth required pam_swmfa.so\n"
     "auth required permit.so\n",
     NOT, true, 0, EVENT_ASKED},
    {"auth requisite factor.so\nauth required pam_swmfa.so\nauth required pam_swmfa.so\n", SO, true,
     EVENT_AGAIN, 0},
    {"auth requisite factor.so\nauth required factor.so\nauth required pam_swmfa.so\n", SO, true,
     EVENT_TWICE, 0},
};

static bool has_end(const struct paths *paths, bool success, unsigned with, unsigned without)
{
    for (size_t i = 0; i < paths->node_count; i++) {
        const struct node *node = paths->nodes[i];
        bool good = false;
        if (paths_ended(paths, node, &good) && good == success && (node->events & with) == with &&
            (node->events & without) == 0)
            return true;
    }
    return false;
}

static void test_paths_finds_every_result_of_a_stack(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct module_model models[8];
        struct paths paths;
        unit_write_files(unit_format("== s\n%s", ends[i].lines));
        struct stack *stack = stack_read(unit_folder(), "s", "auth");
        assert_non_null(stack);
        for (size_t n = 0; n < stack->count; n++)
            role_of(&stack->lines[n], &models[n]);
        assert_int_equal(paths_run(&paths, stack, models, 0), PATHS_DONE);
        unit_check(unit_format("%zu: %s", i, ends[i].lines),
                   has_end(&paths, ends[i].success, ends[i].with, ends[i].without) == ends[i].is,
                   ends[i].is ? "such an end" : "no such end");
        paths_free(&paths);
        stack_free(stack);
    }
}

static void test_a_named_module_checks_a_first_factor(void **state)
{
    (void)state;
    static const struct {
        const char *module;
        const char *factors;
        enum meaning meaning; /* of success */
    } cases[] = {
        {"pam_local.so", NULL, MEANS_ANYTHING},
        {"pam_local.so", "pam_loca, pam_local2, local", MEANS_ANYTHING},
        {"pam_local.so", "pam_local", MEANS_PROVED},
        {"pam_local.so", "pam_x.so ,\tpam_local.so", MEANS_PROVED},
        {"pam_succeed_if.so", "pam_succeed_if", MEANS_YES},
        {"pam_env.so", "pam_env", MEANS_NOTHING},
        {"pam_kanidm.so", NULL, MEANS_PROVED},
        {"pam_authd_exec.so", NULL, MEANS_PROVED},
        {"pam_oslogin_login.so", NULL, MEANS_PROVED},
        {"pam_fscrypt.so", NULL, MEANS_NOTHING},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct module_model model;
        unit_write_files(unit_format("== %s\n#\n== s\nauth required %s/%s", cases[i].module,
                                     unit_folder(), cases[i].module));
        struct stack *stack = stack_read(unit_folder(), "s", "auth");
        assert_non_null(stack);
        modules_model(&stack->lines[0], NULL, cases[i].factors, &model);
        unit_check(unit_format("%zu: %s", i, cases[i].module),
                   model.answers[0].code == PAM_SUCCESS &&
                       model.answers[0].meaning == cases[i].meaning &&
                       (model.asks != NULL) == (cases[i].meaning == MEANS_PROVED),
                   "what its success means");
        stack_free(stack);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_read_as_libpam_reads_them),
        cmocka_unit_test(test_includes_that_double_at_each_turn_end),
        cmocka_unit_test(test_paths_finds_every_result_of_a_stack),
        cmocka_unit_test(test_a_named_module_checks_a_first_factor),
    };
    return cmocka_run_group_tests_name("stack", tests, unit_make_folder, unit_remove_folder);
}
