/* SPDX-License-Identifier: BSD-3-Clause */
/* gsm: measures how much of an SMS a text takes. */
#ifndef SWMFA_GSM_H
#define SWMFA_GSM_H

#include <stddef.h>

enum gsm_alphabet {
    GSM_7BIT,    /* the GSM 03.38 default alphabet and its extension table are enough */
    GSM_UCS2,    /* some of it is not */
    GSM_INVALID, /* it is not UTF-8, or it holds a control character */
};

/*
 * gsm_measure: returns the alphabet that a UTF-8 text needs, by GSM 03.38 (3GPP TS 23.038). units:
 * its length in septets (a character of the extension table takes two), or, for GSM_UCS2, in UTF-16
 * code units. One segment has 160 septets or 70 code units.
 */
enum gsm_alphabet gsm_measure(const char *text, size_t *units);

#endif
