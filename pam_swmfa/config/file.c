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
#include <sys/xattr.h>
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

#define LINKS_MOST 40 /* the kernel's limit */

/* On the way to a file, by all symbolic links. */
struct way {
    char done[PATH_MAX]; /* a folder whose path has no links; "" for / */
    char rest[PATH_MAX]; /* the rest of the path before the last names were taken from it */
    const char *next;    /* the rest of the path, in rest */
    file_folder_visitor *visit;
    void *context;
};

/* If the folder has an access list, the group's bits are its mask: the group need not be the only
 * one who may write. */
static bool visit_folder(struct way *way)
{
    struct stat status;
    const char *folder = *way->done != '\0' ? way->done : "/";
    if (lstat(folder, &status) != 0)
        return false;
    if ((status.st_mode & 0020U) != 0 && lgetxattr(folder, "system.posix_acl_access", NULL, 0) > 0)
        status.st_gid = (gid_t)-1;
    return way->visit(folder, &status, way->context);
}

/* Puts the link's target before the rest. */
static bool follow(struct way *way, const char *link)
{
    char to[PATH_MAX];
    char rest[PATH_MAX];
    ssize_t length = readlink(link, to, sizeof(to) - 1);
    if (length <= 0)
        return false;
    to[length] = '\0';
    int used = snprintf(rest, sizeof(rest), "%s/%s", to, way->next);
    memcpy(way->rest, rest, sizeof(rest));
    way->next = way->rest;
    if (*to == '/')
        *way->done = '\0';
    return used < (int)sizeof(rest);
}

/* Takes the next name off the rest. False: there is none. */
static bool next_name(struct way *way, char name[NAME_MAX + 1])
{
    const char *begin = way->next + strspn(way->next, "/");
    size_t length = strcspn(begin, "/");
    (void)snprintf(name, NAME_MAX + 1, "%.*s", (int)length, begin);
    way->next = begin + length;
    return length > 0;
}

/* In a folder where everybody may make links, only root's own links are followed. */
static bool check_link(const struct way *way, const char *link, const struct stat *status)
{
    struct stat folder;
    if (status->st_uid == 0)
        return true;
    return lstat(*way->done != '\0' ? way->done : "/", &folder) == 0 &&
           ((folder.st_mode & S_ISVTX) == 0 || way->visit(link, status, way->context));
}

/* Follows one name: into a folder, which is visited, or along a link. */
static bool step(struct way *way, const char *name, unsigned *links)
{
    char path[PATH_MAX + NAME_MAX + 2];
    struct stat status;
    if (strcmp(name, ".") == 0)
        return true;
    if (strcmp(name, "..") == 0) { /* this folder was visited */
        char *slash = strrchr(way->done, '/');
        *(slash != NULL ? slash : way->done) = '\0';
        return true;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", way->done, name);
    if (strlen(path) >= sizeof(way->done) || lstat(path, &status) != 0)
        return false;
    if (S_ISLNK(status.st_mode))
        return check_link(way, path, &status) && ++*links <= LINKS_MOST && follow(way, path);
    memcpy(way->done, path, strlen(path) + 1);
    if (way->next[strspn(way->next, "/")] == '\0')
        return true; /* the file */
    return S_ISDIR(status.st_mode) && visit_folder(way);
}

static bool walk(struct way *way)
{
    char name[NAME_MAX + 1];
    unsigned links = 0;
    way->next = way->rest;
    if (!visit_folder(way))
        return false;
    while (next_name(way, name))
        if (!step(way, name, &links))
            return false;
    return true;
}

bool file_folders(const char *path, file_folder_visitor *visit, void *context)
{
    struct way way = {.visit = visit, .context = context};
    char *real = realpath(path, NULL);
    int length =
        real != NULL ? snprintf(way.rest, sizeof(way.rest), "%s", *path == '/' ? path : real) : -1;
    free(real);
    return length >= 0 && length < (int)sizeof(way.rest) && walk(&way);
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
                           "it: chown -h root %s",
                           folder, (unsigned)status->st_uid, folder);
    case FILE_FOLDER_WRITABLE:
        break;
    }
    return problem_set(problem,
                       "%s: mode is %04o; users other than root can replace files in it: "
                       "chmod go-w %s",
                       folder, (unsigned)status->st_mode & 07777U, folder);
}

bool file_check_folders(const char *path, struct problem *problem)
{
    struct problem why = {0};
    if (file_folders(path, check_folder, &why))
        return true;
    if (*why.text == '\0')
        problem_set(&why, "%s: cannot check the folders above it", path);
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
                           "%s: mode is %04o; it holds a secret that others must not read: "
                           "chmod o-r %s",
                           path, mode, path);
    return true;
}

int file_open(const char *path, enum file_privacy privacy, struct problem *problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        if (errno == ELOOP)
            problem_set(problem, "%s: is a symbolic link; use the path of the file itself", path);
        else
            problem_set(problem, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (!file_check_folders(path, problem) || !check(fd, path, privacy, problem)) {
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
    /* Reads one byte more than the file has, to notice a file that is growing. */
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
