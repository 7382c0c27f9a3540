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
    DELIVERED_PERHAPS, /* one provider gave no answer: a code may arrive */
    DELIVERED_NOT,     /* no provider took it */
    DELIVERED_BROKEN,  /* no memory, or nobody waits any more */
};

struct delivery {
    const struct config *config;
    int watch_fd; /* see rest.h */
    struct rest *rest[PROVIDER_COUNT];
    size_t next;        /* index in config->providers of the first one in the next round */
    unsigned permitted; /* a bit, 1 << enum channel, for each channel that may send codes */
    unsigned asked;     /* a bit, 1 << enum provider_id, for each that was contacted */
    unsigned failed;    /* a bit, 1 << outcome, for each kind of failure of a send */
    unsigned refused;   /* a bit, 1 << enum channel, for each by which a provider refused to send */
    enum outcome last;  /* of the last send */
    int sends;          /* requests made, of all rounds */
    bool in_doubt;      /* the last round may have sent a code, whatever it returned */
    char sent[512];     /* the codes that were sent, as history_login has them */
    char why[1024];     /* which requests failed, and why, of all rounds */

    enum provider_id provider;  /* of the valid code, or the last one that was asked to send */
    struct challenge challenge; /* the valid code */
    int64_t sent_at;            /* milliseconds of CLOCK_BOOTTIME */
    enum outcome state;         /* OUTCOME_OK: it can be verified; otherwise why it cannot be */
};

/* delivery_begin: nothing has been sent; all channels are permitted. The caller owes delivery_end.
 */
void delivery_begin(struct delivery *delivery, const struct config *config, int watch_fd);

/* delivery_end: closes the connections. */
void delivery_end(struct delivery *delivery);

/* delivery_asked_all: returns whether every provider with a permitted channel was contacted. */
bool delivery_asked_all(const struct delivery *delivery);

/* delivery_can: returns whether that channel is permitted, and a provider can send by it. */
bool delivery_can(const struct delivery *delivery, enum channel channel);

/*
 * delivery_send: makes one round, which ends by the time end of delivery_now(). only: by that
 * channel and no other; otherwise a provider that lacks it sends by another permitted one. The
 * challenge has the channel that was used. With DELIVERED_NOT and _BROKEN an earlier code, if there
 * is one, stays valid.
 */
enum delivered delivery_send(struct delivery *delivery, const char *number, enum channel channel,
                             bool only, int64_t end);

/*
 * delivery_pretend: behaves as if delivery_send's first provider and channel had sent a code, for a
 * user who must not see a difference.
 */
void delivery_pretend(struct delivery *delivery, enum channel channel, bool only);

/*
 * delivery_verify: asks the provider that sent the code that counts. A code that is found void
 * (OUTCOME_GONE), by the provider or by the clock, counts no more; nor is anybody asked about one
 * that cannot be verified: the outcome is then its state.
 */
enum outcome delivery_verify(struct delivery *delivery, const char *code, struct problem *problem);

/*
 * delivery_give_up: the valid code cannot be checked, since its provider failed in this way; the
 * next round begins with the next provider.
 */
void delivery_give_up(struct delivery *delivery, enum outcome outcome,
                      const struct problem *problem);

/* delivery_terms: returns the form of the valid code; before the first send, of the next one. */
void delivery_terms(const struct delivery *delivery, struct terms *terms);

/* delivery_now: milliseconds of CLOCK_BOOTTIME. */
int64_t delivery_now(void);

#endif
