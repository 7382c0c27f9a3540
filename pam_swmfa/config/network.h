/* SPDX-License-Identifier: BSD-3-Clause */
/* network: IPv4 and IPv6 networks in CIDR notation, and the addresses in them. */
#ifndef SWMFA_NETWORK_H
#define SWMFA_NETWORK_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

/* An IPv4 address is kept as the IPv6 address that stands for it, ::ffff:a.b.c.d. */
struct network {
    unsigned char address[16];
    unsigned prefix; /* bits of the 128 */
};

/*
 * network_read: reads ADDRESS/BITS, or ADDRESS alone for that one (RFC 4632, RFC 4291). The bits of
 * the address behind the prefix must be zero: otherwise it is not clear which network was meant.
 * Returns false with the problem.
 */
bool network_read(const char *text, size_t length, struct network *network,
                  struct problem *problem);

/*
 * network_holds: whether text is a literal address, nothing else, that lies in the network. A name
 * is none, nor is an address with a zone behind it.
 */
bool network_holds(const struct network *network, const char *text);

#endif
