/* SPDX-License-Identifier: BSD-3-Clause */
/* user_list: user list, user show. */
#include <config.h>

#include "ctl/users/user.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line of the map for the output. */
struct row {
    unsigned long line;
    char name[COMMAND_USER_MAX + 1];     /* of the user */
    char user[4 * COMMAND_USER_MAX + 1]; /* the same, printable */
    char number[PHONE_NUMBER_SIZE];      /* "" in a line that is wrong */
    char key[SSHKEY_FINGERPRINT_SIZE];   /* "": for all */
    struct phone phone;
    const char *wrong;           /* NULL: it is good */
    unsigned long deciding_line; /* in force for a login with this key; 0: none */
};

static void fill(struct row *row, const struct map *map, struct map_line *line)
{
    struct users_line parsed;
    struct phone phone;
    struct map_line *deciding = line;
    map_parse(line, &parsed);
    *row = (struct row){.line = map_number(map, line), .phone = parsed.phone};
    row->wrong = parsed.wrong;
    (void)snprintf(row->name, sizeof(row->name), "%.*s", (int)parsed.user_length, parsed.user);
    (void)log_escape(row->user, sizeof(row->user), row->name, " \"");
    if (parsed.key_length < sizeof(row->key) && parsed.key != NULL)
        memcpy(row->key, parsed.key, parsed.key_length);
    if (parsed.wrong != NULL)
        return;
    (void)user_mask(parsed.phone.number, row->number);
    struct map_user all = map_find(map, parsed.user, parsed.user_length);
    if (all.count > 1)
        (void)map_decides(&all, *row->key != '\0' ? row->key : NULL, &phone, &deciding);
    row->deciding_line = deciding != NULL ? map_number(map, deciding) : 0;
}

static const char *channels_text(const struct phone *phone, char text[16])
{
    (void)snprintf(text, 16, "%s%s%s",
                   phone->channel_count > 0 ? channel_names[phone->channels[0]] : "",
                   phone->channel_count > 1 ? "," : "",
                   phone->channel_count > 1 ? channel_names[phone->channels[1]] : "");
    return text;
}

static const char *or_dash(const char *text)
{
    return *text != '\0' ? text : "-";
}

/* counts: report a line that is in force. */
static void print_row(const struct row *row, bool counts)
{
    char channels[16];
    (void)printf("%5lu  %-16s  %-*s  %-8s  %s", row->line, row->user,
                 user_options.numbers ? PHONE_NUMBER_SIZE - 1 : 6, or_dash(row->number),
                 or_dash(row->wrong == NULL ? channels_text(&row->phone, channels) : ""),
                 or_dash(row->key));
    if (row->wrong != NULL)
        (void)printf("  wrong, and denies the user: %s", row->wrong);
    else if (row->deciding_line != row->line)
        (void)printf("  has no effect: line %lu decides", row->deciding_line);
    else if (counts)
        (void)printf("  counts");
    (void)putchar('\n');
}

static json_object *text_or_null(const char *text)
{
    return text != NULL && *text != '\0' ? json_object_new_string(text) : NULL;
}

/* JSON is UTF-8, and names are bytes: ASCII stays unchanged. */
static const char *json_name(const struct row *row)
{
    for (const char *at = row->name; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            return row->user;
    return row->name;
}

static json_object *as_json(const struct row *row)
{
    json_object *object = json_object_new_object();
    json_object *channels = json_object_new_array();
    for (size_t i = 0; row->wrong == NULL && i < row->phone.channel_count; i++)
        (void)json_object_array_add(channels,
                                    json_object_new_string(channel_names[row->phone.channels[i]]));
    (void)json_object_object_add(object, "line", json_object_new_int64((int64_t)row->line));
    (void)json_object_object_add(object, "user", json_object_new_string(json_name(row)));
    (void)json_object_object_add(object, "number", text_or_null(row->number));
    (void)json_object_object_add(object, "channels", channels);
    (void)json_object_object_add(object, "key", text_or_null(row->key));
    (void)json_object_object_add(object, "wrong", text_or_null(row->wrong));
    (void)json_object_object_add(object, "counts",
                                 json_object_new_boolean(row->deciding_line == row->line));
    return object;
}

/* Shows the lines of the map that have a user, or those of one user. */
static bool show(struct ctl_context *ctl, const struct map *map, const struct map_user *user)
{
    static struct row row;
    json_object *list = json_object_new_array();
    size_t count = user != NULL ? user->count : map->count;
    struct users_line parsed;
    if (!ctl->json && count > 0)
        (void)printf("%5s  %-16s  %-*s  %-8s  %s\n", "LINE", "USER",
                     user_options.numbers ? PHONE_NUMBER_SIZE - 1 : 6, "NUMBER", "CHANNELS", "KEY");
    for (size_t i = 0; i < count; i++) {
        struct map_line *line = user != NULL ? user->lines[i] : &map->lines[i];
        map_parse(line, &parsed);
        if (parsed.user == NULL)
            continue;
        fill(&row, map, line);
        if (ctl->json)
            (void)json_object_array_add(list, as_json(&row));
        else
            print_row(&row, user != NULL);
    }
    if (ctl->json)
        return ctl_print_json(ctl, list);
    json_object_put(list);
    return ctl_flush(ctl);
}

static enum ctl_status run_list(struct ctl_context *ctl)
{
    struct user_work work;
    bool done = user_look(ctl, &work) && show(ctl, &work.map, NULL);
    const char *doubt = done ? users_doubt(work.map.text, work.map.length) : NULL;
    if (doubt != NULL)
        user_warn("%s: %s", work.users, doubt);
    user_end(&work);
    return done ? CTL_DONE : CTL_FAILED;
}

static bool show_one(struct ctl_context *ctl, const struct user_work *work)
{
    struct map_user found = map_find(&work->map, ctl->user, strlen(ctl->user));
    if (found.count == 0)
        return problem_set(&ctl->problem, "%s is not in the users map, %s", ctl->user, work->users);
    return show(ctl, &work->map, &found);
}

static enum ctl_status run_show(struct ctl_context *ctl)
{
    struct user_work work;
    bool done = user_look(ctl, &work) && show_one(ctl, &work);
    user_end(&work);
    return done ? CTL_DONE : CTL_FAILED;
}

static const struct argp_option options[] = {{USER_OPTION_USERS}, {USER_OPTION_NUMBERS}, {0}};

const struct command command_user_list = {
    .name = "user list",
    .arguments = "",
    .summary = "Show the users map",
    .text = "Shows the lines of the users map, and which are wrong or have no effect.",
    .json = true,
    .options = options,
    .option = user_option,
    .run = run_list,
};

const struct command command_user_show = {
    .name = "user show",
    .arguments = "USER",
    .summary = "Show the lines of a user in the users map",
    .text = "Shows all lines of USER in the users map, and which of them logins use.",
    .min_args = 1,
    .max_args = 1,
    .json = true,
    .options = options,
    .option = user_option,
    .run = run_show,
};
