/* SPDX-License-Identifier: BSD-3-Clause */
/* location: a place in a file, as messages name it. */
#ifndef SWMFA_LOCATION_H
#define SWMFA_LOCATION_H

#include <stddef.h>

#define LOCATION_SIZE 4200 /* holds any "FILE:LINE" */

/* location_write: writes "FILE:LINE", or "FILE" if line is 0. size: of to, in bytes; a longer text
 * is cut off. Returns to. */
const char *location_write(const char *file, unsigned long line, char *to, size_t size);

#endif
