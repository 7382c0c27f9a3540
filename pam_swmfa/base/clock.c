/* SPDX-License-Identifier: BSD-3-Clause */
/* clock: moments; see clock.h. */
#include <config.h>

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static int64_t milliseconds(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
    return milliseconds(CLOCK_MONOTONIC);
}

bool moment_now(struct moment *moment, struct problem *problem)
{
    memset(moment, 0, sizeof(*moment));
    int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, moment->boot, sizeof(moment->boot) - 1);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (length < 1)
        return problem_set(problem, BOOT_ID ": %s", length < 0 ? strerror(error) : "empty");
    moment->boot[strcspn(moment->boot, "\n")] = '\0';
    moment->boot_ms = milliseconds(CLOCK_BOOTTIME);
    moment->wall_ms = milliseconds(CLOCK_REALTIME);
    return true;
}
