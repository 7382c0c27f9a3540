/* SPDX-License-Identifier: BSD-3-Clause */
/* paths: see paths.h. */
#include <config.h>

#include "pamstack/paths.h"

#include <search.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 20000
#define NO_NODE   SIZE_MAX /* there is no memory for it */

const struct stack_line *paths_line(const struct paths *paths, const struct node *node)
{
    return node->dispatch.at < paths->stack->count ? &paths->stack->lines[node->dispatch.at] : NULL;
}

bool paths_reaches(const struct paths *paths, size_t line)
{
    for (size_t i = 0; i < paths->node_count; i++)
        if (paths->nodes[i]->dispatch.at == line)
            return true;
    return false;
}

const struct answer *paths_answer(const struct paths *paths, const struct edge *edge)
{
    return &paths->models[paths->nodes[edge->from]->dispatch.at].answers[edge->answer];
}

bool paths_ended(const struct paths *paths, const struct node *node, bool *success)
{
    *success = dispatch_result(&node->dispatch) == PAM_SUCCESS;
    return node->dispatch.at >= paths->stack->count;
}

/* ---- nodes and edges ---- */

/* The identity of a node comes first, without padding. */
_Static_assert(sizeof(struct dispatch) == 4 + sizeof(struct stack_state) * (STACK_LEVELS + 2) &&
                   offsetof(struct node, events) == sizeof(struct dispatch) + PATHS_DETERMINISTIC,
               "nodes are compared byte by byte");

static int compare(const void *left, const void *right)
{
    return memcmp(left, right, offsetof(struct node, events) + sizeof(uint16_t));
}

/* Finds the node, or keeps a copy of it. Returns its number; NO_NODE: there is no memory. */
static size_t keep_node(struct paths *paths, const struct node *node)
{
    struct node *const *found = tfind(node, &paths->index, compare);
    if (found != NULL)
        return (*found)->number;
    struct node **more = reallocarray(paths->nodes, paths->node_count + 1, sizeof(struct node *));
    struct node *copy = malloc(sizeof(*copy));
    if (more != NULL)
        paths->nodes = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        return NO_NODE;
    }
    *copy = *node;
    copy->number = paths->node_count;
    if (tsearch(copy, &paths->index, compare) == NULL) {
        free(copy);
        return NO_NODE;
    }
    more[paths->node_count] = copy;
    return paths->node_count++;
}

static bool keep_edge(struct paths *paths, size_t from, size_t to, size_t answer)
{
    struct edge *more = reallocarray(paths->edges, paths->edge_count + 1, sizeof(*paths->edges));
    if (more == NULL)
        return false;
    paths->edges = more;
    more[paths->edge_count++] = (struct edge){from, to, answer};
    return true;
}

/* ---- what an answer leads to ---- */

static unsigned facts_after(unsigned events, enum meaning meaning)
{
    switch (meaning) {
    case MEANS_PROVED:
        return events | ((events & EVENT_PROVED) != 0 ? EVENT_TWICE : EVENT_PROVED);
    case MEANS_REFUSED:
        return events | EVENT_REFUSED;
    case MEANS_CODE:
    case MEANS_PASS:
    case MEANS_DENIAL:
        if (meaning == MEANS_CODE && (events & EVENT_CODE) != 0)
            events |= EVENT_AGAIN;
        if (meaning == MEANS_CODE && (events & EVENT_PROVED) == 0)
            events |= (events & EVENT_REFUSED) != 0 ? EVENT_SENT : EVENT_EARLY;
        return events | EVENT_ASKED |
               (meaning == MEANS_CODE   ? EVENT_CODE
                : meaning == MEANS_PASS ? EVENT_PASS
                                        : EVENT_DENIAL);
    default:
        return events;
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
static int steady_number(const struct paths *paths, size_t at)
{
    int number = 0;
    for (size_t i = 0; paths->models[at].deterministic && i <= at; i++) {
        if (!paths->models[i].deterministic)
            continue;
        if (same_words(&paths->stack->lines[i], &paths->stack->lines[at]))
            return number < PATHS_DETERMINISTIC ? number : -1;
        number++;
    }
    return -1;
}

static bool take_answer(struct paths *paths, size_t from, int deterministic, size_t answer)
{
    struct node next = *paths->nodes[from];
    const struct answer *given = &paths->models[next.dispatch.at].answers[answer];
    if (deterministic >= 0)
        next.deterministic[deterministic] = (uint8_t)(answer + 1);
    next.events = (uint16_t)facts_after(next.events, given->meaning);
    (void)dispatch_answer(paths->stack, &next.dispatch, given->code);
    next.parent = from;
    next.answer = answer;
    size_t to = keep_node(paths, &next);
    return to != NO_NODE && keep_edge(paths, from, to, answer);
}

static bool expand(struct paths *paths, size_t from)
{
    size_t at = paths->nodes[from]->dispatch.at;
    if (at >= paths->stack->count)
        return true;
    int deterministic = steady_number(paths, at);
    size_t known = deterministic >= 0 ? paths->nodes[from]->deterministic[deterministic] : 0;
    if (known > 0)
        return take_answer(paths, from, deterministic, known - 1);
    for (size_t answer = 0; answer < paths->models[at].count; answer++)
        if (!take_answer(paths, from, deterministic, answer))
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

static void look_back(struct paths *paths)
{
    for (size_t i = 0; i < paths->node_count; i++) {
        struct node *node = paths->nodes[i];
        const struct stack_line *line = paths_line(paths, node);
        bool success = false;
        node->can_succeed = paths_ended(paths, node, &success) && success;
        node->can_ask = line != NULL && modules_is_ours(line);
    }
    for (bool news = true; news;) {
        news = false;
        for (size_t i = paths->edge_count; i > 0; i--) {
            const struct edge *edge = &paths->edges[i - 1];
            if (spread(paths->nodes[edge->from], paths->nodes[edge->to]))
                news = true;
        }
    }
}

/* ---- all ---- */

enum paths_result paths_run(struct paths *paths, const struct stack *stack,
                            const struct module_model *models, unsigned events)
{
    struct node start;
    *paths = (struct paths){.stack = stack, .models = models};
    memset(&start, 0, sizeof(start));
    dispatch_start(stack, &start.dispatch);
    start.events = (uint16_t)events;
    if (keep_node(paths, &start) == NO_NODE)
        return PATHS_NO_MEMORY;
    for (size_t i = 0; i < paths->node_count; i++) {
        if (paths->node_count > NODES_MAX)
            return PATHS_TOO_MANY;
        if (!expand(paths, i))
            return PATHS_NO_MEMORY;
    }
    look_back(paths);
    return PATHS_DONE;
}

size_t paths_way(const struct paths *paths, size_t node, size_t *way)
{
    size_t count = 1;
    for (size_t at = node; paths->nodes[at]->parent != at; at = paths->nodes[at]->parent)
        count++;
    for (size_t i = count; i > 0; i--) {
        way[i - 1] = node;
        node = paths->nodes[node]->parent;
    }
    return count;
}

static void nothing(void *node)
{
    (void)node; /* it is in nodes as well */
}

void paths_free(struct paths *paths)
{
    tdestroy(paths->index, nothing);
    for (size_t i = 0; i < paths->node_count; i++)
        free(paths->nodes[i]);
    free(paths->nodes);
    free(paths->edges);
    *paths = (struct paths){0};
}
