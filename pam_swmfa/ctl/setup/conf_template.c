/* SPDX-License-Identifier: BSD-3-Clause */
/* conf_template: see conf_template.h. */
#include <config.h>

#include "ctl/setup/conf_template.h"

#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char draft_example[] =
#include <conf/swmfa.conf.h>
    ;
const char draft_users_example[] =
#include <conf/swmfa.users.h>
    ;

char *draft_new(void)
{
    return strdup(draft_example);
}

void draft_free(char *draft)
{
    if (draft != NULL)
        explicit_bzero(draft, strlen(draft));
    free(draft);
}

/* Returns the line after this one, or the end of the text after the last. */
static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at == '\n' ? at + 1 : at;
}

/* Returns the first line of a section, after its header, or NULL if there is no such section. */
static const char *find_section(const char *text, const char *section)
{
    char head[64];
    (void)snprintf(head, sizeof(head), "[%s]\n", section);
    for (const char *at = text; *at != '\0'; at = next_line(at))
        if (strncmp(at, head, strlen(head)) == 0)
            return next_line(at);
    return NULL;
}

/* Returns the line that sets a key in its section, or else the commented example of it, or NULL. */
static const char *find_key(const char *text, const char *section, const char *key)
{
    const char *example = NULL;
    const char *at = find_section(text, section);
    size_t length = strlen(key);
    for (; at != NULL && *at != '\0' && *at != '['; at = next_line(at)) {
        const char *name = at + (*at == ';');
        if (strncmp(name, key, length) != 0 || strncmp(name + length, " =", 2) != 0)
            continue;
        if (name == at)
            return at;
        if (example == NULL)
            example = at;
    }
    return example;
}

/* Finds the comment at the end of a line, with the blanks before it; length 0: none. */
static const char *find_comment(const char *line, size_t *length)
{
    const char *end = line + strcspn(line, "\n");
    const char *at = memmem(line, (size_t)(end - line), " ;", 2);
    *length = at != NULL ? (size_t)(end - at) : 0;
    return at != NULL ? at : end;
}

/* Returns the draft with one line replaced, or NULL without memory. The buffer has its final size
 * from the start: growing it would leave parts of a secret in freed memory. */
static char *replace(const char *draft, const char *line, const char *key, const char *value)
{
    size_t length = 0;
    const char *comment = find_comment(line, &length);
    size_t size = strlen(draft) + strlen(key) + strlen(value) + sizeof(" = \n");
    char *result = malloc(size);
    if (result != NULL)
        (void)snprintf(result, size, "%.*s%s = %s%.*s\n%s", (int)(line - draft), draft, key, value,
                       (int)length, comment, next_line(line));
    return result;
}

bool draft_set(char **draft, const char *section, const char *key, const char *value,
               struct problem *problem)
{
    struct config config;
    const char *line = find_key(*draft, section, key);
    if (line == NULL)
        return problem_set(problem, "[%s] %s: is not in the example", section, key);
    if (*value == '\0' || strpbrk(value, "\r\n") != NULL)
        return problem_set(problem, "[%s] %s: expected one line that is not empty", section, key);
    if (*value == ';' || strstr(value, " ;") != NULL || strstr(value, "\t;") != NULL)
        return problem_set(
            problem,
            "[%s] %s: expected no ; at the beginning or after a blank: a comment would begin there",
            section, key);
    char *next = replace(*draft, line, key, value);
    if (next == NULL)
        return problem_no_memory(problem);
    if (!config_read(SWMFA_CONF_PATH, next, strlen(next), &config, problem)) {
        draft_free(next);
        return false;
    }
    config_free(&config);
    draft_free(*draft);
    *draft = next;
    return true;
}

bool draft_drop(char **draft, const char *section, const char *key, struct problem *problem)
{
    char *next = NULL;
    const char *line = find_key(*draft, section, key);
    if (line == NULL || *line == ';')
        return true;
    if (asprintf(&next, "%.*s;%s", (int)(line - *draft), *draft, line) < 0)
        return problem_no_memory(problem);
    draft_free(*draft);
    *draft = next;
    return true;
}
