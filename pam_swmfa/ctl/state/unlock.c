/* SPDX-License-Identifier: BSD-3-Clause */
/* unlock: the commands that change the data on one user: codes, unlock, forget. */
#include <config.h>

#include "ctl/command.h"
#include "ctl/settings.h"

#include "base/log.h"
#include "config/limit.h"
#include "store/codes.h"
#include "store/failures.h"
#include "store/history.h"
#include "store/remember.h"
#include "store/sends.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

/* ---- codes ---- */

/* A user who is not in the map is never asked for such codes: the name is misspelt. */
static bool find_user(struct ctl_context *ctl)
{
    char text[sizeof(ctl->problem.text)];
    struct settings settings;
    if (!settings_read(ctl, &settings) || settings.mapped == USERS_ABSENT)
        return false;
    if (settings.mapped == USERS_BAD_LINE)
        (void)fprintf(stderr, "swmfactl: warning: no code works until this is fixed: %s\n",
                      log_escape(text, sizeof(text), ctl->problem.text, ""));
    return true;
}

static bool replace_codes(struct ctl_context *ctl, const struct codes *codes)
{
    return ctl_begin(ctl, STORE_WRITE) &&
           ((codes_replace(ctl->store, ctl->account, codes) && store_commit(ctl->store)) ||
            ctl_store_failed(ctl));
}

static void print_code(const char *code)
{
    (void)printf("%.7s-%.7s-%.7s\n", code, code + 7, code + 14);
}

/* The explanation is for a terminal; a pipe gets only the codes. */
static bool print_codes(struct ctl_context *ctl, const struct codes *codes)
{
    static char buffer[4096]; /* in place of stdio's own buffer, which would not be wiped */
    bool terminal = ctl->terminal;
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    if (terminal)
        (void)printf("Break-glass codes for %s, to type instead of a code from the phone.\n"
                     "Each works once. They do not work while the user is locked.\n\n",
                     ctl->shown);
    for (size_t i = 0; i < CODES_COUNT; i++)
        print_code(codes->code[i]);
    if (terminal)
        (void)printf("\nThey are not shown again: keep them on paper. Older codes are void.\n");
    bool printed = ctl_flush(ctl);
    __fpurge(stdout); /* output that failed is not tried again at the end */
    explicit_bzero(buffer, sizeof(buffer));
    return printed;
}

static bool new_codes(struct ctl_context *ctl, const struct codes *codes)
{
    if (!replace_codes(ctl, codes))
        return false;
    ctl_changed(ctl, "break-glass codes made for %s", ctl->shown);
    if (print_codes(ctl, codes))
        return true;
    const struct problem why = ctl->problem;
    return problem_set(&ctl->problem,
                       "%s; the new codes are lost and the older ones void; run the command again",
                       why.text);
}

static enum ctl_status run_codes(struct ctl_context *ctl)
{
    struct codes codes;
    if (!find_user(ctl) || !ctl_enter_store(ctl))
        return CTL_FAILED;
    bool done = codes_make(&codes, &ctl->problem) && new_codes(ctl, &codes);
    explicit_bzero(&codes, sizeof(codes));
    return done ? CTL_DONE : CTL_FAILED;
}

/* A misspelt name has no data either. */
static const char *no_account(const struct ctl_context *ctl)
{
    return ctl->stranger ? "; no account has that name" : "";
}

/* ---- unlock ---- */

enum {
    KEY_SENDS = COMMAND_KEY,
};

static bool lifts_sends; /* --sends */

/* The configuration for unlock, and its results. */
struct unlocking {
    struct settings settings;
    bool configured; /* settings could be read */
    struct problem why;
    struct failures before;
    int64_t lifted;
    char address[WIRE_RHOST_SIZE]; /* of the last login */
    struct sends_refusal refusal;
};

static void say_unlocked(const struct ctl_context *ctl, const struct failures *before)
{
    if (before->locked)
        (void)printf("%s: unlocked\n", ctl->shown);
    else if (before->failures > 0)
        (void)printf("%s: was not locked; failures forgotten: %" PRId64 "\n", ctl->shown,
                     before->failures);
    else
        (void)printf("%s: nothing to unlock%s\n", ctl->shown, no_account(ctl));
}

/* Shows which limit still prevents codes, and what to do. */
static void say_limit(const struct ctl_context *ctl, const struct unlocking *unlocking)
{
    const struct sends_refusal *refusal = &unlocking->refusal;
    char span[32];
    char left[64];
    char text[2 * sizeof(unlocking->why.text)];
    if (lifts_sends)
        (void)printf("%s: sends reset: %" PRId64 "\n", ctl->shown, unlocking->lifted);
    if (!unlocking->configured)
        (void)printf("%s: whether a limit is reached is unknown: %s\n", ctl->shown,
                     log_escape(text, sizeof(text), unlocking->why.text, ""));
    if (refusal->key == NULL)
        return;
    bool own = strcmp(refusal->key, "user_sends") == 0 || strcmp(refusal->key, "phone_sends") == 0;
    (void)printf("%s: [limits] %s: %d/%s is reached, no code is sent for %s; %s%s\n", ctl->shown,
                 refusal->key, refusal->limit.most,
                 limit_span_write(refusal->limit.seconds, span, sizeof(span)),
                 limit_time_write(refusal->free_in_ms, left, sizeof(left)),
                 own ? "swmfactl unlock --sends " : "raise that limit, or use a break-glass code",
                 own ? ctl->shown : "");
}

static bool keep_address(const struct history_login *login, void *context)
{
    struct unlocking *unlocking = context;
    sends_address(login->rhost, unlocking->address, sizeof(unlocking->address));
    return true;
}

/* Within the transaction. */
static bool look_at_sends(struct ctl_context *ctl, struct unlocking *unlocking)
{
    char name[HISTORY_USER_SIZE];
    const struct settings *settings = &unlocking->settings;
    const struct sends_about about = {.user = ctl->account,
                                      .phone = settings->phone,
                                      .address = unlocking->address};
    if (lifts_sends && !sends_lift(ctl->store, ctl->account, settings->phone, &unlocking->lifted))
        return false;
    return !unlocking->configured ||
           (history_last(ctl->store, log_escape(name, sizeof(name), ctl->user, " \""), keep_address,
                         unlocking) &&
            sends_look(ctl->store, &settings->sends, &about, &unlocking->refusal));
}

static bool unlock(struct ctl_context *ctl, struct unlocking *unlocking)
{
    return ctl_begin(ctl, STORE_WRITE) &&
           ((failures_look(ctl->store, ctl->account, &unlocking->before) &&
             failures_unlock(ctl->store, ctl->account) && look_at_sends(ctl, unlocking) &&
             store_commit(ctl->store)) ||
            ctl_store_failed(ctl));
}

/* An invalid configuration must not keep anybody locked. */
static enum ctl_status run_unlock(struct ctl_context *ctl)
{
    struct unlocking unlocking = {.lifted = 0};
    unlocking.configured = settings_read(ctl, &unlocking.settings);
    unlocking.why = ctl->problem;
    const struct failures *before = &unlocking.before;
    if (!ctl_enter_store(ctl) || !unlock(ctl, &unlocking))
        return CTL_FAILED;
    if (before->locked || before->failures > 0)
        ctl_changed(ctl, "%s for %s", before->locked ? "lock ended" : "failures forgotten",
                    ctl->shown);
    if (unlocking.lifted > 0)
        ctl_changed(ctl, "limit on codes sent lifted for %s", ctl->shown);
    say_unlocked(ctl, before);
    say_limit(ctl, &unlocking);
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

static error_t unlock_option(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    (void)state;
    lifts_sends = lifts_sends || key == KEY_SENDS;
    return key == KEY_SENDS || key == ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;
}

static const struct argp_option unlock_options[] = {
    {.name = "sends",
     .key = KEY_SENDS,
     .doc = "Also reset the counts of codes sent to the user and the number"},
    {0},
};

/* ---- forget ---- */

static bool forget(struct ctl_context *ctl, int64_t *count)
{
    return ctl_begin(ctl, STORE_WRITE) &&
           ((remember_forget(ctl->store, ctl->account, count) && store_commit(ctl->store)) ||
            ctl_store_failed(ctl));
}

static enum ctl_status run_forget(struct ctl_context *ctl)
{
    int64_t count = 0;
    if (!ctl_enter_store(ctl) || !forget(ctl, &count))
        return CTL_FAILED;
    if (count > 0) {
        ctl_changed(ctl, "remembered logins forgotten for %s", ctl->shown);
        (void)printf("%s: places forgotten: %" PRId64 "\n", ctl->shown, count);
    } else {
        (void)printf("%s: nothing to forget%s\n", ctl->shown, no_account(ctl));
    }
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

/* ---- all of them ---- */

const struct command command_codes = {
    .name = "codes",
    .arguments = "USER",
    .summary = "Make new break-glass codes, and void older ones",
    .text = "Makes ten new break-glass codes for USER, prints them once, and voids older "
            "ones. USER must be in the users map.",
    .min_args = 1,
    .max_args = 1,
    .run = run_codes,
};

const struct command command_unlock = {
    .name = "unlock",
    .arguments = "USER",
    .summary = "End a lock and forget the failures",
    .text = "Ends a lock of USER and forgets the failures. Says whether a limit still withholds "
            "codes; --sends resets it. Works with a broken configuration.",
    .min_args = 1,
    .max_args = 1,
    .options = unlock_options,
    .option = unlock_option,
    .run = run_unlock,
};

const struct command command_forget = {
    .name = "forget",
    .arguments = "USER",
    .summary = "Forget remembered logins of a user",
    .text = "Forgets all remembered logins of USER: the next login needs a code. Reads no "
            "configuration.",
    .min_args = 1,
    .max_args = 1,
    .run = run_forget,
};
