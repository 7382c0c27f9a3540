/* SPDX-License-Identifier: BSD-3-Clause */
/* change: see change.h. */
#include <config.h>

#include "ctl/change.h"

#include "config/file.h"
#include "ctl/diff.h"
#include "ctl/edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* swmfa.conf has secrets. */
static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void change_end(struct change *change)
{
    wipe(change->before);
    wipe(change->after);
    *change = (struct change){0};
}

bool change_begin(struct change *change, const char *path, struct problem *problem)
{
    struct stat status;
    size_t length = 0;
    *change = (struct change){0};
    (void)snprintf(change->path, sizeof(change->path), "%s", path);
    if (lstat(path, &status) != 0 && errno == ENOENT)
        return true;
    change->before = file_read(path, FILE_PUBLIC, &length, problem);
    if (change->before == NULL)
        return false;
    if (strlen(change->before) != length) {
        change_end(change);
        return problem_set(problem, "%s: has a NUL, and is no text", path);
    }
    change->after = strdup(change->before);
    if (change->after != NULL)
        return true;
    change_end(change);
    return problem_set(problem, "no memory");
}

void change_set(struct change *change, char *text)
{
    wipe(change->after);
    change->after = text;
}

bool change_is_one(const struct change *change)
{
    return !same(change->before, change->after);
}

bool change_show(const struct change *change, struct job *job)
{
    const char *before = change->before != NULL ? change->before : "";
    const char *after = change->after != NULL ? change->after : "";
    return diff_print(job, change->path, before, strlen(before), after, strlen(after));
}

void change_copy_path(const char *path, char *copy, size_t size)
{
    (void)snprintf(copy, size, "%s/%s", CHANGE_COPIES, path + 1);
    char *name = copy + sizeof(CHANGE_COPIES);
    while ((name = strchr(name, '/')) != NULL)
        *name = '_';
}

bool change_is_copy(const char *path, const char *text)
{
    char copy[512];
    size_t length = 0;
    struct problem why;
    change_copy_path(path, copy, sizeof(copy));
    char *kept = file_read(copy, FILE_PUBLIC, &length, &why);
    bool is = kept != NULL && strcmp(kept, text) == 0;
    wipe(kept);
    return is;
}

/* Puts a text in a file's place; expected: what must be there now, NULL: nothing. */
static bool put(const char *path, const char *expected, const char *text, mode_t mode,
                struct problem *problem)
{
    struct edit edit;
    if (!edit_begin(&edit, path, true, problem))
        return false;
    bool good =
        same(expected, edit.existed ? edit.text : NULL) ||
        problem_set(problem, "%s: somebody else has changed it meanwhile: it was left; begin again",
                    path);
    if (good && text != NULL)
        good = edit_commit(&edit, text, strlen(text), mode, problem);
    else if (good && edit.existed)
        good = edit_remove(&edit, problem);
    edit_end(&edit);
    return good;
}

bool change_copy(const struct change *change, struct problem *problem)
{
    char path[512];
    struct edit edit;
    if (mkdir(CHANGE_COPIES, 0700) != 0 && errno != EEXIST)
        return problem_set(problem, "%s: %s", CHANGE_COPIES, strerror(errno));
    change_copy_path(change->path, path, sizeof(path));
    if (!edit_begin(&edit, path, true, problem))
        return false;
    bool good = edit_commit(&edit, change->before, strlen(change->before), 0600, problem);
    edit_end(&edit);
    return good;
}

bool change_keep(const struct change *change, struct problem *problem)
{
    return change->before == NULL || strstr(change->before, "pam_swmfa") != NULL ||
           strstr(change->before, "swmfactl") != NULL || change_copy(change, problem);
}

bool change_put(const struct change *change, mode_t mode, struct problem *problem)
{
    return !change_is_one(change) ||
           put(change->path, change->before, change->after, mode, problem);
}

bool change_make(const struct change *change, mode_t mode, struct problem *problem)
{
    return !change_is_one(change) ||
           (change_keep(change, problem) && change_put(change, mode, problem));
}

bool change_undo(const struct change *change, mode_t mode, struct problem *problem)
{
    return !change_is_one(change) ||
           put(change->path, change->after, change->before, mode, problem);
}
