/* SPDX-License-Identifier: BSD-3-Clause */
/* file: see file.h. */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the folders above a file ---- */

enum file_folder file_folder_look(const struct stat *status)
{
    mode_t others = status->st_gid == 0 ? 0002 : 0022;
    if (status->st_uid != 0)
        return FILE_FOLDER_OWNED;
    return (status->st_mode & others) != 0 && (status->st_mode & S_ISVTX) == 0
               ? FILE_FOLDER_WRITABLE
               : FILE_FOLDER_SAFE;
}

/* A symbolic link in it is followed by the walk along the real path. */
static bool walk(const char *path, file_folder_visitor *visit, void *context)
{
    char folder[PATH_MAX];
    struct stat status;
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        int length = slash == path ? 1 : (int)(slash - path);
        (void)snprintf(folder, sizeof(folder), "%.*s", length, path);
        if (lstat(folder, &status) != 0)
            return false;
        if (S_ISDIR(status.st_mode) && !visit(folder, &status, context))
            return false;
    }
    return true;
}

bool file_folders(const char *path, file_folder_visitor *visit, void *context)
{
    char *real = realpath(path, NULL);
    bool good =
        real != NULL && (*path != '/' || walk(path, visit, context)) && walk(real, visit, context);
    free(real);
    return good;
}

static bool check_folder(const char *folder, const struct stat *status, void *context)
{
    struct problem *problem = context;
    switch (file_folder_look(status)) {
    case FILE_FOLDER_SAFE:
        return true;
    case FILE_FOLDER_OWNED:
        return problem_set(problem,
                           "%s: must be owned by root, not by uid %u, who can replace what is in "
                           "it: chown root %s",
                           folder, (unsigned)status->st_uid, folder);
    case FILE_FOLDER_WRITABLE:
        break;
    }
    return problem_set(problem,
                       "%s: mode is %04o; others than root can replace what is in it: "
                       "chmod go-w %s",
                       folder, (unsigned)status->st_mode & 07777U, folder);
}

static bool check_folders(const char *path, struct problem *problem)
{
    struct problem why = {0};
    if (file_folders(path, check_folder, &why))
        return true;
    if (*why.text == '\0')
        problem_set(&why, "%s: the folders above it cannot be looked at", path);
    *problem = why;
    return false;
}

/* ---- the file ---- */

static bool check(int fd, const char *path, enum file_privacy privacy, struct problem *problem)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return problem_set(problem, "%s: %s", path, strerror(errno));
    unsigned mode = status.st_mode & 07777U;
    if (!S_ISREG(status.st_mode))
        return problem_set(problem, "%s: expected a regular file", path);
    if (status.st_uid != 0)
        return problem_set(problem, "%s: must be owned by root, not by uid %u", path,
                           (unsigned)status.st_uid);
    if ((mode & 0022U) != 0)
        return problem_set(problem, "%s: mode is %04o; only its owner may write it: chmod go-w %s",
                           path, mode, path);
    if (privacy == FILE_SECRET && (mode & 0004U) != 0)
        return problem_set(problem,
                           "%s: mode is %04o; it holds a secret and others may not read it: "
                           "chmod o-r %s",
                           path, mode, path);
    return true;
}

int file_open(const char *path, enum file_privacy privacy, struct problem *problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        if (errno == ELOOP)
            problem_set(problem, "%s: is a symbolic link; give the file itself", path);
        else
            problem_set(problem, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (!check_folders(path, problem) || !check(fd, path, privacy, problem)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Reads until the end. Returns how many bytes, or -1 with errno set. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, buffer + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

char *file_read(const char *path, enum file_privacy privacy, size_t *length,
                struct problem *problem)
{
    return file_read_large(path, privacy, FILE_READ_MAX, length, problem);
}

char *file_read_large(const char *path, enum file_privacy privacy, size_t most, size_t *length,
                      struct problem *problem)
{
    int fd = file_open(path, privacy, problem);
    if (fd < 0)
        return NULL;
    struct stat status = {0};
    (void)fstat(fd, &status);
    /* One byte more than the file has, so that a file that grows meanwhile is noticed. */
    size_t size = status.st_size < (off_t)most ? (size_t)status.st_size + 1 : 0;
    char *content = size > 0 ? calloc(1, size + 1) : NULL;
    ssize_t got = content != NULL ? read_all(fd, content, size) : -1;
    if (size == 0)
        problem_set(problem, "%s: is larger than %zu bytes", path, most - 1);
    else if (got < 0)
        problem_set(problem, "%s: %s", path, strerror(errno));
    else if ((size_t)got == size)
        problem_set(problem, "%s: changed while it was read", path);
    close(fd);

    if (got < 0 || (size_t)got == size) {
        if (content != NULL)
            explicit_bzero(content, size);
        free(content);
        return NULL;
    }
    *length = (size_t)got;
    return content;
}
