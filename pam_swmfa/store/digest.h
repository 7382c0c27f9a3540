/* SPDX-License-Identifier: BSD-3-Clause */
/* digest: stands in the store for a text that must not be there, such as a phone number. */
#ifndef SWMFA_DIGEST_H
#define SWMFA_DIGEST_H

#include <stdbool.h>

#define DIGEST_SIZE 33 /* 128 bits in hexadecimal, and a NUL */

/*
 * digest_of: the same for the same text; "" for "". It hides a number from a glance, not from
 * anyone who has the store and tries all numbers. False without memory.
 */
bool digest_of(const char *text, char digest[DIGEST_SIZE]);

/* digest_random: makes a random text of the same length. */
bool digest_random(char digest[DIGEST_SIZE]);

#endif
