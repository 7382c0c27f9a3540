/* SPDX-License-Identifier: BSD-3-Clause */
/* procstat: what the kernel says of a process in /proc/PID/stat, see proc_pid_stat(5). */
#ifndef SWMFA_PROCSTAT_H
#define SWMFA_PROCSTAT_H

#include <stdbool.h>
#include <sys/types.h>

struct procstat {
    pid_t parent;
    unsigned long long start; /* when it started, in clock ticks since the boot */
    unsigned long long code;  /* where its code begins; 0 to callers who may not know */
    unsigned long long stack; /* where its stack begins; likewise */
};

/* procstat_read: of a process that runs. False if there is none, also of one that has ended and
 * only waits for its parent, or if /proc does not say. */
bool procstat_read(pid_t pid, struct procstat *stat);

#endif
