/* SPDX-License-Identifier: BSD-3-Clause */
/* settings: see settings.h. */
#include <config.h>

#include "ctl/settings.h"

#include "config/config.h"

#include <stdio.h>
#include <string.h>

static void take_prices(const struct config *config, struct settings *settings)
{
    struct terms terms;
    (void)snprintf(settings->currency, sizeof(settings->currency), "%s", config->currency);
    for (size_t i = 0; i < PROVIDER_COUNT; i++) { /* also of one that is not used any more */
        providers[i]->terms(config->settings[i], &terms);
        memcpy(settings->price[i], terms.price, sizeof(terms.price));
    }
}

static bool find_user(struct ctl_context *ctl, const struct config *config,
                      struct settings *settings)
{
    struct phone phone;
    struct problem why = {0};
    const struct sshkeys none = {0};
    settings->mapped = users_find(config->users, ctl->user, &none, false, &phone, &why);
    if (settings->mapped == USERS_ABSENT)
        problem_set(&why, "%s is not in the users map, %s", ctl->user, config->users);
    ctl->problem = why;
    if (settings->mapped == USERS_FOUND && !digest_of(phone.number, settings->phone))
        return problem_no_memory(&ctl->problem);
    return settings->mapped != USERS_ERROR;
}

bool settings_read(struct ctl_context *ctl, struct settings *settings)
{
    struct config config;
    *settings = (struct settings){.mapped = USERS_ABSENT};
    if (!config_load(ctl->conf, &config, &ctl->problem))
        return false;
    settings->sends = config.sends;
    take_prices(&config, settings);
    bool good = ctl->user == NULL || find_user(ctl, &config, settings);
    config_free(&config);
    return good;
}
