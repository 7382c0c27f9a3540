/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * latency: how long requests to the providers have taken of late; within a transaction of
 * the store. Who is asked for a code that was never sent must not notice it by the time, so what is
 * not requested is waited for instead.
 */
#ifndef SWMFA_LATENCY_H
#define SWMFA_LATENCY_H

#include "store/store.h"

enum latency { /* by these numbers they are kept */
               LATENCY_SEND,
               LATENCY_VERIFY,
               LATENCY_DECOY,    /* what was only waited for: written so that it takes as long, and
                                 never    drawn */
               LATENCY_RESEND,   /* a send after the first in a login */
               LATENCY_REVERIFY, /* a verify after a wrong code */
};
#define LATENCY_COUNT 5

/* latency_expect: makes ready what latency_add will need. */
void latency_expect(struct store *store);

/* latency_add: in that login, see history_add, a request of that kind has taken so many
 * microseconds.
 */
bool latency_add(struct store *store, enum latency pace, int64_t login, int64_t microseconds);

/* latency_draw: what one of the last ones has taken, by chance; 0: there was none yet. */
bool latency_draw(struct store *store, enum latency pace, int64_t *microseconds);

#endif
