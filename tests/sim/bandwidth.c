/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     bandwidth - Bandwidth's MFA API
 *
 * SYNOPSIS
 *     extern const struct provider bandwidth;
 *
 * DESCRIPTION
 *     POST /api/v1/accounts/{accountId}/code/messaging, /code/voice and /code/verify, as the
 *     provider documents them. A verify names no send: a code is kept for the number and the scope
 *     that it was sent for, and is good as long as the verify says. The phone shows the message
 *     with {CODE}, {NAME} and {SCOPE} replaced.
 *
 * DIAGNOSTICS
 *     Errors are {"error":"...","requestId":"..."}, but 401 and 403 {"message":"..."}. A body that
 *     is refused is 400; the error says all that is wrong, a sentence each.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "provider.h"
#include "random.h"
#include "template.h"
#include "trouble.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE "/api/v1/accounts/"

enum {
    MESSAGE_ID_LENGTH = 29,
    CALL_ID_HEAD = 8, /* characters of the group before the UUID */
    STATUS_BAD_REQUEST = 400,
    STATUS_UNAUTHORIZED = 401,
    STATUS_FORBIDDEN = 403,
};

static const struct route routes[] = {
    {BASE "*/code/messaging", "sms", "call", "messageId", "callId", "MessageId"},
    {BASE "*/code/voice", "call", "sms", "callId", "messageId", "CallId"},
    {.path = BASE "*/code/verify"},
    {.path = NULL},
};

static const struct request_field send_fields[] = {
    {"to", request_read_number, true, REQUEST_PLACE(to), 0, 0},
    {"from", request_read_number, true, REQUEST_PLACE(from), 0, 0},
    {"applicationId", request_read_text, true, REQUEST_PLACE(application), 1, 50},
    {"message", request_read_text, true, REQUEST_PLACE(message), 1, 2048},
    {"digits", request_read_integer, true, REQUEST_PLACE(terms.length), 4, 8},
    {"scope", request_read_text, false, REQUEST_PLACE(scope), 1, 25},
    {.name = NULL},
};

static const struct request_field verify_fields[] = {
    {"to", request_read_number, true, REQUEST_PLACE(to), 0, 0},
    {"code", request_read_code, true, REQUEST_PLACE(code), 4, 8},
    {"expirationTimeInMinutes", request_read_amount, true, REQUEST_PLACE(minutes), 0, 15},
    {"scope", request_read_text, false, REQUEST_PLACE(scope), 1, 25},
    {.name = NULL},
};

static void credentials(const struct options *options, const char **user, const char **password)
{
    *user = options->username;
    *password = options->password;
}

static bool is_allowed(const struct call *call)
{
    return strcmp(call->part, call->options->account_id) == 0;
}

static bool is_messaging(const struct route *route)
{
    return strcmp(route->channel, "sms") == 0;
}

static void check_send(const struct call *call, struct json_object *object,
                       struct json_object *errors)
{
    const struct request_body *body = &call->body;
    const char *application = is_messaging(call->route) ? call->options->messaging_application
                                                        : call->options->voice_application;

    (void)object;
    request_check_from(body, call->options->numbers, errors);
    if (body->application != NULL && strcmp(body->application, application) != 0) {
        request_refuse(errors, is_messaging(call->route)
                                   ? "applicationId must be the messaging application."
                                   : "applicationId must be the voice application.");
    }
    if (body->message != NULL && strstr(body->message, "{CODE}") == NULL) {
        request_refuse(errors, "message must contain {CODE}.");
    }
}

static void make_id(const struct route *route, char id[PROVIDER_ID_SIZE])
{
    char uuid[RANDOM_UUID_SIZE];
    char head[CALL_ID_HEAD + 1];

    if (is_messaging(route)) {
        random_text(RANDOM_DIGITS RANDOM_LOWER, id, MESSAGE_ID_LENGTH);
        return;
    }
    random_uuid(uuid);
    random_text(RANDOM_DIGITS "abcdef", head, CALL_ID_HEAD);
    (void)snprintf(id, PROVIDER_ID_SIZE, "c-%s-%s", head, uuid);
}

static void keep_code(struct challenges *challenges, const struct call *call,
                      char code[CHALLENGE_CODE_MAX + 1])
{
    challenge_new_for(challenges, call->body.to, call->body.scope, &call->body.terms, code);
}

static char *write_message(const struct call *call, const char *code)
{
    const struct template_word words[] = {
        {"{CODE}", code},
        {"{NAME}", "Simulator"},
        {"{SCOPE}", call->body.scope},
    };

    return template_fill(call->body.message, words, sizeof(words) / sizeof(words[0]));
}

static enum challenge_result verify(struct challenges *challenges, const struct call *call)
{
    return challenge_verify_for(challenges, call->body.to, call->body.scope, call->body.code,
                                call->body.minutes);
}

static void refuse(struct answer *answer, unsigned status, const char *error)
{
    char request_id[RANDOM_UUID_SIZE];

    if (status == STATUS_UNAUTHORIZED || status == STATUS_FORBIDDEN) {
        answer_texts(answer, status, (const char *const[]){"message", error, NULL});
        return;
    }
    random_uuid(request_id);
    answer_texts(answer, status,
                 (const char *const[]){"error", error, "requestId", request_id, NULL});
}

static void refuse_body(struct answer *answer, struct json_object *errors)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = must(open_memstream(&text, &size));

    for (size_t i = 0; i < json_object_array_length(errors); i++) {
        struct json_object *error = json_object_array_get_idx(errors, i);
        (void)fprintf(out, "%s%s", i > 0 ? " " : "",
                      json_object_get_string(json_object_object_get(error, "detail")));
    }
    if (fclose(out) != 0) {
        must(NULL);
    }
    refuse(answer, STATUS_BAD_REQUEST, text);
    free(text);
}

const struct provider bandwidth = {
    .base = BASE,
    .authenticate = "Basic realm=\"Bandwidth\"",
    .routes = routes,
    .faults = FAULT_BANDWIDTH,
    .send_fields = send_fields,
    .verify_fields = verify_fields,
    .defaults = {.scope = "2FA"},
    .sent = "{\"$key\":\"$id\"}",
    .verdict = "valid",
    .refusal = {429, "This number has exceeded verification attempts, please wait 2 minutes"},
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
