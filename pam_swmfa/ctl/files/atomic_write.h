/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * atomic_write: changes a file that logins depend on, so that at any moment, and after a kill, a
 * power failure or on a full disk, the complete old file or the complete new one is there.
 *
 * The new text is written to a temporary file, PATH.swmfactl, synced, and renamed. Owner, group and
 * mode stay; an access control list and other extended attributes do not. The temporary file is
 * also the lock: another process that changes the same file this way waits. Only root can open it,
 * and so hold the lock; a folder or the file itself could be locked by anyone who can read it. If a
 * killed process leaves one, the next process uses it.
 *
 * A change by other means, such as an editor, is noticed until right before the rename: then
 * nothing is changed.
 */
#ifndef SWMFA_ATOMIC_WRITE_H
#define SWMFA_ATOMIC_WRITE_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define EDIT_SUFFIX   ".swmfactl"
#define EDIT_READ_MAX ((size_t)256 * 1024 * 1024)

struct edit {
    char path[4096];
    int beside;         /* the temporary file, locked; 0 or -1: not begun, or ended */
    bool existed;       /* the file */
    struct stat before; /* its status before, if it existed */
    char *text;         /* its content, with a NUL at the end; "" if it did not exist */
    size_t length;
};

/*
 * edit_begin: locks the file (waits at most 10 seconds) and reads it: less than EDIT_READ_MAX
 * bytes. It must be a regular file of root's that nobody else can write, not a symbolic link.
 * missing: the file may be absent. Returns false with the problem; otherwise the caller owes
 * edit_end.
 */
bool edit_begin(struct edit *edit, const char *path, bool missing, struct problem *problem);

/*
 * edit_commit: replaces the file's text. mode: for a new file, which is root's; others keep owner,
 * group and mode. Refuses if the file has changed since edit_begin. Returns true when the text is
 * on the disk. Otherwise, with the problem, the old file is in place, unless the problem says that
 * the new one is and may not survive a power failure. Call it once.
 */
bool edit_commit(struct edit *edit, const char *text, size_t length, mode_t mode,
                 struct problem *problem);

/* edit_remove: removes the file, in the same way. */
bool edit_remove(struct edit *edit, struct problem *problem);

/* edit_end: unlocks the file and wipes the text. Does nothing the second time, or if edit is all
 * zero. */
void edit_end(struct edit *edit);

#endif
