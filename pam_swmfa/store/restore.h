/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * restore: what comes back from a backup.
 *
 * A backup is old. What it holds may have been used, ended, counted or unlocked since. So a restore
 * only adds what keeps somebody out or is only told: sends, failures and locks, and the list of
 * logins. Nothing comes back that lets somebody in: neither passes nor remembered logins, and
 * break-glass codes only if they are asked for, and only for users who have none. What the store
 * has is later, and stays.
 */
#ifndef SWMFA_RESTORE_H
#define SWMFA_RESTORE_H

#include "store/store.h"

/* What came back, and what did not. */
struct restored {
    int64_t sends;
    int64_t users; /* with failures or a lock */
    int64_t logins;
    int64_t codes;
    int64_t codes_left; /* that did not come back */
    int64_t places;     /* likewise */
    int64_t passes;     /* likewise */
};

/*
 * restore_from: adds what is in the backup, within a transaction of the store; codes: also
 * break-glass codes. The time of the store goes on from the later of the two, and what it holds
 * lasts as long as it would have. False: see store_problem of either.
 */
bool restore_from(struct store *store, struct store *backup, bool codes, struct restored *restored);

#endif
