/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * listener: the sshd processes that listen for connections: with what options they run, and whether
 * they have read their configuration since it was last changed.
 *
 * sshd reads its configuration when it starts and at SIGHUP, when it executes itself again in the
 * same process. A PID file does not tell: there may be none, or that of another sshd. So /proc is
 * asked: who listens, when the process started, and where its program and stack were placed, which
 * the kernel chooses at random at each exec.
 */
#ifndef SWMFA_LISTENER_H
#define SWMFA_LISTENER_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LISTENER_OPTIONS 128

struct listener {
    pid_t pid;
    pid_t parent;
    char program[256];              /* that it executes */
    unsigned long long start;       /* clock ticks after the boot */
    unsigned long long code, stack; /* addresses; others after each exec */
    bool options_known;             /* its command line was read whole */
    bool own_options;               /* -f or -o is among them */
    bool own_config;                /* and can change whom it asks for what */
    bool has_read;                  /* its configuration as it is; of listeners_examine alone */
    size_t option_count;
    ptrdiff_t options[LISTENER_OPTIONS]; /* where they begin in line */
    char line[4096];
};

struct listeners {
    struct listener *at;
    size_t count;
};

/*
 * listeners_find: finds every sshd of root's that listens on TCP, in this process namespace.
 * Returns false with the problem if that cannot be known. The caller owes listeners_free in any
 * case.
 */
bool listeners_find(struct listeners *listeners, struct problem *problem);
void listeners_free(struct listeners *listeners);

/* listener_runs: whether it executes this program; NULL: none is known. */
bool listener_runs(const struct listener *listener, const char *program);

/* listener_options: the words of its command line after the program; ends with NULL. Returns the
 * list, the caller's to free, of texts of the listener's; NULL without memory. */
const char **listener_options(const struct listener *listener);

/*
 * listeners_remember: notes which sshd listen now, and how sshd's configuration files are now, in
 * LISTENERS_RECORD; to be called after a change of them. Returns false with the problem.
 */
bool listeners_remember(struct problem *problem);

/*
 * listeners_have_read: whether every sshd that listens has started or reloaded since
 * listeners_remember, with the configuration files as they were then; also true if none listens.
 * Otherwise, and where it is not known, false with the problem, and in pid the process that has
 * not; 0: none is known. Where nothing was noted, or files have changed since, it is noted now.
 */
bool listeners_have_read(pid_t *pid, struct problem *problem);

/*
 * listeners_examine: as listeners_find, and finds of each in has_read whether it is known to have
 * read the configuration files as they are. Changes nothing: without a note of these files, it is
 * known of an sshd that has started, or written its PID file, after they were last changed: by the
 * clock, which can have been set meanwhile. For what is said, not for what must be safe.
 */
bool listeners_examine(struct listeners *listeners, struct problem *problem);

/* listeners_seem_read: as listeners_have_read, but by listeners_examine. */
bool listeners_seem_read(pid_t *pid, struct problem *problem);

/*
 * listeners_wait_for_logins: waits until all logins have ended, or got in, that are being asked for
 * their proofs now: they go by what sshd had read when they began, and PAM's stack when they come
 * to it. sshd ends them after LoginGraceTime. tell: is called once with their number if there are
 * any. Returns false with the problem if one is left after LISTENERS_PATIENCE seconds.
 */
bool listeners_wait_for_logins(void (*tell)(size_t count), struct problem *problem);

#define LISTENERS_PATIENCE 660 /* LoginGraceTime is 120 by default, and 600 is much */

#define LISTENERS_RECORD "/run/swmfactl-sshd-reload"
#define LISTENERS_PID    "/run/sshd.pid" /* written by an sshd after it has read its configuration */

#endif
