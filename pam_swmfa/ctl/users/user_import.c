/* SPDX-License-Identifier: BSD-3-Clause */
/* user_import: user import: imports all rows of a list, or none. */
#include <config.h>

#include "ctl/users/user.h"

#include "base/log.h"
#include "ctl/files/diff.h"
#include "ctl/users/csv.h"
#include "ctl/users/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_SIZE 192 /* of the message on a wrong field */

/* The action for a row. */
enum row_kind {
    ROW_ADDED,
    ROW_CHANGED,
    ROW_SAME,
};

struct row {
    unsigned long line; /* of the list */
    struct map_entry entry;
    char number[PHONE_NUMBER_SIZE]; /* of the entry, "" if it cannot be read */
    char channels[16];              /* the same */
    struct map_line *at;            /* the line of the map that it changes; NULL: none */
    enum row_kind kind;
    char before[PHONE_NUMBER_SIZE]; /* of ROW_CHANGED: the number, masked */
};

struct import {
    const char *path;
    struct sheet sheet;
    struct row *rows; /* one for each row of the sheet */
    size_t wrong;
    size_t kinds[3];
    struct user_work *work;
};

/* ---- reading the list ---- */

/* Returns all of an open file, which the caller frees; NULL with the problem. */
static char *read_stream(FILE *from, const char *path, size_t *length, struct problem *problem)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, length);
    char block[16384];
    size_t got = 0;
    errno = 0;
    while (to != NULL && *length < EDIT_READ_MAX && !feof(from) && !ferror(from) &&
           (got = fread(block, 1, sizeof(block), from)) > 0) {
        (void)fwrite(block, 1, got, to);
        (void)fflush(to);
    }
    bool good = to != NULL && !ferror(to) && !ferror(from);
    int error = errno;
    good = to != NULL && fclose(to) == 0 && good;
    if (good && *length < EDIT_READ_MAX)
        return text;
    free(text);
    problem_set(problem, "%s: %s", path,
                good ? "is larger than 256 MiB" : strerror(error != 0 ? error : ENOMEM));
    return NULL;
}

static char *read_list(const char *path, size_t *length, struct problem *problem)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *from = standard ? stdin : fopen(path, "re");
    if (from == NULL) {
        problem_set(problem, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = read_stream(from, path, length, problem);
    if (!standard)
        (void)fclose(from);
    return text;
}

/* ---- what is wrong ---- */

static void say_wrong(struct import *import, const struct row *row, const char *column,
                      const char *why)
{
    struct problem problem = {0};
    char shown[2 * sizeof(problem.text)];
    problem_set(&problem, "%s:%lu: %s%s%s", import->path, row->line, column,
                *column != '\0' ? ": " : "", why);
    (void)fprintf(stderr, "%s\n", log_escape(shown, sizeof(shown), problem.text, ""));
    import->wrong++;
}

/* With an invisible character it would be another user's name. */
static const char *name_wrong(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (number_blank_length(at) > 1)
            return "has a no-break space or another invisible character";
    return strlen(name) > COMMAND_USER_MAX ? "expected at most 511 bytes" : NULL;
}

/* Reads channels as users write them: "SMS, Call". Text that does not fit is wrong in any case. */
static const char *tidy_channels(const char *field, char *to, size_t size)
{
    size_t used = 0;
    for (const char *at = field; at != NULL && *at != '\0'; at++) {
        if (*at == ' ')
            continue;
        if (used == size - 1)
            return field;
        to[used++] = (char)tolower((unsigned char)*at);
    }
    to[used] = '\0';
    return field != NULL ? to : NULL;
}

/* Returns what is wrong with a row in itself, or NULL; why: a buffer for it. */
static const char *row_wrong(const struct import *import, const struct row *row,
                             const char **column, char why[WHY_SIZE])
{
    const struct map_entry *entry = &row->entry;
    const char *wrong = map_entry_wrong(entry, column);
    if (wrong == NULL && (wrong = name_wrong(entry->user)) != NULL)
        *column = sheet_columns[0];
    if (wrong == NULL &&
        (wrong = user_number_wrong(import->work, entry->number, why, WHY_SIZE)) != NULL)
        *column = sheet_columns[1];
    return wrong;
}

static int compare_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare_rows(const void *one, const void *other)
{
    const struct row *a = *(struct row *const *)one;
    const struct row *b = *(struct row *const *)other;
    int order = strcmp(a->entry.user, b->entry.user);
    if (order == 0)
        order = compare_texts(a->entry.key, b->entry.key);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static bool is_same_line(const struct row *a, const struct row *b)
{
    return strcmp(a->entry.user, b->entry.user) == 0 &&
           compare_texts(a->entry.key, b->entry.key) == 0;
}

/* Two rows for one line of the map. */
static bool find_doubles(struct import *import, struct problem *problem)
{
    size_t count = import->sheet.count;
    struct row **sorted = calloc(count + 1, sizeof(struct row *));
    if (sorted == NULL)
        return problem_no_memory(problem);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &import->rows[i];
    qsort(sorted, count, sizeof(struct row *), compare_rows);
    for (size_t i = 1; i < count; i++) {
        char why[80];
        (void)snprintf(why, sizeof(why), "the same as in line %lu", sorted[i - 1]->line);
        if (is_same_line(sorted[i - 1], sorted[i]))
            say_wrong(import, sorted[i], sheet_columns[0], why);
    }
    free(sorted);
    return true;
}

/* Makes an entry from a row, or reports what is wrong with it. */
static void check_row(struct import *import, const struct sheet_row *from, struct row *row)
{
    char *const *field = from->field;
    const char *column = "";
    char why[WHY_SIZE];
    *row = (struct row){.line = from->line,
                        .entry = {.user = field[0] != NULL ? field[0] : "",
                                  .number = row->number,
                                  .key = field[3]}};
    row->entry.channels = tidy_channels(field[2], row->channels, sizeof(row->channels));
    const char *wrong = from->wrong;
    const char *number = number_read(field[1] != NULL ? field[1] : "", user_options.country,
                                     row->number, why, sizeof(why));
    if (wrong == NULL && (wrong = number) != NULL)
        column = sheet_columns[1];
    if (wrong == NULL)
        wrong = row_wrong(import, row, &column, why);
    if (wrong == NULL)
        row->at = map_find_entry(&import->work->map, row->entry.user, row->entry.key);
    if (row->at != NULL && !user_options.update) {
        column = sheet_columns[0];
        wrong = why;
        (void)snprintf(why, sizeof(why), "already has line %lu in the map; change it with --update",
                       map_number(&import->work->map, row->at));
    }
    if (wrong != NULL)
        say_wrong(import, row, column, wrong);
}

static bool check_rows(struct import *import, struct problem *problem)
{
    import->rows = calloc(import->sheet.count + 1, sizeof(*import->rows));
    if (import->rows == NULL)
        return problem_no_memory(problem);
    for (size_t i = 0; i < import->sheet.count; i++)
        check_row(import, &import->sheet.rows[i], &import->rows[i]);
    if (import->wrong == 0 && !find_doubles(import, problem))
        return false;
    return import->wrong == 0 ||
           problem_set(problem, "wrong rows: %zu; nothing was changed", import->wrong);
}

/* ---- changing the map ---- */

static bool apply(struct import *import, struct row *row, struct problem *problem)
{
    struct map *map = &import->work->map;
    struct users_line old;
    row->kind = ROW_ADDED;
    if (row->at == NULL)
        return map_add(map, &row->entry, problem);
    map_parse(row->at, &old);
    row->kind = ROW_SAME;
    if (old.wrong == NULL && map_entry_matches(&old.phone, &row->entry))
        return true;
    row->kind = ROW_CHANGED;
    (void)user_mask_always(old.wrong == NULL ? old.phone.number : "", row->before);
    return map_set(row->at, &row->entry, problem);
}

/* Adds lines for keys first: after a new line for all keys they would have no effect. */
static bool apply_all(struct import *import, struct problem *problem)
{
    for (int with_key = 1; with_key >= 0; with_key--)
        for (size_t i = 0; i < import->sheet.count; i++) {
            struct row *row = &import->rows[i];
            if ((row->entry.key != NULL) != (with_key == 1))
                continue;
            if (!apply(import, row, problem))
                return false;
            import->kinds[row->kind]++;
        }
    return true;
}

static bool check_all(const struct import *import, struct problem *problem)
{
    for (size_t i = 0; i < import->sheet.count; i++)
        if (!map_verify(&import->work->now, import->work->users, &import->rows[i].entry, problem))
            return false;
    return true;
}

static void log_all(const struct ctl_context *ctl, const struct import *import)
{
    char shown[4 * COMMAND_USER_MAX + 1];
    char masked[PHONE_NUMBER_SIZE];
    for (size_t i = 0; i < import->sheet.count; i++) {
        const struct row *row = &import->rows[i];
        const struct map_entry *entry = &row->entry;
        const char *key = entry->key != NULL ? entry->key : "";
        const char *for_key = entry->key != NULL ? " for key " : "";
        (void)log_escape(shown, sizeof(shown), entry->user, " \"");
        (void)user_mask_always(entry->number, masked);
        if (row->kind == ROW_ADDED)
            ctl_changed(ctl, "user %s added to the users map%s%s, number %s", shown, for_key, key,
                        masked);
        if (row->kind == ROW_CHANGED)
            ctl_changed(ctl, "user %s changed in the users map%s%s, number %s in place of %s",
                        shown, for_key, key, masked, row->before);
    }
}

static void print_counts(const struct import *import)
{
    (void)printf("added: %zu, changed: %zu, as before: %zu%s\n", import->kinds[ROW_ADDED],
                 import->kinds[ROW_CHANGED], import->kinds[ROW_SAME],
                 user_options.dry_run ? "; nothing was changed (--dry-run)" : "");
}

static bool show_masked(struct ctl_context *ctl, const struct import *import)
{
    char *text[2] = {NULL, NULL};
    size_t length[2] = {0, 0};
    FILE *to[2] = {open_memstream(&text[0], &length[0]), open_memstream(&text[1], &length[1])};
    bool good = to[0] != NULL && to[1] != NULL && map_masked(&import->work->map, to[0], to[1]);
    for (size_t i = 0; i < 2; i++)
        good = to[i] != NULL && fclose(to[i]) == 0 && good;
    if (good)
        good = diff_print(ctl, import->work->users, text[0], length[0], text[1], length[1]);
    else
        problem_no_memory(&ctl->problem);
    free(text[0]);
    free(text[1]);
    return good;
}

static bool show_difference(struct ctl_context *ctl, const struct import *import)
{
    const struct user_work *work = import->work;
    if (!user_options.numbers)
        return show_masked(ctl, import);
    return diff_print(ctl, work->users, work->map.text, work->map.length, work->text, work->length);
}

static bool do_import(struct ctl_context *ctl, struct import *import)
{
    struct user_work *work = import->work;
    if (!check_rows(import, &ctl->problem) || !apply_all(import, &ctl->problem) ||
        !user_compose(ctl, work) || !check_all(import, &ctl->problem))
        return false;
    for (size_t i = 0; i < import->sheet.count; i++)
        user_warn_account(import->rows[i].entry.user);
    bool changes = import->kinds[ROW_ADDED] + import->kinds[ROW_CHANGED] > 0;
    if (user_options.dry_run) {
        if (!show_difference(ctl, import))
            return false;
    } else if (changes) {
        if (!user_commit(ctl, work))
            return false;
        log_all(ctl, import);
    }
    print_counts(import);
    return ctl_flush(ctl);
}

static bool read_sheet(struct ctl_context *ctl, struct import *import, const char *text,
                       size_t length)
{
    struct problem why = {0};
    return sheet_read(&import->sheet, text, length, &why) ||
           problem_set(&ctl->problem, "%s: %s", import->path, why.text);
}

static enum ctl_status run_import(struct ctl_context *ctl)
{
    struct user_work work = {0};
    struct import import = {.path = ctl->argv[0], .work = &work};
    size_t length = 0;
    char *text = read_list(import.path, &length, &ctl->problem);
    bool done = text != NULL && read_sheet(ctl, &import, text, length) &&
                (user_options.dry_run ? user_look(ctl, &work) : user_begin(ctl, &work)) &&
                do_import(ctl, &import);
    user_end(&work);
    sheet_free(&import.sheet);
    free(import.rows);
    free(text);
    return done ? CTL_DONE : CTL_FAILED;
}

static const struct argp_option options[] = {
    {USER_OPTION_USERS},
    {USER_OPTION_NUMBERS},
    {
        .name = "dry-run",
        .key = USER_KEY_DRY_RUN,
        .doc = "Show the changes only",
    },
    {
        .name = "update",
        .key = USER_KEY_UPDATE,
        .doc = "Change the lines of users who already have one",
    },
    {
        .name = "country",
        .key = USER_KEY_COUNTRY,
        .arg = "CODE",
        .doc = "Read numbers without a plus as written in this country, such as +44",
    },
    {
        .name = "force",
        .key = USER_KEY_FORCE,
        .doc = "Accept numbers outside of countries, or of unusual length",
    },
    {0}};

const struct command command_user_import = {
    .name = "user import",
    .arguments = "FILE.csv",
    .summary = "Add a list of users to the users map",
    .text = "Adds the rows of FILE.csv, with the columns name,number,channels,key of which the "
            "last two may be missing, to the users map: all rows, or none if one is wrong. With - "
            "the list is read from standard input.",
    .min_args = 1,
    .max_args = 1,
    .options = options,
    .option = user_option,
    .run = run_import,
};
