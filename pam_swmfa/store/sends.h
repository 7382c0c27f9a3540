/* SPDX-License-Identifier: BSD-3-Clause */
/* sends: counts the codes that were sent, by receiver and by origin; within a transaction of the
 * store. */
#ifndef SWMFA_SENDS_H
#define SWMFA_SENDS_H

#include "config/limit.h"
#include "store/store.h"

#define SENDS_ID_SIZE 33

/* The user, number and host that a send counts against. */
struct sends_about {
    const char *user;
    const char *phone;   /* see digest_of; "": none, nor the host */
    const char *address; /* the remote one, see sends_address; "": a local login */
    bool pretended;      /* nothing is actually sent: not counted for the host */
};

/* The limit that prevents a send: of those that are reached, the longest. */
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

/* sends_give_back: takes back a counted send that certainly did not happen. */
bool sends_give_back(struct store *store, const char *id);

/* sends_of_user: counts those of a user in the last seconds. */
bool sends_of_user(struct store *store, const char *user, int seconds, int64_t *count);

/* sends_of_host: counts those of this host. */
bool sends_of_host(struct store *store, int seconds, int64_t *count);

/*
 * sends_address: the form in which a remote host is counted: an IPv4 address as itself, also if
 * written as IPv6; an IPv6 address as its /64, since every customer has at least that; anything
 * else unchanged.
 */
void sends_address(const char *rhost, char *address, size_t size);

#endif
