/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store: keeps everything that outlasts a login: counts of sends and attempts, locks, break-glass
 * codes, and remembered logins. One database for all logins of the host, opened by the service
 * user.
 *
 * Use: store_open, then any number of transactions (store_begin, the functions of sends.h,
 * failures.h, codes.h, remember.h, then store_commit), then store_close. A failure has already
 * rolled the transaction back, and store_problem has the reason, in words that an administrator can
 * act on.
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
 * store_examine: opens the store if there is one, checks that it is sound, and closes it; changes
 * nothing. version is its version, 0 if there has never been a store, and now is the time that a
 * login would give it. False with the problem.
 */
bool store_examine(const char *folder, int64_t *version, int64_t *now, struct problem *problem);

/* store_is_new: returns whether store_open made it. The administrator should know: nobody is locked
 * in it. */
bool store_is_new(const struct store *store);
#define STORE_IS_NEW                                                                               \
    "created a new store, " STORE_FOLDER "/" STORE_FILE                                            \
    ": it has no counts, locks or break-glass codes"

/* store_problem: why something failed last. */
const struct problem *store_problem(const struct store *store);

enum store_access {
    STORE_READ,
    STORE_WRITE, /* alone among all processes; on the disk when it is committed */
    STORE_RELAX, /* as above, but a crash of the host may undo it: for the user's benefit */
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
 * store_now: returns the time of the store at the moment of the transaction, in milliseconds. It
 * never goes back, and passes as fast as CLOCK_BOOTTIME, whatever happens to the time of day. It
 * does not pass while the host is down, nor from the last transaction before that.
 */
int64_t store_now(const struct store *store);

/*
 * store_is_no_time: returns whether no clock can show it: differences of such numbers may overflow.
 */
bool store_is_no_time(int64_t ms);

/*
 * store_time_left: returns the milliseconds that are left of a period with an end in the time of
 * the store, and a beginning and an end in the time of day; at most most_ms, whatever is stored. 0
 * if it is over by either, or if the time of day is before its beginning, with a tolerance of five
 * minutes for a correction.
 */
#define STORE_STEP_MS ((int64_t)5 * 60 * 1000)
int64_t store_time_left(const struct store *store, int64_t until_ms, int64_t from_wall_ms,
                        int64_t until_wall_ms, int64_t most_ms);

/* store_moment: returns the moment at which the transaction began. */
const struct moment *store_moment(const struct store *store);

/* ---- backups: see restore.h for what is restored ---- */

/*
 * store_image: returns the whole store at one moment, as the bytes of a backup, after it has found
 * them sound; freed by store_free_image. NULL: see store_problem. store_open_image: opens such
 * bytes, of this version or an older one, in memory; file: their name in a problem. NULL with the
 * problem; otherwise the caller owes store_close.
 */
unsigned char *store_image(struct store *store, size_t *size);
void store_free_image(unsigned char *image);
struct store *store_open_image(const unsigned char *image, size_t size, const char *file,
                               struct problem *problem);

/*
 * store_replace: replaces the existing store with a new one; with: fills it, within one
 * transaction; NULL: it is empty. The old files go to a folder beside them, whose name is written
 * to aside. store_repair: fixes what changes no content. False with the problem.
 */
bool store_replace(const char *folder, bool (*with)(struct store *store, void *context),
                   void *context, char *aside, size_t size, struct problem *problem);
bool store_repair(const char *folder, struct problem *problem);

/* ---- for the files of store/ ---- */

/* store_set_now: makes the time of the store continue from there. */
bool store_set_now(struct store *store, int64_t now_ms);

#define STORE_COLUMNS   6
#define STORE_CELL_SIZE 128

/* The result of a statement: the number of rows, and the first one's columns as texts. */
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

/* store_printable: copies a text that should be printable ASCII; anyone who has written to the
 * store past its functions may have left another one. Cut off if it does not fit. Returns to. */
const char *store_printable(const char *text, char *to, size_t size);

/* store_number: returns a column of the first row as a number; 0 if there is no row. */
int64_t store_number(const struct store_answer *answer, size_t column);

#endif
