/* SPDX-License-Identifier: BSD-3-Clause */
/* rest: JSON over HTTPS to one provider, with one connection for all requests of a login. */
#ifndef SWMFA_REST_H
#define SWMFA_REST_H

#include "base/problem.h"
#include "base/secret.h"
#include "provider/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct rest; /* opaque */

struct rest_settings {
    const char *base; /* https://HOST[:PORT]/PATH, to which the path of a request is appended */
    const char *user; /* HTTP Basic */
    const struct secret *password;
    const char *ca_pem;  /* CA certificates instead of the system's; NULL: the system's */
    int connect_timeout; /* seconds */
    int watch_fd; /* a request is abandoned once it becomes readable or is closed; -1: none */
    bool report;  /* record the facts on the certificate for rest_report */
};

#define REST_ANSWER_MAX ((size_t)64 * 1024) /* headers and body together */

struct rest_answer {
    bool unsettled; /* no answer, but the provider may have acted */
    bool gone_out;  /* no answer, but the complete request was passed on */
    long status;    /* HTTP status; 0: none has come */
    size_t length;  /* of body, without the NUL after it */
    char body[REST_ANSWER_MAX + 1];
};

/*
 * rest_prepare: makes libcurl and libssl ready, which takes a while once; rest_new does it where it
 * was not done before. False without memory.
 */
bool rest_prepare(void);

/*
 * rest_new: prepares a client. Sends nothing yet. Copies what settings points to. Returns NULL
 * without memory. The caller owes rest_free.
 */
struct rest *rest_new(const struct rest_settings *settings);

/*
 * rest_post: posts a JSON text and waits for the answer, at most so many milliseconds in all.
 * Returns OUTCOME_OK when there is an answer, whatever its status; otherwise OUTCOME_NETWORK, _TLS,
 * _BAD_ANSWER (too long), _MEMORY or _ABANDONED with the problem. A request is sent once at most:
 * neither this function nor libcurl repeats it.
 */
enum outcome rest_post(struct rest *rest, const char *path, const char *body, int milliseconds,
                       struct rest_answer *answer, struct problem *problem);

/*
 * The times of the last request's steps, in microseconds from its start; 0: a step was not reached.
 */
struct rest_report {
    int64_t resolved;   /* the name has an address */
    int64_t connected;  /* TCP */
    int64_t secured;    /* TLS, with a peer that has proved to be the right one */
    int64_t ended;      /* in any way */
    time_t valid_until; /* the end of the peer's certificate; 0: not known */
};

/* rest_report: reports on the last request, which must have been made on a new connection. */
void rest_report(const struct rest *rest, struct rest_report *report);

/* rest_free: closes the connection; NULL is allowed. */
void rest_free(struct rest *rest);

#endif
