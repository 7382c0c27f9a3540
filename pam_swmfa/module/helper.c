/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * helper: see helper.h.
 *
 * The host may reap the helper before we do, with a handler of SIGCHLD or by ignoring the signal.
 * So every signal is sent only right after the kernel has confirmed that the helper is our child
 * and runs.
 */
#include <config.h>

#include "module/helper.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <security/pam_ext.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* These limits are for a helper that hangs: a working one may be slow on a busy host. */
#define END_SECONDS  10 /* for a helper that has sent DONE */
#define LOG_SECONDS  5  /* for a helper that was cut off: it first writes its line to the log */
#define KILL_SECONDS 1  /* for a helper after SIGKILL */

/*
 * Time between two checks whether it has ended: usually it has within a fraction of a millisecond.
 */
#define PAUSE_FIRST_NS 50000
#define PAUSE_MOST_NS  2000000

/* The caller of a setuid host may have let its timers be late by hours. Returns the slack to
 * restore. */
static unsigned long tighten_timers(void)
{
    long slack = syscall(SYS_prctl, PR_GET_TIMERSLACK, 0L, 0L, 0L, 0L); /* prctl() cuts it to int */
    (void)prctl(PR_SET_TIMERSLACK, 50000UL, 0L, 0L, 0L);
    return slack > 0 ? (unsigned long)slack : 50000UL;
}

static bool readable(int socket, int seconds)
{
    struct pollfd wanted = {.fd = socket, .events = POLLIN};
    int64_t end = clock_ms() + (int64_t)seconds * 1000;

    for (;;) {
        int64_t left = end - clock_ms();
        int ready = poll(&wanted, 1, left > 0 ? (int)left : 0);
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

bool helper_readable(int socket, int seconds)
{
    unsigned long slack = tighten_timers();
    bool ready = readable(socket, seconds);
    (void)prctl(PR_SET_TIMERSLACK, slack, 0L, 0L, 0L);
    return ready;
}

/* Fills the attributes and actions that helper.h promises. Returns 0 or an errno value. */
static int prepare(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions, int socket)
{
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);

    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0) /* a session of its own: Ctrl-C at the prompt must reach only the host */
        error =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                     POSIX_SPAWN_SETSID);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, socket, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, 1);
    return error;
}

static int spawn(pid_t *pid, int socket)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char name[] = SWMFA_AUTH_PATH;
    char *argv[] = {name, NULL};
    char *environment[] = {NULL};

    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = prepare(&attributes, &actions, socket);
        if (error == 0)
            error = posix_spawn(pid, SWMFA_AUTH_PATH, &actions, &attributes, argv, environment);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

bool helper_start(const pam_handle_t *pamh, struct helper *helper)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        pam_syslog(pamh, LOG_CRIT, "socketpair: %s; denied", strerror(errno));
        return false;
    }
    int error = spawn(&helper->pid, ends[1]);
    close(ends[1]);
    if (error != 0) {
        pam_syslog(pamh, LOG_CRIT, "cannot start " SWMFA_AUTH_PATH ": %s; denied, reinstall it",
                   strerror(error));
        close(ends[0]);
        return false;
    }
    helper->socket = ends[0];
    return true;
}

/* After the last word nothing may follow but the end of the socket. */
static bool closed_its_end(int socket)
{
    char byte = 0;
    return helper_readable(socket, END_SECONDS) && recv(socket, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Waits for the end of the process and takes its status. Returns false when the time is over. */
static bool reap(const struct helper *helper, int seconds, bool *ended_well)
{
    struct timespec pause = {.tv_nsec = PAUSE_FIRST_NS};
    int64_t end = clock_ms() + (int64_t)seconds * 1000;
    for (;; pause.tv_nsec *= pause.tv_nsec < PAUSE_MOST_NS ? 2 : 1) {
        siginfo_t status = {0};
        if (waitid(P_PID, (id_t)helper->pid, &status, WEXITED | WNOHANG) != 0) {
            *ended_well = errno == ECHILD; /* the host took the status before us */
            return true;
        }
        if (status.si_pid == helper->pid) {
            *ended_well = status.si_code == CLD_EXITED && status.si_status == 0;
            return true;
        }
        if (clock_ms() >= end)
            return false;
        (void)nanosleep(&pause, NULL);
    }
}

bool helper_end(const pam_handle_t *pamh, struct helper *helper, bool expect_clean)
{
    bool ended_well = false;
    unsigned long slack = tighten_timers();
    bool closed = expect_clean && closed_its_end(helper->socket);
    close(helper->socket);

    if (!reap(helper, closed ? END_SECONDS : LOG_SECONDS, &ended_well)) {
        kill(helper->pid, SIGKILL);
        bool ignored = false;
        if (!reap(helper, KILL_SECONDS, &ignored))
            pam_syslog(pamh, LOG_CRIT, "swmfa-auth (process %d) does not end", (int)helper->pid);
        ended_well = false;
    }
    (void)prctl(PR_SET_TIMERSLACK, slack, 0L, 0L, 0L);
    if (expect_clean && !(closed && ended_well))
        pam_syslog(pamh, LOG_CRIT, "swmfa-auth failed after its answer; denied");
    return closed && ended_well;
}
