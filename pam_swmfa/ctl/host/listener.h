/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * listener: the sshd processes that listen for connections: with what options they run, and whether
 * they have read their configuration since it was last changed.
 *
 * sshd reads its configuration when it starts, and at SIGHUP, when it executes itself again in the
 * same process. A PID file is no evidence: it may be missing, or belong to another sshd. So /proc
 * is read: which processes listen, when they started, and the addresses of program and stack, which
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
    char program[256];              /* the file that it executes */
    unsigned long long start;       /* clock ticks after the boot */
    unsigned long long code, stack; /* addresses; others after each exec */
    bool options_known;             /* its command line was read whole */
    bool own_options;               /* -f or -o is among them */
    bool never_listens; /* by its options, as with -i, it serves one connection, or none */
    bool own_config;    /* they can change what it asks for */
    bool has_read;      /* its configuration as it is now; set by listeners_examine alone */
    size_t option_count;
    ptrdiff_t options[LISTENER_OPTIONS]; /* where they begin in line */
    char line[4096];
};

struct listeners {
    struct listener *at;
    size_t count;
};

/*
 * listeners_find: finds every sshd of root's that listens on TCP, in this process namespace, or has
 * started and does not listen yet: it can have read its configuration already.
 * Returns false with the problem if /proc does not tell. The caller owes listeners_free in any
 * case.
 */
bool listeners_find(struct listeners *listeners, struct problem *problem);
void listeners_free(struct listeners *listeners);

/* listeners_serve: whether an sshd of root's has a connection, one that is logged in or not: where
 * none listens, inetd or systemd may start it for each connection. */
bool listeners_serve(void);
/* listener_runs: whether it executes this program; NULL: none is known. */
bool listener_runs(const struct listener *listener, const char *program);

/* listener_options: the words of its command line after the program; ends with NULL. Returns the
 * list, the caller's to free, of texts of the listener's; NULL without memory. */
const char **listener_options(const struct listener *listener);

/*
 * listeners_remember: records in LISTENERS_RECORD which sshd listen now, with the inodes and change
 * times of sshd's configuration files. Call it after a change of them. Returns false with the
 * problem.
 */
bool listeners_remember(struct problem *problem);

/*
 * listeners_have_read: whether every sshd that listens has started or reloaded since
 * listeners_remember, and the configuration files are unchanged since then. True if none listens.
 * False with the problem if one has not, or if that is unknown; pid: the process, or 0.
 * If there is no record, or files have changed since, a new one is made.
 */
bool listeners_have_read(pid_t *pid, struct problem *problem);

/* listener_age: for how many seconds a process has run. */
long listener_age(const struct listener *listener);

/*
 * listeners_examine: as listeners_find, and sets has_read of each that is known to have read the
 * configuration files as they are. Changes nothing. Without a record of these files, it goes by the
 * time at which sshd started or wrote its PID file, and that of the last change; the clock may have
 * been set since. For messages, not for decisions.
 */
bool listeners_examine(struct listeners *listeners, struct problem *problem);

/* listeners_seem_read: as listeners_have_read, but by listeners_examine. */
bool listeners_seem_read(pid_t *pid, struct problem *problem);

/*
 * listeners_wait_for_logins: waits until each login that sshd is authenticating now has succeeded
 * or ended. Such a login has the settings that sshd had read when it began, and the PAM stack of
 * the moment at which it reaches PAM. sshd ends it after LoginGraceTime. tell: is called once with
 * these logins, if there are any; parent is the process that sshd's log names. Returns false with
 * the problem if one is left after LISTENERS_PATIENCE seconds.
 */
bool listeners_wait_for_logins(void (*tell)(const struct listeners *logins),
                               struct problem *problem);

#define LISTENERS_PATIENCE 660 /* LoginGraceTime is 120 by default, and 600 is much */

#define LISTENERS_RECORD "/run/swmfactl-sshd-reload"
#define LISTENERS_PID    "/run/sshd.pid" /* written by an sshd after it has read its configuration */

#endif
