/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay: a process of the service user's for what reads the store, and root's process before it.
 *
 * The store belongs to the service user, whom a provider's answer may have taken over. What reads
 * it may be taken over by it in turn, so it is a process without anything of root's: no descriptor,
 * no terminal, no session of root's. What it prints comes through pipes, and root's process writes
 * it where it belongs, without what a terminal would obey (filter.h).
 */
#ifndef SWMFA_RELAY_H
#define SWMFA_RELAY_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

struct relay {
    int output;   /* where its standard output goes */
    bool colours; /* may pass */
    bool raw;     /* all bytes pass: output is a file */
    size_t most;  /* bytes of that; more is a failure */
};

enum relay_side {
    RELAY_FAILED, /* with the problem; there is one process, which is root's */
    RELAY_CHILD,  /* this is the service user, for good */
    RELAY_UNFIT,  /* this is the child, but it has a problem: it must do nothing but say so */
    RELAY_ROOT,   /* this is root; the child has ended, with that status */
};

/*
 * relay_fork: output that was printed earlier is written first. The child has no descriptor above 3
 * and reads nothing; its log is opened again. It ends when root's process does. status: that of the
 * child; 1 for any that is not one of swmfactl's, or a signal, which is said on standard error.
 */
enum relay_side relay_fork(const struct relay *relay, int *status, struct problem *problem);

/* relay_settle: waits until all that this process has printed is written. Returns 0, or the error
 * of root's process, as errno; 0 where there is no relay. */
int relay_settle(void);

#endif
