/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * patient: a library for LD_PRELOAD, with which a PAM application has ten times the patience that
 * the module has: its monotonic clock is as slow as that, and so is each time limit of poll(2).
 *
 * Under valgrind a helper needs seconds of processor time. On a busy machine they are more than the
 * module would wait for.
 */
#undef _FORTIFY_SOURCE /* it would define poll itself */
#include <config.h>

#include <dlfcn.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLOWER 10
#define SECOND ((int64_t)1000000000)
#define API    __attribute__((visibility("default")))

/* Code that is built with _FORTIFY_SOURCE calls this one. */
API int __poll_chk(struct pollfd *fds, nfds_t count, int milliseconds, size_t size);

static int slow_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    int most = milliseconds < INT_MAX / SLOWER ? milliseconds * SLOWER : INT_MAX;
    return (int)syscall(SYS_poll, fds, count, milliseconds > 0 ? most : milliseconds);
}

API int poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    return slow_poll(fds, count, milliseconds);
}

int __poll_chk(struct pollfd *fds, nfds_t count, int milliseconds, size_t size)
{
    (void)size;
    return slow_poll(fds, count, milliseconds);
}

API int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (syscall(SYS_clock_gettime, clock, now) != 0)
        return -1;
    if (clock == CLOCK_MONOTONIC) {
        int64_t slow = ((int64_t)now->tv_sec * SECOND + now->tv_nsec) / SLOWER;
        *now = (struct timespec){.tv_sec = slow / SECOND, .tv_nsec = slow % SECOND};
    }
    return 0;
}
