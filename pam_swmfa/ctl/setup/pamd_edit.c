/* SPDX-License-Identifier: BSD-3-Clause */
/* pamd_edit: see pamd_edit.h, and pam.d(5) for the form of the lines. */
#include <config.h>

#include "ctl/setup/pamd_edit.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE "pam_swmfa.so"
#define MARK   "# swmfactl: " /* before a line of ours, in every version */
#define NOTE   MARK "enable added this; disable removes it\n"
#define OUT    "#swmfactl# " /* before a line that is unused until then */
/* If the module is alone in the stack, libpam denies users whom the module lets pass unless this
 * line follows. */
#define PERMIT "auth\trequired\tpam_permit.so"

/* The files that ask for the first factor: of Debian and SUSE, of Fedora and its kin, of Arch. */
#define FIRST                                                                                      \
    "(common-auth|password-auth|system-auth|system-login|system-local-login|system-remote-login)"
#define BLANK "[ \t]+"
#define END   "[ \t]*(#.*)?$"

/* ---- lines ---- */

struct line {
    const char *at;
    size_t length; /* without the newline */
    unsigned number;
    char text[512]; /* a copy, cut off at its size */
};

/* Reads the next line; false after the last. Begin with a line that is all zero, but for at: the
 * text. */
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
    return matches(line->text,
                   "^[ \t]*(@include|-?auth" BLANK "(include|substack))" BLANK FIRST END);
}

static bool is_auth(const struct line *line)
{
    return matches(line->text, "^[ \t]*(-?auth[ \t]|@include[ \t]+[^ \t]*auth)");
}

static bool is_ours(const struct line *line)
{
    return matches(line->text, "^[ \t]*-?auth[ \t][^#]*" MODULE "([ \t]|$)");
}

bool pamfile_has_module(const char *text, const char *option)
{
    struct line line = {.at = text};
    while (next_line(&line))
        if (is_ours(&line) && (option == NULL || strstr(line.text, option) != NULL))
            return true;
    return false;
}

static unsigned count(const char *text, bool (*is)(const struct line *line))
{
    unsigned found = 0;
    struct line line = {.at = text};
    while (next_line(&line))
        found += is(&line) ? 1 : 0;
    return found;
}

bool pamfile_has_include(const char *text)
{
    return count(text, is_include) > 0;
}

bool pamfile_includes(const char *text, const char *name)
{
    char pattern[128];
    struct line line = {.at = text};
    (void)snprintf(pattern, sizeof(pattern),
                   "^[ \t]*(@include|-?auth" BLANK "(include|substack))" BLANK "%s" END, name);
    while (next_line(&line))
        if (matches(line.text, pattern))
            return true;
    return false;
}

static bool is_text(const struct line *line, const char *text)
{
    return line->length == strlen(text) && strncmp(line->at, text, line->length) == 0;
}

bool pamfile_made_by_us(const char *text)
{
    struct line line = {.at = text};
    bool marked = false;
    while (next_line(&line)) {
        if (is_ours(&line) && !marked)
            return false;
        marked = strncmp(line.at, MARK, strlen(MARK)) == 0;
    }
    return true;
}

bool pamfile_has_auth(const char *text)
{
    return count(text, is_auth) > 0;
}

unsigned pamfile_names_module(const char *text)
{
    struct line line = {.at = text};
    while (next_line(&line)) {
        size_t length = strcspn(line.at, "#\n");
        if (memmem(line.at, length, MODULE, strlen(MODULE)) != NULL)
            return line.number;
    }
    return 0;
}

/* Returns the longest jump of a line: 2 for "[success=2 default=ignore]". */
static unsigned long find_jump(const char *text)
{
    unsigned long longest = 0;
    const char *end = text + strcspn(text, "]#");
    for (const char *at = strchr(text, '['); at != NULL && at < end; at++)
        if (*at == '=' && strtoul(at + 1, NULL, 10) > longest)
            longest = strtoul(at + 1, NULL, 10);
    return longest;
}

unsigned pamfile_jump_to(const char *text)
{
    struct line line = {.at = text};
    unsigned from = 0;
    unsigned long left = 0; /* lines that a jump before still skips */
    while (next_line(&line)) {
        if (!is_auth(&line))
            continue;
        if (is_ours(&line) && left > 0)
            return from;
        left -= left > 0 ? 1 : 0;
        if (find_jump(line.text) > left) {
            left = find_jump(line.text);
            from = line.number;
        }
    }
    return 0;
}

/* ---- changing the text ---- */

bool pamfile_is_known(const char *text)
{
    return count(text, is_include) == 1;
}

char *pamfile_insert(const char *text, const char *options, bool in_place)
{
    char *result = NULL;
    struct line line = {.at = text};
    while (next_line(&line))
        if (is_include(&line))
            break;
    int before = (int)(line.at - text);
    const char *rest = line.at + line.length + (line.at[line.length] == '\n');
    if (asprintf(&result, "%.*s%s%.*s\n" NOTE "auth\trequired\t%s%s%s\n%s%s", before, text,
                 in_place ? OUT : "", (int)line.length, line.at, SWMFA_MODULE_PATH,
                 *options != '\0' ? " " : "", options, in_place ? PERMIT "\n" : "", rest) < 0)
        return NULL;
    return result;
}

char *pamfile_remove(const char *text)
{
    char *result = calloc(1, strlen(text) + 2);
    size_t used = 0;
    bool after_ours = false;
    struct line line = {.at = text};
    while (result != NULL && next_line(&line)) {
        size_t skip = strncmp(line.at, OUT, strlen(OUT)) == 0 ? strlen(OUT) : 0;
        bool permit = after_ours && is_text(&line, PERMIT);
        after_ours = is_ours(&line);
        if (permit || after_ours || strncmp(line.at, MARK, strlen(MARK)) == 0)
            continue;
        memcpy(result + used, line.at + skip, line.length - skip);
        used += line.length - skip;
        if (line.at[line.length] == '\n')
            result[used++] = '\n';
    }
    return result;
}
