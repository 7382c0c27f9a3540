/* SPDX-License-Identifier: BSD-3-Clause */
/* finding: see finding.h. */
#include <config.h>

#include "base/finding.h"

#include "base/log.h"
#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 4608 /* a path, and a command or a line number */

struct findings {
    struct finding *at;
    size_t count;
    bool lost; /* a finding was lost without memory */
};

struct findings *findings_new(void)
{
    return calloc(1, sizeof(struct findings));
}

static void forget(struct finding *finding)
{
    free(finding->id);
    free(finding->where);
    free(finding->text);
    free(finding->fix);
}

void findings_free(struct findings *findings)
{
    if (findings == NULL)
        return;
    for (size_t i = 0; i < findings->count; i++)
        forget(&findings->at[i]);
    free(findings->at);
    free(findings);
}

/* All that is printed is printable. */
static char *printable(const char *text)
{
    char to[4 * TEXT_SIZE];
    return strdup(log_escape(to, sizeof(to), text, ""));
}

/* Line by line: a fix can have several. */
static char *printable_lines(const char *text)
{
    char to[4 * TEXT_SIZE];
    char line[TEXT_SIZE];
    size_t used = 0;
    to[0] = '\0';
    while (*text != '\0' && used + 8 < sizeof(to)) {
        size_t length = strcspn(text, "\n");
        (void)snprintf(line, sizeof(line), "%.*s", (int)length, text);
        (void)log_escape(to + used, sizeof(to) - used, line, "");
        used += strlen(to + used);
        text += length;
        if (*text == '\n') {
            to[used++] = *text++;
            to[used] = '\0';
        }
    }
    return strdup(to);
}

void findings_add(struct findings *findings, enum severity severity, const char *id,
                  const char *where, const char *fix, const char *format, ...)
{
    struct problem problem = {0}; /* for its size, and how it cuts a text */
    va_list arguments;
    va_start(arguments, format);
    problem_add_list(&problem, format, arguments);
    va_end(arguments);
    struct finding finding = {severity, printable(id), printable(where), printable(problem.text),
                              printable_lines(fix)};
    struct finding *more = reallocarray(findings->at, findings->count + 1, sizeof(*more));
    if (more != NULL)
        findings->at = more;
    if (more == NULL || finding.id == NULL || finding.where == NULL || finding.text == NULL ||
        finding.fix == NULL) {
        findings->lost = true;
        forget(&finding);
        return;
    }
    more[findings->count++] = finding;
}

void findings_each(const struct findings *findings,
                   bool (*take)(const struct finding *finding, void *context), void *context)
{
    for (size_t i = 0; i < findings->count; i++)
        if (!take(&findings->at[i], context))
            return;
}

size_t findings_count(const struct findings *findings, enum severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->at[i].severity == severity;
    return count;
}

bool findings_lost(const struct findings *findings)
{
    return findings->lost;
}
