/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * finding: what check and doctor have to say: how bad it is, where, why, and what to do about it.
 */
#ifndef SWMFA_FINDING_H
#define SWMFA_FINDING_H

#include <stdbool.h>
#include <stddef.h>

enum severity {
    SEVERITY_NOTE,    /* good to know; nothing need be done */
    SEVERITY_WARNING, /* works, but not as it should, or not for everybody */
    SEVERITY_ERROR,   /* somebody gets in who should not, or nobody who should */
};

struct findings; /* opaque */

/* findings_new: none yet. NULL without memory. The caller owes findings_free. */
struct findings *findings_new(void);
void findings_free(struct findings *findings);

/*
 * findings_add: one more. id: a short name that stays the same, such as "module-first", for who
 * reads --json; where: a file, with ":LINE" if it has one, or a program, or ""; fix: what to do, or
 * the very line to write; "": nothing. The text, formatted, says what was found and what follows.
 * Texts can hold what stands in files: they are made printable when they are printed.
 */
void findings_add(struct findings *findings, enum severity severity, const char *id,
                  const char *where, const char *fix, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* findings_each: hands over each, in their order, until take returns false. */
struct finding {
    enum severity severity;
    char *id;
    char *where;
    char *text;
    char *fix;
};
void findings_each(const struct findings *findings,
                   bool (*take)(const struct finding *finding, void *context), void *context);

/* findings_count: how many there are of a severity. */
size_t findings_count(const struct findings *findings, enum severity severity);

/* findings_lost: whether one was lost for want of memory. */
bool findings_lost(const struct findings *findings);

#endif
