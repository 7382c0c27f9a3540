/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * users: see users.h.
 *
 * The file is mapped and searched line by line in place: a million users must take only
 * milliseconds. If it is truncated during that, the kernel ends the helper with SIGBUS, which is a
 * denial. If it is changed, a name that was not found is not taken for an absent one.
 */
#include <config.h>

#include "config/file.h"
#include "config/users.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_LENGTH 1024 /* longer than any good line */

const char users_line_cr[] = "carriage return: save the file with Unix line endings";
const char users_map_cr[] = "has a carriage return: save the file with Unix line endings";
const char users_map_utf16[] = "is UTF-16: save it as UTF-8";

static const char line_mark[] = "a byte order mark precedes the name: remove it";

#define MARK "\xef\xbb\xbf" /* a byte order mark, as editors on Windows write it */

static bool has_mark(const char *at, const char *end)
{
    return (size_t)(end - at) >= sizeof(MARK) - 1 && memcmp(at, MARK, sizeof(MARK) - 1) == 0;
}

size_t users_mark_length(const char *text, size_t size)
{
    return has_mark(text, text + size) ? sizeof(MARK) - 1 : 0;
}

static inline bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the next field of a line; length 0 at the line's end or at a comment. */
static const char *next_field(const char **at, const char *end, size_t *length)
{
    while (*at < end && blank(**at))
        ++*at;
    const char *field = *at;
    if (*at < end && **at == '#')
        *at = end;
    else
        while (*at < end && !blank(**at))
            ++*at;
    *length = field < end && *field == '#' ? 0 : (size_t)(*at - field);
    return field;
}

/* The fields after a user's name in a line. */
enum line_kind {
    LINE_GOOD,
    LINE_OTHER_KEY, /* it is for a key that was not used */
    LINE_WRONG,
};

static bool is_key(const char *field, size_t length)
{
    const size_t prefix = sizeof(SSHKEY_PREFIX) - 1;
    return length >= prefix && memcmp(field, SSHKEY_PREFIX, prefix) == 0;
}

/* keys: NULL: each key is. */
static bool is_used(const struct sshkeys *keys, const char *field, size_t length)
{
    if (keys == NULL)
        return true;
    for (size_t i = 0; i < keys->count; i++)
        if (strlen(keys->fingerprint[i]) == length &&
            memcmp(keys->fingerprint[i], field, length) == 0)
            return true;
    return false;
}

/* Reads number and channels; field is the first of them. Returns what is wrong, or NULL. */
static const char *read_phone(struct phone *phone, const char *field, size_t length, const char *at,
                              const char *end)
{
    memset(phone, 0, sizeof(*phone));
    const char *wrong = phone_number_wrong(field, length);
    if (wrong != NULL)
        return wrong;
    memcpy(phone->number, field, length);

    field = next_field(&at, end, &length);
    if (length > 0 && !phone_read_channels(phone, field, length))
        return "expected sms, call, or both separated by a comma after the number";
    (void)next_field(&at, end, &length);
    return length > 0 ? "expected only a # comment after the channels" : NULL;
}

/* Reads the fields after the user's name; whole: a newline follows. */
static enum line_kind read_line(struct phone *phone, const struct sshkeys *keys, const char *at,
                                const char *end, bool whole, const char **wrong)
{
    size_t length = 0;
    *wrong = NULL;
    if (!whole)
        *wrong = "the file ends within this line and a number may be cut off: add a newline";
    else if (end - at > LINE_MAX_LENGTH)
        *wrong = "the line is too long";
    else if (memchr(at, '\r', (size_t)(end - at)) != NULL)
        *wrong = users_line_cr;
    if (*wrong != NULL)
        return LINE_WRONG;

    const char *key = NULL;
    const char *field = next_field(&at, end, &length);
    if (is_key(field, length)) {
        if (!sshkey_is_fingerprint(field, length)) {
            *wrong = "expected " SSHKEY_PREFIX " and the 43 characters that ssh-keygen -l shows";
            return LINE_WRONG;
        }
        if (!is_used(keys, field, length))
            return LINE_OTHER_KEY;
        key = field;
        field = next_field(&at, end, &length);
    }
    *wrong = read_phone(phone, field, length, at, end);
    if (key != NULL)
        memcpy(phone->key, key, SSHKEY_FINGERPRINT_SIZE - 1);
    return *wrong == NULL ? LINE_GOOD : LINE_WRONG;
}

/* The positions of the fields after the name. */
static void find_fields(struct users_line *line, const char *at, const char *end)
{
    size_t length = 0;
    const char *field = next_field(&at, end, &length);
    if (is_key(field, length)) {
        line->key = field;
        line->key_length = length;
        field = next_field(&at, end, &length);
    }
    line->number = field;
    line->number_length = length;
    if (length > 0)
        field = next_field(&at, end, &length);
    line->channels = field;
    line->channels_length = length;
    while (length > 0)
        field = next_field(&at, end, &length);
    line->comment = field;
}

void users_read_line(const char *at, const char *end, bool whole, struct users_line *line)
{
    size_t length = 0;
    bool mark = has_mark(at, end);
    *line = (struct users_line){0};
    if (mark)
        at += sizeof(MARK) - 1;
    const char *user = next_field(&at, end, &length);
    const char *stop = length > 0 ? memchr(user, '\r', length) : NULL;
    if (stop != NULL) { /* in the form of match_name */
        length = (size_t)(stop - user);
        at = stop;
    }
    if (length == 0)
        return;
    line->user = user;
    line->user_length = length;
    find_fields(line, at, end);
    (void)read_line(&line->phone, NULL, at, end, whole, &line->wrong);
    if (mark)
        line->wrong = line_mark;
}

/* Returns the end of the user's name in this line, if it is the line's first field; or NULL. */
static const char *match_name(const char *line, const char *end, const char *user, size_t length)
{
    if (has_mark(line, end))
        line += sizeof(MARK) - 1;
    while (line < end && blank(*line))
        line++;
    if ((size_t)(end - line) < length || memcmp(line, user, length) != 0)
        return NULL;
    line += length;
    return line == end || blank(*line) || *line == '\r' ? line : NULL;
}

/* The target of the search, and where it ended. */
struct search {
    const char *user;
    const struct sshkeys *keys;
    struct phone *phone;
    unsigned long line; /* the number of the last line that was looked at */
    const char *wrong;
};

static enum users_result look_through(struct search *search, const char *text, size_t size)
{
    const char *end = text + size;
    size_t length = strlen(search->user);
    const char *newline = NULL;
    enum users_result result = USERS_ABSENT;
    for (const char *at = text + users_mark_length(text, size); at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end;
        search->line++;
        if (*at == *search->user || blank(*at) || *at == *MARK) { /* most lines are none of them */
            const char *after = match_name(at, stop, search->user, length);
            enum line_kind kind = LINE_OTHER_KEY;
            if (after != NULL) {
                kind = read_line(search->phone, search->keys, after, stop, newline != NULL,
                                 &search->wrong);
                result = USERS_OTHER_KEYS;
                if (has_mark(at, stop)) {
                    search->wrong = line_mark;
                    kind = LINE_WRONG;
                }
            }
            if (kind != LINE_OTHER_KEY)
                return kind == LINE_GOOD ? USERS_FOUND : USERS_BAD_LINE;
        }
        if (newline == NULL)
            break;
    }
    return result;
}

enum users_result users_search(const char *text, size_t size, const char *user,
                               const struct sshkeys *keys, struct phone *phone, unsigned long *line)
{
    struct search what = {.user = user, .keys = keys, .phone = phone};
    enum users_result result =
        users_name_valid(user) ? look_through(&what, text, size) : USERS_ABSENT;
    *line = what.line;
    return result;
}

/* The reason why a map is doubtful, and its place. */
static const char *find_doubt(const char *text, size_t size, const char **at)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *doubt;
    } signs[] = {
        {"", 1, "has a NUL byte"},
        {"\r", 1, users_map_cr},
        {MARK, sizeof(MARK) - 1, "has a byte order mark after its beginning: remove it"},
    };
    const size_t mark = users_mark_length(text, size);
    *at = text + size;
    if (size == mark)
        return "is empty";
    if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        *at = text;
        return users_map_utf16;
    }
    if (text[size - 1] != '\n')
        return "does not end with a newline, and may be cut off";
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if ((*at = memmem(text + mark, size - mark, signs[i].bytes, signs[i].length)) != NULL)
            return signs[i].doubt;
    return NULL;
}

const char *users_doubt(const char *text, size_t size)
{
    const char *ignored = NULL;
    return find_doubt(text, size, &ignored);
}

const char *users_doubt_at(const char *text, size_t size, unsigned long *line)
{
    const char *found = NULL;
    const char *doubt = find_doubt(text, size, &found);
    *line = 1;
    while (doubt != NULL && (text = memchr(text, '\n', (size_t)(found - text))) != NULL) {
        ++*line;
        text++;
    }
    return doubt;
}

/* ---- the file ---- */

bool users_open(const char *path, struct users_map *map, struct problem *problem)
{
    *map = (struct users_map){.fd = file_open(path, FILE_PUBLIC, problem), .text = "", .at = ""};
    if (map->fd < 0)
        return false;
    bool good = fstat(map->fd, &map->status) == 0;
    size_t size = (size_t)map->status.st_size;
    if (good && size > 0) {
        void *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, map->fd, 0);
        good = text != MAP_FAILED;
        if (good) {
            map->text = text;
            map->size = size;
            map->at = map->text + users_mark_length(map->text, size);
        }
    }
    if (good)
        return true;
    problem_set(problem, "%s: %s", path, strerror(errno));
    close(map->fd);
    return false;
}

void users_close(struct users_map *map)
{
    if (map->size > 0)
        (void)munmap((void *)(uintptr_t)map->text, map->size);
    close(map->fd);
}

bool users_next(struct users_map *map, struct users_line *line)
{
    const char *end = map->text + map->size;
    while (map->at < end) {
        const char *at = map->at;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        map->at = newline != NULL ? newline + 1 : end;
        map->line++;
        users_read_line(at, newline != NULL ? newline : end, newline != NULL, line);
        if (line->user != NULL)
            return true;
    }
    return false;
}

static bool same(const struct stat *before, const struct stat *after)
{
    return before->st_size == after->st_size && before->st_mtim.tv_sec == after->st_mtim.tv_sec &&
           before->st_mtim.tv_nsec == after->st_mtim.tv_nsec;
}

bool users_changed(const struct users_map *map)
{
    struct stat after = {0};
    return fstat(map->fd, &after) != 0 || !same(&map->status, &after);
}

/* ---- one user ---- */

bool users_name_valid(const char *user)
{
    return *user != '\0' && *user != '#' && strpbrk(user, " \t\r\n") == NULL;
}

/* At a login anybody chooses the name: a long one is cut, or it would push the rest out of the log.
 */
static void describe(const char *path, const struct search *search, enum users_result result,
                     struct problem *problem)
{
    if (result == USERS_BAD_LINE)
        problem_set(problem, "%s:%lu: %.200s: %s", path, search->line, search->user, search->wrong);
    if (result == USERS_OTHER_KEYS)
        problem_set(problem, "%s has %.200s for other SSH keys only; key used: %s", path,
                    search->user,
                    search->keys->count > 0 ? search->keys->fingerprint[0] : "none known");
}

static enum users_result search_map(const struct users_map *map, const char *path,
                                    struct search *what, bool sure, struct problem *problem)
{
    enum users_result result =
        users_name_valid(what->user) ? look_through(what, map->text, map->size) : USERS_ABSENT;
    const char *doubtful =
        result == USERS_ABSENT && sure ? users_doubt(map->text, map->size) : NULL;
    if (result == USERS_ABSENT && users_changed(map)) {
        problem_set(problem, "%s: changed while it was read; edit a copy and rename it", path);
        return USERS_ERROR;
    }
    if (doubtful != NULL) {
        problem_set(problem, "%s: %s; with unmapped = ignore users who are not in it are denied",
                    path, doubtful);
        return USERS_ERROR;
    }
    describe(path, what, result, problem);
    return result;
}

enum users_result users_find(const char *path, const char *user, const struct sshkeys *keys,
                             bool sure, struct phone *phone, struct problem *problem)
{
    struct search what = {.user = user, .keys = keys, .phone = phone};
    struct users_map map;
    if (!users_open(path, &map, problem))
        return USERS_ERROR;
    enum users_result result = search_map(&map, path, &what, sure, problem);
    users_close(&map);
    return result;
}
