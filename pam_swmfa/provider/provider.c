/* SPDX-License-Identifier: BSD-3-Clause */
/* provider: see provider.h. What is the same for all providers. */
#include "provider/provider.h"

#include "provider/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PROVIDER(name) extern const struct provider name##_provider;
#include <provider-list.h>
#undef PROVIDER

#define PROVIDER(name) &name##_provider,
const struct provider *const providers[PROVIDER_COUNT] = {
#include <provider-list.h>
};
#undef PROVIDER

#define PROVIDER(name) #name,
const char *const provider_names[PROVIDER_COUNT + 1] = {
#include <provider-list.h>
};
#undef PROVIDER

/* ---- what an answer means ---- */

/* Appends those members of an object that are texts. */
static void add_texts(struct problem *problem, json_object *object, const char *const *keys,
                      const char *between)
{
    for (; *keys != NULL; keys++) {
        const char *text = json_text(object, *keys);
        if (text != NULL) {
            problem_add(problem, "%s%s", between, text);
            between = " ";
        }
    }
}

/*
 * Describes an answer that is no success: {"error": text}, {"message": text} with a lower or upper
 * case M, or {"errors": [{"code", "title", "detail"}...]}.
 */
static void describe(const struct provider *provider, const struct rest_answer *answer,
                     struct problem *problem)
{
    static const char *const single[] = {"error", "message", "Message", "requestId", NULL};
    static const char *const listed[] = {"code", "title", "detail", NULL};
    struct problem ignored = {0};
    problem_set(problem, "%s answered %ld", provider->title, answer->status);
    json_object *object = json_read(answer->body, answer->length, &ignored);
    if (object == NULL)
        return;
    add_texts(problem, object, single, ": ");
    json_object *list = NULL;
    if (json_object_object_get_ex(object, "errors", &list) &&
        json_object_is_type(list, json_type_array))
        for (size_t i = 0; i < json_object_array_length(list); i++)
            if (json_object_is_type(json_object_array_get_idx(list, i), json_type_object))
                add_texts(problem, json_object_array_get_idx(list, i), listed, "; ");
    json_object_put(object);
}

static enum outcome by_status(const struct provider *provider, const struct rest_answer *answer,
                              struct problem *problem)
{
    describe(provider, answer, problem);
    switch (answer->status) {
    case 400:
    case 422:
        return OUTCOME_INVALID;
    case 401:
        problem_add(problem, "; %s", provider->hints.credentials);
        return OUTCOME_CREDENTIALS;
    case 402:
        problem_add(problem, "; check the account's balance");
        return OUTCOME_NO_CREDIT;
    case 403:
        problem_add(problem, "; %s", provider->hints.forbidden);
        return OUTCOME_FORBIDDEN;
    case 404:
        problem_add(problem, "; %s", provider->hints.not_found);
        return OUTCOME_NOT_FOUND;
    case 429:
        return OUTCOME_LIMIT;
    default:
        return answer->status >= 500 && answer->status <= 599 ? OUTCOME_SERVER : OUTCOME_BAD_ANSWER;
    }
}

/* The object in an answer with status 200, the caller's to put; or NULL with the outcome. */
static json_object *open_answer(const struct provider *provider, const struct rest_answer *answer,
                                enum outcome *outcome, struct problem *problem)
{
    if (answer->status != 200) {
        *outcome = by_status(provider, answer, problem);
        return NULL;
    }
    struct problem why = {0};
    json_object *object = json_read(answer->body, answer->length, &why);
    if (object == NULL)
        problem_set(problem, "%s's answer: %s", provider->title, why.text);
    *outcome = OUTCOME_BAD_ANSWER;
    return object;
}

/* Says a problem that a provider's file has found, with the provider's name before it. */
static void sign(const struct provider *provider, const struct problem *why,
                 struct problem *problem)
{
    if (*why->text != '\0')
        problem_set(problem, "%s's answer: %s", provider->title, why->text);
}

enum outcome provider_sent(const struct provider *provider, const struct rest_answer *answer,
                           struct challenge *challenge, struct problem *problem)
{
    enum outcome outcome = OUTCOME_BAD_ANSWER;
    json_object *object = open_answer(provider, answer, &outcome, problem);
    if (object == NULL)
        return outcome;
    struct problem why = {0};
    outcome = provider->sent(object, challenge, &why);
    sign(provider, &why, problem);
    json_object_put(object);
    return outcome;
}

enum outcome provider_verified(const struct provider *provider, const struct rest_answer *answer,
                               struct problem *problem)
{
    if (provider->gone != 0 && answer->status == provider->gone) {
        describe(provider, answer, problem);
        return OUTCOME_GONE;
    }
    enum outcome outcome = OUTCOME_BAD_ANSWER;
    json_object *object = open_answer(provider, answer, &outcome, problem);
    if (object == NULL)
        return outcome;
    struct problem why = {0};
    outcome = provider->verified(object, &why);
    sign(provider, &why, problem);
    json_object_put(object);
    return outcome;
}

/* ---- what a provider repeats of what it was told ---- */

static void mask(char *text, const char *secret)
{
    size_t length = secret != NULL ? strlen(secret) : 0;
    char *at = text;
    while (length > 0 && (at = strstr(at, secret)) != NULL) {
        memset(at, '*', length);
        at += length;
    }
}

/* A phone number in any notation: seven digits or more, with only these between them. */
static void mask_numbers(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        size_t length = strspn(at, "0123456789 ()./-");
        size_t digits = 0;
        for (size_t i = 0; i < length; i++)
            digits += at[i] >= '0' && at[i] <= '9';
        for (size_t i = 0; i < length && digits >= 7; i++)
            if (at[i] >= '0' && at[i] <= '9')
                at[i] = '*';
        if (length > 0)
            at += length - 1;
    }
}

/* A provider's error text can repeat what we sent, none of which may be logged. */
static void redact(const struct provider *provider, const void *settings, const char *code,
                   struct problem *problem)
{
    struct account account = {0};
    if (*problem->text == '\0')
        return;
    provider->account(settings, &account);
    mask(problem->text, account.password->text);
    mask(problem->text, code);
    mask_numbers(problem->text);
    char
        shown[512]; /* the provider chose the text: for a log and a terminal this is enough of it */
    problem_set(problem, "%s", problem_shorten(problem->text, shown, sizeof(shown)));
}

/* ---- the requests ---- */

bool provider_add(json_object *object, const char *key, json_object *value)
{
    if (value != NULL && json_object_object_add(object, key, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

bool provider_add_text(json_object *object, const char *key, const char *text)
{
    return text == NULL || provider_add(object, key, json_object_new_string(text));
}

enum outcome provider_verdict(json_object *answer, const char *key, struct problem *problem)
{
    bool right = false;
    if (json_boolean(answer, key, &right))
        return right ? OUTCOME_OK : OUTCOME_WRONG;
    problem_set(problem, "%s must be true or false", key);
    return OUTCOME_BAD_ANSWER;
}

json_object *provider_body(json_object *body, bool good)
{
    if (good)
        return body;
    json_object_put(body);
    return NULL;
}

/* True if the status says that the provider has done nothing (RFC 9110). A 408, and a gateway's 502
 * or 504, do not say so. */
static bool says_not_done(long status)
{
    return status >= 300 && status <= 599 && status != 408 && status != 502 && status != 504;
}

/* How certain it is that nothing was done, without an answer. */
static enum doubt doubt_without(const struct rest_answer *answer)
{
    if (answer->unsettled)
        return DOUBT_FULL;
    return answer->gone_out && !says_not_done(answer->status) ? DOUBT_SOME : DOUBT_NONE;
}

/* Posts body, which is put here. Returns an answer, the caller's to free, or NULL with outcome and
 * doubt. */
static struct rest_answer *post(struct rest *rest, int milliseconds, const char *path,
                                json_object *body, enum outcome *outcome, enum doubt *doubt,
                                struct problem *problem)
{
    struct rest_answer *answer = malloc(sizeof(*answer));
    const char *text = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);
    *doubt = DOUBT_NONE;
    if (answer == NULL || body == NULL || text == NULL) {
        problem_no_memory(problem);
        *outcome = OUTCOME_MEMORY;
    } else {
        *outcome = rest_post(rest, path, text, milliseconds, answer, problem);
        *doubt = doubt_without(answer);
    }
    json_object_put(body);
    if (*outcome != OUTCOME_OK) {
        free(answer);
        return NULL;
    }
    return answer;
}

enum outcome provider_send(const struct provider *provider, const void *settings, struct rest *rest,
                           int milliseconds, struct challenge *challenge, enum doubt *doubt,
                           struct problem *problem)
{
    char path[REQUEST_PATH_SIZE] = "";
    enum outcome outcome = OUTCOME_MEMORY;
    json_object *body = provider->send(settings, challenge, path, sizeof(path));
    struct rest_answer *answer = post(rest, milliseconds, path, body, &outcome, doubt, problem);
    if (answer != NULL) {
        outcome = provider_sent(provider, answer, challenge, problem);
        bool refused = outcome == OUTCOME_NOT_QUEUED || says_not_done(answer->status);
        *doubt = refused ? DOUBT_NONE : DOUBT_SOME;
        redact(provider, settings, NULL, problem);
    }
    free(answer);
    return outcome;
}

enum outcome provider_verify(const struct provider *provider, const void *settings,
                             struct rest *rest, int milliseconds, const struct challenge *challenge,
                             const char *code, struct problem *problem)
{
    char path[REQUEST_PATH_SIZE] = "";
    enum outcome outcome = OUTCOME_MEMORY;
    enum doubt ignored = DOUBT_NONE;
    json_object *body = provider->verify(settings, challenge, code, path, sizeof(path));
    struct rest_answer *answer = post(rest, milliseconds, path, body, &outcome, &ignored, problem);
    if (answer != NULL) {
        outcome = provider_verified(provider, answer, problem);
        redact(provider, settings, code, problem);
    }
    free(answer);
    return outcome;
}

/* ---- without a send ---- */

#define LENGTH_MAX 20 /* of a code, see docs/providers.md */

/* 25 characters of 5 random bits each. */
bool provider_make_scope(char scope[CHALLENGE_SCOPE_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char bytes[CHALLENGE_SCOPE_SIZE - 1];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++)
        scope[i] = letters[bytes[i] % 32];
    scope[sizeof(bytes)] = '\0';
    return true;
}

/* Reads from the answer to a verify of a challenge that was never sent whether the credentials are
 * accepted. */
static enum outcome judge(const struct provider *provider, enum outcome outcome,
                          struct problem *problem)
{
    switch (outcome) {
    case OUTCOME_GONE:
    case OUTCOME_WRONG:
    case OUTCOME_INVALID: /* only an authenticated caller is told what is wrong with the request */
        *problem->text = '\0';
        return OUTCOME_OK;
    case OUTCOME_OK:
        problem_set(problem, "%s accepted a random code that was never sent", provider->title);
        return OUTCOME_BAD_ANSWER;
    default:
        return outcome;
    }
}

enum outcome provider_probe(const struct provider *provider, const void *settings,
                            struct rest *rest, int milliseconds, struct problem *problem)
{
    struct challenge challenge = {.number = NULL};
    struct terms terms = {0};
    unsigned char bytes[UNSENT_BYTES];
    unsigned char digits[LENGTH_MAX];
    char code[LENGTH_MAX + 1] = "";
    if (!provider_make_scope(challenge.scope) ||
        getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes) ||
        getrandom(digits, sizeof(digits), 0) != (ssize_t)sizeof(digits)) {
        problem_set(problem, "no random bytes");
        return OUTCOME_MEMORY;
    }
    provider->unsent(settings, bytes, &challenge);
    provider->terms(settings, &terms);
    for (size_t i = 0; i < terms.length && i < sizeof(digits); i++)
        code[i] = (char)('0' + digits[i] % 10);
    return judge(provider,
                 provider_verify(provider, settings, rest, milliseconds, &challenge, code, problem),
                 problem);
}

bool provider_is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (strlen(text) != strlen(form))
        return false;
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == '-' ? text[i] != '-' : strchr("0123456789abcdefABCDEF", text[i]) == NULL)
            return false;
    return true;
}
