/* SPDX-License-Identifier: BSD-3-Clause */
/* price: see price.h. Read by hand, as in limit.c. */
#include "config/price.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PLACES       6 /* before the point, and after it */
#define PLACES_LEAST 2 /* that are written */
#define ONE          1000000

/* Reads 1 to 6 digits, and moves on past them; counts them. */
static bool read_digits(const char **at, int64_t *number, int *count)
{
    *number = 0;
    for (*count = 0; **at >= '0' && **at <= '9'; ++*at, ++*count) {
        if (*count == PLACES)
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return *count > 0;
}

bool price_read(const char *text, struct price *price)
{
    int64_t whole = 0;
    int64_t part = 0;
    int count = 0;
    *price = (struct price){.given = false};
    if (!read_digits(&text, &whole, &count))
        return false;
    if (*text == '.') {
        text++;
        if (!read_digits(&text, &part, &count))
            return false;
        for (; count < PLACES; count++)
            part *= 10;
    }
    if (*text != '\0')
        return false;
    *price = (struct price){.given = true, .millionths = whole * ONE + part};
    return true;
}

const char *price_write(int64_t millionths, char to[PRICE_SIZE])
{
    (void)snprintf(to, PRICE_SIZE, "%" PRId64 ".%06" PRId64, millionths / ONE, millionths % ONE);
    char *least = strchr(to, '.') + PLACES_LEAST;
    for (char *last = to + strlen(to) - 1; last > least && *last == '0'; last--)
        *last = '\0';
    return to;
}
