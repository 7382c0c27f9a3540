/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * users: the part of `swmfactl check` that examines the users map.
 *
 * Each line is read by the parser that logins use. A map can have a million of them: what must be
 * known of each is kept in an entry of some 50 bytes, and sorted by name, number and line.
 */
#include <config.h>

#include "ctl/check/check.h"
#include "ctl/command.h"

#include "config/numbering.h"
#include "config/users.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAID_MOST     20   /* findings of one kind; the others are counted */
#define ACCOUNTS_MOST 1000 /* to look up: a name service can be slow */
#define NAME_SHOWN    100  /* bytes of a name in a finding */

/* The problems of a line. */
enum kind {
    KIND_WRONG,
    KIND_NEVER,
    KIND_COUNTRY,
    KIND_LENGTH,
    KIND_CHANNEL,
    KIND_ACCOUNT,
    KIND_SHARED,
    KIND_COUNT,
};

static const struct {
    enum severity severity;
    const char *id;
    const char *fix;
} kinds[KIND_COUNT] = {
    [KIND_WRONG] = {SEVERITY_ERROR, "users-line", "correct the line: swmfa.users(5)"},
    [KIND_NEVER] = {SEVERITY_WARNING, "users-never",
                    "remove one of the two lines; move a line without a key after those with one"},
    [KIND_COUNTRY] = {SEVERITY_WARNING, "users-country",
                      "correct the number, or add its prefix to countries"},
    [KIND_LENGTH] = {SEVERITY_WARNING, "users-length",
                     "correct the number; if it is right, leave the line as it is"},
    [KIND_CHANNEL] = {SEVERITY_WARNING, "users-channel",
                      "permit another channel in the line, or configure the provider for this one"},
    [KIND_ACCOUNT] = {SEVERITY_WARNING, "users-account",
                      "correct the name, or remove the line if the account should not exist"},
    [KIND_SHARED] = {SEVERITY_NOTE, "users-shared", ""},
};

/* The kept data on a line; the pointers are into the map's text. */
struct entry {
    const char *name;
    const char *key;   /* NULL: it is for all */
    const char *wrong; /* NULL: it is good */
    uint64_t number;   /* the digits of it */
    uint32_t length;   /* of the name */
    uint32_t line;
    uint32_t shadowed_by; /* the line that is used instead of this one; 0: this one is used */
    bool country;         /* the number is outside of countries */
    bool length_odd;      /* the number has a wrong length for its country */
    bool channel;         /* no provider can send by a channel that it permits */
};

struct view {
    struct check *check;
    const char *path;
    struct users_map map;
    struct entry *entries;
    size_t count;
    size_t names; /* different ones */
    size_t crlf;  /* lines that end with CR LF */
    size_t said[KIND_COUNT];
};

/* The name, for a finding. If the name is missing and the line begins with the number, it is masked
 * as in the log. */
static void show_name(const struct entry *entry, char *to, size_t size)
{
    size_t shown = entry->length < NAME_SHOWN ? entry->length : NAME_SHOWN;
    if (phone_number_valid(entry->name, entry->length))
        (void)snprintf(to, size, "*%.2s", entry->name + entry->length - 2);
    else
        (void)snprintf(to, size, "%.*s", (int)shown, entry->name);
}

static void say(struct view *view, enum kind kind, const struct entry *entry, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* Adds a finding on a line; its text begins with the user's name. */
static void say(struct view *view, enum kind kind, const struct entry *entry, const char *format,
                ...)
{
    char where[LOCATION_SIZE];
    struct problem text = {0}; /* for its size, and how it cuts a text */
    char name[NAME_SHOWN + 1];
    va_list arguments;
    if (view->said[kind]++ >= SAID_MOST)
        return;
    va_start(arguments, format);
    problem_add_list(&text, format, arguments);
    va_end(arguments);
    (void)location_write(view->path, entry->line, where, sizeof(where));
    show_name(entry, name, sizeof(name));
    findings_add(view->check->findings, kinds[kind].severity, kinds[kind].id, where,
                 kinds[kind].fix, "%s: %s", name, text.text);
}

static void say_the_rest(struct view *view)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (view->said[i] > SAID_MOST)
            findings_add(view->check->findings, kinds[i].severity, kinds[i].id, view->path, "",
                         "%zu more lines have this problem; only the first %d are listed",
                         view->said[i] - SAID_MOST, SAID_MOST);
}

/* ---- reading ---- */

static bool can_send(const struct check *check, enum channel channel)
{
    const struct key_words *used = &check->config.providers;
    if (!check->sound)
        return true; /* it cannot be told */
    for (size_t i = 0; i < used->count; i++)
        if (providers[used->at[i]]->lacks(check->config.settings[used->at[i]], channel) == NULL)
            return true;
    return false;
}

static bool has_no_channel(const struct check *check, const struct phone *phone)
{
    for (size_t i = 0; i < phone->channel_count; i++)
        if (can_send(check, phone->channels[i]))
            return false;
    return phone->channel_count > 0;
}

static struct entry make_entry(const struct view *view, const struct users_line *line)
{
    char ignored[128];
    const struct check *check = view->check;
    struct entry entry = {.name = line->user,
                          .length = (uint32_t)line->user_length,
                          .line = (uint32_t)view->map.line,
                          .wrong = line->wrong,
                          .key = *line->phone.key != '\0' ? line->key : NULL};
    if (entry.wrong != NULL)
        return entry;
    entry.number = strtoull(line->phone.number + 1, NULL, 10);
    entry.country = !countries_permit(check->config.countries, line->phone.number);
    entry.length_odd = numbering_doubt(line->phone.number, ignored, sizeof(ignored)) != NULL;
    entry.channel = has_no_channel(check, &line->phone);
    return entry;
}

static bool read_lines(struct view *view)
{
    struct users_line line;
    unsigned long at = 0;
    size_t room = 0;
    if (users_doubt_at(view->map.text, view->map.size, &at) == users_map_utf16)
        return true;
    while (users_next(&view->map, &line)) {
        if (view->count == room) {
            room = room == 0 ? 64 : 2 * room;
            struct entry *more = reallocarray(view->entries, room, sizeof(*more));
            if (more == NULL)
                return problem_no_memory(&view->check->ctl->problem);
            view->entries = more;
        }
        view->entries[view->count++] = make_entry(view, &line);
    }
    return true;
}

/* ---- sorting ---- */

static int compare_names(const struct entry *one, const struct entry *other)
{
    size_t length = one->length < other->length ? one->length : other->length;
    int by_text = memcmp(one->name, other->name, length);
    return by_text != 0 ? by_text : (one->length > other->length) - (one->length < other->length);
}

/* NULL, for all keys, comes first. */
static int compare_keys(const struct entry *one, const struct entry *other)
{
    if (one->key == NULL || other->key == NULL)
        return (one->key != NULL) - (other->key != NULL);
    return memcmp(one->key, other->key, SSHKEY_FINGERPRINT_SIZE - 1);
}

static int by_line(const void *a, const void *b)
{
    const struct entry *one = a;
    const struct entry *other = b;
    return (one->line > other->line) - (one->line < other->line);
}

static int by_name(const void *a, const void *b)
{
    int names = compare_names(a, b);
    int keys = names == 0 ? compare_keys(a, b) : 0;
    return names != 0 ? names : keys != 0 ? keys : by_line(a, b);
}

static int by_number(const void *a, const void *b)
{
    const struct entry *one = a;
    const struct entry *other = b;
    int numbers = (one->number > other->number) - (one->number < other->number);
    return numbers != 0 ? numbers : by_line(a, b);
}

static void sort(struct view *view, int (*order)(const void *, const void *))
{
    if (view->count > 1)
        qsort(view->entries, view->count, sizeof(*view->entries), order);
}

/* ---- lines of one name ---- */

/* They are sorted by key. A login uses the first line of its key; the first line without a key,
 * right or wrong, ends the search. */
static void mark_names_lines(struct entry *first, const struct entry *end)
{
    uint32_t last = first->key == NULL ? first->line : UINT32_MAX;
    const struct entry *of_key = first;
    for (struct entry *entry = first + 1; entry < end; entry++) {
        if (entry->line > last)
            entry->shadowed_by = last;
        else if (compare_keys(entry, of_key) == 0)
            entry->shadowed_by = of_key->line;
        else
            of_key = entry;
    }
}

static bool look_up(struct view *view, const struct entry *entry)
{
    char *name = strndup(entry->name, entry->length);
    errno = 0;
    const struct passwd *account = name != NULL ? getpwnam(name) : NULL;
    int error = errno;
    free(name);
    if (account == NULL && error != 0 && error != ENOENT && error != ESRCH) {
        findings_add(view->check->findings, SEVERITY_WARNING, "users-name-service", view->path,
                     "check nsswitch.conf(5) and the service that it names",
                     "accounts cannot be looked up: %s", strerror(error));
        return false;
    }
    if (account == NULL)
        say(view, KIND_ACCOUNT, entry, "there is no such account on this host");
    return true;
}

static void check_names(struct view *view)
{
    bool known = true;
    struct entry *end = view->entries + view->count;
    struct entry *next = NULL;
    sort(view, by_name);
    for (struct entry *entry = view->entries; entry < end; entry = next) {
        for (next = entry + 1; next < end && compare_names(entry, next) == 0;)
            next++;
        mark_names_lines(entry, next);
        view->names++;
        if (known && view->names <= ACCOUNTS_MOST)
            known = look_up(view, entry);
    }
    if (view->names > ACCOUNTS_MOST)
        findings_add(view->check->findings, SEVERITY_NOTE, "users-account", view->path, "",
                     "of %zu names, the accounts of %d were looked up", view->names, ACCOUNTS_MOST);
}

/* ---- numbers, and each line ---- */

static bool is_used(const struct entry *entry)
{
    return entry->wrong == NULL && entry->shadowed_by == 0;
}

/* Reports numbers that several names have. */
static void check_numbers(struct view *view)
{
    const struct entry *end = view->entries + view->count;
    const struct entry *next = NULL;
    sort(view, by_number);
    for (const struct entry *entry = view->entries; entry < end; entry = next) {
        const struct entry *first = NULL;
        const struct entry *second = NULL;
        size_t others = 0;
        for (next = entry; next < end && next->number == entry->number; next++) {
            if (!is_used(next))
                continue;
            if (first == NULL)
                first = next;
            else if (compare_names(first, next) != 0 && others++ == 0)
                second = next;
        }
        if (second != NULL)
            say(view, KIND_SHARED, first,
                "has the number ending in %02u, like line %u%s: one stolen phone affects all of "
                "them, and they share its limits",
                (unsigned)(entry->number % 100), second->line, others > 1 ? ", and others" : "");
    }
}

static bool ends_with_crlf(const struct view *view, const struct entry *entry)
{
    size_t rest = (size_t)(view->map.text + view->map.size - entry->name);
    const char *end = memchr(entry->name, '\n', rest);
    return entry->wrong == users_line_cr && end != NULL && end[-1] == '\r';
}

static void fix_line_ends(const struct view *view, char *fix, size_t size)
{
    (void)snprintf(fix, size, "sed -i 's/[[:space:]]*$//' %s", view->path);
}

/* A file from Windows has them in every line: that is one finding, at the first line. */
static void check_line_ends(struct view *view)
{
    char where[LOCATION_SIZE];
    char fix[LOCATION_SIZE];
    for (size_t i = 0; i < view->count; i++)
        if (ends_with_crlf(view, &view->entries[i]) && view->crlf++ == 0)
            (void)location_write(view->path, view->entries[i].line, where, sizeof(where));
    fix_line_ends(view, fix, sizeof(fix));
    if (view->crlf > 0)
        findings_add(view->check->findings, SEVERITY_ERROR, kinds[KIND_WRONG].id, where, fix,
                     "the map has CR LF line ends, as on Windows, in %zu lines; until you fix "
                     "them, these users are denied",
                     view->crlf);
}

static void say_length(struct view *view, const struct entry *entry)
{
    char number[PHONE_NUMBER_SIZE];
    char why[128];
    (void)snprintf(number, sizeof(number), "+%" PRIu64, entry->number);
    if (numbering_doubt(number, why, sizeof(why)) != NULL)
        say(view, KIND_LENGTH, entry, "the number %s", why);
}

static void check_lines(struct view *view)
{
    sort(view, by_line);
    check_line_ends(view);
    for (const struct entry *entry = view->entries; entry < view->entries + view->count; entry++) {
        if (ends_with_crlf(view, entry))
            continue;
        if (entry->shadowed_by != 0)
            say(view, KIND_NEVER, entry, "is never used: line %u comes first", entry->shadowed_by);
        else if (entry->wrong != NULL)
            say(view, KIND_WRONG, entry, "%s; until you fix it, the user is denied", entry->wrong);
        else if (entry->country)
            say(view, KIND_COUNTRY, entry,
                "the number is outside of countries: no code is sent to it");
        else if (entry->length_odd)
            say_length(view, entry);
        else if (entry->channel)
            say(view, KIND_CHANNEL, entry,
                "no provider can send by the channels that the line permits: no code is sent");
    }
}

/* ---- the whole ---- */

static bool is_wrong(const struct view *view, unsigned long line)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->entries[i].line == line)
            return view->entries[i].wrong != NULL && view->entries[i].shadowed_by == 0;
    return false;
}

/* Reports what makes the whole map doubtful, unless a finding on a line has said it. */
static const char *check_whole(const struct view *view, bool ignore)
{
    struct findings *findings = view->check->findings;
    unsigned long line = 0;
    char where[LOCATION_SIZE];
    char fix[LOCATION_SIZE] = "rewrite the whole file";
    const char *doubt = users_doubt_at(view->map.text, view->map.size, &line);
    bool said = (doubt == users_map_cr && view->crlf > 0) || is_wrong(view, line);
    (void)location_write(view->path, line, where, sizeof(where));
    if (doubt == users_map_cr)
        fix_line_ends(view, fix, sizeof(fix));
    if (doubt == users_map_utf16)
        findings_add(findings, SEVERITY_ERROR, "users-whole", where,
                     "save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8",
                     "the map %s; until you fix it, every login that requires a code is denied",
                     doubt);
    else if (doubt != NULL && ignore)
        findings_add(
            findings, SEVERITY_ERROR, "users-whole", where, fix,
            "the map %s; until you fix it, users who are not in it are denied (unmapped = ignore)",
            doubt);
    else if (doubt != NULL && view->map.size > 0 && !said)
        findings_add(findings, SEVERITY_WARNING, "users-whole", where, fix,
                     "the map %s; the user of this line may not be found", doubt);
    return doubt;
}

/* Reports what is wrong with the map as a whole. */
static void check_map(struct view *view)
{
    struct findings *findings = view->check->findings;
    bool ignore = view->check->config.unmapped == UNMAPPED_IGNORE;
    char where[LOCATION_SIZE];
    const char *doubt = check_whole(view, ignore);
    if (view->count == 0 && doubt != users_map_utf16 && !(ignore && doubt != NULL))
        findings_add(findings, ignore ? SEVERITY_WARNING : SEVERITY_ERROR, "users-none", view->path,
                     "swmfactl init, or swmfactl user add for each user, yourself first",
                     ignore ? "it has no user: every user logs in without a code"
                            : "it has no user: every login that requires a code is denied");
    if (users_mark_length(view->map.text, view->map.size) > 0)
        findings_add(findings, SEVERITY_NOTE, "users-mark", view->path,
                     "save the file without the mark",
                     "begins with a byte order mark, as editors on Windows write it: logins ignore "
                     "it, other programs may not");
    (void)snprintf(where, sizeof(where), "chmod o-r %s", view->path);
    if ((view->map.status.st_mode & 0004U) != 0)
        findings_add(findings, SEVERITY_NOTE, "users-readable", view->path, where,
                     "every user of this host can read the phone numbers");
    if (users_changed(&view->map))
        findings_add(findings, SEVERITY_WARNING, "users-changed", view->path,
                     "run this again; replace the map by writing a new file and renaming it",
                     "was changed while it was read");
}

void check_users(struct check *check)
{
    struct problem problem = {0};
    struct view view = {.check = check, .path = check->config.users};
    if (!check_folders(check, view.path))
        return; /* no login reads it */
    if (!users_open(view.path, &view.map, &problem)) {
        check_problem(check, SEVERITY_ERROR, "users-file", view.path,
                      "it must be owned by root and writable by root alone; until then every login "
                      "that requires a code is denied",
                      &problem);
        return;
    }
    if (read_lines(&view)) {
        check_names(&view);
        check_numbers(&view);
        check_lines(&view);
        check_map(&view);
        say_the_rest(&view);
    } else {
        findings_add(check->findings, SEVERITY_ERROR, "memory", view.path, "", "%s",
                     PROBLEM_NO_MEMORY);
    }
    check_examined(check, "%zu user%s", view.names, view.names == 1 ? "" : "s");
    free(view.entries);
    users_close(&view.map);
}
