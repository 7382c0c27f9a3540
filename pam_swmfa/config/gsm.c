/* SPDX-License-Identifier: BSD-3-Clause */
/* gsm: see gsm.h. iconv does the decoding; the two tables are those of 3GPP TS 23.038, 6.2.1. */
#include "config/gsm.h"

#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Code points; in_ascii_part() has the runs that are the same in ASCII. */
static const uint32_t basic[] = {
    0x00a3, 0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec, 0x00f2, 0x00c7, 0x00d8, 0x00f8,
    0x00c5, 0x00e5, 0x0394, 0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8, 0x03a3,
    0x0398, 0x039e, 0x00c6, 0x00e6, 0x00df, 0x00c9, 0x00a4, 0x00a1, 0x00c4, 0x00d6,
    0x00d1, 0x00dc, 0x00a7, 0x00bf, 0x00e4, 0x00f6, 0x00f1, 0x00fc, 0x00e0,
};
static const uint32_t extension[] = {'^', '{', '}', '\\', '[', '~', ']', '|', 0x20ac};

static int in_table(const uint32_t *table, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (table[i] == point)
            return 1;
    return 0;
}

/* Printable ASCII except the grave accent and the characters of the extension table. */
static int in_ascii_part(uint32_t point)
{
    return point >= ' ' && point <= 'z' && point != '`' && point != '[' && point != '\\' &&
           point != ']' && point != '^';
}

static size_t septets(uint32_t point)
{
    if (in_ascii_part(point) || in_table(basic, sizeof(basic) / sizeof(basic[0]), point))
        return 1;
    return in_table(extension, sizeof(extension) / sizeof(extension[0]), point) ? 2 : 0;
}

/* Decodes UTF-8. Returns the code points, the caller's to free, or NULL if it is not UTF-8. */
static uint32_t *decode(const char *text, size_t *count)
{
    size_t in_left = strlen(text);
    size_t size = (in_left + 1) * sizeof(uint32_t);
    size_t out_left = size;
    uint32_t *points = malloc(size);
    char *in = (char *)(uintptr_t)text; /* iconv's prototype lacks the const; it does not write */
    char *out = (char *)points;
    iconv_t converter = iconv_open("WCHAR_T", "UTF-8");
    if (points == NULL || converter == (iconv_t)-1 ||
        iconv(converter, &in, &in_left, &out, &out_left) == (size_t)-1) {
        free(points);
        points = NULL;
    }
    if (converter != (iconv_t)-1)
        iconv_close(converter);
    *count = (size - out_left) / sizeof(uint32_t);
    return points;
}

_Static_assert(sizeof(wchar_t) == sizeof(uint32_t), "wchar_t holds a code point");

enum gsm_alphabet gsm_measure(const char *text, size_t *units)
{
    size_t count = 0;
    uint32_t *points = decode(text, &count);
    if (points == NULL)
        return GSM_INVALID;

    enum gsm_alphabet alphabet = GSM_7BIT;
    size_t utf16 = 0;
    *units = 0;
    for (size_t i = 0; i < count && alphabet != GSM_INVALID; i++) {
        size_t taken = septets(points[i]);
        if (points[i] < ' ' || (points[i] >= 0x7f && points[i] < 0xa0) || points[i] > 0x10ffff)
            alphabet = GSM_INVALID;
        else if (taken == 0)
            alphabet = GSM_UCS2;
        *units += taken;
        utf16 += points[i] > 0xffff ? 2 : 1;
    }
    free(points);
    if (alphabet == GSM_UCS2)
        *units = utf16;
    return alphabet;
}
