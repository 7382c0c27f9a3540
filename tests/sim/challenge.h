/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_CHALLENGE_H
#define SIM_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    CHALLENGE_ID_SIZE = 37,  /* a UUID and its NUL */
    CHALLENGE_CODE_MAX = 20, /* characters of the longest code */
};

/* What a send asks of the code that it makes. */
struct challenge_terms {
    int token_length; /* 4 to CHALLENGE_CODE_MAX */
    int valid_for;    /* seconds */
    int max_attempts;
    bool allow_alphas;
};

enum challenge_result {
    CHALLENGE_RIGHT,
    CHALLENGE_WRONG,
    CHALLENGE_GONE, /* unknown, verified before, out of attempts, or expired */
};

/* All codes that were sent. Its functions may be called by many threads at once. */
struct challenges;

struct challenges *challenges_new(void);
void challenges_free(struct challenges *challenges);

/* Makes an id that is not kept: a random UUID, version 4. */
void challenge_random_id(char id[CHALLENGE_ID_SIZE]);

/* Makes a code and keeps it. The caller wipes its copy of the code. */
void challenge_new(struct challenges *challenges, const struct challenge_terms *terms,
                   char id[CHALLENGE_ID_SIZE], char code[CHALLENGE_CODE_MAX + 1]);

/* Compares the code with the one kept for the id. RIGHT and WRONG use up one attempt. */
enum challenge_result challenge_verify(struct challenges *challenges, const char *id,
                                       const char *code);

#endif
