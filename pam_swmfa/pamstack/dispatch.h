/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dispatch: what libpam makes of the answers of a stack's modules, one after the other (Linux-PAM,
 * libpam/pam_dispatch.c). Modules are not run.
 */
#ifndef SWMFA_DISPATCH_H
#define SWMFA_DISPATCH_H

#include "pamstack/parse.h"

#include <stdint.h>

/* What libpam thinks so far. */
struct stack_state {
    int8_t impression; /* 0: none yet, 1: good, -1: bad */
    uint8_t status;    /* the code that pam_authenticate returns in the end */
};

/* Where it is. Without padding: two that are the same have the same bytes. */
struct dispatch {
    uint16_t at;   /* the line that is asked next; the stack's count: none, it is over */
    uint8_t level; /* of the line before */
    uint8_t unused;
    struct stack_state now;
    struct stack_state before[STACK_LEVELS + 1]; /* each substack, which "reset" goes back to */
};

/* dispatch_start: before the first module. */
void dispatch_start(const struct stack *stack, struct dispatch *dispatch);

/*
 * dispatch_answer: the module of the line where it is has answered with a code, 0 to
 * STACK_CODES - 1. Returns false if that was a jump beyond the end, which libpam denies for.
 */
bool dispatch_answer(const struct stack *stack, struct dispatch *dispatch, int code);

/* dispatch_result: what pam_authenticate returns, when it is over. */
int dispatch_result(const struct dispatch *dispatch);

#endif
