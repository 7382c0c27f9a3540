/* SPDX-License-Identifier: BSD-3-Clause */
/* limit: see limit.h. Read by hand: a regular expression would cost each login time. */
#include "config/limit.h"

#include "config/key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* From the longest to the shortest. */
static const struct unit {
    char letter;
    int seconds;
    const char *word; /* for a reader */
} units[] = {{'d', 24 * 60 * 60, "d"}, {'h', 60 * 60, "h"}, {'m', 60, "min"}, {'s', 1, "s"}};
#define UNITS (sizeof(units) / sizeof(units[0]))

/*
 * Reads a number from 1 to most (at least 9) without leading zeros, and moves on past it. end: of
 * the text, which may continue after it.
 */
static bool read_number(const char **at, const char *end, int most, int *number)
{
    *number = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
        int digit = **at - '0';
        if ((*number == 0 && digit == 0) || *number > (most - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return *number > 0;
}

/* Reads a time such as 10m, of most seconds at most, which must end where the text does. */
static bool read_time(const char *at, const char *end, int most, int *seconds)
{
    size_t unit = 0;
    int number = 0;
    if (!read_number(&at, end, most, &number) || end - at != 1)
        return false;
    while (unit < UNITS && units[unit].letter != *at)
        unit++;
    if (unit == UNITS || number > most / units[unit].seconds)
        return false;
    *seconds = number * units[unit].seconds;
    return true;
}

/* Reads a limit such as 3/10m. */
static bool read_limit(const char *at, const char *end, struct limit *limit)
{
    return read_number(&at, end, LIMIT_MOST, &limit->most) && at < end && *at == '/' &&
           read_time(at + 1, end, LIMIT_SECONDS_MAX, &limit->seconds);
}

/* True if a list has a limit with that time already: one of the two would have no effect, or be a
 * mistake. */
static bool has_time(const struct limit_list *list, int seconds)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].seconds == seconds)
            return true;
    return false;
}

bool limit_list_read(const char *text, struct limit_list *list)
{
    const char *item = NULL;
    size_t length = 0;
    memset(list, 0, sizeof(*list));
    while ((item = key_next_item(&text, &length)) != NULL) {
        struct limit limit = {0, 0};
        if (list->count == LIMIT_MANY || !read_limit(item, item + length, &limit) ||
            has_time(list, limit.seconds)) {
            memset(list, 0, sizeof(*list));
            return false;
        }
        list->at[list->count++] = limit;
    }
    return list->count > 0;
}

bool limit_span_within(const char *text, int most, int *seconds)
{
    *seconds = 0;
    return strcmp(text, "0") == 0 || read_time(text, text + strlen(text), most, seconds);
}

bool limit_span_read(const char *text, int *seconds)
{
    return limit_span_within(text, LIMIT_SECONDS_MAX, seconds);
}

const char *limit_span_write(int seconds, char *to, size_t size)
{
    size_t unit = 0;
    while (unit < UNITS - 1 && seconds % units[unit].seconds != 0)
        unit++;
    if (seconds == 0)
        (void)snprintf(to, size, "0");
    else
        (void)snprintf(to, size, "%d%c", seconds / units[unit].seconds, units[unit].letter);
    return to;
}

const char *limit_time_write(int64_t milliseconds, char *to, size_t size)
{
    int64_t left = (milliseconds + 999) / 1000;
    size_t used = 0;
    to[0] = '\0';
    for (size_t i = 0; i < UNITS && used < size; i++) {
        int64_t count = left / units[i].seconds;
        left %= units[i].seconds;
        if (count > 0)
            used += (size_t)snprintf(to + used, size - used, "%s%" PRId64 " %s",
                                     used > 0 ? " " : "", count, units[i].word);
    }
    return to;
}
