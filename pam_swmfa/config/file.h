/* SPDX-License-Identifier: BSD-3-Clause */
/* file: opening the files that decide about logins, and only if nobody else can write them. */
#ifndef SWMFA_FILE_H
#define SWMFA_FILE_H

#include "base/problem.h"

#include <stddef.h>

enum file_privacy {
    FILE_SECRET, /* holds a token: not readable by others either */
    FILE_PUBLIC, /* anybody may read it */
};

/*
 * file_open: opens path for reading, once, and checks what was opened: a regular file, no symbolic
 * link, owned by root, no write bit for group or others, and for FILE_SECRET no read bit for
 * others. Never blocks on a FIFO or device. Returns the fd, the caller's to close, or -1 with the
 * problem.
 */
int file_open(const char *path, enum file_privacy privacy, struct problem *problem);

/*
 * file_read: opens as file_open does and reads all of it, at most FILE_READ_MAX bytes.
 * Returns the bytes with a NUL behind them, the caller's to wipe and free, or NULL with the
 * problem.
 */
char *file_read(const char *path, enum file_privacy privacy, size_t *length,
                struct problem *problem);

/* file_read_large: the same, for a file that may have less than so many bytes. */
char *file_read_large(const char *path, enum file_privacy privacy, size_t most, size_t *length,
                      struct problem *problem);

#define FILE_READ_MAX ((size_t)1024 * 1024)

#endif
