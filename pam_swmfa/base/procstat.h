/* SPDX-License-Identifier: BSD-3-Clause */
/* procstat: reads /proc/PID/stat of a process, see proc_pid_stat(5). */
#ifndef SWMFA_PROCSTAT_H
#define SWMFA_PROCSTAT_H

#include <stdbool.h>
#include <sys/types.h>

struct procstat {
    pid_t parent;
    unsigned long long start; /* its start time, in clock ticks since the boot */
    unsigned long long code;  /* the start of its code; 0 if the caller may not know it */
    unsigned long long stack; /* the start of its stack; the same */
};

/* procstat_read: reads that of a running process. Returns false if there is none, if it has ended
 * and only waits for its parent, or if /proc does not tell. */
bool procstat_read(pid_t pid, struct procstat *stat);

#endif
