/* SPDX-License-Identifier: BSD-3-Clause */
/* settings: what several commands need of the configuration and of the users map. */
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
    enum users_result mapped; /* whether job->user is in the map, if there is one */
    char phone[DIGEST_SIZE];  /* that user's number, if mapped is USERS_FOUND; see digest_of */
    char currency[16];
    struct price price[PROVIDER_COUNT][CHANNEL_COUNT];
};

/* settings_read: reads them, as root; the tokens that stand beside them are wiped at once. False
 * with the problem; true with a problem that says why the user is not simply in the map. */
bool settings_read(struct ctl_context *ctl, struct settings *settings);

#endif
