/* SPDX-License-Identifier: BSD-3-Clause */
/* precheck: what would come of a PAM stack that is planned, before it is in place. */
#ifndef SWMFA_PRECHECK_H
#define SWMFA_PRECHECK_H

#include "config/config.h"
#include "pamstack/parse.h"

/*
 * trial_run: whether the module's line in these texts would be reached by everybody whose first
 * factor is right, and by nobody else, and its denial be a denial: as swmfactl doctor sees it.
 * key: an SSH key comes before the stack. What does not speak against it, such as who is exempt
 * and would be denied, is a warning on standard error.
 * Returns false with the problem: the file, the line, and why.
 */
bool trial_run(const struct config *config, const char *service, bool key,
               const struct stack_text *texts, struct problem *problem);

/*
 * trial_without: whether, with these texts in place of what there is, a right first factor still
 * lets in, and nobody newly gets in without one. Of a stack that libpam does not read as a whole,
 * nothing is said.
 * Returns false with the problem.
 */
bool trial_without(const char *service, const struct stack_text *texts, struct problem *problem);

/* trial_asks_otherwise: whether a line of the service's stack, such as pam_unix, asks for a factor
 * besides the code. */
bool trial_asks_otherwise(const char *service);

#endif
