/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config: see config.h.
 *
 * inih parses the INI format. One row of keys[] describes each key: its values, its default and its
 * place. A default goes through the same checks as a value from the file. The reader that feeds the
 * lines to inih adds what inih does not report: line numbers, and sections without keys.
 */
#include <config.h>

#include "config/config.h"
#include "config/file.h"
#include "config/limit.h"
#include "config/network.h"
#include "config/price.h"

#include <arpa/inet.h>
#include <ini.h>
#include <regex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const unmapped_words[] = {"deny", "ignore", NULL};
static const char *const fail_words[] = {"secure", "safe", NULL};
static const char *const fail_on_words[] = {"network",     "server", "limit",
                                            "credentials", "store",  NULL};
static const char *const exempt_words[] = {"ignore", "success", NULL};

#define LABEL "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?" /* of a host name */
#define PORT                                                                                       \
    "(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
#define MODULE        "[A-Za-z0-9_.-]+" /* a PAM module */
#define HOST_MOST     253               /* characters of a host name (RFC 1035, 2.3.4) */
#define LONGEST_SHOWN 40 /* bytes of a wrong value in a message; SignalWire's tokens are longer */

#define AT(member)                  KEY_AT(struct config, member)
#define NUMBER(member, least, most) AT(member), .kind = KEY_NUMBER, .min = (least), .max = (most)
#define SPAN(member, most)          AT(member), .kind = KEY_SPAN, .max = (most)
#define WORD(member, list)          AT(member), .kind = KEY_WORD, .words = (list)
#define WORDS(member, list)         AT(member), .kind = KEY_WORDS, .words = (list)
#define BOM                         "\xef\xbb\xbf" /* a byte order mark */
#define SEVERAL                     ", or several separated by commas"
#define UNQUOTED                    "write it without quotes"
#define A_LIST                      "^[^,]*[^, \t][^,]*(,[^,]*[^, \t][^,]*)*$"
#define LIMITS_EXPECTED                                                                            \
    "NUMBER/TIME such as 3/10m" SEVERAL ", each with another TIME of at most 30d"
#define LIMITS(member) AT(member), .kind = KEY_LIMITS, .expected = LIMITS_EXPECTED
#define LIST_OF(member, what)                                                                      \
    AT(member), .kind = KEY_TEXT, .pattern = A_LIST, .expected = what SEVERAL

/* clang-format off */
static const struct key swmfa_keys[] = {
    {"providers", "signalwire", WORDS(providers, provider_names)},
    {"channel", "sms", WORD(channel, channel_names)},
    {"users", SWMFA_USERS_PATH, AT(users), .kind = KEY_TEXT, KEY_ABSOLUTE_PATH},
    {"unmapped", "deny", WORD(unmapped, unmapped_words)},
    {"fail", "secure", WORD(fail, fail_words)},
    {"fail_on", "network, server", WORDS(fail_on, fail_on_words)},
    {"tries", "3", NUMBER(tries, 1, 10)},
    {"echo", "yes", WORD(echo, key_no_yes)},
    {"autosend", "yes", WORD(autosend, key_no_yes)},
    {"resend_delay", "30", NUMBER(resend_delay, 0, 600)},
    {"connect_timeout", "5", NUMBER(connect_timeout, 1, 30)},
    {"timeout", "10", NUMBER(timeout, 1, 30)},
    {"deadline", "30", NUMBER(deadline, 1, 30)},
    {"currency", "USD", AT(currency), .kind = KEY_TEXT, .pattern = "^[A-Za-z]+$", .max = 8, .expected = "1 to 8 letters"},
    {"first_factor_modules", NULL, AT(first_factor_modules), .kind = KEY_TEXT, .pattern = "^" MODULE "([ \t]*,[ \t]*" MODULE ")*$", .expected = "the name of a PAM module such as pam_example, or several separated by commas"},
    {.name = NULL},
};

static const struct key policy_keys[] = {
    {"services", NULL, LIST_OF(policy.services, "the name of a PAM service")},
    {"exempt_groups", NULL, LIST_OF(policy.exempt_groups, "the name of a group")},
    {"exempt_networks", NULL, LIST_OF(policy.exempt_networks, "an address or a network such as 192.0.2.0/24")},
    {"require_groups", NULL, LIST_OF(policy.require_groups, "the name of a group")},
    {"exempt_result", "ignore", WORD(policy.exempt_result, exempt_words)},
    {"remember", "0", SPAN(policy.remember, LIMIT_SECONDS_MAX)},
    {.name = NULL},
};

static const struct key limits_keys[] = {
    {"user_sends", "3/10m, 5/1h, 10/1d", LIMITS(sends.user)},
    {"phone_sends", NULL, LIMITS(sends.phone)},
    {"address_sends", "10/1h", LIMITS(sends.address)},
    {"host_sends", "200/1h, 1000/1d", LIMITS(sends.host)},
    {"countries", NULL, LIST_OF(countries, "the beginning of numbers such as +44")},
    {"failures", "10", NUMBER(failures, 1, 100)},
    {.name = NULL},
};
/* clang-format on */

static bool check_networks(const void *settings, const char **key, struct problem *problem)
{
    const struct config *config = settings;
    const char *at = config->policy.exempt_networks;
    const char *item = NULL;
    size_t length = 0;
    struct network network;
    *key = "exempt_networks";
    while ((item = key_next_item(&at, &length)) != NULL)
        if (!network_read(item, length, &network, problem))
            return false;
    return true;
}

static bool check_countries(const void *settings, const char **key, struct problem *problem)
{
    const struct config *config = settings;
    const char *at = config->countries;
    const char *item = NULL;
    size_t length = 0;
    *key = "countries";
    for (unsigned number = 1; (item = key_next_item(&at, &length)) != NULL; number++)
        if (!phone_prefix_valid(item, length))
            return problem_set(problem,
                               "item %u must be + and the first digits of numbers, such as +44 "
                               "(separate several by commas)",
                               number);
    return true;
}

/* ---- the sections: our own, and one for each provider ---- */

#define OWN_SECTIONS  (CONFIG_SECTIONS - PROVIDER_COUNT)
#define SECTION_COUNT CONFIG_SECTIONS

static const struct section *section_at(size_t number)
{
    static const struct section own[OWN_SECTIONS] = {
        {"swmfa", swmfa_keys, sizeof(struct config), NULL},
        {"policy", policy_keys, sizeof(struct config), check_networks},
        {"limits", limits_keys, sizeof(struct config), check_countries},
    };
    return number < OWN_SECTIONS ? &own[number] : &providers[number - OWN_SECTIONS]->section;
}

static void *settings_at(struct config *config, size_t number)
{
    return number < OWN_SECTIONS ? (void *)config : config->settings[number - OWN_SECTIONS];
}

static bool section_is_used(const struct config *config, size_t number)
{
    return number < OWN_SECTIONS ||
           config_has_word(&config->providers, (int)(number - OWN_SECTIONS));
}

/* Returns the key with that number in that section, or NULL after the last. */
static const struct key *key_at(size_t section, size_t number)
{
    const struct key *keys = section_at(section)->keys;
    return number < SECTION_KEYS_MAX && keys[number].name != NULL ? &keys[number] : NULL;
}

/* The state while the file is read. */
struct reading {
    const char *path;
    const char *at; /* the rest of the file's text */
    const char *end;
    unsigned line;              /* number of the line that was handed out last */
    bool pair;                  /* it must be key = value, and has not been taken yet */
    bool crlf;                  /* a line ended with CR LF, which is reported once */
    struct config_lines *lines; /* the keys that were given */
    bool wrong[SECTION_COUNT];  /* a value of the section is wrong */
    struct config *config;
    config_tell *tell;       /* for each problem; NULL: reading ends at the first */
    void *context;           /* for tell */
    struct problem *problem; /* the first one */
    bool failed;
};

/* True if reading should stop. */
static bool is_over(const struct reading *reading)
{
    return reading->failed && reading->tell == NULL;
}

static bool complain(struct reading *reading, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reports a problem, after the path and the line if it has one. Returns false. */
static bool complain(struct reading *reading, unsigned line, const char *format, ...)
{
    struct problem problem = {0};
    va_list arguments;
    if (is_over(reading))
        return false;
    problem_set(&problem, line != 0 ? "%s:%u: " : "%s: ", reading->path, line);
    va_start(arguments, format);
    problem_add_list(&problem, format, arguments);
    va_end(arguments);
    if (!reading->failed)
        *reading->problem = problem;
    reading->failed = true;
    if (reading->tell != NULL)
        reading->tell(reading->context, &problem);
    return false;
}

/* A key of a section. */
struct place {
    size_t section;
    size_t number;
    const struct key *key; /* NULL: there is none */
};

static struct place place_of(size_t section, const char *name)
{
    struct place place = {.section = section};
    while ((place.key = key_at(section, place.number)) != NULL &&
           strcmp(place.key->name, name) != 0)
        place.number++;
    return place;
}

static void *member_at(struct config *config, const struct place *place)
{
    return (char *)settings_at(config, place->section) + place->key->offset;
}

/* True if a value may be shown: not if it can be a token in the wrong place. */
static bool can_be_shown(const struct key *key, const char *value)
{
    return key->kind != KEY_SECRET && !key->redact && strlen(value) <= LONGEST_SHOWN &&
           strchr(value, '@') == NULL;
}

static bool fail_at(struct reading *reading, unsigned line, const struct place *place,
                    const char *expected, const char *found)
{
    return complain(reading, line, "[%s] %s: %s%s%s%s", section_at(place->section)->name,
                    place->key->name, expected, found != NULL ? ", not \"" : "",
                    found != NULL ? found : "", found != NULL ? "\"" : "");
}

/* Returns where the line of a key is kept. */
static unsigned *given(const struct reading *reading, const struct place *place)
{
    return &reading->lines->at[place->section][place->number];
}

/* ---- one value ---- */

static bool matches(const char *pattern, const char *value)
{
    regex_t expression;
    if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool match = regexec(&expression, value, 0, NULL, 0) == 0;
    regfree(&expression);
    return match;
}

static bool set_text(char **member, const char *value)
{
    free(*member);
    *member = strdup(value);
    return *member != NULL;
}

static bool set_number(const struct key *key, int *member, const char *value)
{
    size_t length = strspn(value, "0123456789");
    if (length == 0 || length > 9 || value[length] != '\0')
        return false;
    *member = (int)strtol(value, NULL, 10);
    return *member >= key->min && *member <= key->max;
}

static bool set_span(const struct key *key, int *member, const char *value)
{
    return limit_span_read(value, member) && *member <= key->max;
}

static bool find_word(const struct key *key, const char *value, size_t length, int *word)
{
    for (*word = 0; key->words[*word] != NULL; ++*word)
        if (strlen(key->words[*word]) == length && memcmp(key->words[*word], value, length) == 0)
            return true;
    return false;
}

static bool set_words(const struct key *key, struct key_words *words, const char *value)
{
    const char *item = NULL;
    size_t length = 0;
    words->count = 0;
    while ((item = key_next_item(&value, &length)) != NULL) {
        int word = 0;
        if (!find_word(key, item, length, &word) || config_has_word(words, word) ||
            words->count == KEY_WORDS_MAX) {
            words->count = 0;
            return false;
        }
        words->at[words->count++] = word;
    }
    return true;
}

/* An address in brackets must be valid; otherwise each login would fail as if by an outage. */
static bool good_endpoint(const char *value)
{
    const char *open = strchr(value, '[');
    char text[INET6_ADDRSTRLEN] = "";
    unsigned char address[sizeof(struct in6_addr)];
    if (!matches("^https://(" LABEL "(\\." LABEL ")*|\\[[0-9A-Fa-f:.]+\\])" PORT "$", value))
        return false;
    if (open == NULL)
        return strcspn(value + strlen("https://"), ":") <= HOST_MOST;
    size_t length = strcspn(open + 1, "]");
    if (length >= sizeof(text))
        return false;
    memcpy(text, open + 1, length);
    return inet_pton(AF_INET6, text, address) == 1;
}

static bool set_value(const struct key *key, void *member, const char *value)
{
    size_t most = key->kind == KEY_TEXT && key->max > 0 ? (size_t)key->max : KEY_TEXT_MAX;
    bool fits = strlen(value) <= most;
    switch (key->kind) {
    case KEY_NUMBER:
        return set_number(key, member, value);
    case KEY_WORD:
        return find_word(key, value, strlen(value), member);
    case KEY_WORDS:
        return set_words(key, member, value);
    case KEY_LIMITS:
        return limit_list_read(value, member);
    case KEY_SPAN:
        return set_span(key, member, value);
    case KEY_PRICE:
        return price_read(value, member);
    case KEY_SECRET:
        return fits && matches(key->pattern, value) && secret_set(member, value);
    case KEY_ENDPOINT:
        return fits && good_endpoint(value) && set_text(member, value);
    case KEY_FILE:
        return fits && *value == '/' && set_text(&((struct key_file *)member)->path, value);
    default:
        return fits && matches(key->pattern, value) && set_text(member, value);
    }
}

static void append(char *buffer, size_t size, const char *between, const char *text)
{
    size_t used = strlen(buffer);
    (void)snprintf(buffer + used, size - used, "%s%s", between, text);
}

/* Describes the valid values of a key: "4 to 20", "sms or call". */
static const char *expectation(const struct key *key, char *buffer, size_t size)
{
    char most[16];
    if (key->expected != NULL)
        return key->expected;
    *buffer = '\0';
    if (key->kind == KEY_NUMBER) {
        (void)snprintf(buffer, size, "%d to %d", key->min, key->max);
        return buffer;
    }
    if (key->kind == KEY_SPAN) {
        (void)snprintf(buffer, size, "0 or a time such as 12h, at most %s",
                       limit_span_write(key->max, most, sizeof(most)));
        return buffer;
    }
    if (key->kind == KEY_PRICE)
        return "a price such as 0.0079, at most 999999.999999";
    if (key->kind == KEY_ENDPOINT)
        return "https://HOST or https://HOST:PORT";
    if (key->kind == KEY_FILE)
        return "an absolute path";
    for (size_t i = 0; key->words[i] != NULL; i++)
        append(buffer, size, i > 0 ? " or " : "", key->words[i]);
    if (key->kind == KEY_WORDS)
        append(buffer, size, "", ", each at most once, separated by commas");
    return buffer;
}

/* ---- the lines of the file ---- */

/* A name as messages show it. A text that does not look like a name may be a secret in the wrong
 * place. */
static const char *shown_name(const char *name, size_t length)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_ ") >= length ? name
                                                                                            : "?";
}

/* The number of the section of that name, or SECTION_COUNT. */
static size_t find_section(const char *name, size_t length)
{
    size_t i = 0;
    while (i < SECTION_COUNT && (strlen(section_at(i)->name) != length ||
                                 memcmp(section_at(i)->name, name, length) != 0))
        i++;
    return i;
}

#define NO_PAIR "expected [section] or key = value"

/* In a file from Windows every line ends so: that is one problem. The lines are then read without
 * it, to find other problems. */
static bool ends_with_cr(struct reading *reading, const char *line, size_t length)
{
    if (length == 0 || line[length - 1] != '\r')
        return false;
    if (!reading->crlf)
        (void)complain(reading, reading->line,
                       "the line ends with CR LF, as on Windows; to fix all lines: "
                       "sed -i 's/[[:space:]]*$//' %s",
                       reading->path);
    reading->crlf = true;
    return true;
}

static bool check_line(struct reading *reading, const char *line, size_t length, size_t most)
{
    if (length > most)
        return complain(reading, reading->line, "at most %zu bytes in a line, not %zu", most,
                        length);
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            return complain(reading, reading->line, "control character 0x%02x%s", (unsigned)line[i],
                            line[i] == '\r' ? ": save the file with Unix line endings" : "");
    return true;
}

/* Finds what inih does not report: a section without keys, and text after its name. */
static bool check_section(struct reading *reading, const char *line, size_t length)
{
    if (length == 0 || line[0] != '[')
        return true;
    const char *close = memchr(line, ']', length);
    if (close == NULL)
        return complain(reading, reading->line, NO_PAIR);
    if (find_section(line + 1, (size_t)(close - line - 1)) == SECTION_COUNT)
        return complain(reading, reading->line, "unknown section [%.*s]", (int)(close - line - 1),
                        shown_name(line + 1, (size_t)(close - line - 1)));
    for (const char *at = close + 1; at < line + length && *at != ';' && *at != '#'; at++)
        if (*at != ' ' && *at != '\t')
            return complain(reading, reading->line, "expected nothing after %.*s",
                            (int)(close - line + 1), line);
    return true;
}

/* inih reports only the first line that is neither a section nor a key with a value: the result for
 * each line is seen when the next one is asked for. */
static bool check_pair(struct reading *reading)
{
    bool good = !reading->pair || complain(reading, reading->line, NO_PAIR);
    reading->pair = false;
    return good;
}

/*
 * Hands inih the next line, as fgets would. Leading blanks go, since inih takes an indented line
 * for the rest of the value before it.
 */
static char *next_line(char *buffer, int size, void *stream)
{
    struct reading *reading = stream;
    (void)check_pair(reading);
    if (is_over(reading) || reading->at == reading->end)
        return NULL;
    const char *line = reading->at;
    const char *newline = memchr(line, '\n', (size_t)(reading->end - line));
    const char *end = newline != NULL ? newline : reading->end;
    reading->at = newline != NULL ? newline + 1 : end;
    if (reading->line++ == 0 && end - line >= 3 && memcmp(line, BOM, 3) == 0)
        line += 3;
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    size_t length = (size_t)(end - line);
    if (newline != NULL && ends_with_cr(reading, line, length))
        length--;
    if (!check_line(reading, line, length, (size_t)size - 2))
        length = 0;
    (void)check_section(reading, line, length);
    if (is_over(reading))
        return NULL;
    reading->pair = length > 0 && strchr("[;#", line[0]) == NULL;
    memcpy(buffer, line, length);
    buffer[length] = '\n';
    buffer[length + 1] = '\0';
    return buffer;
}

/* ---- quotes ---- */

/* True if the text begins with a quote: a plain one, or a typographic one of a word processor. */
static bool begins_with_quote(const char *text)
{
    return *text == '"' || *text == '\'' ||
           (strncmp(text, "\xe2\x80", 2) == 0 && (unsigned char)text[2] >= 0x98 &&
            (unsigned char)text[2] <= 0x9f);
}

/* True if a value, or an item of it, begins with a quote where quotes are a mistake. A service or
 * group with quotes in its name would match nobody. */
static bool is_misquoted(const struct key *key, const char *value)
{
    const char *item = NULL;
    size_t length = 0;
    if (key->quotable)
        return false;
    while ((item = key_next_item(&value, &length)) != NULL)
        if (begins_with_quote(item))
            return true;
    return false;
}

/* Records, for check, that a value is in quotes where they may be intended. */
static void note_quotes(const struct reading *reading, const struct place *place, const char *value)
{
    size_t length = strlen(value);
    reading->lines->quoted[place->section][place->number] =
        length > 1 && begins_with_quote(value) && value[length - 1] == *value;
}

/* ---- keys and values ---- */

/* The key that was probably meant, of this section or of another one; "" if none is near. */
static const char *guess_key(const char *section, const char *name, size_t length, char guess[96])
{
    unsigned nearest = KEY_FAR;
    const struct key *key = NULL;
    *guess = '\0';
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        bool here = strcmp(section_at(i)->name, section) == 0;
        for (size_t number = 0; (key = key_at(i, number)) != NULL; number++) {
            unsigned distance = key_distance(name, length, key->name);
            if (here && distance == 0)
                return ""; /* the name is right, but the text after it is wrong */
            if (distance > nearest || (distance == nearest && (!here || distance == KEY_FAR)))
                continue;
            nearest = distance;
            (void)snprintf(guess, 96, "; did you mean %s%s%s%s?", here ? "" : "[",
                           here ? "" : section_at(i)->name, here ? "" : "] ", key->name);
        }
    }
    return guess;
}

static void fail_unknown(struct reading *reading, const char *section, const char *name)
{
    char guess[96];
    size_t length = strcspn(name, " \t");
    complain(reading, reading->line, "[%s] %.*s: unknown key%s", section, (int)length,
             shown_name(name, length),
             *section == '\0' ? ": it precedes the first [section]"
                              : guess_key(section, name, length, guess));
}

/* Reports a wrong value. Reading continues with the default in its place; a list of words is then
 * empty. */
static void fail_value(struct reading *reading, const struct place *place, const char *value)
{
    char words[160];
    const struct key *key = place->key;
    if (is_misquoted(key, value))
        fail_at(reading, reading->line, place, UNQUOTED, NULL);
    else
        fail_at(reading, reading->line, place, expectation(key, words, sizeof(words)),
                can_be_shown(key, value) ? value : NULL);
    reading->wrong[place->section] = true;
    if (key->default_value != NULL && key->kind != KEY_WORDS)
        (void)set_value(key, member_at(reading->config, place), key->default_value);
}

/* Takes one key = value. Of a section that is not known, each key has been complained of. */
static void take(struct reading *reading, const char *section, const char *name, const char *value)
{
    struct place place = {.section = find_section(section, strlen(section))};
    reading->pair = false;
    if (place.section < SECTION_COUNT)
        place = place_of(place.section, name);
    if (place.key == NULL && (place.section < SECTION_COUNT || *section == '\0'))
        fail_unknown(reading, section, name);
    if (place.key == NULL)
        return;
    if (*given(reading, &place) != 0) {
        fail_at(reading, reading->line, &place, "given twice; remove one of the two lines", NULL);
        return;
    }
    *given(reading, &place) = reading->line;
    note_quotes(reading, &place, value);
    if (is_misquoted(place.key, value) ||
        !set_value(place.key, member_at(reading->config, &place), value))
        fail_value(reading, &place, value);
}

#if INI_HANDLER_LINENO
static int on_pair(void *user, const char *section, const char *name, const char *value, int line)
{
    (void)line; /* ours counts the same */
    take(user, section, name, value);
    return 1; /* continue: the reader of the lines decides when to stop */
}
#else
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    take(user, section, name, value);
    return 1;
}
#endif

static void parse(struct reading *reading)
{
#if HAVE_DECL_INI_MAX_LINE /* Debian's inih takes this at run time, others when they are built */
    ini_use_stack = false;
    ini_max_line = 4096;
    ini_initial_alloc = 4096;
#endif
    int bad_line = ini_parse_stream(next_line, reading, on_pair, reading);
    if (bad_line > 0 && !reading->failed)
        complain(reading, (unsigned)bad_line, NO_PAIR);
    if (bad_line < 0)
        complain(reading, 0, PROBLEM_NO_MEMORY);
}

/* ---- the whole ---- */

/* A problem with a key that was given, or was not: in that case without a line number. */
static bool fail_key(struct reading *reading, const struct place *place, const char *expected)
{
    return fail_at(reading, *given(reading, place), place, expected, NULL);
}

static bool set_default(struct reading *reading, const struct place *place)
{
    return *given(reading, place) != 0 || place->key->default_value == NULL ||
           set_value(place->key, member_at(reading->config, place), place->key->default_value) ||
           complain(reading, 0, PROBLEM_NO_MEMORY);
}

/* Reads a secret from its file: one line, its newline dropped. */
static bool read_secret(struct reading *reading, const struct place *place,
                        const struct place *file)
{
    size_t length = 0;
    struct problem why = {0};
    const char *path = *(char **)member_at(reading->config, file);
    if (path == NULL)
        return false; /* its value is wrong, which was reported */
    char *content = file_read(path, FILE_SECRET, &length, &why);
    if (content == NULL)
        return fail_key(reading, file, why.text);
    size_t used = length > 0 && content[length - 1] == '\n' ? length - 1 : length;
    content[used] = '\0';
    bool misquoted = is_misquoted(place->key, content);
    bool good = !misquoted && strlen(content) == used &&
                set_value(place->key, member_at(reading->config, place), content);
    note_quotes(reading, place, content);
    const char *more = "";
    if (misquoted)
        more = ": " UNQUOTED;
    else if (strncmp(content, BOM, sizeof(BOM) - 1) == 0)
        more = ": it begins with a byte order mark, save the file without it";
    explicit_bzero(content, length);
    free(content);
    problem_set(&why, "%s: expected the %s alone, on one line without blanks or carriage return%s",
                path, place->key->name, more);
    return good || fail_key(reading, file, why.text);
}

/* A secret is given either directly or in a file. */
static bool complete_secret(struct reading *reading, const struct place *place)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "%s_file", place->key->name);
    struct place file = place_of(place->section, name);
    bool by_itself = *given(reading, place) != 0;
    bool by_file = *given(reading, &file) != 0;
    char words[160];
    if (by_itself && by_file) {
        (void)snprintf(words, sizeof(words), "give %s or %s, not both", place->key->name, name);
        return fail_key(reading, &file, words);
    }
    (void)snprintf(words, sizeof(words), "missing: set it or %s (providers lists %s)", name,
                   section_at(place->section)->name);
    return by_itself ||
           (by_file ? read_secret(reading, place, &file) : fail_key(reading, place, words));
}

static bool complete_file(struct reading *reading, const struct place *place)
{
    struct key_file *file = member_at(reading->config, place);
    size_t length = 0;
    struct problem why = {0};
    if (file->path == NULL)
        return true;
    file->text = file_read(file->path, FILE_PUBLIC, &length, &why);
    return file->text != NULL || fail_key(reading, place, why.text);
}

static bool complete_key(struct reading *reading, const struct place *place)
{
    if (place->key->kind == KEY_SECRET)
        return complete_secret(reading, place);
    if (place->key->kind == KEY_FILE)
        return complete_file(reading, place);
    if (!place->key->required || *given(reading, place) != 0)
        return true;
    char words[96];
    (void)snprintf(words, sizeof(words), "missing (providers lists %s)",
                   section_at(place->section)->name);
    return fail_key(reading, place, words);
}

/* Checks a section's other conditions; impossible if values of its keys are wrong. */
static void complete_section(struct reading *reading, size_t number)
{
    const struct section *section = section_at(number);
    struct place place = {.section = number};
    struct problem why = {0};
    const char *name = NULL;
    bool good = !reading->wrong[number];
    for (; !is_over(reading) && (place.key = key_at(number, place.number)) != NULL; place.number++)
        good = complete_key(reading, &place) && good;
    if (!good || section->check == NULL ||
        section->check(settings_at(reading->config, number), &name, &why))
        return;
    place = place_of(number, name);
    fail_key(reading, &place, why.text);
}

static bool set_defaults(struct reading *reading, size_t section)
{
    struct place place = {.section = section};
    for (; (place.key = key_at(section, place.number)) != NULL; place.number++)
        if (!set_default(reading, &place))
            return false;
    return true;
}

/* A key that is not given and takes the value of another key. */
static void inherit(struct config *config)
{
    if (config->sends.phone.count == 0)
        config->sends.phone = config->sends.user;
}

/* Checks section by section: the first one says which of the others are used. */
static void complete(struct reading *reading)
{
    for (size_t i = 0; i < SECTION_COUNT && !is_over(reading); i++)
        if (section_is_used(reading->config, i) && set_defaults(reading, i))
            complete_section(reading, i);
    inherit(reading->config);
}

static bool make_settings(struct config *config)
{
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        config->settings[i] = calloc(1, providers[i]->section.size);
        if (config->settings[i] == NULL)
            return false;
    }
    return true;
}

/* Windows' editors can save a file so. None of its lines can be read. */
static bool check_encoding(struct reading *reading, const char *text, size_t length)
{
    bool utf16 =
        length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
    return !utf16 || complain(reading, 0,
                              "is UTF-16: save it as UTF-8, or "
                              "iconv -f UTF-16 -t UTF-8 %s",
                              reading->path);
}

/* Reads a text. reading has its path, lines, tell, context and problem. */
static bool read_text(struct reading *reading, const char *text, size_t length,
                      struct config *config)
{
    memset(config, 0, sizeof(*config));
    reading->at = text;
    reading->end = text + length;
    reading->config = config;
    if (!check_encoding(reading, text, length))
        return false;
    if (make_settings(config)) {
        parse(reading);
        complete(reading);
    } else {
        config_free(config);
        complain(reading, 0, PROBLEM_NO_MEMORY);
    }
    return !reading->failed;
}

/* The same, of the file of that path. */
static bool read_file(struct reading *reading, struct config *config)
{
    size_t length = 0;
    memset(config, 0, sizeof(*config));
    char *content = file_read(reading->path, FILE_SECRET, &length, reading->problem);
    if (content == NULL)
        return false;
    bool good = read_text(reading, content, length, config);
    explicit_bzero(content, length);
    free(content);
    return good;
}

bool config_read(const char *path, const char *text, size_t length, struct config *config,
                 struct problem *problem)
{
    struct config_lines lines = {0};
    struct reading reading = {.path = path, .lines = &lines, .problem = problem};
    bool good = read_text(&reading, text, length, config);
    if (!good)
        config_free(config);
    return good;
}

bool config_load(const char *path, struct config *config, struct problem *problem)
{
    struct config_lines lines = {0};
    struct reading reading = {.path = path != NULL ? path : SWMFA_CONF_PATH,
                              .lines = &lines,
                              .problem = problem};
    bool good = read_file(&reading, config);
    if (!good)
        config_free(config);
    return good;
}

bool config_examine(const char *path, struct config *config, struct config_lines *lines,
                    config_tell *tell, void *context)
{
    struct problem first = {0};
    struct reading reading = {.path = path != NULL ? path : SWMFA_CONF_PATH,
                              .lines = lines,
                              .tell = tell,
                              .context = context,
                              .problem = &first};
    memset(lines, 0, sizeof(*lines));
    bool good = read_file(&reading, config);
    if (!good && !reading.failed) /* it cannot be read at all */
        tell(context, &first);
    return good;
}

unsigned config_line(const struct config_lines *lines, const char *section, const char *key)
{
    size_t number = find_section(section, strlen(section));
    if (number == SECTION_COUNT)
        return 0;
    struct place place = place_of(number, key);
    return place.key != NULL ? lines->at[number][place.number] : 0;
}

bool config_quoted(const struct config_lines *lines, const char *section, const char *key)
{
    size_t number = find_section(section, strlen(section));
    if (number == SECTION_COUNT)
        return false;
    struct place place = place_of(number, key);
    return place.key != NULL && place.key->quotable && lines->quoted[number][place.number];
}

static void free_member(const struct key *key, void *member)
{
    struct key_file *file = member;
    switch (key->kind) {
    case KEY_SECRET:
        secret_wipe(member);
        break;
    case KEY_FILE:
        free(file->path);
        free(file->text);
        break;
    case KEY_TEXT:
    case KEY_ENDPOINT:
        free(*(char **)member);
        break;
    default:
        break;
    }
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        struct place place = {.section = i};
        if (settings_at(config, i) == NULL)
            continue;
        for (; (place.key = key_at(i, place.number)) != NULL; place.number++)
            free_member(place.key, member_at(config, &place));
    }
    for (size_t i = 0; i < PROVIDER_COUNT; i++)
        free(config->settings[i]);
    memset(config, 0, sizeof(*config));
}

bool config_has_word(const struct key_words *words, int word)
{
    for (size_t i = 0; i < words->count; i++)
        if (words->at[i] == word)
            return true;
    return false;
}

bool config_key_at(size_t number, struct config_key *key)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        for (size_t k = 0; key_at(i, k) != NULL; k++) {
            if (number-- == 0) {
                *key = (struct config_key){section_at(i)->name, key_at(i, k)->name,
                                           key_at(i, k)->default_value};
                return true;
            }
        }
    }
    return false;
}
