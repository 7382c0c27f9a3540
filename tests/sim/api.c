/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     api - what the APIs of the providers have in common
 *
 * SYNOPSIS
 *     struct api *api_new(const struct options *options, const struct sink *inbox);
 *     void api_free(struct api *api);
 *     void api_answer(api, request, answer);
 *
 * DESCRIPTION
 *     A request is refused in this order: unknown path (404), method (405), credentials (401), an
 *     account that they are not for (403), body (with all that is wrong); only then comes the fault
 *     that the command line asks for, and then the work. What differs between the providers is in
 *     signalwire.c and bandwidth.c; see provider.h.
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

#include "provider.h"
#include "trouble.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Paths that are nobody's are refused by the first. */
static const struct provider *const providers[] = {&signalwire, &bandwidth};

enum { PROVIDERS = sizeof(providers) / sizeof(providers[0]) };

/* The account at a provider. */
struct account {
    const struct provider *provider;
    gnutls_datum_t credentials;        /* as they must stand in the header, in base64 */
    const struct fault *const *faults; /* by enum fault_slot */
};

struct api {
    const struct options *options;
    const struct sink *inbox;
    struct account accounts[PROVIDERS];
    struct challenges *challenges;
};

static void encode_credentials(const struct provider *provider, const struct options *options,
                               gnutls_datum_t *encoded)
{
    const char *user = NULL;
    const char *password = NULL;

    provider->credentials(options, &user, &password);
    size_t size = strlen(user) + 1 + strlen(password);
    char *plain = must(malloc(size + 1));
    stpcpy(stpcpy(stpcpy(plain, user), ":"), password);
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
    for (size_t i = 0; i < PROVIDERS; i++) {
        api->accounts[i].provider = providers[i];
        api->accounts[i].faults = options->faults[providers[i]->faults];
        encode_credentials(providers[i], options, &api->accounts[i].credentials);
    }
    return api;
}

void api_free(struct api *api)
{
    if (api == NULL) {
        return;
    }
    challenges_free(api->challenges);
    for (size_t i = 0; i < PROVIDERS; i++) {
        gnutls_datum_t *credentials = &api->accounts[i].credentials;
        gnutls_memset(credentials->data, 0, credentials->size);
        gnutls_free(credentials->data);
    }
    free(api);
}

static const struct account *find_account(const struct api *api, const char *path)
{
    for (size_t i = 0; i < PROVIDERS; i++) {
        const char *base = api->accounts[i].provider->base;
        if (strncmp(path, base, strlen(base)) == 0) {
            return &api->accounts[i];
        }
    }
    return &api->accounts[0];
}

/* Is the path the route's? Then part is what its * stands for, or empty where it has none. */
static bool is_on_route(const char *path, const char *route, char part[PROVIDER_PART_SIZE])
{
    size_t before = strcspn(route, "*");

    part[0] = '\0';
    if (route[before] == '\0') {
        return strcmp(path, route) == 0;
    }
    if (strncmp(path, route, before) != 0) {
        return false;
    }
    size_t length = strcspn(path + before, "/");
    if (length == 0 || length >= PROVIDER_PART_SIZE) {
        return false;
    }
    memcpy(part, path + before, length);
    part[length] = '\0';
    return strcmp(path + before + length, route + before + 1) == 0;
}

static bool find_route(const struct provider *provider, const char *path, struct call *call)
{
    for (call->route = provider->routes; call->route->path != NULL; call->route++) {
        if (is_on_route(path, call->route->path, call->part)) {
            return true;
        }
    }
    return false;
}

static bool is_authorized(const struct account *account, const char *header)
{
    static const char scheme[] = "Basic ";

    if (header == NULL || strncasecmp(header, scheme, strlen(scheme)) != 0) {
        return false;
    }
    const char *given = header + strlen(scheme);
    return strlen(given) == account->credentials.size &&
           gnutls_memcmp(given, account->credentials.data, account->credentials.size) == 0;
}

static bool is_send(const struct call *call)
{
    return call->route->channel != NULL;
}

/* The values of the words in the templates of answers. */
static struct answer_words words_of(const struct provider *provider, const struct call *call)
{
    return (struct answer_words){
        .id = call->id,
        .key = call->route->key,
        .other_key = call->route->other_key,
        .old_key = call->route->old_key,
        .to = call->body.to,
        .channel = call->route->channel,
        .other_channel = call->route->other_channel,
        .verdict = provider->verdict,
        .request_id = call->request_id,
    };
}

/* Makes a code, delivers it, and answers as the provider does. */
static void do_send(struct api *api, const struct provider *provider, const struct call *call,
                    const struct answer_words *words, struct answer *answer)
{
    char code[CHALLENGE_CODE_MAX + 1];

    provider->keep_code(api->challenges, call, code);
    char *message = provider->write_message(call, code);
    if (sink_message(api->inbox, call->body.to, call->route->channel, message, code)) {
        answer_template(answer, 200, provider->sent, words);
    } else {
        provider->refuse(answer, 500, "Internal Server Error");
    }
    explicit_bzero(message, strlen(message));
    free(message);
    explicit_bzero(code, sizeof(code));
}

static void do_verify(struct api *api, const struct provider *provider, const struct call *call,
                      const struct answer_words *words, struct answer *answer)
{
    switch (provider->verify(api->challenges, call)) {
    case CHALLENGE_RIGHT:
        answer_template(answer, 200, "{\"$verdict\":true}", words);
        break;
    case CHALLENGE_WRONG:
        answer_template(answer, 200, "{\"$verdict\":false}", words);
        break;
    case CHALLENGE_REFUSED:
        provider->refuse(answer, provider->refusal.status, provider->refusal.error);
        break;
    }
}

/* Does what a good request asks, or what the fault in force makes of it. */
static void do_work(struct api *api, const struct account *account, struct call *call,
                    struct answer *answer)
{
    const struct provider *provider = account->provider;
    const struct fault *fault = account->faults[is_send(call) ? FAULT_SEND : FAULT_VERIFY];

    if (fault != NULL && fault->channel != NULL &&
        strcmp(fault->channel, call->route->channel) != 0) {
        fault = NULL;
    }
    random_uuid(call->request_id);
    if (is_send(call)) {
        provider->make_id(call->route, call->id);
    }
    const struct answer_words words = words_of(provider, call);
    if (fault != NULL && !fault->processed) {
        fault_answer(fault, provider->faults, &words, answer);
        return;
    }
    if (is_send(call)) {
        do_send(api, provider, call, &words, answer);
    } else {
        do_verify(api, provider, call, &words, answer);
    }
    if (fault != NULL) {
        answer->manner = fault->manner;
    }
}

static void read_body(const struct provider *provider, struct json_object *object,
                      struct call *call, struct json_object *errors)
{
    call->body = provider->defaults;
    if (is_send(call)) {
        request_read(object, provider->send_fields, &call->body, errors);
        provider->check_send(call, object, errors);
    } else {
        request_read(object, provider->verify_fields, &call->body, errors);
    }
}

/* Reads the body and does what it asks, or says all that is wrong with it. */
static void answer_body(struct api *api, const struct account *account,
                        const struct api_request *request, struct call *call, struct answer *answer)
{
    struct json_object *errors = request_errors_new();
    struct json_object *object =
        request_parse(request->content_type, request->body, request->body_size, errors);

    if (object != NULL) {
        read_body(account->provider, object, call, errors);
    }
    if (request_has_errors(errors)) {
        account->provider->refuse_body(answer, errors);
    } else {
        do_work(api, account, call, answer);
    }
    json_object_put(object);
    json_object_put(errors);
}

static void set_header(struct answer *answer, const char *name, const char *value)
{
    answer->header_name = name;
    answer->header_value = value;
}

void api_answer(struct api *api, const struct api_request *request, struct answer *answer)
{
    const struct account *account = find_account(api, request->path);
    const struct provider *provider = account->provider;
    struct call call = {.options = api->options};

    if (!find_route(provider, request->path, &call)) {
        provider->refuse(answer, 404, "Not Found");
        return;
    }
    if (strcmp(request->method, "POST") != 0) {
        provider->refuse(answer, 405, "Method Not Allowed");
        set_header(answer, "Allow", "POST");
    } else if (!is_authorized(account, request->authorization)) {
        provider->refuse(answer, 401, "Unauthorized");
        set_header(answer, "WWW-Authenticate", provider->authenticate);
    } else if (!provider->is_allowed(&call)) {
        provider->refuse(answer, 403, "Forbidden");
    } else {
        answer_body(api, account, request, &call, answer);
    }
    answer->close = is_send(&call) && account->faults[FAULT_CLOSE] != NULL;
}
