/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subprocess: see subprocess.h.
 *
 * Input and output are kept in memory files, so neither side ever waits for a pipe.
 */
#include <config.h>

#include "base/subprocess.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_FILE  (STDERR_FILENO + 1)
#define PRINTED_MAX ((rlim_t)16 * 1024 * 1024) /* bytes; a list of sudo's rules is far smaller */
#define OURS        16 /* our own are above those that the program gets, so that none is in the way */

/* The descriptors 0, 1, 2, 3... of the program; -1: it keeps ours. */
struct descriptors {
    int at[FIRST_FILE + PROGRAM_FILES];
    size_t count;
};

/* ---- what it reads and prints ---- */

static bool write_all(int fd, const char *text, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t written = write(fd, text + done, length - done);
        if (written > 0)
            done += (size_t)written;
        else if (errno != EINTR)
            return false;
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

/* Makes a memory file with a text, at its beginning; -1 with errno. */
static int text_file(const char *text, size_t length)
{
    int made = memfd_create("swmfactl", MFD_CLOEXEC);
    int fd = made >= 0 ? fcntl(made, F_DUPFD_CLOEXEC, OURS) : -1;
    int error = errno;
    if (made >= 0)
        close(made);
    errno = error;
    if (fd >= 0 && !write_all(fd, text, length)) {
        error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* False with errno; close_all is owed in all cases. */
static bool open_all(const struct program *program, struct descriptors *given)
{
    const struct program_text input = {program->input,
                                       program->input != NULL ? strlen(program->input) : 0};
    const struct program_text output = {program->output.text != NULL ? "" : NULL, 0};
    const struct program_text errors = {program->errors.text != NULL ? "" : NULL, 0};
    const struct program_text *texts[FIRST_FILE + PROGRAM_FILES] = {&input, &output, &errors};
    for (size_t i = 0; i < program->file_count && i < PROGRAM_FILES; i++)
        texts[FIRST_FILE + i] = &program->files[i];
    for (; given->count < FIRST_FILE + program->file_count; given->count++) {
        const struct program_text *text = texts[given->count];
        bool wanted = text->text != NULL || given->count >= FIRST_FILE;
        int fd = wanted ? text_file(text->text, text->length) : -1;
        if (wanted && fd < 0)
            return false;
        given->at[given->count] = fd;
    }
    return true;
}

static void close_all(const struct descriptors *given)
{
    for (size_t i = 0; i < given->count; i++)
        if (given->at[i] >= 0)
            close(given->at[i]);
}

/* Reads what was printed. False with errno. */
static bool take_output(int fd, const struct program_output *output)
{
    if (output->text == NULL)
        return true;
    ssize_t got = pread(fd, output->text, output->size - 1, 0);
    output->text[got > 0 ? got : 0] = '\0';
    return got >= 0;
}

/* ---- running it ---- */

static int set_descriptors(posix_spawn_file_actions_t *actions, const struct descriptors *given)
{
    int error = 0;
    for (int i = 0; error == 0 && i < (int)given->count; i++) {
        int fd = given->at[i];
        if (i == STDERR_FILENO && fd < 0)
            fd = given->at[STDOUT_FILENO];
        if (fd >= 0)
            error = posix_spawn_file_actions_adddup2(actions, fd, i);
    }
    return error != 0 ? error
                      : posix_spawn_file_actions_addclosefrom_np(actions, (int)given->count);
}

static int set_signals(posix_spawnattr_t *attributes, bool interruptible)
{
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    int error = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, interruptible ? POSIX_SPAWN_SETSIGDEF |
                                                                         POSIX_SPAWN_SETSIGMASK
                                                                   : POSIX_SPAWN_SETSIGDEF);
    return error;
}

static int spawn(const struct program *program, const struct descriptors *given, pid_t *pid)
{
    static const char *const path_alone[] = {PROGRAM_PATH, NULL};
    const char *const *environment =
        program->environment != NULL ? program->environment : path_alone;
    const char *path = program->path != NULL ? program->path : program->argv[0];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = set_descriptors(&actions, given);
        if (error == 0)
            error = set_signals(&attributes, program->interruptible);
        /* A path is not for posix_spawnp, which would run what is no program by a shell. */
        if (error == 0)
            error = (strchr(path, '/') != NULL ? posix_spawn
                                               : posix_spawnp)(pid, path, &actions, &attributes,
                                                               (char *const *)program->argv,
                                                               (char *const *)environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* A program whose output we keep in memory must not fill it: at PRINTED_MAX bytes it is killed. */
static int limit_files(const struct program *program, struct rlimit *before)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, before) != 0)
        return errno;
    limit = *before;
    if (program->output.text != NULL && limit.rlim_cur > PRINTED_MAX)
        limit.rlim_cur = PRINTED_MAX;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? 0 : errno;
}

/* Starts it with the limit, which is ours again afterwards. */
static int spawn_limited(const struct program *program, const struct descriptors *given, pid_t *pid)
{
    struct rlimit before;
    int error = limit_files(program, &before);
    if (error != 0)
        return error;
    error = spawn(program, given, pid);
    (void)setrlimit(RLIMIT_FSIZE, &before);
    return error;
}

/* seconds: 0 for no limit. Returns the status as program_run does. */
static int wait_for(pid_t pid, int seconds)
{
    static const struct timespec pause = {.tv_nsec = 2000000};
    int64_t end = clock_ms() + (int64_t)seconds * 1000;
    bool limited = seconds > 0;
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(pid, &status, limited ? WNOHANG : 0)) != pid) {
        if (ended < 0 && errno != EINTR)
            return -1;
        if (limited && clock_ms() >= end) {
            (void)kill(pid, SIGKILL);
            limited = false;
        }
        if (limited)
            (void)nanosleep(&pause, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_run(const struct program *program, struct problem *problem)
{
    struct descriptors given = {.count = 0};
    pid_t pid = -1;
    int status = -1;
    if (program->output.text != NULL)
        program->output.text[0] = '\0';
    if (program->errors.text != NULL)
        program->errors.text[0] = '\0';
    (void)fflush(stdout);
    int error = open_all(program, &given) ? spawn_limited(program, &given, &pid) : errno;
    if (error == 0) {
        status = wait_for(pid, program->seconds);
        if (status >= 0 && (!take_output(given.at[STDOUT_FILENO], &program->output) ||
                            !take_output(given.at[STDERR_FILENO], &program->errors)))
            status = -1;
        error = errno;
    }
    close_all(&given);
    if (status < 0)
        problem_set(problem, "%s: cannot be run: %s", program->argv[0], strerror(error));
    errno = error;
    return status;
}
