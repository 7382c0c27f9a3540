/* SPDX-License-Identifier: BSD-3-Clause */
/* file: see file.h. */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    if (!check(fd, path, privacy, problem)) {
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
