/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * numbering: the numbering plans of countries, as far as they tell a mistyped number: how many
 * digits follow a country code, and how a number is written within its country. Plans change, so
 * no login depends on this: it advises whoever enters a number.
 */
#ifndef SWMFA_NUMBERING_H
#define SWMFA_NUMBERING_H

#include <stdbool.h>
#include <stddef.h>

/* numbering_code_length: how many of the digits, which no plus precedes, are the country code; 0:
 * no country is known to have one that begins so. */
size_t numbering_code_length(const char *digits);

/*
 * numbering_doubt: says in text, of that size, why an E.164 number has the wrong length for its
 * country. NULL: its length is a usual one, or the country is not known.
 */
const char *numbering_doubt(const char *number, char *text, size_t size);

/* What precedes a number that is written as within its country. */
enum trunk {
    TRUNK_UNKNOWN,
    TRUNK_ZERO, /* a 0 that is no part of the E.164 number */
    TRUNK_NONE, /* nothing, and no number begins with 0 */
    TRUNK_KEPT, /* nothing, and a 0 at the beginning is a part of the number */
};

/* numbering_trunk: for a country code without the plus. */
enum trunk numbering_trunk(const char *code);

/* numbering_has_00: whether in that country 00 at the beginning of a number can only be the
 * international prefix, which stands for a plus. */
bool numbering_has_00(const char *code);

#endif
