/* SPDX-License-Identifier: BSD-3-Clause */
/* conversation: see conversation.h. */
#include <config.h>

#include "module/conversation.h"
#include "module/helper.h"
#include "wire/pam_code.h"

#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* Longer than the longest wait that swmfa.conf can ask the helper for: 30 seconds. */
#define HELPER_SECONDS 40

static int done_code(const pam_handle_t *pamh, int code)
{
    if (pam_code_name(code) != NULL)
        return code;
    pam_syslog(pamh, LOG_CRIT, "swmfa-auth sent the invalid code %d; denied", code);
    return PAM_SYSTEM_ERR;
}

/* The helper's text goes to a terminal: no byte that could steer one. */
static bool showable(const char *text, size_t size)
{
    if (!wire_terminated(text, size))
        return false;
    for (; *text != '\0'; text++)
        if ((*text < ' ' || *text > '~') && *text != '\n')
            return false;
    return true;
}

static void wipe_and_free(char *answer)
{
    if (answer != NULL)
        explicit_bzero(answer, strlen(answer));
    free(answer);
}

/* Asks the user and sends the reply. Returns false if the helper is gone. */
static bool ask(pam_handle_t *pamh, int socket, const struct wire_message *prompt)
{
    struct wire_reply reply = {.status = WIRE_REPLY_FAILED};
    char *answer = NULL;
    int style = prompt->echo == 1 ? PAM_PROMPT_ECHO_ON : PAM_PROMPT_ECHO_OFF;

    if (pam_prompt(pamh, style, &answer, "%s", prompt->text) == PAM_SUCCESS) {
        if (answer == NULL)
            reply.status = WIRE_REPLY_NOTHING;
        else if (wire_set_string(reply.text, sizeof(reply.text), answer))
            reply.status = WIRE_REPLY_TEXT;
        else
            reply.status = WIRE_REPLY_TOO_LONG;
        wipe_and_free(answer);
    }
    bool sent = wire_send(socket, WIRE_REPLY, &reply, sizeof(reply)) == 0;
    explicit_bzero(&reply, sizeof(reply));
    return sent;
}

/* Receives the helper's next message, in time and of the right form. */
static bool next(const pam_handle_t *pamh, int socket, struct wire_message *say)
{
    if (!helper_readable(socket, HELPER_SECONDS)) {
        pam_syslog(pamh, LOG_ERR, "swmfa-auth did not answer within %d seconds; denied",
                   HELPER_SECONDS);
        return false;
    }
    enum wire_result result = wire_receive(socket, say, sizeof(*say));
    if (result == WIRE_OK && showable(say->text, sizeof(say->text)))
        return true;
    pam_syslog(pamh, LOG_CRIT,
               result == WIRE_EOF ? "swmfa-auth ended without answering; denied"
                                  : "swmfa-auth sent a message of another version; denied, install "
                                    "module and helper together");
    return false;
}

/* Returns the code that DONE gave, or PAM_SYSTEM_ERR, logged. */
static int converse(pam_handle_t *pamh, int socket, struct wire_request *request, bool silent)
{
    struct wire_message say;

    if (wire_send(socket, WIRE_REQUEST, request, sizeof(*request)) != 0) {
        pam_syslog(pamh, LOG_CRIT, "swmfa-auth ended before it received the request; denied");
        return PAM_SYSTEM_ERR;
    }
    while (next(pamh, socket, &say)) {
        switch (say.head.type) {
        case WIRE_PROMPT:
            if (!ask(pamh, socket, &say)) {
                pam_syslog(pamh, LOG_CRIT, "swmfa-auth ended during its prompt; denied");
                return PAM_SYSTEM_ERR;
            }
            break;
        case WIRE_INTRO:
            (void)pam_prompt(pamh, PAM_TEXT_INFO, NULL, "%s", say.text);
            break;
        case WIRE_INFO:
        case WIRE_ALERT:
            if (!silent)
                (void)pam_prompt(pamh, say.head.type == WIRE_INFO ? PAM_TEXT_INFO : PAM_ERROR_MSG,
                                 NULL, "%s", say.text);
            break;
        case WIRE_DONE:
            return done_code(pamh, say.code);
        default:
            pam_syslog(pamh, LOG_CRIT, "swmfa-auth sent an unknown message; denied");
            return PAM_SYSTEM_ERR;
        }
    }
    return PAM_SYSTEM_ERR;
}

int conversation_login(pam_handle_t *pamh, struct wire_request *request, bool silent)
{
    struct helper helper;
    if (!helper_start(pamh, &helper))
        return PAM_SYSTEM_ERR;
    int code = converse(pamh, helper.socket, request, silent);
    bool clean = helper_end(pamh, &helper, pam_code_allows(code));
    return pam_code_allows(code) && !clean ? PAM_SYSTEM_ERR : code;
}
