/* SPDX-License-Identifier: BSD-3-Clause */
/* check_accounts: the part of `swmfactl check` that names the accounts that would be denied. */
#include <config.h>

#include "ctl/check.h"

#include "ctl/readiness.h"
#include "ctl/sshd.h"

/* Those of one service, in one finding. */
static void check_service(struct check *check, const char *service, const struct sshd *sshd)
{
    const struct readiness readiness = {.service = service, .config = &check->config, .sshd = sshd};
    struct names names = {0};
    readiness_find_denied(&readiness, &names);
    if (names.count > 0)
        findings_add(
            check->findings, SEVERITY_NOTE, "accounts-unmapped", check->config.users,
            "swmfactl user add, for those who are to log in",
            "accounts that can use %s have no usable line, and are denied once it asks for a "
            "code: %s",
            service, names_show(&names));
}

/* Where sshd does not say what its settings are, doctor says why. */
void check_accounts(struct check *check)
{
    const struct sshd_question question = {0};
    struct sshd sshd;
    struct problem ignored = {0};
    if (sshd_ask(&sshd, &question, &ignored))
        check_service(check, "sshd", &sshd);
    sshd_free(&sshd);
    check_service(check, "sudo", NULL);
    check_service(check, "login", NULL);
}
