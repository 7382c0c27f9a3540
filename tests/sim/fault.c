/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     fault - what --fault can do to answers
 *
 * SYNOPSIS
 *     extern const struct fault faults[];
 *     const struct fault *fault_find(text, apis);
 *     void fault_answer(fault, api, words, answer);
 *
 * DESCRIPTION
 *     The table of faults, a row each; --help and the checks of the command line read it too. A
 *     fault comes after all checks of the request: what the API refuses is refused with a fault in
 *     force as without.
 *
 *     A fault that is not processed stands in for the work: no code is made and no message sent, no
 *     attempt is used up. It has a form for each API. What is about a field that only SignalWire's
 *     answers have is for Bandwidth's some other nonsense about the id, which is all they have. A
 *     fault that is processed lets the work be done, and changes how the answer is given.
 *
 * DIAGNOSTICS
 *     Without memory the simulator ends with status 1.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "fault.h"

#include <stddef.h>
#include <string.h>

#define SENT_REST "\"to\":\"$to\",\"channel\":\"$channel\"}"
#define SENT      "{\"id\":\"$id\",\"success\":true," SENT_REST

#define REQUEST_ID ",\"requestId\":\"$request_id\"}"
#define GARBAGE    "<html><body>This is not JSON.</body></html>\n"
#define CONTROLS                                                                                   \
    "\\u001b[2J\\u001b]0;title\\u0007Red: \\u001b[31m\\n"                                          \
    "sshd[1]: a line of its own\\r\\n\\u009b0m\\u202eend"

#define ERROR_ITEM(detail)                                                                         \
    "{\"detail\":\"" detail "\",\"status\":\"422\",\"title\":\"Unprocessable Entity\","            \
    "\"code\":\"invalid_parameter\"}"
#define TWO_ITEMS ERROR_ITEM("The first of two errors.") "," ERROR_ITEM("The second of two errors.")

/* clang-format off */

/* The forms of a fault: for SignalWire, for Bandwidth. */
#define BOTH(status, body)           {{status, body}, {status, body}}
#define SENDS(signalwire, bandwidth) {{200, signalwire}, {200, bandwidth}}
#define ERRORS(status, error, other)                                                               \
    {{status, "{\"error\":\"" error "\"}"}, {status, "{\"error\":\"" other "\"" REQUEST_ID}}
#define REFUSED(items, text)                                                                       \
    {{422, "{\"errors\":[" items "]}"}, {400, "{\"error\":\"" text "\"" REQUEST_ID}}

#define UNAUTHORIZED                                                                               \
    {{401, "{\"error\":\"Unauthorized\"}"}, {401, "{\"message\":\"Unauthorized\"}"}}
#define FORBIDDEN(key)                                                                             \
    {{403, "{\"error\":\"Forbidden\"}"}, {403, "{\"" key "\":\"Forbidden\"}"}}
#define NOT_FOUND      ERRORS(404, "Not Found", "Not Found")
#define NO_MONEY       ERRORS(402, "Payment Required", "Payment Required")
#define INTERNAL       ERRORS(500, "Internal Server Error", "Internal Server Error")
#define TWO_ERRORS     REFUSED(TWO_ITEMS, "The first of two errors. The second of two errors.")
#define TOO_MANY       ERRORS(429, "Too Many Requests", "Too Many Requests")
#define TOO_MANY_TRIES ERRORS(429, "Too Many Requests",                                            \
    "This number has exceeded verification attempts, please wait 2 minutes")

const struct fault faults[] = {
    {.name = "send-refused", .summary = "200 with success false; Bandwidth: {}",
     .slot = FAULT_SEND, .forms = SENDS("{\"id\":\"$id\",\"success\":false," SENT_REST, "{}")},
    {.name = "send-401", .summary = "401",
     .slot = FAULT_SEND, .forms = UNAUTHORIZED},
    {.name = "send-402", .summary = "402",
     .slot = FAULT_SEND, .forms = NO_MONEY},
    {.name = "send-403", .summary = "403; Bandwidth: with the key Message",
     .slot = FAULT_SEND, .forms = FORBIDDEN("Message")},
    {.name = "send-404", .summary = "404",
     .slot = FAULT_SEND, .forms = NOT_FOUND},
    {.name = "send-422", .summary = "422 with a list of two errors; Bandwidth: 400",
     .slot = FAULT_SEND, .forms = TWO_ERRORS},
    {.name = "send-422-sms", .summary = "the same for SMS alone, as for a landline",
     .slot = FAULT_SEND, .forms = TWO_ERRORS, .channel = "sms"},
    {.name = "send-429", .summary = "429 with Retry-After: 5",
     .slot = FAULT_SEND, .forms = TOO_MANY,
     .header_name = "Retry-After", .header_value = "5"},
    {.name = "send-429-negative", .summary = "429 with Retry-After: -1",
     .slot = FAULT_SEND, .forms = TOO_MANY,
     .header_name = "Retry-After", .header_value = "-1"},
    {.name = "send-429-huge", .summary = "429 with Retry-After: 1000000000000",
     .slot = FAULT_SEND, .forms = TOO_MANY,
     .header_name = "Retry-After", .header_value = "1000000000000"},
    {.name = "send-500", .summary = "500",
     .slot = FAULT_SEND, .forms = INTERNAL},
    {.name = "send-stall", .summary = "the request is read and never answered",
     .slot = FAULT_SEND, .manner = ANSWER_NEVER},
    {.name = "send-slow", .summary = "answers after 8 seconds; sends the message at once",
     .slot = FAULT_SEND, .manner = ANSWER_LATE, .processed = true},
    {.name = "send-reset", .summary = "sends the message, closes without an answer",
     .slot = FAULT_SEND, .manner = ANSWER_RESET, .processed = true},
    {.name = "send-garbage", .summary = "200 with text that is not JSON",
     .slot = FAULT_SEND, .forms = BOTH(200, GARBAGE)},
    {.name = "send-bad-id", .summary = "200, the id is ../../x",
     .slot = FAULT_SEND,
     .forms = SENDS("{\"id\":\"../../x\",\"success\":true," SENT_REST,
                    "{\"$key\":\"../../x\"}")},
    {.name = "send-other-to", .summary = "200, to is another number; Bandwidth: null as id",
     .slot = FAULT_SEND,
     .forms = SENDS("{\"id\":\"$id\",\"success\":true,\"to\":\"+99999999999\","
                    "\"channel\":\"$channel\"}",
                    "{\"$key\":null}")},
    {.name = "send-other-channel",
     .summary = "200, channel is the other; Bandwidth: array as id",
     .slot = FAULT_SEND,
     .forms = SENDS("{\"id\":\"$id\",\"success\":true,\"to\":\"$to\","
                    "\"channel\":\"$other_channel\"}",
                    "{\"$key\":[\"$id\"]}")},
    {.name = "send-string-true",
     .summary = "200, success is \"true\", a string; Bandwidth: 1 as id",
     .slot = FAULT_SEND,
     .forms = SENDS("{\"id\":\"$id\",\"success\":\"true\"," SENT_REST,
                    "{\"$key\":1}")},
    {.name = "send-duplicate", .summary = "200, success is there twice; Bandwidth: the id",
     .slot = FAULT_SEND,
     .forms = SENDS("{\"id\":\"$id\",\"success\":false,\"success\":true," SENT_REST,
                    "{\"$key\":\"../../x\",\"$key\":\"$id\"}")},
    {.name = "send-trailing", .summary = "200 with text after the object",
     .slot = FAULT_SEND,
     .forms = SENDS(SENT " {\"more\":true}", "{\"$key\":\"$id\"} {\"more\":true}")},
    {.name = "send-endless", .summary = "200 with a body without an end, chunked",
     .slot = FAULT_SEND, .manner = ANSWER_ENDLESS, .forms = BOTH(200, "{\"$key\":\"")},
    {.name = "send-redirect", .summary = "302 to http://127.0.0.1:9/",
     .slot = FAULT_SEND, .forms = BOTH(302, ""),
     .header_name = "Location", .header_value = "http://127.0.0.1:9/"},
    {.name = "send-escapes", .summary = "422 (Bandwidth: 400) with ESC sequences and newlines",
     .slot = FAULT_SEND, .forms = REFUSED(ERROR_ITEM(CONTROLS), CONTROLS)},
    {.name = "send-old-spelling", .summary = "200 with MessageId or CallId; Bandwidth only",
     .slot = FAULT_SEND, .bandwidth_only = true,
     .forms = {[FAULT_BANDWIDTH] = {200, "{\"$old_key\":\"$id\"}"}}},
    {.name = "send-wrong-id-key",
     .summary = "200 with the key of the other channel; Bandwidth only",
     .slot = FAULT_SEND, .bandwidth_only = true,
     .forms = {[FAULT_BANDWIDTH] = {200, "{\"$other_key\":\"$id\"}"}}},

    {.name = "verify-401", .summary = "401",
     .slot = FAULT_VERIFY, .forms = UNAUTHORIZED},
    {.name = "verify-402", .summary = "402",
     .slot = FAULT_VERIFY, .forms = NO_MONEY},
    {.name = "verify-403", .summary = "403",
     .slot = FAULT_VERIFY, .forms = FORBIDDEN("message")},
    {.name = "verify-404", .summary = "404",
     .slot = FAULT_VERIFY, .forms = NOT_FOUND},
    {.name = "verify-422", .summary = "422 with a list of two errors; Bandwidth: 400",
     .slot = FAULT_VERIFY, .forms = TWO_ERRORS},
    {.name = "verify-429", .summary = "429 with Retry-After: 5",
     .slot = FAULT_VERIFY, .forms = TOO_MANY_TRIES,
     .header_name = "Retry-After", .header_value = "5"},
    {.name = "verify-500", .summary = "500",
     .slot = FAULT_VERIFY, .forms = INTERNAL},
    {.name = "verify-stall", .summary = "the request is read and never answered",
     .slot = FAULT_VERIFY, .manner = ANSWER_NEVER},
    {.name = "verify-slow", .summary = "answers after 8 seconds; checks the code at once",
     .slot = FAULT_VERIFY, .manner = ANSWER_LATE, .processed = true},
    {.name = "verify-reset", .summary = "checks the code, closes without an answer",
     .slot = FAULT_VERIFY, .manner = ANSWER_RESET, .processed = true},
    {.name = "verify-garbage", .summary = "200 with text that is not JSON",
     .slot = FAULT_VERIFY, .forms = BOTH(200, GARBAGE)},
    {.name = "verify-string-true", .summary = "200, success or valid is the string \"true\"",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "{\"$verdict\":\"true\"}")},
    {.name = "verify-string-false", .summary = "200, success or valid is the string \"false\"",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "{\"$verdict\":\"false\"}")},
    {.name = "verify-valid-one", .summary = "200, success or valid is 1",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "{\"$verdict\":1}")},
    {.name = "verify-null", .summary = "200, success or valid is null",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "{\"$verdict\":null}")},
    {.name = "verify-missing", .summary = "200, success or valid is missing",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "{}")},
    {.name = "verify-duplicate", .summary = "200, success or valid is there twice",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "{\"$verdict\":false,\"$verdict\":true}")},
    {.name = "verify-array", .summary = "200 with an empty array",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "[]")},
    {.name = "verify-empty", .summary = "200 with an empty body",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "")},
    {.name = "verify-trailing", .summary = "200 with text after the object",
     .slot = FAULT_VERIFY, .forms = BOTH(200, "{\"$verdict\":true} {\"more\":true}")},

    {.name = "close-after-send", .summary = "the connection is closed after each answer to a send",
     .slot = FAULT_CLOSE, .processed = true},

    {.name = NULL},
};
/* clang-format on */

static const struct fault *find_name(const char *name)
{
    for (const struct fault *fault = faults; fault->name != NULL; fault++) {
        if (strcmp(fault->name, name) == 0) {
            return fault;
        }
    }
    return NULL;
}

const struct fault *fault_find(const char *text, bool apis[FAULT_APIS])
{
    static const char *const limits[FAULT_APIS] = {"signalwire:", "bandwidth:"};
    const char *name = text;
    bool any = false;

    for (size_t i = 0; i < FAULT_APIS; i++) {
        apis[i] = strncmp(text, limits[i], strlen(limits[i])) == 0;
        if (apis[i]) {
            name = text + strlen(limits[i]);
        }
    }
    const struct fault *fault = find_name(name);
    for (size_t i = 0; fault != NULL && i < FAULT_APIS; i++) {
        apis[i] = (apis[i] || name == text) && (i == FAULT_BANDWIDTH || !fault->bandwidth_only);
        any = any || apis[i];
    }
    return any ? fault : NULL;
}

void fault_answer(const struct fault *fault, enum fault_api api, const struct answer_words *words,
                  struct answer *answer)
{
    const struct fault_form *form = &fault->forms[api];

    answer->manner = fault->manner;
    answer->status = form->status;
    answer->header_name = fault->header_name;
    answer->header_value = fault->header_value;
    if (form->body != NULL) {
        answer_template(answer, form->status, form->body, words);
    }
}
