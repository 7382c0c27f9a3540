/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     signalwire - SignalWire's MFA REST API
 *
 * SYNOPSIS
 *     extern const struct provider signalwire;
 *
 * DESCRIPTION
 *     POST /api/relay/rest/mfa/sms, /api/relay/rest/mfa/call and /api/relay/rest/mfa/{id}/verify,
 *     as the provider documents them. A code is kept under the id that the send is answered with.
 *     The phone shows the message, and the code after it.
 *
 * DIAGNOSTICS
 *     Errors are {"error":"..."}; a body that is refused is 422 with the list of all that is wrong.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "phone.h"
#include "provider.h"
#include "random.h"
#include "trouble.h"

#include <json-c/json.h>
#include <string.h>

#define BASE "/api/relay/rest/mfa/"

enum {
    CALL_CHARACTERS = 500, /* of the message with the token */
    STATUS_UNPROCESSABLE = 422,
};

static const struct route routes[] = {
    {BASE "sms", "sms", "call", "id", NULL, NULL},
    {BASE "call", "call", "sms", "id", NULL, NULL},
    {.path = BASE "*/verify"},
    {.path = NULL},
};

static const struct request_field send_fields[] = {
    {"to", request_read_number, true, REQUEST_PLACE(to), 0, 0},
    {"from", request_read_number, false, REQUEST_PLACE(from), 0, 0},
    {"message", request_read_text, false, REQUEST_PLACE(message), 0, 0},
    {"token_length", request_read_integer, false, REQUEST_PLACE(terms.length), 4,
     CHALLENGE_CODE_MAX},
    {"valid_for", request_read_integer, false, REQUEST_PLACE(terms.valid_for), 1, 604800},
    {"max_attempts", request_read_integer, false, REQUEST_PLACE(terms.max_attempts), 1, 20},
    {"allow_alphas", request_read_boolean, false, REQUEST_PLACE(terms.allow_alphas), 0, 0},
    {.name = NULL},
};

static const struct request_field verify_fields[] = {
    {"token", request_read_text, true, REQUEST_PLACE(code), 0, 0},
    {.name = NULL},
};

static void credentials(const struct options *options, const char **user, const char **password)
{
    *user = options->project_id;
    *password = options->api_token;
}

/* The paths name no account. */
static bool is_allowed(const struct call *call)
{
    (void)call;
    return true;
}

static void check_message(const struct call *call, struct json_object *errors)
{
    const char *message = call->body.message;
    bool is_sms = strcmp(call->route->channel, "sms") == 0;

    if (is_sms && !phone_fits_segment(message)) {
        request_refuse(errors, "message must fit one segment: 160 characters of GSM 03.38, or 70.");
    } else if (!is_sms &&
               phone_characters(message) + (size_t)call->body.terms.length > CALL_CHARACTERS) {
        request_refuse(errors, "message must be 500 characters at most, with the token.");
    }
}

static void check_send(const struct call *call, struct json_object *object,
                       struct json_object *errors)
{
    request_check_from(&call->body, call->options->numbers, errors);
    if (call->body.message == NULL) {
        return;
    }
    check_message(call, errors);
    if (!json_object_object_get_ex(object, "from", NULL)) {
        request_refuse(errors, "message needs a from.");
    }
}

static void make_id(const struct route *route, char id[PROVIDER_ID_SIZE])
{
    (void)route;
    random_uuid(id);
}

static void keep_code(struct challenges *challenges, const struct call *call,
                      char code[CHALLENGE_CODE_MAX + 1])
{
    challenge_new(challenges, call->id, &call->body.terms, code);
}

static char *write_message(const struct call *call, const char *code)
{
    (void)code;
    return must(strdup(call->body.message != NULL ? call->body.message
                                                  : "Your Personal Authorization Code is:"));
}

static enum challenge_result verify(struct challenges *challenges, const struct call *call)
{
    return challenge_verify(challenges, call->part, call->body.code);
}

static void refuse(struct answer *answer, unsigned status, const char *error)
{
    answer_texts(answer, status, (const char *const[]){"error", error, NULL});
}

static void refuse_body(struct answer *answer, struct json_object *errors)
{
    struct json_object *body = must(json_object_new_object());

    for (size_t i = 0; i < json_object_array_length(errors); i++) {
        struct json_object *error = json_object_array_get_idx(errors, i);
        if (json_object_object_add(error, "status", must(json_object_new_string("422"))) != 0) {
            must(NULL);
        }
    }
    if (json_object_object_add(body, "errors", json_object_get(errors)) != 0) {
        must(NULL);
    }
    answer_json(answer, STATUS_UNPROCESSABLE, body);
    json_object_put(body);
}

const struct provider signalwire = {
    .base = BASE,
    .authenticate = "Basic realm=\"SignalWire\"",
    .routes = routes,
    .faults = FAULT_SIGNALWIRE,
    .send_fields = send_fields,
    .verify_fields = verify_fields,
    .defaults = {.terms = {.length = 6, .valid_for = 3600, .max_attempts = 3}},
    .sent = "{\"id\":\"$id\",\"success\":true,\"to\":\"$to\",\"channel\":\"$channel\"}",
    .verdict = "success",
    .refusal = {404, "Not Found"},
    .credentials = credentials,
    .is_allowed = is_allowed,
    .check_send = check_send,
    .make_id = make_id,
    .keep_code = keep_code,
    .write_message = write_message,
    .verify = verify,
    .refuse = refuse,
    .refuse_body = refuse_body,
};
