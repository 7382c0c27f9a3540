/* SPDX-License-Identifier: BSD-3-Clause */
/* problem: why something failed, in words that an administrator can act on. */
#ifndef SWMFA_PROBLEM_H
#define SWMFA_PROBLEM_H

#include <stdbool.h>

/* Holds no secret: callers never format one into it. It is made printable when it is logged. */
struct problem {
    char text[512]; /* "" when there is none; cut off where it would not fit */
};

/* problem_set: formats the text. Always returns false, for `return problem_set(...)`. */
bool problem_set(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* problem_no_memory: says that an allocation failed. Always returns false. */
bool problem_no_memory(struct problem *problem);

#endif
