/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_SINK_H
#define SIM_SINK_H

#include <stdbool.h>

/* A file that lines are added to, each with one write. fd is -1 where there is none. */
struct sink {
    int fd;
    const char *path; /* for diagnostics */
};

/* A request, as it stands in the log. */
struct sink_request {
    const char *method;
    const char *path;
    unsigned status; /* 0: no answer */
    unsigned connection;
    const char *user_agent; /* NULL: none */
};

/* Opens the file to add to it, or makes it. Answers false, and says why, where it cannot. */
bool sink_open(struct sink *sink, const char *path);

/* Standard output as a sink. */
void sink_open_stdout(struct sink *sink);

void sink_close(struct sink *sink);

/* Adds a message to an inbox. False, said on standard error, where it could not be written. */
bool sink_message(const struct sink *inbox, const char *to, const char *channel,
                  const char *message, const char *code);

/* Adds a request to the log, if there is one. */
void sink_log(const struct sink *log, const struct sink_request *request);

#endif
