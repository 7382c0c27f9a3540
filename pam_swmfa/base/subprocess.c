/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subprocess: see subprocess.h.
 *
 * Input and output are kept in memory files, so neither side ever waits for a pipe.
 */
#include <config.h>

#include "base/subprocess.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Makes a memory file with a text, at its beginning; -1 with errno. */
static int text_file(const char *text)
{
    int fd = memfd_create("swmfactl", MFD_CLOEXEC);
    size_t length = strlen(text);
    if (fd >= 0 && (write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* It finds signals as a shell would leave them. */
static int spawn(const struct program *program, int in, int out, pid_t *pid)
{
    static const char *const path_alone[] = {PROGRAM_PATH, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    sigaddset(&signals, SIGXFSZ);
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        (void)posix_spawnattr_setsigdefault(&attributes, &signals);
        if (in >= 0)
            error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
        for (int fd = STDOUT_FILENO; out >= 0 && error == 0 && fd <= STDERR_FILENO; fd++)
            error = posix_spawn_file_actions_adddup2(&actions, out, fd);
        const char *const *environment =
            program->environment != NULL ? program->environment : path_alone;
        if (error == 0)
            error = posix_spawn(pid, program->argv[0], &actions, &attributes,
                                (char *const *)program->argv, (char *const *)environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_run(const struct program *program, struct problem *problem)
{
    pid_t pid = -1;
    int in = program->input != NULL ? text_file(program->input) : -1;
    int out = program->output != NULL ? text_file("") : -1;
    int error = errno;
    int status = -1;
    bool ready = (program->input == NULL || in >= 0) && (program->output == NULL || out >= 0);
    (void)fflush(stdout);
    if (ready)
        error = spawn(program, in, out, &pid);
    if (ready && error == 0) {
        status = wait_for(pid);
        error = errno;
    }
    if (status >= 0 && out >= 0) {
        ssize_t got = pread(out, program->output, program->size - 1, 0);
        program->output[got > 0 ? got : 0] = '\0';
    }
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    if (status < 0)
        problem_set(problem, "%s: cannot be run: %s", program->argv[0], strerror(error));
    return status;
}
