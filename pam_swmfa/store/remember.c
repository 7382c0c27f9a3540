/* SPDX-License-Identifier: BSD-3-Clause */
/* remember: see remember.h. */
#include <config.h>

#include "store/remember.h"

#include "config/limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "host "
#define BOOT "boot "
#define UID  " uid "
#define TTY  " tty "

/*
 * If a user calls the application, rhost names no remote host: sudo with pam_rhost sets the name of
 * this host, which all sessions of all callers share.
 */
bool remember_place(const struct remember_origin *origin, const struct moment *moment,
                    char place[REMEMBER_PLACE_SIZE])
{
    if (*origin->rhost != '\0' && origin->caller_uid == 0)
        (void)snprintf(place, REMEMBER_PLACE_SIZE, HOST "%s", origin->rhost);
    else if (*origin->tty != '\0' && origin->session > 0)
        (void)snprintf(place, REMEMBER_PLACE_SIZE, BOOT "%s" UID "%u session %d.%llu" TTY "%s",
                       moment->boot, origin->caller_uid, origin->session, origin->session_start,
                       origin->tty);
    else
        *place = '\0';
    return *place != '\0';
}

bool remember_look(struct store *store, const struct remember_about *about, int most,
                   int64_t *left_ms)
{
    struct store_answer row;
    *left_ms = 0;
    if (!store_run(store, &row,
                   "SELECT until_ms, from_wall_ms, until_wall_ms FROM swmfa_remembered WHERE "
                   "user_name = $1 AND service = $2 AND place = $3 AND phone = $4",
                   "tttt", about->user, about->service, about->place, about->phone))
        return false;
    if (row.rows == 0)
        return true;
    *left_ms = store_time_left(store, store_number(&row, 0), store_number(&row, 1),
                               store_number(&row, 2), (int64_t)most * 1000);
    return true;
}

bool remember_add(struct store *store, const struct remember_about *about, int seconds)
{
    int64_t wall = store_moment(store)->wall_ms;
    int64_t length = (int64_t)seconds * 1000;
    return store_run(store, NULL, "DELETE FROM swmfa_remembered WHERE until_ms <= $1", "i",
                     store_now(store)) &&
           store_run(store, NULL,
                     "INSERT INTO swmfa_remembered (user_name, service, place, phone, until_ms, "
                     "from_wall_ms, until_wall_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                     "ON CONFLICT (user_name, service, place) DO UPDATE SET "
                     "phone = excluded.phone, until_ms = excluded.until_ms, "
                     "from_wall_ms = excluded.from_wall_ms, "
                     "until_wall_ms = excluded.until_wall_ms",
                     "ttttiii", about->user, about->service, about->place, about->phone,
                     store_now(store) + length, wall, wall + length);
}

bool remember_forget(struct store *store, const char *user, int64_t *count)
{
    struct store_answer answer;
    if (!store_run(store, &answer, "DELETE FROM swmfa_remembered WHERE user_name = $1", "t", user))
        return false;
    *count = (int64_t)answer.changed;
    return true;
}

bool remember_count(struct store *store, const char *user, int64_t *count)
{
    struct store_answer answer;
    int64_t wall = store_moment(store)->wall_ms;
    if (!store_run(store, &answer,
                   "SELECT COUNT(*) FROM swmfa_remembered WHERE user_name = $1 AND until_ms > $2 "
                   "AND until_wall_ms > $3 AND from_wall_ms <= $4",
                   "tiii", user, store_now(store), wall, wall + STORE_STEP_MS))
        return false;
    *count = store_number(&answer, 0);
    return true;
}

/* ---- one by one ---- */

struct reader {
    const struct store *store;
    bool (*each)(const struct remembered *place, void *context);
    void *context;
};

/* The opposite of remember_place. */
static void read_place(const struct moment *moment, const char *text, struct remembered *place)
{
    const char *uid = strstr(text, UID);
    const char *tty = strstr(text, TTY);
    place->rhost = "";
    place->tty = "";
    if (strncmp(text, HOST, strlen(HOST)) == 0) {
        place->rhost = text + strlen(HOST);
    } else if (uid != NULL && tty != NULL && strncmp(text, BOOT, strlen(BOOT)) == 0) {
        const char *boot = text + strlen(BOOT);
        place->tty = tty + strlen(TTY);
        place->caller_uid = (unsigned)strtoul(uid + strlen(UID), NULL, 10);
        place->rebooted = strlen(moment->boot) != (size_t)(uid - boot) ||
                          strncmp(boot, moment->boot, (size_t)(uid - boot)) != 0;
    }
}

static bool read_row(const char *const *cells, void *context)
{
    const struct reader *reader = context;
    struct remembered place = {.service = cells[0]};
    read_place(store_moment(reader->store), cells[1], &place);
    place.left_ms =
        store_time_left(reader->store, strtoll(cells[2], NULL, 10), strtoll(cells[3], NULL, 10),
                        strtoll(cells[4], NULL, 10), (int64_t)LIMIT_SECONDS_MAX * 1000);
    bool readable = *place.rhost != '\0' || *place.tty != '\0'; /* older versions wrote others */
    return place.left_ms == 0 || !readable || reader->each(&place, reader->context);
}

bool remember_each(struct store *store, const char *user,
                   bool (*each)(const struct remembered *place, void *context), void *context)
{
    struct reader reader = {store, each, context};
    return store_each(store, read_row, &reader,
                      "SELECT service, place, until_ms, from_wall_ms, until_wall_ms "
                      "FROM swmfa_remembered WHERE user_name = $1 ORDER BY service, place",
                      "t", user);
}
