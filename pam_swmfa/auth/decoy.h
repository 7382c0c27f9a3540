/* SPDX-License-Identifier: BSD-3-Clause */
/* decoy: the digits that are shown to users who are not in the map. */
#ifndef SWMFA_DECOY_H
#define SWMFA_DECOY_H

#include "base/secret.h"

#include <stdbool.h>

/*
 * decoy_digits: two digits for a number that does not exist: always the same for one user, and not
 * to be computed without the key. Returns false if the cryptographic library fails.
 */
bool decoy_digits(const struct secret *key, const char *user, char digits[3]);

#endif
