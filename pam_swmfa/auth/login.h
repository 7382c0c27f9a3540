/* SPDX-License-Identifier: BSD-3-Clause */
/* login: one login, from the request to the answer. */
#ifndef SWMFA_LOGIN_H
#define SWMFA_LOGIN_H

#include "base/problem.h"
#include "wire/wire.h"

/*
 * login_run: decides one login, logs it in one line and tells the module.
 * socket: the module's. request: checked to be terminated text. unprepared: NULL, or why this
 * process is not fit to decide anything.
 * Returns the exit status of the process: 0 when the module was told.
 */
int login_run(int socket, const struct wire_request *request, const struct problem *unprepared);

#endif
