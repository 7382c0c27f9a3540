/* SPDX-License-Identifier: BSD-3-Clause */
/* problem: why something failed, in words that an administrator can act on. */
#ifndef SWMFA_PROBLEM_H
#define SWMFA_PROBLEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Holds no secret: callers never format one into it. It is made printable when it is logged. A text
 * that does not fit is cut by problem_shorten, so formats need no limits of their own.
 */
struct problem {
    char text[4096]; /* "": no problem */
};

/* problem_set: formats the text. No argument may point into it. Always returns false, for
 * `return problem_set(...)`. */
bool problem_set(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* problem_add: the same, but appends to the text. */
bool problem_add(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* problem_add_list: the same, for a caller with a list of arguments of its own. */
void problem_add_list(struct problem *problem, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* problem_no_memory: says that an allocation failed: PROBLEM_NO_MEMORY. Always returns false. */
#define PROBLEM_NO_MEMORY "out of memory"
bool problem_no_memory(struct problem *problem);

/*
 * problem_shorten: copies a text; where it does not fit, its middle becomes " [...] ": a problem
 * begins with the place and ends with the reason, and both must stay. No UTF-8 character is cut in
 * two. size: of to, 32 at least; text is not within to. Returns to.
 */
const char *problem_shorten(const char *text, char *to, size_t size);

#endif
