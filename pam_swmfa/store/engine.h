/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine: the database below the store; for the files of store/ only.
 *
 * All SQL is written once, in what SQLite and PostgreSQL both speak: parameters are $1, $2 ...,
 * columns are TEXT or BIGINT. What only one of
 * them knows (files, locks, settings) stays behind this interface. sqlite.c is the engine there is.
 */
#ifndef SWMFA_ENGINE_H
#define SWMFA_ENGINE_H

#include "base/problem.h"
#include "store/store.h"

#include <stdarg.h>
#include <stdbool.h>

struct engine; /* opaque */

/*
 * engine_open: opens the database that is kept in a folder. Waits for others at most so many
 * milliseconds. If there has never been one, makes it
 * first (*made), with what these statements (NULL behind the last) put in: all of it or nothing.
 * Returns NULL with the problem; otherwise the caller owes engine_close. statements: NULL: makes
 * none; then NULL without a problem means that there has never been one.
 */
struct engine *engine_open(const char *folder, int milliseconds, const char *const *statements,
                           bool *made, struct problem *problem);
void engine_close(struct engine *engine);

/*
 * engine_begin: begins a transaction, see enum store_access.
 * Waits for others at most so many milliseconds. engine_commit: ends it; engine_rollback: ends it
 * as if it had not been. False with the problem.
 */
bool engine_begin(struct engine *engine, enum store_access access, int milliseconds,
                  struct problem *problem);
bool engine_commit(struct engine *engine, struct problem *problem);
void engine_rollback(struct engine *engine);

/*
 * engine_run: runs one statement in the transaction. types: a letter for each parameter, 't' for a
 * const char *, 'i' for an int64_t. answer: NULL, or what came back. False with the problem.
 */
bool engine_run(struct engine *engine, struct store_answer *answer, struct problem *problem,
                const char *sql, const char *types, va_list parameters);

/* engine_expect: makes a statement ready that will be run later. */
void engine_expect(struct engine *engine, const char *sql);

/* engine_each: runs a query likewise; each: see store_each. */
bool engine_each(struct engine *engine, bool (*each)(const char *const *cells, void *context),
                 void *context, struct problem *problem, const char *sql, const char *types,
                 va_list parameters);

/* engine_check: whether the whole of it is sound. False with the problem. */
bool engine_check(struct engine *engine, struct problem *problem);

/*
 * engine_image: a copy of the whole database at one moment, in one piece of memory, which
 * engine_free_image frees; or NULL with the problem. engine_open_image: opens a copy of such a
 * piece, in memory, once all of it is found to be sound; name: as a problem calls it. NULL with the
 * problem.
 */
unsigned char *engine_image(struct engine *engine, size_t *size, struct problem *problem);
void engine_free_image(unsigned char *image);
struct engine *engine_open_image(const unsigned char *image, size_t size, const char *name,
                                 struct problem *problem);

/*
 * engine_replace: puts a new database in the place of the one that is there, whatever is wrong with
 * that. It is made first, with what the statements put in, and then fill, unless that is NULL. The
 * old files are moved to a folder beside them, whose name is written to aside. Logins find the old
 * one, or none that can be used, or all of the new one. False with the problem.
 */
typedef bool engine_fill(struct engine *engine, void *context, struct problem *problem);
bool engine_replace(const char *folder, const char *const *statements, engine_fill *fill,
                    void *context, char *aside, size_t size, struct problem *problem);

/* engine_repair: puts right what changes no content: the modes of the files, a journal, the journal
 * mode. False with the problem. */
bool engine_repair(const char *folder, struct problem *problem);

/* engine_damaged: says that what was found cannot be, and what to do. Returns false. */
bool engine_damaged(const struct engine *engine, struct problem *problem, const char *how);

#endif
