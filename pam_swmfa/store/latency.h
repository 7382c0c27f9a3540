/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pace: how long requests to the providers have taken of late; within a transaction of
 * the store. Who is asked for a code that was never sent must not notice it by the time, so what is
 * not requested is waited for instead.
 */
#ifndef SWMFA_PACE_H
#define SWMFA_PACE_H

#include "store/store.h"

enum pace { /* by these numbers they are kept */
            PACE_SEND,
            PACE_VERIFY,
            PACE_DECOY,    /* what was only waited for: written so that it takes as long, and never
                              drawn */
            PACE_RESEND,   /* a send after the first in a login */
            PACE_REVERIFY, /* a verify after a wrong code */
};
#define PACE_COUNT 5

/* pace_expect: makes ready what pace_add will need. */
void pace_expect(struct store *store);

/* pace_add: in that login, see history_add, a request of that kind has taken so many microseconds.
 */
bool pace_add(struct store *store, enum pace pace, int64_t login, int64_t microseconds);

/* pace_draw: what one of the last ones has taken, by chance; 0: there was none yet. */
bool pace_draw(struct store *store, enum pace pace, int64_t *microseconds);

#endif
