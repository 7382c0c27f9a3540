/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     server - HTTP over TLS
 *
 * SYNOPSIS
 *     struct server *server_start(port, latency, certificates, api, log);
 *     uint16_t server_port(const struct server *server);
 *     void server_stop(struct server *server);
 *
 * DESCRIPTION
 *     libmicrohttpd with one thread for each connection, so an answer that is late or never comes
 *     holds up its own connection only. Connections are kept open between requests. TLS is 1.2
 *     or 1.3.
 *
 *     A request is answered when all of it is here. Of a body that is too long only so much is kept
 *     as shows that it is. The log has its line before the first byte of the answer leaves, so a
 *     client that has an answer finds the line. Connections are numbered as they are accepted.
 *     Requests that are not HTTP are refused by libmicrohttpd and are not logged.
 *
 *     A thread that holds back an answer watches two things: its client, which may leave, and an
 *     eventfd, which server_stop makes readable.
 *
 * DIAGNOSTICS
 *     What keeps the server from starting is said on standard error.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif

#include "server.h"

#include "request.h"
#include "trouble.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    CONNECTIONS_MAX = 4096,
    STACK_SIZE = 1024 * 1024,
    ENDLESS_BLOCK = 4096,
    BODY_KEPT = REQUEST_BODY_MAX + 1, /* one byte more shows that it is too long */
};

#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct server {
    struct MHD_Daemon *daemon;
    struct api *api;
    const struct sink *log;
    uint16_t port;
    uint16_t latency; /* milliseconds */
    int stop_fd;      /* readable when the server is to end */
    atomic_uint connections;
};

struct body {
    char *bytes;
    size_t size;
};

/* Opens the socket. -1, with errno, where it cannot. */
static int listen_on(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof(address);

    (void)getsockname(fd, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **number,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;

    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        /* libmicrohttpd keeps a pointer for us; a number needs no memory to be freed. */
        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
        *number = (void *)(uintptr_t)(atomic_fetch_add(&server->connections, 1) + 1);
    }
}

static unsigned connection_number(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? (unsigned)(uintptr_t)info->socket_context : 0;
}

/*
 * Waits as long as it may, -1 for ever. True where the time is over, false where the client has
 * left or the server is to end.
 */
static bool wait_for_time(const struct server *server, struct MHD_Connection *connection,
                          int milliseconds)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd watched[] = {
        {.fd = info != NULL ? info->connect_fd : -1, .events = POLLRDHUP},
        {.fd = server->stop_fd, .events = POLLIN},
    };

    return poll(watched, 2, milliseconds) == 0;
}

static void log_answer(const struct server *server, struct MHD_Connection *connection,
                       const struct api_request *request, unsigned status)
{
    const struct sink_request line = {
        .method = request->method,
        .path = request->path,
        .status = status,
        .connection = connection_number(connection),
        .user_agent =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_USER_AGENT),
    };

    sink_log(server->log, &line);
}

/* The body of ANSWER_ENDLESS: what it starts with, and letters. */
static ssize_t endless_block(void *context, uint64_t position, char *block, size_t size)
{
    const char *start = context;
    size_t length = strlen(start);

    for (size_t i = 0; i < size; i++, position++) {
        block[i] = 'a';
        if (position < length) {
            block[i] = start[position];
        }
    }
    return (ssize_t)size;
}

static struct MHD_Response *make_response(const struct answer *answer)
{
    struct MHD_Response *response = NULL;

    if (answer->manner == ANSWER_ENDLESS) {
        response =
            must(MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, ENDLESS_BLOCK, endless_block,
                                                   must(strdup(answer->body)), free));
    } else {
        size_t size = answer->body != NULL ? strlen(answer->body) : 0;
        response = must(MHD_create_response_from_buffer(size, answer->body, MHD_RESPMEM_MUST_COPY));
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  "application/json; charset=utf-8");
    if (answer->header_name != NULL) {
        (void)MHD_add_response_header(response, answer->header_name, answer->header_value);
    }
    if (answer->close) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    return response;
}

static enum MHD_Result queue_answer(struct MHD_Connection *connection, const struct answer *answer)
{
    struct MHD_Response *response = make_response(answer);
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);

    MHD_destroy_response(response);
    return result;
}

/* Gives the answer in its manner. MHD_NO closes the connection. */
static enum MHD_Result give_answer(const struct server *server, struct MHD_Connection *connection,
                                   const struct api_request *request, const struct answer *answer)
{
    bool answered = answer->manner != ANSWER_NEVER && answer->manner != ANSWER_RESET;

    if (answered && server->latency > 0) {
        uint32_t milliseconds = server->latency / 2 + random_number(server->latency + 1U);
        answered = wait_for_time(server, connection, (int)milliseconds);
    }
    if (answer->manner == ANSWER_LATE) {
        answered = wait_for_time(server, connection, ANSWER_LATE_MS);
    }
    log_answer(server, connection, request, answered ? answer->status : 0);
    if (answer->manner == ANSWER_NEVER) {
        (void)wait_for_time(server, connection, -1);
    }
    return answered ? queue_answer(connection, answer) : MHD_NO;
}

static enum MHD_Result answer_request(const struct server *server,
                                      struct MHD_Connection *connection, const char *method,
                                      const char *path, const struct body *body)
{
    const struct api_request request = {
        .method = method,
        .path = path,
        .authorization =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION),
        .content_type =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE),
        .body = body->bytes != NULL ? body->bytes : "",
        .body_size = body->size,
    };
    struct answer answer = {0};

    api_answer(server->api, &request, &answer);
    enum MHD_Result result = give_answer(server, connection, &request, &answer);
    answer_clear(&answer);
    return result;
}

static void add_to_body(struct body *body, const char *bytes, size_t size)
{
    if (body->bytes == NULL) {
        body->bytes = must(malloc(BODY_KEPT));
    }
    if (size > BODY_KEPT - body->size) {
        size = BODY_KEPT - body->size;
    }
    memcpy(body->bytes + body->size, bytes, size);
    body->size += size;
}

/* Called at the header of a request, for each piece of its body, and at its end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *size, void **body)
{
    (void)version;
    if (*body == NULL) {
        *body = must(calloc(1, sizeof(struct body)));
        return MHD_YES;
    }
    if (*size > 0) {
        add_to_body(*body, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    return answer_request(context, connection, method, path, *body);
}

static void on_request_end(void *context, struct MHD_Connection *connection, void **kept,
                           enum MHD_RequestTerminationCode code)
{
    struct body *body = *kept;

    (void)context;
    (void)connection;
    (void)code;
    if (body != NULL && body->bytes != NULL) {
        explicit_bzero(body->bytes, body->size);
        free(body->bytes);
    }
    free(body);
    *kept = NULL;
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd,
                                       const struct certificates *certificates)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_POLL | MHD_USE_TLS | MHD_USE_ITC;

    /* clang-format off */
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, server,
                            MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                            MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_SIZE,
                            MHD_OPTION_HTTPS_MEM_CERT, (const char *)certificates->server.data,
                            MHD_OPTION_HTTPS_MEM_KEY, (const char *)certificates->server_key.data,
                            MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
                            MHD_OPTION_NOTIFY_COMPLETED, on_request_end, NULL,
                            MHD_OPTION_END);
    /* clang-format on */
}

struct server *server_start(uint16_t port, uint16_t latency,
                            const struct certificates *certificates, struct api *api,
                            const struct sink *log)
{
    struct server *server = must(calloc(1, sizeof(*server)));
    int fd = listen_on(port);

    *server = (struct server){.api = api, .log = log, .stop_fd = -1, .latency = latency};
    if (fd < 0) {
        complain("127.0.0.1 port %u: %s", port, strerror(errno));
        goto fail;
    }
    server->port = port_of(fd);
    server->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (server->stop_fd < 0) {
        complain("eventfd: %s", strerror(errno));
        goto fail;
    }
    server->daemon = start_daemon(server, fd, certificates);
    if (server->daemon == NULL) {
        complain("libmicrohttpd does not start; was it built with TLS?");
        goto fail;
    }
    return server;
fail:
    server_stop(server);
    return NULL;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

void server_stop(struct server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->stop_fd >= 0) {
        (void)eventfd_write(server->stop_fd, 1);
    }
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    if (server->stop_fd >= 0) {
        close(server->stop_fd);
    }
    free(server);
}
