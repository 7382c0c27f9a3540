/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     request - reads the bodies of requests and finds all that is wrong with them
 *
 * SYNOPSIS
 *     struct json_object *request_errors_new(void);
 *     bool request_has_errors(errors);
 *     struct json_object *request_parse(content_type, body, size, errors);
 *     void request_read_send(body, channel, numbers, request, errors);
 *     void request_read_verify(body, token, errors);
 *
 * DESCRIPTION
 *     The fields of the two kinds of bodies are tables, a row each with name, type, whether it is
 *     required, range and place. Whatever is not in the table is refused. The rules that join
 *     several fields, such as "a custom message needs a number of one's own", follow the table.
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

#include "phone.h"
#include "trouble.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    JSON_DEPTH = 8,
    CALL_CHARACTERS = 500, /* of the message with the token */
};

struct field;

typedef void read_field(const struct field *field, struct json_object *value, void *place,
                        struct json_object *errors);

struct field {
    const char *name;
    read_field *read;
    bool required;
    size_t offset; /* of the place in the struct that is filled */
    int min;       /* of an integer */
    int max;
};

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
    add_text(error, "status", "422");
    add_text(error, "title", kind->title);
    add_text(error, "code", kind->code);
    if (json_object_array_add(errors, error) != 0) {
        must(NULL);
    }
}

static bool is_json_type(const char *content_type)
{
    static const char wanted[] = "application/json";
    size_t length = sizeof(wanted) - 1;

    return content_type != NULL && strncasecmp(content_type, wanted, length) == 0 &&
           strchr("; \t", content_type[length]) != NULL;
}

/* Is there a control character inside a string? Outside of strings the parser sees to them. */
static bool has_raw_control(const char *body, size_t size)
{
    bool in_string = false;

    for (size_t i = 0; i < size; i++) {
        if (in_string && (unsigned char)body[i] < ' ') {
            return true;
        }
        if (in_string && body[i] == '\\') {
            i++;
        } else if (body[i] == '"') {
            in_string = !in_string;
        }
    }
    return false;
}

/* The JSON value that is the whole body, or NULL. */
static struct json_object *parse_strictly(const char *body, size_t size)
{
    struct json_tokener *tokener = must(json_tokener_new_ex(JSON_DEPTH));

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *value = json_tokener_parse_ex(tokener, body, (int)size);
    if (json_tokener_get_parse_end(tokener) != size || has_raw_control(body, size)) {
        json_object_put(value);
        value = NULL;
    }
    json_tokener_free(tokener);
    return value;
}

struct json_object *request_parse(const char *content_type, const char *body, size_t size,
                                  struct json_object *errors)
{
    if (!is_json_type(content_type)) {
        add_error(errors, &bad_type, "Content-Type must be application/json.");
    }
    if (size > REQUEST_BODY_MAX) {
        add_error(errors, &bad_json, "The body must be %d bytes at most.", REQUEST_BODY_MAX);
        return NULL;
    }
    struct json_object *value = parse_strictly(body, size);
    if (!json_object_is_type(value, json_type_object)) {
        add_error(errors, &bad_json, "The body must be one JSON object, %d deep at most.",
                  JSON_DEPTH);
        json_object_put(value);
        return NULL;
    }
    return value;
}

static void read_text(const struct field *field, struct json_object *value, void *place,
                      struct json_object *errors)
{
    const char *text = json_object_get_string(value);

    if (!json_object_is_type(value, json_type_string)) {
        add_error(errors, &invalid, "%s must be a string.", field->name);
    } else if (strlen(text) != (size_t)json_object_get_string_len(value)) {
        add_error(errors, &invalid, "%s must not contain U+0000.", field->name);
    } else {
        *(const char **)place = text;
    }
}

static void read_number(const struct field *field, struct json_object *value, void *place,
                        struct json_object *errors)
{
    const char *text = "";

    if (json_object_is_type(value, json_type_string)) {
        text = json_object_get_string(value);
    }
    if (!phone_is_e164(text) || strlen(text) != (size_t)json_object_get_string_len(value)) {
        add_error(errors, &invalid, "%s must be a string, a number in E.164 form.", field->name);
        return;
    }
    *(const char **)place = text;
}

static void read_integer(const struct field *field, struct json_object *value, void *place,
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

static void read_boolean(const struct field *field, struct json_object *value, void *place,
                         struct json_object *errors)
{
    if (!json_object_is_type(value, json_type_boolean)) {
        add_error(errors, &invalid, "%s must be true or false.", field->name);
        return;
    }
    *(bool *)place = json_object_get_boolean(value);
}

#define SEND_PLACE(member) offsetof(struct send_request, member)

static const struct field send_fields[] = {
    {"to", read_number, true, SEND_PLACE(to), 0, 0},
    {"from", read_number, false, SEND_PLACE(from), 0, 0},
    {"message", read_text, false, SEND_PLACE(message), 0, 0},
    {"token_length", read_integer, false, SEND_PLACE(terms.token_length), 4, CHALLENGE_CODE_MAX},
    {"valid_for", read_integer, false, SEND_PLACE(terms.valid_for), 1, 604800},
    {"max_attempts", read_integer, false, SEND_PLACE(terms.max_attempts), 1, 20},
    {"allow_alphas", read_boolean, false, SEND_PLACE(terms.allow_alphas), 0, 0},
    {.name = NULL},
};

static const struct field verify_fields[] = {
    {"token", read_text, true, 0, 0, 0},
    {.name = NULL},
};

static bool is_field(const struct field *fields, const char *name)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void refuse_unknown(struct json_object *body, const struct field *fields,
                           struct json_object *errors)
{
    struct json_object_iterator entry = json_object_iter_begin(body);
    struct json_object_iterator end = json_object_iter_end(body);

    for (; !json_object_iter_equal(&entry, &end); json_object_iter_next(&entry)) {
        const char *name = json_object_iter_peek_name(&entry);
        if (!is_field(fields, name)) {
            add_error(errors, &unknown, "%s is not a parameter.", name);
        }
    }
}

/* Fills the struct from the body. A field that is not there or wrong leaves its place as it is. */
static void read_fields(struct json_object *body, const struct field *fields, void *filled,
                        struct json_object *errors)
{
    refuse_unknown(body, fields, errors);
    for (; fields->name != NULL; fields++) {
        struct json_object *value = NULL;
        if (json_object_object_get_ex(body, fields->name, &value)) {
            fields->read(fields, value, (char *)filled + fields->offset, errors);
        } else if (fields->required) {
            add_error(errors, &missing, "%s is required.", fields->name);
        }
    }
}

static bool is_owned(const char *number, const char *const *numbers)
{
    for (; *numbers != NULL; numbers++) {
        if (strcmp(*numbers, number) == 0) {
            return true;
        }
    }
    return false;
}

static void check_message(const struct send_request *request, const char *channel,
                          struct json_object *errors)
{
    size_t characters = phone_characters(request->message);

    if (strcmp(channel, "sms") == 0 && !phone_fits_segment(request->message)) {
        add_error(errors, &invalid,
                  "message must fit one segment: 160 characters of GSM 03.38, or 70.");
    } else if (strcmp(channel, "call") == 0 &&
               characters + (size_t)request->terms.token_length > CALL_CHARACTERS) {
        add_error(errors, &invalid, "message must be %d characters at most, with the token.",
                  CALL_CHARACTERS);
    }
}

void request_read_send(struct json_object *body, const char *channel, const char *const *numbers,
                       struct send_request *request, struct json_object *errors)
{
    *request = (struct send_request){
        .terms = {.token_length = 6, .valid_for = 3600, .max_attempts = 3},
    };
    read_fields(body, send_fields, request, errors);
    if (request->from != NULL && !is_owned(request->from, numbers)) {
        add_error(errors, &invalid, "from must be a number of this account.");
    }
    if (request->message != NULL) {
        check_message(request, channel, errors);
    }
    if (request->message != NULL && !json_object_object_get_ex(body, "from", NULL)) {
        add_error(errors, &invalid, "message needs a from.");
    }
}

void request_read_verify(struct json_object *body, const char **token, struct json_object *errors)
{
    *token = NULL;
    read_fields(body, verify_fields, token, errors);
}
