/* SPDX-License-Identifier: BSD-3-Clause */
/* trial: what would come of a PAM stack that is planned, before it is in place. */
#ifndef SWMFA_TRIAL_H
#define SWMFA_TRIAL_H

#include "config/config.h"
#include "ctl/stack.h"

/*
 * trial_run: whether the module's line in these texts would be reached by everybody whose first
 * factor is right, and by nobody else, and its denial be a denial: as swmfactl doctor sees it.
 * key: an SSH key comes before the stack. What does not speak against it, such as who is exempt
 * and would be denied, is a warning on standard error.
 * Returns false with the problem: the file, the line, and why.
 */
bool trial_run(const struct config *config, const char *service, bool key,
               const struct stack_text *texts, struct problem *problem);

#endif
