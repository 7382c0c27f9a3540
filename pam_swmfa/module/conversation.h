/* SPDX-License-Identifier: BSD-3-Clause */
/* conversation: relays the helper's messages to the user, through the PAM conversation. */
#ifndef SWMFA_CONVERSATION_H
#define SWMFA_CONVERSATION_H

#include "wire/wire.h"

#include <security/pam_modules.h>
#include <stdbool.h>

/*
 * conversation_login: starts the helper, sends it the request, carries prompts and replies, and
 * returns the PAM code that the helper's DONE gave. A code that lets pass needs a clean end of the
 * helper after it. Whatever is not a proper message, in its place and in time, is logged and
 * becomes PAM_SYSTEM_ERR. silent: PAM_SILENT was given: messages that want no answer are not shown.
 */
int conversation_login(pam_handle_t *pamh, struct wire_request *request, bool silent);

#endif
