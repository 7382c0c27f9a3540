/* SPDX-License-Identifier: BSD-3-Clause */
/* accounts: the part of `swmfactl check` that lists the accounts that would be denied. */
#include <config.h>

#include "ctl/check/check.h"

#include "ctl/host/sshd_config.h"
#include "ctl/setup/readiness.h"

#include <stdio.h>
#include <string.h>

#define SERVICES 3

/* Accounts, and the services that would deny them. */
struct denied {
    char names[sizeof(((struct names *)NULL)->text)];
    char services[64];
};

/* Adds a service to the entry with the same accounts, or adds an entry. */
static void take_service(const struct check *check, struct denied denied[SERVICES],
                         const char *service, const struct sshd *sshd)
{
    const struct readiness readiness = {.service = service, .config = &check->config, .sshd = sshd};
    struct names names = {0};
    readiness_find_denied(&readiness, &names);
    const char *found = names_show(&names);
    if (*found == '\0')
        return;
    while (denied->names[0] != '\0' && strcmp(denied->names, found) != 0)
        denied++;
    size_t used = strlen(denied->services);
    (void)snprintf(denied->names, sizeof(denied->names), "%s", found);
    (void)snprintf(denied->services + used, sizeof(denied->services) - used, "%s%s",
                   used > 0 ? ", " : "", service);
}

/* If sshd does not report its settings, doctor says why. */
void check_accounts(struct check *check)
{
    const struct sshd_question question = {0};
    struct denied denied[SERVICES] = {0};
    char text[SERVICES * (sizeof(struct denied) + 8)] = "";
    struct sshd sshd;
    struct problem ignored = {0};
    if (sshd_ask(&sshd, &question, &ignored))
        take_service(check, denied, "sshd", &sshd);
    sshd_free(&sshd);
    take_service(check, denied, "sudo", NULL);
    take_service(check, denied, "login", NULL);
    for (size_t i = 0, used = 0; i < SERVICES && denied[i].names[0] != '\0'; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s (%s)", i > 0 ? "; " : "",
                                 denied[i].names, denied[i].services);
    if (text[0] != '\0')
        findings_add(check->findings, SEVERITY_NOTE, "accounts-unmapped", check->config.users,
                     "add those who should log in: swmfactl user add",
                     "these accounts have no usable line, and each service in parentheses denies "
                     "them once it asks for a code: %s",
                     text);
}
