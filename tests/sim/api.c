/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     api - SignalWire's MFA REST API
 *
 * SYNOPSIS
 *     struct api *api_new(const struct options *options, const struct sink *inbox);
 *     void api_free(struct api *api);
 *     void api_answer(api, request, answer);
 *
 * DESCRIPTION
 *     POST /api/relay/rest/mfa/sms, /api/relay/rest/mfa/call and /api/relay/rest/mfa/{id}/verify,
 *     as the provider documents them. A request is refused in this order: unknown path (404),
 *     method (405), credentials (401), body (422, with all that is wrong); only then comes the
 *     fault that the command line asks for, and then the work.
 *
 *     The module knows nothing of HTTP but its words: it takes a request and makes an answer.
 *
 * DIAGNOSTICS
 *     A message that cannot be written to the inbox is a 500 for the client.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "api.h"

#include "challenge.h"
#include "request.h"
#include "trouble.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BASE             "/api/relay/rest/mfa/"
#define STANDARD_MESSAGE "Your Personal Authorization Code is:"

enum { ID_SIZE = 128 }; /* of any id that a client asks for */

struct api {
    const struct options *options;
    const struct sink *inbox;
    gnutls_datum_t credentials; /* as they must stand in the header, in base64 */
    struct challenges *challenges;
};

/* What a path names: a send by a channel, or the verify of an id. */
struct target {
    const char *channel; /* NULL: a verify */
    const char *other_channel;
    char id[ID_SIZE];
};

static void encode_credentials(const struct options *options, gnutls_datum_t *encoded)
{
    size_t size = strlen(options->project_id) + 1 + strlen(options->api_token);
    char *plain = must(malloc(size + 1));

    stpcpy(stpcpy(stpcpy(plain, options->project_id), ":"), options->api_token);
    const gnutls_datum_t datum = {(unsigned char *)plain, (unsigned)size};
    if (gnutls_base64_encode2(&datum, encoded) < 0) {
        must(NULL);
    }
    explicit_bzero(plain, size);
    free(plain);
}

struct api *api_new(const struct options *options, const struct sink *inbox)
{
    struct api *api = must(calloc(1, sizeof(*api)));

    api->options = options;
    api->inbox = inbox;
    api->challenges = challenges_new();
    encode_credentials(options, &api->credentials);
    return api;
}

void api_free(struct api *api)
{
    if (api != NULL) {
        challenges_free(api->challenges);
        gnutls_memset(api->credentials.data, 0, api->credentials.size);
        gnutls_free(api->credentials.data);
        free(api);
    }
}

/* The rest is what follows BASE: {id}/verify. */
static bool find_verify(const char *rest, struct target *target)
{
    size_t length = strcspn(rest, "/");

    if (length == 0 || length >= sizeof(target->id) || strcmp(rest + length, "/verify") != 0) {
        return false;
    }
    memcpy(target->id, rest, length);
    target->id[length] = '\0';
    return true;
}

static bool find_target(const char *path, struct target *target)
{
    const char *const channels[] = {"sms", "call"};

    *target = (struct target){0};
    if (strncmp(path, BASE, strlen(BASE)) != 0) {
        return false;
    }
    const char *rest = path + strlen(BASE);
    for (size_t i = 0; i < 2; i++) {
        if (strcmp(rest, channels[i]) == 0) {
            target->channel = channels[i];
            target->other_channel = channels[1 - i];
            return true;
        }
    }
    return find_verify(rest, target);
}

static bool is_authorized(const struct api *api, const char *header)
{
    static const char scheme[] = "Basic ";

    if (header == NULL || strncasecmp(header, scheme, strlen(scheme)) != 0) {
        return false;
    }
    const char *given = header + strlen(scheme);
    return strlen(given) == api->credentials.size &&
           gnutls_memcmp(given, api->credentials.data, api->credentials.size) == 0;
}

/* Makes a code, delivers it, and answers as the provider does. */
static void do_send(struct api *api, const struct target *target,
                    const struct send_request *request, struct answer *answer)
{
    const char *message = request->message != NULL ? request->message : STANDARD_MESSAGE;
    char id[CHALLENGE_ID_SIZE];
    char code[CHALLENGE_CODE_MAX + 1];

    challenge_new(api->challenges, &request->terms, id, code);
    if (sink_message(api->inbox, request->to, target->channel, message, code)) {
        answer_template(answer, 200,
                        "{\"id\":\"$id\",\"success\":true,\"to\":\"$to\","
                        "\"channel\":\"$channel\"}",
                        &(struct answer_words){.id = id,
                                               .to = request->to,
                                               .channel = target->channel});
    } else {
        answer_error(answer, 500, "Internal Server Error");
    }
    explicit_bzero(code, sizeof(code));
}

/* Answers with a fault in place of the work. */
static void fail_send(const struct fault *fault, const struct target *target, const char *to,
                      struct answer *answer)
{
    char id[CHALLENGE_ID_SIZE];

    challenge_random_id(id);
    fault_answer(fault,
                 &(struct answer_words){.id = id,
                                        .to = to,
                                        .channel = target->channel,
                                        .other_channel = target->other_channel},
                 answer);
}

static void answer_send(struct api *api, const struct target *target, struct json_object *body,
                        struct json_object *errors, struct answer *answer)
{
    const struct fault *fault = api->options->faults[FAULT_SEND];
    struct send_request request;

    request_read_send(body, target->channel, api->options->numbers, &request, errors);
    if (request_has_errors(errors)) {
        return;
    }
    if (fault != NULL && !fault->processed) {
        fail_send(fault, target, request.to, answer);
        return;
    }
    do_send(api, target, &request, answer);
    if (fault != NULL) {
        answer->manner = fault->manner;
    }
}

static void do_verify(struct api *api, const char *id, const char *token, struct answer *answer)
{
    static const struct answer_words no_words = {0};

    switch (challenge_verify(api->challenges, id, token)) {
    case CHALLENGE_RIGHT:
        answer_template(answer, 200, "{\"success\":true}", &no_words);
        break;
    case CHALLENGE_WRONG:
        answer_template(answer, 200, "{\"success\":false}", &no_words);
        break;
    case CHALLENGE_GONE:
        answer_error(answer, 404, "Not Found");
        break;
    }
}

static void answer_verify(struct api *api, const struct target *target, struct json_object *body,
                          struct json_object *errors, struct answer *answer)
{
    const struct fault *fault = api->options->faults[FAULT_VERIFY];
    const char *token = NULL;

    request_read_verify(body, &token, errors);
    if (request_has_errors(errors)) {
        return;
    }
    if (fault != NULL && !fault->processed) {
        fault_answer(fault, &(struct answer_words){.id = target->id}, answer);
        return;
    }
    do_verify(api, target->id, token, answer);
    if (fault != NULL) {
        answer->manner = fault->manner;
    }
}

/* Reads the body and does what it asks, or says all that is wrong with it. */
static void answer_body(struct api *api, const struct api_request *request,
                        const struct target *target, struct answer *answer)
{
    struct json_object *errors = request_errors_new();
    struct json_object *body =
        request_parse(request->content_type, request->body, request->body_size, errors);

    if (body != NULL && target->channel != NULL) {
        answer_send(api, target, body, errors, answer);
    } else if (body != NULL) {
        answer_verify(api, target, body, errors, answer);
    }
    if (request_has_errors(errors)) {
        answer_errors(answer, errors);
    }
    json_object_put(body);
    json_object_put(errors);
}

static void set_header(struct answer *answer, const char *name, const char *value)
{
    answer->header_name = name;
    answer->header_value = value;
}

void api_answer(struct api *api, const struct api_request *request, struct answer *answer)
{
    struct target target;

    if (!find_target(request->path, &target)) {
        answer_error(answer, 404, "Not Found");
        return;
    }
    if (strcmp(request->method, "POST") != 0) {
        answer_error(answer, 405, "Method Not Allowed");
        set_header(answer, "Allow", "POST");
    } else if (!is_authorized(api, request->authorization)) {
        answer_error(answer, 401, "Unauthorized");
        set_header(answer, "WWW-Authenticate", "Basic realm=\"SignalWire\"");
    } else {
        answer_body(api, request, &target, answer);
    }
    answer->close = target.channel != NULL && api->options->faults[FAULT_CLOSE] != NULL;
}
