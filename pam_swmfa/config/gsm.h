/* SPDX-License-Identifier: BSD-3-Clause */
/* gsm: how much of an SMS a text takes. */
#ifndef SWMFA_GSM_H
#define SWMFA_GSM_H

#include <stddef.h>

enum gsm_alphabet {
    GSM_7BIT,    /* all of it is in the GSM 03.38 default alphabet and its extension table */
    GSM_UCS2,    /* some of it is not */
    GSM_INVALID, /* it is not UTF-8, or it holds a control character */
};

/*
 * gsm_measure: the alphabet that a UTF-8 text needs, by GSM 03.38 (3GPP TS 23.038).
 * units: how much it takes: septets (a character of the extension table takes two), or, for
 * GSM_UCS2, UTF-16 code units. One segment has 160 septets or 70 code units.
 */
enum gsm_alphabet gsm_measure(const char *text, size_t *units);

#endif
