/* SPDX-License-Identifier: BSD-3-Clause */
/* log: shows the last logins in the store. */
#include <config.h>

#include "ctl/command.h"
#include "ctl/format.h"

#include "base/log.h"
#include "config/limit.h"
#include "store/history.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LAST_DEFAULT 20
#define PAGE         256 /* logins that are looked at in one transaction */
#define POLL_MS      500

enum {
    KEY_SINCE = COMMAND_KEY,
    KEY_USER,
    KEY_RESULT,
    KEY_LAST,
    KEY_FOLLOW,
    KEY_FULL,
};

/* The options of the command line. */
static struct {
    int since_seconds;            /* ago; 0: not given so */
    bool dated;                   /* since is given as a date */
    struct tm since;              /* local */
    int64_t since_wall_ms;        /* the resulting time; 0: not given */
    char user[HISTORY_USER_SIZE]; /* in the form of the list; "": all */
    const char *result;           /* NULL: all */
    long last;                    /* 0: not given */
    bool follow;
    bool full;
} order;

/* ---- the command line ---- */

static bool read_date(const char *text)
{
    static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        order.since = (struct tm){.tm_isdst = -1};
        const char *end = strptime(text, formats[i], &order.since);
        if (end != NULL && *end == '\0')
            return true;
    }
    return false;
}

static void read_since(const char *text, struct argp_state *state)
{
    order.since_seconds = 0;
    order.dated = read_date(text);
    if (!order.dated && (!limit_span_within(text, HISTORY_DAYS * 86400, &order.since_seconds) ||
                         order.since_seconds == 0))
        argp_error(state,
                   "--since: expected a time such as 30m, 2h or 3d, at most %dd, or a date such as "
                   "2026-11-22 or \"2026-11-22 12:14\"",
                   HISTORY_DAYS);
}

static void read_result(const char *text, struct argp_state *state)
{
    static const char *const results[] = {"success", "ignored", "denied", "error", "aborted"};
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
        if (strcmp(text, results[i]) == 0)
            order.result = results[i];
    if (order.result == NULL || strcmp(order.result, text) != 0)
        argp_error(state, "--result: expected success, ignored, denied, error or aborted");
}

static void read_last(const char *text, struct argp_state *state)
{
    char *end = NULL;
    order.last = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || order.last < 1 || order.last > HISTORY_MOST)
        argp_error(state, "--last: expected a number from 1 to %d", HISTORY_MOST);
}

static error_t option(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case KEY_SINCE:
        read_since(argument, state);
        return 0;
    case KEY_USER:
        (void)log_escape(order.user, sizeof(order.user), argument, " \"");
        return 0;
    case KEY_RESULT:
        read_result(argument, state);
        return 0;
    case KEY_LAST:
        read_last(argument, state);
        return 0;
    case KEY_FOLLOW:
        order.follow = true;
        return 0;
    case KEY_FULL:
        order.full = true;
        return 0;
    case ARGP_KEY_END:
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The date is a local one, by the time zone of the system and not of who calls. */
static void settle_since(void)
{
    if (order.dated)
        order.since_wall_ms = (int64_t)mktime(&order.since) * 1000;
    else if (order.since_seconds > 0)
        order.since_wall_ms = ((int64_t)time(NULL) - order.since_seconds) * 1000;
}

static bool is_wanted(const struct history_login *login)
{
    return (*order.user == '\0' || strcmp(login->user, order.user) == 0) &&
           (order.result == NULL || strcmp(login->result, order.result) == 0);
}

/* ---- one login ---- */

static const char *colour(const struct history_login *login)
{
    if (strcmp(login->result, "success") == 0)
        return "32";
    return strcmp(login->result, "ignored") == 0 ? "33" : "31";
}

static void print_head(void)
{
    (void)printf("%-19s  %-12s  %-8s  %-15s  %-7s  %-16s  %-15s  %5s  %6s\n", "TIME", "USER",
                 "SERVICE", "FROM", "RESULT", "REASON", "CHANNEL", "TRIES", "MS");
}

/* Writes to a buffer: the transaction must not wait for a slow reader of the output. */
static void print_row(FILE *to, bool colours, const struct history_login *login)
{
    char time[SHOW_TIME_SIZE];
    char by[64] = "-";
    if (*login->channel != '\0')
        (void)snprintf(by, sizeof(by), "%s%s%s", login->channel,
                       *login->provider != '\0' ? "/" : "", login->provider);
    (void)fprintf(to, "%-19s  %-12s  %-8s  %-15s  ", show_time(login->at_wall_ms, time),
                  show_text(login->user), show_text(login->service), show_text(login->rhost));
    if (colours)
        (void)fprintf(to, "\033[%sm%-7s\033[0m", colour(login), login->result);
    else
        (void)fprintf(to, "%-7s", login->result);
    (void)fprintf(to, "  %-16s  %-15s  %5lld  %6lld\n", login->reason, by, (long long)login->tries,
                  (long long)login->ms);
}

static void print_rest(FILE *to, const struct history_login *login)
{
    (void)fprintf(to, "    number %s%s, request %s, requests %lld, codes sent %s\n",
                  *login->number != '\0' ? "*" : "-", login->number, show_text(login->request),
                  (long long)login->sends, show_text(login->sent));
    if (*login->detail != '\0')
        (void)fprintf(to, "    %s\n", login->detail);
}

static bool print_json(FILE *to, const struct history_login *login)
{
    json_object *object = show_json_login(login);
    char *text = ctl_json_text(object, JSON_C_TO_STRING_PLAIN);
    bool good = text != NULL && fputs(text, to) != EOF;
    free(text);
    json_object_put(object);
    return good;
}

/* ---- the list ---- */

/* The position in the list, and the logins that are printed. */
struct reading {
    struct ctl_context *ctl;
    FILE *page;       /* to be printed after the transaction */
    int64_t id;       /* of the last login that was examined */
    int64_t since_ms; /* not before it */
    int64_t skip;     /* how many of those that match are skipped */
    int64_t wanted;   /* how many match */
    int64_t printed;
    int looked; /* logins, in this page */
    bool failed;
};

static bool count(const struct history_login *login, void *context)
{
    struct reading *reading = context;
    reading->wanted += is_wanted(login);
    return true;
}

static bool print_login(const struct history_login *login, void *context)
{
    struct reading *reading = context;
    reading->id = login->id;
    if (is_wanted(login) && --reading->skip < 0) {
        bool array = reading->ctl->json && !order.follow;
        if (array && reading->printed > 0)
            (void)fputs(",\n", reading->page);
        reading->printed++;
        if (reading->ctl->json)
            reading->failed = reading->failed || !print_json(reading->page, login);
        else
            print_row(reading->page, reading->ctl->colours, login);
        if (reading->ctl->json && !array)
            (void)fputc('\n', reading->page);
        if (!reading->ctl->json && order.full)
            print_rest(reading->page, login);
    }
    return ++reading->looked < PAGE;
}

/* Counts those that match: the last of them are printed. */
static bool count_wanted(struct reading *reading)
{
    struct ctl_context *ctl = reading->ctl;
    if (!ctl_begin(ctl, STORE_READ))
        return false;
    if (!history_each(ctl->store, 0, reading->since_ms, count, reading))
        return ctl_store_failed(ctl);
    store_cancel(ctl->store);
    return true;
}

/* Reads a page of the list and then prints it. */
static bool print_page(struct reading *reading)
{
    struct ctl_context *ctl = reading->ctl;
    char *text = NULL;
    size_t size = 0;
    reading->looked = 0;
    reading->page = open_memstream(&text, &size);
    if (reading->page == NULL)
        return problem_no_memory(&ctl->problem);
    bool good = ctl_begin(ctl, STORE_READ) &&
                (history_each(ctl->store, reading->id, reading->since_ms, print_login, reading) ||
                 ctl_store_failed(ctl));
    store_cancel(ctl->store);
    if ((fclose(reading->page) != 0 || reading->failed) && good)
        good = problem_no_memory(&ctl->problem);
    if (good && size > 0)
        (void)fwrite(text, 1, size, stdout);
    free(text);
    return good && (size == 0 || ctl_flush(ctl));
}

static bool print_all(struct reading *reading)
{
    do {
        if (!print_page(reading))
            return false;
    } while (reading->looked == PAGE);
    return true;
}

/* Waits so many milliseconds; false at once if nobody reads any more. */
static bool somebody_reads(int milliseconds)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, milliseconds) <= 0;
}

static bool print_list(struct ctl_context *ctl)
{
    struct reading reading = {.ctl = ctl, .since_ms = order.since_wall_ms};
    bool array = ctl->json && !order.follow;
    if (!count_wanted(&reading))
        return false;
    long most = order.last > 0 ? order.last : order.since_wall_ms > 0 ? HISTORY_MOST : LAST_DEFAULT;
    reading.skip = reading.wanted > most ? reading.wanted - most : 0;
    if (array)
        (void)puts("[");
    else if (!ctl->json)
        print_head();
    if (!print_all(&reading))
        return false;
    if (array)
        (void)puts(reading.printed > 0 ? "\n]" : "]");
    reading.since_ms = 0;
    bool good = ctl_flush(ctl);
    while (order.follow && good && somebody_reads(POLL_MS))
        good = print_all(&reading);
    return good;
}

static enum ctl_status run_log(struct ctl_context *ctl)
{
    settle_since();
    if (!ctl_enter_store(ctl))
        return CTL_FAILED;
    if (print_list(ctl) || (order.follow && !somebody_reads(0)))
        return CTL_DONE;
    return CTL_FAILED;
}

static const struct argp_option options[] = {
    {.name = "since",
     .key = KEY_SINCE,
     .arg = "TIME",
     .doc = "Only logins since 2h or 3d ago, or since a date"},
    {.name = "user", .key = KEY_USER, .arg = "USER", .doc = "Only logins of this user"},
    {.name = "result",
     .key = KEY_RESULT,
     .arg = "WORD",
     .doc = "Only success, ignored, denied, error or aborted"},
    {.name = "last",
     .key = KEY_LAST,
     .arg = "NUMBER",
     .doc = "Only the last NUMBER logins; default 20, with --since all"},
    {.name = "follow", .key = KEY_FOLLOW, .doc = "Continue with new logins"},
    {.name = "full", .key = KEY_FULL, .doc = "Also show the codes sent, and the detail"},
    {0},
};

const struct command command_log = {
    .name = "log",
    .arguments = "",
    .summary = "List the last logins",
    .text = "Lists the last logins, the newest at the end. They are kept for 90 days.",
    .json = true,
    .options = options,
    .option = option,
    .run = run_log,
};
