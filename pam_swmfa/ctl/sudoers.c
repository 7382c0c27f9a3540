/* SPDX-License-Identifier: BSD-3-Clause */
/* sudoers: see sudoers.h. */
#include <config.h>

#include "ctl/sudoers.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool spares(const char *line)
{
    line += strspn(line, " \t");
    return *line != '#' &&
           (strstr(line, "NOPASSWD") != NULL || strstr(line, "!authenticate") != NULL);
}

/* number: of those that are left to skip. */
static bool search(const char *path, size_t *number, char *where, size_t size)
{
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    FILE *file = fopen(path, "re");
    for (unsigned at = 1; file != NULL && !found && getline(&line, &room, file) >= 0; at++) {
        if (!spares(line))
            continue;
        found = *number == 0;
        if (found)
            (void)snprintf(where, size, "%s:%u", path, at);
        else
            --*number;
    }
    free(line);
    if (file != NULL)
        (void)fclose(file);
    return found;
}

/* sudo leaves out names with a dot or a tilde at the end. */
static bool is_read(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    return strchr(name, '.') == NULL && name[strlen(name) - 1] != '~';
}

bool sudoers_find(size_t number, char *where, size_t size)
{
    glob_t files = {0};
    bool found = search("/etc/sudoers", &number, where, size);
    if (!found && glob("/etc/sudoers.d/*", 0, NULL, &files) == 0)
        for (size_t i = 0; i < files.gl_pathc && !found; i++)
            found = is_read(files.gl_pathv[i]) && search(files.gl_pathv[i], &number, where, size);
    globfree(&files);
    return found;
}
