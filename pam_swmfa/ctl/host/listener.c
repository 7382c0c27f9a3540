/* SPDX-License-Identifier: BSD-3-Clause */
/* listener: see listener.h, proc(5), and sshd(8) on SIGHUP. */
#include <config.h>

#include "ctl/host/listener.h"

#include "base/procstat.h"
#include "config/file.h"
#include "ctl/files/atomic_write.h"
#include "ctl/host/sshd_files.h"
#include "store/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE  4096
#define LISTENING  "0A" /* the state TCP_LISTEN, in /proc/net/tcp */
#define INODES_MAX 1024
#define CONFIG_D   "/etc/ssh/sshd_config.d"
#define SHOWN      " [listener]" /* in the title of a listening sshd, after its own command line */

/* ---- one process ---- */

static FILE *open_of(pid_t pid, const char *name)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

/* Gets the path of the file that the process executes; "" if it has none, or has ended. */
static bool read_program(pid_t pid, char *program, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(path, program, size - 1);
    program[length > 0 ? length : 0] = '\0';
    return length >= 0 || errno == ENOENT || errno == ESRCH;
}

/* After an upgrade, the kernel adds " (deleted)" to the name. */
static bool is_sshd(const char *program)
{
    const char *name = strrchr(program, '/');
    return name != NULL && strncmp(name + 1, "sshd", 4) == 0 && strchr(" ", name[5]) != NULL;
}

/* An sshd with another name, such as sshd.real, is recognised by its process title. */
static bool looks_like_sshd(pid_t pid)
{
    char line[LINE_SIZE] = "";
    FILE *file = open_of(pid, "cmdline");
    size_t length = file != NULL ? fread(line, 1, sizeof(line) - 1, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    line[length] = '\0';
    return strstr(line, SHOWN) != NULL && strstr(line, " startups") != NULL;
}

/* True if the process is one of sshd's programs, such as sshd-session. */
static bool is_of_sshd(pid_t pid)
{
    char name[32] = "";
    FILE *file = open_of(pid, "comm");
    bool is =
        file != NULL && fgets(name, sizeof(name), file) != NULL && strncmp(name, "sshd", 4) == 0;
    if (file != NULL)
        (void)fclose(file);
    return is;
}

/* True if this is its effective uid. */
static bool is_of(pid_t pid, uid_t uid)
{
    char line[LINE_SIZE];
    bool is = false;
    FILE *file = open_of(pid, "status");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "Uid:", 4) != 0)
            continue;
        char *end = line + 4;
        (void)strtoul(end, &end, 10); /* skips the real uid */
        is = strtoul(end, NULL, 10) == uid;
        break;
    }
    if (file != NULL)
        (void)fclose(file);
    return is;
}

/* Returns the field with that number, counted from 0, of a line; or NULL. Modifies the line. */
static const char *find_field(char *line, size_t number)
{
    char *rest = NULL;
    char *field = strtok_r(line, " \n", &rest);
    while (number-- > 0 && field != NULL)
        field = strtok_r(NULL, " \n", &rest);
    return field;
}

static bool read_stat(struct listener *listener)
{
    struct procstat stat;
    bool runs = procstat_read(listener->pid, &stat);
    listener->parent = stat.parent;
    listener->start = stat.start;
    listener->code = stat.code;
    listener->stack = stat.stack;
    return runs;
}

/* ---- its sockets ---- */

static bool has_inode(const unsigned long *inodes, size_t count, unsigned long inode)
{
    for (size_t i = 0; i < count; i++)
        if (inodes[i] == inode)
            return true;
    return false;
}

/* Lists the sockets that the process has open. */
static size_t find_sockets(pid_t pid, unsigned long *inodes)
{
    char path[64];
    char link[64];
    size_t count = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;
    while (folder != NULL && count < INODES_MAX && (entry = readdir(folder)) != NULL) {
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", (int)pid, entry->d_name);
        ssize_t length = readlink(path, link, sizeof(link) - 1);
        link[length > 0 ? length : 0] = '\0';
        if (strncmp(link, "socket:[", 8) == 0)
            inodes[count++] = strtoul(link + 8, NULL, 10);
    }
    if (folder != NULL)
        (void)closedir(folder);
    return count;
}

/* Returns the inode of a socket, from a line of /proc/net/tcp; 0: it does not listen. */
static unsigned long find_listening(const char *line)
{
    char copy[LINE_SIZE];
    (void)snprintf(copy, sizeof(copy), "%s", line);
    const char *state = find_field(copy, 3);
    if (state == NULL || strcmp(state, LISTENING) != 0)
        return 0;
    (void)snprintf(copy, sizeof(copy), "%s", line);
    const char *inode = find_field(copy, 9);
    return inode != NULL ? strtoul(inode, NULL, 10) : 0;
}

/* True if one of the sockets listens, by a table of the process's network namespace, which may have
 * many others. */
static bool is_listening(pid_t pid, const char *table, const unsigned long *inodes, size_t count)
{
    char line[LINE_SIZE];
    bool is = false;
    FILE *file = open_of(pid, table);
    while (file != NULL && !is && fgets(line, sizeof(line), file) != NULL) {
        unsigned long inode = find_listening(line);
        is = inode != 0 && has_inode(inodes, count, inode);
    }
    if (file != NULL)
        (void)fclose(file);
    return is;
}

static bool listens(pid_t pid)
{
    unsigned long inodes[INODES_MAX];
    size_t count = find_sockets(pid, inodes);
    return is_listening(pid, "net/tcp", inodes, count) ||
           is_listening(pid, "net/tcp6", inodes, count);
}

/* An sshd in a container, or with another root, reads the files there. If its root cannot be
 * examined, this takes it for one of this system. */
static bool has_our_files(pid_t pid)
{
    char path[64];
    struct stat theirs;
    struct stat ours;
    (void)snprintf(path, sizeof(path), "/proc/%d/root/etc/ssh", (int)pid);
    if (stat("/etc/ssh", &ours) != 0 || stat(path, &theirs) != 0)
        return errno != ENOENT;
    return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/* ---- its options ---- */

/* Reads the command line. Returns its length, or 0 if it is not known completely. */
static size_t read_command(pid_t pid, char *line, size_t size)
{
    FILE *file = open_of(pid, "cmdline");
    size_t length = file != NULL ? fread(line, 1, size - 1, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    line[length] = '\0';
    return length < size - 1 ? length : 0;
}

/* A listening sshd shows "sshd: PROGRAM OPTIONS [listener] ..." as one string, cut off if there is
 * no room for it. Splits the string into words. Returns their end, or NULL if it was cut off. */
static char *cut_title(char *line, char *end)
{
    char *mark = strstr(line, SHOWN);
    char *blank = strchr(line, ' ');
    if (mark == NULL)
        return blank != NULL && blank > line && blank[-1] == ':' ? NULL : end;
    *mark = '\0';
    for (char *at = blank; at < mark; at++)
        if (*at == ' ')
            *at = '\0';
    return mark;
}

static bool keep_word(struct listener *listener, const char *word)
{
    if (listener->option_count == LISTENER_OPTIONS)
        return false;
    listener->options[listener->option_count++] = word - listener->line;
    return true;
}

/* Returns the next word, or NULL. */
static char *next_word(char *word, const char *end)
{
    char *next = word + strlen(word) + 1;
    while (next < end && *next == '\0')
        next++;
    return next < end ? next : NULL;
}

/* True if the value of an -o can change which proofs sshd asks for; some distributions set its
 * algorithms with -o. */
static bool is_decisive(const char *value)
{
    static const char *const harmless[] = {"Ciphers",
                                           "MACs",
                                           "KexAlgorithms",
                                           "GSSAPIKexAlgorithms",
                                           "HostKey",
                                           "Port",
                                           "AddressFamily",
                                           "HostKeyAlgorithms",
                                           "ListenAddress",
                                           "LogLevel",
                                           "PidFile",
                                           "CASignatureAlgorithms",
                                           "SyslogFacility",
                                           "UseDNS",
                                           "PubkeyAcceptedKeyTypes",
                                           "PubkeyAcceptedAlgorithms"};
    size_t length = strcspn(value, "= \t");
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (strlen(harmless[i]) == length && strncasecmp(value, harmless[i], length) == 0)
            return false;
    return true;
}

/* Records one word of options, such as "-Def", and the value of its last option. In a title, blanks
 * within a value look like those between words, so such options are unknown. */
static bool take_options(struct listener *listener, char **word, const char *end, bool title)
{
    static const char with_value[] = "CEbcfghkopu";
    const char *at = *word + 1;
    bool good = keep_word(listener, *word);
    for (; *at != '\0' && strchr(with_value, *at) == NULL; at++)
        listener->never_listens = listener->never_listens || strchr("iRtTGV", *at) != NULL;
    if (*at == '\0')
        return good;
    listener->own_options = listener->own_options || strchr("fo", *at) != NULL;
    const char *value = at + 1;
    if (*value == '\0') {
        *word = next_word(*word, end);
        value = *word;
        good = good && value != NULL && keep_word(listener, value);
    }
    if (good &&
        ((*at == 'f' && strcmp(value, SSHD_CONFIG) != 0) || (*at == 'o' && is_decisive(value))))
        listener->own_config = true;
    return good && (*at != 'o' || !title || strchr(value, '=') != NULL);
}

/*
 * sshd takes only options as arguments. So a word that is no option belongs to a value with blanks.
 */
static bool read_options(struct listener *listener)
{
    size_t length = read_command(listener->pid, listener->line, sizeof(listener->line));
    bool title = strstr(listener->line, SHOWN) != NULL;
    char *end = length > 0 ? cut_title(listener->line, listener->line + length) : NULL;
    bool known = end != NULL;
    for (char *word = listener->line; known && word != NULL;
         word = word != NULL ? next_word(word, end) : NULL)
        known =
            *word == '-' ? take_options(listener, &word, end, title) : listener->option_count == 0;
    return known;
}

const char **listener_options(const struct listener *listener)
{
    const char **options = calloc(listener->option_count + 1, sizeof(*options));
    for (size_t i = 0; options != NULL && i < listener->option_count; i++)
        options[i] = listener->line + listener->options[i];
    return options;
}

/* ---- all listeners ---- */

static bool keep(struct listeners *listeners, const struct listener *listener)
{
    struct listener *more =
        reallocarray(listeners->at, listeners->count + 1, sizeof(*listeners->at));
    if (more == NULL)
        return false;
    listeners->at = more;
    listeners->at[listeners->count++] = *listener;
    return true;
}

/* An sshd that has just started, or executed itself at SIGHUP, still shows its plain command line,
 * and reads its configuration before it listens. With unknown options, it may be one. */
static bool is_starting(const struct listener *listener)
{
    return listener->line[0] != '\0' && !listener->never_listens &&
           strncmp(listener->line, "sshd: ", 6) != 0;
}

static bool look_at(struct listeners *listeners, pid_t pid, struct problem *problem)
{
    char program[LINE_SIZE];
    struct listener listener = {.pid = pid};
    if (!read_program(pid, program, sizeof(program)) && is_of_sshd(pid))
        return problem_set(problem, "/proc/%d/exe: %s", (int)pid, strerror(errno));
    /* A user's own sshd cannot use the module, which needs root. */
    if (!(is_sshd(program) || looks_like_sshd(pid)) || !is_of(pid, 0) || !has_our_files(pid))
        return true;
    listener.options_known = read_options(&listener);
    bool listening = listens(pid);
    if (!listening && !is_starting(&listener))
        return true;
    (void)snprintf(listener.program, sizeof(listener.program), "%.*s", (int)strcspn(program, " "),
                   program);
    if (!read_stat(&listener))
        return !listening || problem_set(problem, "/proc/%d/stat cannot be read", (int)pid);
    return keep(listeners, &listener) || problem_no_memory(problem);
}

typedef bool look_at_process(struct listeners *found, pid_t pid, struct problem *problem);

static bool each_process(struct listeners *found, look_at_process *look, struct problem *problem)
{
    bool good = true;
    *found = (struct listeners){0};
    DIR *folder = opendir("/proc");
    if (folder == NULL || access("/proc/self/stat", R_OK) != 0) {
        good = problem_set(problem, "/proc: %s", strerror(errno));
    } else {
        const struct dirent *entry = NULL;
        while (good && (entry = readdir(folder)) != NULL)
            if (isdigit((unsigned char)entry->d_name[0]))
                good = look(found, (pid_t)strtol(entry->d_name, NULL, 10), problem);
    }
    if (folder != NULL)
        (void)closedir(folder);
    return good;
}

bool listeners_find(struct listeners *listeners, struct problem *problem)
{
    return each_process(listeners, look_at, problem);
}

void listeners_free(struct listeners *listeners)
{
    free(listeners->at);
    *listeners = (struct listeners){0};
}

bool listener_runs(const struct listener *listener, const char *program)
{
    char *file = program != NULL ? realpath(program, NULL) : NULL;
    bool same = file != NULL && strcmp(file, listener->program) == 0;
    free(file);
    return same;
}

/* ---- the record ---- */

/* Appends a line; NULL stays NULL. */
static char *add_line(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static char *add_line(char *text, const char *format, ...)
{
    char line[LINE_SIZE];
    char *longer = NULL;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (text != NULL && asprintf(&longer, "%s%s\n", text, line) < 0)
        longer = NULL;
    free(text);
    return longer;
}

static char *add_file(char *text, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return text;
    return add_line(text, "file %s %" PRIuMAX " %" PRIdMAX ".%09ld", path, (uintmax_t)status.st_ino,
                    (intmax_t)status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

/* Describes the boot, since /run can outlast one, and the state of each file that sshd reads,
 * including those of its Include lines. The caller frees it; NULL with the problem. */
static char *describe_files(struct problem *problem)
{
    struct moment moment;
    struct sshd_files files;
    bool known = sshdfiles_read(&files, SSHD_CONFIG, NULL, problem) && moment_now(&moment, problem);
    char *text = known ? add_line(strdup(""), "boot %s", moment.boot) : NULL;
    for (size_t i = 0; known && i < files.path_count; i++)
        text = add_file(text, files.paths[i]);
    sshdfiles_free(&files);
    if (known && text == NULL)
        problem_no_memory(problem);
    return text;
}

/* The current time, in the clock and unit of process start times, rounded up. */
static unsigned long long now_in_ticks(void)
{
    struct timespec now = {0};
    unsigned long long ticks = (unsigned long long)sysconf(_SC_CLK_TCK);
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (unsigned long long)now.tv_sec * ticks +
           (unsigned long long)now.tv_nsec * ticks / 1000000000U + 1;
}

static bool write_record(const char *text, struct problem *problem)
{
    struct edit edit;
    if (!edit_begin(&edit, LISTENERS_RECORD, true, problem))
        return false;
    bool good = edit_commit(&edit, text, strlen(text), 0600, problem);
    edit_end(&edit);
    return good;
}

/* The files are recorded first. So a later change to them is noticed, and a process that starts
 * during this is recorded as one that has not read them. */
bool listeners_remember(struct problem *problem)
{
    struct listeners listeners;
    char *text = describe_files(problem);
    if (text == NULL)
        return false;
    bool good = listeners_find(&listeners, problem);
    for (size_t i = 0; i < listeners.count; i++)
        text = add_line(text, "sshd %d %llu %llu %llu", (int)listeners.at[i].pid,
                        listeners.at[i].start, listeners.at[i].code, listeners.at[i].stack);
    listeners_free(&listeners);
    text = add_line(text, "at %llu", now_in_ticks());
    if (text == NULL)
        return problem_no_memory(problem);
    good = good && write_record(text, problem);
    free(text);
    return good;
}

/* True if the record is of the files as they are. */
static bool is_of_these_files(const char *record)
{
    struct problem ignored = {0};
    char *files = describe_files(&ignored);
    size_t length = files != NULL ? strlen(files) : 0;
    bool is = files != NULL && strncmp(record, files, length) == 0 &&
              strncmp(record + length, "file ", 5) != 0;
    free(files);
    return is;
}

/* True if the process started, or executed itself, after the record was made. */
static bool has_read(const struct listener *listener, const char *record)
{
    unsigned long long at = ULLONG_MAX;
    char process[128];
    char whole[256];
    (void)snprintf(process, sizeof(process), "sshd %d %llu ", (int)listener->pid, listener->start);
    (void)snprintf(whole, sizeof(whole), "%s%llu %llu\n", process, listener->code, listener->stack);
    for (const char *line = record; line != NULL && *line != '\0';
         line = strchr(line, '\n'), line += line != NULL) {
        if (strncmp(line, process, strlen(process)) == 0)
            return strncmp(line, whole, strlen(whole)) != 0;
        if (strncmp(line, "at ", 3) == 0)
            at = strtoull(line + 3, NULL, 10);
    }
    return listener->start > at;
}

/* ---- without a record ---- */

#define SECOND INT64_C(1000000000)

static int64_t in_ns(const struct timespec *time)
{
    return time->tv_sec * SECOND + time->tv_nsec;
}

static int64_t later_change(int64_t last, const char *path)
{
    struct stat status;
    int64_t change = stat(path, &status) == 0 ? in_ns(&status.st_ctim) : 0;
    return change > last ? change : last;
}

/* The time when one of sshd's files was last changed or removed, which changes its folder.
 * INT64_MAX: unknown. */
static int64_t find_last_change(void)
{
    int64_t last = later_change(0, CONFIG_D);
    struct sshd_files files;
    struct problem ignored = {0};
    bool known = sshdfiles_read(&files, SSHD_CONFIG, NULL, &ignored);
    for (size_t i = 0; i < files.path_count; i++) {
        const char *path = files.paths[i];
        char folder[PATH_MAX];
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
        last = later_change(later_change(last, path), folder);
    }
    sshdfiles_free(&files);
    return known ? last : INT64_MAX;
}

/* The time when a process started; the kernel counts from the boot. */
static int64_t find_start(const struct listener *listener)
{
    struct timespec now = {0};
    struct timespec since_boot = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)clock_gettime(CLOCK_BOOTTIME, &since_boot);
    return in_ns(&now) - in_ns(&since_boot) +
           (int64_t)listener->start * (SECOND / sysconf(_SC_CLK_TCK));
}

/* The time when the process wrote sshd's PID file, as it also does after a reload; 0: the file has
 * another pid. */
static int64_t find_pid_file(pid_t pid)
{
    char line[32] = "";
    struct stat status = {0};
    FILE *file = fopen(LISTENERS_PID, "re");
    bool is = file != NULL && fgets(line, sizeof(line), file) != NULL &&
              strtol(line, NULL, 10) == pid && fstat(fileno(file), &status) == 0;
    if (file != NULL)
        (void)fclose(file);
    return is ? in_ns(&status.st_mtim) : 0;
}

/* Compares by the clock, which may have been set since: for messages only. Allows a second: file
 * times are coarse, and sshd writes the PID file after it has read its configuration. */
static bool came_later(const struct listener *listener, int64_t change)
{
    return find_start(listener) > change + SECOND || find_pid_file(listener->pid) > change + SECOND;
}

/* ---- which have read it ---- */

/* Finds the first that has not read it. */
static bool find_unread(const struct listeners *listeners, pid_t *pid, struct problem *problem)
{
    for (size_t i = 0; i < listeners->count; i++) {
        if (listeners->at[i].has_read)
            continue;
        *pid = listeners->at[i].pid;
        return problem_set(
            problem, "sshd (process %d) may not have read its configuration since the last change",
            (int)*pid);
    }
    return true;
}

/* record: of the current files; NULL: there is none. */
static bool examine(struct listeners *listeners, const char *record, struct problem *problem)
{
    int64_t change = find_last_change();
    bool good = listeners_find(listeners, problem);
    for (size_t i = 0; i < listeners->count; i++)
        listeners->at[i].has_read = record != NULL ? has_read(&listeners->at[i], record)
                                                   : came_later(&listeners->at[i], change);
    return good;
}

/* Returns the record of the current files, which the caller frees; NULL if there is none. */
static char *read_record(void)
{
    size_t length = 0;
    struct problem ignored = {0};
    char *record = file_read(LISTENERS_RECORD, FILE_SECRET, &length, &ignored);
    if (record != NULL && is_of_these_files(record))
        return record;
    free(record);
    return NULL;
}

/* Returns the record, and makes one if there is none. The caller frees it. */
static char *current_record(struct problem *problem)
{
    size_t length = 0;
    char *record = read_record();
    if (record != NULL || !listeners_remember(problem))
        return record;
    return file_read(LISTENERS_RECORD, FILE_SECRET, &length, problem);
}

bool listeners_have_read(pid_t *pid, struct problem *problem)
{
    struct listeners listeners = {0};
    *pid = 0;
    char *record = current_record(problem);
    bool good = record != NULL && examine(&listeners, record, problem) &&
                find_unread(&listeners, pid, problem);
    listeners_free(&listeners);
    free(record);
    return good;
}

bool listeners_examine(struct listeners *listeners, struct problem *problem)
{
    char *record = read_record();
    bool good = examine(listeners, record, problem);
    free(record);
    return good;
}

bool listeners_seem_read(pid_t *pid, struct problem *problem)
{
    struct listeners listeners;
    *pid = 0;
    bool good = listeners_examine(&listeners, problem) && find_unread(&listeners, pid, problem);
    listeners_free(&listeners);
    return good;
}

/* ---- logins in progress ---- */

/* True for a process of root's that has a connection, but no child for it yet: it starts one when
 * the client has sent its version, which can take all of LoginGraceTime. */
static bool has_just_accepted(struct listener *login)
{
    login->options_known = read_options(login);
    const char *title = strstr(login->line, ": ");
    return is_of(login->pid, 0) && (title != NULL ? strcmp(title, ": [accepted]") == 0
                                                  : login->options_known && login->never_listens);
}

/* Each connection is counted once, by its process of the user sshd, which ends when the login
 * succeeds. Its parent of root's may keep its title after that. */
static bool keep_login(struct listeners *logins, const struct listener *login)
{
    for (size_t i = 0; i < logins->count; i++)
        if (logins->at[i].parent == login->parent) {
            if (login->pid != login->parent)
                logins->at[i] = *login;
            return true;
        }
    return keep(logins, login);
}

/* Until a user is authenticated, a process of the user sshd serves the connection. Its root is
 * empty, so its parent's root tells which files it uses. */
static bool look_for_login(struct listeners *logins, pid_t pid, struct problem *problem)
{
    struct listener login = {.pid = pid};
    const struct passwd *user = getpwnam("sshd");
    if (!is_of_sshd(pid) || !read_stat(&login))
        return true;
    bool speaks = user != NULL && is_of(pid, user->pw_uid) && has_our_files(login.parent);
    if (!speaks && !(has_just_accepted(&login) && has_our_files(pid)))
        return true;
    if (!speaks)
        login.parent = pid; /* serves the connection itself */
    return keep_login(logins, &login) || problem_no_memory(problem);
}

static bool look_for_server(struct listeners *servers, pid_t pid, struct problem *problem)
{
    struct listener server = {.pid = pid};
    return !is_of_sshd(pid) || !is_of(pid, 0) || !has_our_files(pid) || !read_stat(&server) ||
           keep(servers, &server) || problem_no_memory(problem);
}

bool listeners_serve(void)
{
    struct listeners servers;
    struct problem ignored = {0};
    (void)each_process(&servers, look_for_server, &ignored);
    bool serve = servers.count > 0;
    listeners_free(&servers);
    return serve;
}

/* Returns one that has not ended yet, or NULL. */
static const struct listener *find_open(const struct listeners *logins)
{
    for (size_t i = 0; i < logins->count; i++) {
        struct listener now = {.pid = logins->at[i].pid};
        if (read_stat(&now) && now.start == logins->at[i].start)
            return &logins->at[i];
    }
    return NULL;
}

long listener_age(const struct listener *listener)
{
    unsigned long long now = now_in_ticks();
    unsigned long long ticks = (unsigned long long)sysconf(_SC_CLK_TCK);
    return now > listener->start ? (long)((now - listener->start) / ticks) : 0;
}

bool listeners_wait_for_logins(void (*tell)(const struct listeners *logins),
                               struct problem *problem)
{
    static const struct timespec pause = {.tv_nsec = 100000000};
    struct listeners logins;
    const struct listener *open = NULL;
    bool good = each_process(&logins, look_for_login, problem);
    if (good && logins.count > 0)
        tell(&logins);
    for (int i = 0; good && (open = find_open(&logins)) != NULL; i++) {
        if (i == LISTENERS_PATIENCE * 10)
            good = problem_set(problem,
                               "sshd (process %d): this login began before the reload and has not "
                               "ended yet; run this command again when it has",
                               (int)open->parent);
        else
            (void)nanosleep(&pause, NULL);
    }
    listeners_free(&logins);
    return good;
}
