/* SPDX-License-Identifier: BSD-3-Clause */
/* hoststate: what a PAM module must leave as it found it. */
#ifndef SWMFA_TESTS_HOSTSTATE_H
#define SWMFA_TESTS_HOSTSTATE_H

#include <stddef.h>

#define HOSTSTATE_SIZE 65536

struct hoststate {
    char text[HOSTSTATE_SIZE]; /* one "name=value" a line */
};

/*
 * hoststate_take: writes down fds, signal mask and handlers, environment, umask, cwd, ids, children
 * and threads of this process.
 */
void hoststate_take(struct hoststate *state);

/* hoststate_difference: the first line that differs, of the second state; NULL: none does. */
const char *hoststate_difference(const struct hoststate *before, const struct hoststate *after,
                                 char *line, size_t size);

#endif
