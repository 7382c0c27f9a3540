/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * users_map: the users map as lines that can be shown and changed. The parser of logins
 * (config/users.h) reads each line and decides which one is in force; unchanged lines stay byte for
 * byte.
 */
#ifndef SWMFA_USERS_MAP_H
#define SWMFA_USERS_MAP_H

#include "base/problem.h"
#include "config/users.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The content of a line, from swmfactl's command line or a row of an imported file. */
struct map_entry {
    const char *user;
    const char *key; /* NULL: for all */
    const char *number;
    const char *channels; /* NULL: not given */
};

/* One line of the map. */
struct map_line {
    const char *text;
    size_t length;    /* with the newline, if it has one */
    const char *user; /* in it; NULL: none */
    size_t user_length;
    char *before;  /* new lines that go before it; NULL: none */
    char *instead; /* the replacement, "" to remove it; NULL: unchanged */
};

struct map {
    const char *text; /* the caller's */
    size_t length;
    struct map_line *lines; /* the first is line 1 */
    size_t count;
    struct map_line **named; /* those with a user, by name and then in the map's order */
    size_t named_count;
    FILE *appended; /* new lines that go to the end; NULL: none */
    char *appended_text;
    size_t appended_length;
};

/* The lines of one user, in the map's order. */
struct map_user {
    struct map_line **lines;
    size_t count;
};

/* map_read: makes lines of a text, which must stay. Returns false with the problem; the caller owes
 * map_free. */
bool map_read(struct map *map, const char *text, size_t length, struct problem *problem);
void map_free(struct map *map);

/* map_number: returns the number of a line, as editors count. */
unsigned long map_number(const struct map *map, const struct map_line *line);

/* map_parse: reads the content of a line. */
void map_parse(const struct map_line *line, struct users_line *parsed);

/* map_find: finds the lines of a user; an empty list if there are none. */
struct map_user map_find(const struct map *map, const char *user, size_t length);

/* map_is_for: returns whether a line with a user is for that key, or with NULL for all; right or
 * wrong. */
bool map_is_for(const struct map_line *line, const char *key);

/* map_find_entry: returns the user's first line for that key; NULL: there is none. */
struct map_line *map_find_entry(const struct map *map, const char *user, const char *key);

/*
 * map_decides: asks the parser which line is in force for a login of the user with that key, or
 * with NULL without a key. Returns the parser's result, with the line, or NULL if none decides.
 */
enum users_result map_decides(const struct map_user *user, const char *key, struct phone *phone,
                              struct map_line **line);

/* map_entry_wrong: returns what is wrong with an entry, with the name of the field; or NULL. */
const char *map_entry_wrong(const struct map_entry *entry, const char **field);

/*
 * map_add: adds a line: with a key before the user's first line that is not for a key, where it
 * takes effect, otherwise at the end. map_set: changes a line: the number and, if given, the
 * channels; the rest stays, except for what made it wrong. The entry must be right. map_remove:
 * removes the line. False with the problem.
 */
bool map_add(struct map *map, const struct map_entry *entry, struct problem *problem);
bool map_set(struct map_line *line, const struct map_entry *entry, struct problem *problem);
bool map_remove(struct map_line *line, struct problem *problem);

/*
 * map_write: returns the text with all changes, which the caller frees; NULL with the problem, also
 * if a last line without a newline would stay. path: for the problem.
 */
char *map_write(const struct map *map, const char *path, size_t *length, struct problem *problem);

/*
 * map_masked: writes the text before and after all changes, for output: of everything that is long
 * enough to be a number it shows two digits. A line that would look the same after its change is
 * marked. False without memory.
 */
bool map_masked(const struct map *map, FILE *before, FILE *after);

/* map_check: checks that a map is complete, by users_doubt; empty: it may be empty. */
bool map_check(const struct map *map, const char *path, bool empty, struct problem *problem);

/* map_entry_matches: returns whether an entry has this number and, if given, these channels. */
bool map_entry_matches(const struct phone *phone, const struct map_entry *entry);

/* map_verify: checks that the entry is in force for a login of its user; false with the problem. */
bool map_verify(const struct map *map, const char *path, const struct map_entry *entry,
                struct problem *problem);

#endif
