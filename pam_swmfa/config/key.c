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

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, row by row. */
unsigned key_distance(const char *written, size_t length, const char *name)
{
    unsigned row[64];
    size_t width = strlen(name);
    if (width >= sizeof(row) / sizeof(row[0]) || length > 2 * width)
        return KEY_FAR;
    for (unsigned i = 0; i <= width; i++)
        row[i] = i;
    for (size_t at = 0; at < length; at++) {
        unsigned before = row[0]++; /* of the previous row, one to the left */
        for (size_t i = 0; i < width; i++) {
            unsigned replaced = before + (written[at] != name[i]);
            before = row[i + 1];
            row[i + 1] = least(replaced, least(row[i], before) + 1);
        }
    }
    return (size_t)3 * row[width] <= width ? row[width] : KEY_FAR + row[width];
}
