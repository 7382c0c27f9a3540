/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idle: a process that has what a login has without the store, a digest of libcrypto's: what
 * ledger takes beyond it, the libraries that it needs included, is the store's.
 */
#include <openssl/evp.h>

int main(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    return EVP_Digest("", 0, digest, &length, EVP_sha256(), NULL) == 1 ? 0 : 1;
}
