/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store_cost: what the store alone costs a login.
 *
 * SYNOPSIS
 *   store_cost FOLDER USER
 *   store_cost FOLDER USER COUNT
 *
 * DESCRIPTION
 *   Makes the transactions of one login with a right code: looks the user up, counts a send and an
 *   attempt, clears the failure, records the login. With COUNT, makes entries of so many further
 * users instead, each with a failure and a remembered login, and some with a send. Exit status 0 if
 * all went well.
 */
#include <config.h>

#include "store/bypass.h"
#include "store/codes.h"
#include "store/failures.h"
#include "store/history.h"
#include "store/latency.h"
#include "store/remember.h"
#include "store/sends.h"

#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS 4000
#define BATCH   1000
/* The sends that the limits of a host permit in a day. */
#define SENDS_MOST 900

static const struct limits limits = {
    .user = {3, {{100000, 600}, {100000, 3600}, {100000, 86400}}},
    .phone = {3, {{100000, 600}, {100000, 3600}, {100000, 86400}}},
    .address = {1, {{100000, 3600}}},
    .host = {2, {{1100, 3600}, {1100, 86400}}},
};

static bool begin(struct store *store, enum store_access access)
{
    return store_begin(store, access, NULL, WAIT_MS);
}

static bool look(struct store *store, const char *user)
{
    struct failures tries;
    struct bypass pass;
    int64_t left = 0;
    if (!begin(store, STORE_READ) || !failures_look(store, user, &tries) ||
        !bypass_look(store, user, &pass) || !codes_left(store, user, &left))
        return false;
    store_cancel(store);
    return true;
}

static bool count_send(struct store *store, const char *user)
{
    const struct sends_about about = {user, "+15550100182", "192.0.2.1", false};
    struct sends_refusal refusal;
    char id[SENDS_ID_SIZE];
    struct failures tries;
    return begin(store, STORE_WRITE) && failures_look(store, user, &tries) &&
           sends_count(store, &limits, &about, id, &refusal) == SENDS_COUNTED &&
           store_commit(store);
}

static bool count_try(struct store *store, const char *user, int64_t *attempt)
{
    struct failures tries = {0};
    bool good =
        begin(store, STORE_WRITE) && failures_count(store, user, 10, &tries) && store_commit(store);
    *attempt = tries.attempt;
    return good;
}

static bool login(struct store *store, const char *user)
{
    const struct history_login row = {.user = user,
                                      .service = "sshd",
                                      .rhost = "192.0.2.1",
                                      .result = "success",
                                      .reason = "verified",
                                      .channel = "sms",
                                      .provider = "signalwire",
                                      .request = "00000000-0000-0000-0000-000000000000",
                                      .number = "82",
                                      .sent = "signalwire:sms",
                                      .detail = ""};
    int64_t attempt = 0;
    int64_t id = 0;
    return look(store, user) && count_send(store, user) && count_try(store, user, &attempt) &&
           begin(store, STORE_RELAX) && failures_forgive(store, user, attempt) &&
           history_add(store, &row, &id) && latency_add(store, LATENCY_SEND, id, 1000) &&
           latency_add(store, LATENCY_VERIFY, id, 1000) && store_commit(store);
}

static bool add_user(struct store *store, long number)
{
    char user[32];
    char phone[32];
    char id[SENDS_ID_SIZE];
    struct failures tries;
    struct sends_refusal refusal;
    const struct limits none = {0};
    enum sends sent = SENDS_COUNTED;
    (void)snprintf(user, sizeof(user), "user%ld", number);
    (void)snprintf(phone, sizeof(phone), "+1555%07ld", number);
    const struct sends_about about = {user, phone, user, false};
    const struct remember_about place = {user, "sshd", "host 192.0.2.1", phone};
    if (number < SENDS_MOST)
        sent = sends_count(store, &none, &about, id, &refusal);
    return sent == SENDS_COUNTED && failures_count(store, user, 10, &tries) &&
           remember_add(store, &place, 86400);
}

static bool add_users(struct store *store, long count)
{
    for (long done = 0; done < count; done++) {
        if (done % BATCH == 0 && !((done == 0 || store_commit(store)) && begin(store, STORE_WRITE)))
            return false;
        if (!add_user(store, done))
            return false;
    }
    return store_commit(store);
}

int main(int argc, char **argv)
{
    struct problem problem = {0};
    if (argc != 3 && argc != 4)
        return 2;
    struct store *store = store_open(argv[1], &problem);
    if (store == NULL) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    bool good = argc == 3 ? login(store, argv[2]) : add_users(store, strtol(argv[3], NULL, 10));
    if (!good)
        (void)fprintf(stderr, "%s\n", store_problem(store)->text);
    store_close(store);
    return good ? 0 : 1;
}
