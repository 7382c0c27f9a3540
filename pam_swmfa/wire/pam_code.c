/* SPDX-License-Identifier: BSD-3-Clause */
/* pam_code: see pam_code.h. */
#include "wire/pam_code.h"

#include <security/_pam_types.h>
#include <stddef.h>

#define ROW(code) code, #code

const struct pam_code pam_codes[] = {
    {ROW(PAM_SUCCESS)},          {ROW(PAM_IGNORE)},   {ROW(PAM_AUTH_ERR)},   {ROW(PAM_MAXTRIES)},
    {ROW(PAM_AUTHINFO_UNAVAIL)}, {ROW(PAM_CONV_ERR)}, {ROW(PAM_SYSTEM_ERR)}, {ROW(PAM_SERVICE_ERR)},
    {ROW(PAM_BUF_ERR)},          {0, NULL},
};

const char *pam_code_name(int code)
{
    for (const struct pam_code *at = pam_codes; at->name != NULL; at++)
        if (at->code == code)
            return at->name;
    return NULL;
}

bool pam_code_allows(int code)
{
    return code == PAM_SUCCESS || code == PAM_IGNORE;
}
