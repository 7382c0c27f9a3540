/* SPDX-License-Identifier: BSD-3-Clause */
/* sends: how many codes were sent, to whom and for whom; within a transaction of the store. */
#ifndef SWMFA_SENDS_H
#define SWMFA_SENDS_H

#include "config/limit.h"
#include "store/store.h"

#define SENDS_ID_SIZE 33

/* Whom a send is counted for. */
struct sends_about {
    const char *user;
    const char *phone;   /* see digest_of; "": none, nor the host */
    const char *address; /* the remote one, see sends_address; "": a local login */
    bool pretended;      /* nothing is really sent: not counted for the host */
};

/* What stands in the way of a send: of the limits that are reached, the one that is for longest. */
struct sends_refusal {
    const char *key; /* the limit's key in swmfa.conf; NULL: nothing */
    struct limit limit;
    int64_t free_in_ms; /* until this one would let a send through */
};

enum sends {
    SENDS_COUNTED, /* it may be made */
    SENDS_REFUSED, /* a limit is reached; nothing was counted */
    SENDS_FAILED,  /* the store failed */
};

/*
 * sends_count: checks all limits and counts a send. id: of SENDS_ID_SIZE, for sends_give_back.
 */
enum sends sends_count(struct store *store, const struct limits *limits,
                       const struct sends_about *about, char *id, struct sends_refusal *refusal);

/* sends_look: only checks all limits. False if the store failed. */
bool sends_look(struct store *store, const struct limits *limits, const struct sends_about *about,
                struct sends_refusal *refusal);

/* sends_lift: earlier sends stop counting for a user and a number ("": none), but not for the
 * address and the host. count: of sends. */
bool sends_lift(struct store *store, const char *user, const char *phone, int64_t *count);

/* sends_give_back: a send that was counted has certainly not happened. */
bool sends_give_back(struct store *store, const char *id);

/* sends_of_user: how many were counted for a user in the last so many seconds. */
bool sends_of_user(struct store *store, const char *user, int seconds, int64_t *count);

/* sends_of_host: how many of this host's. */
bool sends_of_host(struct store *store, int seconds, int64_t *count);

/*
 * sends_address: what a remote host counts as: an IPv4 address as itself, also if it is written as
 * an IPv6 one; an IPv6 address as its /64, since a customer has no less; anything else as it is.
 */
void sends_address(const char *rhost, char *address, size_t size);

#endif
