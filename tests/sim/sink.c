/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     sink - the inbox and the log
 *
 * SYNOPSIS
 *     bool sink_open(sink, path);
 *     void sink_open_stdout(sink);
 *     void sink_close(sink);
 *     bool sink_message(inbox, to, channel, message, code);
 *     void sink_log(log, request);
 *
 * DESCRIPTION
 *     A line of the inbox is what a phone would have shown:
 *
 *         +14043287382 sms Your Personal Authorization Code is: 123456
 *
 *     A line of the log is a request and its status, or - where it got no answer:
 *
 *         POST /api/relay/rest/mfa/sms 200 conn=3 ua=pam_swmfa/0.1
 *
 *     Each line is one write to a file open for appending, so lines of several threads do not mix
 *     and a reader finds whole lines. Bytes that would break a line are written as \xNN: control
 *     characters in the inbox; all but printable ASCII, and the backslash, in the log, and in its
 *     path the blank too. The log holds neither codes nor credentials.
 *
 * DIAGNOSTICS
 *     Files that cannot be opened or written are named on standard error, with the reason.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "sink.h"

#include "trouble.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef bool is_plain(unsigned char byte);

static bool plain_in_inbox(unsigned char byte)
{
    return !iscntrl(byte);
}

static bool plain_in_log(unsigned char byte)
{
    return byte < 0x80 && isprint(byte) && byte != '\\';
}

static bool plain_in_path(unsigned char byte)
{
    return plain_in_log(byte) && byte != ' ';
}

static void put_escaped(FILE *out, const char *text, is_plain *plain)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (plain(byte)) {
            (void)fputc(byte, out);
        } else {
            (void)fprintf(out, "\\x%02x", byte);
        }
    }
}

bool sink_open(struct sink *sink, const char *path)
{
    sink->path = path;
    sink->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (sink->fd < 0) {
        complain("%s: %s", path, strerror(errno));
    }
    return sink->fd >= 0;
}

void sink_open_stdout(struct sink *sink)
{
    sink->path = "standard output";
    sink->fd = STDOUT_FILENO;
}

void sink_close(struct sink *sink)
{
    if (sink->fd > STDERR_FILENO) {
        close(sink->fd);
    }
    sink->fd = -1;
}

static bool write_line(const struct sink *sink, const char *line, size_t size)
{
    ssize_t written = write(sink->fd, line, size);

    if (written == (ssize_t)size) {
        return true;
    }
    complain("%s: %s", sink->path, written < 0 ? strerror(errno) : "not all was written");
    return false;
}

bool sink_message(const struct sink *inbox, const char *to, const char *channel,
                  const char *message, const char *code)
{
    char *line = NULL;
    size_t size = 0;
    FILE *out = must(open_memstream(&line, &size));

    (void)fprintf(out, "%s %s ", to, channel);
    put_escaped(out, message, plain_in_inbox);
    (void)fprintf(out, " %s\n", code);
    if (fclose(out) != 0) {
        must(NULL);
    }
    bool written = write_line(inbox, line, size);
    explicit_bzero(line, size);
    free(line);
    return written;
}

static void put_status(FILE *out, unsigned status)
{
    if (status == 0) {
        (void)fputs(" -", out);
    } else {
        (void)fprintf(out, " %u", status);
    }
}

void sink_log(const struct sink *log, const struct sink_request *request)
{
    char *line = NULL;
    size_t size = 0;

    if (log->fd < 0) {
        return;
    }
    FILE *out = must(open_memstream(&line, &size));
    put_escaped(out, request->method, plain_in_path);
    (void)fputc(' ', out);
    put_escaped(out, request->path, plain_in_path);
    put_status(out, request->status);
    (void)fprintf(out, " conn=%u ua=", request->connection);
    put_escaped(out, request->user_agent != NULL ? request->user_agent : "-", plain_in_log);
    (void)fputc('\n', out);
    if (fclose(out) != 0) {
        must(NULL);
    }
    (void)write_line(log, line, size);
    free(line);
}
