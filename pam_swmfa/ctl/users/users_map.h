/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * users_map: the users map as lines that can be shown and changed. What a line holds, and which one
 * counts, is said by the parser that logins use (config/users.h); what is not changed stays byte
 * for byte.
 */
#ifndef SWMFA_USERS_MAP_H
#define SWMFA_USERS_MAP_H

#include "base/problem.h"
#include "config/users.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a line says: of swmfactl's command line, or a row of an imported file. */
struct map_entry {
    const char *user;
    const char *key; /* NULL: for all */
    const char *number;
    const char *channels; /* NULL: not said */
};

/* One line of the map. */
struct map_line {
    const char *text;
    size_t length;    /* with the newline, if it has one */
    const char *user; /* in it; NULL: none */
    size_t user_length;
    char *before;  /* new lines that go before it; NULL: none */
    char *instead; /* what takes its place, "" for nothing; NULL: it stays */
};

struct map {
    const char *text; /* the caller's */
    size_t length;
    struct map_line *lines; /* the first is line 1 */
    size_t count;
    struct map_line **named; /* those with a user, by name, and those of one user as they stand */
    size_t named_count;
    FILE *behind; /* new lines that go to the end; NULL: none */
    char *behind_text;
    size_t behind_length;
};

/* The lines of one user, as they stand in the map. */
struct map_user {
    struct map_line **lines;
    size_t count;
};

/* map_read: makes lines of a text, which must stay. False with the problem; map_free is owed. */
bool map_read(struct map *map, const char *text, size_t length, struct problem *problem);
void map_free(struct map *map);

/* map_number: the number of a line, as editors count them. */
unsigned long map_number(const struct map *map, const struct map_line *line);

/* map_parse: what is in a line. */
void map_parse(const struct map_line *line, struct users_line *parsed);

/* map_find: the lines of a user; none if there is none. */
struct map_user map_find(const struct map *map, const char *user, size_t length);

/* map_is_for: whether a line with a user is for that key, or with NULL for all; right or wrong. */
bool map_is_for(const struct map_line *line, const char *key);

/* map_find_entry: the first line of the user that is for that key; NULL: there is
 * none. */
struct map_line *map_find_entry(const struct map *map, const char *user, const char *key);

/*
 * map_decides: which line a login of the user goes by that has used that key, or with NULL no key:
 * asks the parser. Returns what it says, with the line, or NULL if none decides.
 */
enum users_result map_decides(const struct map_user *user, const char *key, struct phone *phone,
                              struct map_line **line);

/* map_entry_wrong: what is wrong with an entry, with the name of the field; or NULL. */
const char *map_entry_wrong(const struct map_entry *entry, const char **field);

/*
 * map_add: adds a line: with a key before the first line of the user that is not for a key, where
 * it counts, otherwise at the end. map_set: changes a line: the number and, if they are given, the
 * channels; what else is in it stays, but for what made it wrong. The entry must be right.
 * map_remove: the line goes. False with the problem.
 */
bool map_add(struct map *map, const struct map_entry *entry, struct problem *problem);
bool map_set(struct map_line *line, const struct map_entry *entry, struct problem *problem);
bool map_remove(struct map_line *line, struct problem *problem);

/*
 * map_write: the text with all changes, the caller's to free; NULL with the problem, also if a last
 * line would stay that has no newline. path: for the problem.
 */
char *map_write(const struct map *map, const char *path, size_t *length, struct problem *problem);

/*
 * map_masked: writes the text before and after all changes as it can be shown: of whatever is long
 * enough to be a number there are two digits. A line that would look the same after its change says
 * so. False without memory.
 */
bool map_masked(const struct map *map, FILE *before, FILE *after);

/* map_check: whether a map is whole, as users_doubt has it; empty: whether it may be empty. */
bool map_check(const struct map *map, const char *path, bool empty, struct problem *problem);

/* map_entry_matches: whether a number, and channels if they are given, are those of an entry. */
bool map_entry_matches(const struct phone *phone, const struct map_entry *entry);

/* map_verify: whether a login of the entry's user goes by the entry; false with the problem. */
bool map_verify(const struct map *map, const char *path, const struct map_entry *entry,
                struct problem *problem);

#endif
