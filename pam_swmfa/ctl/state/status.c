/* SPDX-License-Identifier: BSD-3-Clause */
/* status: shows the store's data on a user, or on all users. */
#include <config.h>

#include "ctl/command.h"
#include "ctl/format.h"
#include "ctl/settings.h"

#include "base/log.h"
#include "store/bypass.h"
#include "store/codes.h"
#include "store/failures.h"
#include "store/history.h"
#include "store/remember.h"
#include "store/sends.h"
#include "store/user_iter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The data on one user. */
struct standing {
    struct failures failures;
    int64_t sent[LIMIT_MANY]; /* in the window of each limit of user_sends */
    int64_t codes;
    int64_t places;
    struct bypass bypass;
    int64_t wall_ms; /* of the moment */
};

/* Within a transaction. */
static bool read_standing(struct ctl_context *ctl, const char *user,
                          const struct limit_list *limits, struct standing *standing)
{
    *standing = (struct standing){.wall_ms = store_moment(ctl->store)->wall_ms};
    for (size_t i = 0; i < limits->count; i++)
        if (!sends_of_user(ctl->store, user, limits->at[i].seconds, &standing->sent[i]))
            return false;
    return failures_look(ctl->store, user, &standing->failures) &&
           codes_left(ctl->store, user, &standing->codes) &&
           remember_count(ctl->store, user, &standing->places) &&
           bypass_look(ctl->store, user, &standing->bypass);
}

/* ---- as JSON ---- */

static void add_time_left(json_object *object, const char *name, const struct standing *standing,
                          int64_t left_ms)
{
    (void)json_object_object_add(object, name,
                                 left_ms > 0 ? show_json_time(standing->wall_ms + left_ms) : NULL);
}

static json_object *json_sends(const struct limit_list *limits, const int64_t *sent)
{
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < limits->count; i++) {
        json_object *window = json_object_new_object();
        show_add_number(window, "seconds", limits->at[i].seconds);
        show_add_number(window, "sent", sent[i]);
        show_add_number(window, "most", limits->at[i].most);
        (void)json_object_array_add(list, window);
    }
    return list;
}

static json_object *json_bypass(const struct standing *standing)
{
    if (standing->bypass.left_ms == 0)
        return NULL;
    json_object *pass = json_object_new_object();
    add_time_left(pass, "until", standing, standing->bypass.left_ms);
    show_add_text(pass, "reason", standing->bypass.reason);
    return pass;
}

static json_object *json_standing(const char *shown, const struct limit_list *limits,
                                  const struct standing *standing)
{
    const struct failures *failures = &standing->failures;
    json_object *object = json_object_new_object();
    show_add_text(object, "user", shown);
    show_add_number(object, "failures", failures->failures);
    (void)json_object_object_add(object, "locked", json_object_new_boolean(failures->locked));
    add_time_left(object, "locked_until", standing, failures->locked_for_ms);
    (void)json_object_object_add(object, "sends", json_sends(limits, standing->sent));
    show_add_number(object, "codes", standing->codes);
    show_add_number(object, "places", standing->places);
    (void)json_object_object_add(object, "pass", json_bypass(standing));
    return object;
}

/* ---- one user ---- */

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

static void show_lock(const struct standing *standing)
{
    char text[64];
    const struct failures *failures = &standing->failures;
    row("failures in a row", "%" PRId64, failures->failures);
    if (!failures->locked) {
        row("locked", "no");
    } else if (failures->for_ever) {
        row("locked", "until swmfactl unlock");
    } else {
        row("locked", "for %s more", limit_time_write(failures->locked_for_ms, text, sizeof(text)));
        /* The lock ends by the time of the store, which stops while the host is down. */
        row("estimated end", "%s, if the host stays up and its clock is right",
            show_time(standing->wall_ms + failures->locked_for_ms, text));
    }
}

static void show_sends(const char *what, const struct limit_list *limits, const int64_t *sent)
{
    char label[48];
    char text[16];
    for (size_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->at[i];
        (void)snprintf(label, sizeof(label), "%s in %s", what,
                       limit_span_write(limit->seconds, text, sizeof(text)));
        row(label, "%" PRId64 " of %d", sent[i], limit->most);
    }
}

static void show_bypass(const struct standing *standing)
{
    char left[64];
    if (standing->bypass.left_ms == 0)
        row("bypass", "no");
    else
        row("bypass", "for %s more: %s",
            limit_time_write(standing->bypass.left_ms, left, sizeof(left)),
            standing->bypass.reason);
}

static const char *mapped_text(enum users_result mapped)
{
    switch (mapped) {
    case USERS_FOUND:
        return "yes";
    case USERS_OTHER_KEYS:
        return "for SSH keys only";
    case USERS_BAD_LINE:
        return "yes, but the line is wrong";
    case USERS_ABSENT:
    case USERS_ERROR:
        break;
    }
    return "no";
}

static void show_standing(const struct ctl_context *ctl, const struct settings *settings,
                          const struct standing *standing)
{
    row("user", "%s", ctl->shown);
    if (ctl->stranger)
        row("account", "none of that name");
    row("in the users map", "%s", mapped_text(settings->mapped));
    show_lock(standing);
    show_sends("codes sent", &settings->sends.user, standing->sent);
    row("break-glass codes", "%" PRId64 " left", standing->codes);
    show_bypass(standing);
    row("remembered logins", "%" PRId64, standing->places);
}

/* The lists that follow the table, item by item, or are added to the document. */
struct pieces {
    int64_t wall_ms;
    json_object *document; /* NULL: text */
    json_object *places;
    bool login; /* there was one */
};

static bool show_place(const struct remembered *place, void *context)
{
    struct pieces *pieces = context;
    char service[256];
    char from[1024];
    char time[SHOW_TIME_SIZE];
    bool local = *place->rhost == '\0';
    (void)log_escape(service, sizeof(service), place->service, " ");
    (void)log_escape(from, sizeof(from), local ? place->tty : place->rhost, " ");
    if (pieces->document == NULL) {
        char session[64] = "";
        if (local)
            (void)snprintf(session, sizeof(session), " in a session of uid %u", place->caller_uid);
        row("remembered", "%s %s %s%s, until %s%s", service, local ? "on" : "from", from, session,
            show_time(pieces->wall_ms + place->left_ms, time),
            place->rebooted ? "; ended by a reboot" : "");
        return true;
    }
    json_object *object = json_object_new_object();
    show_add_text(object, "service", service);
    show_add_text(object, local ? "tty" : "rhost", from);
    if (local)
        show_add_number(object, "uid", place->caller_uid);
    (void)json_object_object_add(object, "until", show_json_time(pieces->wall_ms + place->left_ms));
    (void)json_object_object_add(object, "rebooted", json_object_new_boolean(place->rebooted));
    (void)json_object_array_add(pieces->places, object);
    return true;
}

static bool show_login(const struct history_login *login, void *context)
{
    struct pieces *pieces = context;
    char time[SHOW_TIME_SIZE];
    pieces->login = true;
    if (pieces->document != NULL)
        (void)json_object_object_add(pieces->document, "last_login", show_json_login(login));
    else
        row("last login", "%s %s from %s: %s %s", show_time(login->at_wall_ms, time),
            show_text(login->service), show_text(login->rhost), login->result, login->reason);
    return true;
}

static bool show_pieces(struct ctl_context *ctl, struct pieces *pieces)
{
    char name[HISTORY_USER_SIZE];
    (void)log_escape(name, sizeof(name), ctl->user, " \"");
    return remember_each(ctl->store, ctl->account, show_place, pieces) &&
           history_last(ctl->store, name, show_login, pieces);
}

static bool print_user(struct ctl_context *ctl, const struct settings *settings,
                       const struct standing *standing)
{
    struct pieces pieces = {.wall_ms = standing->wall_ms};
    show_standing(ctl, settings, standing);
    if (!show_pieces(ctl, &pieces))
        return ctl_store_failed(ctl);
    if (!pieces.login)
        row("last login", "not in the list");
    return true;
}

static bool print_json_user(struct ctl_context *ctl, const struct settings *settings,
                            const struct standing *standing)
{
    json_object *document = json_standing(ctl->shown, &settings->sends.user, standing);
    struct pieces pieces = {.wall_ms = standing->wall_ms,
                            .document = document,
                            .places = json_object_new_array()};
    show_add_text(document, "in_users_map", mapped_text(settings->mapped));
    (void)json_object_object_add(document, "remembered", pieces.places);
    (void)json_object_object_add(document, "last_login", NULL);
    if (show_pieces(ctl, &pieces))
        return ctl_print_json(ctl, document);
    json_object_put(document);
    return ctl_store_failed(ctl);
}

static bool show_user(struct ctl_context *ctl, const struct settings *settings)
{
    struct standing standing;
    if (!ctl_begin(ctl, STORE_READ))
        return false;
    if (!read_standing(ctl, ctl->account, &settings->sends.user, &standing) ||
        !bypass_look(ctl->store, ctl->user, &standing.bypass)) /* it is for the very name */
        return ctl_store_failed(ctl);
    bool good = ctl->json ? print_json_user(ctl, settings, &standing)
                          : print_user(ctl, settings, &standing);
    store_cancel(ctl->store);
    return good;
}

/* ---- everybody ---- */

static bool is_empty(const struct standing *standing, const struct limit_list *limits)
{
    int64_t sent = 0;
    for (size_t i = 0; i < limits->count; i++)
        sent += standing->sent[i];
    return standing->failures.failures == 0 && !standing->failures.locked && sent == 0 &&
           standing->codes == 0 && standing->places == 0 && standing->bypass.left_ms == 0;
}

static void show_head(const struct limit_list *limits)
{
    char text[16];
    (void)printf("\n%-16s  %-19s  %8s", "USER", "LOCKED UNTIL", "FAILURES");
    for (size_t i = 0; i < limits->count; i++)
        (void)printf("  %4s %-3s", "SENT",
                     limit_span_write(limits->at[i].seconds, text, sizeof(text)));
    (void)printf("  %5s  %6s  %s\n", "CODES", "PLACES", "BYPASS UNTIL");
}

static const char *lock_end(const struct standing *standing, char to[SHOW_TIME_SIZE])
{
    const struct failures *failures = &standing->failures;
    if (!failures->locked)
        return "-";
    return failures->for_ever ? "swmfactl unlock"
                              : show_time(standing->wall_ms + failures->locked_for_ms, to);
}

static const char *pass_end_of(const struct standing *standing, char to[SHOW_TIME_SIZE])
{
    int64_t left_ms = standing->bypass.left_ms;
    return left_ms > 0 ? show_time(standing->wall_ms + left_ms, to) : "-";
}

static void show_line(const struct ctl_context *ctl, const char *shown,
                      const struct limit_list *limits, const struct standing *standing)
{
    char text[SHOW_TIME_SIZE];
    bool coloured = ctl->colours && standing->failures.locked;
    (void)printf("%-16s  %s%-19s%s  %8" PRId64, shown, coloured ? "\033[31m" : "",
                 lock_end(standing, text), coloured ? "\033[0m" : "", standing->failures.failures);
    for (size_t i = 0; i < limits->count; i++) {
        (void)snprintf(text, sizeof(text), "%" PRId64 "/%d", standing->sent[i], limits->at[i].most);
        (void)printf("  %8s", text);
    }
    (void)printf("  %5" PRId64 "  %6" PRId64 "  %s\n", standing->codes, standing->places,
                 pass_end_of(standing, text));
}

/* Gets the next user with data, each in a transaction of its own, so that a slow reader of the
 * output delays nobody. */
static bool next_user(struct ctl_context *ctl, const struct limit_list *limits,
                      char name[USER_ITER_NAME_SIZE], struct standing *standing)
{
    if (!ctl_begin(ctl, STORE_READ))
        return false;
    do {
        if (!user_iter_next(ctl->store, name, name) ||
            (*name != '\0' && !read_standing(ctl, name, limits, standing)))
            return ctl_store_failed(ctl);
    } while (*name != '\0' && is_empty(standing, limits));
    store_cancel(ctl->store);
    return true;
}

static bool read_host(struct ctl_context *ctl, const struct limit_list *limits, int64_t *sent)
{
    if (!ctl_begin(ctl, STORE_READ))
        return false;
    for (size_t i = 0; i < limits->count; i++)
        if (!sends_of_host(ctl->store, limits->at[i].seconds, &sent[i]))
            return ctl_store_failed(ctl);
    store_cancel(ctl->store);
    return true;
}

/* Names that are not in the map are counted together, see user_iter.h. */
static bool is_stranger(const char *name)
{
    return strncmp(name, "? ", 2) == 0;
}

static void explain_strangers(void)
{
    (void)printf("\n\"? NN\" stands for all names not in the users map whose prompt shows a number "
                 "ending in NN\n");
}

/* users: the list for them, or NULL for text. */
static bool show_people(struct ctl_context *ctl, const struct limit_list *limits,
                        json_object *users)
{
    char name[USER_ITER_NAME_SIZE] = "";
    char shown[4 * COMMAND_USER_MAX + 1];
    struct standing standing;
    bool any = false;
    bool strangers = false;
    while (next_user(ctl, limits, name, &standing)) {
        if (*name == '\0') {
            if (strangers && users == NULL)
                explain_strangers();
            return true;
        }
        strangers = strangers || is_stranger(name);
        (void)log_escape(shown, sizeof(shown), name, is_stranger(name) ? "" : " \"");
        if (users != NULL)
            (void)json_object_array_add(users, json_standing(shown, limits, &standing));
        else if (!any)
            show_head(limits);
        if (users == NULL)
            show_line(ctl, shown, limits, &standing);
        any = true;
    }
    return false;
}

static bool show_all(struct ctl_context *ctl, const struct settings *settings)
{
    int64_t sent[LIMIT_MANY];
    if (!read_host(ctl, &settings->sends.host, sent))
        return false;
    if (!ctl->json) {
        show_sends("sent by this host", &settings->sends.host, sent);
        return show_people(ctl, &settings->sends.user, NULL);
    }
    json_object *document = json_object_new_object();
    json_object *users = json_object_new_array();
    (void)json_object_object_add(document, "host_sends", json_sends(&settings->sends.host, sent));
    (void)json_object_object_add(document, "users", users);
    if (show_people(ctl, &settings->sends.user, users))
        return ctl_print_json(ctl, document);
    json_object_put(document);
    return false;
}

/* ---- the command ---- */

static enum ctl_status run_status(struct ctl_context *ctl)
{
    struct settings settings;
    if (!settings_read(ctl, &settings) || !ctl_enter_store(ctl) ||
        !(ctl->user != NULL ? show_user(ctl, &settings) : show_all(ctl, &settings)))
        return CTL_FAILED;
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

const struct command command_status = {
    .name = "status",
    .arguments = "[USER]",
    .summary = "Show failures, locks, codes sent, bypasses",
    .text = "Shows what the store has of USER: failures in a row, lock, codes sent, "
            "break-glass codes left, bypass, remembered logins, last login. Without USER, a table "
            "of all users with such entries, and the codes that this host sent.",
    .max_args = 1,
    .json = true,
    .run = run_status,
};
