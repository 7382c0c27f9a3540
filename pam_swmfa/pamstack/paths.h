/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explore: all that can come of a stack, whatever its modules answer. Each point that a login can
 * come to is a node: where it is, what libpam thinks so far, and what has been proved and asked.
 */
#ifndef SWMFA_EXPLORE_H
#define SWMFA_EXPLORE_H

#include "pamstack/dispatch.h"
#include "pamstack/modules.h"

/* What has happened on the way to a node. */
enum fact {
    FACT_PROVED = 1 << 0,  /* a factor other than ours was right */
    FACT_TWICE = 1 << 1,   /* two of them */
    FACT_REFUSED = 1 << 2, /* one was not */
    FACT_ASKED = 1 << 3,   /* our module was run */
    FACT_EARLY = 1 << 4,   /* ... and asked for a code when no factor had been asked for */
    FACT_SENT = 1 << 5,    /* ... when one was refused and none right */
    FACT_AGAIN = 1 << 6,   /* ... once more, after a right code */
    FACT_CODE = 1 << 7,    /* a code was right */
    FACT_PASS = 1 << 8,    /* our module let pass without one */
    FACT_DENIAL = 1 << 9,  /* our module denied */
};

#define EXPLORE_STEADY 16 /* conditions that are remembered, for one stack */

struct node {
    /* These make a node what it is; without padding. */
    struct dispatch dispatch;
    uint8_t steady[EXPLORE_STEADY]; /* the answer of each condition, counted from 1; 0: not asked */
    uint16_t facts;
    /* These are found out. */
    size_t number;    /* in nodes */
    size_t parent;    /* the node from which it was first come to; itself: the start */
    size_t answer;    /* of the line there */
    bool can_ask;     /* our module can still be run */
    bool can_succeed; /* it can still end in success */
};

struct edge {
    size_t from, to;
    size_t answer; /* of the line where from is */
};

struct explore {
    const struct stack *stack;
    const struct role *roles; /* one for each line */
    struct node **nodes;
    size_t node_count;
    struct edge *edges;
    size_t edge_count;
    void *index; /* of tsearch(3) */
};

enum explore_result {
    EXPLORE_DONE,
    EXPLORE_TOO_MANY, /* the stack has more ways than are looked at */
    EXPLORE_NO_MEMORY,
};

/*
 * explore_run: finds all nodes. roles: one for each line of the stack; facts: what was proved
 * before the stack, as FACT_PROVED for an SSH key. stack and roles are kept by the caller. The
 * caller owes explore_free in any case.
 */
enum explore_result explore_run(struct explore *explore, const struct stack *stack,
                                const struct role *roles, unsigned facts);
void explore_free(struct explore *explore);

/* explore_line: the line where a node is, or NULL at the end. */
const struct stack_line *explore_line(const struct explore *explore, const struct node *node);

/* explore_reaches: whether a login can come to a line, by its number. */
bool explore_reaches(const struct explore *explore, size_t line);

/* explore_answer: what the module answered on an edge. */
const struct answer *explore_answer(const struct explore *explore, const struct edge *edge);

/* explore_ended: whether a node is an end, and if so whether it is success. */
bool explore_ended(const struct explore *explore, const struct node *node, bool *success);

/*
 * explore_way: the nodes from the start to a node, each by its number, in a buffer of as many as
 * the stack has lines and one more. Returns how many.
 */
size_t explore_way(const struct explore *explore, size_t node, size_t *way);

#endif
