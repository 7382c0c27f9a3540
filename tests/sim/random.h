/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_DIGITS "0123456789"
#define RANDOM_LOWER  "abcdefghijklmnopqrstuvwxyz"
#define RANDOM_UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { RANDOM_UUID_SIZE = 37 }; /* with its NUL */

/* A random UUID, version 4. */
void random_uuid(char uuid[RANDOM_UUID_SIZE]);

/* A number from 0 to below, each as likely as the other, or nearly so. */
uint32_t random_number(uint32_t below);

/* So many characters of the alphabet, each as likely as the other, and a NUL after them. */
void random_text(const char *alphabet, char *text, size_t length);

#endif
