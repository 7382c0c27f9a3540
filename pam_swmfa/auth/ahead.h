/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ahead: what a send will need, made ready by a second thread while the store is opened: the digest
 * of the number, then libcurl and libssl. libcrypto takes longer for its first use than the store
 * for all that it does.
 *
 * To be begun when the process has its last ids and privileges: some of a thread's are its own.
 */
#ifndef SWMFA_AHEAD_H
#define SWMFA_AHEAD_H

#include "store/digest.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

struct ahead {
    const char *text; /* of which the digest is */
    bool running;     /* in a thread of its own; false: what is waited for is done by the caller */
    bool digested;    /* whether the digest was waited for */
    pthread_t thread;
    sem_t has_digest;
    bool good; /* the digest is */
    char digest[DIGEST_SIZE];
};

/* ahead_begin: begins. ahead and text must stay where they are until ahead_wait. */
void ahead_begin(struct ahead *ahead, const char *text);

/* ahead_digest: waits for the digest of the text, see digest_of; NULL without memory. */
const char *ahead_digest(struct ahead *ahead);

/* ahead_wait: waits until all is ready. */
void ahead_wait(struct ahead *ahead);

#endif
