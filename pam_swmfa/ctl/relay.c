/* SPDX-License-Identifier: BSD-3-Clause */
/* relay: see relay.h. */
#include <config.h>

#include "ctl/relay.h"

#include "auth/privilege.h"
#include "ctl/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define ACK_FD    3    /* of the child */
#define CHUNK     4096 /* bytes */
#define LOOK_MS   1000 /* the child has ended, though a process of its own may hold the pipes */
#define LAST_GOOD 3    /* the highest exit status, see enum ctl_status */

/* The ends of one relay: the child's and root's. */
struct ends {
    int out[2]; /* pipes: the child writes to [1] */
    int err[2];
    int ack[2]; /* the child has [1]: sends a byte to ask, and gets an error number */
};

static int ack_fd = -1;  /* only in the child */
static int failed_early; /* why earlier output could not be written */

/* ---- the child ---- */

int relay_settle(void)
{
    int error = 0;
    if (ack_fd < 0)
        return 0;
    if (send(ack_fd, "", 1, MSG_NOSIGNAL) != 1 ||
        recv(ack_fd, &error, sizeof(error), 0) != (ssize_t)sizeof(error))
        return EPIPE;
    return error;
}

/* Leaves root's session and terminal, and closes every descriptor but its ends of the relay. */
static bool leave_root(const struct ends *ends)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    closelog();
    if (setsid() < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(ends->out[1], STDOUT_FILENO) < 0 || dup2(ends->err[1], STDERR_FILENO) < 0 ||
        (ends->ack[1] != ACK_FD && dup2(ends->ack[1], ACK_FD) < 0))
        return false;
    closefrom(ACK_FD + 1);
    openlog("swmfactl", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
    return fcntl(ACK_FD, F_SETFD, FD_CLOEXEC) == 0;
}

static enum relay_side become_child(const struct ends *ends, pid_t root, struct problem *problem)
{
    if (!leave_root(ends)) {
        problem_set(problem, "cannot prepare the process that reads the store: %s",
                    strerror(errno));
        return RELAY_UNFIT;
    }
    ack_fd = ACK_FD;
    if (!privilege_drop(problem))
        return RELAY_UNFIT;
    /* Comes after the change of ids, which resets it. */
    if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) != 0 || getppid() != root)
        _exit(1);
    return RELAY_CHILD;
}

/* ---- root: writing ---- */

/* One of the child's two streams. */
struct stream {
    int from; /* -1: ended, or given up */
    int to;
    int error; /* why it could not be written */
    bool raw;
    size_t left; /* bytes that a raw stream may still have */
    struct filter filter;
};

static char buffer[CHUNK];
static char filtered[FILTER_ROOM(CHUNK)];

static void close_stream(struct stream *stream)
{
    if (stream->from >= 0)
        close(stream->from); /* the child gets EPIPE */
    stream->from = -1;
}

/* If nobody reads any more, the child must notice. If the output cannot be written, the child is
 * told when it asks. */
static void give_up(struct stream *stream, int error)
{
    if (stream->error == 0)
        stream->error = error;
    if (error == EPIPE || stream->raw)
        close_stream(stream);
}

static void write_all(struct stream *stream, const char *bytes, size_t count)
{
    struct pollfd ready = {.fd = stream->to, .events = POLLOUT};
    while (count > 0) {
        ssize_t done = write(stream->to, bytes, count);
        if (done >= 0) {
            bytes += done;
            count -= (size_t)done;
        } else if (errno == EAGAIN) {
            (void)poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            give_up(stream, errno);
            return;
        }
    }
}

static void pass_on(struct stream *stream, size_t count)
{
    if (stream->error != 0)
        return;
    if (!stream->raw) {
        write_all(stream, filtered, filter_bytes(&stream->filter, buffer, count, filtered));
    } else if (count > stream->left) {
        give_up(stream, EFBIG);
    } else {
        stream->left -= count;
        write_all(stream, buffer, count);
    }
}

static void end(struct stream *stream)
{
    close_stream(stream);
    if (!stream->raw && stream->error == 0)
        write_all(stream, filtered, filter_end(&stream->filter, filtered));
}

/* Passes on all available bytes. */
static void drain(struct stream *stream)
{
    while (stream->from >= 0) {
        ssize_t got = read(stream->from, buffer, sizeof(buffer));
        if (got > 0)
            pass_on(stream, (size_t)got);
        else if (got == 0)
            end(stream);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            close_stream(stream);
    }
}

static void answer(int ack, const struct stream *out)
{
    char asked = 0;
    int error = failed_early != 0 ? failed_early : out->error;
    while (recv(ack, &asked, 1, MSG_DONTWAIT) > 0)
        (void)send(ack, &error, sizeof(error), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- root: the loop ---- */

static bool has_ended(pid_t child)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* Standard output first: the child wrote to it first. */
static void run(pid_t child, int ack, struct stream *out, struct stream *err)
{
    bool ended = false;
    while (!ended && (out->from >= 0 || err->from >= 0)) {
        struct pollfd ready[] = {
            {.fd = out->from, .events = POLLIN},
            {.fd = err->from, .events = POLLIN},
            {.fd = ack, .events = POLLIN},
            {.fd = out->from >= 0 && !out->raw ? out->to : -1}, /* has its reader gone away? */
        };
        int count = poll(ready, sizeof(ready) / sizeof(ready[0]), LOOK_MS);
        ended = count == 0 && has_ended(child);
        if (count > 0 && (ready[3].revents & (POLLERR | POLLHUP)) != 0)
            give_up(out, EPIPE);
        drain(out);
        drain(err);
        if (count > 0 && (ready[2].revents & POLLIN) != 0)
            answer(ack, out);
        else if (count > 0 && ready[2].revents != 0)
            ack = -1; /* the child has closed its end */
    }
}

/* Even the child's exit status is only a number within a range. */
static int wait_for(pid_t child)
{
    int status = 0;
    pid_t ended = -1;
    do
        ended = waitpid(child, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0)
        return 1;
    if (WIFSIGNALED(status))
        (void)fprintf(stderr,
                      "swmfactl: the process that reads the store was killed by signal %d\n",
                      WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) <= LAST_GOOD ? WEXITSTATUS(status) : 1;
}

static int be_root(const struct relay *relay, pid_t child, const struct ends *ends)
{
    struct stream out = {.from = ends->out[0],
                         .to = relay->output,
                         .raw = relay->raw,
                         .left = relay->most,
                         .filter = {.colours = relay->colours}};
    struct stream err = {.from = ends->err[0], .to = STDERR_FILENO};
    run(child, ends->ack[0], &out, &err);
    close_stream(&out);
    close_stream(&err);
    close(ends->ack[0]);
    explicit_bzero(buffer, sizeof(buffer)); /* it may have held break-glass codes */
    explicit_bzero(filtered, sizeof(filtered));
    int status = wait_for(child);
    /* If the child does not wait for its output to be written, it has not reported the error
     * itself. */
    if (out.error != 0 && status == 0 && relay->raw)
        status = 1;
    return status;
}

/* ---- both sides ---- */

static void close_ends(const struct ends *ends, int which)
{
    const int all[] = {ends->out[which], ends->err[which], ends->ack[which]};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i] >= 0)
            close(all[i]);
}

static bool make_ends(struct ends *ends)
{
    return pipe2(ends->out, O_CLOEXEC) == 0 && pipe2(ends->err, O_CLOEXEC) == 0 &&
           socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends->ack) == 0 &&
           fcntl(ends->out[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(ends->err[0], F_SETFL, O_NONBLOCK) == 0;
}

enum relay_side relay_fork(const struct relay *relay, int *status, struct problem *problem)
{
    struct ends ends = {{-1, -1}, {-1, -1}, {-1, -1}};
    pid_t root = getpid();
    errno = 0;
    if (fflush(stdout) != 0)
        failed_early = errno; /* the child's work is done anyway, and the error is reported then */
    __fpurge(stdout);
    clearerr(stdout);
    pid_t child = make_ends(&ends) ? fork() : -1;
    if (child == 0)
        return become_child(&ends, root, problem);
    int error = errno;
    close_ends(&ends, 1);
    if (child > 0) {
        *status = be_root(relay, child, &ends);
        return RELAY_ROOT;
    }
    close_ends(&ends, 0);
    problem_set(problem, "cannot start the process that reads the store: %s", strerror(error));
    return RELAY_FAILED;
}
