/* SPDX-License-Identifier: BSD-3-Clause */
/* sshkey: see sshkey.h. libcrypto does base64 and SHA-256. */
#include <config.h>

#include "base/sshkey.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SIZE   32
#define DIGEST_BASE64 43 /* characters, without the "=" */

static bool is_base64(const char *text, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i++)
        if (memchr(digits, text[i], sizeof(digits) - 1) == NULL)
            return false;
    return true;
}

bool sshkey_is_fingerprint(const char *text, size_t length)
{
    const size_t prefix = sizeof(SSHKEY_PREFIX) - 1;
    return length == SSHKEY_FINGERPRINT_SIZE - 1 && memcmp(text, SSHKEY_PREFIX, prefix) == 0 &&
           is_base64(text + prefix, length - prefix);
}

/* True if it is base64 with its padding, and nothing else: libcrypto accepts more than that. */
static bool is_padded(const char *text, size_t length)
{
    if (length == 0 || length % 4 != 0 || length > INT_MAX / 2)
        return false;
    for (int i = 0; i < 2 && text[length - 1] == '='; i++)
        length--;
    return is_base64(text, length);
}

/* The bytes of a key, the caller's to free, or NULL if it is not base64. */
static unsigned char *decode(const char *text, size_t length, size_t *size)
{
    if (!is_padded(text, length))
        return NULL;
    unsigned char *blob = malloc(length / 4 * 3);
    if (blob == NULL)
        return NULL;
    int decoded = EVP_DecodeBlock(blob, (const unsigned char *)text, (int)length);
    size_t padding = (size_t)(text[length - 1] == '=') + (size_t)(text[length - 2] == '=');
    if (decoded <= (int)padding) {
        free(blob);
        return NULL;
    }
    *size = (size_t)decoded - padding;
    return blob;
}

/* True if a blob begins with the name of its type (RFC 4253, 6.6), the same as in text. */
static bool is_of_type(const unsigned char *blob, size_t size, const char *type, size_t length)
{
    return size > 4 + length && blob[0] == 0 && blob[1] == 0 && blob[2] == length / 256 &&
           blob[3] == length % 256 && memcmp(blob + 4, type, length) == 0;
}

static bool fingerprint(const unsigned char *blob, size_t size, char *to)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char text[DIGEST_BASE64 + 2];
    unsigned length = 0;
    if (EVP_Digest(blob, size, digest, &length, EVP_sha256(), NULL) != 1 || length != DIGEST_SIZE ||
        EVP_EncodeBlock(text, digest, DIGEST_SIZE) != DIGEST_BASE64 + 1)
        return false;
    memcpy(to, SSHKEY_PREFIX, sizeof(SSHKEY_PREFIX) - 1);
    memcpy(to + sizeof(SSHKEY_PREFIX) - 1, text, DIGEST_BASE64);
    to[SSHKEY_FINGERPRINT_SIZE - 1] = '\0';
    return true;
}

/* Reads "TYPE BASE64" between at and end. */
static bool read_key(const char *at, const char *end, char *to)
{
    const char *blank = memchr(at, ' ', (size_t)(end - at));
    size_t size = 0;
    if (blank == NULL)
        return false;
    unsigned char *blob = decode(blank + 1, (size_t)(end - blank - 1), &size);
    bool good = blob != NULL && is_of_type(blob, size, at, (size_t)(blank - at)) &&
                memmem(at, (size_t)(blank - at), "-cert-", 6) == NULL &&
                fingerprint(blob, size, to);
    free(blob);
    return good;
}

void sshkey_read(const char *info, struct sshkeys *keys)
{
    static const char method[] = "publickey ";
    keys->count = 0;
    while (*info != '\0' && keys->count < SSHKEY_MOST) {
        const char *end = info + strcspn(info, "\n");
        if (strncmp(info, method, sizeof(method) - 1) == 0 &&
            read_key(info + sizeof(method) - 1, end, keys->fingerprint[keys->count]))
            keys->count++;
        info = *end == '\n' ? end + 1 : end;
    }
}
