/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * restore: adds a backup's content to the store.
 *
 * A backup is old: its content may have been used, ended, counted or unlocked since. So a restore
 * adds only what denies users or is information: sends, failures and locks, and the list of logins.
 * It restores nothing that lets users in: no bypasses, no remembered logins, and break-glass codes
 * only on request and only for users who have none. The store's content is later, and stays.
 */
#ifndef SWMFA_RESTORE_H
#define SWMFA_RESTORE_H

#include "store/store.h"

/* How much was restored, and how much was not. */
struct restored {
    int64_t sends;
    int64_t users; /* with failures or a lock */
    int64_t logins;
    int64_t codes;
    int64_t codes_left; /* not restored */
    int64_t places;     /* the same */
    int64_t passes;     /* the same */
};

/*
 * restore_from: adds the content of the backup, within a transaction of the store; codes: also
 * break-glass codes. The time of the store continues from the later of the two, and everything in
 * it keeps its remaining time. False: see store_problem of either.
 */
bool restore_from(struct store *store, struct store *backup, bool codes, struct restored *restored);

#endif
