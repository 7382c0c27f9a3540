/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * users: see users.h.
 *
 * The file is mapped and searched line by line where it lies: a million users must cost
 * milliseconds. If it is truncated meanwhile, the kernel ends the helper with SIGBUS, which is a
 * denial; if it is changed meanwhile, a name that was not found is not taken for an absent one.
 */
#include <config.h>

#include "config/file.h"
#include "config/users.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_LENGTH 1024 /* longer than any good line */

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

/* Reads "sms", "call" or both with a comma between; each once. */
static bool read_channels(const char *field, size_t length, struct phone *phone)
{
    const char *end = field + length;
    for (;;) {
        const char *comma = memchr(field, ',', (size_t)(end - field));
        const char *stop = comma != NULL ? comma : end;
        enum channel channel;
        if (!channel_find(field, (size_t)(stop - field), &channel))
            return false;
        for (size_t i = 0; i < phone->channel_count; i++)
            if (phone->channels[i] == channel)
                return false;
        phone->channels[phone->channel_count++] = channel;
        if (comma == NULL)
            return true;
        field = comma + 1;
    }
}

/* What is wrong with what stands behind the user's name, or NULL. whole: a newline follows. */
static const char *read_line(struct phone *phone, const char *at, const char *end, bool whole)
{
    size_t length = 0;
    if (!whole)
        return "the file ends within this line; a number may be cut off: end it with a newline";
    if (end - at > LINE_MAX_LENGTH)
        return "the line is too long";
    if (memchr(at, '\r', (size_t)(end - at)) != NULL)
        return "carriage return: save the file with Unix line ends";

    memset(phone, 0, sizeof(*phone));
    const char *field = next_field(&at, end, &length);
    if (!phone_number_valid(field, length))
        return "expected an E.164 number such as +12029167968 behind the name";
    memcpy(phone->number, field, length);

    field = next_field(&at, end, &length);
    if (length > 0 && !read_channels(field, length, phone))
        return "expected sms, call, or both with a comma between, behind the number";
    (void)next_field(&at, end, &length);
    return length > 0 ? "expected nothing more behind the channels" : NULL;
}

/* Where the user's name ends in this line, if it is the line's first field; or NULL. */
static const char *match_name(const char *line, const char *end, const char *user, size_t length)
{
    while (line < end && blank(*line))
        line++;
    if ((size_t)(end - line) < length || memcmp(line, user, length) != 0)
        return NULL;
    line += length;
    return line == end || blank(*line) || *line == '\r' ? line : NULL;
}

/* Searches the text of a map. line: the number of the line where the search ended. */
static enum users_result search(const char *text, size_t size, const char *user,
                                struct phone *phone, unsigned long *line, const char **wrong)
{
    const char *end = text + size;
    size_t length = strlen(user);
    const char *newline = NULL;
    for (const char *at = text; at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end;
        ++*line;
        if (*at == *user || blank(*at)) { /* most lines are neither */
            const char *behind = match_name(at, stop, user, length);
            if (behind != NULL) {
                *wrong = read_line(phone, behind, stop, newline != NULL);
                return *wrong == NULL ? USERS_FOUND : USERS_BAD_LINE;
            }
        }
        if (newline == NULL)
            break;
    }
    return USERS_ABSENT;
}

/* What makes a map doubtful in which a name was not found; or NULL. */
static const char *doubt(const char *text, size_t size)
{
    if (text[size - 1] != '\n')
        return "does not end with a newline, and may be cut off";
    if (memchr(text, '\0', size) != NULL)
        return "has a NUL, and is no text";
    if (memchr(text, '\r', size) != NULL)
        return "has a carriage return: save the file with Unix line ends";
    if (memmem(text, size, "\xef\xbb\xbf", 3) != NULL)
        return "has a byte order mark: save the file without";
    return NULL;
}

static bool same(const struct stat *before, const struct stat *after)
{
    return before->st_size == after->st_size && before->st_mtim.tv_sec == after->st_mtim.tv_sec &&
           before->st_mtim.tv_nsec == after->st_mtim.tv_nsec;
}

/* Whether a line can have such a name. */
static bool can_be_mapped(const char *user)
{
    return *user != '\0' && *user != '#' && strpbrk(user, " \t\r\n") == NULL;
}

static enum users_result search_file(int fd, const char *path, const char *user, bool sure,
                                     struct phone *phone, struct problem *problem)
{
    struct stat before = {0};
    struct stat after = {0};
    unsigned long line = 0;
    const char *wrong = NULL;
    const char *doubtful = "is empty";
    enum users_result result = USERS_ABSENT;

    bool readable = fstat(fd, &before) == 0;
    size_t size = (size_t)before.st_size;
    if (readable && size > 0) {
        void *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
        readable = text != MAP_FAILED;
        if (readable) {
            if (can_be_mapped(user))
                result = search(text, size, user, phone, &line, &wrong);
            doubtful = sure ? doubt(text, size) : NULL;
            (void)munmap(text, size);
        }
    }
    if (!readable || fstat(fd, &after) != 0) {
        problem_set(problem, "%s: %s", path, strerror(errno));
        return USERS_ERROR;
    }
    if (result == USERS_ABSENT && !same(&before, &after)) {
        problem_set(problem, "%s: changed while it was read; write beside and rename", path);
        return USERS_ERROR;
    }
    if (result == USERS_ABSENT && sure && doubtful != NULL) {
        problem_set(problem, "%s: %s; with unmapped = ignore nobody passes as unmapped by it", path,
                    doubtful);
        return USERS_ERROR;
    }
    if (result == USERS_BAD_LINE)
        problem_set(problem, "%s:%lu: %s: %s", path, line, user, wrong);
    return result;
}

enum users_result users_find(const char *path, const char *user, bool sure, struct phone *phone,
                             struct problem *problem)
{
    int fd = file_open(path, FILE_PUBLIC, problem);
    if (fd < 0)
        return USERS_ERROR;
    enum users_result result = search_file(fd, path, user, sure, phone, problem);
    close(fd);
    return result;
}
