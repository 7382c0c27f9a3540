/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include "challenge.h"

#include <stdbool.h>
#include <stddef.h>

struct json_object;

enum { REQUEST_BODY_MAX = 65536 }; /* bytes */

/* The body of a send, read. The texts belong to the JSON object that they were read from. */
struct send_request {
    const char *to;
    const char *from;    /* NULL: the provider's own number */
    const char *message; /* NULL: the standard text */
    struct challenge_terms terms;
};

/*
 * Each of the functions below adds what it finds wrong to errors, a JSON array made by
 * request_errors_new, as objects with detail, status, title and code.
 */
struct json_object *request_errors_new(void);

/* Is anything wrong? */
bool request_has_errors(const struct json_object *errors);

/* Reads the JSON object in a body. The caller puts (json_object_put) it. NULL where it is wrong. */
struct json_object *request_parse(const char *content_type, const char *body, size_t size,
                                  struct json_object *errors);

/*
 * Reads the body of a send by that channel, sms or call, from an account that owns these numbers.
 * The list of numbers ends with NULL.
 */
void request_read_send(struct json_object *body, const char *channel, const char *const *numbers,
                       struct send_request *request, struct json_object *errors);

/* Reads the body of a verify. The token belongs to the JSON object; NULL where it is wrong. */
void request_read_verify(struct json_object *body, const char **token, struct json_object *errors);

#endif
