/* SPDX-License-Identifier: BSD-3-Clause */
/* digest: what stands in the store for a text that must not, such as a phone number. */
#ifndef SWMFA_DIGEST_H
#define SWMFA_DIGEST_H

#include <stdbool.h>

#define DIGEST_SIZE 33 /* 128 bits in hexadecimal, and a NUL */

/*
 * digest_of: the same for the same text; "" for "". It hides a number from who reads over a
 * shoulder, not from who has the store and tries all numbers. False without memory.
 */
bool digest_of(const char *text, char digest[DIGEST_SIZE]);

/* digest_random: as long as one, by chance. */
bool digest_random(char digest[DIGEST_SIZE]);

#endif
