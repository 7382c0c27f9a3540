/* SPDX-License-Identifier: BSD-3-Clause */
/* settings: the configuration and the line of the users map that several commands need. */
#ifndef SWMFA_SETTINGS_H
#define SWMFA_SETTINGS_H

#include "ctl/command.h"

#include "config/limit.h"
#include "config/phone.h"
#include "config/price.h"
#include "config/users.h"
#include "provider/provider.h"
#include "store/digest.h"

struct settings {
    struct limits sends;
    enum users_result mapped; /* the result for the command's user, if it has one */
    char phone[DIGEST_SIZE];  /* the user's number, if mapped is USERS_FOUND; see digest_of */
    char currency[16];
    struct price price[PROVIDER_COUNT][CHANNEL_COUNT];
};

/* settings_read: reads them, as root; wipes the tokens at once. Returns false with the problem;
 * true with a problem that says why the user has no plain entry in the map. */
bool settings_read(struct ctl_context *ctl, struct settings *settings);

#endif
