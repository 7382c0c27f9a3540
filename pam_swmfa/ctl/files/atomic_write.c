/* SPDX-License-Identifier: BSD-3-Clause */
/* atomic_write: see atomic_write.h. */
#include <config.h>

#include "ctl/files/atomic_write.h"

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

#define LOCK_TRIES  1000 /* of 10 ms each */
#define BESIDE_SIZE (sizeof(((struct edit *)NULL)->path) + sizeof(EDIT_SUFFIX))

static bool failed(const struct edit *edit, struct problem *problem)
{
    return problem_set(problem, "%s: %s: nothing was changed", edit->path, strerror(errno));
}

static const char *path_beside(const struct edit *edit, char path[BESIDE_SIZE])
{
    (void)snprintf(path, BESIDE_SIZE, "%s" EDIT_SUFFIX, edit->path);
    return path;
}

/* ---- the temporary file, which is the lock ---- */

/* True if the open file is still the one of that path: its previous holder may have renamed or
 * removed it. */
static bool is_still(int fd, const char *path)
{
    struct stat open_one;
    struct stat named;
    return fstat(fd, &open_one) == 0 && lstat(path, &named) == 0 &&
           open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

/* Opens and locks the temporary file, once. False with errno; EWOULDBLOCK: try again. */
static bool try_lock(struct edit *edit, const char *path)
{
    edit->beside = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (edit->beside < 0)
        return false;
    bool locked = flock(edit->beside, LOCK_EX | LOCK_NB) == 0;
    int error = locked ? EWOULDBLOCK : errno;
    if (locked && is_still(edit->beside, path))
        return true;
    close(edit->beside);
    edit->beside = -1;
    errno = error;
    return false;
}

/* A file that was left over must be like a new one: nobody else can read what is written to it. */
static bool claim(struct edit *edit, const char *path, struct problem *problem)
{
    struct stat left;
    if (fstat(edit->beside, &left) == 0 && S_ISREG(left.st_mode) && left.st_uid == 0 &&
        left.st_nlink == 1 && fchown(edit->beside, 0, 0) == 0 && fchmod(edit->beside, 0600) == 0 &&
        ftruncate(edit->beside, 0) == 0)
        return true;
    return problem_set(problem, "%s: is not a file that swmfactl left here: remove it", path);
}

static bool lock(struct edit *edit, struct problem *problem)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    char path[BESIDE_SIZE];
    (void)path_beside(edit, path);
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (try_lock(edit, path))
            return claim(edit, path, problem);
        if (errno != EWOULDBLOCK && errno != EINTR)
            return problem_set(problem, "%s: %s: nothing was changed", path, strerror(errno));
        (void)nanosleep(&pause, NULL);
    }
    return problem_set(problem,
                       "%s: another process holds the lock: find it with fuser(1), wait until it "
                       "ends, and try again",
                       path);
}

/* ---- beginning and ending ---- */

static bool read_file(struct edit *edit, bool missing, struct problem *problem)
{
    edit->existed = lstat(edit->path, &edit->before) == 0;
    if (!edit->existed && errno != ENOENT)
        return failed(edit, problem);
    if (!edit->existed && missing) {
        edit->text = strdup("");
        return edit->text != NULL || problem_no_memory(problem);
    }
    edit->text = file_read_large(edit->path, FILE_PUBLIC, EDIT_READ_MAX, &edit->length, problem);
    return edit->text != NULL;
}

bool edit_begin(struct edit *edit, const char *path, bool missing, struct problem *problem)
{
    *edit = (struct edit){.beside = -1};
    if ((size_t)snprintf(edit->path, sizeof(edit->path), "%s", path) >= sizeof(edit->path))
        return problem_set(problem, "%.100s...: the path is too long", path);
    if (lock(edit, problem) && read_file(edit, missing, problem))
        return true;
    edit_end(edit);
    return false;
}

void edit_end(struct edit *edit)
{
    char path[BESIDE_SIZE];
    if (edit->text != NULL)
        explicit_bzero(edit->text, edit->length);
    free(edit->text);
    edit->text = NULL;
    if (edit->beside <= 0)
        return;
    if (is_still(edit->beside, path_beside(edit, path)))
        (void)unlink(path);
    close(edit->beside);
    edit->beside = -1;
}

/* ---- changing ---- */

static bool same_status(const struct stat *before, const struct stat *now)
{
    return now->st_ino == before->st_ino && now->st_dev == before->st_dev &&
           now->st_size == before->st_size && now->st_ctim.tv_sec == before->st_ctim.tv_sec &&
           now->st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

/* File times are too coarse to tell changes apart that follow each other closely. */
static bool same_text(struct edit *edit)
{
    struct problem problem;
    size_t length = 0;
    char *text = file_read_large(edit->path, FILE_PUBLIC, EDIT_READ_MAX, &length, &problem);
    bool same = text != NULL && length == edit->length && memcmp(text, edit->text, length) == 0;
    if (text != NULL)
        explicit_bzero(text, length);
    free(text);
    return same;
}

/* Checks that the file is still the one that edit_begin has read. */
static bool unchanged(struct edit *edit, struct problem *problem)
{
    struct stat now;
    bool exists = lstat(edit->path, &now) == 0;
    if (!exists && errno != ENOENT)
        return failed(edit, problem);
    bool same = exists == edit->existed &&
                (!exists || (same_status(&edit->before, &now) && same_text(edit)));
    return same ||
           problem_set(problem, "%s: changed by another process meanwhile; not modified; try again",
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

/* Sets the owner before the mode, which may let others read the file. */
static bool write_beside(struct edit *edit, const char *text, size_t length, mode_t mode)
{
    const struct stat *before = &edit->before;
    int fd = edit->beside;
    return write_all(fd, text, length) &&
           (!edit->existed || fchown(fd, before->st_uid, before->st_gid) == 0) &&
           fchmod(fd, edit->existed ? before->st_mode & 07777U : mode) == 0 && fsync(fd) == 0;
}

/* Some file systems cannot sync a folder; that is no error. */
static bool sync_folder(const struct edit *edit, struct problem *problem)
{
    char path[sizeof(edit->path)];
    memcpy(path, edit->path, sizeof(path));
    int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    int error = errno;
    if (fd >= 0)
        close(fd);
    return good ||
           problem_set(problem, "%s: changed, but the change may not survive a power failure: %s",
                       edit->path, strerror(error));
}

bool edit_commit(struct edit *edit, const char *text, size_t length, mode_t mode,
                 struct problem *problem)
{
    char path[BESIDE_SIZE];
    if (!write_beside(edit, text, length, mode))
        return failed(edit, problem);
    if (!unchanged(edit, problem))
        return false;
    if (rename(path_beside(edit, path), edit->path) != 0)
        return failed(edit, problem);
    return sync_folder(edit, problem);
}

bool edit_remove(struct edit *edit, struct problem *problem)
{
    if (!unchanged(edit, problem))
        return false;
    if (unlink(edit->path) != 0)
        return failed(edit, problem);
    return sync_folder(edit, problem);
}
