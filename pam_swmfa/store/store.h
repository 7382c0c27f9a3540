/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store: what must outlast a login: counts of sends and of tries, locks, break-glass codes, and who
 * is remembered. One database for all logins of the host, opened by the service user.
 *
 * Use: store_open, then any number of transactions (store_begin, the functions of sends.h,
 * failures.h, codes.h, remember.h, then store_commit), then store_close. Whatever fails has rolled
 * the transaction back already, and store_problem says why in words that an administrator can act
 * on.
 */
#ifndef SWMFA_STORE_H
#define SWMFA_STORE_H

#include "base/clock.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_FOLDER SWMFA_STATE_DIR
#define STORE_FILE   "state.db"

struct store; /* opaque */

/*
 * store_open: opens the store in a folder, which must be ours alone; makes the database if there
 * has never been one, and brings one of an older version to this one. Returns NULL with the
 * problem; otherwise the caller owes store_close. store_open_within: waits for others at most so
 * many milliseconds.
 */
struct store *store_open(const char *folder, struct problem *problem);
struct store *store_open_within(const char *folder, int milliseconds, struct problem *problem);
#define STORE_OPEN_WAIT_MS 4000
void store_close(struct store *store);

/*
 * store_examine: opens the store if there is one, looks whether all of it is sound, and closes it;
 * changes nothing: version is the one that it has, 0 if there has never been a store, and now is
 * what a login would make of it. False with the problem.
 */
bool store_examine(const char *folder, int64_t *version, int64_t *now, struct problem *problem);

/* store_is_new: whether store_open had to make it. Somebody should know: nobody is locked in it. */
bool store_is_new(const struct store *store);
#define STORE_IS_NEW                                                                               \
    "created a new store, " STORE_FOLDER "/" STORE_FILE                                            \
    ": it has no counts, locks or break-glass codes"

/* store_problem: why something failed last. */
const struct problem *store_problem(const struct store *store);

enum store_access {
    STORE_READ,
    STORE_WRITE, /* alone among all processes; on the disk when it is committed */
    STORE_RELAX, /* likewise, but the host's crash may undo it: for what is in the person's favour
                  */
};

/*
 * store_begin: begins a transaction; waits for others at most so many milliseconds. moment: NULL,
 * for the one at which the others have finished: one from before the wait would be too old.
 * store_commit: makes all of it last; false if nothing of it does.
 * store_cancel: undoes all of it; does nothing outside a transaction.
 */
bool store_begin(struct store *store, enum store_access access, const struct moment *moment,
                 int milliseconds);
bool store_commit(struct store *store);
void store_cancel(struct store *store);

/*
 * store_now: the time of the store at the moment of the transaction, in milliseconds. It never goes
 * back, and passes as fast as CLOCK_BOOTTIME, whatever is done to the time of day; while the host
 * is down, and from the last transaction before that, it does not pass.
 */
int64_t store_now(const struct store *store);

/* store_is_no_time: one that no clock shows: the differences of such numbers need not fit. */
bool store_is_no_time(int64_t ms);

/*
 * store_time_left: of what lasts until a time of the store, and by the time of day from one to
 * another, but no longer than most_ms, whatever stands there: milliseconds that are left; 0 if it
 * is over by either, or if the time of day is before its beginning, but for five minutes of a
 * correction.
 */
#define STORE_STEP_MS ((int64_t)5 * 60 * 1000)
int64_t store_time_left(const struct store *store, int64_t until_ms, int64_t from_wall_ms,
                        int64_t until_wall_ms, int64_t most_ms);

/* store_moment: the moment that the transaction began with. */
const struct moment *store_moment(const struct store *store);

/* ---- backups: see restore.h for what is restored ---- */

/*
 * store_image: all of the store at one moment, as the bytes of a backup, once they are found to be
 * sound; freed by store_free_image. NULL: see store_problem.
 * store_open_image: opens such bytes, of this version or an older one, in memory; file: as a
 * problem calls them. NULL with the problem; otherwise the caller owes store_close.
 */
unsigned char *store_image(struct store *store, size_t *size);
void store_free_image(unsigned char *image);
struct store *store_open_image(const unsigned char *image, size_t size, const char *file,
                               struct problem *problem);

/*
 * store_replace: puts a new store in the place of what is there; with: puts more into it, within
 * one transaction; NULL: it is empty. The old files go to a folder beside them, the name of which
 * is written to aside. store_repair: puts right what changes no content. False with the problem.
 */
bool store_replace(const char *folder, bool (*with)(struct store *store, void *context),
                   void *context, char *aside, size_t size, struct problem *problem);
bool store_repair(const char *folder, struct problem *problem);

/* ---- for the files of store/ ---- */

/* store_set_now: the time of the store goes on from there. */
bool store_set_now(struct store *store, int64_t now_ms);

#define STORE_COLUMNS   6
#define STORE_CELL_SIZE 128

/* What a statement gave back: the number of rows, and the first one's columns as texts. */
struct store_answer {
    size_t rows;
    size_t changed; /* rows that an INSERT, UPDATE or DELETE changed */
    char cell[STORE_COLUMNS][STORE_CELL_SIZE];
};

/* store_run: runs a statement; see engine_run. False after a failure, and ever after in the same
 * transaction. */
bool store_run(struct store *store, struct store_answer *answer, const char *sql, const char *types,
               ...);

/*
 * store_each: runs a query and calls each with the columns of each row, as texts that are gone when
 * it returns; until it returns false. False as store_run.
 */
bool store_each(struct store *store, bool (*each)(const char *const *cells, void *context),
                void *context, const char *sql, const char *types, ...);
#define STORE_EACH_COLUMNS 20

/* store_fail: something else than a statement failed: rolls back, with that as the problem. Returns
 * false. */
bool store_fail(struct store *store, const char *why);

/* store_expect: makes a statement ready that will be run later, while there is time for it. */
void store_expect(struct store *store, const char *sql);

/* store_printable: copies a text that is to be printable ASCII; whoever has written into the store
 * past its functions may have left another one. Cut off where it does not fit. Returns to. */
const char *store_printable(const char *text, char *to, size_t size);

/* store_number: a column of the first row as a number; 0 if there is no row. */
int64_t store_number(const struct store_answer *answer, size_t column);

#endif
