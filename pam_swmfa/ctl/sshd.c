/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd: see sshd.h. */
#include <config.h>

#include "ctl/sshd.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX   ((size_t)256 * 1024)
#define INCLUDES_MAX 16 /* as deep as sshd goes */

/* ---- running sshd ---- */

static const char *find_program(void)
{
    static const char *const paths[] = {"/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

/* All that was written into a file in memory, with a NUL behind it; the caller's to free. */
static char *read_back(int fd)
{
    char *text = calloc(1, OUTPUT_MAX + 1);
    ssize_t got = text != NULL ? pread(fd, text, OUTPUT_MAX, 0) : -1;
    if (got >= 0)
        return text;
    free(text);
    return NULL;
}

static int spawn(const char *program, char *const *arguments, int out, int err, pid_t *pid)
{
    char *const no_environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    if (error == 0)
        error = posix_spawn(pid, program, &actions, NULL, arguments, no_environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Runs it with the arguments. Returns what it printed to standard output and to standard error, the
 * caller's to free, and its exit status, or -1. */
static int run(const char *program, char *const *arguments, char **printed, char **said)
{
    int status = -1;
    pid_t pid = 0;
    int out = memfd_create("sshd-out", MFD_CLOEXEC);
    int err = memfd_create("sshd-err", MFD_CLOEXEC);
    if (out >= 0 && err >= 0 && spawn(program, arguments, out, err, &pid) == 0 &&
        waitpid(pid, &status, 0) == pid)
        status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    *printed = out >= 0 ? read_back(out) : NULL;
    *said = err >= 0 ? read_back(err) : NULL;
    if (out >= 0)
        (void)close(out);
    if (err >= 0)
        (void)close(err);
    return *printed != NULL && *said != NULL ? status : -1;
}

static void take_version(struct sshd *sshd, const char *said)
{
    const char *at = strstr(said, "OpenSSH_");
    if (at == NULL)
        return;
    char *end = NULL;
    long major = strtol(at + strlen("OpenSSH_"), &end, 10);
    long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    if (major > 0 && major < 1000 && minor >= 0 && minor < 1000) {
        sshd->major = (int)major;
        sshd->minor = (int)minor;
    }
}

/* Versions without -V say their version as well, beside the usage. */
static void ask_version(struct sshd *sshd, const char *program)
{
    char name[] = "sshd";
    char option[] = "-V";
    char *const arguments[] = {name, option, NULL};
    char *printed = NULL;
    char *said = NULL;
    if (run(program, arguments, &printed, &said) >= 0) {
        take_version(sshd, said);
        take_version(sshd, printed);
    }
    free(printed);
    free(said);
}

static bool ask(struct sshd *sshd, const char *program, const char *option, const char *connection,
                struct problem *problem)
{
    char name[] = "sshd";
    char how[] = "-C";
    char *printed = NULL;
    char *said = NULL;
    char *first = strdup(option);
    char *third = connection != NULL ? strdup(connection) : NULL;
    char *const arguments[] = {name, first, third != NULL ? how : NULL, third, NULL};
    int status = first != NULL ? run(program, arguments, &printed, &said) : -1;
    bool good = status == 0 && *printed != '\0';
    if (good) {
        free(sshd->text);
        sshd->text = printed;
        printed = NULL;
    } else {
        char *end = said != NULL ? said + strcspn(said, "\r\n") : NULL;
        (void)problem_set(problem, "%s %s: %.*s", program, option,
                          end != NULL ? (int)(end - said) : 0, said != NULL ? said : "");
    }
    free(printed);
    free(said);
    free(first);
    free(third);
    return good;
}

/* -G needs neither keys of the host nor /run/sshd, but is not in all versions. */
bool sshd_ask(struct sshd *sshd, const char *connection, struct problem *problem)
{
    struct problem ignored = {0};
    const char *program = find_program();
    *sshd = (struct sshd){.text = strdup(""),
                          .installed = program != NULL,
                          .matched = connection != NULL};
    if (program == NULL)
        return problem_set(problem, "there is no sshd on this system");
    if (sshd->text == NULL)
        return problem_set(problem, "no memory");
    ask_version(sshd, program);
    return ask(sshd, program, "-T", connection, problem) ||
           ask(sshd, program, "-G", connection, &ignored);
}

void sshd_free(struct sshd *sshd)
{
    free(sshd->text);
    *sshd = (struct sshd){0};
}

/* ---- its answer ---- */

char *sshd_value(const struct sshd *sshd, const char *keyword, char *buffer, size_t size)
{
    size_t length = strlen(keyword);
    size_t used = 0;
    buffer[0] = '\0';
    for (const char *line = sshd->text; *line != '\0';
         line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, keyword, length) != 0 || line[length] != ' ')
            continue;
        const char *value = line + length + 1;
        int wanted = snprintf(buffer + used, size - used, "%s%.*s", used > 0 ? " " : "",
                              (int)strcspn(value, "\n"), value);
        used += wanted > 0 ? (size_t)wanted : 0;
        if (used >= size)
            break;
    }
    return buffer;
}

bool sshd_says(const struct sshd *sshd, const char *keyword, const char *value)
{
    char buffer[256];
    return strcmp(sshd_value(sshd, keyword, buffer, sizeof(buffer)), value) == 0;
}

/* ---- its files ---- */

/* What is looked for, and what was found. */
struct hunt {
    const char *keyword; /* outside of Match blocks; NULL: a Match block, see decides */
    size_t skip;         /* so many that were found before */
    bool found;
    bool in_match;
    char *where;
    size_t where_size;
    char *line;
    size_t line_size;
};

static bool is_word(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncasecmp(line, word, length) == 0 && strchr(" \t=\"\n", line[length]) != NULL;
}

/* Whether a line sets what decides who is asked. */
static bool decides(const char *line)
{
    static const char *const words[] = {
        "AuthenticationMethods",   "KbdInteractiveAuthentication",
        "PasswordAuthentication",  "PubkeyAuthentication",
        "PermitRootLogin",         "ChallengeResponseAuthentication",
        "HostbasedAuthentication", "GSSAPIAuthentication"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_word(line, words[i]))
            return true;
    return false;
}

static bool search_file(struct hunt *hunt, const char *path, int depth);

/* NOLINTBEGIN(misc-no-recursion): it ends at INCLUDES_MAX */

/* "Include PATTERN...": the files in the order of their names; within a Match block conditional as
 * well. */
static bool search_includes(struct hunt *hunt, const char *rest, int depth)
{
    char pattern[4096];
    while (*(rest += strspn(rest, " \t=\"\n")) != '\0' && !hunt->found) {
        size_t length = strcspn(rest, " \t\"\n");
        glob_t files = {0};
        (void)snprintf(pattern, sizeof(pattern), "%s%.*s", *rest == '/' ? "" : "/etc/ssh/",
                       (int)length, rest);
        if (glob(pattern, 0, NULL, &files) == 0)
            for (size_t i = 0; i < files.gl_pathc && !hunt->found; i++)
                (void)search_file(hunt, files.gl_pathv[i], depth + 1);
        globfree(&files);
        rest += length;
    }
    return hunt->found;
}

static bool matches(struct hunt *hunt, const char *line)
{
    bool good = hunt->keyword != NULL ? !hunt->in_match && is_word(line, hunt->keyword)
                                      : hunt->in_match && decides(line);
    if (good && hunt->skip > 0) {
        hunt->skip--;
        return false;
    }
    return good;
}

static void take(struct hunt *hunt, const char *path, unsigned number, const char *line)
{
    hunt->found = true;
    (void)snprintf(hunt->where, hunt->where_size, "%s:%u", path, number);
    if (hunt->line != NULL)
        (void)snprintf(hunt->line, hunt->line_size, "%.*s", (int)strcspn(line, "\n"), line);
}

static void search_line(struct hunt *hunt, const char *path, unsigned number, const char *line,
                        int depth)
{
    if (is_word(line, "Match"))
        hunt->in_match = true;
    else if (is_word(line, "Include"))
        (void)search_includes(hunt, line + strlen("Include"), depth);
    else if (matches(hunt, line))
        take(hunt, path, number, line);
}

/* A Match block ends with the file that it began in. */
static bool search_file(struct hunt *hunt, const char *path, int depth)
{
    char *line = NULL;
    size_t size = 0;
    bool in_match = hunt->in_match;
    FILE *file = depth < INCLUDES_MAX ? fopen(path, "re") : NULL;
    if (file == NULL)
        return false;
    for (unsigned number = 1; !hunt->found && getline(&line, &size, file) >= 0; number++)
        search_line(hunt, path, number, line + strspn(line, " \t"), depth);
    free(line);
    (void)fclose(file);
    hunt->in_match = in_match;
    return hunt->found;
}

/* NOLINTEND(misc-no-recursion) */

char *sshd_find(const char *keyword, char *buffer, size_t size)
{
    struct hunt hunt = {.keyword = keyword, .where = buffer, .where_size = size};
    if (!search_file(&hunt, SSHD_CONFIG, 0))
        (void)snprintf(buffer, size, "%s", SSHD_CONFIG);
    return buffer;
}

bool sshd_find_match(size_t number, char *where, size_t where_size, char *line, size_t line_size)
{
    struct hunt hunt = {.skip = number,
                        .where = where,
                        .where_size = where_size,
                        .line = line,
                        .line_size = line_size};
    return search_file(&hunt, SSHD_CONFIG, 0);
}

/* Each of the lists is a way in. */
bool sshd_spares(const char *line)
{
    static const char keyword[] = "AuthenticationMethods";
    static const char wanted[] = "keyboard-interactive";
    if (!is_word(line, keyword))
        return false;
    for (const char *at = line + strlen(keyword); *(at += strspn(at, " \t=\"")) != '\0';) {
        size_t length = strcspn(at, " \t\"");
        if (*at == '#')
            break;
        if (memmem(at, length, wanted, strlen(wanted)) == NULL)
            return true;
        at += length;
    }
    return false;
}
