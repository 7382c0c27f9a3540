/* SPDX-License-Identifier: BSD-3-Clause */
/* clock: moments; see clock.h. */
#include <config.h>

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

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
    moment->boot_ms = clock_read(CLOCK_BOOTTIME);
    moment->wall_ms = clock_read(CLOCK_REALTIME);
    return true;
}
