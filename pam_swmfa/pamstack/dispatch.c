/* SPDX-License-Identifier: BSD-3-Clause */
/* dispatch: see dispatch.h. */
#include <config.h>

#include "pamstack/dispatch.h"

#include <security/pam_appl.h>
#include <string.h>

#define MUST_FAIL PAM_PERM_DENIED

/* Goes into the line where it is; the marks of substacks are no modules. */
static void enter(const struct stack *stack, struct dispatch *dispatch)
{
    for (; dispatch->at != stack->count; dispatch->at++) {
        const struct stack_line *line = &stack->lines[dispatch->at];
        if (dispatch->level < line->level)
            dispatch->before[line->level] = dispatch->now;
        if (line->kind != STACK_SUBSTACK)
            return;
        dispatch->level = (uint8_t)line->level;
    }
}

void dispatch_start(const struct stack *stack, struct dispatch *dispatch)
{
    memset(dispatch, 0, sizeof(*dispatch));
    dispatch->now.status = MUST_FAIL;
    dispatch->before[0] = dispatch->now;
    enter(stack, dispatch);
}

/* The last line of the substack, or of the stack, that a line is in. */
static size_t last_of_level(const struct stack *stack, size_t at)
{
    int level = stack->lines[at].level;
    while (at + 1 < stack->count && stack->lines[at + 1].level >= level)
        at++;
    return at;
}

/* Returns the line before the target of a jump; a substack counts as one line. jump: the part of it
 * that is left at the end of the level. */
static size_t jump_from(const struct stack *stack, size_t at, int *jump)
{
    int level = stack->lines[at].level;
    while (at + 1 < stack->count && stack->lines[at + 1].level >= level && *jump > 0) {
        do
            at++;
        while (at + 1 < stack->count && stack->lines[at + 1].level > level);
        --*jump;
    }
    return at;
}

static void take_good(struct stack_state *now, int code)
{
    if (now->impression == 0 || (now->impression > 0 && now->status == PAM_SUCCESS)) {
        now->impression = 1;
        now->status = (uint8_t)code;
    }
}

static void take_bad(struct stack_state *now, int code)
{
    if (now->impression >= 0) {
        now->impression = -1;
        now->status = (uint8_t)(code == PAM_IGNORE ? MUST_FAIL : code);
    }
}

bool dispatch_answer(const struct stack *stack, struct dispatch *dispatch, int code)
{
    size_t at = dispatch->at;
    const struct stack_line *line = &stack->lines[at];
    int action = line->actions[code];
    bool over = action == STACK_DIE;
    dispatch->level = (uint8_t)line->level;
    if (action == STACK_RESET) {
        dispatch->now = dispatch->before[line->level];
    } else if (action == STACK_OK || action == STACK_DONE) {
        take_good(&dispatch->now, code);
        over = action == STACK_DONE && dispatch->now.impression > 0;
    } else if (action == STACK_BAD || action == STACK_DIE) {
        take_bad(&dispatch->now, code);
    } else if (action > 0) {
        at = jump_from(stack, at, &action);
        if (action > 0)
            dispatch->now = (struct stack_state){-1, MUST_FAIL};
    }
    dispatch->at = (uint16_t)((over ? last_of_level(stack, at) : at) + 1);
    enter(stack, dispatch);
    return action <= 0;
}

int dispatch_result(const struct dispatch *dispatch)
{
    bool success = dispatch->now.status == PAM_SUCCESS;
    return success && dispatch->now.impression <= 0 ? MUST_FAIL : dispatch->now.status;
}
