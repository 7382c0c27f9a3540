/* SPDX-License-Identifier: BSD-3-Clause */
/* person: the commands that change what is kept about one user: codes, unlock, forget. */
#include <config.h>

#include "ctl/command.h"
#include "ctl/settings.h"

#include "base/log.h"
#include "config/limit.h"
#include "store/codes.h"
#include "store/history.h"
#include "store/remember.h"
#include "store/sends.h"
#include "store/failures.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

/* ---- codes ---- */

/* Codes of somebody who is not in the map would never be asked for: the name is misspelt. */
static bool find_user(struct job *job)
{
    char text[sizeof(job->problem.text)];
    struct settings settings;
    if (!settings_read(job, &settings) || settings.mapped == USERS_ABSENT)
        return false;
    if (settings.mapped == USERS_BAD_LINE)
        (void)fprintf(stderr, "swmfactl: warning: until it is mended no code is right: %s\n",
                      log_escape(text, sizeof(text), job->problem.text, ""));
    return true;
}

static bool replace_codes(struct job *job, const struct codes *codes)
{
    return job_begin(job, STORE_WRITE) &&
           ((codes_replace(job->store, job->account, codes) && store_commit(job->store)) ||
            job_store_failed(job));
}

static void print_code(const char *code)
{
    (void)printf("%.7s-%.7s-%.7s\n", code, code + 7, code + 14);
}

/* The explanation is for a person; what reads a pipe gets the codes alone. */
static bool print_codes(struct job *job, const struct codes *codes)
{
    static char buffer[4096]; /* in place of one of stdio's own, which would not be wiped */
    bool person = job->terminal;
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    if (person)
        (void)printf("Break-glass codes for %s, to be typed in place of a code from the phone.\n"
                     "Each is good once. They do not work while the user is locked.\n\n",
                     job->shown);
    for (size_t i = 0; i < CODES_COUNT; i++)
        print_code(codes->code[i]);
    if (person)
        (void)printf("\nThey are not shown again: keep them on paper. Older ones are void.\n");
    bool printed = job_flush(job);
    __fpurge(stdout); /* what could not be written is not tried again at the end */
    explicit_bzero(buffer, sizeof(buffer));
    return printed;
}

static bool new_codes(struct job *job, const struct codes *codes)
{
    if (!replace_codes(job, codes))
        return false;
    job_changed(job, "break-glass codes made for %s", job->shown);
    if (print_codes(job, codes))
        return true;
    const struct problem why = job->problem;
    return problem_set(&job->problem,
                       "%.100s; the new codes are lost, and the older ones are void: make others",
                       why.text);
}

static enum ctl_status run_codes(struct job *job)
{
    struct codes codes;
    if (!find_user(job) || !job_enter_store(job))
        return CTL_FAILED;
    bool done = codes_make(&codes, &job->problem) && new_codes(job, &codes);
    explicit_bzero(&codes, sizeof(codes));
    return done ? CTL_DONE : CTL_FAILED;
}

/* A misspelt name has nothing either. */
static const char *no_account(const struct job *job)
{
    return job->stranger ? "; there is no account of that name" : "";
}

/* ---- unlock ---- */

enum {
    KEY_SENDS = 0x2000,
};

static bool lifts_sends; /* --sends */

/* What unlock needs of the configuration, and finds. */
struct unlocking {
    struct settings settings;
    bool configured; /* settings could be read */
    struct problem why;
    struct tries before;
    int64_t lifted;
    char address[WIRE_RHOST_SIZE]; /* of the last login */
    struct sends_refusal refusal;
};

static void say_unlocked(const struct job *job, const struct tries *before)
{
    if (before->locked)
        (void)printf("%s: unlocked\n", job->shown);
    else if (before->failures > 0)
        (void)printf("%s: was not locked; failures forgotten: %" PRId64 "\n", job->shown,
                     before->failures);
    else
        (void)printf("%s: nothing to unlock%s\n", job->shown, no_account(job));
}

/* Which limit still keeps codes from the user, and what there is to do. */
static void say_limit(const struct job *job, const struct unlocking *unlocking)
{
    const struct sends_refusal *refusal = &unlocking->refusal;
    char span[32];
    char left[64];
    char text[2 * sizeof(unlocking->why.text)];
    if (lifts_sends)
        (void)printf("%s: sends that no longer count: %" PRId64 "\n", job->shown,
                     unlocking->lifted);
    if (!unlocking->configured)
        (void)printf("%s: whether a limit of [limits] holds is unknown: %s\n", job->shown,
                     log_escape(text, sizeof(text), unlocking->why.text, ""));
    if (refusal->key == NULL)
        return;
    bool own = strcmp(refusal->key, "user_sends") == 0 || strcmp(refusal->key, "phone_sends") == 0;
    (void)printf("%s: [limits] %s: %d/%s is reached, so no code is sent for %s more; %s%s\n",
                 job->shown, refusal->key, refusal->limit.most,
                 limit_span_write(refusal->limit.seconds, span, sizeof(span)),
                 limit_time_write(refusal->free_in_ms, left, sizeof(left)),
                 own ? "swmfactl unlock --sends " : "raise that limit, or type a break-glass code",
                 own ? job->shown : "");
}

static bool keep_address(const struct history_login *login, void *context)
{
    struct unlocking *unlocking = context;
    sends_address(login->rhost, unlocking->address, sizeof(unlocking->address));
    return true;
}

/* Within the transaction. */
static bool look_at_sends(struct job *job, struct unlocking *unlocking)
{
    char name[HISTORY_USER_SIZE];
    const struct settings *settings = &unlocking->settings;
    const struct sends_about about = {.user = job->account,
                                      .phone = settings->phone,
                                      .address = unlocking->address};
    if (lifts_sends && !sends_lift(job->store, job->account, settings->phone, &unlocking->lifted))
        return false;
    return !unlocking->configured ||
           (history_last(job->store, log_escape(name, sizeof(name), job->user, " \""), keep_address,
                         unlocking) &&
            sends_look(job->store, &settings->sends, &about, &unlocking->refusal));
}

static bool unlock(struct job *job, struct unlocking *unlocking)
{
    return job_begin(job, STORE_WRITE) &&
           ((tries_look(job->store, job->account, &unlocking->before) &&
             tries_unlock(job->store, job->account) && look_at_sends(job, unlocking) &&
             store_commit(job->store)) ||
            job_store_failed(job));
}

/* A configuration that cannot be read keeps nobody locked. */
static enum ctl_status run_unlock(struct job *job)
{
    struct unlocking unlocking = {.lifted = 0};
    unlocking.configured = settings_read(job, &unlocking.settings);
    unlocking.why = job->problem;
    const struct tries *before = &unlocking.before;
    if (!job_enter_store(job) || !unlock(job, &unlocking))
        return CTL_FAILED;
    if (before->locked || before->failures > 0)
        job_changed(job, "%s for %s", before->locked ? "lock ended" : "failures forgotten",
                    job->shown);
    if (unlocking.lifted > 0)
        job_changed(job, "limit on codes sent lifted for %s", job->shown);
    say_unlocked(job, before);
    say_limit(job, &unlocking);
    return job_flush(job) ? CTL_DONE : CTL_FAILED;
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
     .doc = "Also reset the count of codes sent to the user and to that number"},
    {0},
};

/* ---- forget ---- */

static bool forget(struct job *job, int64_t *count)
{
    return job_begin(job, STORE_WRITE) &&
           ((remember_forget(job->store, job->account, count) && store_commit(job->store)) ||
            job_store_failed(job));
}

static enum ctl_status run_forget(struct job *job)
{
    int64_t count = 0;
    if (!job_enter_store(job) || !forget(job, &count))
        return CTL_FAILED;
    if (count > 0) {
        job_changed(job, "remembered places forgotten for %s", job->shown);
        (void)printf("%s: places forgotten: %" PRId64 "\n", job->shown, count);
    } else {
        (void)printf("%s: nothing to forget%s\n", job->shown, no_account(job));
    }
    return job_flush(job) ? CTL_DONE : CTL_FAILED;
}

/* ---- all of them ---- */

const struct command command_codes = {
    .name = "codes",
    .arguments = "USER",
    .summary = "Make new break-glass codes; older ones are void",
    .text = "Makes ten new break-glass codes for USER and prints them, this once. The older "
            "ones are void. USER must be in the users map.",
    .least = 1,
    .most = 1,
    .run = run_codes,
};

const struct command command_unlock = {
    .name = "unlock",
    .arguments = "USER",
    .summary = "End a lock and forget the failures",
    .text = "Ends a lock of USER and forgets the failures, and says if a limit still keeps codes "
            "from USER; --sends lifts it. Works with a configuration that is broken.",
    .least = 1,
    .most = 1,
    .options = unlock_options,
    .option = unlock_option,
    .run = run_unlock,
};

const struct command command_forget = {
    .name = "forget",
    .arguments = "USER",
    .summary = "Forget where the user is remembered",
    .text = "Forgets where USER is remembered: the next login is asked for a code. Reads no "
            "configuration.",
    .least = 1,
    .most = 1,
    .run = run_forget,
};
