/* SPDX-License-Identifier: BSD-3-Clause */
/* pamfile: see pamfile.h, and pam.d(5) for the form of the lines. */
#include <config.h>

#include "ctl/pamfile.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE "pam_swmfa.so"
#define COMMON "/etc/pam.d/common-auth"
#define NOTE   "# swmfactl: its line; swmfactl disable takes it out\n"
#define OUT    "#swmfactl# " /* before a line that is out of use until then */
#define MOST   64            /* auth lines of one file */
#define BY_HAND                                                                                    \
    "add it by hand where it belongs, see pam_swmfa(8): auth required " SWMFA_MODULE_PATH
#define INCLUDES "@include[ \t]+common-auth|-?auth[ \t]+include[ \t]+common-auth"

/* ---- lines ---- */

struct line {
    const char *at;
    size_t length; /* without the newline */
    unsigned number;
    char text[512]; /* a copy, cut off there */
};

/* The next line; false behind the last. line: all zero at first, with at the text. */
static bool next_line(struct line *line)
{
    const char *at = line->number == 0 ? line->at : line->at + line->length;
    if (line->number > 0 && *at == '\n')
        at++;
    if (*at == '\0')
        return false;
    line->at = at;
    line->length = strcspn(at, "\n");
    line->number++;
    (void)snprintf(line->text, sizeof(line->text), "%.*s", (int)line->length, at);
    return true;
}

static bool matches(const char *text, const char *pattern)
{
    regex_t expression;
    if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB | REG_ICASE) != 0)
        return false;
    bool match = regexec(&expression, text, 0, NULL, 0) == 0;
    regfree(&expression);
    return match;
}

static bool is_include(const struct line *line)
{
    return matches(line->text, "^[ \t]*(" INCLUDES ")[ \t]*(#.*)?$");
}

static bool is_auth(const struct line *line)
{
    return matches(line->text, "^[ \t]*(-?auth[ \t]|@include[ \t]+[^ \t]*auth)");
}

static bool is_ours(const struct line *line)
{
    return matches(line->text, "^[ \t]*-?auth[ \t][^#]*" MODULE "([ \t]|$)");
}

/* In common-auth: the line that has other services step over ours. */
static bool is_guard(const struct line *line)
{
    return matches(line->text, "pam_succeed_if\\.so quiet service notin ") &&
           strncmp(line->at + line->length, "\nauth", 5) == 0 &&
           strstr(line->at + line->length, MODULE) != NULL;
}

static bool any(const char *text, bool (*is)(const struct line *line))
{
    struct line line = {.at = text};
    while (next_line(&line))
        if (is(&line))
            return true;
    return false;
}

bool pamfile_has_module(const char *text, const char *option)
{
    struct line line = {.at = text};
    while (next_line(&line))
        if (is_ours(&line) && (option == NULL || strstr(line.text, option) != NULL))
            return true;
    return false;
}

bool pamfile_has_include(const char *text)
{
    return any(text, is_include);
}

bool pamfile_has_auth(const char *text)
{
    return any(text, is_auth);
}

/* ---- what stands before ---- */

/* What is wrong with a line of type auth before ours, or NULL. */
static const char *wrong(const struct line *line)
{
    if (line->length >= sizeof(line->text) || matches(line->text, "\\\\$"))
        return "a line that goes on in the next one is not understood";
    if (matches(line->text, "^[ \t]*auth[ \t]+sufficient[ \t]+([^ \t]*/)?pam_rootok\\.so"))
        return NULL;
    if (matches(line->text, "auth[ \t]+sufficient|\\[[^]]*=[ \t]*(done|reset)[^]]*\\]"))
        return "can let somebody in before a code is asked for";
    if (matches(line->text, "auth[ \t]+(include|substack)|^[ \t]*@include"))
        return "what is included there is not known";
    return NULL;
}

static bool fail(struct problem *problem, const char *path, const struct line *line,
                 const char *why)
{
    return problem_set(problem, "%s:%u: %.100s: %s; nothing was changed: %s", path, line->number,
                       line->text, why, BY_HAND);
}

/* How many lines the longest jump of a line passes over. */
static long jump_of(const struct line *line)
{
    long most = 0;
    const char *end = strchr(line->text, ']');
    for (const char *at = line->text; end != NULL && (at = strchr(at, '=')) != NULL && at < end;) {
        long jump = strtol(++at, NULL, 10);
        most = jump > most ? jump : most;
    }
    return most;
}

/* The service's file: nothing steps over the include, which stands there once. */
static bool check_service(const char *path, const char *text, struct problem *problem)
{
    struct line line = {.at = text};
    unsigned includes = 0;
    while (next_line(&line)) {
        if (is_include(&line)) {
            includes++;
            continue;
        }
        const char *why = is_auth(&line) ? wrong(&line) : NULL;
        if (is_auth(&line) && why == NULL && includes == 0 && jump_of(&line) > 0)
            why = "can step over a line behind it";
        if (why != NULL)
            return fail(problem, path, &line, why);
    }
    return includes == 1 ||
           problem_set(problem,
                       "%s: has \"@include common-auth\" %u times, and is not understood; nothing "
                       "was changed: %s",
                       path, includes, BY_HAND);
}

/* common-auth: who fails ends there; who does not comes to its end, or to our first line. */
static bool check_common(const char *text, struct problem *problem)
{
    struct line lines[MOST];
    long count = 0;
    bool ends = false;
    struct line line = {.at = text};
    while (count < MOST && next_line(&line) && !is_guard(&line) && !is_ours(&line))
        if (is_auth(&line))
            lines[count++] = line;
    for (long i = 0; i < count; i++) {
        const char *why = wrong(&lines[i]);
        if (why == NULL && i + jump_of(&lines[i]) + 1 > count)
            why = "steps over more lines than there are before a code is asked for";
        if (why != NULL)
            return fail(problem, COMMON, &lines[i], why);
        ends = ends || matches(lines[i].text, "auth[ \t]+requisite[ \t]+([^ \t]*/)?pam_deny\\.so");
    }
    return ends || problem_set(problem,
                               COMMON ": expected \"auth requisite pam_deny.so\", at which a wrong "
                                      "password ends: without it each would have a code sent; "
                                      "nothing was changed");
}

bool pamfile_check(const char *path, const char *text, const char *common, struct problem *problem)
{
    return check_service(path, text, problem) && check_common(common, problem);
}

/* ---- changing it ---- */

char *pamfile_insert(const char *text, const char *options, bool in_place)
{
    char *result = NULL;
    struct line line = {.at = text};
    while (next_line(&line))
        if (is_include(&line))
            break;
    int before = (int)(line.at - text);
    const char *rest = line.at + line.length + (line.at[line.length] == '\n');
    if (asprintf(&result, "%.*s%s%.*s\n" NOTE "auth\trequired\t%s%s%s\n%s", before, text,
                 in_place ? OUT : "", (int)line.length, line.at, SWMFA_MODULE_PATH,
                 *options != '\0' ? " " : "", options, rest) < 0)
        return NULL;
    return result;
}

char *pamfile_remove(const char *text)
{
    char *result = calloc(1, strlen(text) + 2);
    size_t used = 0;
    struct line line = {.at = text};
    while (result != NULL && next_line(&line)) {
        size_t skip = strncmp(line.at, OUT, strlen(OUT)) == 0 ? strlen(OUT) : 0;
        if (is_ours(&line) || strncmp(line.at, NOTE, strlen(NOTE)) == 0)
            continue;
        memcpy(result + used, line.at + skip, line.length - skip);
        used += line.length - skip;
        if (line.at[line.length] == '\n')
            result[used++] = '\n';
    }
    return result;
}
