/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * paths: explores all paths of a login through a stack, for every possible result of its modules. A
 * node is a point that a login can reach: its position, libpam's verdict so far, and what has been
 * proved and requested.
 */
#ifndef SWMFA_PATHS_H
#define SWMFA_PATHS_H

#include "pamstack/dispatch.h"
#include "pamstack/modules.h"

/* The events on the way to a node. */
enum event {
    EVENT_PROVED = 1 << 0,  /* a factor other than ours was correct */
    EVENT_TWICE = 1 << 1,   /* two of them were */
    EVENT_REFUSED = 1 << 2, /* one was wrong */
    EVENT_ASKED = 1 << 3,   /* our module was run */
    EVENT_EARLY = 1 << 4,   /* ... and asked for a code when no factor had been asked for */
    EVENT_SENT = 1 << 5,    /* ... with one refused and none correct */
    EVENT_AGAIN = 1 << 6,   /* ... again, after a correct code */
    EVENT_CODE = 1 << 7,    /* a code was correct */
    EVENT_PASS = 1 << 8,    /* our module let the user in without one */
    EVENT_DENIAL = 1 << 9,  /* our module denied */
};

#define PATHS_DETERMINISTIC 16 /* conditions that are remembered, for each stack */

struct node {
    /* The identity of a node; without padding. */
    struct dispatch dispatch;
    uint8_t deterministic[PATHS_DETERMINISTIC]; /* the answer of each condition, counted from 1; 0:
                                                   not asked */
    uint16_t events;
    /* Results. */
    size_t number;    /* in nodes */
    size_t parent;    /* the node from which it was reached first; the start: itself */
    size_t answer;    /* of the line there */
    bool can_ask;     /* our module can still run */
    bool can_succeed; /* it can still end in success */
};

struct edge {
    size_t from, to;
    size_t answer; /* of the line at from */
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
    PATHS_TOO_MANY, /* the stack has too many paths to explore */
    PATHS_NO_MEMORY,
};

/*
 * paths_run: finds all nodes. models: one for each line of the stack; events: those before the
 * stack, such as EVENT_PROVED for an SSH key. The caller keeps stack and models. The caller owes
 * paths_free in any case.
 */
enum paths_result paths_run(struct paths *paths, const struct stack *stack,
                            const struct module_model *models, unsigned events);
void paths_free(struct paths *paths);

/* paths_line: returns the line of a node, or NULL at the end. */
const struct stack_line *paths_line(const struct paths *paths, const struct node *node);

/* paths_reaches: returns whether a login can reach a line, by its number. */
bool paths_reaches(const struct paths *paths, size_t line);

/* paths_answer: returns the module's result on an edge. */
const struct answer *paths_answer(const struct paths *paths, const struct edge *edge);

/* paths_ended: returns whether a node is an end; success: whether the login succeeds there. */
bool paths_ended(const struct paths *paths, const struct node *node, bool *success);

/*
 * paths_way: writes the numbers of the nodes from the start to a node into a buffer, of as many as
 * the stack has lines and one more. Returns how many.
 */
size_t paths_way(const struct paths *paths, size_t node, size_t *way);

#endif
