/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * finding: a result of check or doctor: how severe it is, where, what is wrong, and how to fix it.
 */
#ifndef SWMFA_FINDING_H
#define SWMFA_FINDING_H

#include <stdbool.h>
#include <stddef.h>

enum severity {
    SEVERITY_NOTE,    /* good to know; no action is needed */
    SEVERITY_WARNING, /* works, but not as intended, or not for everybody */
    SEVERITY_ERROR,   /* lets in users who should be denied, or denies users who should be let in */
};

struct findings; /* opaque */

/* findings_new: returns an empty list, or NULL without memory. The caller owes findings_free. */
struct findings *findings_new(void);
void findings_free(struct findings *findings);

/*
 * findings_add: adds one. id: a short name that never changes, such as "module-first", for programs
 * that read --json; where: a file, with ":LINE" if it has one, or a program, or ""; fix: an
 * instruction, or the very line to write; "": none. The text, formatted, says what is wrong and
 * what follows from that. Texts can quote files: they are made printable when they are printed.
 */
void findings_add(struct findings *findings, enum severity severity, const char *id,
                  const char *where, const char *fix, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* findings_each: calls take with each, in their order, until take returns false. */
struct finding {
    enum severity severity;
    char *id;
    char *where;
    char *text;
    char *fix;
};
void findings_each(const struct findings *findings,
                   bool (*take)(const struct finding *finding, void *context), void *context);

/* findings_count: returns the number of findings of a severity. */
size_t findings_count(const struct findings *findings, enum severity severity);

/* findings_lost: returns whether one was lost without memory. */
bool findings_lost(const struct findings *findings);

#endif
