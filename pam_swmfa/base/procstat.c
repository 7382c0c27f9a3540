/* SPDX-License-Identifier: BSD-3-Clause */
/* procstat: see procstat.h. */
#include "base/procstat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 64

enum { STATE = 3, PARENT = 4, START = 22, CODE = 26, STACK = 28 }; /* fields count from 1 */

/* Cuts the line up into its fields. The name of the program, the second, can have blanks and
 * parentheses. */
static bool split(char *line, char *field[FIELDS_MAX])
{
    char *rest = NULL;
    char *end = strrchr(line, ')');
    size_t count = STATE;
    char *next = end != NULL ? strtok_r(end + 1, " \n", &rest) : NULL;
    for (; next != NULL && count < FIELDS_MAX; next = strtok_r(NULL, " \n", &rest))
        field[count++] = next;
    return count > STACK;
}

bool procstat_read(pid_t pid, struct procstat *stat)
{
    char path[64];
    char line[1024] = "";
    char *field[FIELDS_MAX] = {NULL};
    *stat = (struct procstat){0};
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    bool good = file != NULL && fgets(line, sizeof(line), file) != NULL && split(line, field);
    if (file != NULL)
        (void)fclose(file);
    if (!good || strchr("ZX", *field[STATE]) != NULL)
        return false;
    *stat = (struct procstat){.parent = (pid_t)strtol(field[PARENT], NULL, 10),
                              .start = strtoull(field[START], NULL, 10),
                              .code = strtoull(field[CODE], NULL, 10),
                              .stack = strtoull(field[STACK], NULL, 10)};
    return true;
}
