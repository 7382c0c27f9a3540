/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * filter: what a process that nobody trusts prints, made harmless for a terminal.
 *
 * Printable ASCII, newline and tab pass, CR before a newline, and the colours of swmfactl if they
 * are wanted. Any other byte becomes \ooo. All that swmfactl prints is ASCII, so UTF-8 needs no
 * exception; a terminal that is not set to UTF-8 would take half a character for a control one.
 */
#ifndef SWMFA_FILTER_H
#define SWMFA_FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct filter {
    bool colours;
    bool coloured; /* the last colour has not ended */
    char kept[8];  /* the beginning of what can be one unit */
    size_t count;
};

/* How many bytes can come of so many. */
#define FILTER_ROOM(bytes) (4 * ((bytes) + 8) + 8)

/* filter_bytes: takes the next bytes; to: has FILTER_ROOM of them. Returns how many came of them.
 */
size_t filter_bytes(struct filter *filter, const char *bytes, size_t count, char *to);

/* filter_end: nothing comes any more. to: has FILTER_ROOM(0). Returns how many bytes are left. */
size_t filter_end(struct filter *filter, char *to);

#endif
