/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     fault - what --fault can do to answers
 *
 * SYNOPSIS
 *     extern const struct fault faults[];
 *     const struct fault *fault_find(const char *name);
 *     void fault_answer(fault, words, answer);
 *
 * DESCRIPTION
 *     The table of faults, a row each; --help and the checks of the command line read it too. A
 *     fault comes after all checks of the request: what the API refuses is refused with a fault in
 *     force as without.
 *
 *     A fault that is not processed stands in for the work: no code is made and no message sent, no
 *     attempt is used up. One that is processed lets the work be done, and changes how the answer
 *     is given.
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

#define UNAUTHORIZED "{\"error\":\"Unauthorized\"}"
#define FORBIDDEN    "{\"error\":\"Forbidden\"}"
#define NOT_FOUND    "{\"error\":\"Not Found\"}"
#define TOO_MANY     "{\"error\":\"Too Many Requests\"}"
#define INTERNAL     "{\"error\":\"Internal Server Error\"}"
#define GARBAGE      "<html><body>This is not JSON.</body></html>\n"

#define ERROR_ITEM(detail)                                                                         \
    "{\"detail\":\"" detail "\",\"status\":\"422\",\"title\":\"Unprocessable Entity\","            \
    "\"code\":\"invalid_parameter\"}"
#define TWO_ERRORS                                                                                 \
    "{\"errors\":[" ERROR_ITEM("The first of two errors.") "," ERROR_ITEM(                         \
        "The second of two errors.") "]}"
#define ESCAPES                                                                                    \
    "{\"errors\":[" ERROR_ITEM("\\u001b[2J\\u001b]0;title\\u0007Red: \\u001b[31m\\n"               \
                               "sshd[1]: a line of its own\\r\\n\\u009b0m\\u202eend") "]}"

/* clang-format off */
const struct fault faults[] = {
    {.name = "send-refused", .summary = "200 with success false",
     .slot = FAULT_SEND, .status = 200, .body = "{\"id\":\"$id\",\"success\":false," SENT_REST},
    {.name = "send-401", .summary = "401",
     .slot = FAULT_SEND, .status = 401, .body = UNAUTHORIZED},
    {.name = "send-403", .summary = "403",
     .slot = FAULT_SEND, .status = 403, .body = FORBIDDEN},
    {.name = "send-404", .summary = "404",
     .slot = FAULT_SEND, .status = 404, .body = NOT_FOUND},
    {.name = "send-422", .summary = "422 with a list of two errors",
     .slot = FAULT_SEND, .status = 422, .body = TWO_ERRORS},
    {.name = "send-429", .summary = "429 with Retry-After: 5",
     .slot = FAULT_SEND, .status = 429, .body = TOO_MANY,
     .header_name = "Retry-After", .header_value = "5"},
    {.name = "send-500", .summary = "500",
     .slot = FAULT_SEND, .status = 500, .body = INTERNAL},
    {.name = "send-stall", .summary = "the request is read and never answered",
     .slot = FAULT_SEND, .manner = ANSWER_NEVER},
    {.name = "send-slow", .summary = "answers after 3 seconds; sends the message at once",
     .slot = FAULT_SEND, .manner = ANSWER_LATE, .processed = true},
    {.name = "send-reset", .summary = "sends the message, closes without an answer",
     .slot = FAULT_SEND, .manner = ANSWER_RESET, .processed = true},
    {.name = "send-garbage", .summary = "200 with text that is not JSON",
     .slot = FAULT_SEND, .status = 200, .body = GARBAGE},
    {.name = "send-bad-id", .summary = "200, the id is ../../x",
     .slot = FAULT_SEND, .status = 200,
     .body = "{\"id\":\"../../x\",\"success\":true," SENT_REST},
    {.name = "send-other-to", .summary = "200, to is another number",
     .slot = FAULT_SEND, .status = 200,
     .body = "{\"id\":\"$id\",\"success\":true,\"to\":\"+99999999999\","
             "\"channel\":\"$channel\"}"},
    {.name = "send-other-channel", .summary = "200, the channel is the other one",
     .slot = FAULT_SEND, .status = 200,
     .body = "{\"id\":\"$id\",\"success\":true,\"to\":\"$to\",\"channel\":\"$other_channel\"}"},
    {.name = "send-string-true", .summary = "200, success is the string \"true\"",
     .slot = FAULT_SEND, .status = 200, .body = "{\"id\":\"$id\",\"success\":\"true\"," SENT_REST},
    {.name = "send-duplicate", .summary = "200, success is there twice: false, then true",
     .slot = FAULT_SEND, .status = 200,
     .body = "{\"id\":\"$id\",\"success\":false,\"success\":true," SENT_REST},
    {.name = "send-trailing", .summary = "200 with text after the object",
     .slot = FAULT_SEND, .status = 200, .body = SENT " {\"more\":true}"},
    {.name = "send-endless", .summary = "200 with a body without an end, chunked",
     .slot = FAULT_SEND, .status = 200, .manner = ANSWER_ENDLESS},
    {.name = "send-redirect", .summary = "302 to http://127.0.0.1:9/",
     .slot = FAULT_SEND, .status = 302, .body = "",
     .header_name = "Location", .header_value = "http://127.0.0.1:9/"},
    {.name = "send-escapes", .summary = "422, the detail has ESC sequences and newlines",
     .slot = FAULT_SEND, .status = 422, .body = ESCAPES},

    {.name = "verify-401", .summary = "401",
     .slot = FAULT_VERIFY, .status = 401, .body = UNAUTHORIZED},
    {.name = "verify-403", .summary = "403",
     .slot = FAULT_VERIFY, .status = 403, .body = FORBIDDEN},
    {.name = "verify-404", .summary = "404",
     .slot = FAULT_VERIFY, .status = 404, .body = NOT_FOUND},
    {.name = "verify-422", .summary = "422 with a list of two errors",
     .slot = FAULT_VERIFY, .status = 422, .body = TWO_ERRORS},
    {.name = "verify-429", .summary = "429 with Retry-After: 5",
     .slot = FAULT_VERIFY, .status = 429, .body = TOO_MANY,
     .header_name = "Retry-After", .header_value = "5"},
    {.name = "verify-500", .summary = "500",
     .slot = FAULT_VERIFY, .status = 500, .body = INTERNAL},
    {.name = "verify-stall", .summary = "the request is read and never answered",
     .slot = FAULT_VERIFY, .manner = ANSWER_NEVER},
    {.name = "verify-slow", .summary = "answers after 3 seconds; checks the code at once",
     .slot = FAULT_VERIFY, .manner = ANSWER_LATE, .processed = true},
    {.name = "verify-reset", .summary = "checks the code, closes without an answer",
     .slot = FAULT_VERIFY, .manner = ANSWER_RESET, .processed = true},
    {.name = "verify-garbage", .summary = "200 with text that is not JSON",
     .slot = FAULT_VERIFY, .status = 200, .body = GARBAGE},
    {.name = "verify-string-true", .summary = "200, success is the string \"true\"",
     .slot = FAULT_VERIFY, .status = 200, .body = "{\"success\":\"true\"}"},
    {.name = "verify-null", .summary = "200, success is null",
     .slot = FAULT_VERIFY, .status = 200, .body = "{\"success\":null}"},
    {.name = "verify-duplicate", .summary = "200, success is there twice: false, then true",
     .slot = FAULT_VERIFY, .status = 200, .body = "{\"success\":false,\"success\":true}"},
    {.name = "verify-empty", .summary = "200 with an empty body",
     .slot = FAULT_VERIFY, .status = 200, .body = ""},
    {.name = "verify-trailing", .summary = "200 with text after the object",
     .slot = FAULT_VERIFY, .status = 200, .body = "{\"success\":true} {\"more\":true}"},

    {.name = "close-after-send", .summary = "the connection is closed after each answer to a send",
     .slot = FAULT_CLOSE, .processed = true},

    {.name = NULL},
};
/* clang-format on */

const struct fault *fault_find(const char *name)
{
    for (const struct fault *fault = faults; fault->name != NULL; fault++) {
        if (strcmp(fault->name, name) == 0) {
            return fault;
        }
    }
    return NULL;
}

void fault_answer(const struct fault *fault, const struct answer_words *words,
                  struct answer *answer)
{
    answer->manner = fault->manner;
    answer->status = fault->status;
    answer->header_name = fault->header_name;
    answer->header_value = fault->header_value;
    if (fault->body != NULL) {
        answer_template(answer, fault->status, fault->body, words);
    }
}
