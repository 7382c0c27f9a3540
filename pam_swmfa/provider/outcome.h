/* SPDX-License-Identifier: BSD-3-Clause */
/* outcome: the result of a request to a provider. */
#ifndef SWMFA_OUTCOME_H
#define SWMFA_OUTCOME_H

enum outcome {
    OUTCOME_OK,          /* a send: queued; a verify: the code is correct */
    OUTCOME_WRONG,       /* a verify: the code is wrong */
    OUTCOME_GONE,        /* a verify: the code expired, was used, or has no attempts left */
    OUTCOME_NOT_QUEUED,  /* a send: the provider accepted the request but did not queue a code */
    OUTCOME_INVALID,     /* 400, 422: the provider rejects the request's content */
    OUTCOME_CREDENTIALS, /* 401: the provider rejects the credentials */
    OUTCOME_NO_CREDIT,   /* 402: the account has no money left */
    OUTCOME_FORBIDDEN,   /* 403: our credentials do not permit it */
    OUTCOME_NOT_FOUND,   /* a send: 404, no such service at this address */
    OUTCOME_LIMIT,       /* 429: too many requests */
    OUTCOME_SERVER,      /* 5xx: the provider reports an error of its own */
    OUTCOME_BAD_ANSWER,  /* an answer that makes no sense */
    OUTCOME_NETWORK,     /* not reached, or no answer in time */
    OUTCOME_STALE,  /* the same on a connection kept from an earlier request: it may only have been
                       idle for too long */
    OUTCOME_TLS,    /* no TLS connection with the right peer */
    OUTCOME_MEMORY, /* no memory */
    OUTCOME_ABANDONED, /* the host is gone; nobody waits for the answer */
    OUTCOME_COUNT,
};

/* outcome_words: each as the log names it, in reason=; NULL for those that are no failure. */
extern const char *const outcome_words[OUTCOME_COUNT];

#endif
