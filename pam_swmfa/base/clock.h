/* SPDX-License-Identifier: BSD-3-Clause */
/* clock: the kernel's clocks, read at one moment. */
#ifndef SWMFA_CLOCK_H
#define SWMFA_CLOCK_H

#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The clocks and the boot at one moment. */
struct moment {
    char boot[40];   /* the boot id */
    int64_t boot_ms; /* milliseconds of CLOCK_BOOTTIME */
    int64_t wall_ms; /* milliseconds since 1970 by the system's time of day */
};

/* clock_read: milliseconds of a clock. Here, since the PAM module links nothing of base/. */
static inline int64_t clock_read(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* clock_ms: milliseconds of CLOCK_MONOTONIC, for deadlines within a process. */
static inline int64_t clock_ms(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* moment_now: this moment. False, with the problem, if the boot id cannot be read. */
bool moment_now(struct moment *moment, struct problem *problem);

#endif
