/* SPDX-License-Identifier: BSD-3-Clause */
/* history: see history.h. */
#include <config.h>

#include "store/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLEAN_EVERY 16  /* logins */
#define CLEAN_MOST  256 /* old ones that go at once: more than come meanwhile */
#define DAY_MS      ((int64_t)24 * 60 * 60 * 1000)

#define COLUMNS_COUNT 16   /* with id */
#define TEXT_SIZE     2048 /* in the form of a log line */

#define LAST "SELECT COALESCE(MAX(id), 0) FROM swmfa_login"
#define ADD  "INSERT INTO swmfa_login (id, " HISTORY_COLUMNS ") VALUES ($1, " HISTORY_VALUES ")"

void history_expect(struct store *store)
{
    store_expect(store, LAST);
    store_expect(store, ADD);
}

static const char *or_hyphen(const char *text)
{
    return *text != '\0' ? text : "-";
}

const char *history_write(const struct history_login *login, char *to, size_t size)
{
    const char *detail = login->detail;
    (void)snprintf(to, size,
                   "user=%s service=%s rhost=%s result=%s reason=%s channel=%s provider=%s "
                   "request=%s number=%s%s tries=%lld sends=%lld ms=%lld%s%s%s",
                   or_hyphen(login->user), or_hyphen(login->service), or_hyphen(login->rhost),
                   login->result, login->reason, or_hyphen(login->channel),
                   or_hyphen(login->provider), or_hyphen(login->request),
                   *login->number != '\0' ? "*" : "-", login->number, (long long)login->tries,
                   (long long)login->sends, (long long)login->ms,
                   *detail != '\0' ? " detail=\"" : "", detail, *detail != '\0' ? "\"" : "");
    return to;
}

bool history_next_sent(const char **at, struct history_sent *sent)
{
    char word[sizeof(sent->provider) + sizeof(sent->channel)];
    *sent = (struct history_sent){.certain = true};
    *at += strspn(*at, " ");
    size_t length = strcspn(*at, " ");
    (void)snprintf(word, sizeof(word), "%.*s", (int)length, *at);
    *at += length;
    size_t last = strlen(word);
    if (last > 0 && word[last - 1] == '?') {
        sent->certain = false;
        word[last - 1] = '\0';
    }
    char *channel = strchr(word, ':');
    if (channel != NULL)
        *channel++ = '\0';
    (void)snprintf(sent->provider, sizeof(sent->provider), "%s", word);
    (void)snprintf(sent->channel, sizeof(sent->channel), "%s", channel != NULL ? channel : "");
    return length > 0;
}

/* Removes rows that are too old by the current time of day, whatever it was when others were
 * written, and rows beyond the maximum. */
static bool clean_up(struct store *store, int64_t newest)
{
    if (newest % CLEAN_EVERY != 0)
        return true;
    return store_run(store, NULL, "DELETE FROM swmfa_login WHERE id <= $1", "i",
                     newest - HISTORY_MOST) &&
           store_run(store, NULL,
                     "DELETE FROM swmfa_login WHERE id IN (SELECT id FROM swmfa_login "
                     "WHERE at_wall_ms < $1 ORDER BY at_wall_ms LIMIT $2)",
                     "ii", store_moment(store)->wall_ms - HISTORY_DAYS * DAY_MS,
                     (int64_t)CLEAN_MOST);
}

bool history_add(struct store *store, const struct history_login *login, int64_t *id)
{
    struct store_answer last;
    if (!store_run(store, &last, LAST, ""))
        return false;
    *id = store_number(&last, 0) + 1;
    return store_run(store, NULL, ADD, "iitttttttttiiitt", *id, store_moment(store)->wall_ms,
                     login->user, login->service, login->rhost, login->result, login->reason,
                     login->channel, login->provider, login->request, login->number, login->tries,
                     login->sends, login->ms, login->sent, login->detail) &&
           clean_up(store, *id);
}

/* ---- reading ---- */

struct reader {
    bool (*each)(const struct history_login *login, void *context);
    void *context;
};

static int64_t number(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* Its texts are printed: none may contain anything that a terminal would obey. */
static bool read_row(const char *const *row, void *user)
{
    static char texts[COLUMNS_COUNT][TEXT_SIZE];
    const char *cells[COLUMNS_COUNT];
    const struct reader *reader = user;
    for (size_t i = 0; i < COLUMNS_COUNT; i++)
        cells[i] = store_printable(row[i], texts[i], TEXT_SIZE);
    const struct history_login login = {.id = number(cells[0]),
                                        .at_wall_ms = number(cells[1]),
                                        .user = cells[2],
                                        .service = cells[3],
                                        .rhost = cells[4],
                                        .result = cells[5],
                                        .reason = cells[6],
                                        .channel = cells[7],
                                        .provider = cells[8],
                                        .request = cells[9],
                                        .number = cells[10],
                                        .tries = number(cells[11]),
                                        .sends = number(cells[12]),
                                        .ms = number(cells[13]),
                                        .sent = cells[14],
                                        .detail = cells[15]};
    return reader->each(&login, reader->context);
}

bool history_each(struct store *store, int64_t after_id, int64_t since_wall_ms,
                  bool (*each)(const struct history_login *login, void *context), void *context)
{
    struct reader reader = {each, context};
    return store_each(store, read_row, &reader,
                      "SELECT id, " HISTORY_COLUMNS
                      " FROM swmfa_login WHERE id > $1 AND at_wall_ms >= $2 "
                      "ORDER BY id",
                      "ii", after_id, since_wall_ms);
}

bool history_last(struct store *store, const char *user,
                  bool (*each)(const struct history_login *login, void *context), void *context)
{
    struct reader reader = {each, context};
    return store_each(store, read_row, &reader,
                      "SELECT id, " HISTORY_COLUMNS " FROM swmfa_login WHERE user_name = $1 "
                      "ORDER BY id DESC LIMIT 1",
                      "t", user);
}
