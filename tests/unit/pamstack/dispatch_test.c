/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of pamstack/parse and pamstack/dispatch against the libpam of this system: thousands of
 * random stacks of pam_debug.so, which answers what its argument says. The same modules must be
 * run, in the same order, and the same must come of it.
 */
#include "../unit.h"

#include "pamstack/dispatch.h"

#include <security/pam_appl.h>

#define STACKS  3000
#define FILES   4 /* the service's, and what it includes */
#define LINES   7 /* at most, in one file */
#define RUN_MAX 4096

static unsigned random_state;

static unsigned pick(unsigned below)
{
    random_state = random_state * 1103515245U + 12345U;
    return (random_state >> 16) % below;
}

/* ---- a random stack ---- */

/* Those that pam_debug knows, but for "incomplete". */
static const char *pick_code(void)
{
    static const int likely[] = {PAM_SUCCESS, PAM_SUCCESS,  PAM_SUCCESS,
                                 PAM_IGNORE,  PAM_AUTH_ERR, PAM_NEW_AUTHTOK_REQD};
    return pick(4) != 0 ? stack_code_name(likely[pick(COUNT(likely))])
                        : stack_code_name((int)pick(STACK_CODES - 1));
}

static void write_values(FILE *file)
{
    static const char *const actions[] = {"ignore", "ok", "done", "bad", "die", "reset",
                                          "1",      "2",  "3",    "1",   "2",   "nonsense"};
    unsigned count = 1 + pick(3);
    (void)fputc('[', file);
    for (unsigned i = 0; i < count; i++)
        (void)fprintf(file, "%s%s=%s ", pick(9) == 0 ? " " : "",
                      i == 0 && pick(2) == 0 ? "success" : pick_code(),
                      actions[pick(pick(30) == 0 ? COUNT(actions) : COUNT(actions) - 1)]);
    if (pick(3) != 0)
        (void)fprintf(file, "default=%s", actions[pick(COUNT(actions) - 1)]);
    (void)fputc(']', file);
}

static void write_control(FILE *file)
{
    static const char *const words[] = {"required",   "requisite", "optional",
                                        "sufficient", "Required",  "bogus"};
    if (pick(2) == 0)
        (void)fputs(words[pick(pick(20) == 0 ? 6 : 5)], file);
    else
        write_values(file);
}

/* Blanks, a continued line, or a tab. What follows is not blank: versions of libpam differ then. */
static const char *gap(void)
{
    static const char *const gaps[] = {" ", "\t", "   ", " \\\n  ", "\t \\\n"};
    return gaps[pick(pick(6) == 0 ? 5 : 3)];
}

static void write_module(FILE *file)
{
    static const char *const types[] = {"auth", "-auth", "AUTH"};
    (void)fprintf(file, "%s%s", types[pick(10) == 0 ? pick(3) : 0], gap());
    write_control(file);
    if (pick(30) == 0)
        (void)fprintf(file, "%spam_there_is_none.so\n", gap());
    else
        (void)fprintf(file, "%spam_debug.so%sauth=%s%s\n", gap(), gap(), pick_code(),
                      pick(8) == 0 ? " # a comment \\" : "");
}

static void write_line(FILE *file, const char *folder, unsigned number)
{
    static const char *const odd[] = {"# a comment\n",
                                      "\n",
                                      "  \n",
                                      "account required\n",
                                      "account required pam_deny.so\n",
                                      "auth\n",
                                      "auth required\n",
                                      "bogus required pam_permit.so\n",
                                      "session \\\n optional x.so\n"};
    unsigned kind = pick(12);
    if (kind == 0)
        (void)fputs(odd[pick(pick(4) == 0 ? COUNT(odd) : 5)], file);
    else if (kind < 4 && number + 1 < FILES)
        (void)fprintf(file, "auth %s %s/%u\n", pick(3) == 0 ? "include" : "substack", folder,
                      number + 1 + pick(FILES - number - 1));
    else
        write_module(file);
}

static void write_stack(const char *folder)
{
    for (unsigned number = 0; number < FILES; number++) {
        FILE *file = fopen(unit_format("%s/%u", folder, number), "we");
        assert_non_null(file);
        for (unsigned lines = 1 + pick(LINES); lines > 0; lines--)
            write_line(file, folder, number);
        assert_int_equal(fclose(file), 0);
    }
}

/* ---- what comes of it ---- */

/* pam_debug says "auth=CODE" when it is run. */
static int note(int count, const struct pam_message **messages, struct pam_response **replies,
                void *data)
{
    char *run = data;
    *replies = calloc((size_t)count, sizeof(**replies));
    for (int i = 0; i < count; i++)
        (void)snprintf(run + strlen(run), RUN_MAX - strlen(run), "%s ", messages[i]->msg);
    return *replies != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int libpam_result(const char *folder, char *run)
{
    const struct pam_conv conversation = {.conv = note, .appdata_ptr = run};
    pam_handle_t *pamh = NULL;
    *run = '\0';
    assert_int_equal(pam_start_confdir("0", "root", &conversation, folder, &pamh), PAM_SUCCESS);
    int result = pam_authenticate(pamh, 0);
    (void)pam_end(pamh, result);
    return result;
}

static int code_of(const char *name)
{
    for (int code = 0; code < STACK_CODES; code++)
        if (strcmp(stack_code_name(code), name) == 0)
            return code;
    fail_msg("there is no code %s", name);
    return -1;
}

/* The answer of the line's module, and its text when it runs. */
static int answer(const struct stack_line *line, char *run)
{
    if (line->kind == STACK_BROKEN)
        return PAM_PERM_DENIED;
    if (strcmp(line->module, "pam_debug.so") != 0)
        return PAM_MODULE_UNKNOWN;
    (void)snprintf(run + strlen(run), RUN_MAX - strlen(run), "%s ", line->arguments[0]);
    return code_of(line->arguments[0] + strlen("auth="));
}

static int our_result(const char *folder, char *run)
{
    struct stack *stack = stack_read(folder, "0", "auth");
    struct dispatch dispatch;
    *run = '\0';
    assert_non_null(stack);
    dispatch_start(stack, &dispatch);
    while (dispatch.at < stack->count)
        (void)dispatch_answer(stack, &dispatch, answer(&stack->lines[dispatch.at], run));
    int result = stack->problem.text[0] != '\0' ? PAM_ABORT : dispatch_result(&dispatch);
    if (stack->problem.text[0] != '\0')
        *run = '\0';
    stack_free(stack);
    return result;
}

static void test_libpam_returns_what_dispatch_predicts(void **state)
{
    char theirs[RUN_MAX];
    char ours[RUN_MAX];
    const char *folder = unit_folder();
    (void)state;
    unsigned succeeded = 0;
    for (unsigned i = 0; i < STACKS; i++) {
        random_state = i;
        (void)pick(2);
        write_stack(folder);
        int result = libpam_result(folder, theirs);
        int found = our_result(folder, ours);
        unit_same_text(unit_format("stack %u", i), ours, theirs);
        unit_same_number(unit_format("stack %u", i), found, result);
        succeeded += result == PAM_SUCCESS;
    }
    unit_check("random stacks", succeeded > STACKS / 20 && succeeded < STACKS / 2,
               "some that let in, and some that do not");
}

static int make_folder(void **state)
{
    static const char text[] = "auth required pam_debug.so auth=acct_expired\n";
    if (unit_make_folder(state) != 0)
        return -1;
    free(unit_file_of("other", text, strlen(text), 0600));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libpam_returns_what_dispatch_predicts)};
    return cmocka_run_group_tests_name("dispatch", tests, make_folder, unit_remove_folder);
}
