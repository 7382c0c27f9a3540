/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * atomic_write: changing a file that logins are decided by, so that at any moment, and whatever
 * happens meanwhile (kill, power failure, full disk), there is the old one or the new one, whole.
 *
 * The new text is written beside, into PATH.swmfactl, synced, and renamed; owner, group and mode
 * stay, an access control list and other extended attributes do not. That file beside is the lock
 * as well: whoever edits the same file by this waits. Nobody but root can open it, and so hold the
 * lock; a folder or the file itself could be locked by whoever can read them. One that was left by
 * a process that was killed is used by the next.
 *
 * Who edits otherwise, as with an editor, is noticed until right before the rename: then nothing is
 * changed.
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
    int beside;         /* the file beside, locked; 0 or -1: not begun, or ended */
    bool existed;       /* the file */
    struct stat before; /* what it was, if it existed */
    char *text;         /* what stood in it, with a NUL behind it; "" if it did not exist */
    size_t length;
};

/*
 * edit_begin: locks the file (waits 10 seconds at most) and reads it: less than EDIT_READ_MAX
 * bytes. It must be a regular file of root's that nobody else can write, no symbolic link.
 * missing: a file that is not there is no error. Returns false with the problem; otherwise the
 * caller owes edit_end.
 */
bool edit_begin(struct edit *edit, const char *path, bool missing, struct problem *problem);

/*
 * edit_commit: puts a text in its place. mode: of a file that did not exist, which is root's;
 * others keep owner, group and mode. Refuses if the file has changed since edit_begin. Returns true
 * when it is on the disk; otherwise, with the problem, the old one is there, unless the problem
 * says that the new one is and may not outlast a power failure. To be called once.
 */
bool edit_commit(struct edit *edit, const char *text, size_t length, mode_t mode,
                 struct problem *problem);

/* edit_remove: removes the file, likewise. */
bool edit_remove(struct edit *edit, struct problem *problem);

/* edit_end: unlocks it and wipes the text. Does nothing twice, nor if edit is all zero. */
void edit_end(struct edit *edit);

#endif
