/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * listener: the sshd processes that listen for connections: their options, and whether they have
 * read their configuration since its last change.
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
    unsigned long long code, stack; /* these change with each exec */
    bool options_known;             /* its command line is known completely */
    bool own_options;               /* -f or -o is among them */
    bool never_listens; /* its options, such as -i, make it serve one connection, or none */
    bool own_config;    /* they can change what it asks for */
    bool has_read;      /* its current configuration; set by listeners_examine only */
    size_t option_count;
    ptrdiff_t options[LISTENER_OPTIONS]; /* their beginnings in line */
    char line[4096];
};

struct listeners {
    struct listener *at;
    size_t count;
};

/*
 * listeners_find: finds every sshd of root's that listens on TCP in this process namespace, or has
 * started and does not listen yet, as it may have read its configuration already. Returns false
 * with the problem if /proc does not tell. The caller owes listeners_free in any case.
 */
bool listeners_find(struct listeners *listeners, struct problem *problem);
void listeners_free(struct listeners *listeners);

/* listeners_serve: returns whether an sshd of root's has a connection, logged in or not. If none
 * listens, inetd or systemd may start one for each connection. */
bool listeners_serve(void);
/* listener_runs: returns whether it executes this program; NULL: unknown. */
bool listener_runs(const struct listener *listener, const char *program);

/* listener_options: returns the words of its command line after the program, ending with NULL. The
 * caller frees the list; the words belong to the listener. NULL without memory. */
const char **listener_options(const struct listener *listener);

/*
 * listeners_remember: records in LISTENERS_RECORD which sshd listen now, with the inodes and change
 * times of sshd's configuration files. Call it after a change to them. Returns false with the
 * problem.
 */
bool listeners_remember(struct problem *problem);

/*
 * listeners_have_read: returns whether every sshd that listens has started or reloaded since
 * listeners_remember, and the configuration files are unchanged since then. True if none listens.
 * False with the problem if one has not, or if that is unknown; pid: the process, or 0. If there is
 * no record, or files have changed since, makes a new one.
 */
bool listeners_have_read(pid_t *pid, struct problem *problem);

/* listener_age: returns for how many seconds a process has run. */
long listener_age(const struct listener *listener);

/*
 * listeners_examine: like listeners_find, and also sets has_read of each that is known to have read
 * the current configuration files. Changes nothing. Without a record of these files, it compares
 * the time when sshd started or wrote its PID file with that of the last change; the clock may have
 * been set since. For messages, not for decisions.
 */
bool listeners_examine(struct listeners *listeners, struct problem *problem);

/* listeners_seem_read: like listeners_have_read, but by listeners_examine. */
bool listeners_seem_read(pid_t *pid, struct problem *problem);

/*
 * listeners_wait_for_logins: waits until each login that sshd is authenticating now has succeeded
 * or ended. Such a login has the settings that sshd had read when it began, and the PAM stack of
 * the moment at which it reaches PAM. sshd ends it after LoginGraceTime. tell: called once with
 * these logins, if there are any; parent is the process that sshd's log names. Returns false with
 * the problem if one is left after LISTENERS_PATIENCE seconds.
 */
bool listeners_wait_for_logins(void (*tell)(const struct listeners *logins),
                               struct problem *problem);

#define LISTENERS_PATIENCE 660 /* LoginGraceTime defaults to 120, and 600 is long */

#define LISTENERS_RECORD "/run/swmfactl-sshd-reload"
#define LISTENERS_PID    "/run/sshd.pid" /* sshd writes it after it has read its configuration */

#endif
