/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sqlite: the engine that keeps the store in a file of this host; see engine.h.
 *
 * The file is in WAL mode: a process that is killed at any moment leaves a database that the next
 * one opens, with each transaction in it completely or not at all. The last process that closes it
 * does not clean up, so that no login has to; a commit from time to time moves the WAL into the
 * file.
 *
 * A database is made in a file beside, under a lock of the folder, and renamed when it is complete.
 * So an empty file, or a journal without its file, is never a new store, and is refused.
 */
#include <config.h>

#include "store/engine.h"

#include "base/clock.h"

#include <dirent.h>
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
/*
 * Pages of the WAL from which on a commit moves it into the file: the next login reads all of it.
 */
#define CHECKPOINT_PAGES 64
#define STATEMENTS       40      /* kept for the next time */
#define WAIT_MOST_NS     8000000 /* between two checks whether others have finished */

struct engine {
    sqlite3 *db;
    char path[PATH_SIZE];
    sqlite3_stmt *statements[STATEMENTS]; /* made so far */
    size_t oldest;                        /* the one to give way to the next, when all are there */
    int64_t wait_until;                   /* milliseconds of CLOCK_MONOTONIC */
    bool relaxed;                         /* see engine_begin */
};

/* ---- what went wrong ---- */

/* How to fix it. Root must not run other programs in a folder that is not root's. */
#define REPAIR                                                                                     \
    "Restore a backup with: swmfactl store restore --replace FILE. Without one: swmfactl store "   \
    "reset --force, which loses all locks, counts and break-glass codes"
#define DAMAGED "is damaged (%s). " REPAIR

/* Explains an error of SQLite to an administrator. Returns false. */
static bool failed(const struct engine *engine, struct problem *problem)
{
    int error = sqlite3_system_errno(engine->db);
    const char *system = error != 0 ? strerror(error) : sqlite3_errmsg(engine->db);
    const char *path = engine->path;
    switch (sqlite3_errcode(engine->db) & 0xff) {
    case SQLITE_FULL:
        return problem_set(problem, "%s: its file system is full: free some space", path);
    case SQLITE_READONLY:
        return problem_set(problem,
                           "%s: cannot be written: its file system is read-only, or it or its -wal "
                           "or -shm file does not belong to " SWMFA_USER " with mode 0600",
                           path);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return problem_set(
            problem,
            "%s: cannot be opened (%s): it and its -wal and -shm files must belong to " SWMFA_USER
            " with mode 0600",
            path, system);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return problem_set(
            problem, "%s: another process has held it locked for too long: find it with fuser(1)",
            path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return problem_set(problem, "%s: " DAMAGED, path, sqlite3_errmsg(engine->db));
    case SQLITE_NOMEM:
        return problem_set(problem, "%s: " PROBLEM_NO_MEMORY, path);
    case SQLITE_ERROR: /* of a statement: a table or column is missing */
        return problem_set(problem, "%s: " DAMAGED, path, sqlite3_errmsg(engine->db));
    default: /* most often SQLITE_IOERR */
        return problem_set(problem,
                           "%s: %s (%s): check the disk, the kernel's log and the resource limits "
                           "of the application",
                           path, sqlite3_errmsg(engine->db), system);
    }
}

bool engine_damaged(const struct engine *engine, struct problem *problem, const char *how)
{
    return problem_set(problem, "%s: " DAMAGED, engine->path, how);
}

/* ---- waiting for others ---- */

/* Called by SQLite while another process has the lock; 0: give up. Nobody waits in step with the
 * others. */
static int wait_for_others(void *context, int calls)
{
    const struct engine *engine = context;
    struct timespec now = {0}; /* its last digits are random enough */
    (void)calls;
    if (clock_ms() >= engine->wait_until)
        return 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const struct timespec pause = {.tv_nsec = now.tv_nsec % WAIT_MOST_NS + 200000};
    (void)nanosleep(&pause, NULL);
    return 1;
}

/* ---- statements ---- */

/* False without memory: a missing parameter is NULL, which matches no user. */
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

/* Returns a statement that is ready to run, a prepared one if possible. */
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

/* True if a commit need not wait for the disk. */
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
    engine_rollback(engine); /* of one that could not be ended without memory */
    engine->wait_until = clock_ms() + milliseconds;
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

/* Only one thread uses it. */
static void set_up_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* path: for SQLite; name: for a problem. */
static struct engine *open_named(const char *path, const char *name, int flags, int milliseconds,
                                 struct problem *problem)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        problem_set(problem, "%s: " PROBLEM_NO_MEMORY, name);
        return NULL;
    }
    (void)snprintf(engine->path, sizeof(engine->path), "%s", name);
    set_up_library();
    engine->wait_until = clock_ms() + milliseconds;
    engine->relaxed = true; /* whatever SQLite was built with: to be set by the first transaction */
    flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
             SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &engine->db, flags, NULL) != SQLITE_OK) {
        (void)(engine->db == NULL ? problem_set(problem, "%s: " PROBLEM_NO_MEMORY, name)
                                  : failed(engine, problem));
        engine_close(engine);
        return NULL;
    }
    set_up(engine);
    return engine;
}

static struct engine *open_file(const char *path, int flags, int milliseconds,
                                struct problem *problem)
{
    return open_named(path, path, flags, milliseconds, problem);
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

/* ---- one in memory ---- */

#define MAGIC        "SQLite format 3" /* with its NUL, the beginning of each database */
#define PAGE_SIZE_AT 16                /* two bytes */
#define PAGES_AT     28                /* four bytes */
#define VERSION_AT   18 /* two bytes: 2 for a log of changes, which none in memory has */

static void set_without_log(unsigned char *image)
{
    image[VERSION_AT] = image[VERSION_AT + 1] = 1;
}

/* Copies the whole database as it is at one moment to another one. */
static bool copy_all(struct engine *engine, sqlite3 *copy, struct problem *problem)
{
    sqlite3_backup *backup = sqlite3_backup_init(copy, "main", engine->db, "main");
    if (backup == NULL)
        return problem_set(problem, "%s: %s", engine->path, sqlite3_errmsg(copy));
    (void)sqlite3_backup_step(backup, -1);
    int result = sqlite3_backup_finish(backup);
    return result == SQLITE_OK ||
           problem_set(problem, "%s: cannot be read: %s", engine->path, sqlite3_errstr(result));
}

unsigned char *engine_image(struct engine *engine, size_t *size, struct problem *problem)
{
    sqlite3 *copy = NULL;
    sqlite3_int64 length = 0;
    unsigned char *image = NULL;
    engine->wait_until = clock_ms() + STORE_OPEN_WAIT_MS;
    bool good = sqlite3_open_v2(":memory:", &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                NULL) == SQLITE_OK;
    if (!good)
        problem_set(problem, "%s: " PROBLEM_NO_MEMORY, engine->path);
    else if (copy_all(engine, copy, problem)) {
        image = sqlite3_serialize(copy, "main", &length, 0);
        if (image == NULL || length < PAGE_BYTES)
            problem_set(problem, "%s: " PROBLEM_NO_MEMORY " for a copy", engine->path);
    }
    (void)sqlite3_close(copy);
    if (image == NULL || length < PAGE_BYTES) {
        sqlite3_free(image);
        return NULL;
    }
    set_without_log(image);
    *size = (size_t)length;
    return image;
}

void engine_free_image(unsigned char *image)
{
    sqlite3_free(image);
}

/* True if there are as many pages as its header says. */
static bool is_whole(const unsigned char *image, size_t size)
{
    if (size < PAGE_BYTES || memcmp(image, MAGIC, sizeof(MAGIC)) != 0)
        return false;
    const unsigned char *at = image + PAGES_AT;
    size_t pages = (size_t)at[0] << 24U | (size_t)at[1] << 16U | (size_t)at[2] << 8U | at[3];
    return (image[PAGE_SIZE_AT] << 8U | image[PAGE_SIZE_AT + 1]) == PAGE_BYTES &&
           size == pages * PAGE_BYTES;
}

static bool load(struct engine *engine, const unsigned char *image, size_t size)
{
    unsigned char *own = sqlite3_malloc64(size); /* SQLite frees it, also after a failure */
    if (own == NULL)
        return false;
    memcpy(own, image, size);
    set_without_log(own);
    return sqlite3_deserialize(engine->db, "main", own, (sqlite3_int64)size, (sqlite3_int64)size,
                               SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) ==
           SQLITE_OK;
}

static bool is_sound(struct engine *engine, char *why, size_t size)
{
    struct store_answer answer;
    struct problem problem = {""};
    bool read = run_plain(engine, &answer, &problem, "PRAGMA integrity_check(1)");
    (void)snprintf(why, size, "%s", read ? answer.cell[0] : sqlite3_errmsg(engine->db));
    return read && strcmp(why, "ok") == 0;
}

struct engine *engine_open_image(const unsigned char *image, size_t size, const char *name,
                                 struct problem *problem)
{
    char why[STORE_CELL_SIZE] = "it does not begin as one, or is cut off";
    struct engine *engine = open_named(":memory:", name, 0, 0, problem);
    if (engine == NULL)
        return NULL;
    bool good = is_whole(image, size);
    if (good && !load(engine, image, size))
        good = problem_set(problem, "%s: " PROBLEM_NO_MEMORY, name);
    else if (!good || !is_sound(engine, why, sizeof(why)))
        good = problem_set(problem, "%s: is not a valid backup of a store: %s", name, why);
    if (good)
        return engine;
    engine_close(engine);
    return NULL;
}

/* ---- making one ---- */

static const char *path_of(const char *folder, const char *ending, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/" STORE_FILE "%s", folder, ending);
    return path;
}

static bool there_is(const char *folder, const char *ending)
{
    char path[PATH_SIZE];
    struct stat status;
    return lstat(path_of(folder, ending, path), &status) == 0 || errno != ENOENT;
}

/* more: NULL, or adds further content. */
static bool fill(struct engine *engine, const char *const *statements, engine_fill *more,
                 void *context, struct problem *problem)
{
    if (!run_plain(engine, NULL, problem, "PRAGMA page_size = " PAGE_BYTES_TEXT) ||
        !run_plain(engine, NULL, problem, "PRAGMA journal_mode = WAL") ||
        !engine_begin(engine, STORE_WRITE, 0, problem))
        return false;
    for (; *statements != NULL; statements++)
        if (!run_plain(engine, NULL, problem, *statements))
            return false;
    return engine_commit(engine, problem) && (more == NULL || more(engine, context, problem)) &&
           run_plain(engine, NULL, problem, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* Makes the file beside. The folder is locked. */
static bool make_beside(const char *folder, const char *const *statements, engine_fill *more,
                        void *context, struct problem *problem)
{
    static const char *const endings[] = {".new", ".new-wal", ".new-shm", ".new-journal"};
    char new_path[PATH_SIZE];
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        (void)unlink(path_of(folder, endings[i], path)); /* left by a killed process */
    struct engine *engine =
        open_file(path_of(folder, ".new", new_path), SQLITE_OPEN_CREATE, 0, problem);
    bool good = engine != NULL && fill(engine, statements, more, context, problem);
    good = good && (chmod(new_path, 0600) == 0 ||
                    problem_set(problem, "%s: %s", new_path, strerror(errno)));
    engine_close(engine);
    for (size_t i = 1; i < sizeof(endings) / sizeof(endings[0]); i++)
        (void)unlink(path_of(folder, endings[i], path)); /* left by a killed process */
    return good;
}

/* Gives the file beside its name. */
static bool put_in_place(const char *folder, int folder_fd, struct problem *problem)
{
    char new_path[PATH_SIZE];
    char path[PATH_SIZE];
    if (rename(path_of(folder, ".new", new_path), path_of(folder, "", path)) != 0 ||
        fsync(folder_fd) != 0)
        return problem_set(problem, "%s: cannot be created: %s", path, strerror(errno));
    return true;
}

/* Until the descriptor is closed. */
static bool lock_folder(int folder_fd, int milliseconds)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (int64_t end = clock_ms() + milliseconds; clock_ms() < end; (void)nanosleep(&pause, NULL))
        if (flock(folder_fd, LOCK_EX | LOCK_NB) == 0)
            return true;
    return false;
}

static bool make(const char *folder, int folder_fd, int milliseconds, const char *const *statements,
                 bool *made, struct problem *problem)
{
    if (!lock_folder(folder_fd, milliseconds))
        return problem_set(problem, "%s: another process holds it locked: find it with fuser(1)",
                           folder);
    if (there_is(folder, ""))
        return true; /* another process was faster */
    if (there_is(folder, "-wal") || there_is(folder, "-journal"))
        return problem_set(problem,
                           "%s/" STORE_FILE ": is missing, but other files of it exist. " REPAIR,
                           folder);
    *made = statements != NULL && make_beside(folder, statements, NULL, NULL, problem) &&
            put_in_place(folder, folder_fd, problem);
    return *made;
}

/* ---- the folder and the file as they must be ---- */

/* Opens the folder, which must be ours alone: anyone who can write to it decides who is locked. */
static int open_folder(const char *folder, struct problem *problem)
{
    struct stat status;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        problem_set(problem,
                    "%s: %s; create it with: install -d -o " SWMFA_USER " -g " SWMFA_USER
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
                    "mode %04o; correct it with: install -d -o " SWMFA_USER " -g " SWMFA_USER
                    " -m 0700 %s",
                    folder, (unsigned)geteuid(), (unsigned)status.st_uid,
                    (unsigned)status.st_mode & 07777U, folder);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* True if the WAL can have pages that replace those of the file. */
static bool has_log(const char *folder)
{
    char path[PATH_SIZE];
    struct stat status;
    return lstat(path_of(folder, "-wal", path), &status) == 0 && status.st_size > 0;
}

/* Finds files that SQLite would silently take for a store. */
static bool check_file(const char *folder, struct problem *problem)
{
    char path[PATH_SIZE];
    struct stat status;
    if (there_is(folder, "-journal"))
        return problem_set(problem,
                           "%s-journal: exists, but " STORE_FILE
                           " never has a journal, which would undo changes. Move it away with: "
                           "swmfactl store repair",
                           path_of(folder, "", path));
    if (lstat(path_of(folder, "", path), &status) != 0)
        return problem_set(problem, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return problem_set(problem, "%s: expected a regular file", path);
    if (status.st_size == 0)
        return problem_set(problem, "%s: " DAMAGED, path, "it is empty");
    if (status.st_size < PAGE_BYTES || (status.st_size % PAGE_BYTES != 0 && !has_log(folder)))
        return problem_set(problem, "%s: " DAMAGED, path, "it is truncated");
    return true;
}

static bool check_mode(struct engine *engine, struct problem *problem)
{
    struct store_answer answer;
    if (!run_plain(engine, &answer, problem, "PRAGMA journal_mode"))
        return false;
    return strcmp(answer.cell[0], "wal") == 0 ||
           problem_set(problem,
                       "%s: expected journal_mode wal, found %s: set it again with: swmfactl store "
                       "repair",
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

/* ---- another one in its place ---- */

#define BARRIER STORE_FILE "-journal"
#define ASIDES  100 /* in one second */

/*
 * A store with a journal is refused. So one exists from before the old files are moved until the
 * new one is in place, even if this process is killed in between.
 */
static bool put_barrier(int folder_fd, struct problem *problem)
{
    int fd = openat(folder_fd, BARRIER, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return ((fd >= 0 || errno == EEXIST) && fsync(folder_fd) == 0) ||
           problem_set(problem, BARRIER ": cannot be created: %s", strerror(errno));
}

/* Finds the files of the old store: all with its name, except for the new one and the barrier. */
static bool is_old(const char *name)
{
    return strncmp(name, STORE_FILE, strlen(STORE_FILE)) == 0 && strcmp(name, BARRIER) != 0 &&
           strncmp(name, STORE_FILE ".new", strlen(STORE_FILE ".new")) != 0;
}

/* A folder that its owner may not write to cannot be moved until that is changed. */
static bool put_aside(int folder_fd, const char *name, int aside_fd)
{
    if (renameat(folder_fd, name, aside_fd, name) == 0)
        return true;
    return errno == EACCES && fchmodat(folder_fd, name, 0700, 0) == 0 &&
           renameat(folder_fd, name, aside_fd, name) == 0;
}

/* The file goes first: without its log of changes it is an older store, should this be the end. */
static bool move_old(int folder_fd, int aside_fd)
{
    int fd = put_aside(folder_fd, STORE_FILE, aside_fd) || errno == ENOENT
                 ? openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                 : -1;
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry = NULL;
    bool good = list != NULL;
    while (good && (entry = readdir(list)) != NULL)
        good = !is_old(entry->d_name) || put_aside(folder_fd, entry->d_name, aside_fd);
    int error = errno;
    if (list != NULL)
        (void)closedir(list);
    else if (fd >= 0)
        close(fd);
    errno = error;
    return good;
}

/* A folder in place of the file is not simply removed. */
static bool clear_beside(int folder_fd, int aside_fd)
{
    static const char *const names[] = {STORE_FILE ".new", STORE_FILE ".new-wal",
                                        STORE_FILE ".new-shm", STORE_FILE ".new-journal"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (unlinkat(folder_fd, names[i], 0) != 0 && errno != ENOENT &&
            !put_aside(folder_fd, names[i], aside_fd))
            return false;
    return true;
}

static bool stays(const char *folder, struct problem *problem)
{
    return problem_set(problem, "%s: the files of the old store cannot be moved away: %s", folder,
                       strerror(errno));
}

/* Makes the folder for the old files. Returns it, or -1 with the problem. */
static int make_aside(int folder_fd, char *aside, size_t size, struct problem *problem)
{
    int made = -1;
    for (int i = 0; made != 0 && i < ASIDES; i++) {
        (void)snprintf(aside, size, "replaced-%lld-%d", (long long)time(NULL), i);
        made = mkdirat(folder_fd, aside, 0700);
        if (made != 0 && errno != EEXIST)
            break;
    }
    int fd =
        made == 0 ? openat(folder_fd, aside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0)
        problem_set(problem, "%s: cannot be created: %s", aside, strerror(errno));
    return fd;
}

static bool swap(const char *folder, int folder_fd, int aside_fd, struct problem *problem)
{
    if (!put_barrier(folder_fd, problem))
        return false;
    if (!move_old(folder_fd, aside_fd))
        return stays(folder, problem);
    return put_in_place(folder, folder_fd, problem) &&
           ((put_aside(folder_fd, BARRIER, aside_fd) && fsync(folder_fd) == 0) ||
            problem_set(problem, "%s/" BARRIER ": %s", folder, strerror(errno)));
}

bool engine_replace(const char *folder, const char *const *statements, engine_fill *more,
                    void *context, char *aside, size_t size, struct problem *problem)
{
    int fd = open_folder(folder, problem);
    if (fd < 0)
        return false;
    bool good =
        lock_folder(fd, STORE_OPEN_WAIT_MS) ||
        problem_set(problem, "%s: another process holds it locked: find it with fuser(1)", folder);
    int aside_fd = good ? make_aside(fd, aside, size, problem) : -1;
    good = aside_fd >= 0 && (clear_beside(fd, aside_fd) || stays(folder, problem)) &&
           make_beside(folder, statements, more, context, problem) &&
           swap(folder, fd, aside_fd, problem);
    if (aside_fd >= 0)
        close(aside_fd);
    if (!good && aside_fd >= 0)
        (void)unlinkat(fd, aside, AT_REMOVEDIR); /* if nothing is in it */
    close(fd);
    return good;
}

/* ---- small repairs ---- */

/* Runs as the service user: whatever a name leads to, it can change nobody else's files. */
static bool set_modes(const char *folder, int folder_fd, struct problem *problem)
{
    static const char *const names[] = {STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stat status;
        if (fstatat(folder_fd, names[i], &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
            continue;
        if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != geteuid())
            return problem_set(problem,
                               "%s/%s: expected a regular file of " SWMFA_USER
                               "'s with this name alone. " REPAIR,
                               folder, names[i]);
        if (fchmodat(folder_fd, names[i], 0600, 0) != 0)
            return problem_set(problem, "%s/%s: %s", folder, names[i], strerror(errno));
    }
    return true;
}

static bool move_journal(const char *folder, int folder_fd, struct problem *problem)
{
    char aside[64];
    if (!there_is(folder, "-journal"))
        return true;
    if (!there_is(folder, ""))
        return problem_set(problem, "%s/" STORE_FILE ": is missing. " REPAIR, folder);
    int fd = make_aside(folder_fd, aside, sizeof(aside), problem);
    bool good = fd >= 0 && (put_aside(folder_fd, BARRIER, fd) ||
                            problem_set(problem, "%s/" BARRIER ": %s", folder, strerror(errno)));
    if (fd >= 0)
        close(fd);
    return good;
}

bool engine_repair(const char *folder, struct problem *problem)
{
    char path[PATH_SIZE];
    int fd = open_folder(folder, problem);
    if (fd < 0)
        return false;
    bool good = set_modes(folder, fd, problem) && move_journal(folder, fd, problem);
    close(fd);
    if (!good || !there_is(folder, ""))
        return good;
    if (!check_file(folder, problem))
        return false;
    struct engine *engine = open_file(path_of(folder, "", path), 0, STORE_OPEN_WAIT_MS, problem);
    good = engine != NULL && engine_check(engine, problem) &&
           run_plain(engine, NULL, problem, "PRAGMA journal_mode = WAL") &&
           check_mode(engine, problem);
    engine_close(engine);
    return good;
}
