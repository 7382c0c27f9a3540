/* SPDX-License-Identifier: BSD-3-Clause */
/* conf_template: a swmfa.conf that is being written, from the shipped example, value by value. */
#ifndef SWMFA_CONF_TEMPLATE_H
#define SWMFA_CONF_TEMPLATE_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

/* draft_example: the swmfa.conf that is installed, as it is before anybody has changed it. */
extern const char draft_example[];
extern const char draft_users_example[];

/* draft_new: a copy of the example. NULL without memory. The caller owes draft_free. */
char *draft_new(void);
void draft_free(char *draft); /* wipes it */

/*
 * draft_set: gives a key a value, in the line that has it or is the example of it; comments stay.
 * The draft is then read as a configuration is. Returns false with the problem, in the words of the
 * configuration's parser, and the draft as it was.
 */
bool draft_set(char **draft, const char *section, const char *key, const char *value,
               struct problem *problem);

/* draft_drop: makes a key's line a comment. What is left need not be a configuration. Returns false
 * with the problem. */
bool draft_drop(char **draft, const char *section, const char *key, struct problem *problem);

#endif
