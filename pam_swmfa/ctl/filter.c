/* SPDX-License-Identifier: BSD-3-Clause */
/* filter: see filter.h. */
#include <config.h>

#include "ctl/filter.h"

#include <stdio.h>
#include <string.h>

#define NO_COLOUR "\033[0m"

/* The control sequences that pass: those of finding_print.c, log.c, status.c and report.c. */
static const char *const colours[] = {NO_COLOUR, "\033[31m", "\033[32m", "\033[33m", "\033[36m"};

static size_t put(char byte, char *to)
{
    if ((byte >= ' ' && byte <= '~') || byte == '\n' || byte == '\t') {
        *to = byte;
        return 1;
    }
    return (size_t)snprintf(to, sizeof("\\ooo"), "\\%03o", (unsigned)(unsigned char)byte);
}

enum match { MATCH_NO, MATCH_BEGINNING, MATCH_WHOLE };

static enum match match(const char *text, const char *bytes, size_t count)
{
    if (strncmp(text, bytes, count) != 0)
        return MATCH_NO;
    return text[count] == '\0' ? MATCH_WHOLE : MATCH_BEGINNING;
}

/* True if the stored bytes are one of the units that pass. */
static enum match is_unit(const struct filter *filter)
{
    enum match best = match("\r\n", filter->kept, filter->count);
    for (size_t i = 0; filter->colours && i < sizeof(colours) / sizeof(colours[0]); i++) {
        enum match this = match(colours[i], filter->kept, filter->count);
        best = this > best ? this : best;
    }
    return best;
}

/* Copies the stored unit. */
static size_t pass(struct filter *filter, char *to)
{
    size_t count = filter->count;
    if (*filter->kept == '\033')
        filter->coloured = strncmp(filter->kept, NO_COLOUR, count) != 0;
    memcpy(to, filter->kept, count);
    filter->count = 0;
    return count;
}

/* The first stored byte begins no unit; a later one may. */
static size_t give_up_first(struct filter *filter, char *to)
{
    size_t used = put(*filter->kept, to);
    memmove(filter->kept, filter->kept + 1, --filter->count);
    return used;
}

size_t filter_bytes(struct filter *filter, const char *bytes, size_t count, char *to)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        enum match match = MATCH_NO;
        filter->kept[filter->count++] = bytes[i];
        while (filter->count > 0 && (match = is_unit(filter)) == MATCH_NO)
            used += give_up_first(filter, to + used);
        if (filter->count > 0 && match == MATCH_WHOLE)
            used += pass(filter, to + used);
    }
    return used;
}

size_t filter_end(struct filter *filter, char *to)
{
    size_t used = 0;
    while (filter->count > 0)
        used += give_up_first(filter, to + used);
    if (filter->coloured) {
        memcpy(to + used, NO_COLOUR, strlen(NO_COLOUR));
        used += strlen(NO_COLOUR);
    }
    filter->coloured = false;
    return used;
}
