/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * file_change: changes files of /etc: shows the change as a diff, keeps a copy of the file, makes
 * the change, and can undo it.
 */
#ifndef SWMFA_FILE_CHANGE_H
#define SWMFA_FILE_CHANGE_H

#include "ctl/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * One file: its text when it was read, and its planned text. A symbolic link in /etc/pam.d is kept:
 * its target is changed.
 */
struct change {
    char path[256];       /* as given */
    char file[256];       /* the file itself: path, or the target of the link */
    struct problem fixed; /* why the file can only be read; "": it can be changed */
    char *before;         /* NULL: there was no such file */
    char *after;          /* NULL: to be removed */
};

/*
 * change_begin: reads a file, which may be missing. Returns false with the problem; otherwise the
 * caller owes change_end. after begins as a copy of before. A link in /etc/pam.d that
 * pamlink_resolve refuses is read as libpam reads it, and fixed has the reason.
 */
bool change_begin(struct change *change, const char *path, struct problem *problem);

/* change_end: wipes and frees both texts. Does nothing if change is all zero. */
void change_end(struct change *change);

/* change_set: makes text, which it takes over, the planned text; NULL: remove the file. */
void change_set(struct change *change, char *text);

/* change_is_one: returns whether before and after differ. */
bool change_is_one(const struct change *change);

/* change_same_file: returns whether two names lead to one existing file. */
bool change_same_file(const struct change *one, const struct change *other);

/* change_show: prints the difference with diff -u. Returns false with the problem, also if the file
 * cannot be changed. */
bool change_show(const struct change *change, struct ctl_context *ctl);

/* change_keep: keeps a copy of the file in CHANGE_COPIES, unless the file has swmfactl's changes
 * already: then the existing copy is the original. Returns false with the problem. */
bool change_keep(const struct change *change, struct problem *problem);

/* change_copy: keeps a copy in any case. Returns false with the problem. */
bool change_copy(const struct change *change, struct problem *problem);

/* change_put: like change_make, but without a copy. */
bool change_put(const struct change *change, mode_t mode, struct problem *problem);

/* change_make: keeps a copy and makes the change, if there is one; mode: for a new file. Refuses if
 * the file is no longer as it was read. Returns false with the problem. */
bool change_make(const struct change *change, mode_t mode, struct problem *problem);

/* change_is_made: returns whether there is a change, and the file now has the planned text. */
bool change_is_made(const struct change *change);

/* change_undo: restores the file. Returns false with the problem. */
bool change_undo(const struct change *change, mode_t mode, struct problem *problem);

/* change_copy_path: writes the path for the copy of a file. */
void change_copy_path(const char *path, char *copy, size_t size);

/* change_is_copy: returns whether the text is that of the file's copy. */
bool change_is_copy(const char *path, const char *text);

/* Not in a folder that is read as configuration: each file in pam.d is a service. */
#define CHANGE_COPIES SWMFA_SECURITY_DIR "/swmfa.before"

#endif
