/* SPDX-License-Identifier: BSD-3-Clause */
/* inbox: reading the codes that the simulator's phones got. */
#ifndef SWMFA_TESTS_INBOX_H
#define SWMFA_TESTS_INBOX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * inbox_code: the code in the last message to a number that ends in those digits, or in the one
 * before it.
 * Waits up to half a minute for one. Returns false if none comes.
 */
bool inbox_code(const char *path, const char *digits, bool older, char *code, size_t size);

#endif
