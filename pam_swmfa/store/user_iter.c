/* SPDX-License-Identifier: BSD-3-Clause */
/* user_iter: see user_iter.h. Name by name, each found by the indexes: nothing is kept of the
 * others.
 */
#include <config.h>

#include "store/user_iter.h"

#include <stdio.h>

#define FIRST_OF(table) "SELECT MIN(user_name) AS name FROM " table " WHERE user_name > $1"

/* clang-format off */
static const char first_of_all[] =
    "SELECT MIN(name) FROM ("
    FIRST_OF("swmfa_try") " UNION ALL "
    FIRST_OF("swmfa_send") " UNION ALL "
    FIRST_OF("swmfa_code") " UNION ALL "
    FIRST_OF("swmfa_remembered") " UNION ALL "
    FIRST_OF("swmfa_pass") ") AS names";
/* clang-format on */

static bool take_name(const char *const *cells, void *name)
{
    (void)snprintf(name, USER_ITER_NAME_SIZE, "%s", cells[0]);
    return false;
}

bool user_iter_next(struct store *store, const char *after, char name[USER_ITER_NAME_SIZE])
{
    return store_each(store, take_name, name, first_of_all, "t", after);
}
