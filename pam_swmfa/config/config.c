/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config: see config.h.
 *
 * inih reads the INI form. What a key is, may hold and is by default stands in one row of keys[];
 * a default goes through the same checks as a value from the file. What inih does not tell (the
 * number of the line, a section without keys) is seen by the reader that feeds it the lines.
 */
#include <config.h>

#include "config/config.h"
#include "config/file.h"
#include "config/gsm.h"

#include <arpa/inet.h>
#include <ini.h>
#include <limits.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    KIND_TEXT,   /* char *, of the form that a regular expression gives */
    KIND_SECRET, /* struct secret, likewise; never shown in a message */
    KIND_NUMBER, /* int, from min to max */
    KIND_WORD,   /* int, the index of the word in words */
};

static const char *const provider_words[] = {"signalwire", NULL};
static const char *const unmapped_words[] = {"deny", "ignore", NULL};
static const char *const fail_words[] = {"secure", "safe", NULL};
static const char *const boolean_words[] = {"no", "yes", NULL};

#define ABSOLUTE_PATH "^/"
#define LABEL         "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?" /* of a host name */
#define PORT                                                                                       \
    "(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
#define LONGEST_SHOWN 40   /* bytes of a wrong value in a message; SignalWire's tokens are longer */
#define TEXT_MAX      1024 /* bytes */

struct key {
    struct config_key shown; /* section, name, default */
    size_t offset;           /* in struct config */
    enum kind kind;
    int min; /* KIND_NUMBER */
    int max;
    const char *const *words; /* KIND_WORD */
    const char *pattern;      /* KIND_TEXT, KIND_SECRET: extended regular expression */
    const char *expected;     /* the pattern in words */
    bool unsaid;              /* KIND_TEXT: a secret is put here by mistake; never shown either */
};

#define AT(member) offsetof(struct config, member)
#define NUMBER(member, least, most)                                                                \
    .offset = AT(member), .kind = KIND_NUMBER, .min = (least), .max = (most)
#define WORD(member, list) .offset = AT(member), .kind = KIND_WORD, .words = (list)
#define TEXT(member, form, form_words)                                                             \
    .offset = AT(member), .kind = KIND_TEXT, .pattern = (form), .expected = (form_words)
#define SECRET(member, form, form_words)                                                           \
    .offset = AT(member), .kind = KIND_SECRET, .pattern = (form), .expected = (form_words)

/* clang-format off */
static const struct key keys[] = {
    {{"swmfa", "providers", "signalwire"}, WORD(providers, provider_words)},
    {{"swmfa", "channel", "sms"}, WORD(channel, channel_names)},
    {{"swmfa", "users", SWMFA_USERS_PATH}, TEXT(users, ABSOLUTE_PATH, "an absolute path")},
    {{"swmfa", "unmapped", "deny"}, WORD(unmapped, unmapped_words)},
    {{"swmfa", "fail", "secure"}, WORD(fail, fail_words)},
    {{"swmfa", "tries", "3"}, NUMBER(tries, 1, 10)},
    {{"swmfa", "echo", "yes"}, WORD(echo, boolean_words)},
    {{"swmfa", "connect_timeout", "5"}, NUMBER(connect_timeout, 1, 30)},
    {{"swmfa", "timeout", "10"}, NUMBER(timeout, 1, 30)},

    {{"signalwire", "space", NULL},
     TEXT(signalwire.space, "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
          "the SPACE of https://SPACE.signalwire.com")},
    {{"signalwire", "endpoint", NULL},
     TEXT(signalwire.endpoint, "^https://(" LABEL "(\\." LABEL ")*|\\[[0-9A-Fa-f:.]+\\])" PORT "$",
          "https://HOST or https://HOST:PORT")},
    {{"signalwire", "project_id", NULL},
     TEXT(signalwire.project_id, "^[A-Za-z0-9._-]+$",
          "up to 1024 letters, digits, dots, hyphens, underscores"), .unsaid = true},
    {{"signalwire", "api_token", NULL},
     SECRET(signalwire.api_token, "^[!-~]+$", "up to 1024 printable characters, no blanks")},
    {{"signalwire", "api_token_file", NULL},
     TEXT(signalwire.api_token_file, ABSOLUTE_PATH, "an absolute path"), .unsaid = true},
    {{"signalwire", "from", NULL},
     TEXT(signalwire.from, "^\\+[1-9][0-9]{1,14}$", "an E.164 number such as +12029167968")},
    {{"signalwire", "message", NULL}, TEXT(signalwire.message, ".", "a text")},
    {{"signalwire", "token_length", "6"}, NUMBER(signalwire.token_length, 4, 20)},
    {{"signalwire", "valid_for", "300"}, NUMBER(signalwire.valid_for, 1, 604800)},
    {{"signalwire", "max_attempts", "3"}, NUMBER(signalwire.max_attempts, 1, 20)},
    {{"signalwire", "allow_alphas", "no"}, WORD(signalwire.allow_alphas, boolean_words)},
    {{"signalwire", "ca_file", NULL},
     TEXT(signalwire.ca_file, ABSOLUTE_PATH, "an absolute path")},
};
/* clang-format on */
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

#define SEGMENT_SEPTETS 160 /* one SMS, GSM 03.38 */
#define SEGMENT_UTF16   70

/* What is known while the file is read. */
struct reading {
    const char *path;
    const char *at; /* the rest of the file's text */
    const char *end;
    unsigned line;             /* number of the line that was handed out last */
    unsigned given[KEY_COUNT]; /* the line on which a key was given, 0: not */
    struct config *config;
    struct problem *problem;
    bool failed;
};

/* Whether a value that was found may be shown: not if it can be a token in the wrong place. */
static bool can_be_shown(const struct key *key, const char *value)
{
    return key->kind != KIND_SECRET && !key->unsaid && strlen(value) <= LONGEST_SHOWN &&
           strchr(value, '@') == NULL;
}

static bool fail_at(struct reading *reading, unsigned line, const struct key *key,
                    const char *expected, const char *found)
{
    reading->failed = true;
    problem_set(reading->problem, "%s:%u: [%s] %s: %s%s%s%s", reading->path, line,
                key->shown.section, key->shown.name, expected, found != NULL ? ", not \"" : "",
                found != NULL ? found : "", found != NULL ? "\"" : "");
    return false;
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

static bool set_text(const struct key *key, void *member, const char *value)
{
    if (strlen(value) > TEXT_MAX || !matches(key->pattern, value))
        return false;
    if (key->kind == KIND_SECRET)
        return secret_set(member, value);
    char **text = member;
    free(*text);
    *text = strdup(value);
    return *text != NULL;
}

static bool set_number(const struct key *key, int *member, const char *value)
{
    if (!matches("^[0-9]{1,9}$", value))
        return false;
    *member = (int)strtol(value, NULL, 10);
    return *member >= key->min && *member <= key->max;
}

static bool set_word(const struct key *key, int *member, const char *value)
{
    for (*member = 0; key->words[*member] != NULL; ++*member)
        if (strcmp(key->words[*member], value) == 0)
            return true;
    return false;
}

static bool set_value(const struct key *key, struct config *config, const char *value)
{
    void *member = (char *)config + key->offset;
    switch (key->kind) {
    case KIND_NUMBER:
        return set_number(key, member, value);
    case KIND_WORD:
        return set_word(key, member, value);
    default:
        return set_text(key, member, value);
    }
}

/* What is expected of a key, in words: "4 to 20", "sms or call". */
static const char *expectation(const struct key *key, char *buffer, size_t size)
{
    if (key->expected != NULL)
        return key->expected;
    if (key->kind == KIND_NUMBER) {
        (void)snprintf(buffer, size, "%d to %d", key->min, key->max);
        return buffer;
    }
    *buffer = '\0';
    for (size_t i = 0; key->words[i] != NULL; i++) {
        size_t used = strlen(buffer);
        (void)snprintf(buffer + used, size - used, "%s%s", i > 0 ? " or " : "", key->words[i]);
    }
    return buffer;
}

/* ---- the lines of the file ---- */

/* A name as messages show it. What does not look like one may be a secret in the wrong place. */
static const char *shown_name(const char *name, size_t length)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_ ") >= length ? name
                                                                                            : "?";
}

static const struct key *find_key(const char *section, const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].shown.section, section) == 0 && strcmp(keys[i].shown.name, name) == 0)
            return &keys[i];
    return NULL;
}

static bool known_section(const char *name, size_t length)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strlen(keys[i].shown.section) == length &&
            memcmp(keys[i].shown.section, name, length) == 0)
            return true;
    return false;
}

static bool check_line(struct reading *reading, const char *line, size_t length, size_t most)
{
    if (length > most)
        return problem_set(reading->problem, "%s:%u: at most %zu bytes in a line, not %zu",
                           reading->path, reading->line, most, length);
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            return problem_set(reading->problem, "%s:%u: control character 0x%02x%s", reading->path,
                               reading->line, (unsigned)line[i],
                               line[i] == '\r' ? ": save the file with Unix line ends" : "");
    return true;
}

/* What inih does not tell: a section without keys, and what stands behind its name. */
static bool check_section(struct reading *reading, const char *line, size_t length)
{
    const char *close = length > 0 && line[0] == '[' ? memchr(line, ']', length) : NULL;
    if (close == NULL)
        return true;
    if (!known_section(line + 1, (size_t)(close - line - 1)))
        return problem_set(reading->problem, "%s:%u: unknown section [%.*s]", reading->path,
                           reading->line, (int)(close - line - 1),
                           shown_name(line + 1, (size_t)(close - line - 1)));
    for (const char *at = close + 1; at < line + length && *at != ';' && *at != '#'; at++)
        if (*at != ' ' && *at != '\t')
            return problem_set(reading->problem, "%s:%u: expected nothing behind %.*s",
                               reading->path, reading->line, (int)(close - line + 1), line);
    return true;
}

/*
 * Hands inih the next line, as fgets would. Leading blanks go, since inih takes an indented line
 * for the rest of the value before it.
 */
static char *next_line(char *buffer, int size, void *stream)
{
    struct reading *reading = stream;
    if (reading->failed || reading->at == reading->end)
        return NULL;
    const char *line = reading->at;
    const char *newline = memchr(line, '\n', (size_t)(reading->end - line));
    const char *end = newline != NULL ? newline : reading->end;
    reading->at = newline != NULL ? newline + 1 : end;
    if (reading->line++ == 0 && end - line >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3; /* a byte order mark */
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    size_t length = (size_t)(end - line);
    if (!check_line(reading, line, length, (size_t)size - 2) ||
        !check_section(reading, line, length)) {
        reading->failed = true;
        return NULL;
    }
    memcpy(buffer, line, length);
    buffer[length] = '\n';
    buffer[length + 1] = '\0';
    return buffer;
}

/* Takes one key = value. inih wants 1 for good and 0 for an error. */
static int take(struct reading *reading, const char *section, const char *name, const char *value)
{
    if (reading->failed)
        return 0;
    const struct key *key = find_key(section, name);
    if (key == NULL) {
        reading->failed = true;
        size_t length = strcspn(name, " \t");
        problem_set(reading->problem, "%s:%u: [%s] %.*s: unknown key%s", reading->path,
                    reading->line, section, (int)length, shown_name(name, length),
                    *section == '\0' ? ": it stands before any [section]" : "");
        return 0;
    }
    unsigned *given = &reading->given[key - keys];
    if (*given != 0)
        return fail_at(reading, reading->line, key, "given twice, the other time above", NULL);
    *given = reading->line;

    char words[128];
    if (!set_value(key, reading->config, value))
        return fail_at(reading, reading->line, key, expectation(key, words, sizeof(words)),
                       can_be_shown(key, value) ? value : NULL);
    return 1;
}

#if INI_HANDLER_LINENO
static int on_pair(void *user, const char *section, const char *name, const char *value, int line)
{
    (void)line; /* ours counts the same */
    return take(user, section, name, value);
}
#else
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    return take(user, section, name, value);
}
#endif

static bool parse(struct reading *reading)
{
#if HAVE_DECL_INI_MAX_LINE /* Debian's inih can be told at run time, others when they are built */
    ini_use_stack = false;
    ini_max_line = 4096;
    ini_initial_alloc = 4096;
#endif
    int bad_line = ini_parse_stream(next_line, reading, on_pair, reading);
    if (bad_line > 0 && (!reading->failed || (unsigned)bad_line < reading->line))
        return problem_set(reading->problem, "%s:%d: expected [section] or key = value",
                           reading->path, bad_line);
    if (bad_line < 0)
        return problem_set(reading->problem, "%s: no memory", reading->path);
    return !reading->failed;
}

/* ---- the whole ---- */

/* A problem with a key that was given, or was not: then without the number of a line. */
static bool fail_key(struct reading *reading, const char *section, const char *name,
                     const char *expected)
{
    const struct key *key = find_key(section, name);
    unsigned line = reading->given[key - keys];
    if (line != 0)
        return fail_at(reading, line, key, expected, NULL);
    return problem_set(reading->problem, "%s: [%s] %s: %s", reading->path, section, name, expected);
}

static bool set_defaults(struct reading *reading)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (reading->given[i] == 0 && keys[i].shown.fallback != NULL &&
            !set_value(&keys[i], reading->config, keys[i].shown.fallback))
            return problem_set(reading->problem, "%s: no memory", reading->path);
    return true;
}

static bool check_message(struct reading *reading, const struct signalwire_config *signalwire)
{
    if (signalwire->message == NULL)
        return true;
    if (signalwire->from == NULL)
        return fail_key(reading, "signalwire", "message",
                        "needs from, a number of your own: SignalWire's number carries only the "
                        "standard text");
    size_t units = 0;
    enum gsm_alphabet alphabet = gsm_measure(signalwire->message, &units);
    if (alphabet == GSM_INVALID)
        return fail_key(reading, "signalwire", "message", "is not valid UTF-8 text");
    size_t most = alphabet == GSM_7BIT ? SEGMENT_SEPTETS : SEGMENT_UTF16;
    if (units <= most)
        return true;
    char expected[128];
    (void)snprintf(expected, sizeof(expected),
                   "at most %zu characters%s, so that it fits one SMS, not %zu", most,
                   alphabet == GSM_7BIT ? "" : " where one is outside GSM 03.38", units);
    return fail_key(reading, "signalwire", "message", expected);
}

/* Reads the token from its file: one line, its newline dropped. */
static bool read_token(struct reading *reading, struct signalwire_config *signalwire)
{
    size_t length = 0;
    struct problem why = {0};
    char *content = file_read(signalwire->api_token_file, FILE_SECRET, &length, &why);
    if (content == NULL)
        return fail_key(reading, "signalwire", "api_token_file", why.text);
    size_t used = length > 0 && content[length - 1] == '\n' ? length - 1 : length;
    content[used] = '\0';
    const struct key *key = find_key("signalwire", "api_token");
    bool good = strlen(content) == used && set_value(key, reading->config, content);
    explicit_bzero(content, length);
    free(content);
    return good || fail_key(reading, "signalwire", "api_token_file",
                            "the file must hold the token alone, on one line");
}

static bool read_ca(struct reading *reading, struct signalwire_config *signalwire)
{
    if (signalwire->ca_file == NULL)
        return true;
    size_t length = 0;
    struct problem why = {0};
    signalwire->ca_pem = file_read(signalwire->ca_file, FILE_PUBLIC, &length, &why);
    if (signalwire->ca_pem == NULL)
        return fail_key(reading, "signalwire", "ca_file", why.text);
    return true;
}

/* The address in brackets, if there is one, must be one: else each login would fail as by an
 * outage. */
static bool good_endpoint(const char *endpoint)
{
    const char *open = endpoint != NULL ? strchr(endpoint, '[') : NULL;
    if (open == NULL)
        return true;
    char text[INET6_ADDRSTRLEN] = "";
    unsigned char address[sizeof(struct in6_addr)];
    size_t length = strcspn(open + 1, "]");
    if (length >= sizeof(text))
        return false;
    memcpy(text, open + 1, length);
    return inet_pton(AF_INET6, text, address) == 1;
}

static bool check_signalwire(struct reading *reading, struct signalwire_config *signalwire)
{
    if (signalwire->space == NULL && signalwire->endpoint == NULL)
        return fail_key(reading, "signalwire", "space",
                        "missing: the SPACE of https://SPACE.signalwire.com");
    if (signalwire->space != NULL && signalwire->endpoint != NULL)
        return fail_key(reading, "signalwire", "endpoint", "give space or endpoint, not both");
    if (!good_endpoint(signalwire->endpoint))
        return fail_key(reading, "signalwire", "endpoint",
                        "is not an IPv6 address in its brackets");
    if (signalwire->space != NULL && strlen(signalwire->space) > 63)
        return fail_key(reading, "signalwire", "space", "is longer than 63 characters");
    if (signalwire->project_id == NULL)
        return fail_key(reading, "signalwire", "project_id", "missing");
    bool token = signalwire->api_token.text != NULL;
    if (!token && signalwire->api_token_file == NULL)
        return fail_key(reading, "signalwire", "api_token", "missing (or give api_token_file)");
    if (token && signalwire->api_token_file != NULL)
        return fail_key(reading, "signalwire", "api_token_file",
                        "give api_token or api_token_file, not both");
    return (token || read_token(reading, signalwire)) && read_ca(reading, signalwire) &&
           check_message(reading, signalwire);
}

bool config_load(const char *path, struct config *config, struct problem *problem)
{
    if (path == NULL)
        path = SWMFA_CONF_PATH;
    memset(config, 0, sizeof(*config));
    size_t length = 0;
    char *content = file_read(path, FILE_SECRET, &length, problem);
    if (content == NULL)
        return false;

    struct reading reading = {
        .path = path, .at = content, .end = content + length, .config = config, .problem = problem};
    bool good = parse(&reading) && set_defaults(&reading) &&
                check_signalwire(&reading, &config->signalwire);
    explicit_bzero(content, length);
    free(content);
    if (!good)
        config_free(config);
    return good;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        void *member = (char *)config + keys[i].offset;
        if (keys[i].kind == KIND_SECRET)
            secret_wipe(member);
        else if (keys[i].kind == KIND_TEXT)
            free(*(char **)member);
    }
    free(config->signalwire.ca_pem);
    memset(config, 0, sizeof(*config));
}

bool config_key_at(size_t number, struct config_key *key)
{
    if (number >= KEY_COUNT)
        return false;
    *key = keys[number].shown;
    return true;
}
