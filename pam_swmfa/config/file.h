/* SPDX-License-Identifier: BSD-3-Clause */
/* file: opening the files that decide about logins, and only if nobody else can write them. */
#ifndef SWMFA_FILE_H
#define SWMFA_FILE_H

#include "base/problem.h"

#include <stddef.h>
#include <sys/stat.h>

enum file_privacy {
    FILE_SECRET, /* holds a token: not readable by others either */
    FILE_PUBLIC, /* anybody may read it */
};

/*
 * file_open: opens path for reading, once, and checks the open file: a regular file, no symbolic
 * link, owned by root, no write bit for group or others, and for FILE_SECRET no read bit for
 * others; and all folders above it, see file_folders. Never blocks on a FIFO or device. Returns the
 * fd, which the caller closes, or -1 with the problem.
 */
int file_open(const char *path, enum file_privacy privacy, struct problem *problem);

/*
 * file_read: opens the file as file_open does and reads all of it, at most FILE_READ_MAX bytes.
 * Returns the bytes with a NUL after them, which the caller wipes and frees, or NULL with the
 * problem.
 */
char *file_read(const char *path, enum file_privacy privacy, size_t *length,
                struct problem *problem);

/* file_read_large: the same, for a file of less than so many bytes (most). */
char *file_read_large(const char *path, enum file_privacy privacy, size_t most, size_t *length,
                      struct problem *problem);

#define FILE_READ_MAX ((size_t)1024 * 1024)

/* The users besides root who can replace the entries of a folder. */
enum file_folder {
    FILE_FOLDER_SAFE,
    FILE_FOLDER_OWNED,    /* its owner can */
    FILE_FOLDER_WRITABLE, /* anyone with write permission can */
};

/*
 * file_folder_look: the folder must be root's, and nobody else may write to it. Two exceptions that
 * StrictModes in sshd_config(5) does not make: the members of root's group may, and everybody may
 * if it is sticky, since then nobody can replace root's entries.
 */
enum file_folder file_folder_look(const struct stat *status);

/*
 * file_folders: calls visit for each folder on the way to a file that exists, along all symbolic
 * links, and for each link in a sticky folder that is not root's; a folder may come twice. Where a
 * folder has an access list (acl(5)) that lets anybody write, status has a group that is not
 * root's. Returns false if visit did, or if one cannot be looked at.
 */
typedef bool file_folder_visitor(const char *folder, const struct stat *status, void *context);
bool file_folders(const char *path, file_folder_visitor *visit, void *context);

/* file_check_folders: returns whether all of them are safe; otherwise false with the problem. */
bool file_check_folders(const char *path, struct problem *problem);

#endif
