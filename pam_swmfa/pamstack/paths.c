/* SPDX-License-Identifier: BSD-3-Clause */
/* explore: see explore.h. */
#include <config.h>

#include "pamstack/paths.h"

#include <search.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 20000
#define NO_NODE   SIZE_MAX /* there is no memory for it */

const struct stack_line *explore_line(const struct explore *explore, const struct node *node)
{
    return node->dispatch.at < explore->stack->count ? &explore->stack->lines[node->dispatch.at]
                                                     : NULL;
}

bool explore_reaches(const struct explore *explore, size_t line)
{
    for (size_t i = 0; i < explore->node_count; i++)
        if (explore->nodes[i]->dispatch.at == line)
            return true;
    return false;
}

const struct answer *explore_answer(const struct explore *explore, const struct edge *edge)
{
    return &explore->roles[explore->nodes[edge->from]->dispatch.at].answers[edge->answer];
}

bool explore_ended(const struct explore *explore, const struct node *node, bool *success)
{
    *success = dispatch_result(&node->dispatch) == PAM_SUCCESS;
    return node->dispatch.at >= explore->stack->count;
}

/* ---- nodes and edges ---- */

/* What makes a node what it is stands first, and has no padding. */
_Static_assert(sizeof(struct dispatch) == 4 + sizeof(struct opinion) * (STACK_LEVELS + 2) &&
                   offsetof(struct node, facts) == sizeof(struct dispatch) + EXPLORE_STEADY,
               "nodes are compared byte by byte");

static int compare(const void *left, const void *right)
{
    return memcmp(left, right, offsetof(struct node, facts) + sizeof(uint16_t));
}

/* Finds the node, or keeps a copy of it. Returns its number; NO_NODE: there is no memory. */
static size_t keep_node(struct explore *explore, const struct node *node)
{
    struct node *const *found = tfind(node, &explore->index, compare);
    if (found != NULL)
        return (*found)->number;
    struct node **more =
        reallocarray(explore->nodes, explore->node_count + 1, sizeof(struct node *));
    struct node *copy = malloc(sizeof(*copy));
    if (more != NULL)
        explore->nodes = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        return NO_NODE;
    }
    *copy = *node;
    copy->number = explore->node_count;
    if (tsearch(copy, &explore->index, compare) == NULL) {
        free(copy);
        return NO_NODE;
    }
    more[explore->node_count] = copy;
    return explore->node_count++;
}

static bool keep_edge(struct explore *explore, size_t from, size_t to, size_t answer)
{
    struct edge *more =
        reallocarray(explore->edges, explore->edge_count + 1, sizeof(*explore->edges));
    if (more == NULL)
        return false;
    explore->edges = more;
    more[explore->edge_count++] = (struct edge){from, to, answer};
    return true;
}

/* ---- what an answer leads to ---- */

static unsigned facts_after(unsigned facts, enum meaning meaning)
{
    switch (meaning) {
    case MEANS_PROVED:
        return facts | ((facts & FACT_PROVED) != 0 ? FACT_TWICE : FACT_PROVED);
    case MEANS_REFUSED:
        return facts | FACT_REFUSED;
    case MEANS_CODE:
    case MEANS_PASS:
    case MEANS_DENIAL:
        if (meaning == MEANS_CODE && (facts & FACT_CODE) != 0)
            facts |= FACT_AGAIN;
        if (meaning == MEANS_CODE && (facts & FACT_PROVED) == 0)
            facts |= (facts & FACT_REFUSED) != 0 ? FACT_SENT : FACT_EARLY;
        return facts | FACT_ASKED |
               (meaning == MEANS_CODE   ? FACT_CODE
                : meaning == MEANS_PASS ? FACT_PASS
                                        : FACT_DENIAL);
    default:
        return facts;
    }
}

static bool same_words(const struct stack_line *left, const struct stack_line *right)
{
    char one[64];
    char other[64];
    size_t i = 0;
    if (strcmp(modules_name(left, one, sizeof(one)), modules_name(right, other, sizeof(other))) !=
        0)
        return false;
    while (left->arguments[i] != NULL && right->arguments[i] != NULL &&
           strcmp(left->arguments[i], right->arguments[i]) == 0)
        i++;
    return left->arguments[i] == NULL && right->arguments[i] == NULL;
}

/* The number of a condition: that of the first line with the same words, among those with one. -1:
 * it is none, or one too many. */
static int steady_number(const struct explore *explore, size_t at)
{
    int number = 0;
    for (size_t i = 0; explore->roles[at].steady && i <= at; i++) {
        if (!explore->roles[i].steady)
            continue;
        if (same_words(&explore->stack->lines[i], &explore->stack->lines[at]))
            return number < EXPLORE_STEADY ? number : -1;
        number++;
    }
    return -1;
}

static bool take_answer(struct explore *explore, size_t from, int steady, size_t answer)
{
    struct node next = *explore->nodes[from];
    const struct answer *given = &explore->roles[next.dispatch.at].answers[answer];
    if (steady >= 0)
        next.steady[steady] = (uint8_t)(answer + 1);
    next.facts = (uint16_t)facts_after(next.facts, given->meaning);
    (void)dispatch_answer(explore->stack, &next.dispatch, given->code);
    next.parent = from;
    next.answer = answer;
    size_t to = keep_node(explore, &next);
    return to != NO_NODE && keep_edge(explore, from, to, answer);
}

static bool expand(struct explore *explore, size_t from)
{
    size_t at = explore->nodes[from]->dispatch.at;
    if (at >= explore->stack->count)
        return true;
    int steady = steady_number(explore, at);
    size_t known = steady >= 0 ? explore->nodes[from]->steady[steady] : 0;
    if (known > 0)
        return take_answer(explore, from, steady, known - 1);
    for (size_t answer = 0; answer < explore->roles[at].count; answer++)
        if (!take_answer(explore, from, steady, answer))
            return false;
    return true;
}

/* ---- looking back from the ends ---- */

static bool spread(struct node *from, const struct node *to)
{
    bool ask = from->can_ask || to->can_ask;
    bool succeed = from->can_succeed || to->can_succeed;
    bool news = ask != from->can_ask || succeed != from->can_succeed;
    from->can_ask = ask;
    from->can_succeed = succeed;
    return news;
}

static void look_back(struct explore *explore)
{
    for (size_t i = 0; i < explore->node_count; i++) {
        struct node *node = explore->nodes[i];
        const struct stack_line *line = explore_line(explore, node);
        bool success = false;
        node->can_succeed = explore_ended(explore, node, &success) && success;
        node->can_ask = line != NULL && modules_is_ours(line);
    }
    for (bool news = true; news;) {
        news = false;
        for (size_t i = explore->edge_count; i > 0; i--) {
            const struct edge *edge = &explore->edges[i - 1];
            if (spread(explore->nodes[edge->from], explore->nodes[edge->to]))
                news = true;
        }
    }
}

/* ---- all ---- */

enum explore_result explore_run(struct explore *explore, const struct stack *stack,
                                const struct role *roles, unsigned facts)
{
    struct node start;
    *explore = (struct explore){.stack = stack, .roles = roles};
    memset(&start, 0, sizeof(start));
    dispatch_start(stack, &start.dispatch);
    start.facts = (uint16_t)facts;
    if (keep_node(explore, &start) == NO_NODE)
        return EXPLORE_NO_MEMORY;
    for (size_t i = 0; i < explore->node_count; i++) {
        if (explore->node_count > NODES_MAX)
            return EXPLORE_TOO_MANY;
        if (!expand(explore, i))
            return EXPLORE_NO_MEMORY;
    }
    look_back(explore);
    return EXPLORE_DONE;
}

size_t explore_way(const struct explore *explore, size_t node, size_t *way)
{
    size_t count = 1;
    for (size_t at = node; explore->nodes[at]->parent != at; at = explore->nodes[at]->parent)
        count++;
    for (size_t i = count; i > 0; i--) {
        way[i - 1] = node;
        node = explore->nodes[node]->parent;
    }
    return count;
}

static void nothing(void *node)
{
    (void)node; /* it is in nodes as well */
}

void explore_free(struct explore *explore)
{
    tdestroy(explore->index, nothing);
    for (size_t i = 0; i < explore->node_count; i++)
        free(explore->nodes[i]);
    free(explore->nodes);
    free(explore->edges);
    *explore = (struct explore){0};
}
