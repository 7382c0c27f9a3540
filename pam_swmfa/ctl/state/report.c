/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report: counts the codes that were sent, by channel and user, their costs, and the reasons of
 * failed logins.
 *
 * It reads the list of logins once. Counts are kept in trees of tallies, each under a key of one or
 * more words separated by tabs; no word contains one. Costs are sums of integers.
 */
#include <config.h>

#include "ctl/command.h"
#include "ctl/format.h"
#include "ctl/settings.h"

#include "config/price.h"
#include "store/history.h"

#include <inttypes.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAYS_DEFAULT 30
#define TOP          10 /* users that are shown */
#define WIDTH        80 /* of the terminal, if it does not say */
#define BEFORE_BAR   22 /* columns */
#define KEY_SIZE     512

enum {
    KEY_DAYS = COMMAND_KEY,
    KEY_CSV,
};

/* The options of the command line. */
static struct {
    int days;
    bool csv;
} order = {.days = DAYS_DEFAULT};

/* ---- counting ---- */

struct tally {
    char *key;
    int64_t count;
    int64_t doubtful; /* of those: codes that may not have been sent */
    int64_t unpriced; /* of those: without a price */
    int64_t millionths;
};

/* All counts: trees of tsearch(3). */
struct report {
    const struct settings *settings;
    struct tm first; /* the first day, at its beginning */
    void *rows;      /* day, channel, provider, user */
    void *days;
    void *ways; /* channel, provider */
    void *users;
    void *failures; /* result, reason */
    struct tally all;
    bool lost; /* something was lost without memory */
};

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct tally *)left)->key, ((const struct tally *)right)->key);
}

static void free_tally(void *tally)
{
    free(((struct tally *)tally)->key);
    free(tally);
}

/* The tally of that key; NULL without memory. */
static struct tally *tally_of(void **tree, const char *key)
{
    struct tally wanted = {.key = (char *)key};
    void *found = tfind(&wanted, tree, compare);
    if (found != NULL)
        return *(struct tally **)found;
    struct tally *tally = calloc(1, sizeof(*tally));
    if (tally != NULL && (tally->key = strdup(key)) != NULL &&
        tsearch(tally, tree, compare) != NULL)
        return tally;
    if (tally != NULL)
        free_tally(tally);
    return NULL;
}

static void add(struct tally *tally, bool certain, const struct price *price)
{
    tally->count++;
    tally->doubtful += !certain;
    tally->unpriced += !price->given;
    tally->millionths += price->millionths;
}

static void count(struct report *report, void **tree, bool certain, const struct price *price,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

static void count(struct report *report, void **tree, bool certain, const struct price *price,
                  const char *format, ...)
{
    char key[KEY_SIZE];
    va_list words;
    va_start(words, format);
    (void)vsnprintf(key, sizeof(key), format, words);
    va_end(words);
    struct tally *tally = tally_of(tree, key);
    if (tally != NULL)
        add(tally, certain, price);
    else
        report->lost = true;
}

/* The price of one code; none for a provider that no longer exists. */
static struct price price_of(const struct settings *settings, const struct history_sent *sent)
{
    for (size_t i = 0; i < PROVIDER_COUNT; i++)
        for (size_t k = 0; k < CHANNEL_COUNT; k++)
            if (strcmp(provider_names[i], sent->provider) == 0 &&
                strcmp(channel_names[k], sent->channel) == 0)
                return settings->price[i][k];
    return (struct price){.given = false};
}

static bool count_login(const struct history_login *login, void *context)
{
    static const struct price none = {.given = false};
    struct report *report = context;
    const char *at = login->sent;
    struct history_sent sent;
    char day[SHOW_TIME_SIZE];
    if (strcmp(login->result, "success") != 0 && strcmp(login->result, "ignored") != 0)
        count(report, &report->failures, true, &none, "%s\t%s", login->result, login->reason);
    const char *at_day = show_day(login->at_wall_ms, day);
    while (history_next_sent(&at, &sent)) {
        const struct price price = price_of(report->settings, &sent);
        count(report, &report->rows, sent.certain, &price, "%s\t%s\t%s\t%s", at_day, sent.channel,
              sent.provider, login->user);
        count(report, &report->days, sent.certain, &price, "%s", at_day);
        count(report, &report->ways, sent.certain, &price, "%s\t%s", sent.channel, sent.provider);
        count(report, &report->users, sent.certain, &price, "%s", login->user);
        add(&report->all, sent.certain, &price);
    }
    return !report->lost;
}

/* Whole days, the last of which is today. */
static void find_first_day(struct report *report)
{
    time_t now = time(NULL);
    (void)localtime_r(&now, &report->first);
    report->first.tm_mday -= order.days - 1;
    report->first.tm_hour = report->first.tm_min = report->first.tm_sec = 0;
    report->first.tm_isdst = -1;
    (void)mktime(&report->first);
}

static bool read_list(struct ctl_context *ctl, struct report *report)
{
    struct tm first = report->first;
    int64_t since_ms = (int64_t)mktime(&first) * 1000;
    if (!ctl_begin(ctl, STORE_READ))
        return false;
    if (!history_each(ctl->store, 0, since_ms, count_login, report))
        return ctl_store_failed(ctl);
    store_cancel(ctl->store);
    return !report->lost || problem_no_memory(&ctl->problem);
}

/* ---- tallies in an order ---- */

struct listing {
    struct tally **at;
    size_t count;
    bool lost;
};

static void collect(const void *node, VISIT visit, void *context)
{
    struct listing *listing = context;
    if (visit != postorder && visit != leaf)
        return;
    struct tally **more = reallocarray(listing->at, listing->count + 1, sizeof(struct tally *));
    if (more == NULL) {
        listing->lost = true;
        return;
    }
    listing->at = more;
    more[listing->count++] = *(struct tally *const *)node;
}

static int by_count(const void *left, const void *right)
{
    const struct tally *one = *(struct tally *const *)left;
    const struct tally *other = *(struct tally *const *)right;
    if (one->count != other->count)
        return one->count < other->count ? 1 : -1;
    return compare(one, other);
}

/* The tallies of a tree, by their keys or the most first; the caller frees at. */
static bool list(struct ctl_context *ctl, const void *tree, bool most_first,
                 struct listing *listing)
{
    *listing = (struct listing){.at = NULL};
    twalk_r(tree, collect, listing);
    if (listing->lost) {
        free(listing->at);
        problem_no_memory(&ctl->problem);
        return false;
    }
    if (most_first && listing->count > 0)
        qsort(listing->at, listing->count, sizeof(struct tally *), by_count);
    return true;
}

/* Returns a word of a key, counted from 0. */
static const char *word_of(const struct tally *tally, int number, char *to, size_t size)
{
    const char *at = tally->key;
    while (number-- > 0)
        at += strcspn(at, "\t") + 1;
    (void)snprintf(to, size, "%.*s", (int)strcspn(at, "\t"), at);
    return to;
}

/* ---- as text ---- */

/* Writes the cost of a tally, and how much of it is in doubt: "  USD 1.25  (2 in doubt)"; "" if no
 * price is given and nothing is in doubt. Returns to. */
static const char *cost_of(const struct report *report, const struct tally *tally, char *to,
                           size_t size)
{
    char price[PRICE_SIZE];
    size_t used = 0;
    *to = '\0';
    if (tally->unpriced < tally->count)
        used = (size_t)snprintf(to, size, "  %s %s%s", report->settings->currency,
                                price_write(tally->millionths, price),
                                tally->unpriced > 0 ? " and more" : "");
    if (tally->doubtful > 0 && used < size)
        (void)snprintf(to + used, size - used, "  (%" PRId64 " in doubt)", tally->doubtful);
    return to;
}

static int width_of_terminal(const struct ctl_context *ctl)
{
    return ctl->width >= 40 ? ctl->width : WIDTH;
}

/* One more than nothing is seen. */
static int length_of(int64_t part, int64_t most, int width)
{
    return most > width ? (int)((part * width + most - 1) / most) : (int)part;
}

static void print_bar(const struct ctl_context *ctl, const char *day, const struct tally *tally,
                      int64_t most, int width)
{
    int64_t sent = tally != NULL ? tally->count : 0;
    int length = length_of(sent, most, width);
    int doubtful = tally != NULL ? length_of(tally->doubtful, most, width) : 0;
    (void)printf("  %s  %6" PRId64, day, sent);
    if (length > 0)
        (void)printf("  %s", ctl->colours ? "\033[36m" : "");
    for (int i = 0; i < length; i++)
        (void)putchar(i < length - doubtful ? '#' : '?');
    (void)printf("%s\n", length > 0 && ctl->colours ? "\033[0m" : "");
}

static const struct tally *find(void *const *tree, const char *key)
{
    struct tally wanted = {.key = (char *)key};
    void *found = tfind(&wanted, tree, compare);
    return found != NULL ? *(struct tally **)found : NULL;
}

/* The day of that number, counted from the first. */
static const char *day_of(const struct report *report, int number, char to[SHOW_TIME_SIZE])
{
    struct tm day = report->first;
    day.tm_mday += number;
    day.tm_hour = 12; /* there is a noon on each day */
    day.tm_isdst = -1;
    return show_day((int64_t)mktime(&day) * 1000, to);
}

static void print_days(const struct ctl_context *ctl, const struct report *report)
{
    char day[SHOW_TIME_SIZE];
    int64_t most = 0;
    for (int i = 0; i < order.days; i++) {
        const struct tally *tally = find(&report->days, day_of(report, i, day));
        if (tally != NULL && tally->count > most)
            most = tally->count;
    }
    (void)printf("Codes sent by day\n");
    for (int i = 0; i < order.days; i++) {
        const struct tally *tally = find(&report->days, day_of(report, i, day));
        print_bar(ctl, day, tally, most, width_of_terminal(ctl) - BEFORE_BAR - 1);
    }
}

/* words: of the key. */
static bool print_table(struct ctl_context *ctl, const struct report *report, const char *title,
                        const void *tree, size_t most, bool two_words)
{
    struct listing listing;
    char first[KEY_SIZE];
    char second[KEY_SIZE] = "";
    char cost[96];
    if (!list(ctl, tree, true, &listing))
        return false;
    if (listing.count > 0)
        (void)printf("\n%s\n", title);
    for (size_t i = 0; i < listing.count && i < most; i++) {
        const struct tally *tally = listing.at[i];
        if (two_words)
            (void)word_of(tally, 1, second, sizeof(second));
        (void)printf("  %-10s  %-16s  %6" PRId64 "%s\n", word_of(tally, 0, first, sizeof(first)),
                     second, tally->count, cost_of(report, tally, cost, sizeof(cost)));
    }
    free(listing.at);
    return true;
}

static void print_summary(const struct report *report)
{
    char first[SHOW_TIME_SIZE];
    char last[SHOW_TIME_SIZE];
    char cost[96];
    const struct tally *all = &report->all;
    (void)printf("From %s to %s: %" PRId64 " codes sent%s\n", day_of(report, 0, first),
                 day_of(report, order.days - 1, last), all->count,
                 cost_of(report, all, cost, sizeof(cost)));
    if (all->unpriced > 0)
        (void)printf("%" PRId64 " of them without a price: set sms_price and call_price in "
                     "swmfa.conf(5)\n",
                     all->unpriced);
    (void)putchar('\n');
}

static bool print_text(struct ctl_context *ctl, const struct report *report)
{
    print_summary(report);
    print_days(ctl, report);
    return print_table(ctl, report, "By channel and provider", report->ways, SIZE_MAX, true) &&
           print_table(ctl, report, "Users with the most codes", report->users, TOP, false) &&
           print_table(ctl, report, "Logins that failed", report->failures, SIZE_MAX, true);
}

/* ---- as CSV (RFC 4180) ---- */

static void print_field(const char *text)
{
    bool plain = strpbrk(text, ",\"") == NULL;
    if (!plain)
        (void)putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)putchar('"');
        (void)putchar(*text);
    }
    (void)fputs(plain ? "," : "\",", stdout);
}

static bool print_csv(struct ctl_context *ctl, const struct report *report)
{
    struct listing listing;
    char word[KEY_SIZE];
    char price[PRICE_SIZE];
    if (!list(ctl, report->rows, false, &listing))
        return false;
    (void)printf("day,channel,provider,user,sent,in_doubt,cost,currency\r\n");
    for (size_t i = 0; i < listing.count; i++) {
        const struct tally *tally = listing.at[i];
        for (int k = 0; k < 4; k++)
            print_field(word_of(tally, k, word, sizeof(word)));
        (void)printf("%" PRId64 ",%" PRId64 ",%s,%s\r\n", tally->count, tally->doubtful,
                     tally->unpriced == 0 ? price_write(tally->millionths, price) : "",
                     report->settings->currency);
    }
    free(listing.at);
    return true;
}

/* ---- as JSON ---- */

/* The cost is a text, as a number of JSON need not be exact; null if there is no price. */
static json_object *json_tally(const struct tally *tally, bool sends)
{
    char price[PRICE_SIZE];
    json_object *object = json_object_new_object();
    show_add_number(object, sends ? "sent" : "logins", tally->count);
    if (!sends)
        return object;
    show_add_number(object, "in_doubt", tally->doubtful);
    show_add_number(object, "unpriced", tally->unpriced);
    if (tally->unpriced < tally->count || tally->count == 0)
        show_add_text(object, "cost", price_write(tally->millionths, price));
    else
        (void)json_object_object_add(object, "cost", NULL);
    return object;
}

/* names: of the words of the key, which end with NULL. */
static bool add_list(struct ctl_context *ctl, json_object *document, const char *name,
                     const void *tree, const char *const *names)
{
    struct listing listing;
    char word[KEY_SIZE];
    bool by_day = strcmp(name, "days") == 0;
    if (!list(ctl, tree, !by_day, &listing))
        return false;
    json_object *array = json_object_new_array();
    for (size_t i = 0; i < listing.count; i++) {
        json_object *object = json_tally(listing.at[i], strcmp(name, "failures") != 0);
        for (int k = 0; names[k] != NULL; k++)
            show_add_text(object, names[k], word_of(listing.at[i], k, word, sizeof(word)));
        (void)json_object_array_add(array, object);
    }
    free(listing.at);
    (void)json_object_object_add(document, name, array);
    return true;
}

static bool print_json(struct ctl_context *ctl, const struct report *report)
{
    char day[SHOW_TIME_SIZE];
    json_object *document = json_object_new_object();
    show_add_text(document, "from", day_of(report, 0, day));
    show_add_text(document, "to", day_of(report, order.days - 1, day));
    show_add_text(document, "currency", report->settings->currency);
    (void)json_object_object_add(document, "all", json_tally(&report->all, true));
    if (add_list(ctl, document, "days", report->days, (const char *const[]){"day", NULL}) &&
        add_list(ctl, document, "ways", report->ways,
                 (const char *const[]){"channel", "provider", NULL}) &&
        add_list(ctl, document, "users", report->users, (const char *const[]){"user", NULL}) &&
        add_list(ctl, document, "failures", report->failures,
                 (const char *const[]){"result", "reason", NULL}))
        return ctl_print_json(ctl, document);
    json_object_put(document);
    return false;
}

/* ---- the command ---- */

static error_t option(int key, char *argument, struct argp_state *state)
{
    char *end = NULL;
    long days = 0;
    switch (key) {
    case KEY_DAYS:
        days = strtol(argument, &end, 10);
        if (*argument < '0' || *argument > '9' || *end != '\0' || days < 1 || days > HISTORY_DAYS)
            argp_error(state, "--days: expected a number from 1 to %d", HISTORY_DAYS);
        order.days = (int)days;
        return 0;
    case KEY_CSV:
        order.csv = true;
        return 0;
    case ARGP_KEY_END:
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void free_report(struct report *report)
{
    void *trees[] = {report->rows, report->days, report->ways, report->users, report->failures};
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++)
        tdestroy(trees[i], free_tally);
}

static enum ctl_status run_report(struct ctl_context *ctl)
{
    struct settings settings;
    struct report report = {.settings = &settings};
    if (order.csv && ctl->json) {
        problem_set(&ctl->problem, "--csv and --json cannot be combined");
        return CTL_FAILED;
    }
    if (!settings_read(ctl, &settings) || !ctl_enter_store(ctl))
        return CTL_FAILED;
    find_first_day(&report);
    bool good = read_list(ctl, &report);
    if (good && order.csv)
        good = print_csv(ctl, &report);
    else if (good)
        good = ctl->json ? print_json(ctl, &report) : print_text(ctl, &report);
    free_report(&report);
    return good && ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

static const struct argp_option options[] = {
    {.name = "days",
     .key = KEY_DAYS,
     .arg = "NUMBER",
     .doc = "How many days, today included; default 30"},
    {.name = "csv", .key = KEY_CSV, .doc = "Print CSV: a row per day, channel, provider and user"},
    {0},
};

const struct command command_report = {
    .name = "report",
    .arguments = "",
    .summary = "Show how many codes were sent, and what they cost",
    .text = "Shows how many codes were sent by day, channel, provider and user, what they cost "
            "at the prices of the configuration, and why logins failed.",
    .json = true,
    .options = options,
    .option = option,
    .run = run_report,
};
