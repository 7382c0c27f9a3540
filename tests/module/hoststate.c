/* SPDX-License-Identifier: BSD-3-Clause */
/* hoststate: see hoststate.h. */
#include <config.h>

#include "hoststate.h"

#include <dirent.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void note(struct hoststate *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct hoststate *state, const char *format, ...)
{
    size_t used = strlen(state->text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(state->text + used, sizeof(state->text) - used, format, arguments);
    va_end(arguments);
}

static void note_fds(struct hoststate *state)
{
    for (int fd = 0; fd < 1024; fd++) {
        char path[64];
        char target[256];
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof(target) - 1);
        if (length >= 0)
            note(state, "fd %d=%.*s\n", fd, (int)length, target);
    }
}

static void note_signals(struct hoststate *state)
{
    sigset_t mask;
    sigemptyset(&mask);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0)
            continue;
        note(state, "signal %d=%p flags %x blocked %d\n", number, (void *)action.sa_sigaction,
             (unsigned)action.sa_flags, sigismember(&mask, number));
    }
}

static void note_children(struct hoststate *state)
{
    siginfo_t child = {0};
    int waited = waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT);
    note(state, "children=%s\n", waited != 0 ? "none" : child.si_pid != 0 ? "ended" : "some");
    int threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    while (tasks != NULL && readdir(tasks) != NULL)
        threads++;
    if (tasks != NULL)
        (void)closedir(tasks);
    note(state, "threads=%d\n", threads - 2);
}

static void note_ids(struct hoststate *state)
{
    uid_t uid[3];
    gid_t gid[3];
    gid_t groups[64];
    (void)getresuid(&uid[0], &uid[1], &uid[2]);
    (void)getresgid(&gid[0], &gid[1], &gid[2]);
    note(state, "uids=%u %u %u\ngids=%u %u %u\ngroups=", uid[0], uid[1], uid[2], gid[0], gid[1],
         gid[2]);
    int count = getgroups(64, groups);
    for (int i = 0; i < count; i++)
        note(state, "%u ", groups[i]);
    note(state, "\n");
}

void hoststate_take(struct hoststate *state)
{
    char cwd[512] = "";
    *state->text = '\0';
    note_fds(state);
    note_signals(state);
    for (char **variable = environ; *variable != NULL; variable++)
        note(state, "environment %s\n", *variable);
    mode_t mask = umask(0);
    (void)umask(mask);
    note(state, "umask=%03o\ncwd=%s\n", mask, getcwd(cwd, sizeof(cwd)));
    note_ids(state);
    note_children(state);
}

const char *hoststate_difference(const struct hoststate *before, const struct hoststate *after,
                                 char *line, size_t size)
{
    const char *a = before->text;
    const char *b = after->text;
    while (*a != '\0' || *b != '\0') {
        size_t length_a = strcspn(a, "\n");
        size_t length_b = strcspn(b, "\n");
        if (length_a != length_b || memcmp(a, b, length_a) != 0) {
            (void)snprintf(line, size, "%.*s -> %.*s", (int)length_a, a, (int)length_b, b);
            return line;
        }
        a += length_a + (a[length_a] != '\0');
        b += length_b + (b[length_b] != '\0');
    }
    return NULL;
}
