/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     phone - what the phone network asks of numbers and texts
 *
 * SYNOPSIS
 *     bool phone_is_e164(const char *text);
 *     bool phone_fits_segment(const char *text);
 *     size_t phone_characters(const char *text);
 *
 * DESCRIPTION
 *     The shape of an E.164 number, and the size of a text in an SMS: GSM 03.38 (3GPP TS 23.038)
 *     packs 160 characters of 7 bits in the 140 octets of a segment. One character outside its
 *     alphabet makes the whole text UCS-2, of which 70 units fit.
 *
 * DIAGNOSTICS
 *     None: the functions only answer.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "phone.h"

#include <stdint.h>
#include <string.h>

enum {
    E164_DIGITS_MIN = 2,
    E164_DIGITS_MAX = 15,
    SEGMENT_GSM = 160,
    SEGMENT_UCS2 = 70,
    BMP_LAST = 0xffff,
};

struct range {
    uint32_t first;
    uint32_t last;
};

static const struct range gsm_basic[] = {
    {0x000a, 0x000a}, {0x000d, 0x000d}, {0x0020, 0x005a}, {0x005f, 0x005f}, {0x0061, 0x007a},
    {0x00a1, 0x00a1}, {0x00a3, 0x00a5}, {0x00a7, 0x00a7}, {0x00bf, 0x00bf}, {0x00c4, 0x00c7},
    {0x00c9, 0x00c9}, {0x00d1, 0x00d1}, {0x00d6, 0x00d6}, {0x00d8, 0x00d8}, {0x00dc, 0x00dc},
    {0x00df, 0x00e0}, {0x00e4, 0x00e6}, {0x00e8, 0x00e9}, {0x00ec, 0x00ec}, {0x00f1, 0x00f2},
    {0x00f6, 0x00f6}, {0x00f8, 0x00f9}, {0x00fc, 0x00fc}, {0x0393, 0x0394}, {0x0398, 0x0398},
    {0x039b, 0x039b}, {0x039e, 0x039e}, {0x03a0, 0x03a0}, {0x03a3, 0x03a3}, {0x03a6, 0x03a6},
    {0x03a8, 0x03a9},
};

static const struct range gsm_extension[] = {
    {0x000c, 0x000c},
    {0x005b, 0x005e},
    {0x007b, 0x007e},
    {0x20ac, 0x20ac},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool in_ranges(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* 7-bit units that the character takes, 0 where GSM 03.38 does not have it. */
static size_t gsm_units(uint32_t character)
{
    if (in_ranges(character, gsm_basic, COUNT(gsm_basic))) {
        return 1;
    }
    return in_ranges(character, gsm_extension, COUNT(gsm_extension)) ? 2 : 0;
}

/* Takes one character off the text, which must not be at its end. */
static uint32_t next_character(const char **text)
{
    unsigned char lead = (unsigned char)*(*text)++;
    uint32_t character = lead;

    if (lead >= 0xf0) {
        character = lead & 0x07U;
    } else if (lead >= 0xe0) {
        character = lead & 0x0fU;
    } else if (lead >= 0xc0) {
        character = lead & 0x1fU;
    }
    while (((unsigned char)**text & 0xc0U) == 0x80U) {
        character = character << 6 | ((unsigned char)*(*text)++ & 0x3fU);
    }
    return character;
}

bool phone_is_e164(const char *text)
{
    if (text[0] != '+' || text[1] == '0') {
        return false;
    }
    size_t digits = strspn(text + 1, "0123456789");
    return digits >= E164_DIGITS_MIN && digits <= E164_DIGITS_MAX && text[1 + digits] == '\0';
}

bool phone_fits_segment(const char *text)
{
    size_t gsm = 0;
    size_t ucs2 = 0;
    bool all_gsm = true;

    while (*text != '\0') {
        uint32_t character = next_character(&text);
        size_t units = gsm_units(character);
        gsm += units;
        ucs2 += character > BMP_LAST ? 2 : 1;
        all_gsm = all_gsm && units > 0;
    }
    return all_gsm ? gsm <= SEGMENT_GSM : ucs2 <= SEGMENT_UCS2;
}

size_t phone_characters(const char *text)
{
    size_t count = 0;

    while (*text != '\0') {
        (void)next_character(&text);
        count++;
    }
    return count;
}
