/* SPDX-License-Identifier: BSD-3-Clause */
/* subprocess: running another program, such as diff, sshd -t or pam-auth-update. */
#ifndef SWMFA_SUBPROCESS_H
#define SWMFA_SUBPROCESS_H

#include "base/problem.h"

#include <stddef.h>

struct program {
    const char *const *argv;        /* ends with NULL; the first is an absolute path */
    const char *const *environment; /* ends with NULL; NULL: PROGRAM_PATH alone */
    const char *input;              /* its standard input; NULL: ours */
    char *output;                   /* for its output on both streams; NULL: ours */
    size_t size;                    /* of output, which is cut off there and ends with a NUL */
};

#define PROGRAM_PATH "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

/* program_run: runs it to its end. Returns its exit status, 128 and the signal's number if one
 * ended it, or -1 with the problem if it could not be run. */
int program_run(const struct program *program, struct problem *problem);

#endif
