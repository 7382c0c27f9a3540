/* SPDX-License-Identifier: BSD-3-Clause */
/* decoy: see decoy.h. */
#include "auth/decoy.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

bool decoy_digits(const struct secret *key, const char *user, char digits[3])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (HMAC(EVP_sha256(), key->text, (int)strlen(key->text), (const unsigned char *)user,
             strlen(user), mac, &length) == NULL ||
        length < 4)
        return false;
    unsigned number = (((unsigned)mac[0] << 16U) | ((unsigned)mac[1] << 8U) | mac[2]) % 100;
    digits[0] = (char)('0' + number / 10);
    digits[1] = (char)('0' + number % 10);
    digits[2] = '\0';
    return true;
}
