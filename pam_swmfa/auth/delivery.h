/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * delivery: having codes sent in one login, by one provider or, where that fails, by the next; and
 * which of them counts.
 *
 * The code that counts is the newest that a provider took. A send that certainly did not happen is
 * followed by one at the next provider, in the same round; a send that may have happened ends the
 * round, and the next round begins with the next provider.
 */
#ifndef SWMFA_DELIVERY_H
#define SWMFA_DELIVERY_H

#include "base/problem.h"
#include "config/config.h"
#include "provider/provider.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum delivered {
    DELIVERED,         /* a provider queued a code */
    DELIVERED_PERHAPS, /* one gave no answer: a code may come */
    DELIVERED_NOT,     /* no provider took it */
    DELIVERED_BROKEN,  /* no memory, or nobody waits any more */
};

struct delivery {
    const struct config *config;
    int watch_fd; /* see rest.h */
    struct rest *rest[PROVIDER_COUNT];
    size_t next;        /* with which of config->providers the next round begins */
    unsigned permitted; /* a bit, 1 << enum channel, for each by which codes may be sent */
    unsigned asked;     /* a bit, 1 << enum provider_id, for each that was asked */
    unsigned failed;    /* a bit, 1 << outcome, for each way in which a send has failed */
    unsigned refused;   /* a bit, 1 << enum channel, for each by which a provider would not send */
    enum outcome last;  /* of the last send */
    int sends;          /* requests made, of all rounds */
    bool in_doubt;      /* whether the last round may have had a code sent, whatever it returned */
    char sent[512];     /* the codes that were sent, as history_login has them */
    char why[1024];     /* which requests failed, and why, of all rounds */

    enum provider_id provider;  /* who sent, or was last asked to send, the code that counts */
    struct challenge challenge; /* that code */
    int64_t sent_at;            /* milliseconds of CLOCK_BOOTTIME */
    enum outcome state;         /* OUTCOME_OK: it can be verified; otherwise why it cannot be */
};

/* delivery_begin: nothing has been sent; all channels are permitted. The caller owes delivery_end.
 */
void delivery_begin(struct delivery *delivery, const struct config *config, int watch_fd);

/* delivery_end: closes the connections. */
void delivery_end(struct delivery *delivery);

/* delivery_asked_all: whether every provider that has one of the permitted channels was asked. */
bool delivery_asked_all(const struct delivery *delivery);

/* delivery_can: whether that channel is permitted, and some provider can send by it. */
bool delivery_can(const struct delivery *delivery, enum channel channel);

/*
 * delivery_send: one round, over by the end, delivery_now(). only: by that channel and no other;
 * otherwise a provider that lacks it sends by another that is permitted. The channel that
 * was used stands in the challenge. With DELIVERED_NOT and _BROKEN an earlier code still counts if
 * there is one.
 */
enum delivered delivery_send(struct delivery *delivery, const char *number, enum channel channel,
                             bool only, int64_t end);

/*
 * delivery_pretend: as if the provider and the channel that delivery_send would have begun with had
 * sent a code, for who is to see no difference.
 */
void delivery_pretend(struct delivery *delivery, enum channel channel, bool only);

/*
 * delivery_verify: asks the provider that sent the code that counts. A code that is found void
 * (OUTCOME_GONE), by the provider or by the clock, counts no more; nor is anybody asked about one
 * that cannot be verified: the outcome is then its state.
 */
enum outcome delivery_verify(struct delivery *delivery, const char *code, struct problem *problem);

/*
 * delivery_give_up: the code that counts cannot be checked, since its provider failed so; the next
 * round begins with the next provider.
 */
void delivery_give_up(struct delivery *delivery, enum outcome outcome,
                      const struct problem *problem);

/* delivery_terms: what the code that counts is like; before the first send, what one would be. */
void delivery_terms(const struct delivery *delivery, struct terms *terms);

/* delivery_now: milliseconds of CLOCK_BOOTTIME. */
int64_t delivery_now(void);

#endif
