/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * codes: break-glass codes: ten for a user, each good once, of which only hashes are kept.
 *
 * A code has 21 characters: a digit, its number, and 20 of 5 random bits each, of Crockford's
 * alphabet (no i, l, o, u). It is longer than any code of a provider, and so known by its length.
 */
#ifndef SWMFA_CODES_H
#define SWMFA_CODES_H

#include "store/store.h"

#define CODES_COUNT     10
#define CODES_LENGTH    21 /* characters, without hyphens */
#define CODES_CODE_SIZE (CODES_LENGTH + 1)
#define CODES_HASH_SIZE STORE_CELL_SIZE

/* The result of codes_make; the caller wipes it. */
struct codes {
    char code[CODES_COUNT][CODES_CODE_SIZE];
    char hash[CODES_COUNT][CODES_HASH_SIZE];
};

/*
 * codes_ready: loads libcrypt, which most logins can do without, unless it has been before. False
 * with the problem. Needs no transaction.
 */
bool codes_ready(struct problem *problem);

/*
 * codes_make: makes new codes and their hashes; takes some time. False with the problem.
 * Needs no transaction.
 */
bool codes_make(struct codes *codes, struct problem *problem);

/* codes_replace: from now on these are the user's codes, and no others. */
bool codes_replace(struct store *store, const char *user, const struct codes *codes);

/* codes_void: makes all codes of the user invalid; count: how many there were. */
bool codes_void(struct store *store, const char *user, int64_t *count);

/*
 * codes_read: reads what a user typed: removes blanks and hyphens, and takes capitals and the
 * letters i, l, o for the characters that they resemble. Returns whether it has the form of a code.
 * code: of CODES_CODE_SIZE, the caller wipes it.
 */
bool codes_read(const char *text, char *code);

/* codes_hash: gets the stored hash of the code with that number, or "" if there is none, or none
 * any more. */
bool codes_hash(struct store *store, const char *user, const char *code,
                char hash[CODES_HASH_SIZE]);

/*
 * codes_match: returns whether that is the hash of this code; takes the same time if hash is "",
 * and is then false. codes_ready must have been true. Needs no transaction.
 */
bool codes_match(const char *code, const char *hash);

/*
 * codes_use: uses up a code that codes_match has found correct. used: whether it was still there,
 * with that hash; false: another login was faster, and the code must not be accepted.
 */
bool codes_use(struct store *store, const char *user, const char *code, const char *hash,
               bool *used);

/* codes_left: counts the codes that a user has left. */
bool codes_left(struct store *store, const char *user, int64_t *count);

#endif
