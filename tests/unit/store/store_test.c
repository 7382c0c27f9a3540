/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of store/store: when a store is made, what is refused and left as it is, the time of the
 * store, and that a transaction is there as a whole or not at all, whatever fails.
 */
#include "unit_store.h"

#include "store/codes.h"
#include "store/failures.h"
#include "store/latency.h"
#include "store/remember.h"
#include "store/sends.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#define ON_ITS_OWN                                                                                 \
    "swmfactl store reset --force" /* what an administrator can do who has no backup */

/* The report of a child process to the test. */
struct told {
    struct problem problem;
    volatile int64_t number;
};
static struct told *told;

static int set_up(void **state)
{
    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return told != MAP_FAILED ? unit_make_folder(state) : -1;
}

/* ---- the store as a test uses it ---- */

static const struct remember_about place = {"alice", "sshd", "host 192.0.2.1", "+15550101"};
static const struct sends_about about = {"alice", "+15550101", "192.0.2.1", false};
static const struct limits one_a_day = {.user = {1, {{1, 86400}}}};

/* One attempt of alice's, in a transaction of its own. */
static bool count_in(struct store *store, enum store_access access, int64_t *attempt)
{
    struct failures tries = {0};
    if (!store_begin(store, access, &unit_store()->moment, 10000) ||
        !failures_count(store, "alice", 100, &tries) || !store_commit(store))
        return false;
    *attempt = tries.attempt;
    return true;
}

static bool count(struct store *store, int64_t *attempt)
{
    return count_in(store, STORE_WRITE, attempt);
}

static bool look(struct store *store, int64_t *attempt)
{
    struct failures tries = {0};
    if (!store_begin(store, STORE_READ, &unit_store()->moment, 10000) ||
        !failures_look(store, "alice", &tries))
        return false;
    store_cancel(store);
    *attempt = tries.attempt;
    return true;
}

static int64_t counted(void)
{
    int64_t attempt = -1;
    unit_good(look(unit_store()->store, &attempt));
    return attempt;
}

static void count_one(void)
{
    int64_t attempt = 0;
    unit_good(count(unit_store()->store, &attempt));
}

/* Something of everything: touches each table. */
static bool use_all(struct store *store)
{
    static const struct limits none = {0};
    static struct codes codes;
    char id[SENDS_ID_SIZE];
    struct sends_refusal refusal;
    struct failures tries;
    int64_t number = 0;
    for (int i = 0; i < CODES_COUNT; i++)
        (void)snprintf(codes.hash[i], CODES_HASH_SIZE, "$y$%d", i);
    return store_begin(store, STORE_WRITE, &unit_store()->moment, 10000) &&
           failures_count(store, "alice", 100, &tries) &&
           sends_count(store, &none, &about, id, &(refusal)) == SENDS_COUNTED &&
           remember_add(store, &place, 3600) && remember_look(store, &place, 30 * 86400, &number) &&
           codes_replace(store, "alice", &codes) && latency_add(store, LATENCY_SEND, 1, 1) &&
           latency_draw(store, LATENCY_SEND, &number) && store_commit(store);
}

/* ---- files ---- */

struct bytes {
    char *at;
    size_t length;
};

static struct bytes bytes_of(const char *path)
{
    struct bytes bytes = {0};
    struct stat status = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    bytes.at = malloc((size_t)status.st_size + 1);
    assert_non_null(bytes.at);
    bytes.length = (size_t)status.st_size;
    assert_int_equal(read(fd, bytes.at, bytes.length + 1), bytes.length);
    close(fd);
    return bytes;
}

static void put(const char *path, const void *at, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, at, length), length);
    close(fd);
}

static const char *beside(const char *ending)
{
    return unit_format("%s%s", unit_store()->file, ending);
}

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static void check_names(const char *what, const char *problem, const char *part)
{
    if (strstr(problem, part) == NULL || strlen(problem) >= sizeof(struct problem) - 1)
        fail_msg("%s:\n  expected: ...%s...\n  found:    %s", what, part, problem);
}

/* The store is not opened, for a reason that names a path and says this. */
static void check_refused(const char *what, const char *path, const char *why)
{
    struct problem problem = {0};
    for (int i = 0; i < 2; i++) { /* not the second time either */
        if (unit_opens(&problem))
            fail_msg("%s: opened", what);
        check_names(what, problem.text, path);
        check_names(what, problem.text, why);
    }
}

/* The same; and the file is what it was, byte for byte. */
static void check_refused_and_left(const char *what, const char *why)
{
    const char *path = unit_store()->file;
    struct bytes before = bytes_of(path);
    check_refused(what, path, why);
    struct bytes after = bytes_of(path);
    unit_same_number(what, (long long)after.length, (long long)before.length);
    unit_check(what, memcmp(before.at, after.at, before.length) == 0, "the same bytes");
    free(before.at);
    free(after.at);
}

/* ---- making one ---- */

static void test_a_missing_store_is_made(void **state)
{
    (void)state;
    struct stat status;
    mode_t mask = umask(0);
    unit_open();
    (void)umask(mask);
    assert_true(store_is_new(unit_store()->store));
    assert_int_equal(counted(), 0);
    assert_int_equal(lstat(unit_store()->file, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(status.st_mode & 07777U, 0600);
    assert_int_equal(status.st_uid, geteuid());
    static const char *const endings[] = {"-wal", "-shm"};
    for (size_t i = 0; i < COUNT(endings); i++) {
        assert_int_equal(lstat(beside(endings[i]), &status), 0);
        assert_int_equal(status.st_mode & 07777U, 0600);
    }
    DIR *folder = opendir(unit_store()->folder);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        assert_null(strstr(entry->d_name, ".new"));
    closedir(folder);
    assert_string_equal(unit_sql("PRAGMA journal_mode"), "wal");
    assert_string_equal(unit_sql("PRAGMA integrity_check"), "ok");
}

static void test_a_reopened_store_has_its_contents(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        unit_open();
        unit_same_number("new", store_is_new(unit_store()->store), i == 0);
        assert_int_equal(counted(), i);
        count_one();
        assert_int_equal(counted(), i + 1);
        unit_close();
    }
    /* also where only the one file was kept */
    unit_settle();
    assert_false(is_there(beside("-wal")));
    unit_open();
    assert_int_equal(counted(), 5);
}

static void test_leftovers_of_a_killed_process_block_nobody(void **state)
{
    (void)state;
    static const char *const endings[] = {".new", ".new-wal", ".new-shm", ".new-journal"};
    for (size_t i = 0; i < COUNT(endings); i++)
        put(beside(endings[i]), "rubbish", 7);
    unit_open();
    assert_true(use_all(unit_store()->store));
    for (size_t i = 0; i < COUNT(endings); i++)
        assert_false(is_there(beside(endings[i])));
    assert_int_equal(counted(), 1);
}

static int use_alone(int number)
{
    struct problem problem = {0};
    int64_t attempt = 0;
    (void)number;
    struct store *store = store_open(unit_store()->folder, &problem);
    bool good = store != NULL && count(store, &attempt);
    store_close(store);
    return !good;
}

static void test_simultaneous_processes_make_one_store(void **state)
{
    (void)state;
    assert_int_equal(unit_side_by_side(20, use_alone), 20);
    unit_open();
    assert_int_equal(counted(), 20);
}

static int count_for_ever(void)
{
    struct problem problem = {0};
    for (;;) {
        int64_t attempt = 0;
        struct store *store = store_open(unit_store()->folder, &problem);
        for (int i = 0; i < 3; i++)
            if (store == NULL || !count_in(store, i == 1 ? STORE_RELAX : STORE_WRITE, &attempt))
                return 1;
        store_close(store);
        told->number = attempt;
    }
}

/* Attempts are counted until the process is killed: none that it knows of is lost. */
static void test_a_kill_at_any_time_loses_nothing(void **state)
{
    (void)state;
    unsigned seed = 1;
    told->number = 0;
    for (int i = 0; i < 24; i++) {
        if (i % 4 == 0) { /* from the start */
            (void)unit_store_tear_down(state);
            assert_int_equal(unit_store_folder(state), 0);
            told->number = 0;
        }
        pid_t process = fork();
        assert_true(process >= 0);
        if (process == 0)
            _exit(count_for_ever());
        (void)usleep((unsigned)rand_r(&seed) % 10000);
        assert_int_equal(kill(process, SIGKILL), 0);
        assert_int_equal(unit_wait(process), 255);
        unit_open();
        int64_t found = counted();
        assert_in_range(found, told->number, told->number + 3);
        told->number = found;
        assert_string_equal(unit_sql("PRAGMA integrity_check"), "ok");
        unit_close();
    }
}

/* ---- what is refused ---- */

static void test_a_folder_that_others_can_access_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0701, 0710, 0720, 0740, 0750, 0755, 0777, 01777, 0704, 0702};
    struct unit_store *it = unit_store();
    for (size_t i = 0; i < COUNT(modes); i++) {
        assert_int_equal(chmod(it->folder, modes[i]), 0);
        check_refused(unit_format("mode %o", modes[i]), it->folder,
                      unit_format("expected owner " SWMFA_USER " (uid %u) and mode 0700, found uid "
                                  "%u and mode %04o",
                                  (unsigned)geteuid(), (unsigned)geteuid(), modes[i]));
        assert_false(is_there(it->file));
    }
    assert_int_equal(chmod(it->folder, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(it->folder, 65534, 65534), 0);
        check_refused("another's", it->folder, "found uid 65534 and mode 0700");
        assert_false(is_there(it->file));
        assert_int_equal(chown(it->folder, 0, 0), 0);
    }
    unit_open();
}

static void test_a_path_that_is_not_a_folder_is_refused(void **state)
{
    (void)state;
    struct unit_store *it = unit_store();
    assert_int_equal(rmdir(it->folder), 0);
    check_refused("missing", it->folder, "No such file or directory; create it with: install -d");
    put(it->folder, "x", 1);
    check_refused("a file", it->folder, "Not a directory");
    assert_int_equal(unlink(it->folder), 0);
    assert_int_equal(mkfifo(it->folder, 0700), 0);
    check_refused("a pipe", it->folder, "Not a directory");
    assert_int_equal(unlink(it->folder), 0);
    assert_int_equal(mkdir(it->folder, 0700), 0);
}

static void test_a_file_that_is_not_regular_is_refused(void **state)
{
    (void)state;
    struct unit_store *it = unit_store();
    struct bytes whole = {0};
    unit_open();
    unit_settle();
    whole = bytes_of(it->file);
    const char *elsewhere = unit_format("%s/elsewhere", it->folder);
    put(elsewhere, whole.at, whole.length);
    free(whole.at);

    assert_int_equal(unlink(it->file), 0);
    assert_int_equal(symlink("elsewhere", it->file), 0);
    check_refused("a link", it->file, "expected a regular file");
    assert_int_equal(unlink(it->file), 0);
    assert_int_equal(symlink("nowhere", it->file), 0);
    check_refused("a link to nothing", it->file, "expected a regular file");
    assert_false(is_there(unit_format("%s/nowhere", it->folder)));
    assert_int_equal(unlink(it->file), 0);
    assert_int_equal(mkdir(it->file, 0700), 0);
    check_refused("a folder", it->file, "expected a regular file");
    assert_int_equal(rmdir(it->file), 0);
    assert_int_equal(mkfifo(it->file, 0600), 0);
    check_refused("a pipe", it->file, "expected a regular file");
}

static void test_a_file_that_is_not_a_store_is_refused_and_not_modified(void **state)
{
    (void)state;
    char rubbish[3 * 4096];
    unsigned seed = 1;
    const char *path = unit_store()->file;
    for (size_t i = 0; i < sizeof(rubbish); i++)
        rubbish[i] = (char)rand_r(&seed);
    put(path, "", 0);
    check_refused_and_left("empty", ON_ITS_OWN);
    put(path, "x", 1);
    check_refused_and_left("a byte", ON_ITS_OWN);
    put(path, rubbish, 100);
    check_refused_and_left("a little", ON_ITS_OWN);
    put(path, rubbish, sizeof(rubbish));
    check_refused_and_left("rubbish", ON_ITS_OWN);
    memset(rubbish, 0, sizeof(rubbish));
    put(path, rubbish, sizeof(rubbish));
    check_refused_and_left("zeros", ON_ITS_OWN);
}

static void test_leftover_files_of_a_missing_store_are_not_overwritten(void **state)
{
    (void)state;
    struct unit_store *it = unit_store();
    static const char *const endings[] = {"-wal", "-journal"};
    unit_open();
    count_one();
    unit_close();
    struct bytes wal = bytes_of(beside("-wal"));
    assert_true(wal.length > 0);
    unit_settle();
    struct bytes whole = bytes_of(it->file);
    (void)unlink(beside("-shm"));
    for (size_t i = 0; i < COUNT(endings); i++) {
        (void)unlink(it->file);
        (void)unlink(beside("-wal"));
        put(beside(endings[i]), wal.at, wal.length);
        check_refused(endings[i], it->file, "is missing, but other files of it exist");
        check_refused(endings[i], it->file, ON_ITS_OWN);
        assert_false(is_there(it->file));
        struct bytes after = bytes_of(beside(endings[i]));
        assert_int_equal(after.length, wal.length);
        assert_memory_equal(after.at, wal.at, wal.length);
        free(after.at);
        assert_int_equal(unlink(beside(endings[i])), 0);
    }
    /* restored, as the problem says */
    put(it->file, whole.at, whole.length);
    unit_open();
    assert_int_equal(counted(), 1);
    free(wal.at);
    free(whole.at);
}

/* A journal of another mode that SQLite would play back. */
static void test_a_journal_is_not_replayed(void **state)
{
    (void)state;
    struct unit_store *it = unit_store();
    unit_open();
    count_one();
    unit_settle();
    struct bytes whole = bytes_of(it->file);
    /* in the middle of a change in the other mode there is one, and it is hot */
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(it->file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; "
                                  "BEGIN IMMEDIATE; UPDATE swmfa_try SET attempts = 0; "
                                  "CREATE TABLE x AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                                  "SELECT i + 1 FROM n LIMIT 5000) SELECT i FROM n",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    struct bytes journal = bytes_of(beside("-journal"));
    assert_true(journal.length > 4096);
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);

    put(it->file, whole.at, whole.length);
    put(beside("-journal"), journal.at, journal.length);
    check_refused_and_left("a hot journal",
                           "-journal: exists, but " STORE_FILE " never has a journal");
    put(beside("-journal"), "", 0);
    check_refused_and_left("an empty journal", "swmfactl store repair");
    assert_int_equal(unlink(beside("-journal")), 0);
    unit_open();
    assert_int_equal(counted(), 1);
    free(whole.at);
    free(journal.at);
}

static void test_a_store_of_another_kind_is_refused_and_not_modified(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        const char *why;
    } cases[] = {
        {"UPDATE swmfa_store SET version = 3", "a newer pam_swmfa created it: install that"},
        {"UPDATE swmfa_store SET version = 99999999999", "a newer pam_swmfa created it"},
        {"UPDATE swmfa_store SET version = 0", ON_ITS_OWN},
        {"UPDATE swmfa_store SET version = -1", ON_ITS_OWN},
        {"UPDATE swmfa_store SET version = 'text'", ON_ITS_OWN},
        {"UPDATE swmfa_store SET version = ''", ON_ITS_OWN},
        {"UPDATE swmfa_store SET version = '2x'", ON_ITS_OWN},
        {"UPDATE swmfa_store SET version = 2.5", ON_ITS_OWN},
        {"DELETE FROM swmfa_store", ON_ITS_OWN},
        {"INSERT INTO swmfa_store SELECT * FROM swmfa_store", ON_ITS_OWN},
        {"DROP TABLE swmfa_store", ON_ITS_OWN},
        {"ALTER TABLE swmfa_store RENAME COLUMN version TO v", ON_ITS_OWN},
        {"PRAGMA journal_mode = DELETE", "expected journal_mode wal, found delete: set it again"},
    };
    unit_open();
    count_one();
    unit_settle();
    struct bytes whole = bytes_of(unit_store()->file);
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)unit_sql(cases[i].sql);
        if (strstr(cases[i].sql, "journal_mode") == NULL)
            unit_settle();
        check_refused_and_left(cases[i].sql, cases[i].why);
        put(unit_store()->file, whole.at, whole.length);
        (void)unlink(beside("-wal"));
        (void)unlink(beside("-shm"));
    }
    free(whole.at);
    unit_open();
    assert_int_equal(counted(), 1);
    /* what the refusal says to do helps */
    unit_settle();
    (void)unit_sql("PRAGMA journal_mode = DELETE");
    (void)unit_sql("PRAGMA journal_mode = wal");
    unit_open();
    assert_int_equal(counted(), 1);
}

static void check_examined(const char *what, int64_t version)
{
    struct problem problem = {0};
    int64_t found = -1;
    int64_t now = -1;
    unit_check(what, store_examine(unit_store()->folder, &found, &now, &problem), problem.text);
    unit_same_number(what, found, version);
    unit_same_number(what, now, 2);
}

static void test_examining_a_store_makes_and_changes_nothing(void **state)
{
    (void)state;
    struct problem problem = {0};
    int64_t version = -1;
    int64_t now = -1;
    check_examined("no store", 0);
    assert_false(is_there(unit_store()->file));
    unit_open();
    count_one();
    check_examined("a store that is in use", 2);
    unit_settle();
    (void)unit_sql("UPDATE swmfa_store SET version = 1");
    check_examined("an older one", 1);
    assert_string_equal(unit_sql("SELECT version FROM swmfa_store"), "1");
    (void)unit_sql("UPDATE swmfa_store SET version = 3");
    assert_false(store_examine(unit_store()->folder, &version, &now, &problem));
    assert_non_null(strstr(problem.text, "a newer pam_swmfa created it"));
    (void)unit_sql("UPDATE swmfa_store SET version = 2");
    unit_open();
    assert_int_equal(counted(), 1);
}

/* A page in the middle that no login may need. */
static void test_examining_a_store_finds_damage_anywhere(void **state)
{
    (void)state;
    struct problem problem = {0};
    int64_t version = -1;
    int64_t now = -1;
    unit_open();
    unit_settle();
    (void)unit_sql(
        "CREATE TABLE padding (text TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
        "SELECT i + 1 FROM n WHERE i < 100) INSERT INTO padding SELECT hex(zeroblob(99)) "
        "FROM n; PRAGMA wal_checkpoint(TRUNCATE)");
    struct bytes whole = bytes_of(unit_store()->file);
    memset(whole.at + whole.length - 1024, 0x55, 1024);
    put(unit_store()->file, whole.at, whole.length);
    free(whole.at);
    assert_false(store_examine(unit_store()->folder, &version, &now, &problem));
    assert_non_null(strstr(problem.text, "is damaged"));
}

static void test_a_store_without_one_of_its_tables_stores_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"send", "try", "code", "remembered", "pace"};
    unit_open();
    unit_settle();
    struct bytes whole = bytes_of(unit_store()->file);
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)unit_sql(unit_format("DROP TABLE swmfa_%s", names[i]));
        unit_open();
        unit_check(names[i], !use_all(unit_store()->store), "a failure");
        check_names(names[i], store_problem(unit_store()->store)->text, unit_store()->file);
        check_names(names[i], store_problem(unit_store()->store)->text, ON_ITS_OWN);
        unit_close();
        if (strcmp(names[i], "try") != 0) /* nothing of the transaction is there */
            assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_try"), "0");
        put(unit_store()->file, whole.at, whole.length);
        (void)unlink(beside("-wal"));
        (void)unlink(beside("-shm"));
    }
    free(whole.at);
}

#define USERS 80

/* A file of many pages: user N has N % 7 + 1 attempts. */
static void fill_pages(void)
{
    struct failures tries;
    unit_open();
    struct store *store = unit_begin(STORE_WRITE);
    for (int i = 0; i < USERS; i++)
        for (int j = 0; j < i % 7 + 1; j++)
            unit_good(
                failures_count(store, unit_format("a-user-with-a-long-name-%d", i), 100, &tries));
    unit_commit();
    unit_settle();
}

/* Each user's attempts are those of fill_pages, or nothing is answered. Returns how often nothing.
 */
static int check_no_lie(const char *which)
{
    char what[64];
    struct problem problem = {0};
    int silent = 0;
    (void)snprintf(what, sizeof(what), "%s", which);
    if (!unit_opens(&problem)) {
        check_names(what, problem.text, unit_store()->file);
        check_names(what, problem.text, ON_ITS_OWN);
        return USERS;
    }
    struct store *store = unit_store()->store;
    for (int i = 0; i < USERS; i++) {
        struct failures tries = {0};
        if (store_begin(store, STORE_READ, &unit_store()->moment, 0) &&
            failures_look(store, unit_format("a-user-with-a-long-name-%d", i), &tries)) {
            unit_same_number(what, tries.failures, i % 7 + 1);
        } else {
            check_names(what, store_problem(store)->text, unit_store()->file);
            check_names(what, store_problem(store)->text, ON_ITS_OWN);
            silent++;
        }
        store_cancel(store);
    }
    (void)use_all(store);
    unit_close();
    return silent;
}

/* Nothing, ones, or rubbish in the place of each page. */
static void test_a_damaged_page_gives_no_answer(void **state)
{
    (void)state;
    unsigned seed = 1;
    int silent = 0;
    fill_pages();
    size_t page = (size_t)strtoul(unit_sql("PRAGMA page_size"), NULL, 10);
    struct bytes whole = bytes_of(unit_store()->file);
    struct bytes damaged = bytes_of(unit_store()->file);
    assert_true(whole.length % page == 0 && whole.length > 15 * page);
    for (size_t at = 0; at < whole.length; at += page)
        for (int kind = 0; kind < 3; kind++) {
            char what[64];
            (void)snprintf(what, sizeof(what), "page at %zu, kind %d", at, kind);
            memcpy(damaged.at, whole.at, whole.length);
            for (size_t i = at; i < at + page; i++)
                damaged.at[i] = (char)(kind == 2 ? rand_r(&seed) : kind * 0xff);
            put(unit_store()->file, damaged.at, damaged.length);
            silent += check_no_lie(what);
            struct bytes after = bytes_of(unit_store()->file);
            unit_check(what,
                       after.length == damaged.length &&
                           memcmp(after.at, damaged.at, after.length) == 0,
                       "the same bytes");
            free(after.at);
            (void)unlink(beside("-wal"));
            (void)unlink(beside("-shm"));
        }
    assert_true(silent > 2 * USERS);
    free(damaged.at);
    free(whole.at);
}

static void test_a_truncated_file_gives_no_answer(void **state)
{
    (void)state;
    static const size_t from_start[] = {1,   15,   16,   99,   100,  101,   511,  512,
                                        513, 1024, 4095, 4096, 4097, 10000, 16384};
    static const size_t from_end[] = {1, 2, 100, 512, 1000, 1023, 1024, 1025, 2048, 4096, 12288};
    fill_pages();
    struct bytes whole = bytes_of(unit_store()->file);
    assert_in_range(whole.length, 20000, 100000);
    for (size_t i = 0; i < COUNT(from_start) + COUNT(from_end); i++) {
        size_t size =
            i < COUNT(from_start) ? from_start[i] : whole.length - from_end[i - COUNT(from_start)];
        char what[64];
        (void)snprintf(what, sizeof(what), "%zu of %zu bytes", size, whole.length);
        put(unit_store()->file, whole.at, size);
        unit_check(what, check_no_lie(what) > 0, "a failure");
        struct bytes after = bytes_of(unit_store()->file);
        unit_check(what, after.length == size && memcmp(after.at, whole.at, size) == 0,
                   "the same bytes");
        free(after.at);
        (void)unlink(beside("-wal"));
        (void)unlink(beside("-shm"));
    }
    free(whole.at);
}

/* ---- a process that may not do everything ---- */

/* Root without what lets it open all files. */
static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    return syscall(SYS_capset, &header, none) == 0;
}

static int open_without_capabilities(void)
{
    if (!drop_capabilities())
        return 77;
    struct store *store = store_open(unit_store()->folder, &told->problem);
    if (store == NULL)
        return 1;
    bool good = use_all(store);
    told->problem = *store_problem(store);
    store_close(store);
    return good ? 0 : 2;
}

static void test_files_that_cannot_be_opened_are_not_modified(void **state)
{
    (void)state;
    static const struct {
        const char *ending;
        mode_t mode;
        int status;
        const char *why;
    } cases[] = {
        {"", 0000, 1, "cannot be opened (Permission denied)"},
        {"", 0200, 1, "cannot be opened (Permission denied)"},
        {"", 0400, 2, "cannot be written"},
        {"-wal", 0000, 1, "with mode 0600"},
        {"-shm", 0000, 1, "with mode 0600"},
        {"", 0600, 0, ""},
    };
    unit_open();
    count_one();
    unit_close();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *path = beside(cases[i].ending);
        const char *what = unit_format("%s of mode %04o", path, cases[i].mode);
        struct bytes before = bytes_of(path);
        memset(told, 0, sizeof(*told));
        assert_int_equal(chmod(path, cases[i].mode), 0);
        int status = unit_alone(open_without_capabilities);
        if (status == 77)
            skip();
        unit_same_number(unit_format("%s: %s", what, told->problem.text), status, cases[i].status);
        if (status != 0) {
            check_names(what, told->problem.text, unit_store()->file);
            check_names(what, told->problem.text, cases[i].why);
            assert_int_equal(chmod(path, 0600), 0);
            struct bytes after = bytes_of(path);
            unit_check(what,
                       after.length == before.length &&
                           memcmp(after.at, before.at, before.length) == 0,
                       "the same bytes");
            free(after.at);
        }
        free(before.at);
    }
    unit_open();
    assert_int_equal(counted(), 2);
}

/* With ever more descriptors, until there are enough. */
static int open_with_few_descriptors(void)
{
    for (rlim_t most = 3; most < 64; most++) {
        const struct rlimit limit = {most, 64};
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            return 77;
        memset(&told->problem, 0, sizeof(told->problem));
        struct store *store = store_open(unit_store()->folder, &told->problem);
        bool good = store != NULL && use_all(store);
        if (store != NULL)
            told->problem = *store_problem(store);
        store_close(store);
        if (good)
            return 0;
        told->number++;
        if (strstr(told->problem.text, unit_store()->folder) == NULL ||
            strstr(told->problem.text, "install -d") != NULL ||
            strstr(told->problem.text, "is damaged") != NULL)
            return 1;
    }
    return 2;
}

static void test_without_descriptors_nothing_is_opened_or_damaged(void **state)
{
    (void)state;
    for (int i = 1; i <= 3; i++) { /* first where there is no store yet */
        told->number = 0;
        int status = unit_alone(open_with_few_descriptors);
        if (status == 77)
            skip(); /* as under valgrind, which needs some itself */
        unit_same_number(told->problem.text, status, 0);
        assert_true(told->number > 0);
        unit_open();
        assert_int_equal(counted(), i);
        unit_close();
    }
}

/* With ever more bytes that a file may have, until they are enough. */
static int open_with_small_files(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t most = 0; most < ((rlim_t)1 << 20); most += most < 4096 ? 1024 : 8192) {
        const struct rlimit limit = {most, (rlim_t)1 << 20};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            return 77;
        struct store *store = store_open(unit_store()->folder, &told->problem);
        bool good = store != NULL && use_all(store);
        if (store != NULL)
            told->problem = *store_problem(store);
        store_close(store);
        if (good)
            return 0;
        told->number++;
        if (strstr(told->problem.text, unit_store()->folder) == NULL ||
            strstr(told->problem.text, "is damaged") != NULL)
            return 1;
    }
    return 2;
}

static void test_a_file_that_cannot_grow_keeps_its_contents(void **state)
{
    (void)state;
    for (int i = 1; i <= 3; i++) {
        told->number = 0;
        int status = unit_alone(open_with_small_files);
        if (status == 77)
            skip();
        unit_same_number(told->problem.text, status, 0);
        assert_true(told->number > 0 || i > 1);
        unit_open();
        assert_int_equal(counted(), i);
        assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_send"), unit_format("%d", i));
        assert_string_equal(unit_sql("PRAGMA integrity_check"), "ok");
        unit_close();
    }
}

static int commit_without_room(void)
{
    int64_t attempt = 0;
    const struct rlimit none = {0, 1 << 30};
    const struct rlimit enough = {1 << 30, 1 << 30};
    struct failures tries;
    (void)signal(SIGXFSZ, SIG_IGN);
    struct store *store = store_open(unit_store()->folder, &told->problem);
    if (store == NULL || !count(store, &attempt) ||
        !store_begin(store, STORE_WRITE, &unit_store()->moment, 1000) ||
        !failures_count(store, "alice", 100, &tries) || setrlimit(RLIMIT_FSIZE, &none) != 0)
        return 2;
    bool committed = store_commit(store);
    told->problem = *store_problem(store);
    told->number = -1;
    if (committed || !look(store, &attempt))
        return 3;
    told->number = attempt;
    /* once there is room again, the same store is good */
    if (setrlimit(RLIMIT_FSIZE, &enough) != 0 || !count(store, &attempt))
        return 4;
    store_close(store);
    return attempt == told->number + 1 ? 0 : 5;
}

static void test_a_failed_commit_keeps_the_old_values(void **state)
{
    (void)state;
    unit_open();
    count_one();
    unit_close();
    assert_int_equal(unit_alone(commit_without_room), 0);
    check_names("a full disk", told->problem.text, unit_store()->file);
    assert_int_equal(told->number, 2);
    unit_open();
    assert_int_equal(counted(), 3);
}

/* ---- no memory ---- */

static sqlite3_mem_methods memory;
static int allocations_left = -1; /* the one after these fails; below 0: none does */

static bool out_of_memory(void)
{
    if (allocations_left < 0)
        return false;
    return allocations_left-- == 0;
}

static void *allocate(int size)
{
    return out_of_memory() ? NULL : memory.xMalloc(size);
}

static void *reallocate(void *at, int size)
{
    return out_of_memory() ? NULL : memory.xRealloc(at, size);
}

static bool inject_memory_faults(void)
{
    sqlite3_mem_methods methods;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
        return false;
    methods = memory;
    methods.xMalloc = allocate;
    methods.xRealloc = reallocate;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK &&
           sqlite3_initialize() == SQLITE_OK;
}

/* The records of alice, who is locked, has codes, has reached her limit, and is remembered. */
static const char *ask(struct store *store)
{
    struct failures tries = {0};
    struct sends_refusal refusal = {0};
    char id[SENDS_ID_SIZE];
    char hash[CODES_HASH_SIZE] = "";
    int64_t number = 0;
    if (!store_begin(store, STORE_WRITE, &unit_store()->moment, 0))
        return "no";
    if (!failures_look(store, "alice", &tries))
        return "no";
    if (!tries.for_ever || tries.failures != FAILURES_LOCK_FOR_EVER)
        return "not locked";
    if (!failures_count(store, "alice", 3, &tries))
        return "no";
    if (!tries.locked)
        return "tried";
    enum sends sends = sends_count(store, &one_a_day, &about, id, &refusal);
    if (sends == SENDS_FAILED)
        return "no";
    if (sends == SENDS_COUNTED)
        return "sent";
    if (!sends_of_user(store, "alice", 60, &number))
        return "no";
    if (number != 1)
        return "not one send";
    if (!remember_look(store, &place, 30 * 86400, &number))
        return "no";
    if (number != 60 * SECOND)
        return "not remembered";
    if (!codes_left(store, "alice", &number))
        return "no";
    if (number != CODES_COUNT)
        return "codes are missing";
    if (!codes_hash(store, "alice", "3", hash))
        return "no";
    if (strcmp(hash, "$y$3") != 0)
        return "another hash";
    if (!latency_draw(store, LATENCY_SEND, &number))
        return "no";
    if (number != 77)
        return "another latency";
    return store_commit(store) ? "yes" : "no";
}

static void know_alice(void)
{
    struct codes codes = {0};
    struct sends_refusal refusal;
    struct failures tries;
    char id[SENDS_ID_SIZE];
    for (int i = 0; i < CODES_COUNT; i++)
        (void)snprintf(codes.hash[i], CODES_HASH_SIZE, "$y$%d", i);
    struct store *store = unit_begin(STORE_WRITE);
    for (int i = 0; i < FAILURES_LOCK_FOR_EVER; i++)
        unit_good(failures_count(store, "alice", 100, &tries));
    assert_int_equal(sends_count(store, &one_a_day, &about, id, &refusal), SENDS_COUNTED);
    unit_good(remember_add(store, &place, 60) && codes_replace(store, "alice", &codes) &&
              latency_add(store, LATENCY_SEND, 1, 77));
    unit_commit();
    assert_string_equal(ask(store), "yes");
}

static void test_without_memory_there_is_no_wrong_answer(void **state)
{
    (void)state;
    int failed = 0;
    bool done = false;
    unit_open();
    know_alice();
    unit_close();
    for (int i = 0; !done; i++) {
        struct problem problem = {0};
        allocations_left = i;
        const char *answer = "no";
        if (unit_opens(&problem)) {
            answer = ask(unit_store()->store);
            problem = *store_problem(unit_store()->store);
        }
        done = allocations_left >= 0;
        allocations_left = -1;
        unit_check(unit_format("allocation %d: %s", i, answer),
                   strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0, "yes or no");
        if (*answer == 'n') {
            failed++;
            unit_check(problem.text, strstr(problem.text, unit_store()->folder) != NULL,
                       "a problem that names the store");
            unit_check(problem.text, strstr(problem.text, "is damaged") == NULL, "no damage");
        }
        if (unit_store()->store != NULL) { /* and it is good again */
            unit_same_text(unit_format("after allocation %d", i), ask(unit_store()->store), "yes");
            unit_close();
        }
    }
    assert_in_range(failed, 100, 100000);
}

static void test_without_memory_everything_or_nothing_is_counted(void **state)
{
    (void)state;
    bool done = false;
    int64_t expected = 0;
    unit_open();
    for (int i = 0; !done; i++) {
        allocations_left = i;
        bool good = use_all(unit_store()->store);
        done = allocations_left >= 0;
        allocations_left = -1;
        expected += good;
        unit_same_number(unit_format("allocation %d", i), counted(), expected);
        assert_string_equal(unit_sql("SELECT COUNT(*) FROM swmfa_send"),
                            unit_format("%lld", (long long)expected));
        if (i % 16 == 0) { /* with nothing in its caches */
            unit_close();
            unit_open();
        }
    }
    assert_string_equal(unit_sql("PRAGMA integrity_check"), "ok");
}

static void test_without_memory_a_store_is_made_completely_or_not_at_all(void **state)
{
    (void)state;
    bool done = false;
    for (int i = 0; !done; i += 1 + i / 4) { /* each one takes a while */
        struct problem problem = {0};
        allocations_left = i;
        bool good = unit_opens(&problem);
        done = allocations_left >= 0;
        allocations_left = -1;
        if (good) {
            assert_true(use_all(unit_store()->store));
        } else {
            unit_check(problem.text, strstr(problem.text, unit_store()->folder) != NULL,
                       "a problem that names the store");
            unit_open();
            assert_true(use_all(unit_store()->store));
        }
        unit_close();
        assert_int_equal(unit_store_tear_down(state), 0);
        assert_int_equal(unit_store_folder(state), 0);
    }
}

/* ---- the time of the store ---- */

static int64_t tell(const char *boot, int64_t boot_ms, enum store_access access)
{
    struct unit_store *it = unit_store();
    (void)snprintf(it->moment.boot, sizeof(it->moment.boot), "%s", boot);
    it->moment.boot_ms = boot_ms;
    struct store *store = unit_begin(access);
    int64_t now = store_now(store);
    assert_string_equal(store_moment(store)->boot, boot);
    assert_int_equal(store_moment(store)->boot_ms, boot_ms);
    if (access == STORE_WRITE)
        unit_commit();
    else
        store_cancel(store);
    return now;
}

static void test_time_passes_as_the_host_is_up(void **state)
{
    (void)state;
    static const struct {
        const char *boot;
        int64_t boot_ms;
        int64_t passed; /* since the one before */
    } cases[] = {
        {"A", 1000, 1000},
        {"A", 1000, 0},
        {"A", 1001, 1},
        {"A", 1001 + 30 * DAY, 30 * DAY},
        /* another boot: what it has been up for, and nothing for the time it was off */
        {"B", 500, 500},
        {"B", 700, 200},
        {"C", 0, 0},
        {"C", 5, 5},
        {"D", 100 * DAY, 100 * DAY},
        /* a boot that is not the last one is another */
        {"A", 1000, 1000},
        /* a moment that is a little older than the last: no time, and none twice */
        {"A", 900, 0},
        {"A", 1000, 0},
        {"A", 1100, 100},
        {"A", 1100 + MINUTE, MINUTE},
        {"A", 1100, 0},
        {"A", 1100 + MINUTE, 0},
        {"A", 1101 + MINUTE, 1},
        /* one that is much older is of a clock that was reset: from there it goes on */
        {"A", 1100, 0},
        {"A", 1200, 100},
        {"A", 0, 0},
        {"A", 1200, 0},
    };
    int64_t expected = 0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        expected += cases[i].passed;
        const char *what = unit_format("case %zu", i);
        unit_same_number(what, tell(cases[i].boot, cases[i].boot_ms, STORE_READ), expected);
        unit_same_number(what, tell(cases[i].boot, cases[i].boot_ms, STORE_WRITE), expected);
        unit_same_number(what, tell(cases[i].boot, cases[i].boot_ms, STORE_READ), expected);
        unit_close();
        unit_open();
    }
}

static void test_the_time_of_day_does_not_change_the_clock_of_the_store(void **state)
{
    (void)state;
    struct moment *moment = &unit_store()->moment;
    static const int64_t jumps[] = {DAY, -DAY, 10000 * DAY, -30000 * DAY, 1, -1};
    int64_t now = unit_now();
    for (size_t i = 0; i < COUNT(jumps); i++) {
        moment->wall_ms += jumps[i];
        moment->boot_ms += 3;
        (void)unit_begin(STORE_WRITE);
        assert_int_equal(store_now(unit_store()->store), now += 3);
        assert_int_equal(store_moment(unit_store()->store)->wall_ms, moment->wall_ms);
        unit_commit();
    }
}

/* What a transaction that is not committed has seen of the time is not kept, and nothing is lost.
 */
static void test_time_does_not_pass_twice_after_a_cancel(void **state)
{
    (void)state;
    int64_t now = tell("A", 1000, STORE_WRITE);
    for (int i = 0; i < 3; i++) {
        unit_store()->moment.boot_ms = 5000;
        (void)unit_begin(STORE_WRITE);
        assert_int_equal(store_now(unit_store()->store), now + 4000);
        store_cancel(unit_store()->store);
    }
    assert_int_equal(tell("A", 6000, STORE_WRITE), now + 5000);
}

/* Many processes with moments that are late, some only reading, in two boots. */
static void test_time_never_runs_backwards_or_faster_than_the_host(void **state)
{
    (void)state;
    unsigned seed = 7;
    int64_t last = 0;
    int64_t up = 0;
    int64_t first = 0;
    for (int boot = 0; boot < 3; boot++) {
        int64_t base = last;
        int64_t latest = 0;
        up = 0;
        for (int i = 0; i < 250; i++) {
            up += (int64_t)((unsigned)rand_r(&seed) % 3000);
            int64_t late = (int64_t)((unsigned)rand_r(&seed) % 60001);
            int64_t at = up > late ? up - late : 0;
            bool writes = (unsigned)rand_r(&seed) % 3 != 0;
            int64_t now = tell(unit_format("boot %d", boot), at, writes ? STORE_WRITE : STORE_READ);
            unit_check("time", now >= last, "not back");
            unit_check("time", now - base <= up, "not faster than the host");
            unit_check("time", now - base >= at, "not slower than the moment says");
            if (at > latest)
                latest = at;
            unit_check("time", now - base <= latest, "not after all moments");
            if (writes)
                last = now;
        }
        assert_in_range(last - base, up - 70000, up);
        first += up;
    }
    assert_true(last <= first);
}

static void test_the_current_moment_is_read(void **state)
{
    (void)state;
    struct problem problem = {0};
    struct moment one;
    struct moment other;
    struct timespec now;
    struct timespec up;
    struct timespec later;
    memset(&one, 'x', sizeof(one));
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)clock_gettime(CLOCK_BOOTTIME, &up);
    assert_true(moment_now(&one, &problem));
    assert_int_equal(strlen(one.boot), 36);
    assert_int_equal(strspn(one.boot, "0123456789abcdef-"), 36);
    (void)clock_gettime(CLOCK_REALTIME, &later);
    assert_in_range(one.wall_ms, (int64_t)now.tv_sec * 1000, (int64_t)later.tv_sec * 1000 + 1000);
    (void)clock_gettime(CLOCK_BOOTTIME, &later);
    assert_in_range(one.boot_ms, (int64_t)up.tv_sec * 1000, (int64_t)later.tv_sec * 1000 + 1000);
    (void)usleep(3000);
    assert_true(moment_now(&other, &problem));
    assert_string_equal(one.boot, other.boot);
    assert_true(other.boot_ms >= one.boot_ms + 3);
}

/* ---- transactions ---- */

static int64_t milliseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_a_cancelled_transaction_leaves_nothing(void **state)
{
    (void)state;
    struct failures tries;
    struct store *store = unit_store()->store;
    store_cancel(store); /* outside a transaction: nothing */
    for (int i = 0; i < 3; i++) {
        (void)unit_begin(STORE_WRITE);
        unit_good(failures_count(store, "alice", 100, &tries));
        assert_int_equal(tries.attempt, 1);
        store_cancel(store);
        store_cancel(store);
        assert_false(store_commit(store));
    }
    assert_int_equal(counted(), 0);
    /* nor what is closed in the middle */
    (void)unit_begin(STORE_WRITE);
    unit_good(failures_count(store, "alice", 100, &tries));
    unit_close();
    unit_open();
    assert_int_equal(counted(), 0);
    store_close(NULL);
}

/* What may be lost with the host is kept without it like all else, in whatever order they come. */
static void test_an_unsynced_commit_is_visible(void **state)
{
    (void)state;
    static const enum store_access order[] = {STORE_RELAX, STORE_WRITE, STORE_RELAX, STORE_RELAX,
                                              STORE_READ,  STORE_RELAX, STORE_WRITE};
    int64_t expected = 0;
    for (size_t i = 0; i < COUNT(order); i++) {
        int64_t attempt = 0;
        if (order[i] == STORE_READ) {
            assert_int_equal(counted(), expected);
            continue;
        }
        unit_good(count_in(unit_store()->store, order[i], &attempt));
        assert_int_equal(attempt, ++expected);
        (void)unit_begin(order[i]);
        assert_false(store_run(unit_store()->store, NULL, "DELETE FROM nowhere", ""));
        assert_false(store_commit(unit_store()->store));
    }
    unit_close();
    unit_open();
    assert_int_equal(counted(), expected);
    /* alone among all processes */
    struct problem problem = {0};
    struct store *other = store_open(unit_store()->folder, &problem);
    assert_non_null(other);
    (void)unit_begin(STORE_RELAX);
    assert_false(store_begin(other, STORE_RELAX, &unit_store()->moment, 0));
    assert_false(store_begin(other, STORE_WRITE, &unit_store()->moment, 0));
    store_close(other);
}

static void test_a_failed_statement_rolls_back_the_transaction(void **state)
{
    (void)state;
    struct failures tries;
    struct store *store = unit_begin(STORE_WRITE);
    unit_good(failures_count(store, "alice", 100, &tries));
    assert_false(store_run(store, NULL, "INSERT INTO nowhere (x) VALUES (1)", ""));
    check_names("the problem", store_problem(store)->text, unit_store()->file);
    /* and it stays failed, with its problem, until the next begins */
    assert_false(failures_count(store, "alice", 100, &tries));
    assert_false(failures_look(store, "alice", &tries));
    check_names("the problem", store_problem(store)->text, "nowhere");
    assert_false(store_commit(store));
    assert_int_equal(counted(), 0);
    count_one();
    assert_int_equal(counted(), 1);
    (void)unit_begin(STORE_WRITE);
    assert_false(store_fail(store, "this and that"));
    check_names("the problem", store_problem(store)->text, "this and that");
    check_names("the problem", store_problem(store)->text, unit_store()->folder);
    assert_false(store_commit(store));
    /* so does what breaks a rule of the tables */
    (void)unit_begin(STORE_WRITE);
    unit_good(failures_count(store, "alice", 100, &tries));
    assert_false(store_run(store, NULL, "UPDATE swmfa_try SET attempts = NULL", ""));
    assert_false(store_commit(store));
    assert_int_equal(counted(), 1);
}

static void test_a_reader_does_not_block_writers(void **state)
{
    (void)state;
    struct problem problem = {0};
    int64_t attempt = 0;
    struct failures tries;
    struct store *reader = store_open(unit_store()->folder, &problem);
    assert_non_null(reader);
    assert_true(store_begin(reader, STORE_READ, &unit_store()->moment, 0));
    assert_true(failures_look(reader, "alice", &tries));
    count_one();
    count_one();
    assert_true(failures_look(reader, "alice", &tries));
    assert_int_equal(tries.attempt, 0); /* as it was when it began */
    store_cancel(reader);
    assert_true(look(reader, &attempt));
    assert_int_equal(attempt, 2);
    store_close(reader);
}

static void test_a_writer_does_not_block_readers(void **state)
{
    (void)state;
    struct problem problem = {0};
    struct failures tries;
    count_one();
    struct store *writer = unit_begin(STORE_WRITE);
    unit_good(failures_count(writer, "alice", 100, &tries));
    struct store *reader = store_open(unit_store()->folder, &problem);
    unit_check(problem.text, reader != NULL, "opened while another writes");
    assert_true(store_begin(reader, STORE_READ, &unit_store()->moment, 0));
    assert_true(failures_look(reader, "alice", &tries));
    assert_int_equal(tries.attempt, 1);
    store_close(reader);
    unit_commit();
    assert_int_equal(counted(), 2);
}

static void test_a_writer_waits_for_another_up_to_its_timeout(void **state)
{
    (void)state;
    static const int waits[] = {0, 30, 120};
    struct problem problem = {0};
    int64_t attempt = 0;
    struct store *other = store_open(unit_store()->folder, &problem);
    assert_non_null(other);
    (void)unit_begin(STORE_WRITE);
    for (size_t i = 0; i < COUNT(waits); i++) {
        int64_t before = milliseconds();
        assert_false(store_begin(other, STORE_WRITE, &unit_store()->moment, waits[i]));
        int64_t took = milliseconds() - before;
        check_names("locked", store_problem(other)->text, unit_store()->file);
        check_names("locked", store_problem(other)->text,
                    "another process has held it locked for too long: find it with fuser(1)");
        unit_check(unit_format("%d ms: %lld", waits[i], (long long)took), took >= waits[i],
                   "as long as that");
        assert_false(store_commit(other));
        store_cancel(other);
    }
    unit_commit();
    assert_true(count(other, &attempt));
    assert_int_equal(attempt, 1);
    store_close(other);
}

static int hold_for_a_while(void)
{
    struct store *store = store_open(unit_store()->folder, &told->problem);
    if (store == NULL || !store_begin(store, STORE_WRITE, &unit_store()->moment, 1000))
        return 1;
    told->number = 1;
    (void)usleep(50000);
    struct moment moment;
    bool good = moment_now(&moment, &told->problem);
    told->number = moment.boot_ms;
    good = store_commit(store) && good;
    store_close(store);
    return !good;
}

static void test_a_writer_continues_when_the_other_is_done(void **state)
{
    (void)state;
    unit_close();
    told->number = 0;
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0)
        _exit(hold_for_a_while());
    while (told->number == 0) /* alarm() ends it */
        (void)usleep(1000);
    unit_open();
    struct store *store = unit_store()->store;
    assert_true(store_begin(store, STORE_WRITE, NULL, 30000));
    assert_in_range(told->number, 2, INT64_MAX); /* the other is done */
    /* the moment is not of before the wait, or the time of the store would run fast */
    assert_true(store_moment(store)->boot_ms >= told->number);
    unit_good(store_commit(store));
    assert_int_equal(unit_wait(process), 0);
}

static void test_the_write_ahead_log_stays_bounded(void **state)
{
    (void)state;
    struct stat status;
    for (int i = 0; i < 200; i++) {
        count_one();
        if (i % 10 == 0) {
            unit_close();
            unit_open();
        }
    }
    assert_int_equal(lstat(beside("-wal"), &status), 0);
    /* at most the pages that are left, and those of one transaction, each with its header */
    off_t page = (off_t)strtol(unit_sql("PRAGMA page_size"), NULL, 10) + 24;
    assert_in_range(status.st_size, 1, 100 * page);
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, unit_store_folder, unit_store_tear_down)
#define TEST(name)  cmocka_unit_test_setup_teardown(name, unit_store_set_up, unit_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_a_missing_store_is_made),
        FRESH(test_a_reopened_store_has_its_contents),
        FRESH(test_leftovers_of_a_killed_process_block_nobody),
        FRESH(test_simultaneous_processes_make_one_store),
        FRESH(test_a_kill_at_any_time_loses_nothing),
        FRESH(test_a_folder_that_others_can_access_is_refused),
        FRESH(test_a_path_that_is_not_a_folder_is_refused),
        FRESH(test_a_file_that_is_not_regular_is_refused),
        FRESH(test_a_file_that_is_not_a_store_is_refused_and_not_modified),
        FRESH(test_leftover_files_of_a_missing_store_are_not_overwritten),
        FRESH(test_a_journal_is_not_replayed),
        FRESH(test_examining_a_store_makes_and_changes_nothing),
        FRESH(test_examining_a_store_finds_damage_anywhere),
        FRESH(test_a_store_of_another_kind_is_refused_and_not_modified),
        FRESH(test_a_store_without_one_of_its_tables_stores_nothing),
        FRESH(test_a_damaged_page_gives_no_answer),
        FRESH(test_a_truncated_file_gives_no_answer),
        FRESH(test_files_that_cannot_be_opened_are_not_modified),
        FRESH(test_without_descriptors_nothing_is_opened_or_damaged),
        FRESH(test_a_file_that_cannot_grow_keeps_its_contents),
        FRESH(test_a_failed_commit_keeps_the_old_values),
        FRESH(test_without_memory_there_is_no_wrong_answer),
        FRESH(test_without_memory_everything_or_nothing_is_counted),
        FRESH(test_without_memory_a_store_is_made_completely_or_not_at_all),
        TEST(test_time_passes_as_the_host_is_up),
        TEST(test_the_time_of_day_does_not_change_the_clock_of_the_store),
        TEST(test_time_does_not_pass_twice_after_a_cancel),
        TEST(test_time_never_runs_backwards_or_faster_than_the_host),
        cmocka_unit_test(test_the_current_moment_is_read),
        TEST(test_a_cancelled_transaction_leaves_nothing),
        TEST(test_an_unsynced_commit_is_visible),
        TEST(test_a_failed_statement_rolls_back_the_transaction),
        TEST(test_a_reader_does_not_block_writers),
        TEST(test_a_writer_does_not_block_readers),
        TEST(test_a_writer_waits_for_another_up_to_its_timeout),
        TEST(test_a_writer_continues_when_the_other_is_done),
        TEST(test_the_write_ahead_log_stays_bounded),
    };
    if (!inject_memory_faults()) /* before SQLite is used */
        return unit_skip_all("SQLite does not let its allocator be replaced");
    alarm(300); /* what waits for itself is killed */
    return cmocka_run_group_tests_name("store", tests, set_up, unit_remove_folder);
}
