/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * users: see users.h.
 *
 * The file is read in pieces that fit the processor's cache and searched where it lies: a million
 * users must cost milliseconds. It is not mapped, since a map that is truncated while a login reads
 * it would end the helper with SIGBUS.
 */
#include "config/users.h"
#include "config/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_SIZE ((size_t)128 * 1024)
#define LINE_MAX_LENGTH 1024 /* longer than any good line */

struct search {
    const char *path;
    const char *user;
    size_t user_length;
    struct phone *phone;
    struct problem *problem;
    unsigned long line; /* number of the line */
    bool skipping;      /* within somebody else's line that is longer than a piece */
};

static bool blank(char c)
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

static enum users_result bad(const struct search *search, const char *expected)
{
    problem_set(search->problem, "%s:%lu: %s: %s", search->path, search->line, search->user,
                expected);
    return USERS_BAD_LINE;
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

/* Reads what stands behind the user's name. */
static enum users_result read_line(const struct search *search, const char *at, const char *end,
                                   bool whole)
{
    size_t length = 0;
    if (!whole)
        return bad(search, "the file ends within this line; a number may be cut off: end it with "
                           "a newline");
    if (end - at > LINE_MAX_LENGTH)
        return bad(search, "the line is too long");
    if (memchr(at, '\r', (size_t)(end - at)) != NULL)
        return bad(search, "carriage return: save the file with Unix line ends");

    memset(search->phone, 0, sizeof(*search->phone));
    const char *field = next_field(&at, end, &length);
    if (!phone_number_valid(field, length))
        return bad(search, "expected an E.164 number such as +12029167968 behind the name");
    memcpy(search->phone->number, field, length);

    field = next_field(&at, end, &length);
    if (length > 0 && !read_channels(field, length, search->phone))
        return bad(search, "expected sms, call, or both with a comma between, behind the number");
    (void)next_field(&at, end, &length);
    if (length > 0)
        return bad(search, "expected nothing more behind the channels");
    return USERS_FOUND;
}

/* Whether this line has the user's name. Returns where the name ends, or NULL. */
static const char *match_name(const struct search *search, const char *line, const char *end)
{
    while (line < end && blank(*line))
        line++;
    if ((size_t)(end - line) < search->user_length ||
        memcmp(line, search->user, search->user_length) != 0)
        return NULL;
    line += search->user_length;
    return line == end || blank(*line) || *line == '\r' ? line : NULL;
}

/*
 * Searches the lines that lie in buffer. last: there is nothing behind it. used: how many of its
 * bytes are done with; what is left is the beginning of a line.
 */
static enum users_result search_piece(struct search *search, const char *buffer, size_t length,
                                      bool last, size_t *used)
{
    const char *at = buffer;
    const char *end = buffer + length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL && !last)
            break;
        const char *stop = newline != NULL ? newline : end;
        search->line += search->skipping ? 0 : 1;
        const char *rest = search->skipping ? NULL : match_name(search, at, stop);
        if (rest != NULL)
            return read_line(search, rest, stop, newline != NULL);
        search->skipping = false;
        at = newline != NULL ? newline + 1 : end;
    }
    *used = (size_t)(at - buffer);
    return USERS_ABSENT;
}

/* The buffer holds one line that does not end in it: this user's, or one to skip. */
static enum users_result long_line(struct search *search, const char *buffer)
{
    if (!search->skipping) {
        search->line++;
        if (match_name(search, buffer, buffer + PIECE_SIZE) != NULL)
            return bad(search, "the line is too long");
    }
    search->skipping = true;
    return USERS_ABSENT;
}

static enum users_result search_fd(struct search *search, int fd, char *buffer)
{
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fd, buffer + length, PIECE_SIZE - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            problem_set(search->problem, "%s: %s", search->path, strerror(errno));
            return USERS_ERROR;
        }
        length += (size_t)got;
        size_t used = 0;
        enum users_result result = search_piece(search, buffer, length, got == 0, &used);
        if (result == USERS_ABSENT && used == 0 && length == PIECE_SIZE) {
            result = long_line(search, buffer);
            used = length;
        }
        if (result != USERS_ABSENT || got == 0)
            return result;
        memmove(buffer, buffer + used, length - used);
        length -= used;
    }
}

enum users_result users_find(const char *path, const char *user, struct phone *phone,
                             struct problem *problem)
{
    struct search search = {.path = path,
                            .user = user,
                            .user_length = strlen(user),
                            .phone = phone,
                            .problem = problem};
    if (*user == '\0' || *user == '#' || strpbrk(user, " \t\r\n") != NULL)
        return USERS_ABSENT; /* no line can have such a name */
    int fd = file_open(path, FILE_PUBLIC, problem);
    if (fd < 0)
        return USERS_ERROR;
    char *buffer = malloc(PIECE_SIZE);
    enum users_result result = USERS_ERROR;
    if (buffer == NULL)
        problem_set(problem, "%s: no memory", path);
    else
        result = search_fd(&search, fd, buffer);
    free(buffer);
    close(fd);
    return result;
}
