/* SPDX-License-Identifier: BSD-3-Clause */
/* log: writes the helper's lines to the system log, facility authpriv, in printable ASCII. */
#ifndef SWMFA_LOG_H
#define SWMFA_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* log_open: each line begins with the PAM service's name, "pam_swmfa(SERVICE:auth)". */
void log_open(const char *service, bool debug);

/* log_line: formats and logs one line, cut at 2047 bytes, with "..." at its end; a byte in it that
 * is not printable ASCII becomes a "?". */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* log_debug: the same with LOG_DEBUG, if the module option debug is set. */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * log_escape: makes text printable: a byte that is not printable ASCII, a backslash, and each of
 * the characters in also, becomes \ooo, except that a double quote becomes \". A text that does not
 * fit is cut off and ends with "...". size: of to, at least 8. Returns to.
 */
const char *log_escape(char *to, size_t size, const char *text, const char *also);

#endif
