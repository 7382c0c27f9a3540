/* SPDX-License-Identifier: BSD-3-Clause */
/* format: shows the same values alike in several commands. All times are local. */
#ifndef SWMFA_FORMAT_H
#define SWMFA_FORMAT_H

#include "store/history.h"

#include <json-c/json.h>
#include <stdint.h>

#define SHOW_TIME_SIZE 32

/* show_time: writes a time, such as "2026-11-22 12:14:03". Returns to. */
const char *show_time(int64_t wall_ms, char to[SHOW_TIME_SIZE]);

/* show_day: writes its date, "2026-11-22". Returns to. */
const char *show_day(int64_t wall_ms, char to[SHOW_TIME_SIZE]);

/* show_text: returns the text, or "-" for "". */
const char *show_text(const char *text);

/* show_json_time: makes a time for JSON: "2026-11-22T12:14:03+0100". The caller owns it. */
json_object *show_json_time(int64_t wall_ms);

/* show_json_login: makes a JSON object of everything in a login's record. The caller owns it. */
json_object *show_json_login(const struct history_login *login);

/* show_add_text, show_add_number: add a member to an object. */
void show_add_text(json_object *object, const char *name, const char *text);
void show_add_number(json_object *object, const char *name, int64_t number);

#endif
