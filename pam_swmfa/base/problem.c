/* SPDX-License-Identifier: BSD-3-Clause */
/* problem: see problem.h. */
#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>

bool problem_set(struct problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(problem->text, sizeof(problem->text), format, arguments);
    va_end(arguments);
    return false;
}

bool problem_no_memory(struct problem *problem)
{
    return problem_set(problem, "out of memory");
}
