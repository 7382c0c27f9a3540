/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * preload_faults: a library, for /etc/ld.so.preload of a private root, that changes what the helper
 * sees of the clocks and of the boot id, and kills it at a chosen call that changes the store.
 *
 * DESCRIPTION
 *   Only processes named swmfa-auth and swmfactl are affected. They are told what to do by
 *   files, read when the process first needs them, each of which may be absent:
 *     /run/swmfa-test/clock     "REAL BOOT": milliseconds that the time of day and CLOCK_BOOTTIME
 *                              are ahead
 *     /run/swmfa-test/boot_id   is opened instead of the kernel's
 *     /run/swmfa-test/kill      "N", "N after" or "N torn": swmfa-auth kills itself just before or
 *                              just after its Nth call that changes the store's folder, whether it
 *                              succeeds or not; or in the midst of it, with half of the bytes
 *                              written, if it is a write, and before it otherwise. 0: never.
 *                              A folder after it is meant instead, and swmfactl dies too
 *     /run/swmfa-test/calls     with a kill: gets a line "PID N CALL PATH" for each such
 *                              call, before it is made
 *   Calls of all threads are counted together. Not seen is what does not go through the functions
 *   below: writes of stdio, mapped memory. A wait for a moment of a clock is as ever.
 */
#undef _FORTIFY_SOURCE /* it would define some of these functions itself */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FOLDER  "/run/swmfa-test/"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define STORE   SWMFA_STATE_DIR
#define API     __attribute__((visibility("default")))

/* The function that the process would have without us. */
#define NEXT(name)                                                                                 \
    ({                                                                                             \
        static __typeof__(&(name)) next;                                                           \
        if (next == NULL)                                                                          \
            next = (__typeof__(&(name)))dlsym(RTLD_NEXT, #name);                                   \
        next;                                                                                      \
    })

/* Those that only code built with _FORTIFY_SOURCE calls. */
API int __open_2(const char *path, int flags);
API int __open64_2(const char *path, int flags);
API int __openat_2(int folder, const char *path, int flags);
API int __openat64_2(int folder, const char *path, int flags);

/* ---- who this is, and what is wanted ---- */

static struct {
    pthread_once_t once;
    bool helper;
    bool affected; /* the helper or swmfactl */
} who = {.once = PTHREAD_ONCE_INIT};

static struct {
    pthread_once_t once;
    int64_t real_ms;
    int64_t boot_ms;
} shift = {.once = PTHREAD_ONCE_INIT};

static struct {
    pthread_once_t once;
    bool listed;           /* there is a kill file */
    char folder[PATH_MAX]; /* in place of the store's; "": none */
    unsigned long at;
    enum { BEFORE, AFTER, TORN } mode;
    atomic_ulong count;
} death = {.once = PTHREAD_ONCE_INIT};

/* Reads a small file, by system calls so that we do not see it ourselves. */
static bool read_file(const char *path, char *text, size_t size)
{
    long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    long length = fd < 0 ? -1 : syscall(SYS_read, fd, text, size - 1);
    if (fd >= 0)
        (void)syscall(SYS_close, fd);
    text[length < 0 ? 0 : length] = '\0';
    return length >= 0;
}

static void find_who(void)
{
    char name[32];
    (void)read_file("/proc/self/comm", name, sizeof(name));
    who.helper = strcmp(name, "swmfa-auth\n") == 0;
    who.affected = who.helper || strcmp(name, "swmfactl\n") == 0;
}

static bool is_affected(void)
{
    int saved = errno;
    (void)pthread_once(&who.once, find_who);
    errno = saved;
    return who.affected;
}

/* ---- the clocks ---- */

static void read_shift(void)
{
    char text[64];
    char *end = text;
    (void)read_file(FOLDER "clock", text, sizeof(text));
    shift.real_ms = strtoll(text, &end, 10);
    shift.boot_ms = strtoll(end, NULL, 10);
}

static void add(struct timespec *time, int64_t milliseconds)
{
    int64_t nanoseconds = time->tv_nsec + milliseconds % 1000 * 1000000;
    time->tv_sec += (time_t)(milliseconds / 1000);
    if (nanoseconds < 0) {
        time->tv_sec--;
        nanoseconds += 1000000000;
    } else if (nanoseconds >= 1000000000) {
        time->tv_sec++;
        nanoseconds -= 1000000000;
    }
    time->tv_nsec = (long)nanoseconds;
}

API int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = NEXT(clock_gettime)(clock, time);
    if (result != 0 || !is_affected())
        return result;
    int saved = errno;
    (void)pthread_once(&shift.once, read_shift);
    errno = saved;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_REALTIME_ALARM)
        add(time, shift.real_ms);
    else if (clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM)
        add(time, shift.boot_ms);
    return result;
}

API int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now = {0};
    if (!is_affected())
        return NEXT(gettimeofday)(time, zone);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

API time_t time(time_t *to)
{
    struct timespec now = {0};
    if (!is_affected())
        return NEXT(time)(to);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (to != NULL)
        *to = now.tv_sec;
    return now.tv_sec;
}

/* ---- death ---- */

/* The effect of a call on the process. */
enum fate {
    LIVES,
    DIES,          /* after it */
    DIES_WITHIN_IT /* and half of it is done */
};

static void read_death(void)
{
    char text[PATH_MAX + 32];
    char *mode = text;
    death.listed = read_file(FOLDER "kill", text, sizeof(text));
    death.at = strtoul(text, &mode, 10);
    if (strncmp(mode, " after", 6) == 0)
        death.mode = AFTER;
    else if (strncmp(mode, " torn", 5) == 0)
        death.mode = TORN;
    if (sscanf(mode, " %*s %4095s", death.folder) != 1)
        death.folder[0] = '\0';
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

static void list(unsigned long number, const char *call, const char *path)
{
    char line[PATH_MAX + 100];
    int length =
        snprintf(line, sizeof(line), "%ld %lu %s %s\n", (long)getpid(), number, call, path);
    long fd = syscall(SYS_openat, AT_FDCWD, FOLDER "calls", O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (fd >= 0) {
        (void)syscall(SYS_write, fd, line, (size_t)length);
        (void)syscall(SYS_close, fd);
    }
}

/* True if a path is the watched folder or lies in it. */
static bool is_watched(const char *path)
{
    const char *folder = death.folder[0] != '\0' ? death.folder : STORE;
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* True if this process can be told to die. */
static bool is_mortal(void)
{
    if (!is_affected())
        return false;
    (void)pthread_once(&death.once, read_death);
    return who.helper || death.folder[0] != '\0';
}

/* The path of a file that is open. */
static bool path_of(int fd, char path[PATH_MAX])
{
    char link[64];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(fd == AT_FDCWD ? "/proc/self/cwd" : link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = '\0';
    return length > 0;
}

/* A call is about to be made on what has that path: counts it. */
static enum fate count(const char *call, const char *path, bool is_write)
{
    if (!death.listed || !is_watched(path))
        return LIVES;
    unsigned long number = atomic_fetch_add(&death.count, 1) + 1;
    list(number, call, path);
    if (number != death.at)
        return LIVES;
    if (death.mode == BEFORE || (death.mode == TORN && !is_write))
        die();
    return death.mode == TORN ? DIES_WITHIN_IT : DIES;
}

static enum fate on_fd(const char *call, int fd, bool is_write)
{
    char path[PATH_MAX];
    int saved = errno;
    enum fate fate = LIVES;
    if (is_mortal() && path_of(fd, path))
        fate = count(call, path, is_write);
    errno = saved;
    return fate;
}

static enum fate on_path(const char *call, int folder, const char *path)
{
    char start[PATH_MAX] = "";
    char whole[PATH_MAX];
    int saved = errno;
    enum fate fate = LIVES;
    if (is_mortal()) {
        if (path[0] != '/')
            (void)path_of(folder, start);
        const char *slash = start[0] != '\0' && start[1] != '\0' ? "/" : "";
        int length = snprintf(whole, sizeof(whole), "%s%s%s", start, slash, path);
        fate = length < PATH_MAX ? count(call, whole, false) : LIVES;
    }
    errno = saved;
    return fate;
}

/* The same for a call with two paths; it counts once. */
static enum fate on_paths(const char *call, int folder, const char *path, int other_folder,
                          const char *other)
{
    unsigned long before = atomic_load(&death.count);
    enum fate fate = on_path(call, folder, path);
    return atomic_load(&death.count) != before ? fate : on_path(call, other_folder, other);
}

/* How much of a write is made. */
static size_t part(enum fate fate, size_t size)
{
    return fate == DIES_WITHIN_IT ? size / 2 : size;
}

/* The call has been made, with this result. */
static ssize_t ended(enum fate fate, ssize_t result)
{
    if (fate != LIVES)
        die();
    return result;
}

API ssize_t write(int fd, const void *data, size_t size)
{
    enum fate fate = on_fd("write", fd, true);
    return ended(fate, NEXT(write)(fd, data, part(fate, size)));
}

API ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    enum fate fate = on_fd("pwrite", fd, true);
    return ended(fate, NEXT(pwrite)(fd, data, part(fate, size), at));
}

API ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    enum fate fate = on_fd("pwrite64", fd, true);
    return ended(fate, NEXT(pwrite64)(fd, data, part(fate, size), at));
}

/* A function of an fd, and one of a path, that return an int. */
#define ON_FD(name, parameters, ...)                                                               \
    API int name parameters                                                                        \
    {                                                                                              \
        enum fate fate = on_fd(#name, fd, false);                                                  \
        return (int)ended(fate, NEXT(name)(__VA_ARGS__));                                          \
    }
#define ON_PATH(name, folder, parameters, ...)                                                     \
    API int name parameters                                                                        \
    {                                                                                              \
        enum fate fate = on_path(#name, folder, path);                                             \
        return (int)ended(fate, NEXT(name)(__VA_ARGS__));                                          \
    }
#define ON_PATHS(name, folder, to_folder, parameters, ...)                                         \
    API int name parameters                                                                        \
    {                                                                                              \
        enum fate fate = on_paths(#name, folder, path, to_folder, to);                             \
        return (int)ended(fate, NEXT(name)(__VA_ARGS__));                                          \
    }

ON_FD(ftruncate, (int fd, off_t size), fd, size)
ON_FD(ftruncate64, (int fd, off64_t size), fd, size)
ON_FD(fchmod, (int fd, mode_t mode), fd, mode)
ON_FD(fchown, (int fd, uid_t user, gid_t group), fd, user, group)
ON_FD(fsync, (int fd), fd)
ON_FD(fdatasync, (int fd), fd)
ON_FD(fallocate, (int fd, int mode, off_t at, off_t size), fd, mode, at, size)
ON_FD(fallocate64, (int fd, int mode, off64_t at, off64_t size), fd, mode, at, size)
ON_FD(posix_fallocate, (int fd, off_t at, off_t size), fd, at, size)
ON_FD(posix_fallocate64, (int fd, off64_t at, off64_t size), fd, at, size)
ON_PATH(unlink, AT_FDCWD, (const char *path), path)
ON_PATH(unlinkat, folder, (int folder, const char *path, int flags), folder, path, flags)
ON_PATH(mkdir, AT_FDCWD, (const char *path, mode_t mode), path, mode)
ON_PATH(mkdirat, folder, (int folder, const char *path, mode_t mode), folder, path, mode)
ON_PATH(rmdir, AT_FDCWD, (const char *path), path)
ON_PATHS(rename, AT_FDCWD, AT_FDCWD, (const char *path, const char *to), path, to)
ON_PATHS(renameat, folder, to_folder, (int folder, const char *path, int to_folder, const char *to),
         folder, path, to_folder, to)
ON_PATHS(renameat2, folder, to_folder,
         (int folder, const char *path, int to_folder, const char *to, unsigned flags), folder,
         path, to_folder, to, flags)
ON_PATHS(link, AT_FDCWD, AT_FDCWD, (const char *path, const char *to), path, to)
ON_PATHS(linkat, folder, to_folder,
         (int folder, const char *path, int to_folder, const char *to, int flags), folder, path,
         to_folder, to, flags)

/* ---- files that are opened ---- */

/* The path to open: ours in place of the kernel's boot id. */
static const char *replaced(const char *path)
{
    int saved = errno;
    if (is_affected() && strcmp(path, BOOT_ID) == 0 && access(FOLDER "boot_id", F_OK) == 0)
        path = FOLDER "boot_id";
    errno = saved;
    return path;
}

static enum fate on_open(const char *call, int folder, const char *path, int flags)
{
    return (flags & (O_CREAT | O_TRUNC)) != 0 ? on_path(call, folder, path) : LIVES;
}

/* The mode, if there is one. */
#define MODE(flags)                                                                                \
    ({                                                                                             \
        mode_t mode = 0;                                                                           \
        if (((flags) & (O_CREAT | __O_TMPFILE)) != 0) {                                            \
            va_list rest;                                                                          \
            va_start(rest, flags);                                                                 \
            mode = va_arg(rest, mode_t);                                                           \
            va_end(rest);                                                                          \
        }                                                                                          \
        mode;                                                                                      \
    })

API int open(const char *path, int flags, ...)
{
    enum fate fate = on_open("open", AT_FDCWD, path, flags);
    return (int)ended(fate, NEXT(open)(replaced(path), flags, MODE(flags)));
}

API int open64(const char *path, int flags, ...)
{
    enum fate fate = on_open("open64", AT_FDCWD, path, flags);
    return (int)ended(fate, NEXT(open64)(replaced(path), flags, MODE(flags)));
}

API int openat(int folder, const char *path, int flags, ...)
{
    enum fate fate = on_open("openat", folder, path, flags);
    return (int)ended(fate, NEXT(openat)(folder, replaced(path), flags, MODE(flags)));
}

API int openat64(int folder, const char *path, int flags, ...)
{
    enum fate fate = on_open("openat64", folder, path, flags);
    return (int)ended(fate, NEXT(openat64)(folder, replaced(path), flags, MODE(flags)));
}

int __open_2(const char *path, int flags)
{
    enum fate fate = on_open("open", AT_FDCWD, path, flags);
    return (int)ended(fate, NEXT(__open_2)(replaced(path), flags));
}

int __open64_2(const char *path, int flags)
{
    enum fate fate = on_open("open64", AT_FDCWD, path, flags);
    return (int)ended(fate, NEXT(__open64_2)(replaced(path), flags));
}

int __openat_2(int folder, const char *path, int flags)
{
    enum fate fate = on_open("openat", folder, path, flags);
    return (int)ended(fate, NEXT(__openat_2)(folder, replaced(path), flags));
}

int __openat64_2(int folder, const char *path, int flags)
{
    enum fate fate = on_open("openat64", folder, path, flags);
    return (int)ended(fate, NEXT(__openat64_2)(folder, replaced(path), flags));
}

API FILE *fopen(const char *restrict path, const char *restrict mode)
{
    return NEXT(fopen)(replaced(path), mode);
}

API FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    return NEXT(fopen64)(replaced(path), mode);
}
