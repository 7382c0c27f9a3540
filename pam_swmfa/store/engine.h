/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine: the database below the store; only for the files of store/.
 *
 * All SQL is written once, in the language that SQLite and PostgreSQL share: parameters are $1, $2
 * ..., columns are TEXT or BIGINT. Each engine hides its own files,
 * locks and settings. sqlite.c is the only engine so far.
 */
#ifndef SWMFA_ENGINE_H
#define SWMFA_ENGINE_H

#include "base/problem.h"
#include "store/store.h"

#include <stdarg.h>
#include <stdbool.h>

struct engine; /* opaque */

/*
 * engine_open: opens the database in a folder. Waits for others for a limited number of
 * milliseconds. If there has never been one, first makes it (*made), with the results of these
 * statements (NULL after the last): all of them or none. Returns NULL with the problem; otherwise
 * the caller owes engine_close. statements: NULL: makes none; then NULL without a problem means
 * that there has never been one.
 */
struct engine *engine_open(const char *folder, int milliseconds, const char *const *statements,
                           bool *made, struct problem *problem);
void engine_close(struct engine *engine);

/*
 * engine_begin: begins a transaction, see enum store_access. Waits for others for a limited number
 * of milliseconds. engine_commit: ends it; engine_rollback: ends it without any effect. False with
 * the problem.
 */
bool engine_begin(struct engine *engine, enum store_access access, int milliseconds,
                  struct problem *problem);
bool engine_commit(struct engine *engine, struct problem *problem);
void engine_rollback(struct engine *engine);

/*
 * engine_run: runs one statement in the transaction. types: a letter for each parameter, 't' for a
 * const char *, 'i' for an int64_t. answer: NULL, or gets the result. False with the problem.
 */
bool engine_run(struct engine *engine, struct store_answer *answer, struct problem *problem,
                const char *sql, const char *types, va_list parameters);

/* engine_expect: makes a statement ready that will be run later. */
void engine_expect(struct engine *engine, const char *sql);

/* engine_each: runs a query in the same way; each: see store_each. */
bool engine_each(struct engine *engine, bool (*each)(const char *const *cells, void *context),
                 void *context, struct problem *problem, const char *sql, const char *types,
                 va_list parameters);

/* engine_check: checks that the whole database is sound. False with the problem. */
bool engine_check(struct engine *engine, struct problem *problem);

/*
 * engine_image: returns a copy of the whole database at one moment, in one piece of memory, which
 * engine_free_image frees; or NULL with the problem. engine_open_image: opens a copy of such a
 * piece, in memory, after it has found all of it sound; name: for a problem. NULL with the problem.
 */
unsigned char *engine_image(struct engine *engine, size_t *size, struct problem *problem);
void engine_free_image(unsigned char *image);
struct engine *engine_open_image(const unsigned char *image, size_t size, const char *name,
                                 struct problem *problem);

/*
 * engine_replace: replaces the database, whatever is wrong with it, with a new one. First makes
 * that, with the results of the statements, and then of fill, unless it is NULL. Moves the old
 * files to a folder beside them, whose name is written to aside. Logins find the old one, or none
 * that is usable, or all of the new one. False with the problem.
 */
typedef bool engine_fill(struct engine *engine, void *context, struct problem *problem);
bool engine_replace(const char *folder, const char *const *statements, engine_fill *fill,
                    void *context, char *aside, size_t size, struct problem *problem);

/* engine_repair: fixes what changes no content: the modes of the files, a journal, the journal
 * mode. False with the problem. */
bool engine_repair(const char *folder, struct problem *problem);

/* engine_damaged: reports impossible content, and what to do. Returns false. */
bool engine_damaged(const struct engine *engine, struct problem *problem, const char *how);

#endif
