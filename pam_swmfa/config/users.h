/* SPDX-License-Identifier: BSD-3-Clause */
/* users: reads the users map, see swmfa.users(5). */
#ifndef SWMFA_USERS_H
#define SWMFA_USERS_H

#include "base/problem.h"
#include "base/sshkey.h"
#include "config/phone.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum users_result {
    USERS_FOUND,
    USERS_ABSENT,     /* no line has that name */
    USERS_OTHER_KEYS, /* lines with that name, all of them for SSH keys that were not used */
    USERS_BAD_LINE,   /* the first line that could count is wrong: nobody's number is used */
    USERS_ERROR,      /* the map cannot be used at all */
};

/*
 * users_find: looks a user up in the map, by an exact match of the whole name. The first line is in
 * force that is for any login, or for one of the SSH keys that were used. It costs one pass over
 * the file, and no memory that grows with it. sure: absent users are let in, so USERS_ABSENT is
 * returned only for a complete map: not empty, ended by a newline, and text; otherwise it is
 * USERS_ERROR. USERS_OTHER_KEYS, USERS_BAD_LINE and USERS_ERROR come with the problem.
 */
enum users_result users_find(const char *path, const char *user, const struct sshkeys *keys,
                             bool sure, struct phone *phone, struct problem *problem);

/* users_name_valid: returns whether a line can have such a name. */
bool users_name_valid(const char *user);

/* users_mark_length: returns the number of bytes of a byte order mark at the beginning of a map. It
 * is no part of the first line; logins ignore it. */
size_t users_mark_length(const char *text, size_t size);

/* ---- for who shows and changes the map: the same parser, on a text in memory ---- */

/* One line; all pointers are into it. */
struct users_line {
    const char *user; /* NULL: the line is empty, or a comment */
    size_t user_length;
    const char *key; /* NULL: none; otherwise as written, right or wrong */
    size_t key_length;
    const char *number; /* as above; length 0: none */
    size_t number_length;
    const char *channels; /* as above */
    size_t channels_length;
    const char *comment; /* the # of it, or the line's end */
    struct phone phone;
    const char *wrong; /* why nobody's number is used by it; NULL: it is good */
};

/* users_read_line: reads a line, from at to its newline or, if whole is false, to the end of the
 * file. */
void users_read_line(const char *at, const char *end, bool whole, struct users_line *line);

/* users_search: searches the text of a map as users_find does; never USERS_ERROR. line: the number
 * of the line that decided, if one did. */
enum users_result users_search(const char *text, size_t size, const char *user,
                               const struct sshkeys *keys, struct phone *phone,
                               unsigned long *line);

/* users_doubt: returns why a map is doubtful in which a name was not found; or NULL. */
const char *users_doubt(const char *text, size_t size);

/* users_doubt_at: the same, with the line. */
const char *users_doubt_at(const char *text, size_t size, unsigned long *line);

/* Texts on what can be wrong with a line, and why a map can be doubtful, to compare with. */
extern const char users_line_cr[];
extern const char users_map_cr[];
extern const char users_map_utf16[];

/* An open map, and the position in it. */
struct users_map {
    int fd;
    struct stat status; /* of the file, when it was opened */
    const char *text;   /* the mapped file; no NUL after it */
    size_t size;
    const char *at;
    unsigned long line; /* the number of the line that was read last */
};

/* users_open: opens a map. False with the problem; otherwise the caller owes users_close. */
bool users_open(const char *path, struct users_map *map, struct problem *problem);
void users_close(struct users_map *map);

/*
 * users_next: reads the next line that names a user; valid until users_close. False after the last.
 */
bool users_next(struct users_map *map, struct users_line *line);

/* users_changed: returns whether the file was changed since it was opened. */
bool users_changed(const struct users_map *map);

#endif
