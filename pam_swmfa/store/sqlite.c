/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sqlite: the engine that keeps the store in a file of this host; see engine.h.
 *
 * The file is in WAL mode: a process that is killed at any moment leaves a database that the next
 * one opens, with each transaction in it whole or not at all. The last process that closes it does
 * not clean up, so that a login need not; the log of changes is worked off by every so many
 * commits.
 *
 * A database is made beside, under a lock of the folder, and renamed when it is whole. So a file
 * that is empty, or a journal without its file, is never what a new store looks like, and is
 * refused.
 */
#include <config.h>

#include "store/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE       4096
#define PAGE_BYTES      1024 /* of the file: a change writes whole pages, and changes little */
#define PAGE_BYTES_TEXT "1024"
/* Pages of the log of changes at which a commit works it off: the next login reads it all. */
#define CHECKPOINT_PAGES 64
#define STATEMENTS       40      /* kept for the next time */
#define WAIT_MOST_NS     8000000 /* between two looks whether others have finished */

struct engine {
    sqlite3 *db;
    char path[PATH_SIZE];
    sqlite3_stmt *statements[STATEMENTS]; /* made so far */
    size_t oldest;                        /* the one to give way to the next, when all are there */
    int64_t wait_until;                   /* milliseconds of CLOCK_MONOTONIC */
    bool relaxed;                         /* see engine_begin */
};

/* ---- what went wrong ---- */

/* What helps. A backup with the log of changes of another file beside it would be damaged at once.
 */
#define REPAIR                                                                                     \
    "Move it and all files whose names begin with its name away; then restore a backup. Without "  \
    "one, a new one is made then, and all locks, counts and break-glass codes are gone"
#define DAMAGED "is damaged (%s). " REPAIR

/* Says what an error of SQLite means to an administrator. Returns false. */
static bool failed(const struct engine *engine, struct problem *problem)
{
    int error = sqlite3_system_errno(engine->db);
    const char *system = error != 0 ? strerror(error) : sqlite3_errmsg(engine->db);
    const char *path = engine->path;
    switch (sqlite3_errcode(engine->db) & 0xff) {
    case SQLITE_FULL:
        return problem_set(problem, "%s: no space is left on its file system: make some", path);
    case SQLITE_READONLY:
        return problem_set(problem,
                           "%s: cannot be written: its file system is mounted read-only, or a file "
                           "with that name or with -wal or -shm behind it is not " SWMFA_USER
                           "'s with mode 0600",
                           path);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return problem_set(problem,
                           "%s: cannot be opened (%s): it and the files whose names begin with its "
                           "name must be " SWMFA_USER "'s with mode 0600",
                           path, system);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return problem_set(problem,
                           "%s: another process has held it locked for too long: see which with "
                           "fuser(1)",
                           path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return problem_set(problem, "%s: " DAMAGED, path, sqlite3_errmsg(engine->db));
    case SQLITE_NOMEM:
        return problem_set(problem, "%s: no memory", path);
    case SQLITE_ERROR: /* of a statement: a table or column is missing */
        return problem_set(problem, "%s: " DAMAGED, path, sqlite3_errmsg(engine->db));
    default: /* most often SQLITE_IOERR */
        return problem_set(problem,
                           "%s: %s (%s): look at the disk, the kernel's log, and the limits of the "
                           "process that began the login",
                           path, sqlite3_errmsg(engine->db), system);
    }
}

bool engine_damaged(const struct engine *engine, struct problem *problem, const char *how)
{
    return problem_set(problem, "%s: " DAMAGED, engine->path, how);
}

/* ---- waiting for others ---- */

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Called by SQLite while another process has the lock; 0: give up. Nobody waits in step with the
 * others. */
static int wait_for_others(void *context, int calls)
{
    const struct engine *engine = context;
    struct timespec now = {0}; /* its last digits are chance enough */
    (void)calls;
    if (now_ms() >= engine->wait_until)
        return 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const struct timespec pause = {.tv_nsec = now.tv_nsec % WAIT_MOST_NS + 200000};
    (void)nanosleep(&pause, NULL);
    return 1;
}

/* ---- statements ---- */

/* False without memory: a parameter that is missing is NULL, which finds nobody. */
static bool bind(sqlite3_stmt *statement, const char *types, va_list parameters)
{
    char name[16];
    int result = SQLITE_OK;
    for (int i = 0; types[i] != '\0' && result == SQLITE_OK; i++) {
        (void)snprintf(name, sizeof(name), "$%d", i + 1);
        int index = sqlite3_bind_parameter_index(statement, name);
        if (types[i] == 't')
            result = sqlite3_bind_text(statement, index, va_arg(parameters, const char *), -1,
                                       SQLITE_TRANSIENT);
        else
            result = sqlite3_bind_int64(statement, index, va_arg(parameters, int64_t));
    }
    return result == SQLITE_OK;
}

/* False without memory. */
static bool keep_row(sqlite3_stmt *statement, struct store_answer *answer)
{
    int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns && i < STORE_COLUMNS; i++) {
        bool null = sqlite3_column_type(statement, i) == SQLITE_NULL;
        const unsigned char *text = sqlite3_column_text(statement, i);
        if (text == NULL && !null)
            return false;
        (void)snprintf(answer->cell[i], STORE_CELL_SIZE, "%s", null ? "" : (const char *)text);
    }
    return true;
}

/* A statement that is ready to run, of those that were made before if it is among them. */
static sqlite3_stmt *prepare(struct engine *engine, const char *sql)
{
    size_t i = 0;
    for (; i < STATEMENTS && engine->statements[i] != NULL; i++)
        if (strcmp(sqlite3_sql(engine->statements[i]), sql) == 0)
            return engine->statements[i];
    if (i == STATEMENTS) {
        i = engine->oldest++ % STATEMENTS;
        (void)sqlite3_finalize(engine->statements[i]);
        engine->statements[i] = NULL;
    }
    (void)sqlite3_prepare_v2(engine->db, sql, -1, &engine->statements[i], NULL);
    return engine->statements[i];
}

void engine_expect(struct engine *engine, const char *sql)
{
    (void)prepare(engine, sql);
}

static bool run(struct engine *engine, struct store_answer *answer, struct problem *problem,
                const char *sql, const char *types, va_list parameters)
{
    struct store_answer ignored;
    if (answer == NULL)
        answer = &ignored;
    memset(answer, 0, sizeof(*answer));
    sqlite3_stmt *statement = prepare(engine, sql);
    if (statement == NULL)
        return failed(engine, problem);
    bool good = bind(statement, types, parameters);
    int result = SQLITE_ROW;
    while (good && (result = sqlite3_step(statement)) == SQLITE_ROW)
        if (answer->rows++ == 0)
            good = keep_row(statement, answer);
    good = (good && result == SQLITE_DONE) || failed(engine, problem);
    answer->changed = (size_t)sqlite3_changes(engine->db);
    (void)sqlite3_reset(statement);
    return good;
}

/* Calls each with the row that a statement is at; false without memory, or when each is. */
static bool give_row(sqlite3_stmt *statement, bool (*each)(const char *const *cells, void *context),
                     void *context, bool *more)
{
    const char *cells[STORE_EACH_COLUMNS];
    int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns && i < STORE_EACH_COLUMNS; i++) {
        bool null = sqlite3_column_type(statement, i) == SQLITE_NULL;
        cells[i] = null ? "" : (const char *)sqlite3_column_text(statement, i);
        if (cells[i] == NULL)
            return false;
    }
    *more = each(cells, context);
    return true;
}

bool engine_each(struct engine *engine, bool (*each)(const char *const *cells, void *context),
                 void *context, struct problem *problem, const char *sql, const char *types,
                 va_list parameters)
{
    bool more = true;
    int result = SQLITE_ROW;
    sqlite3_stmt *statement = prepare(engine, sql);
    if (statement == NULL)
        return failed(engine, problem);
    bool good = bind(statement, types, parameters);
    while (good && more && (result = sqlite3_step(statement)) == SQLITE_ROW)
        good = give_row(statement, each, context, &more);
    good = (good && (!more || result == SQLITE_DONE)) || failed(engine, problem);
    (void)sqlite3_reset(statement);
    return good;
}

bool engine_run(struct engine *engine, struct store_answer *answer, struct problem *problem,
                const char *sql, const char *types, va_list parameters)
{
    return run(engine, answer, problem, sql, types, parameters);
}

/* A statement without parameters. */
static bool run_plain(struct engine *engine, struct store_answer *answer, struct problem *problem,
                      const char *sql, ...)
{
    va_list none;
    va_start(none, sql);
    bool good = run(engine, answer, problem, sql, "", none);
    va_end(none);
    return good;
}

/* ---- transactions ---- */

/* Whether a commit need not wait for the disk. */
static bool set_relaxed(struct engine *engine, bool relaxed, struct problem *problem)
{
    if (engine->relaxed == relaxed)
        return true;
    if (!run_plain(engine, NULL, problem,
                   relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL"))
        return false;
    engine->relaxed = relaxed;
    return true;
}

bool engine_begin(struct engine *engine, enum store_access access, int milliseconds,
                  struct problem *problem)
{
    engine_rollback(engine); /* of one that could not be ended for want of memory */
    engine->wait_until = now_ms() + milliseconds;
    return set_relaxed(engine, access == STORE_RELAX, problem) &&
           run_plain(engine, NULL, problem, access == STORE_READ ? "BEGIN" : "BEGIN IMMEDIATE");
}

bool engine_commit(struct engine *engine, struct problem *problem)
{
    if (run_plain(engine, NULL, problem, "COMMIT"))
        return true;
    engine_rollback(engine);
    return false;
}

void engine_rollback(struct engine *engine)
{
    if (sqlite3_get_autocommit(engine->db) == 0) /* SQLite has not done it itself */
        (void)sqlite3_exec(engine->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- opening ---- */

static void set_up(struct engine *engine)
{
    static const struct {
        int option;
        int value;
    } settings[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},   {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        (void)sqlite3_db_config(engine->db, settings[i].option, settings[i].value, NULL);
    (void)sqlite3_busy_handler(engine->db, wait_for_others, engine);
    (void)sqlite3_wal_autocheckpoint(engine->db, CHECKPOINT_PAGES);
}

/* One thread alone uses it. */
static void set_up_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static struct engine *open_file(const char *path, int flags, int milliseconds,
                                struct problem *problem)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        problem_set(problem, "%s: no memory", path);
        return NULL;
    }
    (void)snprintf(engine->path, sizeof(engine->path), "%s", path);
    set_up_library();
    engine->wait_until = now_ms() + milliseconds;
    engine->relaxed = true; /* whatever SQLite was built with: to be set by the first transaction */
    flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
             SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &engine->db, flags, NULL) != SQLITE_OK) {
        (void)(engine->db == NULL ? problem_set(problem, "%s: no memory", path)
                                  : failed(engine, problem));
        engine_close(engine);
        return NULL;
    }
    set_up(engine);
    return engine;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(engine->statements[i]);
    (void)sqlite3_close(engine->db); /* which ends a transaction as engine_rollback does */
    free(engine);
}

bool engine_check(struct engine *engine, struct problem *problem)
{
    struct store_answer answer;
    if (!run_plain(engine, &answer, problem, "PRAGMA quick_check(1)"))
        return false;
    return strcmp(answer.cell[0], "ok") == 0 || engine_damaged(engine, problem, answer.cell[0]);
}

/* ---- making one ---- */

static const char *path_of(const char *folder, const char *ending, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%.4000s/" STORE_FILE "%s", folder, ending);
    return path;
}

static bool there_is(const char *folder, const char *ending)
{
    char path[PATH_SIZE];
    struct stat status;
    return lstat(path_of(folder, ending, path), &status) == 0 || errno != ENOENT;
}

static bool fill(struct engine *engine, const char *const *statements, struct problem *problem)
{
    if (!run_plain(engine, NULL, problem, "PRAGMA page_size = " PAGE_BYTES_TEXT) ||
        !run_plain(engine, NULL, problem, "PRAGMA journal_mode = WAL") ||
        !engine_begin(engine, STORE_WRITE, 0, problem))
        return false;
    for (; *statements != NULL; statements++)
        if (!run_plain(engine, NULL, problem, *statements))
            return false;
    return engine_commit(engine, problem) &&
           run_plain(engine, NULL, problem, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* Makes the file beside and renames it. The folder is locked. */
static bool make_file(const char *folder, int folder_fd, const char *const *statements,
                      struct problem *problem)
{
    static const char *const endings[] = {".new", ".new-wal", ".new-shm", ".new-journal"};
    char new_path[PATH_SIZE];
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        (void)unlink(path_of(folder, endings[i], path)); /* of one that was killed at it */
    struct engine *engine =
        open_file(path_of(folder, ".new", new_path), SQLITE_OPEN_CREATE, 0, problem);
    bool good = engine != NULL && fill(engine, statements, problem);
    good = good && (chmod(new_path, 0600) == 0 ||
                    problem_set(problem, "%s: %s", new_path, strerror(errno)));
    engine_close(engine);
    for (size_t i = 1; i < sizeof(endings) / sizeof(endings[0]); i++)
        (void)unlink(path_of(folder, endings[i], path)); /* empty: all is in the file */
    if (!good)
        return false;
    if (rename(new_path, path_of(folder, "", path)) != 0 || fsync(folder_fd) != 0)
        return problem_set(problem, "%s: cannot be made: %s", path, strerror(errno));
    return true;
}

/* Until the descriptor is closed. */
static bool lock_folder(int folder_fd, int milliseconds)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (int64_t end = now_ms() + milliseconds; now_ms() < end; (void)nanosleep(&pause, NULL))
        if (flock(folder_fd, LOCK_EX | LOCK_NB) == 0)
            return true;
    return false;
}

static bool make(const char *folder, int folder_fd, int milliseconds, const char *const *statements,
                 bool *made, struct problem *problem)
{
    if (!lock_folder(folder_fd, milliseconds))
        return problem_set(problem, "%s: another process holds it locked: see which with fuser(1)",
                           folder);
    if (there_is(folder, ""))
        return true; /* somebody else was faster */
    if (there_is(folder, "-wal") || there_is(folder, "-journal"))
        return problem_set(problem,
                           "%s/" STORE_FILE ": is missing, but files of it are there. " REPAIR,
                           folder);
    *made = statements != NULL && make_file(folder, folder_fd, statements, problem);
    return *made;
}

/* ---- the folder and the file as they must be ---- */

/* Opens the folder, which must be ours alone: who can write in it decides who is locked. */
static int open_folder(const char *folder, struct problem *problem)
{
    struct stat status;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        problem_set(problem,
                    "%s: %s; make it with: install -d -o " SWMFA_USER " -g " SWMFA_USER
                    " -m 0700 %s",
                    folder, strerror(errno), folder);
    } else if (fd < 0 || fstat(fd, &status) != 0) {
        problem_set(problem,
                    "%s: cannot be opened: %s: expected a folder with owner " SWMFA_USER
                    " and mode 0700",
                    folder, strerror(errno));
    } else if (status.st_uid != geteuid() || (status.st_mode & 077U) != 0) {
        problem_set(problem,
                    "%s: expected owner " SWMFA_USER " (uid %u) and mode 0700, found uid %u and "
                    "mode %04o",
                    folder, (unsigned)geteuid(), (unsigned)status.st_uid,
                    (unsigned)status.st_mode & 07777U);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Whether there can be pages in the log of changes, which stand for those of the file. */
static bool has_log(const char *folder)
{
    char path[PATH_SIZE];
    struct stat status;
    return lstat(path_of(folder, "-wal", path), &status) == 0 && status.st_size > 0;
}

/* What SQLite would take for a store without a word. */
static bool check_file(const char *folder, struct problem *problem)
{
    char path[PATH_SIZE];
    struct stat status;
    if (there_is(folder, "-journal"))
        return problem_set(problem,
                           "%s-journal: is there, but " STORE_FILE " never has one: it would undo "
                           "changes. Move it away",
                           path_of(folder, "", path));
    if (lstat(path_of(folder, "", path), &status) != 0)
        return problem_set(problem, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return problem_set(problem, "%s: expected a regular file", path);
    if (status.st_size == 0)
        return problem_set(problem, "%s: " DAMAGED, path, "it is empty");
    if (status.st_size < PAGE_BYTES || (status.st_size % PAGE_BYTES != 0 && !has_log(folder)))
        return problem_set(problem, "%s: " DAMAGED, path, "it is cut off");
    return true;
}

static bool check_mode(struct engine *engine, struct problem *problem)
{
    struct store_answer answer;
    if (!run_plain(engine, &answer, problem, "PRAGMA journal_mode"))
        return false;
    return strcmp(answer.cell[0], "wal") == 0 ||
           problem_set(problem,
                       "%s: expected journal_mode wal, found %s: set it again with: "
                       "PRAGMA journal_mode = wal",
                       engine->path, answer.cell[0]);
}

struct engine *engine_open(const char *folder, int milliseconds, const char *const *statements,
                           bool *made, struct problem *problem)
{
    char path[PATH_SIZE];
    *made = false;
    int fd = open_folder(folder, problem);
    if (fd < 0)
        return NULL;
    bool good = there_is(folder, "") || make(folder, fd, milliseconds, statements, made, problem);
    close(fd);
    if (!good || !check_file(folder, problem))
        return NULL;
    struct engine *engine = open_file(path_of(folder, "", path), 0, milliseconds, problem);
    if (engine != NULL && !check_mode(engine, problem)) {
        engine_close(engine);
        return NULL;
    }
    return engine;
}
