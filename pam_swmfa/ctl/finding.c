/* SPDX-License-Identifier: BSD-3-Clause */
/* finding: see finding.h. */
#include <config.h>

#include "ctl/finding.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 2048

static const struct {
    const char *name;
    const char *colour; /* ECMA-48, select graphic rendition */
} severities[] = {
    [SEVERITY_NOTE] = {"note", "36"},
    [SEVERITY_WARNING] = {"warning", "33"},
    [SEVERITY_ERROR] = {"error", "31"},
};

struct findings {
    struct finding *at;
    size_t count;
    bool lost; /* one, for want of memory */
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

/* Line by line: what to write can be several. */
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
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    struct finding finding = {severity, printable(id), printable(where), printable(text),
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

static void print_text(const struct finding *finding, const struct job *job)
{
    const char *name = severities[finding->severity].name;
    if (job->colours)
        (void)printf("\033[%sm%s\033[0m", severities[finding->severity].colour, name);
    else
        (void)printf("%s", name);
    (void)printf("  %s%s%s [%s]\n", finding->where, *finding->where != '\0' ? ": " : "",
                 finding->text, finding->id);
    for (const char *line = finding->fix; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        (void)printf("    %s%.*s\n", line == finding->fix ? "do: " : "    ", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static json_object *as_json(const struct finding *finding)
{
    json_object *object = json_object_new_object();
    (void)json_object_object_add(object, "severity",
                                 json_object_new_string(severities[finding->severity].name));
    (void)json_object_object_add(object, "id", json_object_new_string(finding->id));
    (void)json_object_object_add(object, "where", json_object_new_string(finding->where));
    (void)json_object_object_add(object, "text", json_object_new_string(finding->text));
    (void)json_object_object_add(object, "fix", json_object_new_string(finding->fix));
    return object;
}

static enum ctl_status worst(const struct findings *findings)
{
    if (findings_count(findings, SEVERITY_ERROR) > 0)
        return CTL_ERRORS;
    return findings_count(findings, SEVERITY_WARNING) > 0 ? CTL_WARNINGS : CTL_DONE;
}

enum ctl_status findings_print(const struct findings *findings, struct job *job,
                               json_object *document)
{
    json_object *list = json_object_new_array();
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
        for (size_t i = 0; i < findings->count; i++) {
            if ((int)findings->at[i].severity != severity)
                continue;
            if (job->json)
                (void)json_object_array_add(list, as_json(&findings->at[i]));
            else
                print_text(&findings->at[i], job);
        }
    if (document == NULL)
        document = json_object_new_object();
    (void)json_object_object_add(document, "findings", list);
    if (findings->lost) {
        json_object_put(document);
        problem_set(&job->problem, "no memory");
        return CTL_FAILED;
    }
    bool printed = job->json ? job_print_json(job, document) : job_flush(job);
    if (!job->json)
        json_object_put(document);
    return printed ? worst(findings) : CTL_FAILED;
}
