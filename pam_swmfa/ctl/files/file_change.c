/* SPDX-License-Identifier: BSD-3-Clause */
/* file_change: see file_change.h. */
#include <config.h>

#include "ctl/files/file_change.h"

#include "config/file.h"
#include "ctl/files/atomic_write.h"
#include "ctl/files/diff.h"
#include "ctl/files/symlink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* swmfa.conf contains secrets. */
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

/* Reads a file as text; NULL with the problem. */
static char *read_text(const char *path, struct problem *problem)
{
    size_t length = 0;
    char *text = file_read(path, FILE_PUBLIC, &length, problem);
    if (text == NULL || strlen(text) == length)
        return text;
    explicit_bzero(text, length);
    free(text);
    problem_set(problem, "%s: contains a NUL, so it is no text file", path);
    return NULL;
}

static bool problem_of_race(const char *path, struct problem *problem)
{
    return problem_set(problem, "%s: changed by another process meanwhile; not modified; try again",
                       path);
}

/* Checks that a symbolic link still leads to the same file. A path that is not a link needs no
 * check: it is opened without following links. */
static bool leads_there(const struct change *change, struct problem *problem)
{
    char file[sizeof(change->file)];
    return strcmp(change->path, change->file) == 0 ||
           (pamlink_resolve(change->path, file, sizeof(file), problem) &&
            strcmp(file, change->file) == 0) ||
           problem_of_race(change->path, problem);
}

/* Most files are only read. So a link that swmfactl would not follow to change a file is read as
 * libpam reads it, which also takes a dangling link for a missing file. */
static bool read_fixed(struct change *change, struct problem *problem)
{
    char *real = realpath(change->path, NULL);
    if (real == NULL)
        return errno == ENOENT || errno == ELOOP ||
               problem_set(problem, "%s: %s", change->path, strerror(errno));
    change->before = read_text(real, problem);
    free(real);
    return change->before != NULL;
}

static bool read_link(struct change *change, struct problem *problem)
{
    if (!pamlink_resolve(change->path, change->file, sizeof(change->file), &change->fixed))
        return read_fixed(change, problem);
    change->before = read_text(change->file, problem);
    return change->before != NULL && leads_there(change, problem);
}

static bool read_before(struct change *change, struct problem *problem)
{
    struct stat status;
    if (lstat(change->path, &status) != 0 && errno == ENOENT)
        return true;
    if (pamlink_is(change->path))
        return read_link(change, problem);
    change->before = read_text(change->path, problem);
    return change->before != NULL;
}

bool change_begin(struct change *change, const char *path, struct problem *problem)
{
    *change = (struct change){0};
    (void)snprintf(change->path, sizeof(change->path), "%s", path);
    (void)snprintf(change->file, sizeof(change->file), "%s", path);
    bool good = read_before(change, problem);
    if (good && change->before != NULL) {
        change->after = strdup(change->before);
        good = change->after != NULL || problem_no_memory(problem);
    }
    if (!good)
        change_end(change);
    return good;
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

bool change_same_file(const struct change *one, const struct change *other)
{
    return one->before != NULL && other->before != NULL && strcmp(one->file, other->file) == 0;
}

bool change_show(const struct change *change, struct ctl_context *ctl)
{
    char name[sizeof(change->path) + sizeof(change->file) + 32];
    const char *before = change->before != NULL ? change->before : "";
    const char *after = change->after != NULL ? change->after : "";
    bool linked = strcmp(change->path, change->file) != 0;
    if (change->fixed.text[0] != '\0') {
        ctl->problem = change->fixed;
        return false;
    }
    (void)snprintf(name, sizeof(name), linked ? "%s (target of the link %s)" : "%s", change->file,
                   change->path);
    return diff_print(ctl, name, before, strlen(before), after, strlen(after));
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

/* Writes or removes the file; expected: the text that must be there now, NULL: no file. */
static bool put(const struct change *change, const char *expected, const char *text, mode_t mode,
                struct problem *problem)
{
    struct edit edit;
    if (change->fixed.text[0] != '\0') {
        *problem = change->fixed;
        return false;
    }
    if (!edit_begin(&edit, change->file, true, problem))
        return false;
    bool good = leads_there(change, problem) && (same(expected, edit.existed ? edit.text : NULL) ||
                                                 problem_of_race(change->path, problem));
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
    return !change_is_one(change) || put(change, change->before, change->after, mode, problem);
}

bool change_make(const struct change *change, mode_t mode, struct problem *problem)
{
    return !change_is_one(change) ||
           (change_keep(change, problem) && change_put(change, mode, problem));
}

bool change_is_made(const struct change *change)
{
    struct change now;
    struct problem ignored = {0};
    if (!change_is_one(change) || !change_begin(&now, change->path, &ignored))
        return false;
    bool is = same(now.before, change->after);
    change_end(&now);
    return is;
}

bool change_undo(const struct change *change, mode_t mode, struct problem *problem)
{
    return !change_is_one(change) || put(change, change->after, change->before, mode, problem);
}
