/* SPDX-License-Identifier: BSD-3-Clause */
/* number: phone numbers as people write them in lists, made E.164 numbers. */
#ifndef SWMFA_NUMBER_H
#define SWMFA_NUMBER_H

#include "config/phone.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * number_read: makes an E.164 number of a text such as "+1 (555) 010-0101". With country, a country
 * code without the plus, also of one with the international prefix 00, and of one as it is written
 * within that country; NULL: these are wrong. A text that can be read in two ways is wrong.
 * Returns what is wrong, which can be in why, of that size; or NULL.
 */
const char *number_read(const char *text, const char *country, char number[PHONE_NUMBER_SIZE],
                        char *why, size_t size);

/* number_country: the country code in "44" or "+44", into code; false if no country has it. */
bool number_country(const char *text, char code[4]);

/*
 * number_blank_length: how many bytes the blank at the beginning of a UTF-8 text has, which can be
 * one that only spreadsheets and web pages write, such as a no-break space, or a character that
 * nobody sees; 0: none stands there.
 */
size_t number_blank_length(const char *text);

#endif
