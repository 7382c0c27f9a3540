/* SPDX-License-Identifier: BSD-3-Clause */
/* json_ascii: see json_ascii.h. JSON_TOKENER_STRICT of json-c 0.18 refuses each byte above 127. */
#include "base/json_ascii.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define POINT_MAX 0x10ffff

/* A character of two bytes becomes one escape, one of four bytes two. */
#define GROWTH      3
#define ESCAPE_SIZE (sizeof("\\uffff\\uffff"))

static int is_surrogate(uint32_t point)
{
    return point >= 0xd800 && point <= 0xdfff;
}

/* Decodes one character that is not ASCII. Returns how many bytes it has; 0: it is none. */
static size_t decode(const char *text, size_t length, uint32_t *point)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least; /* a smaller one must be written in fewer bytes */
    } forms[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    unsigned char first = (unsigned char)text[0];
    size_t form = 0;
    while (form < 3 && (first & forms[form].mask) != forms[form].lead)
        form++;
    size_t count = form + 2;
    if (form == 3 || length < count)
        return 0;
    *point = first & (unsigned char)~forms[form].mask;
    for (size_t i = 1; i < count; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (next & 0x3f);
    }
    return *point < forms[form].least || *point > POINT_MAX || is_surrogate(*point) ? 0 : count;
}

/* Writes the escapes of a character; returns how long they are. */
static size_t escape(char *to, uint32_t point)
{
    if (point <= 0xffff)
        return (size_t)snprintf(to, ESCAPE_SIZE, "\\u%04x", (unsigned)point);
    uint32_t above = point - 0x10000;
    return (size_t)snprintf(to, ESCAPE_SIZE, "\\u%04x\\u%04x", (unsigned)(0xd800 + (above >> 10)),
                            (unsigned)(0xdc00 + (above & 0x3ff)));
}

char *json_ascii(const char *text, size_t length, size_t *ascii_length)
{
    char *ascii = malloc(length * GROWTH + ESCAPE_SIZE);
    if (ascii == NULL)
        return NULL;
    size_t to = 0;
    int escaped = 0; /* after a backslash, which would escape that of the new escape */
    for (size_t at = 0; at < length;) {
        uint32_t point = 0;
        if ((unsigned char)text[at] < 0x80) {
            escaped = text[at] == '\\' && !escaped;
            ascii[to++] = text[at++];
            continue;
        }
        size_t count = escaped ? 0 : decode(text + at, length - at, &point);
        if (count == 0) {
            free(ascii);
            errno = EILSEQ;
            return NULL;
        }
        to += escape(ascii + to, point);
        at += count;
    }
    *ascii_length = to;
    return ascii;
}
