/* SPDX-License-Identifier: BSD-3-Clause */
/* network: IPv4 and IPv6 networks in CIDR notation, and the addresses in them. */
#ifndef SWMFA_NETWORK_H
#define SWMFA_NETWORK_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

/* An IPv4 address is kept in its IPv6 form, ::ffff:a.b.c.d. */
struct network {
    unsigned char address[16];
    unsigned prefix; /* bits of the 128 */
};

/*
 * network_read: reads ADDRESS/BITS, or ADDRESS alone for a single address (RFC 4632, RFC 4291). The
 * bits of the address after the prefix must be zero: otherwise it is unclear which network was
 * intended. Returns false with the problem.
 */
bool network_read(const char *text, size_t length, struct network *network,
                  struct problem *problem);

/*
 * network_holds: returns whether text is a literal address in the network. A name is none, nor is
 * an address with a zone.
 */
bool network_holds(const struct network *network, const char *text);

#endif
