/* SPDX-License-Identifier: BSD-3-Clause */
/* json: reading a provider's answer, without json-c's leniency. */
#ifndef SWMFA_JSON_H
#define SWMFA_JSON_H

#include "base/problem.h"

#include <json-c/json.h>
#include <stddef.h>

/*
 * json_read: reads a text that is one JSON object: by RFC 8259 except for the form of numbers,
 * where json-c is lenient; at most 8 levels deep, no key twice in an object, no NUL. Returns the
 * object, which the caller puts, or NULL with the problem.
 */
json_object *json_read(const char *text, size_t length, struct problem *problem);

/* json_boolean: gets a member that is true or false. Returns false for any other. */
bool json_boolean(json_object *object, const char *key, bool *value);

/* json_text: returns a member that is a string without a NUL, owned by the object; or NULL. */
const char *json_text(json_object *object, const char *key);

#endif
