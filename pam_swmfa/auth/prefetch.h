/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prefetch: prepares in a second thread, while the store is opened, what a login will need: a
 * decoy's digits, the digest of the number, then libcurl and libssl. The first use of libcrypto
 * takes longer than everything that the store does.
 *
 * Begin it when the process has its final ids and privileges: some of a thread's are its own.
 */
#ifndef SWMFA_PREFETCH_H
#define SWMFA_PREFETCH_H

#include "base/secret.h"
#include "store/digest.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

struct prefetch {
    const struct secret *key; /* see prefetch_begin */
    const char *text;
    bool running;  /* there is a thread; false: the caller does the work when it needs the result */
    bool digested; /* the digest was waited for */
    pthread_t thread;
    sem_t has_digest;
    bool good;      /* the digest, and the digits */
    char digits[3]; /* a decoy's */
    char digest[DIGEST_SIZE];
};

/*
 * prefetch_begin: begins. key: NULL, and text the number; or for a decoy the key of its digits, and
 * text the user. All of it must stay where it is until prefetch_wait.
 */
void prefetch_begin(struct prefetch *prefetch, const struct secret *key, const char *text);

/*
 * prefetch_digest: waits for the digest, see digest_of, of the number or of its substitute; then a
 * decoy's digits are ready as well. NULL without memory.
 */
const char *prefetch_digest(struct prefetch *prefetch);

/* prefetch_wait: waits until all is ready. */
void prefetch_wait(struct prefetch *prefetch);

#endif
