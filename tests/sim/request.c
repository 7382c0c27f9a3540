/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     request - reads the bodies of requests and finds all that is wrong with them
 *
 * SYNOPSIS
 *     struct json_object *request_errors_new(void);
 *     bool request_has_errors(errors);
 *     void request_refuse(errors, detail);
 *     struct json_object *request_parse(content_type, bytes, size, errors);
 *     void request_read(object, fields, body, errors);
 *     void request_check_from(body, numbers, errors);
 *
 * DESCRIPTION
 *     The fields of a body are a table, a row each with name, type, whether it is required, range
 *     and place. Whatever is not in the table is refused. The tables, and the rules that join
 *     several fields, are the providers'.
 *
 *     json-c is made strict in what it lets through: the whole body must be one object, and a
 *     string must not hold a control character that is not escaped (RFC 8259, section 7), which
 *     json-c 0.16 takes.
 *
 * DIAGNOSTICS
 *     The list of errors is for the client. The texts name the field and what was expected; of
 *     what the client sent they repeat only the names of unknown fields.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* vasprintf */
#endif

#include "request.h"

#include "base/json_ascii.h"
#include "phone.h"
#include "trouble.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { JSON_DEPTH = 8 };

struct error_kind {
    const char *title;
    const char *code;
};

static const struct error_kind bad_type = {"Unsupported content type", "invalid_content_type"};
static const struct error_kind bad_json = {"Invalid body", "invalid_json"};
static const struct error_kind missing = {"Missing parameter", "missing_parameter"};
static const struct error_kind unknown = {"Unknown parameter", "unknown_parameter"};
static const struct error_kind invalid = {"Invalid parameter", "invalid_parameter"};

struct json_object *request_errors_new(void)
{
    return must(json_object_new_array());
}

bool request_has_errors(const struct json_object *errors)
{
    return json_object_array_length(errors) > 0;
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
    if (json_object_object_add(object, key, must(json_object_new_string(text))) != 0) {
        must(NULL);
    }
}

__attribute__((format(printf, 3, 4))) static void
add_error(struct json_object *errors, const struct error_kind *kind, const char *format, ...)
{
    char *detail = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&detail, format, arguments) < 0) {
        must(NULL);
    }
    va_end(arguments);

    struct json_object *error = must(json_object_new_object());
    add_text(error, "detail", detail);
    free(detail);
    add_text(error, "title", kind->title);
    add_text(error, "code", kind->code);
    if (json_object_array_add(errors, error) != 0) {
        must(NULL);
    }
}

void request_refuse(struct json_object *errors, const char *detail)
{
    add_error(errors, &invalid, "%s", detail);
}

static bool is_json_type(const char *content_type)
{
    static const char wanted[] = "application/json";
    size_t length = sizeof(wanted) - 1;

    return content_type != NULL && strncasecmp(content_type, wanted, length) == 0 &&
           strchr("; \t", content_type[length]) != NULL;
}

/* Is there a control character inside a string? Outside of strings the parser sees to them. */
static bool has_raw_control(const char *bytes, size_t size)
{
    bool in_string = false;

    for (size_t i = 0; i < size; i++) {
        if (in_string && (unsigned char)bytes[i] < ' ') {
            return true;
        }
        if (in_string && bytes[i] == '\\') {
            i++;
        } else if (bytes[i] == '"') {
            in_string = !in_string;
        }
    }
    return false;
}

/* The JSON value that is the whole body, or NULL. */
static struct json_object *parse_strictly(const char *bytes, size_t size)
{
    size_t length = 0;
    char *ascii = json_ascii(bytes, size, &length);

    if (ascii == NULL && errno == EILSEQ) {
        return NULL;
    }
    struct json_tokener *tokener = must(json_tokener_new_ex(JSON_DEPTH));

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    struct json_object *value = json_tokener_parse_ex(tokener, must(ascii), (int)length);
    if (json_tokener_get_parse_end(tokener) != length || has_raw_control(bytes, size)) {
        json_object_put(value);
        value = NULL;
    }
    json_tokener_free(tokener);
    free(ascii);
    return value;
}

struct json_object *request_parse(const char *content_type, const char *bytes, size_t size,
                                  struct json_object *errors)
{
    if (!is_json_type(content_type)) {
        add_error(errors, &bad_type, "Content-Type must be application/json.");
    }
    if (size > REQUEST_BODY_MAX) {
        add_error(errors, &bad_json, "The body must be %d bytes at most.", REQUEST_BODY_MAX);
        return NULL;
    }
    struct json_object *value = parse_strictly(bytes, size);
    if (!json_object_is_type(value, json_type_object)) {
        add_error(errors, &bad_json, "The body must be one JSON object, %d deep at most.",
                  JSON_DEPTH);
        json_object_put(value);
        return NULL;
    }
    return value;
}

/* Is it a string that C can hold? */
static bool is_text(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

void request_read_text(const struct request_field *field, struct json_object *value, void *place,
                       struct json_object *errors)
{
    const char *text = json_object_get_string(value);

    if (!json_object_is_type(value, json_type_string)) {
        add_error(errors, &invalid, "%s must be a string.", field->name);
    } else if (!is_text(value)) {
        add_error(errors, &invalid, "%s must not contain U+0000.", field->name);
    } else if (field->max > 0 && (phone_characters(text) < (size_t)field->min ||
                                  phone_characters(text) > (size_t)field->max)) {
        add_error(errors, &invalid, "%s must have %d to %d characters.", field->name, field->min,
                  field->max);
    } else {
        *(const char **)place = text;
    }
}

void request_read_number(const struct request_field *field, struct json_object *value, void *place,
                         struct json_object *errors)
{
    if (!is_text(value) || !phone_is_e164(json_object_get_string(value))) {
        add_error(errors, &invalid, "%s must be a string, a number in E.164 form.", field->name);
        return;
    }
    *(const char **)place = json_object_get_string(value);
}

static bool is_code(const char *text, const struct request_field *field)
{
    size_t digits = strspn(text, "0123456789");

    return text[digits] == '\0' && digits >= (size_t)field->min && digits <= (size_t)field->max;
}

void request_read_code(const struct request_field *field, struct json_object *value, void *place,
                       struct json_object *errors)
{
    if (!is_text(value) || !is_code(json_object_get_string(value), field)) {
        add_error(errors, &invalid, "%s must be a string of %d to %d digits.", field->name,
                  field->min, field->max);
        return;
    }
    *(const char **)place = json_object_get_string(value);
}

void request_read_integer(const struct request_field *field, struct json_object *value, void *place,
                          struct json_object *errors)
{
    int64_t number = json_object_get_int64(value);

    if (!json_object_is_type(value, json_type_int) || number < field->min || number > field->max) {
        add_error(errors, &invalid, "%s must be an integer from %d to %d.", field->name, field->min,
                  field->max);
        return;
    }
    *(int *)place = (int)number;
}

void request_read_boolean(const struct request_field *field, struct json_object *value, void *place,
                          struct json_object *errors)
{
    if (!json_object_is_type(value, json_type_boolean)) {
        add_error(errors, &invalid, "%s must be true or false.", field->name);
        return;
    }
    *(bool *)place = json_object_get_boolean(value);
}

/* json-c reads NaN, which is neither less nor more than anything. */
void request_read_amount(const struct request_field *field, struct json_object *value, void *place,
                         struct json_object *errors)
{
    bool is_number =
        json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
    double amount = json_object_get_double(value);

    if (!is_number || !(amount > field->min && amount <= field->max)) {
        add_error(errors, &invalid, "%s must be a number more than %d, %d at most.", field->name,
                  field->min, field->max);
        return;
    }
    *(double *)place = amount;
}

static bool is_field(const struct request_field *fields, const char *name)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void refuse_unknown(struct json_object *object, const struct request_field *fields,
                           struct json_object *errors)
{
    struct json_object_iterator entry = json_object_iter_begin(object);
    struct json_object_iterator end = json_object_iter_end(object);

    for (; !json_object_iter_equal(&entry, &end); json_object_iter_next(&entry)) {
        const char *name = json_object_iter_peek_name(&entry);
        if (!is_field(fields, name)) {
            add_error(errors, &unknown, "%s is not a parameter.", name);
        }
    }
}

void request_read(struct json_object *object, const struct request_field *fields,
                  struct request_body *body, struct json_object *errors)
{
    refuse_unknown(object, fields, errors);
    for (; fields->name != NULL; fields++) {
        struct json_object *value = NULL;
        if (json_object_object_get_ex(object, fields->name, &value)) {
            fields->read(fields, value, (char *)body + fields->offset, errors);
        } else if (fields->required) {
            add_error(errors, &missing, "%s is required.", fields->name);
        }
    }
}

void request_check_from(const struct request_body *body, const char *const *numbers,
                        struct json_object *errors)
{
    if (body->from == NULL) {
        return;
    }
    for (; *numbers != NULL; numbers++) {
        if (strcmp(*numbers, body->from) == 0) {
            return;
        }
    }
    request_refuse(errors, "from must be a number of this account.");
}
