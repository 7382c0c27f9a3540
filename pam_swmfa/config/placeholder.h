/* SPDX-License-Identifier: BSD-3-Clause */
/* placeholder: the texts in the shipped swmfa.conf that stand for an account. */
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

/* placeholder_only: returns whether every provider of the configuration still has them: no code can
 * be sent. */
bool placeholder_only(const struct config *config);

#endif
