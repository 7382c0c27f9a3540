/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include "challenge.h"

#include <stdbool.h>
#include <stddef.h>

struct json_object;

enum { REQUEST_BODY_MAX = 65536 }; /* bytes */

/*
 * The contents of a body; each provider uses some of them. The texts belong to the JSON object that
 * they were read from, and are NULL where they are not there or wrong.
 */
struct request_body {
    const char *to;
    const char *from;
    const char *message;
    const char *application;
    const char *scope;
    const char *code;
    struct challenge_terms terms;
    double minutes;
};

struct request_field;

/* Reads the value of a field into its place, or says what is wrong with it. */
typedef void request_reader(const struct request_field *field, struct json_object *value,
                            void *place, struct json_object *errors);

/* A field that a body may have. A table of them ends with one without a name. */
struct request_field {
    const char *name;
    request_reader *read;
    bool required;
    size_t offset; /* of the place in struct request_body */
    int min;       /* of an integer, or characters of a text */
    int max;       /* the same; a text may have any number where it is 0 */
};

#define REQUEST_PLACE(member) offsetof(struct request_body, member)

request_reader request_read_text;    /* a string */
request_reader request_read_number;  /* a string: a number in E.164 form */
request_reader request_read_code;    /* a string: digits, min to max of them */
request_reader request_read_integer; /* an int */
request_reader request_read_boolean; /* a bool */
request_reader request_read_amount;  /* a double: more than min, max at most */

/*
 * The functions below add what they find wrong to errors, a JSON array made by request_errors_new,
 * as objects with detail, title and code.
 */
struct json_object *request_errors_new(void);

/* Is anything wrong? */
bool request_has_errors(const struct json_object *errors);

/* Adds that the value of a field is wrong. */
void request_refuse(struct json_object *errors, const char *detail);

/* Reads the JSON object in a body. The caller puts (json_object_put) it. NULL where it is wrong. */
struct json_object *request_parse(const char *content_type, const char *bytes, size_t size,
                                  struct json_object *errors);

/* Reads the fields of that table. What is not there or wrong leaves its place as it is. */
void request_read(struct json_object *object, const struct request_field *fields,
                  struct request_body *body, struct json_object *errors);

/* Checks that from, if any, is one of these numbers. The list ends with NULL. */
void request_check_from(const struct request_body *body, const char *const *numbers,
                        struct json_object *errors);

#endif
