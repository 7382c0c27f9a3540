/* SPDX-License-Identifier: BSD-3-Clause */
/* network: see network.h. inet_pton reads the addresses. */
#include "config/network.h"

#include <arpa/inet.h>
#include <string.h>

#define MAPPED_BITS 96U /* of ::ffff:0:0/96, which has the IPv4 addresses */

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool read_address(const char *text, unsigned char address[16], bool *v4)
{
    memcpy(address, mapped, sizeof(mapped));
    *v4 = inet_pton(AF_INET, text, address + sizeof(mapped)) == 1;
    return *v4 || inet_pton(AF_INET6, text, address) == 1;
}

static bool bit_at(const unsigned char address[16], unsigned bit)
{
    return ((unsigned)address[bit / 8] >> (7 - bit % 8) & 1U) != 0;
}

static bool read_bits(const char *text, unsigned most, unsigned *bits)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 3 || text[length] != '\0' || (length > 1 && text[0] == '0'))
        return false;
    *bits = 0;
    for (size_t i = 0; i < length; i++)
        *bits = *bits * 10 + (unsigned)(text[i] - '0');
    return *bits <= most;
}

static bool not_one(struct problem *problem, const char *text, size_t length)
{
    return problem_set(
        problem,
        "expected an address or a network such as 192.0.2.0/24: %.*s (separate several by commas)",
        (int)length, text);
}

bool network_read(const char *text, size_t length, struct network *network, struct problem *problem)
{
    char copy[INET6_ADDRSTRLEN + sizeof("/128")] = "";
    bool v4 = false;
    if (length >= sizeof(copy))
        return not_one(problem, text, sizeof(copy));
    memcpy(copy, text, length);
    char *slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!read_address(copy, network->address, &v4))
        return not_one(problem, text, length);
    unsigned bits = v4 ? 32 : 128;
    if (slash != NULL && !read_bits(slash + 1, bits, &bits))
        return not_one(problem, text, length);
    network->prefix = bits + (v4 ? MAPPED_BITS : 0);
    for (unsigned bit = network->prefix; bit < 128; bit++)
        if (bit_at(network->address, bit))
            return problem_set(problem,
                               "has nonzero bits after the /%u: %.*s (for that one address "
                               "omit /%u)",
                               bits, (int)length, text, bits);
    return true;
}

bool network_holds(const struct network *network, const char *text)
{
    unsigned char address[16];
    bool v4 = false;
    if (!read_address(text, address, &v4))
        return false;
    if (memcmp(address, mapped, sizeof(mapped)) == 0 && network->prefix < MAPPED_BITS)
        return false; /* ::/0 is all of IPv6, not all of IPv4 */
    for (unsigned bit = 0; bit < network->prefix; bit++)
        if (bit_at(address, bit) != bit_at(network->address, bit))
            return false;
    return true;
}
