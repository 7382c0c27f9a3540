/* SPDX-License-Identifier: BSD-3-Clause */
/* json_ascii: rewrites a JSON text in ASCII, for the strict mode of any json-c. */
#ifndef SWMFA_JSON_ASCII_H
#define SWMFA_JSON_ASCII_H

#include <stddef.h>

/*
 * json_ascii: copies a text, with \u escapes in place of non-ASCII characters. The copy is JSON if
 * and only if the text is, and then has the same meaning: non-ASCII characters may stand only in
 * strings. The caller frees the copy; its length is returned too. NULL with errno EILSEQ if the
 * text is not valid UTF-8 (RFC 3629) or escapes such a character with a backslash, ENOMEM without
 * memory.
 */
char *json_ascii(const char *text, size_t length, size_t *ascii_length);

#endif
