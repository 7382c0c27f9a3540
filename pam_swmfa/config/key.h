/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * key: describes the keys of a section of swmfa.conf.
 *
 * The file that owns a section has one row for each of its keys: name, valid values, default, and
 * place. config.c does the rest for all of them.
 */
#ifndef SWMFA_KEY_H
#define SWMFA_KEY_H

#include "base/problem.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>

enum key_kind {
    KEY_TEXT,     /* char *, of the form that a regular expression gives */
    KEY_SECRET,   /* struct secret: as above, but never shown in a message. A key of the same name
                     with "_file" added is the path of a file that has it. */
    KEY_ENDPOINT, /* char *, https://HOST[:PORT] */
    KEY_FILE,     /* struct key_file: a path, and the file's content */
    KEY_NUMBER,   /* int, from min to max */
    KEY_WORD,     /* int, the index of the word in words */
    KEY_WORDS,    /* struct key_words: several of the words, each once, with commas between */
    KEY_LIMITS,   /* struct limit_list: see limit.h */
    KEY_SPAN,     /* int, seconds: 0 or a time such as 12h, up to max */
    KEY_PRICE,    /* struct price: see price.h */
};

#define KEY_WORDS_MAX 8
struct key_words {
    size_t count;
    int at[KEY_WORDS_MAX]; /* indexes of words, in the order that they were given */
};

struct key_file {
    char *path; /* NULL: not given */
    char *text;
};

struct key {
    const char *name;          /* NULL after the last */
    const char *default_value; /* the default, as it would be written; NULL: none */
    size_t offset;             /* of the member, in the settings of the section */
    enum key_kind kind;
    int min;                  /* KEY_NUMBER */
    int max;                  /* KEY_NUMBER, KEY_SPAN; KEY_TEXT: bytes, 0 for KEY_TEXT_MAX */
    const char *const *words; /* KEY_WORD, KEY_WORDS; ends with NULL */
    const char *pattern;      /* KEY_TEXT, KEY_SECRET: extended regular expression */
    const char *expected;     /* the pattern in words */
    bool required;            /* must be given if the section is used */
    bool quotable;            /* quotes can be intended: they are part of the value */
    bool redact;              /* secrets are put here by mistake, so its value is never shown */
};

struct section {
    const char *name;
    const struct key *keys; /* SECTION_KEYS_MAX at most */
    size_t size;            /* of the settings */
    /*
     * Checks conditions between keys, after all are read and if the section is used; NULL: none.
     * Returns false with the name of a key of the section and what is wrong with it.
     */
    bool (*check)(const void *settings, const char **key, struct problem *problem);
};

#define SECTION_KEYS_MAX 32

/* For the rows of a table of keys; SETTINGS is the struct with the members. */
#define KEY_AT(settings, member) .offset = offsetof(settings, member)

#define KEY_ABSOLUTE_PATH .pattern = "^/", .expected = "an absolute path"
#define KEY_E164                                                                                   \
    .pattern = "^\\+[1-9][0-9]{1,14}$", .expected = "an E.164 number such as +12029167968"
#define KEY_TEXT_MAX 2048 /* bytes */

/* key_no_yes: the words of a KEY_WORD that is 0 or 1. */
extern const char *const key_no_yes[];

/*
 * key_next_item: gets the next item of a text such as "a, b", without the blanks around it. at: the
 * current position. Returns the item with its length, or NULL after the last. An item can be empty.
 */
const char *key_next_item(const char **at, size_t *length);

/* key_list_has: returns whether such a text has the item. */
bool key_list_has(const char *list, const char *item);

/* key_distance: returns the number of characters to insert, delete or replace to turn the written
 * name into a known one; KEY_FAR or more: the names are unrelated. */
#define KEY_FAR 3U
unsigned key_distance(const char *written, size_t length, const char *name);

#endif
