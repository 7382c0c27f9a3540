/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_helper: stands in the place of swmfa-auth and misbehaves, to show that pam_swmfa.so takes
 * nothing but a proper success for one.
 *
 * The module option conf=/fake_helper/NAME chooses an act, a row of acts[].
 */
#include <config.h>

#include "wire/wire.h"

#include <dirent.h>
#include <security/_pam_types.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

static void say(enum wire_type type, int code, const char *text)
{
    struct wire_message message = {.code = code, .echo = 1};
    (void)wire_set_string(message.text, sizeof(message.text), text);
    (void)wire_send(0, type, &message, sizeof(message));
}

static void nothing(void)
{
}

static void raw(const void *bytes, size_t size)
{
    (void)send(0, bytes, size, MSG_NOSIGNAL);
}

static void garbage(void)
{
    char bytes[sizeof(struct wire_message)];
    memset(bytes, 'A', sizeof(bytes));
    raw(bytes, sizeof(bytes));
}

/* A success whose size, version or type is not right. */
static void resized(size_t size, uint32_t version, uint32_t type)
{
    char bytes[sizeof(struct wire_message) + 64] = {0};
    struct wire_message done = {.head = {version, type}, .code = PAM_SUCCESS};
    memcpy(bytes, &done, sizeof(done));
    raw(bytes, size);
}

static void too_short(void)
{
    resized(sizeof(struct wire_message) - 1, WIRE_VERSION, WIRE_DONE);
}

static void too_long(void)
{
    resized(sizeof(struct wire_message) + 1, WIRE_VERSION, WIRE_DONE);
}

static void head_only(void)
{
    resized(sizeof(struct wire_head), WIRE_VERSION, WIRE_DONE);
}

static void other_version(void)
{
    resized(sizeof(struct wire_message), WIRE_VERSION + 1, WIRE_DONE);
}

static void unknown_type(void)
{
    resized(sizeof(struct wire_message), WIRE_VERSION, 99);
}

static void reply_type(void)
{
    resized(sizeof(struct wire_message), WIRE_VERSION, WIRE_REPLY);
}

static void success_exit_1(void)
{
    say(WIRE_DONE, PAM_SUCCESS, "");
    _exit(1);
}

static void success_killed(void)
{
    say(WIRE_DONE, PAM_SUCCESS, "");
    (void)kill(getpid(), SIGKILL);
}

static void ignore_exit_1(void)
{
    say(WIRE_DONE, PAM_IGNORE, "");
    _exit(1);
}

static void success_then_prompt(void)
{
    say(WIRE_DONE, PAM_SUCCESS, "");
    say(WIRE_PROMPT, 0, "Code: ");
}

static void success_twice(void)
{
    say(WIRE_DONE, PAM_SUCCESS, "");
    say(WIRE_DONE, PAM_SUCCESS, "");
}

static void success_then_hang(void)
{
    say(WIRE_DONE, PAM_SUCCESS, "");
    for (;;)
        (void)pause();
}

static void success_close_hang(void)
{
    say(WIRE_DONE, PAM_SUCCESS, "");
    (void)close(0);
    for (;;)
        (void)pause();
}

static void strange_code(void)
{
    say(WIRE_DONE, 9999, "");
}

static void negative_code(void)
{
    say(WIRE_DONE, -1, "");
}

static void new_authtok_code(void)
{
    say(WIRE_DONE, PAM_NEW_AUTHTOK_REQD, "");
}

static void unterminated(void)
{
    struct wire_message message = {.echo = 1};
    memset(message.text, 'x', sizeof(message.text));
    (void)wire_send(0, WIRE_PROMPT, &message, sizeof(message));
    say(WIRE_DONE, PAM_SUCCESS, "");
}

static void escapes(void)
{
    say(WIRE_PROMPT, 0, "\033]0;title\007Code: ");
    say(WIRE_DONE, PAM_SUCCESS, "");
}

static void empty_packet(void)
{
    raw("", 0);
    say(WIRE_DONE, PAM_SUCCESS, "");
}

static void killed_before_info(void)
{
    say(WIRE_PROMPT, 0, "Code: ");
    struct wire_reply reply;
    (void)wire_receive(0, &reply, sizeof(reply));
    (void)kill(getpid(), SIGKILL);
}

static void killed_before_done(void)
{
    say(WIRE_INFO, 0, "Wait.");
    (void)kill(getpid(), SIGKILL);
}

static void stopped(void)
{
    (void)raise(SIGSTOP);
}

static void deaf(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    for (;;)
        (void)pause();
}

static void honest_success(void)
{
    say(WIRE_DONE, PAM_SUCCESS, "");
}

static void honest_ignore(void)
{
    say(WIRE_DONE, PAM_IGNORE, "");
}

/* Says how it was started, then denies. */
static void inspect(void)
{
    char text[WIRE_TEXT_SIZE];
    char fds[64] = "";
    int defaults = 1;
    sigset_t mask;
    sigemptyset(&mask);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            defaults = 0;
    }
    DIR *directory = opendir("/proc/self/fd");
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        if (entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) != dirfd(directory))
            (void)snprintf(fds + strlen(fds), sizeof(fds) - strlen(fds), " %.8s", entry->d_name);
    (void)snprintf(text, sizeof(text), "environment %s fds%s signals %s mask %s session %s",
                   *environ == NULL ? "empty" : *environ, fds, defaults ? "default" : "changed",
                   sigisemptyset(&mask) ? "empty" : "set",
                   getsid(0) == getpid() ? "own" : "shared");
    say(WIRE_INFO, 0, text);
    say(WIRE_DONE, PAM_AUTH_ERR, "");
}

static const struct {
    const char *name;
    void (*act)(void);
} acts[] = {
    {"exits", nothing},
    {"garbage", garbage},
    {"too-short", too_short},
    {"too-long", too_long},
    {"head-only", head_only},
    {"other-version", other_version},
    {"unknown-type", unknown_type},
    {"reply-type", reply_type},
    {"success-exit-1", success_exit_1},
    {"success-killed", success_killed},
    {"ignore-exit-1", ignore_exit_1},
    {"success-then-prompt", success_then_prompt},
    {"success-twice", success_twice},
    {"success-then-hang", success_then_hang},
    {"success-close-hang", success_close_hang},
    {"strange-code", strange_code},
    {"negative-code", negative_code},
    {"new-authtok-code", new_authtok_code},
    {"unterminated", unterminated},
    {"escapes", escapes},
    {"empty-packet", empty_packet},
    {"killed-before-info", killed_before_info},
    {"killed-before-done", killed_before_done},
    {"stopped", stopped},
    {"deaf", deaf},
    {"honest-success", honest_success},
    {"honest-ignore", honest_ignore},
    {"inspect", inspect},
};

int main(void)
{
    struct wire_request request;
    if (wire_receive(0, &request, sizeof(request)) != WIRE_OK)
        return 1;
    const char *name = strrchr(request.conf, '/');
    for (size_t i = 0; name != NULL && i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (strcmp(acts[i].name, name + 1) == 0) {
            acts[i].act();
            return 0;
        }
    }
    return 3;
}
