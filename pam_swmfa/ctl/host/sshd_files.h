/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_files: sshd_config and the files that it includes, as sshd reads them; see sshd_config(5).
 */
#ifndef SWMFA_SSHD_FILES_H
#define SWMFA_SSHD_FILES_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

/* The file that sshd reads first, by default. */
#define SSHD_CONFIG "/etc/ssh/sshd_config"

/* A planned file: with this text, or absent. It need not exist. */
struct sshd_plan {
    const char *path;
    const char *text; /* NULL: absent */
};

#define SSHD_NO_BLOCK ((size_t)-1)

struct sshd_line {
    const char *file; /* its real path */
    unsigned number;
    char *keyword;
    char *rest;   /* the rest, without the end of the line */
    size_t block; /* index of the Match line above it; or SSHD_NO_BLOCK */
};

/*
 * The lines that are neither empty nor comments, in the order in which sshd reads them: those of an
 * included file follow its Include line. A Match line stands under the Match line, if any, that its
 * file's Include line stands under.
 */
struct sshd_files {
    struct sshd_line *lines;
    size_t count;
    char **paths;
    size_t path_count;
};

/*
 * sshdfiles_read: reads the file config and all that it includes. plan: NULL: the files as they
 * are. A file that cannot be read is no error here: sshd reports it. Returns false with the
 * problem. The caller owes sshdfiles_free in any case.
 */
bool sshdfiles_read(struct sshd_files *files, const char *config, const struct sshd_plan *plan,
                    struct problem *problem);
void sshdfiles_free(struct sshd_files *files);

/* sshdfiles_is_under: returns whether a line stands under a Match line, or under one that does. */
bool sshdfiles_is_under(const struct sshd_files *files, size_t line, size_t block);

/* sshdfiles_is_planned: returns whether a path is that of the planned file, in any spelling. */
bool sshdfiles_is_planned(const struct sshd_plan *plan, const char *path);

/* sshdfiles_is: returns whether a line has the keyword, or an older name of it. */
bool sshdfiles_is(const struct sshd_line *line, const char *keyword);

/*
 * sshd_decides: returns whether a line has a setting that decides who needs a code, or who gets in.
 */
bool sshd_decides(const struct sshd_line *line);

/* sshdfiles_words: returns the arguments of a line, split as sshd does it. The caller frees each,
 * and the list, which ends with NULL. NULL if sshd would refuse them, or without memory. */
char **sshdfiles_words(const char *rest);
void sshdfiles_free_words(char **words);

/*
 * A copy of the files in a private folder, line for line. sshd -f reads it as it would read the
 * files with the plan in place.
 */
struct sshd_mirror {
    char folder[64]; /* "": none */
    char config[96]; /* the copy of the first file */
    char **paths;    /* the original files; the copy of number n is FOLDER/n */
    size_t count;
};

/* sshdmirror_make: makes the copy. Returns false with the problem. The caller owes
 * sshdmirror_remove in any case. */
bool sshdmirror_make(struct sshd_mirror *mirror, const char *config, const struct sshd_plan *plan,
                     struct problem *problem);
void sshdmirror_remove(struct sshd_mirror *mirror);

/* sshdmirror_real: replaces the copies' paths in a message of sshd's with "FILE:LINE". Returns the
 * buffer. */
char *sshdmirror_real(const struct sshd_mirror *mirror, const char *said, char *buffer,
                      size_t size);

#endif
