/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * login: see login.h.
 *
 * decide() is the list of decisions, in order. Each step either continues or ends the login with a
 * verdict of verdict.c.
 */
#include <config.h>

#include "auth/login.h"

#include "auth/login_internal.h"
#include "auth/privilege.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sshkey.h"
#include "base/username.h"
#include "config/users.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

/* ---- as root ---- */

static bool load_configuration(struct login *login)
{
    const char *path = *login->request->conf != '\0' ? login->request->conf : NULL;
    if (!config_load(path, &login->config, &login->problem))
        return verdict(login, VERDICT_CONFIGURATION);
    delivery_begin(&login->delivery, &login->config, login->socket);
    char tty[64];
    char ruser[64];
    log_debug("configuration read; tty=\"%s\" ruser=\"%s\" uid=%u",
              log_escape(tty, sizeof(tty), login->request->tty, "\""),
              log_escape(ruser, sizeof(ruser), login->request->ruser, "\""),
              login->request->caller_uid);
    return true;
}

/* The user who needs the code: PAM_USER, or with use_uid the caller of su. */
static bool find_user(struct login *login)
{
    if ((login->request->flags & WIRE_FLAG_USE_UID) == 0)
        return wire_set_string(login->user, sizeof(login->user), login->request->user);
    const struct passwd *caller = getpwuid(login->request->caller_uid);
    if (caller != NULL && wire_set_string(login->user, sizeof(login->user), caller->pw_name))
        return true;
    problem_set(&login->problem, "use_uid: no user with uid %u", login->request->caller_uid);
    return verdict(login, VERDICT_CALLER_UNKNOWN);
}

/* A user without a number passes, or is asked for a code that does not exist. */
static bool without_phone(struct login *login, enum users_result result)
{
    struct account account = {0};
    enum provider_id first = (enum provider_id)login->config.providers.at[0];
    memset(&login->phone, 0, sizeof(login->phone));
    if (result == USERS_ABSENT && login->config.unmapped == UNMAPPED_IGNORE)
        return verdict(login, name_is_own(login) ? VERDICT_UNMAPPED_IGNORED : VERDICT_NAME_DIFFERS);
    if (result == USERS_ABSENT)
        problem_set(&login->problem, "not in %s", login->config.users);
    login->decoy = true;
    log_debug("no number to be used; asks without sending anything");
    providers[first]->account(login->config.settings[first], &account);
    login->decoy_key = account.password;
    return true;
}

static bool find_phone(struct login *login)
{
    struct sshkeys keys = {0};
    if ((login->request->flags & WIRE_FLAG_USE_UID) == 0) /* the keys are those of PAM_USER */
        sshkey_read(login->request->keys, &keys);
    login->channel = (enum channel)login->config.channel;
    enum users_result result =
        users_find(login->config.users, login->user, &keys,
                   login->config.unmapped == UNMAPPED_IGNORE, &login->phone, &login->problem);
    if (result == USERS_ERROR)
        return verdict(login, VERDICT_CONFIGURATION);
    if (result != USERS_FOUND)
        return without_phone(login, result);
    memcpy(login->digits, login->phone.number + strlen(login->phone.number) - 2, 3);
    if (login->phone.channel_count > 0)
        login->channel = login->phone.channels[0];
    log_debug("found in the map; channel %s", channel_names[login->channel]);
    return true;
}

/* Failures count by account, so that another way to write its name gives no new guesses. */
static bool find_account(struct login *login)
{
    enum username found =
        username_own(login->user, login->account, sizeof(login->account), &login->problem);
    limits_locate(login);
    return found != USERNAME_UNKNOWN || verdict(login, VERDICT_ACCOUNT);
}

static bool drop_privileges(struct login *login)
{
    login->dropped = privilege_drop(&login->problem);
    return login->dropped || verdict(login, VERDICT_UNPREPARED);
}

/* ---- signals ---- */

static volatile sig_atomic_t signal_socket;
static volatile sig_atomic_t signal_number; /* 0: none has come */

/* Whatever waits for the module or for the network sees the socket close, and the login ends. */
static void close_the_door(int number)
{
    int error = errno;
    signal_number = number;
    (void)shutdown(signal_socket, SHUT_RDWR);
    errno = error;
}

void login_end_by_signals(int socket)
{
    static const int numbers[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                  SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU};
    struct sigaction action = {.sa_handler = close_the_door, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    signal_socket = socket;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)sigaction(numbers[i], &action, NULL);
}

/* ---- the whole ---- */

void login_log_nobody(void)
{
    static const struct history_login nobody = {
        .user = "",
        .service = "",
        .rhost = "",
        .result = "aborted",
        .reason = "host-gone",
        .channel = "",
        .provider = "",
        .request = "",
        .number = "",
        .detail = "before it named the user",
    };
    char text[512];
    log_line(LOG_NOTICE, "%s", history_write(&nobody, text, sizeof(text)));
}

static void decide(struct login *login)
{
    if (login->unprepared != NULL) {
        login->problem = *login->unprepared;
        login->verdict = VERDICT_UNPREPARED;
        return;
    }
    if (load_configuration(login) && find_user(login) && policy_apply(login) && find_phone(login) &&
        find_account(login) && drop_privileges(login))
        ask(login);
}

int login_run(int socket, const struct wire_request *request, const struct problem *unprepared)
{
    int64_t start = clock_ms();
    struct login login = {.socket = socket, .request = request, .unprepared = unprepared};

    decide(&login);
    if (login.verdict == VERDICT_HOST_GONE && signal_number != 0)
        problem_set(&login.problem, "signal %d", (int)signal_number);
    verdict_log(&login, clock_ms() - start);
    int status = verdict_send(&login);
    limits_close(&login);
    if (login.verdict !=
        VERDICT_VERIFIED) /* a decoy has no connection to close: that must not be seen */
        _exit(status);
    delivery_end(&login.delivery);
    config_free(&login.config);
    return status;
}
