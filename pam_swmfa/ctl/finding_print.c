/* SPDX-License-Identifier: BSD-3-Clause */
/* finding_print: see finding_print.h. */
#include <config.h>

#include "ctl/finding_print.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *colour; /* ECMA-48, select graphic rendition */
} severities[] = {
    [SEVERITY_NOTE] = {"note", "36"},
    [SEVERITY_WARNING] = {"warning", "33"},
    [SEVERITY_ERROR] = {"error", "31"},
};

static void print_text(const struct finding *finding, const struct ctl_context *ctl)
{
    const char *name = severities[finding->severity].name;
    if (ctl->colours)
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

/* The findings that are printed, and their format. */
struct printing {
    const struct ctl_context *ctl;
    json_object *list;
    enum severity severity; /* of this pass through the findings */
};

static bool print_one(const struct finding *finding, void *context)
{
    struct printing *printing = context;
    if (finding->severity != printing->severity)
        return true;
    if (printing->ctl->json)
        (void)json_object_array_add(printing->list, as_json(finding));
    else
        print_text(finding, printing->ctl);
    return true;
}

static enum ctl_status worst(const struct findings *findings)
{
    if (findings_count(findings, SEVERITY_ERROR) > 0)
        return CTL_ERRORS;
    return findings_count(findings, SEVERITY_WARNING) > 0 ? CTL_WARNINGS : CTL_DONE;
}

enum ctl_status findings_print(const struct findings *findings, struct ctl_context *ctl,
                               json_object *document)
{
    json_object *list = json_object_new_array();
    struct printing printing = {ctl, list, SEVERITY_ERROR};
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--) {
        printing.severity = (enum severity)severity;
        findings_each(findings, print_one, &printing);
    }
    if (document == NULL)
        document = json_object_new_object();
    (void)json_object_object_add(document, "findings", list);
    if (findings_lost(findings)) {
        json_object_put(document);
        problem_no_memory(&ctl->problem);
        return CTL_FAILED;
    }
    bool printed = ctl->json ? ctl_print_json(ctl, document) : ctl_flush(ctl);
    if (!ctl->json)
        json_object_put(document);
    return printed ? worst(findings) : CTL_FAILED;
}
