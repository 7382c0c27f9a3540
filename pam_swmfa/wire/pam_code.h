/* SPDX-License-Identifier: BSD-3-Clause */
/* pam_code: the PAM codes that a login can end with. DONE carries one of them. */
#ifndef SWMFA_PAM_CODE_H
#define SWMFA_PAM_CODE_H

#include <stdbool.h>

struct pam_code {
    int code;
    const char *name; /* as <security/pam_modules.h> has it */
};

/* All of them, those that let pass first; the last has the name NULL. */
extern const struct pam_code pam_codes[];

/* pam_code_name: the name of a code; NULL: no login can end with it. */
const char *pam_code_name(int code);

/* pam_code_allows: whether a code does not deny: PAM_SUCCESS, PAM_IGNORE. */
bool pam_code_allows(int code);

#endif
