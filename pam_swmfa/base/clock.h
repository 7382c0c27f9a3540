/* SPDX-License-Identifier: BSD-3-Clause */
/* clock: the time, as the kernel knows it at one moment. */
#ifndef SWMFA_CLOCK_H
#define SWMFA_CLOCK_H

#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/* What the clocks and the kernel say at one moment. */
struct moment {
    char boot[40];   /* the boot id */
    int64_t boot_ms; /* milliseconds of CLOCK_BOOTTIME */
    int64_t wall_ms; /* milliseconds since 1970 by the system's time of day */
};

/* clock_ms: milliseconds of CLOCK_MONOTONIC, for deadlines within a process. */
int64_t clock_ms(void);

/* moment_now: this moment. False, with the problem, if the boot id cannot be read. */
bool moment_now(struct moment *moment, struct problem *problem);

#endif
