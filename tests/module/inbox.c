/* SPDX-License-Identifier: BSD-3-Clause */
/* inbox: see inbox.h. A line is NUMBER CHANNEL TEXT..., and the code is its last word. */
#include "inbox.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOMENTS 3000 /* half a minute: a busy machine delivers late */

static bool ends_in(const char *number, size_t length, const char *digits)
{
    size_t wanted = strlen(digits);
    return length >= wanted && memcmp(number + length - wanted, digits, wanted) == 0;
}

static bool search(const char *path, const char *digits, bool older, char *code, size_t size)
{
    char line[1024];
    char last[64] = "";
    bool found = false;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *word = strrchr(line, ' ');
        if (word == NULL || !ends_in(line, strcspn(line, " "), digits))
            continue;
        if (!older || *last != '\0')
            found = snprintf(code, size, "%s", older ? last : word + 1) > 0;
        (void)snprintf(last, sizeof(last), "%s", word + 1);
    }
    (void)fclose(file);
    return found;
}

bool inbox_code(const char *path, const char *digits, bool older, char *code, size_t size)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    for (int i = 0; i < MOMENTS; i++) {
        if (search(path, digits, older, code, size))
            return true;
        (void)nanosleep(&moment, NULL);
    }
    return false;
}
