/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * key: how a section of swmfa.conf is described.
 *
 * Who owns a section has one row for each of its keys: what it is called, what it may hold, what it
 * is by default, and where it goes. config.c does the rest for all of them alike.
 */
#ifndef SWMFA_KEY_H
#define SWMFA_KEY_H

#include "base/problem.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>

enum key_kind {
    KEY_TEXT,     /* char *, of the form that a regular expression gives */
    KEY_SECRET,   /* struct secret, likewise; never shown in a message. A key of the same name with
                     "_file" behind it is the path of a file that holds it instead. */
    KEY_ENDPOINT, /* char *, https://HOST[:PORT] */
    KEY_FILE,     /* struct key_file: a path, and what the file holds */
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
    const char *name;          /* NULL behind the last */
    const char *default_value; /* the default, as it would be written; NULL: none */
    size_t offset;             /* of the member, in the settings of the section */
    enum key_kind kind;
    int min;                  /* KEY_NUMBER */
    int max;                  /* KEY_NUMBER, KEY_SPAN; KEY_TEXT: bytes, 0 for KEY_TEXT_MAX */
    const char *const *words; /* KEY_WORD, KEY_WORDS; ends with NULL */
    const char *pattern;      /* KEY_TEXT, KEY_SECRET: extended regular expression */
    const char *expected;     /* the pattern in words */
    bool required;            /* must be given if the section is used */
    bool quotable;            /* a value in quotes can be meant: they are part of it */
    bool redact;              /* a secret is put here by mistake; its value is never shown either */
};

struct section {
    const char *name;
    const struct key *keys; /* SECTION_KEYS_MAX at most */
    size_t size;            /* of the settings */
    /*
     * What no key alone can tell, asked when all are read and the section is used; NULL: nothing.
     * Returns false with the name of a key of the section and what is wrong with it.
     */
    bool (*check)(const void *settings, const char **key, struct problem *problem);
};

#define SECTION_KEYS_MAX 32

/* For the rows of a table of keys; SETTINGS is the struct that the offsets are in. */
#define KEY_AT(settings, member) .offset = offsetof(settings, member)

#define KEY_ABSOLUTE_PATH .pattern = "^/", .expected = "an absolute path"
#define KEY_E164                                                                                   \
    .pattern = "^\\+[1-9][0-9]{1,14}$", .expected = "an E.164 number such as +12029167968"
#define KEY_TEXT_MAX 2048 /* bytes */

/* key_no_yes: the words of a KEY_WORD that is 0 or 1. */
extern const char *const key_no_yes[];

/*
 * key_next_item: takes the next item of a text such as "a, b": blanks around it go.
 * at: where to go on. Returns the item with its length, or NULL behind the last. An item can be
 * empty.
 */
const char *key_next_item(const char **at, size_t *length);

/* key_list_has: whether such a text has the item. */
bool key_list_has(const char *list, const char *item);

/* key_distance: how many characters must be put in, left out or replaced to make a name out of what
 * was written; KEY_FAR or more: they have nothing to do with each other. */
#define KEY_FAR 3U
unsigned key_distance(const char *written, size_t length, const char *name);

#endif
