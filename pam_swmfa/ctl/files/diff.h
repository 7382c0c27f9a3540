/* SPDX-License-Identifier: BSD-3-Clause */
/* diff: shows the changes of a text as diff(1) does. */
#ifndef SWMFA_DIFF_H
#define SWMFA_DIFF_H

#include "ctl/command.h"

/*
 * diff_print: runs `diff -u`, which prints the difference between the two texts, if any, to
 * standard output. name: for both texts. Returns false with the problem.
 */
bool diff_print(struct ctl_context *ctl, const char *name, const char *before, size_t before_length,
                const char *after, size_t after_length);

#endif
