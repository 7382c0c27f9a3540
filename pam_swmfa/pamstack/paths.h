/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * paths: all that can come of a stack, whatever its modules answer. Each point that a login can
 * come to is a node: where it is, what libpam thinks so far, and what has been proved and asked.
 */
#ifndef SWMFA_PATHS_H
#define SWMFA_PATHS_H

#include "pamstack/dispatch.h"
#include "pamstack/modules.h"

/* What has happened on the way to a node. */
enum event {
    EVENT_PROVED = 1 << 0,  /* a factor other than ours was right */
    EVENT_TWICE = 1 << 1,   /* two of them */
    EVENT_REFUSED = 1 << 2, /* one was not */
    EVENT_ASKED = 1 << 3,   /* our module was run */
    EVENT_EARLY = 1 << 4,   /* ... and asked for a code when no factor had been asked for */
    EVENT_SENT = 1 << 5,    /* ... when one was refused and none right */
    EVENT_AGAIN = 1 << 6,   /* ... once more, after a right code */
    EVENT_CODE = 1 << 7,    /* a code was right */
    EVENT_PASS = 1 << 8,    /* our module let pass without one */
    EVENT_DENIAL = 1 << 9,  /* our module denied */
};

#define PATHS_DETERMINISTIC 16 /* conditions that are remembered, for one stack */

struct node {
    /* These make a node what it is; without padding. */
    struct dispatch dispatch;
    uint8_t deterministic[PATHS_DETERMINISTIC]; /* the answer of each condition, counted from 1; 0:
                                                   not asked */
    uint16_t events;
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

struct paths {
    const struct stack *stack;
    const struct module_model *models; /* one for each line */
    struct node **nodes;
    size_t node_count;
    struct edge *edges;
    size_t edge_count;
    void *index; /* of tsearch(3) */
};

enum paths_result {
    PATHS_DONE,
    PATHS_TOO_MANY, /* the stack has more ways than are looked at */
    PATHS_NO_MEMORY,
};

/*
 * paths_run: finds all nodes. roles: one for each line of the stack; facts: what was proved
 * before the stack, as EVENT_PROVED for an SSH key. stack and roles are kept by the caller. The
 * caller owes paths_free in any case.
 */
enum paths_result paths_run(struct paths *paths, const struct stack *stack,
                            const struct module_model *models, unsigned events);
void paths_free(struct paths *paths);

/* paths_line: the line where a node is, or NULL at the end. */
const struct stack_line *paths_line(const struct paths *paths, const struct node *node);

/* paths_reaches: whether a login can come to a line, by its number. */
bool paths_reaches(const struct paths *paths, size_t line);

/* paths_answer: what the module answered on an edge. */
const struct answer *paths_answer(const struct paths *paths, const struct edge *edge);

/* paths_ended: whether a node is an end, and if so whether it is success. */
bool paths_ended(const struct paths *paths, const struct node *node, bool *success);

/*
 * paths_way: the nodes from the start to a node, each by its number, in a buffer of as many as
 * the stack has lines and one more. Returns how many.
 */
size_t paths_way(const struct paths *paths, size_t node, size_t *way);

#endif
