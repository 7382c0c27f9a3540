/* SPDX-License-Identifier: BSD-3-Clause */
/* placeholder: see placeholder.h. */
#include <config.h>

#include "config/placeholder.h"

#include "provider/provider.h"

#include <string.h>

unsigned placeholder_find(const struct config *config, int provider)
{
    struct account account = {0};
    unsigned found = 0;
    providers[provider]->account(config->settings[provider], &account);
    if (strncmp(account.base, "https://example.", 16) == 0)
        found |= PLACEHOLDER_HOST;
    if (strcmp(account.user, "00000000-0000-0000-0000-000000000000") == 0)
        found |= PLACEHOLDER_USER;
    if (strcmp(account.password->text, "PT-put-your-token-here") == 0 ||
        strcmp(account.password->text, "put-your-password-here") == 0)
        found |= PLACEHOLDER_PASSWORD;
    return found;
}

bool placeholder_only(const struct config *config)
{
    for (size_t i = 0; i < config->providers.count; i++)
        if (placeholder_find(config, config->providers.at[i]) == 0)
            return false;
    return true;
}
