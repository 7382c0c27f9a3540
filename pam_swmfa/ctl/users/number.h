/* SPDX-License-Identifier: BSD-3-Clause */
/* number: turns phone numbers as users write them into E.164 numbers. */
#ifndef SWMFA_NUMBER_H
#define SWMFA_NUMBER_H

#include "config/phone.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * number_read: makes an E.164 number from a text such as "+1 (555) 010-0101". country: a country
 * code without the plus; it also permits the international prefix 00 and the form within that
 * country; NULL: these are wrong. A text with two possible meanings is wrong. Returns what is
 * wrong, which can be in why, of that size; or NULL.
 */
const char *number_read(const char *text, const char *country, char number[PHONE_NUMBER_SIZE],
                        char *why, size_t size);

/*
 * number_country: writes the country code of "44" or "+44" into code; false if no country has it.
 */
bool number_country(const char *text, char code[4]);

/*
 * number_blank_length: returns the length in bytes of the blank at the beginning of a UTF-8 text.
 * It can be one that only spreadsheets and web pages write, such as a no-break space, or an
 * invisible character; 0: there is none.
 */
size_t number_blank_length(const char *text);

#endif
