/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dispatch: how libpam combines the results of a stack's modules, one after the other (Linux-PAM,
 * libpam/pam_dispatch.c). Runs no modules.
 */
#ifndef SWMFA_DISPATCH_H
#define SWMFA_DISPATCH_H

#include "pamstack/parse.h"

#include <stdint.h>

/* libpam's verdict so far. */
struct stack_state {
    int8_t impression; /* 0: none yet, 1: good, -1: bad */
    uint8_t status;    /* the code that pam_authenticate finally returns */
};

/* A position in the stack. Without padding: equal positions have equal bytes. */
struct dispatch {
    uint16_t at;   /* the line that runs next; the stack's count: none, it has ended */
    uint8_t level; /* result of the line before */
    uint8_t unused;
    struct stack_state now;
    struct stack_state before[STACK_LEVELS + 1]; /* one for each substack, restored by "reset" */
};

/* dispatch_start: sets the position before the first module. */
void dispatch_start(const struct stack *stack, struct dispatch *dispatch);

/*
 * dispatch_answer: takes the result of the current module, 0 to STACK_CODES - 1, and moves on.
 * Returns false if that was a jump beyond the end, for which libpam denies.
 */
bool dispatch_answer(const struct stack *stack, struct dispatch *dispatch, int code);

/* dispatch_result: returns the result of pam_authenticate, once the stack has ended. */
int dispatch_result(const struct dispatch *dispatch);

#endif
