/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay: runs as the service user everything that reads the store, in a child of root's process.
 *
 * The store belongs to the service user, whose processes a provider's answer may have taken over. A
 * manipulated store may in turn take over its reader, so the reader has nothing of root's: no
 * descriptor, no terminal, no session. Its output comes through pipes; root's process removes what
 * a terminal would obey (filter.h), and writes the rest.
 */
#ifndef SWMFA_RELAY_H
#define SWMFA_RELAY_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

struct relay {
    int output;   /* destination of its standard output */
    bool colours; /* colours pass */
    bool raw;     /* all bytes pass: output is a file */
    size_t most;  /* limit for those bytes; more is a failure */
};

enum relay_side {
    RELAY_FAILED, /* with the problem; there is one process, root's */
    RELAY_CHILD,  /* this process is the service user from now on */
    RELAY_UNFIT,  /* this is the child, but it has a problem: it may only report that */
    RELAY_ROOT,   /* this is root; the child has ended, with that status */
};

/*
 * relay_fork: first writes earlier output. The child has no descriptor above 3 and reads nothing;
 * its log is opened again. It ends when root's process does. status: the child's; 1 for any that
 * swmfactl does not have, or for a signal, which is reported on standard error.
 */
enum relay_side relay_fork(const struct relay *relay, int *status, struct problem *problem);

/* relay_settle: waits until all output of this process is written. Returns 0, or the error of
 * root's process, as errno; 0 where there is no relay. */
int relay_settle(void);

#endif
