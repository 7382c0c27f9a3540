/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * numbering: the numbering plans of countries, to recognise mistyped numbers: how many digits
 * follow a country code, and how a number is written within its country. Plans change, so no login
 * depends on this: it only advises the administrator who enters a number.
 */
#ifndef SWMFA_NUMBERING_H
#define SWMFA_NUMBERING_H

#include <stdbool.h>
#include <stddef.h>

/* numbering_code_length: returns how many of the digits, without the plus, are the country code; 0:
 * no known country code begins so. */
size_t numbering_code_length(const char *digits);

/*
 * numbering_doubt: says in text, of that size, why an E.164 number has the wrong length for its
 * country. NULL: its length is a usual one, or the country is not known.
 */
const char *numbering_doubt(const char *number, char *text, size_t size);

/* The prefix of a number that is dialled within its country. */
enum trunk {
    TRUNK_UNKNOWN,
    TRUNK_ZERO, /* a 0 that is not part of the E.164 number */
    TRUNK_NONE, /* nothing, and no number begins with 0 */
    TRUNK_KEPT, /* nothing, and a 0 at the beginning is a part of the number */
};

/* numbering_trunk: for a country code without the plus. */
enum trunk numbering_trunk(const char *code);

/* numbering_has_00: returns whether in that country 00 at the beginning of a number can only be the
 * international prefix, which stands for a plus. */
bool numbering_has_00(const char *code);

#endif
