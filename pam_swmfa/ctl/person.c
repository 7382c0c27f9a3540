/* SPDX-License-Identifier: BSD-3-Clause */
/* person: the commands about one user: status, codes, unlock, forget. */
#include <config.h>

#include "ctl/command.h"

#include "auth/log.h"
#include "config/config.h"
#include "config/users.h"
#include "store/codes.h"
#include "store/remember.h"
#include "store/sends.h"
#include "store/tries.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- what several commands do ---- */

/* What the configuration and the map say that matters here. */
struct settings {
    struct limit_list user_sends;
    enum users_result mapped; /* whether the user is in the map */
};

/* Takes from the configuration what commands need; the tokens in it are wiped at once. */
static bool read_configuration(struct job *job, struct settings *settings)
{
    struct config config;
    struct phone phone;
    struct problem why = {0};
    const struct sshkeys none = {0};
    if (!config_load(job->conf, &config, &job->problem))
        return false;
    settings->user_sends = config.sends.user;
    settings->mapped = users_find(config.users, job->user, &none, false, &phone, &why);
    if (settings->mapped == USERS_ABSENT)
        problem_set(&why, "%.100s is not in the users map, %.300s", job->user, config.users);
    config_free(&config);
    job->problem = why;
    return settings->mapped != USERS_ERROR;
}

/* ---- codes ---- */

/* Codes of somebody who is not in the map would never be asked for: the name is misspelt. */
static bool find_user(struct job *job)
{
    char text[sizeof(job->problem.text)];
    struct settings settings;
    if (!read_configuration(job, &settings) || settings.mapped == USERS_ABSENT)
        return false;
    if (settings.mapped == USERS_BAD_LINE)
        (void)fprintf(stderr, "swmfactl: warning: until it is mended no code is right: %s\n",
                      log_escape(text, sizeof(text), job->problem.text, ""));
    return true;
}

static bool replace_codes(struct job *job, const struct codes *codes)
{
    return job_begin(job, STORE_WRITE) &&
           ((codes_replace(job->store, job->user, codes) && store_commit(job->store)) ||
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
    bool person = isatty(STDOUT_FILENO) == 1;
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

/* ---- status ---- */

struct status {
    struct tries tries;
    int64_t sent[LIMIT_MANY]; /* in the window of each limit of user_sends */
    int64_t codes;
    int64_t places;
    int64_t wall_ms;
};

static bool read_sent(struct job *job, const struct limit_list *limits, struct status *status)
{
    for (size_t i = 0; i < limits->count; i++)
        if (!sends_of_user(job->store, job->user, limits->at[i].seconds, &status->sent[i]))
            return false;
    return true;
}

static bool read_status(struct job *job, const struct limit_list *limits, struct status *status)
{
    if (!job_begin(job, STORE_READ))
        return false;
    status->wall_ms = store_moment(job->store)->wall_ms;
    return (tries_look(job->store, job->user, &status->tries) && read_sent(job, limits, status) &&
            codes_left(job->store, job->user, &status->codes) &&
            remember_count(job->store, job->user, &status->places) && store_commit(job->store)) ||
           job_store_failed(job);
}

static void row(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void row(const char *label, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)printf("%-20s  ", label);
    (void)vprintf(format, arguments);
    (void)putchar('\n');
    va_end(arguments);
}

/* The lock ends by the time of the store, which stands still while the host is down. */
static void show_lock_end(int64_t wall_ms)
{
    time_t end = (time_t)(wall_ms / 1000);
    struct tm local;
    char text[64];
    if (localtime_r(&end, &local) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local) > 0)
        row("estimated end", "%s, if the host stays up and its clock is right", text);
}

static void show_lock(const struct status *status)
{
    char text[64];
    row("failures in a row", "%" PRId64, status->tries.failures);
    if (!status->tries.locked) {
        row("locked", "no");
    } else if (status->tries.for_ever) {
        row("locked", "until swmfactl unlock");
    } else {
        row("locked", "for %s more",
            limit_time_write(status->tries.locked_for_ms, text, sizeof(text)));
        show_lock_end(status->wall_ms + status->tries.locked_for_ms);
    }
}

static void show_sends(const struct limit_list *limits, const struct status *status)
{
    char label[32];
    char text[16];
    for (size_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->at[i];
        (void)snprintf(label, sizeof(label), "codes sent in %s",
                       limit_span_write(limit->seconds, text, sizeof(text)));
        row(label, "%" PRId64 " of %d", status->sent[i], limit->most);
    }
}

static const char *mapped_text(enum users_result mapped)
{
    switch (mapped) {
    case USERS_FOUND:
        return "yes";
    case USERS_OTHER_KEYS:
        return "for SSH keys only";
    case USERS_BAD_LINE:
        return "by a line that is wrong";
    case USERS_ABSENT:
    case USERS_ERROR:
        break;
    }
    return "no";
}

static enum ctl_status run_status(struct job *job)
{
    struct status status = {0};
    struct settings settings;
    if (!read_configuration(job, &settings) || !job_enter_store(job) ||
        !read_status(job, &settings.user_sends, &status))
        return CTL_FAILED;
    row("user", "%s", job->shown);
    row("in the users map", "%s", mapped_text(settings.mapped));
    show_lock(&status);
    show_sends(&settings.user_sends, &status);
    row("break-glass codes", "%" PRId64 " left", status.codes);
    row("remembered places", "%" PRId64, status.places);
    return job_flush(job) ? CTL_DONE : CTL_FAILED;
}

/* ---- unlock ---- */

static void say_unlocked(const struct job *job, const struct tries *before)
{
    if (before->locked)
        (void)printf("%s: unlocked\n", job->shown);
    else if (before->failures > 0)
        (void)printf("%s: was not locked; failures forgotten: %" PRId64 "\n", job->shown,
                     before->failures);
    else
        (void)printf("%s: nothing to unlock\n", job->shown);
}

static bool unlock(struct job *job, struct tries *before)
{
    return job_begin(job, STORE_WRITE) &&
           ((tries_look(job->store, job->user, before) && tries_unlock(job->store, job->user) &&
             store_commit(job->store)) ||
            job_store_failed(job));
}

static enum ctl_status run_unlock(struct job *job)
{
    struct tries before;
    if (!job_enter_store(job) || !unlock(job, &before))
        return CTL_FAILED;
    if (before.locked || before.failures > 0)
        job_changed(job, "%s for %s", before.locked ? "lock ended" : "failures forgotten",
                    job->shown);
    say_unlocked(job, &before);
    return job_flush(job) ? CTL_DONE : CTL_FAILED;
}

/* ---- forget ---- */

static bool forget(struct job *job, int64_t *count)
{
    return job_begin(job, STORE_WRITE) &&
           ((remember_forget(job->store, job->user, count) && store_commit(job->store)) ||
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
        (void)printf("%s: nothing to forget\n", job->shown);
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

const struct command command_status = {
    .name = "status",
    .arguments = "USER",
    .summary = "Show failures, lock, codes, remembered places",
    .text = "Shows what is kept about USER: failures in a row, the lock, codes sent, "
            "break-glass codes that are left, and remembered places.",
    .least = 1,
    .most = 1,
    .run = run_status,
};

const struct command command_unlock = {
    .name = "unlock",
    .arguments = "USER",
    .summary = "End a lock and forget the failures",
    .text = "Ends a lock of USER and forgets the failures. Reads no configuration.",
    .least = 1,
    .most = 1,
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
