/* SPDX-License-Identifier: BSD-3-Clause */
/* users_map: see users_map.h. */
#include <config.h>

#include "ctl/users/users_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    if (order != 0)
        return order;
    return (a_length > b_length) - (a_length < b_length);
}

static int compare_lines(const void *one, const void *other)
{
    const struct map_line *a = *(struct map_line *const *)one;
    const struct map_line *b = *(struct map_line *const *)other;
    int order = compare_names(a->user, a->user_length, b->user, b->user_length);
    return order != 0 ? order : (a > b) - (a < b);
}

static size_t count_lines(const char *text, size_t length)
{
    size_t count = 0;
    const char *end = text + length;
    for (const char *at = text; at < end; count++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline != NULL ? newline + 1 : end;
    }
    return count;
}

/* The first change removes a byte order mark before the first line. */
static void split(struct map *map)
{
    const char *at = map->text + users_mark_length(map->text, map->length);
    const char *end = map->text + map->length;
    struct users_line parsed;
    for (size_t i = 0; i < map->count; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline != NULL ? newline + 1 : end;
        map->lines[i] = (struct map_line){.text = at, .length = (size_t)(next - at)};
        map_parse(&map->lines[i], &parsed);
        map->lines[i].user = parsed.user;
        map->lines[i].user_length = parsed.user_length;
        if (parsed.user != NULL)
            map->named[map->named_count++] = &map->lines[i];
        at = next;
    }
    qsort(map->named, map->named_count, sizeof(struct map_line *), compare_lines);
}

bool map_read(struct map *map, const char *text, size_t length, struct problem *problem)
{
    size_t mark = users_mark_length(text, length);
    *map = (struct map){.text = text,
                        .length = length,
                        .count = count_lines(text + mark, length - mark)};
    map->lines = calloc(map->count + 1, sizeof(*map->lines));
    map->named = calloc(map->count + 1, sizeof(struct map_line *));
    if (map->lines == NULL || map->named == NULL)
        return problem_no_memory(problem);
    split(map);
    return true;
}

void map_free(struct map *map)
{
    for (size_t i = 0; map->lines != NULL && i < map->count; i++) {
        free(map->lines[i].before);
        free(map->lines[i].instead);
    }
    if (map->appended != NULL)
        (void)fclose(map->appended);
    free(map->appended_text);
    free(map->lines);
    free(map->named);
    *map = (struct map){0};
}

unsigned long map_number(const struct map *map, const struct map_line *line)
{
    return (unsigned long)(line - map->lines) + 1;
}

static bool is_whole(const struct map_line *line)
{
    return line->length > 0 && line->text[line->length - 1] == '\n';
}

void map_parse(const struct map_line *line, struct users_line *parsed)
{
    bool whole = is_whole(line);
    users_read_line(line->text, line->text + line->length - (whole ? 1 : 0), whole, parsed);
}

/* ---- finding ---- */

struct map_user map_find(const struct map *map, const char *user, size_t length)
{
    struct map_line **lines = map->named;
    size_t low = 0;
    size_t high = map->named_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(user, length, lines[middle]->user, lines[middle]->user_length) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (high < map->named_count &&
           compare_names(user, length, lines[high]->user, lines[high]->user_length) == 0)
        high++;
    return (struct map_user){lines + low, high - low};
}

bool map_is_for(const struct map_line *line, const char *key)
{
    struct users_line parsed;
    map_parse(line, &parsed);
    if (key == NULL || parsed.key == NULL)
        return key == parsed.key;
    return strlen(key) == parsed.key_length && memcmp(key, parsed.key, parsed.key_length) == 0;
}

struct map_line *map_find_entry(const struct map *map, const char *user, const char *key)
{
    struct map_user found = map_find(map, user, strlen(user));
    for (size_t i = 0; i < found.count; i++)
        if (map_is_for(found.lines[i], key))
            return found.lines[i];
    return NULL;
}

/* The user's lines alone, as a map that the parser can search. */
static char *text_of(const struct map_user *user, size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < user->count; i++)
        *length += user->lines[i]->length;
    char *text = malloc(*length + 1);
    char *to = text;
    for (size_t i = 0; text != NULL && i < user->count; i++)
        to = mempcpy(to, user->lines[i]->text, user->lines[i]->length);
    return text;
}

enum users_result map_decides(const struct map_user *user, const char *key, struct phone *phone,
                              struct map_line **line)
{
    struct sshkeys keys = {.count = key != NULL ? 1 : 0};
    size_t length = 0;
    unsigned long number = 0;
    *line = NULL;
    if (user->count == 0)
        return USERS_ABSENT;
    if (key != NULL)
        (void)snprintf(keys.fingerprint[0], sizeof(keys.fingerprint[0]), "%s", key);
    char *name = strndup(user->lines[0]->user, user->lines[0]->user_length);
    char *text = text_of(user, &length);
    enum users_result result = USERS_ERROR;
    if (name != NULL && text != NULL)
        result = users_search(text, length, name, &keys, phone, &number);
    if (result == USERS_FOUND || result == USERS_BAD_LINE)
        *line = user->lines[number - 1];
    if (text != NULL)
        explicit_bzero(text, length);
    free(text);
    free(name);
    return result;
}

/* ---- changing ---- */

const char *map_entry_wrong(const struct map_entry *entry, const char **field)
{
    struct phone phone = {0};
    *field = "name";
    if (!users_name_valid(entry->user))
        return "expected a name without blanks, that does not begin with #";
    *field = "key";
    if (entry->key != NULL && !sshkey_is_fingerprint(entry->key, strlen(entry->key)))
        return "expected " SSHKEY_PREFIX " and the 43 characters that ssh-keygen -l shows";
    *field = "number";
    const char *wrong = phone_number_wrong(entry->number, strlen(entry->number));
    if (wrong != NULL)
        return wrong;
    *field = "channels";
    if (entry->channels != NULL &&
        !phone_read_channels(&phone, entry->channels, strlen(entry->channels)))
        return "expected sms, call, or both with a comma between";
    return NULL;
}

/* Returns an entry as a new line, which the caller frees. */
static char *compose(const struct map_entry *entry)
{
    char *line = NULL;
    bool key = entry->key != NULL;
    bool channels = entry->channels != NULL;
    int length =
        asprintf(&line, "%s   %s%s%s%s%s\n", entry->user, key ? entry->key : "", key ? "   " : "",
                 entry->number, channels ? "   " : "", channels ? entry->channels : "");
    return length < 0 ? NULL : line;
}

/* Returns the user's first line that would take precedence over one for another key after it. */
static struct map_line *find_barrier(const struct map *map, const char *user)
{
    struct map_user found = map_find(map, user, strlen(user));
    struct users_line parsed;
    for (size_t i = 0; i < found.count; i++) {
        map_parse(found.lines[i], &parsed);
        if (parsed.key == NULL || !sshkey_is_fingerprint(parsed.key, parsed.key_length))
            return found.lines[i];
    }
    return NULL;
}

/* Puts a new line, which it frees, before a line. */
static bool put_before(struct map_line *line, char *added)
{
    char *both = NULL;
    if (asprintf(&both, "%s%s", line->before != NULL ? line->before : "", added) < 0)
        both = NULL;
    free(added);
    if (both == NULL)
        return false;
    free(line->before);
    line->before = both;
    return true;
}

static bool put_behind(struct map *map, char *added)
{
    if (map->appended == NULL)
        map->appended = open_memstream(&map->appended_text, &map->appended_length);
    bool put =
        map->appended != NULL && fputs(added, map->appended) >= 0 && fflush(map->appended) == 0;
    free(added);
    return put;
}

bool map_add(struct map *map, const struct map_entry *entry, struct problem *problem)
{
    struct map_line *barrier = entry->key != NULL ? find_barrier(map, entry->user) : NULL;
    char *added = compose(entry);
    return (added != NULL &&
            (barrier != NULL ? put_before(barrier, added) : put_behind(map, added))) ||
           problem_no_memory(problem);
}

/* The part of a line after the new number and channels. */
struct rest {
    const char *between; /* of number and channels */
    int between_length;
    const char *gap;
    const char *tail;
};

static struct rest rest_of(const struct users_line *parsed, const struct map_entry *entry,
                           const char *end)
{
    const char *after = parsed->number + parsed->number_length;
    struct rest rest = {"   ", 3, "", after};
    if (parsed->wrong != NULL) {
        rest.tail = parsed->comment;
        rest.gap = parsed->comment < end ? "   " : "";
    } else if (entry->channels != NULL && parsed->channels_length > 0) {
        rest.between = after;
        rest.between_length = (int)(parsed->channels - after);
        rest.tail = parsed->channels + parsed->channels_length;
    }
    return rest;
}

bool map_set(struct map_line *line, const struct map_entry *entry, struct problem *problem)
{
    struct users_line parsed;
    const char *end = line->text + line->length - (is_whole(line) ? 1 : 0);
    if (memchr(line->text, '\0', line->length) != NULL)
        return problem_set(problem, "the line has a NUL, and is no text");
    map_parse(line, &parsed);
    const struct rest rest = rest_of(&parsed, entry, end);
    bool blank = parsed.number[-1] == ' ' || parsed.number[-1] == '\t';
    bool channels = entry->channels != NULL;
    free(line->instead);
    if (asprintf(&line->instead, "%.*s%s%s%.*s%s%s%.*s\n", (int)(parsed.number - line->text),
                 line->text, blank ? "" : "   ", entry->number, channels ? rest.between_length : 0,
                 rest.between, channels ? entry->channels : "", rest.gap, (int)(end - rest.tail),
                 rest.tail) >= 0)
        return true;
    line->instead = NULL;
    return problem_no_memory(problem);
}

bool map_remove(struct map_line *line, struct problem *problem)
{
    free(line->instead);
    line->instead = strdup("");
    return line->instead != NULL || problem_no_memory(problem);
}

static void write_line(const struct map_line *line, FILE *to)
{
    if (line->before != NULL)
        (void)fputs(line->before, to);
    if (line->instead != NULL)
        (void)fputs(line->instead, to);
    else
        (void)fwrite(line->text, 1, line->length, to);
}

/* A last line without a newline may be cut off, and the rest of its number be somebody else's:
 * swmfactl must not make it look complete. */
static bool ends_well(const struct map *map, const char *path, struct problem *problem)
{
    const struct map_line *last = map->count > 0 ? &map->lines[map->count - 1] : NULL;
    return last == NULL || last->instead != NULL || is_whole(last) ||
           problem_set(problem,
                       "%s:%zu: the file ends within this line, and may be cut off: look "
                       "whether it is whole, and end it with a newline",
                       path, map->count);
}

char *map_write(const struct map *map, const char *path, size_t *length, struct problem *problem)
{
    char *text = NULL;
    if (!ends_well(map, path, problem))
        return NULL;
    FILE *to = open_memstream(&text, length);
    for (size_t i = 0; to != NULL && i < map->count; i++)
        write_line(&map->lines[i], to);
    if (to != NULL && map->appended != NULL)
        (void)fwrite(map->appended_text, 1, map->appended_length, to);
    bool good = to != NULL && !ferror(to);
    good = to != NULL && fclose(to) == 0 && good;
    if (good)
        return text;
    free(text);
    problem_no_memory(problem);
    return NULL;
}

/* ---- showing ---- */

#define NUMBER_LENGTH 5 /* digits without a plus that can be a number, as in a comment */

static size_t count_digits(const char *at, const char *end)
{
    size_t count = 0;
    while (at + count < end && at[count] >= '0' && at[count] <= '9')
        count++;
    return count;
}

/* Writes the text at at; two digits of each number. Returns the end of what it has written. */
static char *mask(char *to, const char *at, const char *end)
{
    while (at < end) {
        size_t plus = *at == '+' ? 1 : 0;
        size_t digits = count_digits(at + plus, end);
        size_t length = digits > 0 ? plus + digits : 1;
        if (digits >= (plus > 0 ? 2 : NUMBER_LENGTH)) {
            *to++ = '*';
            to = mempcpy(to, at + length - 2, 2);
        } else {
            to = mempcpy(to, at, length);
        }
        at += length;
    }
    return to;
}

/* Returns a text of whole lines with masked numbers, in which names and keys stay; the caller frees
 * it. NULL: no memory. */
static char *mask_lines(const char *text, size_t length)
{
    const char *end = text + length;
    char *masked = malloc(length + 1); /* the masked text is shorter */
    char *to = masked;
    while (masked != NULL && text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *next = newline != NULL ? newline + 1 : end;
        struct map_line line = {.text = text, .length = (size_t)(next - text)};
        struct users_line parsed;
        map_parse(&line, &parsed);
        const char *after = parsed.user != NULL ? parsed.user + parsed.user_length : text;
        if (parsed.key != NULL)
            after = parsed.key + parsed.key_length;
        to = mempcpy(to, text, (size_t)(after - text));
        to = mask(to, after, next);
        text = next;
    }
    if (masked != NULL)
        *to = '\0';
    return masked;
}

static bool write_masked(FILE *to, const char *text)
{
    char *masked = text != NULL ? mask_lines(text, strlen(text)) : NULL;
    if (masked != NULL)
        (void)fputs(masked, to);
    free(masked);
    return text == NULL || masked != NULL;
}

/* A line before and after the change. */
static bool write_both(const struct map_line *line, FILE *before, FILE *after)
{
    char *old = mask_lines(line->text, line->length);
    char *new = line->instead != NULL ? mask_lines(line->instead, strlen(line->instead)) : NULL;
    bool good = old != NULL && (line->instead == NULL || new != NULL) && fputs(old, before) >= 0 &&
                write_masked(after, line->before);
    if (good && new != NULL && strcmp(old, new) == 0)
        (void)fprintf(after, "%.*s   (another number)\n", (int)strcspn(new, "\n"), new);
    else if (good)
        (void)fputs(new != NULL ? new : old, after);
    free(old);
    free(new);
    return good;
}

bool map_masked(const struct map *map, FILE *before, FILE *after)
{
    for (size_t i = 0; i < map->count; i++)
        if (!write_both(&map->lines[i], before, after))
            return false;
    return write_masked(after, map->appended_text);
}

/* ---- checking ---- */

bool map_check(const struct map *map, const char *path, bool empty, struct problem *problem)
{
    const char *doubt = users_doubt(map->text, map->length);
    return doubt == NULL || (empty && map->length == 0) ||
           problem_set(problem, "%s: %s", path, doubt);
}

bool map_entry_matches(const struct phone *phone, const struct map_entry *entry)
{
    struct phone wanted = {0};
    if (entry->channels != NULL)
        (void)phone_read_channels(&wanted, entry->channels, strlen(entry->channels));
    return strcmp(phone->number, entry->number) == 0 &&
           strcmp(phone->key, entry->key != NULL ? entry->key : "") == 0 &&
           (entry->channels == NULL ||
            (phone->channel_count == wanted.channel_count &&
             memcmp(phone->channels, wanted.channels,
                    wanted.channel_count * sizeof(wanted.channels[0])) == 0));
}

bool map_verify(const struct map *map, const char *path, const struct map_entry *entry,
                struct problem *problem)
{
    struct phone phone = {0};
    struct map_line *line = NULL;
    struct users_line parsed;
    struct map_user user = map_find(map, entry->user, strlen(entry->user));
    enum users_result result = map_decides(&user, entry->key, &phone, &line);
    if (result == USERS_FOUND && map_entry_matches(&phone, entry))
        return true;
    if (line == NULL)
        return problem_set(problem, "%s: %s: the new line would not be found", path, entry->user);
    map_parse(line, &parsed);
    return problem_set(problem, "%s:%lu: %s: this line counts, and not the new one%s%s", path,
                       map_number(map, line), entry->user,
                       parsed.wrong != NULL ? ", and is wrong: " : "",
                       parsed.wrong != NULL ? parsed.wrong : "");
}
