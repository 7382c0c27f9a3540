/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signalwire: SignalWire's MFA API, by its documents "Request MFA token via text message", "via
 * call" and "Verify a token" of the REST API.
 */
#include "config/gsm.h"
#include "provider/json.h"
#include "provider/provider.h"

#include <stdio.h>
#include <string.h>

#define API_PATH        "/api/relay/rest"
#define ID_LENGTH       36
#define SEGMENT_SEPTETS 160 /* one SMS, GSM 03.38 */
#define SEGMENT_UTF16   70

/* [signalwire]; the texts that were not given are NULL. */
struct settings {
    char *space;
    char *endpoint;
    char *project_id;
    struct secret api_token; /* given, or read from api_token_file */
    char *api_token_file;
    char *from;
    char *message;
    int token_length;
    int valid_for; /* seconds */
    int max_attempts;
    int allow_alphas; /* 0 or 1 */
    struct key_file ca_file;
    struct price price[CHANNEL_COUNT];
};

/* clang-format off */
#define AT(member) KEY_AT(struct settings, member)
static const struct key keys[] = {
    {"space", NULL, AT(space), .kind = KEY_TEXT, .pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
     .max = 63, .expected = "the SPACE of https://SPACE.signalwire.com, at most 63 characters"},
    {"endpoint", NULL, AT(endpoint), .kind = KEY_ENDPOINT},
    {"project_id", NULL, AT(project_id), .kind = KEY_TEXT, .pattern = "^[A-Za-z0-9._-]+$",
     .max = 250, .expected = "up to 250 letters, digits, dots, hyphens, underscores", .required = true, .redact = true},
    {"api_token", NULL, AT(api_token), .kind = KEY_SECRET, .pattern = "^[!#-&(-~]+$",
     .expected = "printable characters, no blanks or quotes"},
    {"api_token_file", NULL, AT(api_token_file), .kind = KEY_TEXT, KEY_ABSOLUTE_PATH, .redact = true},
    {"from", NULL, AT(from), .kind = KEY_TEXT, KEY_E164},
    {"message", NULL, AT(message), .kind = KEY_TEXT, .pattern = ".", .expected = "a text", .quotable = true},
    {"token_length", "6", AT(token_length), .kind = KEY_NUMBER, .min = 4, .max = 20},
    {"valid_for", "300", AT(valid_for), .kind = KEY_NUMBER, .min = 1, .max = 604800},
    {"max_attempts", "3", AT(max_attempts), .kind = KEY_NUMBER, .min = 1, .max = 20},
    {"allow_alphas", "no", AT(allow_alphas), .kind = KEY_WORD, .words = key_no_yes},
    {"ca_file", NULL, AT(ca_file), .kind = KEY_FILE},
    PROVIDER_PRICES(struct settings),
    {.name = NULL},
};
/* clang-format on */

static bool check_message(const struct settings *settings, struct problem *problem)
{
    if (settings->from == NULL)
        return problem_set(problem, "needs from, a number of your own: SignalWire's number carries "
                                    "only the standard text");
    size_t units = 0;
    enum gsm_alphabet alphabet = gsm_measure(settings->message, &units);
    if (alphabet == GSM_INVALID)
        return problem_set(problem, "is not valid UTF-8 text");
    size_t most = alphabet == GSM_7BIT ? SEGMENT_SEPTETS : SEGMENT_UTF16;
    return units <= most ||
           problem_set(problem, "at most %zu characters%s, so that it fits one SMS, not %zu", most,
                       alphabet == GSM_7BIT ? "" : " where one is outside GSM 03.38", units);
}

static bool check(const void *section, const char **key, struct problem *problem)
{
    const struct settings *settings = section;
    *key = "space";
    if (settings->space == NULL && settings->endpoint == NULL)
        return problem_set(problem, "missing: the SPACE of https://SPACE.signalwire.com");
    *key = "endpoint";
    if (settings->space != NULL && settings->endpoint != NULL)
        return problem_set(problem, "give space or endpoint, not both");
    *key = "message";
    return settings->message == NULL || check_message(settings, problem);
}

static void account(const void *section, struct account *account)
{
    const struct settings *settings = section;
    if (settings->endpoint != NULL)
        (void)snprintf(account->base, sizeof(account->base), "%s" API_PATH, settings->endpoint);
    else
        (void)snprintf(account->base, sizeof(account->base), "https://%s.signalwire.com" API_PATH,
                       settings->space);
    account->user = settings->project_id;
    account->password = &settings->api_token;
    account->ca_pem = settings->ca_file.text;
}

static void terms(const void *section, struct terms *terms)
{
    const struct settings *settings = section;
    *terms = (struct terms){.length = (size_t)settings->token_length,
                            .letters = settings->allow_alphas == 1,
                            .valid_for = settings->valid_for,
                            .wrong_most = settings->max_attempts};
    memcpy(terms->price, settings->price, sizeof(terms->price));
}

static const char *lacks(const void *section, enum channel channel)
{
    (void)section;
    (void)channel;
    return NULL;
}

static json_object *send(const void *section, const struct challenge *challenge, char *path,
                         size_t size)
{
    const struct settings *settings = section;
    json_object *body = json_object_new_object();
    (void)snprintf(path, size, "/mfa/%s", channel_names[challenge->channel]);
    return provider_body(
        body,
        body != NULL && provider_add_text(body, "to", challenge->number) &&
            provider_add_text(body, "from", settings->from) &&
            provider_add_text(body, "message", settings->message) &&
            provider_add(body, "token_length", json_object_new_int(settings->token_length)) &&
            provider_add(body, "valid_for", json_object_new_int(settings->valid_for)) &&
            provider_add(body, "max_attempts", json_object_new_int(settings->max_attempts)) &&
            provider_add(body, "allow_alphas", json_object_new_boolean(settings->allow_alphas)));
}

static json_object *verify(const void *section, const struct challenge *challenge, const char *code,
                           char *path, size_t size)
{
    (void)section;
    json_object *body = json_object_new_object();
    (void)snprintf(path, size, "/mfa/%s/verify", challenge->id);
    return provider_body(body, body != NULL && provider_add_text(body, "token", code));
}

/* A UUID of version 4 (RFC 9562), which belongs to no send. */
static void unsent(const void *section, const unsigned char *bytes, struct challenge *challenge)
{
    (void)section;
    (void)snprintf(challenge->id, sizeof(challenge->id),
                   "%02x%02x%02x%02x-%02x%02x-4%01x%02x-%x%01x%02x-%02x%02x%02x%02x%02x%02x",
                   bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6] % 16U,
                   bytes[7], 8U + bytes[8] % 4U, bytes[8] / 16U, bytes[9], bytes[10], bytes[11],
                   bytes[12], bytes[13], bytes[14], bytes[15]);
}

static enum outcome sent(json_object *answer, struct challenge *challenge, struct problem *problem)
{
    bool success = false;
    const char *id = json_text(answer, "id");
    const char *to = json_text(answer, "to");
    const char *channel = json_text(answer, "channel");

    if (!json_boolean(answer, "success", &success))
        problem_set(problem, "success must be true or false");
    else if (!success) {
        problem_set(problem, "the code was not queued: success is false");
        return OUTCOME_NOT_QUEUED;
    } else if (id == NULL || !provider_is_uuid(id))
        problem_set(problem, "id must be a UUID");
    else if (to == NULL || strcmp(to, challenge->number) != 0)
        problem_set(problem, "to is not the requested number");
    else if (channel == NULL || strcmp(channel, channel_names[challenge->channel]) != 0)
        problem_set(problem, "channel is not %s", channel_names[challenge->channel]);
    else {
        memcpy(challenge->id, id, ID_LENGTH + 1);
        return OUTCOME_OK;
    }
    return OUTCOME_BAD_ANSWER;
}

static enum outcome verified(json_object *answer, struct problem *problem)
{
    return provider_verdict(answer, "success", problem);
}

extern const struct provider signalwire_provider;
const struct provider signalwire_provider = {
    .name = "signalwire",
    .title = "SignalWire",
    .section = {"signalwire", keys, sizeof(struct settings), check},
    .needs_id = true,
    .gone = 404,
    .hints = {"check project_id and api_token", "check the scope of the API token",
              "check space and endpoint"},
    .account = account,
    .terms = terms,
    .lacks = lacks,
    .send = send,
    .verify = verify,
    .unsent = unsent,
    .sent = sent,
    .verified = verified,
};
