/* SPDX-License-Identifier: BSD-3-Clause */
/* digest: see digest.h. */
#include "store/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define BYTES ((DIGEST_SIZE - 1) / 2)

static void write_hex(const unsigned char bytes[BYTES], char digest[DIGEST_SIZE])
{
    for (size_t i = 0; i < BYTES; i++)
        (void)snprintf(digest + 2 * i, 3, "%02x", (unsigned)bytes[i]);
}

bool digest_of(const char *text, char digest[DIGEST_SIZE])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    digest[0] = '\0';
    if (*text == '\0')
        return true;
    if (EVP_Digest(text, strlen(text), bytes, &length, EVP_sha256(), NULL) != 1 || length < BYTES)
        return false;
    write_hex(bytes, digest);
    return true;
}

bool digest_random(char digest[DIGEST_SIZE])
{
    unsigned char bytes[BYTES];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return false;
    write_hex(bytes, digest);
    return true;
}
