/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_PHONE_H
#define SIM_PHONE_H

#include <stdbool.h>
#include <stddef.h>

/* Is the text an E.164 number: ^\+[1-9][0-9]{1,14}$ ? */
bool phone_is_e164(const char *text);

/*
 * Does the text fit one SMS segment? It holds 160 characters of GSM 03.38, where those of the
 * extension table count two, or 70 UTF-16 units where any character is outside. The text is UTF-8.
 */
bool phone_fits_segment(const char *text);

/* The number of Unicode characters in a UTF-8 text. */
size_t phone_characters(const char *text);

#endif
