/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit: changing a file that logins are decided by, so that at any moment, and whatever happens
 * meanwhile (kill, power failure, full disk), there is the old one or the new one, whole.
 *
 * The new text is written beside, synced, and renamed; owner, group and mode stay. Whoever edits in
 * the same folder by this waits; who edits otherwise, as with an editor, is noticed: then nothing
 * is changed.
 */
#ifndef SWMFA_EDIT_H
#define SWMFA_EDIT_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct edit {
    char path[4096];
    int folder;         /* locked; -1: not begun */
    bool existed;       /* the file */
    struct stat before; /* what it was, if it existed */
    char *text;         /* what stood in it, with a NUL behind it; "" if it did not exist */
    size_t length;
};

/*
 * edit_begin: locks the folder (waits 10 seconds at most) and reads the file. It must be a regular
 * file of root's that nobody else can write, no symbolic link. missing: a file that is not there is
 * no error. Returns false with the problem; otherwise the caller owes edit_end.
 */
bool edit_begin(struct edit *edit, const char *path, bool missing, struct problem *problem);

/*
 * edit_commit: puts a text in its place. mode: of a file that did not exist, which is root's;
 * others keep owner, group and mode. Refuses if the file has changed since edit_begin. Returns true
 * when it is on the disk; otherwise, with the problem, the old one is there.
 */
bool edit_commit(struct edit *edit, const char *text, size_t length, mode_t mode,
                 struct problem *problem);

/* edit_remove: removes the file, likewise. */
bool edit_remove(struct edit *edit, struct problem *problem);

/* edit_end: unlocks the folder and wipes the text. Does nothing twice, nor if edit is all zero. */
void edit_end(struct edit *edit);

#endif
