/* SPDX-License-Identifier: BSD-3-Clause */
/* diff: see diff.h. The texts stay in memory. */
#include <config.h>

#include "ctl/files/diff.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 32

/* Returns a file in memory with the text; -1 with errno. */
static int put_away(const char *text, size_t length)
{
    int fd = memfd_create("swmfactl", MFD_CLOEXEC);
    for (size_t done = 0; fd >= 0 && done < length;) {
        ssize_t written = write(fd, text + done, length - done);
        if (written > 0) {
            done += (size_t)written;
        } else if (errno != EINTR) {
            close(fd);
            return -1;
        }
    }
    return fd;
}

/* Runs diff on two open files. Returns its exit status, or -1 with errno. */
static int run(const char *name, int before, int after)
{
    char old_path[PATH_SIZE];
    char new_path[PATH_SIZE];
    char new_name[512];
    (void)snprintf(old_path, sizeof(old_path), "/dev/fd/%d", before);
    (void)snprintf(new_path, sizeof(new_path), "/dev/fd/%d", after);
    (void)snprintf(new_name, sizeof(new_name), "%.400s, new", name);
    const char *const argv[] = {"diff",   "-u",     "--label", name, "--label",
                                new_name, old_path, new_path,  NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 0;
    errno = posix_spawn_file_actions_init(&actions);
    if (errno != 0)
        return -1;
    errno = posix_spawn_file_actions_adddup2(&actions, before, before); /* clears close-on-exec */
    if (errno == 0)
        errno = posix_spawn_file_actions_adddup2(&actions, after, after);
    if (errno == 0)
        errno = posix_spawnp(&child, "diff", &actions, NULL, (char *const *)argv, environment);
    int error = errno;
    (void)posix_spawn_file_actions_destroy(&actions);
    errno = error;
    if (error != 0)
        return -1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

bool diff_print(struct ctl_context *ctl, const char *name, const char *before, size_t before_length,
                const char *after, size_t after_length)
{
    if (!ctl_flush(ctl))
        return false;
    int one = put_away(before, before_length);
    int other = put_away(after, after_length);
    int status = one >= 0 && other >= 0 ? run(name, one, other) : -1;
    int error = errno;
    if (one >= 0)
        close(one);
    if (other >= 0)
        close(other);
    if (status < 0)
        return problem_set(&ctl->problem, "diff: %s", strerror(error));
    return status <= 1 || problem_set(&ctl->problem, "diff ended with status %d", status);
}
