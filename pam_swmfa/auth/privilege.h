/* SPDX-License-Identifier: BSD-3-Clause */
/* privilege: from root to the service user, for good. */
#ifndef SWMFA_PRIVILEGE_H
#define SWMFA_PRIVILEGE_H

#include "base/problem.h"

#include <stdbool.h>

/*
 * privilege_prepare: prepares the process before anything else: not dumpable, no core file, umask
 * 077, in "/", /dev/null as fd 1 and 2, all ids root's, resource limits and priority raised to the
 * needs of a request, as far as root may. Returns false with the problem, as when it was not
 * started by root.
 */
bool privilege_prepare(struct problem *problem);

/*
 * privilege_drop: becomes the user given by --with-user: no supplementary group, no capability, no
 * way back, and checks that it is so. Returns false with the problem: the process must then stop.
 */
bool privilege_drop(struct problem *problem);

#endif
