/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sshd_files: see sshd_files.h.
 *
 * sshd cannot be asked about a file that is not in place, so it gets a copy: every line stays where
 * it is, and each Include line names the copies of the files that its patterns match, in sshd's
 * order. A file that cannot be read keeps its own path there, so that sshd reports the reason.
 */
#include <config.h>

#include "ctl/host/sshd_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 16    /* sshd's own limit */
#define LINES_MAX 65536 /* files that include each other grow without end */
#define SSH_DIR   "/etc/ssh/"
#define SPACE     " \t\r\n"

/* ---- lists of texts ---- */

static bool push(char ***list, size_t *count, const char *text)
{
    char **more = reallocarray(*list, *count + 2, sizeof(*more));
    if (more == NULL)
        return false;
    *list = more;
    more[*count] = strdup(text);
    more[*count + 1] = NULL;
    if (more[*count] == NULL)
        return false;
    ++*count;
    return true;
}

void sshdfiles_free_words(char **words)
{
    for (char **at = words; at != NULL && *at != NULL; at++)
        free(*at);
    free(words);
}

/* ---- lines ---- */

/* Reads one word as sshd's argv_split does. Returns the rest, or NULL for an open quote. */
static const char *take_word(const char *at, char *word)
{
    char quote = '\0';
    for (; *at != '\0' && (quote != '\0' || strchr(" \t", *at) == NULL); at++) {
        bool escaped = *at == '\\' && at[1] != '\0' &&
                       (strchr("'\"\\", at[1]) != NULL || (quote == '\0' && at[1] == ' '));
        if (escaped)
            *word++ = *++at;
        else if (quote == '\0' && (*at == '"' || *at == '\''))
            quote = *at;
        else if (quote != '\0' && *at == quote)
            quote = '\0';
        else
            *word++ = *at;
    }
    *word = '\0';
    return quote == '\0' ? at : NULL;
}

char **sshdfiles_words(const char *rest)
{
    size_t count = 0;
    char *word = malloc(strlen(rest) + 1);
    char **words = calloc(1, sizeof(*words));
    bool good = word != NULL && words != NULL;
    while (good && *(rest += strspn(rest, " \t")) != '\0' && *rest != '#') {
        rest = take_word(rest, word);
        good = rest != NULL && push(&words, &count, word);
    }
    free(word);
    if (good)
        return words;
    sshdfiles_free_words(words);
    return NULL;
}

/* Splits "KEYWORD ARGUMENTS", "KEYWORD=ARGUMENTS" and "KEYWORD" in quotes. Returns false if the
 * line is empty. The texts point into the line. */
static bool split_line(char *line, char **keyword, char **rest)
{
    size_t length = strlen(line);
    while (length > 0 && strchr(SPACE "\f", line[length - 1]) != NULL)
        line[--length] = '\0';
    line += strspn(line, SPACE);
    if (*line == '\0' || *line == '#')
        return false;
    bool quoted = *line == '"';
    *keyword = line + quoted;
    line = *keyword + strcspn(*keyword, quoted ? "\"" : SPACE "=\"");
    bool equals = *line == '=';
    bool quote = *line == '"' && !quoted;
    if (*line != '\0' && !quote)
        *line++ = '\0';
    line += strspn(line, SPACE);
    if (*line == '=' && !equals) {
        line++;
        line += strspn(line, SPACE);
    }
    *rest = line;
    return true;
}

bool sshdfiles_is(const struct sshd_line *line, const char *keyword)
{
    static const char *const older[][2] = {
        {"ChallengeResponseAuthentication", "KbdInteractiveAuthentication"},
        {"SkeyAuthentication", "KbdInteractiveAuthentication"},
        {"DSAAuthentication", "PubkeyAuthentication"},
    };
    if (strcasecmp(line->keyword, keyword) == 0)
        return true;
    for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++)
        if (strcasecmp(line->keyword, older[i][0]) == 0 && strcasecmp(keyword, older[i][1]) == 0)
            return true;
    return false;
}

bool sshd_decides(const struct sshd_line *line)
{
    static const char *const words[] = {"AuthenticationMethods",  "KbdInteractiveAuthentication",
                                        "PasswordAuthentication", "PubkeyAuthentication",
                                        "PermitRootLogin",        "HostbasedAuthentication",
                                        "GSSAPIAuthentication",   "PAMServiceName",
                                        "PermitEmptyPasswords"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (sshdfiles_is(line, words[i]))
            return true;
    return false;
}

/* ---- files ---- */

/* True if two paths name entries of one folder, in any spelling. */
static bool is_same_folder(const char *one, const char *other)
{
    const char *const paths[] = {one, other};
    char *real[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++) {
        const char *slash = strrchr(paths[i], '/');
        char *folder = slash != NULL ? strndup(paths[i], (size_t)(slash - paths[i]) + 1) : NULL;
        real[i] = folder != NULL ? realpath(folder, NULL) : NULL;
        free(folder);
    }
    bool same = real[0] != NULL && real[1] != NULL && strcmp(real[0], real[1]) == 0;
    free(real[0]);
    free(real[1]);
    return same;
}

bool sshdfiles_is_planned(const struct sshd_plan *plan, const char *path)
{
    if (plan == NULL)
        return false;
    const char *planned = strrchr(plan->path, '/');
    const char *name = strrchr(path, '/');
    return strcmp(plan->path, path) == 0 ||
           (planned != NULL && name != NULL && strcmp(planned, name) == 0 &&
            is_same_folder(plan->path, path));
}

/*
 * Returns the planned file's path as a pattern matches it, which the caller frees; NULL: no match.
 */
static char *match_planned(const char *pattern, const struct sshd_plan *plan)
{
    char *path = NULL;
    if (plan == NULL || plan->text == NULL)
        return NULL;
    if (fnmatch(pattern, plan->path, FNM_PATHNAME | FNM_PERIOD) == 0)
        return strdup(plan->path);
    const char *name = strrchr(plan->path, '/');
    const char *last = strrchr(pattern, '/');
    if (name != NULL && last != NULL && fnmatch(last, name, FNM_PATHNAME | FNM_PERIOD) == 0 &&
        is_same_folder(pattern, plan->path) &&
        asprintf(&path, "%.*s%s", (int)(last - pattern), pattern, name) >= 0)
        return path;
    return NULL;
}

/* A file that is planned to be absent is not opened, as if it were missing. */
static FILE *open_file(const char *path, const struct sshd_plan *plan)
{
    if (!sshdfiles_is_planned(plan, path))
        return fopen(path, "re");
    errno = ENOENT;
    return plan->text != NULL ? fmemopen((char *)plan->text, strlen(plan->text), "r") : NULL;
}

static int by_bytes(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Finds the files that a pattern of an Include line matches, in sshd's order. Returns false if sshd
 * would refuse it, or without memory. */
static bool expand(const char *pattern, const struct sshd_plan *plan, char ***paths, size_t *count)
{
    size_t first = *count;
    char *absolute = NULL;
    glob_t found = {0};
    bool good =
        asprintf(&absolute, "%s%s", strchr("/~", *pattern) != NULL ? "" : SSH_DIR, pattern) >= 0;
    if (!good)
        return false;
    int result = *pattern == '\0' ? GLOB_ABORTED : glob(absolute, GLOB_NOSORT, NULL, &found);
    good = result == 0 || result == GLOB_NOMATCH;
    for (size_t i = 0; good && result == 0 && i < found.gl_pathc; i++)
        if (!sshdfiles_is_planned(plan, found.gl_pathv[i]))
            good = push(paths, count, found.gl_pathv[i]);
    char *planned = good ? match_planned(absolute, plan) : NULL;
    if (planned != NULL)
        good = push(paths, count, planned);
    free(planned);
    if (*count > first)
        qsort(*paths + first, *count - first, sizeof(**paths), by_bytes);
    globfree(&found);
    free(absolute);
    return good;
}

/* Returns all files of an Include line; the list ends with NULL. NULL: sshd would refuse it. */
static char **find_included(const char *rest, const struct sshd_plan *plan)
{
    size_t count = 0;
    char **patterns = sshdfiles_words(rest);
    char **paths = calloc(1, sizeof(*paths));
    bool good = patterns != NULL && *patterns != NULL && paths != NULL;
    for (char **at = patterns; good && *at != NULL; at++)
        good = expand(*at, plan, &paths, &count);
    sshdfiles_free_words(patterns);
    if (good)
        return paths;
    sshdfiles_free_words(paths);
    return NULL;
}

/* ---- reading ---- */

struct reading {
    struct sshd_files *files;
    const struct sshd_plan *plan;
    bool endless; /* too deep, or too many lines */
    bool no_memory;
};

static const char *keep_path(struct reading *reading, const char *path)
{
    struct sshd_files *files = reading->files;
    for (size_t i = 0; i < files->path_count; i++)
        if (strcmp(files->paths[i], path) == 0)
            return files->paths[i];
    if (push(&files->paths, &files->path_count, path))
        return files->paths[files->path_count - 1];
    reading->no_memory = true;
    return NULL;
}

static bool add_line(struct reading *reading, struct sshd_line line)
{
    struct sshd_files *files = reading->files;
    struct sshd_line *more = reallocarray(files->lines, files->count + 1, sizeof(*more));
    if (more != NULL)
        files->lines = more;
    line.keyword = strdup(line.keyword);
    line.rest = strdup(line.rest);
    if (more == NULL || line.keyword == NULL || line.rest == NULL) {
        free(line.keyword);
        free(line.rest);
        reading->no_memory = true;
        return false;
    }
    more[files->count++] = line;
    reading->endless = reading->endless || files->count >= LINES_MAX;
    return !reading->endless;
}

static void read_file(struct reading *reading, const char *path, size_t block, int depth);

/* NOLINTBEGIN(misc-no-recursion): it ends at DEPTH_MAX */

static void read_included(struct reading *reading, const char *rest, size_t block, int depth)
{
    char **paths = find_included(rest, reading->plan);
    for (char **at = paths; at != NULL && *at != NULL; at++)
        read_file(reading, *at, block, depth + 1);
    sshdfiles_free_words(paths);
}

/* A Match block ends with the file that it began in. */
static void read_lines(struct reading *reading, FILE *file, const char *path, size_t outer,
                       int depth)
{
    struct sshd_line line = {.file = path, .block = outer};
    char *text = NULL;
    size_t size = 0;
    while (!reading->endless && !reading->no_memory && getline(&text, &size, file) >= 0) {
        size_t block = line.block;
        line.number++;
        if (!split_line(text, &line.keyword, &line.rest))
            continue;
        bool match = strcasecmp(line.keyword, "Match") == 0;
        line.block = match ? outer : block;
        if (!add_line(reading, line))
            break;
        line.block = match ? reading->files->count - 1 : block;
        if (strcasecmp(line.keyword, "Include") == 0)
            read_included(reading, line.rest, block, depth);
    }
    free(text);
}

static void read_file(struct reading *reading, const char *path, size_t block, int depth)
{
    if (reading->endless || reading->no_memory)
        return;
    reading->endless = depth >= DEPTH_MAX;
    const char *kept = keep_path(reading, path);
    FILE *file = reading->endless || kept == NULL ? NULL : open_file(path, reading->plan);
    if (file == NULL)
        return;
    read_lines(reading, file, kept, block, depth);
    (void)fclose(file);
}

/* NOLINTEND(misc-no-recursion) */

bool sshdfiles_read(struct sshd_files *files, const char *config, const struct sshd_plan *plan,
                    struct problem *problem)
{
    struct reading reading = {.files = files, .plan = plan};
    *files = (struct sshd_files){0};
    /* The paths stay in place while lines point to them: only the list moves. */
    read_file(&reading, config, SSHD_NO_BLOCK, 0);
    if (reading.no_memory)
        return problem_no_memory(problem);
    if (reading.endless)
        return problem_set(problem, "%s: its Include lines are nested too deeply", config);
    return true;
}

void sshdfiles_free(struct sshd_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->lines[i].keyword);
        free(files->lines[i].rest);
    }
    free(files->lines);
    sshdfiles_free_words(files->paths);
    *files = (struct sshd_files){0};
}

bool sshdfiles_is_under(const struct sshd_files *files, size_t line, size_t block)
{
    size_t at = files->lines[line].block;
    while (at != SSHD_NO_BLOCK && at != block)
        at = files->lines[at].block;
    return at == block;
}

/* ---- the copy ---- */

static bool make_folder(struct sshd_mirror *mirror, struct problem *problem)
{
    static const char *const parents[] = {"/run", P_tmpdir};
    for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        (void)snprintf(mirror->folder, sizeof(mirror->folder), "%s/swmfactl.XXXXXX", parents[i]);
        if (mkdtemp(mirror->folder) != NULL)
            return true;
    }
    int error = errno;
    mirror->folder[0] = '\0';
    return problem_set(problem, "%s: swmfactl cannot make a folder there: %s", P_tmpdir,
                       strerror(error));
}

/* Returns the number of the copy of a file, which is made later if it is new; -1 without memory. */
static long find_copy(struct sshd_mirror *mirror, const char *path)
{
    for (size_t i = 0; i < mirror->count; i++)
        if (strcmp(mirror->paths[i], path) == 0)
            return (long)i;
    return push(&mirror->paths, &mirror->count, path) ? (long)mirror->count - 1 : -1;
}

static bool can_read(const char *path, const struct sshd_plan *plan)
{
    struct stat status;
    return sshdfiles_is_planned(plan, path) ||
           (access(path, R_OK) == 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode));
}

static bool write_include(struct sshd_mirror *mirror, char *const *paths,
                          const struct sshd_plan *plan, FILE *to)
{
    (void)fprintf(to, "Include");
    if (*paths == NULL)
        (void)fprintf(to, " %s/none", mirror->folder);
    for (; *paths != NULL; paths++) {
        long copy = can_read(*paths, plan) ? find_copy(mirror, *paths) : -1;
        if (copy >= 0)
            (void)fprintf(to, " %s/%ld", mirror->folder, copy);
        else
            (void)fprintf(to, " \"%s\"", *paths);
    }
    return fputc('\n', to) != EOF;
}

static bool copy_line(struct sshd_mirror *mirror, const char *line, const struct sshd_plan *plan,
                      FILE *to)
{
    char *keyword = NULL;
    char *rest = NULL;
    char *copy = strdup(line);
    if (copy == NULL)
        return false;
    bool include = split_line(copy, &keyword, &rest) && strcasecmp(keyword, "Include") == 0;
    char **paths = include ? find_included(rest, plan) : NULL;
    bool good = paths != NULL ? write_include(mirror, paths, plan, to) : fputs(line, to) != EOF;
    sshdfiles_free_words(paths);
    free(copy);
    return good;
}

static FILE *create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL && fd >= 0)
        (void)close(fd);
    return file;
}

static bool copy_file(struct sshd_mirror *mirror, size_t number, const struct sshd_plan *plan)
{
    char path[96];
    char *line = NULL;
    size_t size = 0;
    (void)snprintf(path, sizeof(path), "%s/%zu", mirror->folder, number);
    FILE *from = open_file(mirror->paths[number], plan);
    FILE *to = from != NULL ? create(path) : NULL;
    bool good = to != NULL;
    while (good && getline(&line, &size, from) >= 0)
        good = copy_line(mirror, line, plan, to);
    free(line);
    if (from != NULL)
        (void)fclose(from);
    return to != NULL && fclose(to) == 0 && good;
}

bool sshdmirror_make(struct sshd_mirror *mirror, const char *config, const struct sshd_plan *plan,
                     struct problem *problem)
{
    *mirror = (struct sshd_mirror){0};
    if (!make_folder(mirror, problem))
        return false;
    (void)snprintf(mirror->config, sizeof(mirror->config), "%s/0", mirror->folder);
    if (find_copy(mirror, config) < 0)
        return problem_no_memory(problem);
    for (size_t i = 0; i < mirror->count; i++)
        if (!copy_file(mirror, i, plan))
            return problem_set(problem, "%s: cannot be copied to %s: %s", mirror->paths[i],
                               mirror->folder, strerror(errno));
    return true;
}

void sshdmirror_remove(struct sshd_mirror *mirror)
{
    char path[96];
    for (size_t i = 0; i < mirror->count; i++) {
        (void)snprintf(path, sizeof(path), "%s/%zu", mirror->folder, i);
        (void)unlink(path);
    }
    if (mirror->folder[0] != '\0')
        (void)rmdir(mirror->folder);
    sshdfiles_free_words(mirror->paths);
    *mirror = (struct sshd_mirror){0};
}

/* Finds the file whose copy's path begins a text, and the length of that path. */
static const char *find_real(const struct sshd_mirror *mirror, const char *text, size_t *length)
{
    char *end = NULL;
    size_t folder = strlen(mirror->folder);
    if (folder == 0 || strncmp(text, mirror->folder, folder) != 0 || text[folder] != '/')
        return NULL;
    unsigned long number = strtoul(text + folder + 1, &end, 10);
    *length = (size_t)(end - text);
    return end > text + folder + 1 && number < mirror->count ? mirror->paths[number] : NULL;
}

/* Turns " line 3" and ": line 3" into ":3". */
static size_t take_number(const char *text, char *number, size_t size)
{
    size_t at = text[0] == ':';
    number[0] = '\0';
    if (strncmp(text + at, " line ", 6) != 0)
        return 0;
    size_t digits = strspn(text + at + 6, "0123456789");
    (void)snprintf(number, size, ":%.*s", (int)digits, text + at + 6);
    return digits > 0 ? at + 6 + digits : 0;
}

char *sshdmirror_real(const struct sshd_mirror *mirror, const char *said, char *buffer, size_t size)
{
    size_t used = 0;
    while (*said != '\0' && used + 1 < size) {
        size_t length = 0;
        char number[16] = "";
        const char *real = find_real(mirror, said, &length);
        if (real == NULL) {
            buffer[used++] = *said++;
            continue;
        }
        said += length;
        length = take_number(said, number, sizeof(number));
        said += length;
        int wrote = snprintf(buffer + used, size - used, "%s%s%s", real, length > 0 ? number : "",
                             length > 0 && *said != ':' ? ":" : "");
        used += wrote > 0 ? (size_t)wrote : 0;
        used = used < size ? used : size - 1;
    }
    buffer[used] = '\0';
    return buffer;
}
