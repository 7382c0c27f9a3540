/* SPDX-License-Identifier: BSD-3-Clause */
/* precheck: checks a planned PAM stack before it is in place. */
#ifndef SWMFA_PRECHECK_H
#define SWMFA_PRECHECK_H

#include "config/config.h"
#include "pamstack/parse.h"

/*
 * trial_run: checks, as swmfactl doctor does, that with these texts every login with a right first
 * factor reaches the module's line, that no other login does, and that the module's denial is
 * final. key: an SSH key comes before the stack. Findings that are no obstacle, such as exempt
 * users who would be denied, are warnings on standard error. Returns false with the problem: the
 * file, the line and the reason.
 */
bool trial_run(const struct config *config, const char *service, bool key,
               const struct stack_text *texts, struct problem *problem);

/*
 * trial_without: checks that, with these texts in place of the current ones, a right first factor
 * still lets users in, and that nobody newly gets in without one. If libpam does not read the whole
 * stack, it passes. Returns false with the problem.
 */
bool trial_without(const char *service, const struct stack_text *texts, struct problem *problem);

/* trial_asks_otherwise: returns whether a line of the service's stack, such as pam_unix, asks for a
 * factor besides the code. */
bool trial_asks_otherwise(const char *service);

#endif
