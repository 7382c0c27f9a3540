/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bandwidth: Bandwidth's MFA API, by the documents of its version 1: "Messaging Authentication
 * Code", "Voice Authentication Code" and "Verify Authentication Code".
 *
 * Its verify knows no request: any code that was sent to that number and scope is right. A scope of
 * its own for each send makes a code good for that send alone.
 */
#include "config/gsm.h"
#include "provider/json.h"
#include "provider/provider.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define HOST   "https://mfa.bandwidth.com"
#define MINUTE 60

/* [bandwidth]; the texts that were not given are NULL. */
struct settings {
    char *account_id;
    char *username;
    struct secret password; /* given, or read from password_file */
    char *password_file;
    char *from;
    char *messaging_application_id;
    char *voice_application_id;
    char *message;
    int digits;
    int expiration_minutes;
    char *endpoint;
    struct key_file ca_file;
    struct price price[CHANNEL_COUNT];
};

/* clang-format off */
#define AT(member) KEY_AT(struct settings, member)
#define APPLICATION .kind = KEY_TEXT, .pattern = "^[A-Za-z0-9_-]+$", .max = 50, \
    .expected = "the id of an application, up to 50 letters, digits, hyphens, underscores"
static const struct key keys[] = {
    {"account_id", NULL, AT(account_id), .kind = KEY_TEXT, .pattern = "^[A-Za-z0-9_-]+$",
     .max = 50, .expected = "up to 50 letters, digits, hyphens, underscores", .required = true, .redact = true},
    {"username", NULL, AT(username), .kind = KEY_TEXT, .pattern = "^[!-9;-~]+$",
     .max = 250, .expected = "up to 250 printable characters, no blanks or colons", .required = true, .redact = true},
    {"password", NULL, AT(password), .kind = KEY_SECRET, .pattern = "^[!-~]+$",
     .expected = "printable characters, no blanks", .quotable = true},
    {"password_file", NULL, AT(password_file), .kind = KEY_TEXT, KEY_ABSOLUTE_PATH, .redact = true},
    {"from", NULL, AT(from), .kind = KEY_TEXT, KEY_E164, .required = true},
    {"messaging_application_id", NULL, AT(messaging_application_id), APPLICATION, .redact = true},
    {"voice_application_id", NULL, AT(voice_application_id), APPLICATION, .redact = true},
    {"message", "Your {NAME} code is {CODE}", AT(message), .kind = KEY_TEXT,
     .pattern = "[{]CODE[}]", .expected = "a text with {CODE} in it, at most 2048 bytes", .quotable = true},
    {"digits", "6", AT(digits), .kind = KEY_NUMBER, .min = 4, .max = 8},
    {"expiration_minutes", "5", AT(expiration_minutes), .kind = KEY_NUMBER, .min = 1, .max = 15},
    {"endpoint", HOST, AT(endpoint), .kind = KEY_ENDPOINT},
    {"ca_file", NULL, AT(ca_file), .kind = KEY_FILE},
    PROVIDER_PRICES(struct settings),
    {.name = NULL},
};
/* clang-format on */

static bool check(const void *section, const char **key, struct problem *problem)
{
    const struct settings *settings = section;
    size_t units = 0;
    *key = "message";
    if (gsm_measure(settings->message, &units) == GSM_INVALID)
        return problem_set(problem, "is not valid UTF-8 text");
    *key = "messaging_application_id";
    return settings->messaging_application_id != NULL || settings->voice_application_id != NULL ||
           problem_set(problem, "missing: give it, or voice_application_id, or both");
}

static void account(const void *section, struct account *account)
{
    const struct settings *settings = section;
    (void)snprintf(account->base, sizeof(account->base), "%s/api/v1/accounts/%s",
                   settings->endpoint, settings->account_id);
    account->user = settings->username;
    account->password = &settings->password;
    account->ca_pem = settings->ca_file.text;
}

static void terms(const void *section, struct terms *terms)
{
    const struct settings *settings = section;
    *terms = (struct terms){.length = (size_t)settings->digits,
                            .valid_for = settings->expiration_minutes * MINUTE,
                            .wrong_most = INT_MAX /* it counts by number, not by code */};
    memcpy(terms->price, settings->price, sizeof(terms->price));
}

static const char *application(const struct settings *settings, enum channel channel)
{
    return channel == CHANNEL_SMS ? settings->messaging_application_id
                                  : settings->voice_application_id;
}

static const char *lacks(const void *section, enum channel channel)
{
    if (application(section, channel) != NULL)
        return NULL;
    return channel == CHANNEL_SMS ? "messaging_application_id" : "voice_application_id";
}

static json_object *send(const void *section, const struct challenge *challenge, char *path,
                         size_t size)
{
    const struct settings *settings = section;
    json_object *body = json_object_new_object();
    (void)snprintf(path, size, "/code/%s",
                   challenge->channel == CHANNEL_SMS ? "messaging" : "voice");
    return provider_body(body,
                         body != NULL && provider_add_text(body, "to", challenge->number) &&
                             provider_add_text(body, "from", settings->from) &&
                             provider_add_text(body, "applicationId",
                                               application(settings, challenge->channel)) &&
                             provider_add_text(body, "message", settings->message) &&
                             provider_add(body, "digits", json_object_new_int(settings->digits)) &&
                             provider_add_text(body, "scope", challenge->scope));
}

static json_object *verify(const void *section, const struct challenge *challenge, const char *code,
                           char *path, size_t size)
{
    const struct settings *settings = section;
    json_object *body = json_object_new_object();
    (void)snprintf(path, size, "/code/verify");
    return provider_body(body,
                         body != NULL && provider_add_text(body, "to", challenge->number) &&
                             provider_add_text(body, "code", code) &&
                             provider_add(body, "expirationTimeInMinutes",
                                          json_object_new_int(settings->expiration_minutes)) &&
                             provider_add_text(body, "scope", challenge->scope));
}

/* Our own number is nobody's phone: if wrong codes are counted for it, nobody is kept out. */
static void unsent(const void *section, const unsigned char *bytes, struct challenge *challenge)
{
    const struct settings *settings = section;
    (void)bytes; /* the scope is random enough */
    challenge->number = settings->from;
}

/* An id is only logged. An id with other characters, or a longer one, is not the API's. */
static bool is_id(const char *text)
{
    static const char good[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    size_t length = strlen(text);
    return length > 0 && length < CHALLENGE_ID_SIZE && strspn(text, good) == length;
}

static enum outcome sent(json_object *answer, struct challenge *challenge, struct problem *problem)
{
    static const char *const spellings[CHANNEL_COUNT][2] = {
        [CHANNEL_SMS] = {"messageId", "MessageId"},
        [CHANNEL_CALL] = {"callId", "CallId"},
    };
    const char *const *keys_of = spellings[challenge->channel];
    const char *id = json_text(answer, keys_of[0]);
    if (id == NULL)
        id = json_text(answer, keys_of[1]);
    if (id != NULL && is_id(id)) {
        memcpy(challenge->id, id, strlen(id) + 1);
        return OUTCOME_OK;
    }
    problem_set(problem, "%s must be an id", keys_of[0]);
    return OUTCOME_BAD_ANSWER;
}

static enum outcome verified(json_object *answer, struct problem *problem)
{
    return provider_verdict(answer, "valid", problem);
}

extern const struct provider bandwidth_provider;
const struct provider bandwidth_provider = {
    .name = "bandwidth",
    .title = "Bandwidth",
    .section = {"bandwidth", keys, sizeof(struct settings), check},
    .needs_id = false,
    .gone = 0,
    .hints = {"check username and password", "check account_id and what its users may do",
              "check account_id and endpoint"},
    .account = account,
    .terms = terms,
    .lacks = lacks,
    .send = send,
    .verify = verify,
    .unsent = unsent,
    .sent = sent,
    .verified = verified,
};
