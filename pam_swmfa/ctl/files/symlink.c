/* SPDX-License-Identifier: BSD-3-Clause */
/* symlink: see symlink.h. */
#include <config.h>

#include "ctl/files/symlink.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEPS_MAX 16

bool pamlink_is(const char *path)
{
    struct stat status;
    return strncmp(path, PAMLINK_FOLDER "/", sizeof(PAMLINK_FOLDER)) == 0 &&
           strchr(path + sizeof(PAMLINK_FOLDER), '/') == NULL && lstat(path, &status) == 0 &&
           S_ISLNK(status.st_mode);
}

/* True if two names are the same folder. */
static bool same_folder(const char *one, const char *other)
{
    struct stat first;
    struct stat second;
    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* Replaces file, a link in the folder, with the path in the folder that it leads to. target: gets
 * the link's text. */
static bool follow(char *file, size_t size, char target[PATH_MAX])
{
    char folder[sizeof(PAMLINK_FOLDER) + PATH_MAX];
    ssize_t length = readlink(file, target, PATH_MAX - 1);
    target[length > 0 ? length : 0] = '\0';
    (void)snprintf(folder, sizeof(folder), "%s%s", *target == '/' ? "" : PAMLINK_FOLDER "/",
                   target);
    char *slash = strrchr(folder, '/');
    const char *name = slash + 1;
    if (length <= 0 || *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    *slash = '\0';
    return same_folder(folder, PAMLINK_FOLDER) &&
           (size_t)snprintf(file, size, PAMLINK_FOLDER "/%s", name) < size;
}

bool pamlink_resolve(const char *path, char *file, size_t size, struct problem *problem)
{
    struct stat status;
    char target[PATH_MAX] = "";
    (void)snprintf(file, size, "%s", path);
    for (int i = 0; i < STEPS_MAX; i++) {
        if (lstat(file, &status) != 0)
            return problem_set(problem, "%s: the link leads to %s: %s", path, file,
                               strerror(errno));
        if (!S_ISLNK(status.st_mode))
            return true;
        if (status.st_uid != 0)
            return problem_set(problem, "%s: the link must be owned by root, not by uid %u", file,
                               (unsigned)status.st_uid);
        if (!follow(file, size, target))
            return problem_set(problem,
                               "%s: the link leads to %s, which is not in " PAMLINK_FOLDER
                               ": replace the link with a copy of that file",
                               path, target);
    }
    return problem_set(problem, "%s: the link leads back to itself, by way of %s", path, target);
}
