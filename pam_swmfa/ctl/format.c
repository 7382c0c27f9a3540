/* SPDX-License-Identifier: BSD-3-Clause */
/* format: see format.h. */
#include <config.h>

#include "ctl/format.h"

#include <stdio.h>
#include <time.h>

static struct tm local_time(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local = {.tm_mday = 1};
    (void)localtime_r(&seconds, &local);
    return local;
}

const char *show_time(int64_t wall_ms, char to[SHOW_TIME_SIZE])
{
    const struct tm local = local_time(wall_ms);
    return strftime(to, SHOW_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &local) > 0 ? to : "?";
}

const char *show_day(int64_t wall_ms, char to[SHOW_TIME_SIZE])
{
    const struct tm local = local_time(wall_ms);
    return strftime(to, SHOW_TIME_SIZE, "%Y-%m-%d", &local) > 0 ? to : "?";
}

const char *show_text(const char *text)
{
    return *text != '\0' ? text : "-";
}

void show_add_text(json_object *object, const char *name, const char *text)
{
    (void)json_object_object_add(object, name, json_object_new_string(text));
}

void show_add_number(json_object *object, const char *name, int64_t number)
{
    (void)json_object_object_add(object, name, json_object_new_int64(number));
}

json_object *show_json_time(int64_t wall_ms)
{
    char text[SHOW_TIME_SIZE] = "?";
    const struct tm local = local_time(wall_ms);
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &local);
    return json_object_new_string(text);
}

static json_object *json_sent(const char *at)
{
    json_object *list = json_object_new_array();
    struct history_sent sent;
    while (history_next_sent(&at, &sent)) {
        json_object *word = json_object_new_object();
        show_add_text(word, "provider", sent.provider);
        show_add_text(word, "channel", sent.channel);
        (void)json_object_object_add(word, "certain", json_object_new_boolean(sent.certain));
        (void)json_object_array_add(list, word);
    }
    return list;
}

json_object *show_json_login(const struct history_login *login)
{
    json_object *object = json_object_new_object();
    show_add_number(object, "id", login->id);
    (void)json_object_object_add(object, "time", show_json_time(login->at_wall_ms));
    show_add_text(object, "user", login->user);
    show_add_text(object, "service", login->service);
    show_add_text(object, "rhost", login->rhost);
    show_add_text(object, "result", login->result);
    show_add_text(object, "reason", login->reason);
    show_add_text(object, "channel", login->channel);
    show_add_text(object, "provider", login->provider);
    show_add_text(object, "request", login->request);
    show_add_text(object, "number", login->number);
    show_add_number(object, "tries", login->tries);
    show_add_number(object, "sends", login->sends);
    show_add_number(object, "ms", login->ms);
    (void)json_object_object_add(object, "sent", json_sent(login->sent));
    show_add_text(object, "detail", login->detail);
    return object;
}
