/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * filter: makes the output of an untrusted process harmless for a terminal.
 *
 * Printable ASCII, newline and tab pass, CR before a newline, and swmfactl's colours if requested.
 * Any other byte becomes \ooo. All output of swmfactl is ASCII, so UTF-8 needs no exception; a
 * terminal that is not set to UTF-8 would take half a character for a control character.
 */
#ifndef SWMFA_FILTER_H
#define SWMFA_FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct filter {
    bool colours;
    bool coloured; /* the last colour has not ended yet */
    char kept[8];  /* the possible beginning of a unit */
    size_t count;
};

/* The most bytes that can result from this many. */
#define FILTER_ROOM(bytes) (4 * ((bytes) + 8) + 8)

/* filter_bytes: filters the next bytes; to: has FILTER_ROOM of them. Returns the number of
 * resulting bytes. */
size_t filter_bytes(struct filter *filter, const char *bytes, size_t count, char *to);

/* filter_end: ends the input. to: has FILTER_ROOM(0). Returns the number of remaining bytes. */
size_t filter_end(struct filter *filter, char *to);

#endif
