/* SPDX-License-Identifier: BSD-3-Clause */
/* remember: from where a user need not be asked again; within a transaction of the store. */
#ifndef SWMFA_REMEMBER_H
#define SWMFA_REMEMBER_H

#include "store/store.h"

#define REMEMBER_PLACE_SIZE 1200

struct remember_about {
    const char *user;
    const char *service;
    const char *place; /* see remember_place */
    const char *phone; /* see digest_of: with another number the user is asked again */
};

/* The origin of a login. A terminal's name is soon another user's: so the caller and its session
 * belong to it, as in sudo_timestamp(5). */
struct remember_origin {
    const char *rhost;                /* "": a local login; only whether root calls matters then */
    const char *tty;                  /* "": none */
    unsigned caller_uid;              /* of the application; not root's: a local login */
    int session;                      /* its session; 0: none that can be told apart */
    unsigned long long session_start; /* of its leader, in ticks since the boot */
};

/*
 * remember_place: makes the key under which a login is remembered: the remote host, or the boot id,
 * the caller's uid, the session and the terminal. False if it has neither.
 */
bool remember_place(const struct remember_origin *origin, const struct moment *moment,
                    char place[REMEMBER_PLACE_SIZE]);

/*
 * remember_look: for how long still, in milliseconds; 0: not. Both the time of the store and the
 * time of day must be within it, and the time of day not before the moment it was remembered at,
 * but for five minutes of a correction. most: seconds that it lasts now, should it have been for
 * more.
 */
bool remember_look(struct store *store, const struct remember_about *about, int most,
                   int64_t *left_ms);

/* remember_add: remembers for so many seconds from now. */
bool remember_add(struct store *store, const struct remember_about *about, int seconds);

/* remember_forget: forgets all remembered logins of a user; count: how many there were, including
 * expired ones. */
bool remember_forget(struct store *store, const char *user, int64_t *count);

/* remember_count: counts the remembered logins of a user that are valid now. */
bool remember_count(struct store *store, const char *user, int64_t *count);

struct remembered {
    const char *service;
    const char *rhost;   /* "": a local login */
    const char *tty;     /* "": a remote one */
    unsigned caller_uid; /* of a local login, whose key ends with the session */
    bool rebooted;       /* of a terminal: the host was booted since, so it is no longer valid */
    int64_t left_ms;
};

/* remember_each: calls each for the remembered logins that remember_count counts; its texts, which
 * are not always printable, are gone when it returns. It returns whether to continue. */
bool remember_each(struct store *store, const char *user,
                   bool (*each)(const struct remembered *place, void *context), void *context);

#endif
