/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subprocess: running another program, such as diff, sshd -t or pam-auth-update. It finds an
 * environment of its own, signals as a shell would leave them, and no descriptor of ours but those
 * that are named here.
 */
#ifndef SWMFA_SUBPROCESS_H
#define SWMFA_SUBPROCESS_H

#include "base/problem.h"

#include <stddef.h>

/* A text that the program reads. */
struct program_text {
    const char *text;
    size_t length; /* in bytes */
};

/* A buffer of the caller's for what it prints, ended with a NUL and cut off before it. A program
 * that prints 16 MiB is killed. */
struct program_output {
    char *text;  /* NULL: it goes where ours goes */
    size_t size; /* in bytes */
};

#define PROGRAM_FILES 2

/* A program for program_run. The caller owns all of it. */
struct program {
    const char *const *argv;        /* ends with NULL */
    const char *path;               /* NULL: argv[0]. A name without "/" is looked up in our PATH */
    const char *const *environment; /* ends with NULL; NULL: PROGRAM_PATH alone */
    const char *input;              /* its standard input; NULL: ours */
    struct program_output output;   /* standard output */
    struct program_output errors;   /* standard error; without a text it goes with the output */
    struct program_text files[PROGRAM_FILES]; /* it finds them as /dev/fd/3 and /dev/fd/4 */
    size_t file_count;
    int seconds;        /* then it is killed; 0: it may take as long as it wants */
    bool interruptible; /* signals that we block reach it */
};

#define PROGRAM_PATH "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * program_run: runs it to its end. Returns its exit status; 128 and the signal's number if a signal
 * ended it, as SIGKILL at the end of its time; or -1, with errno and the problem, if it could not
 * be run, or what it printed could not be read. The texts of the outputs are set in all cases.
 */
int program_run(const struct program *program, struct problem *problem);

#endif
