/* SPDX-License-Identifier: BSD-3-Clause */
/* login: one login, from the request to the answer. */
#ifndef SWMFA_LOGIN_H
#define SWMFA_LOGIN_H

#include "base/problem.h"
#include "wire/wire.h"

/*
 * login_end_by_signals: from now on a signal that would end the process ends the login first, as if
 * the module were gone: the log line is written, then the process ends. socket: the module's.
 */
void login_end_by_signals(int socket);

/* login_log_nobody: writes the log line about a login of which nothing is known, since the module
 * is gone. */
void login_log_nobody(void);

/*
 * login_run: decides one login, logs it in one line and tells the module. socket: the module's.
 * request: checked to have terminated texts. unprepared: NULL, or why this process cannot decide
 * anything. Returns the exit status of the process: 0 if the module was told.
 */
int login_run(int socket, const struct wire_request *request, const struct problem *unprepared);

#endif
