/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test: a complete login at the terminal, without a PAM application: the module's own code starts
 * the helper and relays its messages, so that prompts, sends, limits, counts and records are those
 * of a login.
 */
#include <config.h>

#include "ctl/command.h"

#include "base/log.h"
#include "config/phone.h"
#include "module/conversation.h"
#include "store/history.h"
#include "wire/pam_code.h"

#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <security/pam_misc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define SERVICE "swmfactl" /* the PAM service, unless another is given */

/* Keys of options that have no letter. */
enum {
    KEY_CHANNEL = COMMAND_KEY,
    KEY_SERVICE,
    KEY_FROM,
};

static struct {
    uint32_t channel; /* as in wire_request */
    const char *service;
    const char *from;
} options = {.service = SERVICE, .from = ""};

static const struct argp_option option_table[] = {
    {.name = "channel",
     .key = KEY_CHANNEL,
     .arg = "sms|call",
     .doc = "Send codes by this channel only"},
    {.name = "service", .key = KEY_SERVICE, .arg = "NAME", .doc = "Act as this PAM service"},
    {.name = "from", .key = KEY_FROM, .arg = "ADDRESS", .doc = "Act as a login from this address"},
    {0},
};

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    enum channel channel = CHANNEL_SMS;
    switch (key) {
    case KEY_CHANNEL:
        if (!channel_find(argument, strlen(argument), &channel))
            argp_error(state, "--channel: sms or call, not \"%s\"", argument);
        options.channel = 1 + (uint32_t)channel;
        return 0;
    case KEY_SERVICE:
        if (*argument == '\0' || strlen(argument) >= WIRE_SERVICE_SIZE)
            argp_error(state, "--service: 1 to %d bytes", WIRE_SERVICE_SIZE - 1);
        options.service = argument;
        return 0;
    case KEY_FROM:
        if (strlen(argument) >= WIRE_RHOST_SIZE)
            argp_error(state, "--from: %d bytes at most", WIRE_RHOST_SIZE - 1);
        options.from = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- a PAM handle ---- */

/* libpam wants a stack to begin with; it is never run. */
static bool write_stack(const char *folder, char *path, size_t size)
{
    static const char stack[] = "auth required pam_deny.so\n";
    (void)snprintf(path, size, "%s/" SERVICE, folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, stack, sizeof(stack) - 1) == (ssize_t)sizeof(stack) - 1;
    if (fd >= 0)
        close(fd);
    return good;
}

static bool begin_pam(struct ctl_context *ctl, pam_handle_t **pamh)
{
    static const struct pam_conv conversation = {.conv = misc_conv};
    char folder[] = "/run/swmfactl.XXXXXX";
    char path[sizeof(folder) + sizeof(SERVICE) + 1];
    if (mkdtemp(folder) == NULL)
        return problem_set(&ctl->problem, "%s: %s", folder, strerror(errno));
    int result = PAM_SYSTEM_ERR;
    if (write_stack(folder, path, sizeof(path)))
        result = pam_start_confdir(SERVICE, ctl->user, &conversation, folder, pamh);
    (void)unlink(path);
    (void)rmdir(folder);
    return result == PAM_SUCCESS ||
           problem_set(&ctl->problem, "libpam cannot be used: %s", pam_strerror(NULL, result));
}

/* ---- the login ---- */

/* conf: the helper works in another folder. */
static bool fill_request(struct ctl_context *ctl, struct wire_request *request)
{
    char *conf = ctl->conf != NULL ? realpath(ctl->conf, NULL) : NULL;
    if (ctl->conf != NULL && conf == NULL)
        return problem_set(&ctl->problem, "%s: %s", ctl->conf, strerror(errno));
    const char *tty = ttyname(STDIN_FILENO);
    request->channel = options.channel;
    bool fits = wire_set_string(request->user, sizeof(request->user), ctl->user) &&
                wire_set_string(request->service, sizeof(request->service), options.service) &&
                wire_set_string(request->rhost, sizeof(request->rhost), options.from) &&
                wire_set_string(request->tty, sizeof(request->tty), tty) &&
                wire_set_string(request->conf, sizeof(request->conf), conf);
    free(conf);
    return fits || problem_set(&ctl->problem, "the path of the configuration is too long");
}

/* ---- what came of it ---- */

static const struct {
    int code;
    const char *text;
} meanings[] = {
    {PAM_SUCCESS, "the code was right"},
    {PAM_IGNORE, "no code required: the other modules of the stack decide"},
    {PAM_AUTH_ERR, "denied"},
    {PAM_MAXTRIES, "denied: all tries used, or no code may be sent"},
    {PAM_AUTHINFO_UNAVAIL, "denied: the provider or the store cannot be used"},
    {PAM_SERVICE_ERR, "denied: wrong configuration; run swmfactl check"},
    {PAM_CONV_ERR, "denied: nobody answered"},
    {PAM_BUF_ERR, "denied: " PROBLEM_NO_MEMORY},
    {PAM_SYSTEM_ERR, "denied: the helper cannot be used"},
};

static void say_code(int code)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].code == code)
            (void)printf("PAM: %s: %s\n", pam_code_name(code), meanings[i].text);
}

/* The newest login of that user and service. */
struct found {
    char user[HISTORY_USER_SIZE];
    char text[4096];
};

static bool keep_newest(const struct history_login *login, void *context)
{
    struct found *found = context;
    if (strcmp(login->user, found->user) == 0 && strcmp(login->service, options.service) == 0)
        (void)history_write(login, found->text, sizeof(found->text));
    return true;
}

/* Shows the log line from the store: the system log can be anywhere. */
static void say_log_line(struct ctl_context *ctl, int64_t since_wall_ms)
{
    struct found found = {.text = ""};
    char why[2 * sizeof(ctl->problem.text)];
    (void)log_escape(found.user, sizeof(found.user), ctl->user, " \"");
    if (ctl_enter_store(ctl) && ctl_begin(ctl, STORE_READ))
        (void)history_each(ctl->store, 0, since_wall_ms, keep_newest, &found);
    if (*found.text != '\0')
        (void)printf("log: %s\n", found.text);
    else
        (void)printf("log: the system log has the line (facility authpriv): %s\n",
                     *ctl->problem.text != '\0'
                         ? log_escape(why, sizeof(why), ctl->problem.text, "")
                         : "it is not in the store");
}

static enum ctl_status run_test(struct ctl_context *ctl)
{
    struct wire_request request = {.caller_uid = 0};
    struct moment before;
    pam_handle_t *pamh = NULL;
    if (isatty(STDIN_FILENO) != 1) { /* a code would be sent that nobody waits for */
        problem_set(&ctl->problem, "must be run at a terminal");
        return CTL_FAILED;
    }
    if (!fill_request(ctl, &request) || !moment_now(&before, &ctl->problem) ||
        !begin_pam(ctl, &pamh) || pamh == NULL)
        return CTL_FAILED;
    int code = conversation_login(pamh, &request, false);
    (void)pam_end(pamh, code);
    openlog("swmfactl", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
    say_code(code);
    say_log_line(ctl, before.wall_ms);
    if (!ctl_flush(ctl))
        return CTL_FAILED;
    if (pam_code_allows(code))
        return CTL_DONE;
    problem_set(&ctl->problem, "this login would have been denied");
    return CTL_FAILED;
}

const struct command command_test = {
    .name = "test",
    .arguments = "USER",
    .summary = "Make a complete login at the terminal",
    .text =
        "Sends a code to USER and prompts for it, as a login does: with the same helper and the "
        "same limits, and counted like any other login. Then prints the result that PAM would get "
        "and the log line. Exit status 0 if the login would not have been denied.",
    .min_args = 1,
    .max_args = 1,
    .options = option_table,
    .option = read_option,
    .run = run_test,
};
