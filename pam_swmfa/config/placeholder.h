/* SPDX-License-Identifier: BSD-3-Clause */
/* placeholder: what stands in the shipped swmfa.conf in place of an account. */
#ifndef SWMFA_PLACEHOLDER_H
#define SWMFA_PLACEHOLDER_H

#include "config/config.h"

enum placeholder {
    PLACEHOLDER_HOST = 1 << 0,
    PLACEHOLDER_USER = 1 << 1,
    PLACEHOLDER_PASSWORD = 1 << 2,
};

/* placeholder_find: which of them a provider, by its number, still has; as bits. */
unsigned placeholder_find(const struct config *config, int provider);

/* placeholder_only: whether no provider of the configuration is without any: no code can be sent.
 */
bool placeholder_only(const struct config *config);

#endif
