/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "api.h"
#include "certificate.h"
#include "sink.h"

#include <stdint.h>

struct server;

/*
 * Listens on that port of 127.0.0.1, any free one where it is 0, and serves from threads of its
 * own. latency: milliseconds; an answer comes after half to one and a half of them. The
 * api and the log are borrowed until server_stop, the certificates for the call. NULL,
 * said on standard error, where it cannot.
 */
struct server *server_start(uint16_t port, uint16_t latency,
                            const struct certificates *certificates, struct api *api,
                            const struct sink *log);

/* The port that it listens on. */
uint16_t server_port(const struct server *server);

/* Closes all connections, also those that wait, and ends the threads. */
void server_stop(struct server *server);

#endif
