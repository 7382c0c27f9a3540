/* SPDX-License-Identifier: BSD-3-Clause */
/* helper: starting swmfa-auth, and its end. */
#ifndef SWMFA_HELPER_H
#define SWMFA_HELPER_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <sys/types.h>

struct helper {
    int socket; /* SOCK_SEQPACKET; the helper has the other end as fd 0 */
    pid_t pid;
};

/*
 * helper_start: starts swmfa-auth from the path fixed when this was built, with an empty
 * environment, default signals, a session of its own and no other fd than the socket.
 * Returns false, logged, if it cannot; then there is nothing to end.
 */
bool helper_start(const pam_handle_t *pamh, struct helper *helper);

/*
 * helper_end: closes the socket and ensures that no process and no zombie is left. expect_clean:
 * the helper has sent DONE; it gets a moment to close its end and exit. Returns whether it closed
 * its end without another message and exited with status 0. If the host ignores or reaps SIGCHLD,
 * the status is unavailable, and the end of the process is enough.
 */
bool helper_end(const pam_handle_t *pamh, struct helper *helper, bool expect_clean);

/*
 * helper_readable: waits until the socket has something to read or is closed.
 * seconds: how long at most. Returns false when the time is over.
 */
bool helper_readable(int socket, int seconds);

#endif
