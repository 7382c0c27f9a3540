/* SPDX-License-Identifier: BSD-3-Clause */
/* diff: what would change in a text, as diff(1) shows it. */
#ifndef SWMFA_DIFF_H
#define SWMFA_DIFF_H

#include "ctl/command.h"

/*
 * diff_print: has `diff -u` print to standard output how the new text differs from the old one;
 * nothing, if it does not. name: what both are called. False with the problem.
 */
bool diff_print(struct ctl_context *ctl, const char *name, const char *before, size_t before_length,
                const char *after, size_t after_length);

#endif
