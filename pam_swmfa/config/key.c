/* SPDX-License-Identifier: BSD-3-Clause */
/* key: see key.h. */
#include "config/key.h"

#include <string.h>

const char *const key_no_yes[] = {"no", "yes", NULL};

const char *key_next_item(const char **at, size_t *length)
{
    if (*at == NULL)
        return NULL;
    const char *item = *at + strspn(*at, " \t");
    const char *end = item + strcspn(item, ",");
    *at = *end == ',' ? end + 1 : NULL;
    while (end > item && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *length = (size_t)(end - item);
    return item;
}
