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

bool key_list_has(const char *list, const char *item)
{
    const char *found = NULL;
    size_t length = 0;
    while ((found = key_next_item(&list, &length)) != NULL)
        if (length == strlen(item) && strncmp(found, item, length) == 0)
            return true;
    return false;
}
