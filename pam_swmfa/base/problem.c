/* SPDX-License-Identifier: BSD-3-Clause */
/* problem: see problem.h. */
#include "base/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUT     " [...] "
#define UNKNOWN "the reason cannot be written" /* not "", which would read as no problem */

/* A byte of a UTF-8 character that is not its first. */
static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0U) == 0x80U;
}

const char *problem_shorten(const char *text, char *to, size_t size)
{
    size_t length = strlen(text);
    if (length < size) {
        memcpy(to, text, length + 1);
        return to;
    }
    size_t room = size - sizeof(CUT); /* for the beginning and the end */
    size_t head = room / 2;
    size_t end = length - (room - head);
    for (int i = 0; i < 3 && head > 0 && continues(text[head]); i++)
        head--;
    for (int i = 0; i < 3 && continues(text[end]); i++)
        end++;
    memcpy(to, text, head);
    memcpy(to + head, CUT, sizeof(CUT) - 1);
    memcpy(to + head + sizeof(CUT) - 1, text + end, length - end + 1);
    return to;
}

/* Formats a text that is too long after the first bytes of the problem, used of them. */
static void write_long(struct problem *problem, size_t used, size_t length, const char *format,
                       va_list arguments) __attribute__((format(printf, 4, 0)));

static void write_long(struct problem *problem, size_t used, size_t length, const char *format,
                       va_list arguments)
{
    char *whole = malloc(used + length + 1);
    if (whole == NULL) { /* the beginning has been written; its end gives way to the mark */
        memcpy(problem->text + sizeof(problem->text) - sizeof(CUT), CUT, sizeof(CUT));
        return;
    }
    memcpy(whole, problem->text, used);
    (void)vsnprintf(whole + used, length + 1, format, arguments);
    (void)problem_shorten(whole, problem->text, sizeof(problem->text));
    free(whole);
}

static void write_after(struct problem *problem, size_t used, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void write_after(struct problem *problem, size_t used, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    size_t room = sizeof(problem->text) - used;
    int length = vsnprintf(problem->text + used, room, format, arguments);
    if (length < 0)
        (void)snprintf(problem->text + used, room, UNKNOWN);
    else if ((size_t)length >= room)
        write_long(problem, used, (size_t)length, format, again);
    va_end(again);
}

bool problem_set(struct problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_after(problem, 0, format, arguments);
    va_end(arguments);
    return false;
}

bool problem_add(struct problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    problem_add_list(problem, format, arguments);
    va_end(arguments);
    return false;
}

void problem_add_list(struct problem *problem, const char *format, va_list arguments)
{
    write_after(problem, strlen(problem->text), format, arguments);
}

bool problem_no_memory(struct problem *problem)
{
    return problem_set(problem, PROBLEM_NO_MEMORY);
}
