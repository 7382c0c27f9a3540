/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * file_change: changes of files of /etc, which are shown as diffs before they are made, and of
 * which a copy is kept.
 */
#ifndef SWMFA_FILE_CHANGE_H
#define SWMFA_FILE_CHANGE_H

#include "ctl/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * One file: its text when it was read, and its planned text. A symbolic link in /etc/pam.d is kept:
 * the file that it leads to is changed.
 */
struct change {
    char path[256];       /* as it was given */
    char file[256];       /* the file itself: path, or the target of the link */
    struct problem fixed; /* why the file can only be read; "": it can be changed */
    char *before;         /* NULL: there was no such file */
    char *after;          /* NULL: to be removed */
};

/* change_begin: reads a file, which may be missing. Returns false with the problem; otherwise the
 * caller owes change_end, and decides on after, which begins as a copy of before. A link in
 * /etc/pam.d that pamlink_resolve refuses is read as libpam reads it, and fixed says why. */
bool change_begin(struct change *change, const char *path, struct problem *problem);

/* change_end: frees both texts. Does nothing if change is all zero. */
void change_end(struct change *change);

/* change_set: makes text, which it takes, what the file is to be; NULL: nothing. */
void change_set(struct change *change, char *text);

/* change_is_one: whether before and after differ. */
bool change_is_one(const struct change *change);

/* change_same_file: whether two names lead to one file, which is there. */
bool change_same_file(const struct change *one, const struct change *other);

/* change_show: prints the difference, by diff -u. False with the problem, also if the file cannot
 * be changed. */
bool change_show(const struct change *change, struct ctl_context *ctl);

/* change_keep: keeps a copy of the file as it was in CHANGE_COPIES, unless it has something of
 * ours already: then the copy is older and better. Returns false with the problem. */
bool change_keep(const struct change *change, struct problem *problem);

/* change_copy: keeps a copy in any case. Returns false with the problem. */
bool change_copy(const struct change *change, struct problem *problem);

/* change_put: makes the change, if it is one, without a copy. Otherwise as change_make. */
bool change_put(const struct change *change, mode_t mode, struct problem *problem);

/* change_make: keeps a copy and makes the change, if it is one; mode: of a new file. Refuses if the
 * file is not any more what it was. Returns false with the problem. */
bool change_make(const struct change *change, mode_t mode, struct problem *problem);

/* change_is_made: whether the change is one, and the file is now as it was to be. */
bool change_is_made(const struct change *change);

/* change_undo: makes the file what it was. Returns false with the problem. */
bool change_undo(const struct change *change, mode_t mode, struct problem *problem);

/* change_copy_path: where the copy of a file is or would be. */
void change_copy_path(const char *path, char *copy, size_t size);

/* change_is_copy: whether the text is what the copy of the file has. */
bool change_is_copy(const char *path, const char *text);

/* Not a folder that anything reads as configuration: what lies in pam.d is a service. */
#define CHANGE_COPIES SWMFA_SECURITY_DIR "/swmfa.before"

#endif
