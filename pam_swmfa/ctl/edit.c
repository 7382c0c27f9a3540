/* SPDX-License-Identifier: BSD-3-Clause */
/* edit: see edit.h. */
#include <config.h>

#include "ctl/edit.h"

#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 1000 /* of 10 ms each */

static bool failed(const struct edit *edit, struct problem *problem)
{
    return problem_set(problem, "%.400s: %s", edit->path, strerror(errno));
}

/* The folder's own lock leaves no file behind, as one beside each file would. */
static bool lock_folder(struct edit *edit, struct problem *problem)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    char path[sizeof(edit->path)];
    memcpy(path, edit->path, sizeof(path));
    edit->folder = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (edit->folder < 0)
        return problem_set(problem, "%.400s: %s", path, strerror(errno));
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(edit->folder, LOCK_EX | LOCK_NB) == 0)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return problem_set(problem, "%.400s: another process holds it locked: see which with fuser(1)",
                       path);
}

static bool read_file(struct edit *edit, bool missing, struct problem *problem)
{
    edit->existed = lstat(edit->path, &edit->before) == 0;
    if (!edit->existed && errno != ENOENT)
        return failed(edit, problem);
    if (!edit->existed && missing) {
        edit->text = strdup("");
        return edit->text != NULL || problem_set(problem, "no memory");
    }
    edit->text = file_read(edit->path, FILE_PUBLIC, &edit->length, problem);
    return edit->text != NULL;
}

bool edit_begin(struct edit *edit, const char *path, bool missing, struct problem *problem)
{
    *edit = (struct edit){.folder = -1};
    if ((size_t)snprintf(edit->path, sizeof(edit->path), "%s", path) + sizeof(".new") >
        sizeof(edit->path))
        return problem_set(problem, "%.100s...: the path is too long", path);
    if (lock_folder(edit, problem) && read_file(edit, missing, problem))
        return true;
    edit_end(edit);
    return false;
}

void edit_end(struct edit *edit)
{
    if (edit->text != NULL)
        explicit_bzero(edit->text, edit->length);
    free(edit->text);
    edit->text = NULL;
    if (edit->folder > 0)
        close(edit->folder);
    edit->folder = -1;
}

/* Whether it is what edit_begin has read. */
static bool unchanged(struct edit *edit, struct problem *problem)
{
    struct stat now;
    const struct stat *before = &edit->before;
    bool exists = lstat(edit->path, &now) == 0;
    if (!exists && errno != ENOENT)
        return failed(edit, problem);
    bool same = exists == edit->existed;
    if (same && exists)
        same = now.st_ino == before->st_ino && now.st_dev == before->st_dev &&
               now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
               now.st_mtim.tv_nsec == before->st_mtim.tv_nsec &&
               now.st_ctim.tv_sec == before->st_ctim.tv_sec &&
               now.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
    return same || problem_set(problem,
                               "%.400s: somebody else has changed it meanwhile: nothing was done; "
                               "begin again",
                               edit->path);
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

/* Writes the new file beside. */
static bool write_beside(struct edit *edit, const char *path, const char *text, size_t length,
                         mode_t mode, struct problem *problem)
{
    const struct stat *before = &edit->before;
    (void)unlink(path); /* of one that was killed at it: the folder is locked */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_all(fd, text, length) &&
                (!edit->existed || fchown(fd, before->st_uid, before->st_gid) == 0) &&
                fchmod(fd, edit->existed ? before->st_mode & 07777U : mode) == 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0 && close(fd) != 0 && good) {
        good = false;
        error = errno;
    }
    if (good)
        return true;
    (void)unlink(path);
    return problem_set(problem, "%.400s: %s: the file is as it was", path, strerror(error));
}

bool edit_commit(struct edit *edit, const char *text, size_t length, mode_t mode,
                 struct problem *problem)
{
    char path[sizeof(edit->path) + 8];
    (void)snprintf(path, sizeof(path), "%s.new", edit->path);
    if (!write_beside(edit, path, text, length, mode, problem))
        return false;
    if (!unchanged(edit, problem)) {
        (void)unlink(path);
        return false;
    }
    if (rename(path, edit->path) != 0) {
        (void)failed(edit, problem);
        (void)unlink(path);
        return false;
    }
    (void)fsync(edit->folder);
    return true;
}

bool edit_remove(struct edit *edit, struct problem *problem)
{
    if (!unchanged(edit, problem))
        return false;
    if (unlink(edit->path) != 0)
        return failed(edit, problem);
    (void)fsync(edit->folder);
    return true;
}
