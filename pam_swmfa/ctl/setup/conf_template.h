/* SPDX-License-Identifier: BSD-3-Clause */
/* conf_template: fills in a swmfa.conf value by value, beginning with the shipped example. */
#ifndef SWMFA_CONF_TEMPLATE_H
#define SWMFA_CONF_TEMPLATE_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

/* draft_example: the swmfa.conf as it is installed. */
extern const char draft_example[];
extern const char draft_users_example[];

/* draft_new: returns a copy of the example, or NULL without memory. The caller owes draft_free. */
char *draft_new(void);
void draft_free(char *draft); /* draft_free: wipes and frees it. */

/*
 * draft_set: sets a key, in the line that sets it or is the commented example of it; comments stay.
 * Then parses the draft as a configuration. Returns false with the problem, in the parser's words;
 * the draft is then unchanged.
 */
bool draft_set(char **draft, const char *section, const char *key, const char *value,
               struct problem *problem);

/* draft_drop: makes a key's line a comment. The result need not be a valid configuration. Returns
 * false with the problem. */
bool draft_drop(char **draft, const char *section, const char *key, struct problem *problem);

#endif
