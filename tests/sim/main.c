/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     swmfa-sim - a simulator of SignalWire's and Bandwidth's MFA APIs
 *
 * SYNOPSIS
 *     swmfa-sim [OPTION...]
 *
 * DESCRIPTION
 *     Serves the APIs over HTTPS on 127.0.0.1 and writes the messages that it would have sent to
 *     standard output or a file, so that programs that use them can be tried and tested without
 *     an account and without a phone. It refuses what the documented APIs refuse, and can be told
 *     to answer wrongly. README.md lists the options and the faults.
 *
 *     When it is ready it prints "listening on https://localhost:PORT". SIGTERM and SIGINT end it.
 *
 * DIAGNOSTICS
 *     0  it was ended by a signal, or printed --help or --version
 *     1  it cannot start, or is out of memory; the reason is on standard error
 *     64 the command line is wrong
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "api.h"
#include "certificate.h"
#include "options.h"
#include "server.h"
#include "sink.h"
#include "trouble.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct simulator {
    struct options options;
    struct certificates certificates;
    struct sink inbox;
    struct sink log;
    struct api *api;
    struct server *server;
    sigset_t ends; /* the signals that end it */
};

/* The threads that come later inherit the mask, so the signals wait for wait_for_end. */
static void prepare_signals(sigset_t *ends)
{
    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(ends);
    sigaddset(ends, SIGTERM);
    sigaddset(ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, ends, NULL);
}

/* Each connection takes a file descriptor, and the usual limit is 1024. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool open_sinks(struct simulator *simulator)
{
    const struct options *options = &simulator->options;

    if (options->inbox == NULL) {
        sink_open_stdout(&simulator->inbox);
    } else if (!sink_open(&simulator->inbox, options->inbox)) {
        return false;
    }
    return options->log == NULL || sink_open(&simulator->log, options->log);
}

static bool make_certificates(struct simulator *simulator)
{
    const struct options *options = &simulator->options;
    int rc = certificates_make(options->certificate, &simulator->certificates);

    if (rc < 0) {
        complain("certificates: %s", gnutls_strerror(rc));
        return false;
    }
    return options->ca_out == NULL ||
           certificates_write_authority(&simulator->certificates, options->ca_out);
}

static bool say_listening(const struct simulator *simulator)
{
    if (printf("listening on https://localhost:%u\n", server_port(simulator->server)) < 0 ||
        fflush(stdout) != 0) {
        complain("standard output: %s", strerror(errno));
        return false;
    }
    return true;
}

static bool start(struct simulator *simulator)
{
    const struct options *options = &simulator->options;

    if (!open_sinks(simulator) || !make_certificates(simulator)) {
        return false;
    }
    simulator->api = api_new(options, &simulator->inbox);
    simulator->server = server_start(options->port, options->latency, &simulator->certificates,
                                     simulator->api, &simulator->log);
    return simulator->server != NULL && say_listening(simulator);
}

static void wait_for_end(const struct simulator *simulator)
{
    int signal_number = 0;

    (void)sigwait(&simulator->ends, &signal_number);
}

static void end(struct simulator *simulator)
{
    server_stop(simulator->server);
    api_free(simulator->api);
    certificates_clear(&simulator->certificates);
    sink_close(&simulator->log);
    sink_close(&simulator->inbox);
    options_clear(&simulator->options);
}

int main(int argc, char **argv)
{
    struct simulator simulator = {.inbox = {.fd = -1}, .log = {.fd = -1}};

    options_read(&simulator.options, argc, argv);
    prepare_signals(&simulator.ends);
    raise_file_limit();
    bool started = start(&simulator);
    if (started) {
        wait_for_end(&simulator);
    }
    end(&simulator);
    return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
