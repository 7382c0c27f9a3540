/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pam_swmfa: the entry points of the PAM module, and nothing else.
 *
 * This object is loaded into sshd, sudo, su and login. So it parses no file, holds no secret and
 * opens no network connection: swmfa-auth does that, a separate program that is started for each
 * login. The module reads its options, starts the helper and watches it (helper.c), relays its
 * messages to the user (conversation.c), and answers PAM.
 *
 * Success and PAM_IGNORE need the helper's explicit message and a clean exit after it. Anything
 * else is a denial.
 */
#define PAM_SM_AUTH
#include <config.h>

#include "module/conversation.h"
#include "module/options.h"
#include "wire/pam_code.h"

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define DENIAL_DELAY_MICROSECONDS 2000000U /* the same prompt as pam_unix */
#define PUBLIC                    __attribute__((visibility("default")))

/* Copies a PAM item into a field; false, logged, if it is unavailable or does not fit. */
static bool put_item(pam_handle_t *pamh, int item, const char *name, char *field, size_t size)
{
    const void *value = NULL;
    if (pam_get_item(pamh, item, &value) == PAM_SUCCESS && wire_set_string(field, size, value))
        return true;
    pam_syslog(pamh, LOG_ERR, "%s is unavailable or longer than %zu bytes; denied", name, size - 1);
    return false;
}

/* The public keys that sshd has accepted. Without them a line for a key in the users map is unused.
 */
static void put_keys(pam_handle_t *pamh, struct wire_request *request)
{
    if (!wire_set_string(request->keys, sizeof(request->keys), pam_getenv(pamh, "SSH_AUTH_INFO_0")))
        pam_syslog(pamh, LOG_NOTICE,
                   "SSH_AUTH_INFO_0 is longer than %zu bytes; the SSH keys are ignored",
                   sizeof(request->keys) - 1);
}

static int fill_request(pam_handle_t *pamh, int flags, struct wire_request *request)
{
    const char *user = NULL;
    if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS || user == NULL) {
        pam_syslog(pamh, LOG_ERR, "the application gave no user name; denied");
        return PAM_CONV_ERR;
    }
    if (*user == '\0' || !wire_set_string(request->user, sizeof(request->user), user)) {
        pam_syslog(pamh, LOG_NOTICE, "a user name of %zu bytes is not accepted (1 to %zu); denied",
                   strlen(user), sizeof(request->user) - 1);
        return PAM_AUTH_ERR;
    }
    if (!put_item(pamh, PAM_SERVICE, "PAM_SERVICE", request->service, sizeof(request->service)) ||
        !put_item(pamh, PAM_RHOST, "PAM_RHOST", request->rhost, sizeof(request->rhost)) ||
        !put_item(pamh, PAM_TTY, "PAM_TTY", request->tty, sizeof(request->tty)) ||
        !put_item(pamh, PAM_RUSER, "PAM_RUSER", request->ruser, sizeof(request->ruser)))
        return PAM_AUTH_ERR;
    put_keys(pamh, request);
    request->caller_uid = getuid();
    request->session = getsid(0);
    request->pam_flags = flags;
    return PAM_SUCCESS;
}

static int authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct wire_request request = {0};
    if (!options_read(pamh, argc, argv, &request))
        return PAM_SERVICE_ERR;
    int code = fill_request(pamh, flags, &request);
    if (code != PAM_SUCCESS)
        return code;
    return conversation_login(pamh, &request, ((unsigned)flags & PAM_SILENT) != 0);
}

PUBLIC int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    int code = authenticate(pamh, flags, argc, argv);
    if (!pam_code_allows(code))
        pam_fail_delay(pamh, DENIAL_DELAY_MICROSECONDS);
    return code;
}

/* There are no credentials to set; libpam wants the entry point beside the other one. */
PUBLIC int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}
