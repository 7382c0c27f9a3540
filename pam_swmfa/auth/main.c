/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main: the part of pam_swmfa that decides, in a process of its own.
 *
 * SYNOPSIS
 *   swmfa-auth            by pam_swmfa.so, with a socket as fd 0 (wire/wire.h)
 *   swmfa-auth --help
 *   swmfa-auth --version
 *
 * DESCRIPTION
 *   It keeps the configuration, the token and libcurl out of sshd, sudo, su and login. It starts as
 *   root, reads the configuration and the users map, becomes the service user for good, and only
 *   then speaks to the network. It serves one login and ends; also when the other end of the socket
 *   closes, or when a signal asks it to: the login is logged first.
 *
 * DIAGNOSTICS
 *   One line for a login in the system log, facility authpriv. Exit status 0: the module was told
 *   the outcome; 1: it was not; 64: not started by the module.
 */
#include <config.h>

#include "auth/login.h"
#include "auth/privilege.h"
#include "base/log.h"
#include "config/phone.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <syslog.h>

static const char usage[] =
    "Usage: swmfa-auth [--help | --version]\n"
    "Decides one login for the PAM module pam_swmfa.so, which starts it. Not to be run by hand.\n"
    "See pam_swmfa(8).\n";

static int answer_caller(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("swmfa-auth (" PACKAGE_NAME ") " PACKAGE_VERSION) < 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0;
    (void)fputs(usage, stderr);
    return EX_USAGE;
}

static bool is_our_socket(int fd)
{
    int type = 0;
    socklen_t size = sizeof(type);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

static bool well_formed(const struct wire_request *request)
{
    return request->head.type == WIRE_REQUEST && request->channel <= CHANNEL_COUNT &&
           wire_terminated(request->user, sizeof(request->user)) && *request->user != '\0' &&
           wire_terminated(request->service, sizeof(request->service)) &&
           wire_terminated(request->rhost, sizeof(request->rhost)) &&
           wire_terminated(request->tty, sizeof(request->tty)) &&
           wire_terminated(request->ruser, sizeof(request->ruser)) &&
           wire_terminated(request->conf, sizeof(request->conf)) &&
           wire_terminated(request->keys, sizeof(request->keys));
}

int main(int argc, char **argv)
{
    if (argc != 1 || !is_our_socket(0))
        return answer_caller(argc, argv);

    struct problem problem = {0};
    struct wire_request request = {0};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a write that is too long must fail, not end the process */
    login_end_by_signals(0);
    bool prepared = privilege_prepare(&problem);

    enum wire_result received = wire_receive(0, &request, sizeof(request));
    if (received != WIRE_OK || !well_formed(&request)) {
        log_open("?", false);
        if (received == WIRE_EOF)
            login_log_nobody();
        else
            log_line(LOG_CRIT,
                     "the request has another version: install module and helper together");
        return 1;
    }
    log_open(request.service, (request.flags & WIRE_FLAG_DEBUG) != 0);
    return login_run(0, &request, prepared ? NULL : &problem);
}
