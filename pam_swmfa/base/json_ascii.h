/* SPDX-License-Identifier: BSD-3-Clause */
/* json_ascii: a JSON text without a byte above 127, for the strict mode of any json-c. */
#ifndef SWMFA_JSON_ASCII_H
#define SWMFA_JSON_ASCII_H

#include <stddef.h>

/*
 * json_ascii: copies a text, with \u escapes for what is not ASCII. The copy is JSON if and only if
 * the text is, and then means the same: in strings only may a character stand that is not ASCII.
 * Returns the copy, the caller's to free, and its length; or NULL with errno EILSEQ if the text is
 * not valid UTF-8 (RFC 3629) or escapes such a character by a backslash, ENOMEM without memory.
 */
char *json_ascii(const char *text, size_t length, size_t *ascii_length);

#endif
