/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sends: see sends.h.
 *
 * Each send is a row with its time and everything that it counts against. A limit of N in a time is
 * reached if the Nth newest row is younger than that.
 */
#include <config.h>

#include "store/sends.h"

#include "store/digest.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define THIS_HOST "localhost" /* one database is one host's */
#define DAY_MS    ((int64_t)24 * 60 * 60 * 1000)

/* One of the four things that a send counts against. */
struct scope {
    const char *key;
    const char *column;
    const struct limit_list *list;
    const char *value;
};

/* If the limit is reached, keeps it unless another one is for longer. False if the store failed. */
static bool check(struct store *store, const struct scope *scope, const struct limit *limit,
                  struct sends_refusal *refusal)
{
    char sql[160];
    struct store_answer oldest;
    int64_t window = (int64_t)limit->seconds * 1000;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT at_ms FROM swmfa_send WHERE %s = $1 AND at_ms > $2 "
                   "ORDER BY at_ms DESC LIMIT 1 OFFSET $3",
                   scope->column);
    if (!store_run(store, &oldest, sql, "tii", scope->value, store_now(store) - window,
                   (int64_t)limit->most - 1))
        return false;
    int64_t free_in = store_number(&oldest, 0) + window - store_now(store);
    if (oldest.rows > 0 && free_in > refusal->free_in_ms)
        *refusal = (struct sends_refusal){scope->key, *limit, free_in};
    return true;
}

static bool check_scope(struct store *store, const struct scope *scope,
                        struct sends_refusal *refusal)
{
    for (size_t i = 0; i < scope->list->count && *scope->value != '\0'; i++)
        if (!check(store, scope, &scope->list->at[i], refusal))
            return false;
    return true;
}

static void lengthen(const struct limit_list *list, int64_t *longest)
{
    for (size_t i = 0; i < list->count; i++)
        if ((int64_t)list->at[i].seconds * 1000 > *longest)
            *longest = (int64_t)list->at[i].seconds * 1000;
}

/* Removes rows that no limit looks back to. */
static bool clean_up(struct store *store, const struct limits *limits)
{
    int64_t longest = DAY_MS;
    lengthen(&limits->user, &longest);
    lengthen(&limits->phone, &longest);
    lengthen(&limits->address, &longest);
    lengthen(&limits->host, &longest);
    return store_run(store, NULL, "DELETE FROM swmfa_send WHERE at_ms <= $1", "i",
                     store_now(store) - longest);
}

bool sends_look(struct store *store, const struct limits *limits, const struct sends_about *about,
                struct sends_refusal *refusal)
{
    *refusal = (struct sends_refusal){.free_in_ms = 0};
    const struct scope scopes[] = {
        {"user_sends", "user_name", &limits->user, about->user},
        {"phone_sends", "phone", &limits->phone, about->phone},
        {"address_sends", "address", &limits->address, about->address},
        {"host_sends", "host", &limits->host, THIS_HOST},
    };
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
        if (!check_scope(store, &scopes[i], refusal))
            return false;
    return true;
}

enum sends sends_count(struct store *store, const struct limits *limits,
                       const struct sends_about *about, char *id, struct sends_refusal *refusal)
{
    if (!digest_random(id)) {
        (void)store_fail(store, "no random numbers");
        return SENDS_FAILED;
    }
    const char *host = *about->phone != '\0' && !about->pretended ? THIS_HOST : "";
    if (!sends_look(store, limits, about, refusal))
        return SENDS_FAILED;
    if (refusal->key != NULL)
        return SENDS_REFUSED;
    bool good =
        clean_up(store, limits) &&
        store_run(store, NULL,
                  "INSERT INTO swmfa_send (id, at_ms, user_name, phone, address, host) "
                  "VALUES ($1, $2, $3, $4, $5, $6)",
                  "titttt", id, store_now(store), about->user, about->phone, about->address, host);
    return good ? SENDS_COUNTED : SENDS_FAILED;
}

bool sends_lift(struct store *store, const char *user, const char *phone, int64_t *count)
{
    struct store_answer users;
    struct store_answer phones = {.changed = 0};
    if (!store_run(store, &users, "UPDATE swmfa_send SET user_name = '' WHERE user_name = $1", "t",
                   user) ||
        (*phone != '\0' &&
         !store_run(store, &phones, "UPDATE swmfa_send SET phone = '' WHERE phone = $1", "t",
                    phone)))
        return false;
    *count = (int64_t)(users.changed > phones.changed ? users.changed : phones.changed);
    return true;
}

bool sends_give_back(struct store *store, const char *id)
{
    return store_run(store, NULL, "DELETE FROM swmfa_send WHERE id = $1", "t", id);
}

bool sends_of_user(struct store *store, const char *user, int seconds, int64_t *count)
{
    struct store_answer answer;
    if (!store_run(store, &answer,
                   "SELECT COUNT(*) FROM swmfa_send WHERE user_name = $1 AND at_ms > $2", "ti",
                   user, store_now(store) - (int64_t)seconds * 1000))
        return false;
    *count = store_number(&answer, 0);
    return true;
}

bool sends_of_host(struct store *store, int seconds, int64_t *count)
{
    struct store_answer answer;
    if (!store_run(store, &answer, "SELECT COUNT(*) FROM swmfa_send WHERE host = $1 AND at_ms > $2",
                   "ti", THIS_HOST, store_now(store) - (int64_t)seconds * 1000))
        return false;
    *count = store_number(&answer, 0);
    return true;
}

void sends_address(const char *rhost, char *address, size_t size)
{
    struct in6_addr six;
    char text[INET6_ADDRSTRLEN];
    size_t length = strcspn(rhost, "%"); /* a link-local address is followed by its interface */
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    (void)snprintf(address, size, "%s", rhost);
    if (length >= sizeof(text))
        return;
    memcpy(text, rhost, length);
    text[length] = '\0';
    if (inet_pton(AF_INET6, text, &six) != 1)
        return;
    if (memcmp(&six, mapped, sizeof(mapped)) == 0) {
        (void)inet_ntop(AF_INET, six.s6_addr + sizeof(mapped), address, (socklen_t)size);
        return;
    }
    memset(six.s6_addr + 8, 0, 8);
    (void)inet_ntop(AF_INET6, &six, address, (socklen_t)size);
}
