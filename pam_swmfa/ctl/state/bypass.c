/* SPDX-License-Identifier: BSD-3-Clause */
/* bypass: lets a user in without a code for a while. */
#include <config.h>

#include "store/bypass.h"

#include "ctl/command.h"
#include "ctl/format.h"
#include "ctl/settings.h"

#include "base/log.h"
#include "config/limit.h"
#include "store/failures.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define REASON_MAX 100 /* bytes */

enum {
    KEY_FOR = COMMAND_KEY,
    KEY_REASON,
    KEY_END,
    KEY_FORCE,
};

/* The options of the command line. */
static struct {
    int seconds; /* 0: not given */
    const char *reason;
    bool end;
    bool force;
} order;

static void read_time(const char *text, struct argp_state *state)
{
    if (!limit_span_read(text, &order.seconds) || order.seconds == 0)
        argp_error(state, "--for: expected a time such as 90s, 30m, 8h or 2d, at most 30d");
}

/* It is shown, and logged, as it is. */
static void read_reason(const char *text, struct argp_state *state)
{
    size_t length = strlen(text);
    order.reason = text;
    bool printable = strspn(text, " ") < length;
    for (size_t i = 0; i < length; i++)
        printable = printable && text[i] >= ' ' && text[i] <= '~';
    if (!printable || length > REASON_MAX)
        argp_error(state, "--reason: expected a text of printable ASCII, at most %d bytes",
                   REASON_MAX);
}

static void check_order(struct argp_state *state)
{
    if (order.end && (order.seconds > 0 || order.reason != NULL || order.force))
        argp_error(state, "--end cannot be combined with --for, --reason or --force");
    if (!order.end && (order.seconds == 0 || order.reason == NULL))
        argp_error(state, "expected --for and --reason, or --end");
}

static error_t option(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case KEY_FOR:
        read_time(argument, state);
        return 0;
    case KEY_REASON:
        read_reason(argument, state);
        return 0;
    case KEY_END:
        order.end = true;
        return 0;
    case KEY_FORCE:
        order.force = true;
        return 0;
    case ARGP_KEY_END:
        check_order(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A bypass applies to one spelling of the name, so it must be the account's own. Runs as root. */
static bool check_account(struct ctl_context *ctl)
{
    if (order.force)
        return true;
    errno = 0;
    const struct passwd *account = getpwnam(ctl->user);
    if (account != NULL && strcmp(account->pw_name, ctl->user) == 0)
        return true;
    if (account != NULL)
        return problem_set(&ctl->problem,
                           "%s: the account's name is %s; a bypass for another spelling "
                           "has no effect",
                           ctl->user, account->pw_name);
    return problem_set(&ctl->problem, "%s: no such account (%s); --force grants the bypass anyway",
                       ctl->user, errno != 0 ? strerror(errno) : "not found");
}

/* ---- giving ---- */

static bool give(struct ctl_context *ctl, struct bypass *before, struct failures *failures)
{
    return ctl_begin(ctl, STORE_WRITE) &&
           ((bypass_look(ctl->store, ctl->user, before) &&
             bypass_grant(ctl->store, ctl->user, order.seconds, order.reason) &&
             failures_look(ctl->store, ctl->account, failures) && store_commit(ctl->store)) ||
            ctl_store_failed(ctl));
}

/* Why the user is not simply in the map; "" if it is. As root. */
static void look_at_map(struct ctl_context *ctl, struct problem *why)
{
    struct settings settings;
    bool known = settings_read(ctl, &settings);
    problem_set(why, "%s%s",
                known ? "the bypass lets the user in, although "
                      : "until this is fixed, logins may be denied in spite of the bypass: ",
                ctl->problem.text);
    if (known && settings.mapped != USERS_ABSENT)
        problem_set(why, "%s", "");
}

/* With unmapped = deny, only the bypass lets such a user in. */
static void say_unmapped(const struct ctl_context *ctl, const struct problem *why)
{
    char text[2 * sizeof(why->text)];
    if (*why->text != '\0')
        (void)printf("%s: %s\n", ctl->shown, log_escape(text, sizeof(text), why->text, ""));
}

static void say_given(const struct ctl_context *ctl, const struct bypass *before,
                      const struct failures *failures)
{
    char text[64];
    int64_t end = store_moment(ctl->store)->wall_ms + (int64_t)order.seconds * 1000;
    (void)printf("%s: no code is required until %s: %s\n", ctl->shown, show_time(end, text),
                 order.reason);
    if (before->left_ms > 0)
        (void)printf("%s: replaces a bypass with %s left: %s\n", ctl->shown,
                     limit_time_write(before->left_ms, text, sizeof(text)), before->reason);
    if (failures->locked)
        (void)printf("%s: is locked, which a bypass does not change: swmfactl unlock %s\n",
                     ctl->shown, ctl->shown);
}

static enum ctl_status run_give(struct ctl_context *ctl)
{
    char span[16];
    struct bypass before = {.left_ms = 0};
    struct failures failures = {.locked = false};
    struct problem unmapped = {0};
    if (!check_account(ctl))
        return CTL_FAILED;
    look_at_map(ctl, &unmapped);
    if (!ctl_enter_store(ctl) || !give(ctl, &before, &failures))
        return CTL_FAILED;
    ctl_changed(ctl, "bypass granted to %s for %s (%s)", ctl->shown,
                limit_span_write(order.seconds, span, sizeof(span)), order.reason);
    say_given(ctl, &before, &failures);
    say_unmapped(ctl, &unmapped);
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

/* ---- ending ---- */

static bool take_back(struct ctl_context *ctl, bool *was)
{
    return ctl_begin(ctl, STORE_WRITE) &&
           ((bypass_end(ctl->store, ctl->user, was) && store_commit(ctl->store)) ||
            ctl_store_failed(ctl));
}

static enum ctl_status run_end(struct ctl_context *ctl)
{
    bool was = false;
    if (!ctl_enter_store(ctl) || !take_back(ctl, &was))
        return CTL_FAILED;
    if (was)
        ctl_changed(ctl, "bypass ended for %s", ctl->shown);
    (void)printf("%s: %s\n", ctl->shown, was ? "bypass ended" : "has no bypass");
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

/* ---- the command ---- */

static enum ctl_status run_bypass(struct ctl_context *ctl)
{
    return order.end ? run_end(ctl) : run_give(ctl);
}

static const struct argp_option options[] = {
    {.name = "for", .key = KEY_FOR, .arg = "TIME", .doc = "How long, such as 8h; at most 30d"},
    {.name = "reason", .key = KEY_REASON, .arg = "TEXT", .doc = "Why, for the log"},
    {.name = "end", .key = KEY_END, .doc = "End the bypass now"},
    {.name = "force", .key = KEY_FORCE, .doc = "Do not require an account of this name"},
    {0},
};

const struct command command_bypass = {
    .name = "bypass",
    .arguments = "USER",
    .summary = "Let a user in without a code temporarily",
    .text =
        "Lets USER in without a code for the time of --for, in every service; the first factor "
        "is still required. --for and --reason are required, or --end to end the bypass. A "
        "bypass does not end a lock. It can be given while the configuration is broken, but most "
        "such logins are denied until you fix it.",
    .min_args = 1,
    .max_args = 1,
    .options = options,
    .option = option,
    .run = run_bypass,
};
