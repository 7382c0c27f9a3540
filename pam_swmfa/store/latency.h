/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * latency: the recent durations of requests to the providers; within a transaction of the store. A
 * user for whom no code is sent must not notice that by the time, so instead of a request there is
 * a wait of the same length.
 */
#ifndef SWMFA_LATENCY_H
#define SWMFA_LATENCY_H

#include "store/store.h"

enum latency { /* by these numbers they are stored */
               LATENCY_SEND,
               LATENCY_VERIFY,
               LATENCY_DECOY,    /* a wait: written to take as long, never drawn */
               LATENCY_RESEND,   /* a send after the first in a login */
               LATENCY_REVERIFY, /* a verify after a wrong code */
};
#define LATENCY_COUNT 5

/* latency_expect: prepares what latency_add will need. */
void latency_expect(struct store *store);

/* latency_add: in that login, see history_add, a request of that kind has taken so many
 * microseconds.
 */
bool latency_add(struct store *store, enum latency which, int64_t login, int64_t microseconds);

/* latency_draw: picks the duration of one of the last requests at random; 0: there was none yet. */
bool latency_draw(struct store *store, enum latency which, int64_t *microseconds);

#endif
