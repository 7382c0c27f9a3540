/* SPDX-License-Identifier: BSD-3-Clause */
/* signalwire: see signalwire.h. */
#include "provider/signalwire.h"
#include "provider/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API_PATH "/api/relay/rest"

struct rest *signalwire_new(const struct config *config, int watch_fd)
{
    const struct signalwire_config *signalwire = &config->signalwire;
    char base[2048];
    if (signalwire->endpoint != NULL)
        (void)snprintf(base, sizeof(base), "%s" API_PATH, signalwire->endpoint);
    else
        (void)snprintf(base, sizeof(base), "https://%s.signalwire.com" API_PATH, signalwire->space);
    struct rest_settings settings = {.base = base,
                                     .user = signalwire->project_id,
                                     .password = &signalwire->api_token,
                                     .ca_pem = signalwire->ca_pem,
                                     .connect_timeout = config->connect_timeout,
                                     .timeout = config->timeout,
                                     .watch_fd = watch_fd};
    return rest_new(&settings);
}

/* ---- what an answer means ---- */

static void append(struct problem *problem, const char *between, const char *text)
{
    size_t used = strlen(problem->text);
    (void)snprintf(problem->text + used, sizeof(problem->text) - used, "%s%s", between, text);
}

/* Appends "; CODE TITLE DETAIL" for one entry of an error list. */
static void add_error(struct problem *problem, json_object *entry)
{
    static const char *const parts[] = {"code", "title", "detail"};
    const char *between = "; ";
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *text = json_text(entry, parts[i]);
        if (text != NULL) {
            append(problem, between, text);
            between = " ";
        }
    }
}

/* Says what an answer that is no success told us: {"error": text} or {"errors": [...]}. */
static void describe(const struct rest_answer *answer, struct problem *problem)
{
    struct problem ignored = {0};
    problem_set(problem, "SignalWire answered %ld", answer->status);
    json_object *object = json_read(answer->body, answer->length, &ignored);
    if (object == NULL)
        return;
    const char *error = json_text(object, "error");
    if (error != NULL)
        append(problem, ": ", error);
    json_object *list = NULL;
    if (json_object_object_get_ex(object, "errors", &list) &&
        json_object_is_type(list, json_type_array))
        for (size_t i = 0; i < json_object_array_length(list); i++)
            if (json_object_is_type(json_object_array_get_idx(list, i), json_type_object))
                add_error(problem, json_object_array_get_idx(list, i));
    json_object_put(object);
}

static enum outcome by_status(const struct rest_answer *answer, struct problem *problem)
{
    describe(answer, problem);
    switch (answer->status) {
    case 401:
        append(problem, "; ", "check project_id and api_token");
        return OUTCOME_CREDENTIALS;
    case 403:
        append(problem, "; ", "check the scope of the API token");
        return OUTCOME_FORBIDDEN;
    case 404:
        append(problem, "; ", "check space and endpoint");
        return OUTCOME_NOT_FOUND;
    case 422:
        return OUTCOME_INVALID;
    case 429:
        return OUTCOME_LIMIT;
    default:
        return answer->status >= 500 && answer->status <= 599 ? OUTCOME_SERVER : OUTCOME_BAD_ANSWER;
    }
}

static bool is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (strlen(text) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == '-' ? text[i] != '-' : strchr("0123456789abcdefABCDEF", text[i]) == NULL)
            return false;
    return true;
}

static enum outcome read_sent(json_object *object, const char *to, enum channel channel, char *id,
                              struct problem *problem)
{
    bool success = false;
    const char *given_id = json_text(object, "id");
    const char *given_to = json_text(object, "to");
    const char *given_channel = json_text(object, "channel");

    if (!json_boolean(object, "success", &success))
        problem_set(problem, "SignalWire's answer: success must be true or false");
    else if (!success) {
        problem_set(problem, "SignalWire did not queue the code: success is false");
        return OUTCOME_NOT_QUEUED;
    } else if (given_id == NULL || !is_uuid(given_id))
        problem_set(problem, "SignalWire's answer: id must be a UUID");
    else if (given_to == NULL || strcmp(given_to, to) != 0)
        problem_set(problem, "SignalWire's answer: to is not the number that was asked for");
    else if (given_channel == NULL || strcmp(given_channel, channel_names[channel]) != 0)
        problem_set(problem, "SignalWire's answer: channel is not %s", channel_names[channel]);
    else {
        memcpy(id, given_id, SIGNALWIRE_ID_SIZE);
        return OUTCOME_OK;
    }
    return OUTCOME_BAD_ANSWER;
}

/* The object in an answer with status 200, the caller's to put; or NULL with the outcome. */
static json_object *open_answer(const struct rest_answer *answer, enum outcome *outcome,
                                struct problem *problem)
{
    if (answer->status != 200) {
        *outcome = by_status(answer, problem);
        return NULL;
    }
    struct problem why = {0};
    json_object *object = json_read(answer->body, answer->length, &why);
    if (object == NULL)
        problem_set(problem, "SignalWire's answer: %.400s", why.text);
    *outcome = OUTCOME_BAD_ANSWER;
    return object;
}

enum outcome signalwire_sent(const struct rest_answer *answer, const char *to, enum channel channel,
                             char *id, struct problem *problem)
{
    enum outcome outcome = OUTCOME_BAD_ANSWER;
    json_object *object = open_answer(answer, &outcome, problem);
    if (object != NULL)
        outcome = read_sent(object, to, channel, id, problem);
    json_object_put(object);
    return outcome;
}

enum outcome signalwire_verified(const struct rest_answer *answer, struct problem *problem)
{
    if (answer->status == 404) {
        describe(answer, problem);
        return OUTCOME_GONE;
    }
    bool success = false;
    enum outcome outcome = OUTCOME_BAD_ANSWER;
    json_object *object = open_answer(answer, &outcome, problem);
    if (object == NULL)
        return outcome;
    if (!json_boolean(object, "success", &success))
        problem_set(problem, "SignalWire's answer: success must be true or false");
    else
        outcome = success ? OUTCOME_OK : OUTCOME_WRONG;
    json_object_put(object);
    return outcome;
}

/* ---- the requests ---- */

static bool add(json_object *object, const char *key, json_object *value)
{
    if (value != NULL && json_object_object_add(object, key, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

static bool add_text(json_object *object, const char *key, const char *text)
{
    return text == NULL || add(object, key, json_object_new_string(text));
}

static json_object *send_body(const struct signalwire_config *config, const char *number)
{
    json_object *body = json_object_new_object();
    if (body != NULL && add_text(body, "to", number) && add_text(body, "from", config->from) &&
        add_text(body, "message", config->message) &&
        add(body, "token_length", json_object_new_int(config->token_length)) &&
        add(body, "valid_for", json_object_new_int(config->valid_for)) &&
        add(body, "max_attempts", json_object_new_int(config->max_attempts)) &&
        add(body, "allow_alphas", json_object_new_boolean(config->allow_alphas)))
        return body;
    json_object_put(body);
    return NULL;
}

static json_object *verify_body(const char *code)
{
    json_object *body = json_object_new_object();
    if (body != NULL && add_text(body, "token", code))
        return body;
    json_object_put(body);
    return NULL;
}

/* Posts body, which is put here. Returns an answer, the caller's to free, or NULL with outcome. */
static struct rest_answer *post(struct rest *rest, const char *path, json_object *body,
                                enum outcome *outcome, struct problem *problem)
{
    struct rest_answer *answer = malloc(sizeof(*answer));
    const char *text = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);
    if (answer == NULL || body == NULL || text == NULL) {
        problem_set(problem, "no memory");
        *outcome = OUTCOME_MEMORY;
    } else {
        *outcome = rest_post(rest, path, text, answer, problem);
    }
    json_object_put(body);
    if (*outcome != OUTCOME_OK) {
        free(answer);
        return NULL;
    }
    return answer;
}

enum outcome signalwire_send(struct rest *rest, const struct signalwire_config *config,
                             const char *number, enum channel channel, char *id,
                             struct problem *problem)
{
    char path[32];
    (void)snprintf(path, sizeof(path), "/mfa/%s", channel_names[channel]);
    enum outcome outcome = OUTCOME_MEMORY;
    struct rest_answer *answer = post(rest, path, send_body(config, number), &outcome, problem);
    if (answer != NULL)
        outcome = signalwire_sent(answer, number, channel, id, problem);
    free(answer);
    return outcome;
}

enum outcome signalwire_verify(struct rest *rest, const char *id, const char *code,
                               struct problem *problem)
{
    char path[SIGNALWIRE_ID_SIZE + 16];
    (void)snprintf(path, sizeof(path), "/mfa/%s/verify", id);
    enum outcome outcome = OUTCOME_MEMORY;
    struct rest_answer *answer = post(rest, path, verify_body(code), &outcome, problem);
    if (answer != NULL)
        outcome = signalwire_verified(answer, problem);
    free(answer);
    return outcome;
}
