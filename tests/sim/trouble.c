/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     trouble - what to do when something goes wrong
 *
 * SYNOPSIS
 *     void complain(const char *format, ...);
 *     void *must(void *memory);
 *
 * DESCRIPTION
 *     One form for all that is said on standard error, and one end for a lack of memory.
 *
 * DIAGNOSTICS
 *     These are the diagnostics: "swmfa-sim: " and what is wrong.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void complain(const char *format, ...)
{
    va_list arguments;

    flockfile(stderr);
    (void)fputs("swmfa-sim: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    funlockfile(stderr);
}

void *must(void *memory)
{
    if (memory == NULL) {
        complain("out of memory");
        exit(EXIT_FAILURE);
    }
    return memory;
}
