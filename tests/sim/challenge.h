/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_CHALLENGE_H
#define SIM_CHALLENGE_H

#include "random.h"

#include <stdbool.h>

enum { CHALLENGE_CODE_MAX = 20 }; /* characters of the longest code */

/* The properties that a send requires of its code. */
struct challenge_terms {
    int length;        /* 4 to CHALLENGE_CODE_MAX */
    bool allow_alphas; /* letters too, not only digits */
    int valid_for;     /* seconds; only of a code by id, as the next */
    int max_attempts;
};

enum challenge_result {
    CHALLENGE_RIGHT,
    CHALLENGE_WRONG,
    CHALLENGE_REFUSED, /* it was not looked at, see below */
};

/* All codes that were sent. Its functions may be called by many threads at once. */
struct challenges;

struct challenges *challenges_new(void);
void challenges_free(struct challenges *challenges);

/* Makes a code and keeps it under the id, a UUID. The caller wipes its copy of the code. */
void challenge_new(struct challenges *challenges, const char *id,
                   const struct challenge_terms *terms, char code[CHALLENGE_CODE_MAX + 1]);

/*
 * Compares the code with the one kept for the id; one attempt is used up. REFUSED where the id is
 * unknown, verified before, out of attempts, or expired.
 */
enum challenge_result challenge_verify(struct challenges *challenges, const char *id,
                                       const char *code);

/* Makes a code and keeps it for a number and a scope. The caller wipes its copy of the code. */
void challenge_new_for(struct challenges *challenges, const char *number, const char *scope,
                       const struct challenge_terms *terms, char code[CHALLENGE_CODE_MAX + 1]);

/*
 * Compares the code with all that were made for the number and scope in the last minutes; the one
 * that is right is used up. REFUSED for 2 minutes after 10 wrong ones in a row for the number.
 */
enum challenge_result challenge_verify_for(struct challenges *challenges, const char *number,
                                           const char *scope, const char *code, double minutes);

#endif
