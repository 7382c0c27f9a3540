/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     random - ids and codes that nobody can foresee
 *
 * SYNOPSIS
 *     void random_uuid(char uuid[RANDOM_UUID_SIZE]);
 *     void random_text(alphabet, text, length);
 *
 * DESCRIPTION
 *     Texts made with the random generator of GnuTLS.
 *
 * DIAGNOSTICS
 *     Without random bytes the simulator ends with status 1.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "random.h"

#include "trouble.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UUID_BYTES = 16 };

static void random_bytes(void *bytes, size_t size)
{
    int rc = gnutls_rnd(GNUTLS_RND_KEY, bytes, size);

    if (rc < 0) {
        complain("random bytes: %s", gnutls_strerror(rc));
        exit(EXIT_FAILURE);
    }
}

void random_uuid(char uuid[RANDOM_UUID_SIZE])
{
    static const char dash_before[UUID_BYTES] = {[4] = 1, [6] = 1, [8] = 1, [10] = 1};
    uint8_t bytes[UUID_BYTES];

    random_bytes(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0fU) | 0x40U); /* version 4, random */
    bytes[8] = (uint8_t)((bytes[8] & 0x3fU) | 0x80U); /* the variant of RFC 9562 */
    for (size_t i = 0; i < sizeof(bytes); i++) {
        uuid += sprintf(uuid, "%s%02x", dash_before[i] ? "-" : "", bytes[i]);
    }
}

/* Bytes that would favour the first characters of the alphabet are thrown away. */
uint32_t random_number(uint32_t below)
{
    uint32_t number = 0;

    random_bytes(&number, sizeof(number));
    return number % below;
}

static char random_character(const char *alphabet)
{
    unsigned size = (unsigned)strlen(alphabet);
    unsigned limit = 256 - 256 % size;
    uint8_t byte = 0;

    do {
        random_bytes(&byte, sizeof(byte));
    } while (byte >= limit);
    return alphabet[byte % size];
}

void random_text(const char *alphabet, char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        text[i] = random_character(alphabet);
    }
    text[length] = '\0';
}
