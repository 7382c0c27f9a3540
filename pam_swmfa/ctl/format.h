/* SPDX-License-Identifier: BSD-3-Clause */
/* format: how several commands show the same. All times are local ones. */
#ifndef SWMFA_FORMAT_H
#define SWMFA_FORMAT_H

#include "store/history.h"

#include <json-c/json.h>
#include <stdint.h>

#define SHOW_TIME_SIZE 32

/* show_time: writes a time of day, such as "2026-11-22 12:14:03". Returns to. */
const char *show_time(int64_t wall_ms, char to[SHOW_TIME_SIZE]);

/* show_day: its day, "2026-11-22". Returns to. */
const char *show_day(int64_t wall_ms, char to[SHOW_TIME_SIZE]);

/* show_text: a text, or "-" for "". */
const char *show_text(const char *text);

/* show_json_time: a time of day for a program: "2026-11-22T12:14:03+0100". The caller's. */
json_object *show_json_time(int64_t wall_ms);

/* show_json_login: all that is kept about a login. The caller's. */
json_object *show_json_login(const struct history_login *login);

/* show_add_text, show_add_number: add a member to an object. */
void show_add_text(json_object *object, const char *name, const char *text);
void show_add_number(json_object *object, const char *name, int64_t number);

#endif
