/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_config: see sshd_config.h. */
#include <config.h>

#include "ctl/host/sshd_config.h"

#include "base/subprocess.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)256 * 1024)

/* ---- running sshd ---- */

const char *sshd_program(void)
{
    static const char *const paths[] = {"/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

/* Runs it with the arguments. Returns what it printed to standard output and to standard error, the
 * caller's to free, or NULL; and its exit status, or -1. */
static int run(const char *program, const char *const *arguments, char **printed, char **said)
{
    static const char *const no_environment[] = {NULL};
    struct problem ignored = {0};
    *printed = calloc(1, OUTPUT_MAX + 1);
    *said = calloc(1, OUTPUT_MAX + 1);
    if (*printed == NULL || *said == NULL)
        return -1;
    const struct program sshd = {.argv = arguments,
                                 .path = program,
                                 .environment = no_environment,
                                 .input = "",
                                 .output = {*printed, OUTPUT_MAX + 1},
                                 .errors = {*said, OUTPUT_MAX + 1},
                                 .interruptible = true};
    int status = program_run(&sshd, &ignored);
    if (strlen(*printed) < OUTPUT_MAX)
        return status;
    (void)snprintf(*said, OUTPUT_MAX, "printed more than %zu bytes of settings", OUTPUT_MAX);
    return -1; /* a part of them is no answer */
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
        (void)snprintf(sshd->version, sizeof(sshd->version), "%.*s", (int)strcspn(at, ",\r\n"), at);
    }
}

/* Versions without -V print their version in the usage message. */
static void ask_version(struct sshd *sshd, const char *program)
{
    static const char *const arguments[] = {"sshd", "-V", NULL};
    char *printed = NULL;
    char *said = NULL;
    if (run(program, arguments, &printed, &said) >= 0) {
        take_version(sshd, said);
        take_version(sshd, printed);
    }
    free(printed);
    free(said);
}

/* ---- the question ---- */

#define ARGUMENTS_MAX 64
#define SPEC_MAX      1024

/* The parts of a connection that not every version of sshd accepts. */
#define OPTIONAL_LADDR   0x1U
#define OPTIONAL_LPORT   0x2U
#define OPTIONAL_RDOMAIN 0x4U

static const struct {
    const char *name;
    unsigned bit;
} optional[] = {{"laddr", OPTIONAL_LADDR},
                {"lport", OPTIONAL_LPORT},
                {"rdomain", OPTIONAL_RDOMAIN}};

/* One question to one sshd. */
struct asking {
    const char *program;
    const char *config; /* for -f; NULL: sshd's default */
    const struct sshd_question *question;
    const struct sshd_mirror *mirror;
    unsigned dropped; /* parts that this sshd does not accept */
    bool no_port;     /* it requires a local port, even if no Match block is to apply */
};

/* Adds ",KEY=VALUE". */
static void add_pair(char *spec, const struct asking *asking, unsigned bit, const char *key,
                     const char *value)
{
    size_t used = strlen(spec);
    if ((asking->dropped & bit) == 0)
        (void)snprintf(spec + used, SPEC_MAX - used, "%s%s=%s", used > 0 ? "," : "", key, value);
}

/* A walk through the options of an sshd, in getopt's forms: "-f", FILE; "-fFILE"; "-De". */
struct walk {
    const char *const *at;
    const char *letters; /* the rest of a word */
};

/* Gets the next option. Returns its letter, or NUL after the last; value: its argument, or NULL. */
static char next_option(struct walk *walk, const char **value)
{
    *value = NULL;
    while (walk->letters == NULL || *walk->letters == '\0') {
        if (walk->at == NULL || *walk->at == NULL)
            return '\0';
        const char *word = *walk->at++;
        walk->letters = word[0] == '-' ? word + 1 : NULL;
    }
    char letter = *walk->letters++;
    if (strchr("CEbcfghkopu", letter) == NULL)
        return letter;
    if (*walk->letters != '\0')
        *value = walk->letters;
    else if (*walk->at != NULL)
        *value = *walk->at++;
    walk->letters = NULL;
    return letter;
}

static const char *find_config(const struct sshd_question *question)
{
    struct walk walk = {.at = question->options};
    const char *config = NULL;
    const char *value = NULL;
    for (char letter; (letter = next_option(&walk, &value)) != '\0';)
        if (letter == 'f')
            config = value;
    return config;
}

const char *sshd_config_of(const struct sshd_question *question)
{
    const char *config = find_config(question);
    return config != NULL ? config : SSHD_CONFIG;
}

static bool has_port(const struct sshd_files *files, const char *port)
{
    bool found = false;
    for (size_t i = 0; i < files->count; i++)
        found = found || (strcasecmp(files->lines[i].keyword, "Match") == 0 &&
                          strstr(files->lines[i].rest, port) != NULL);
    return found;
}

/* Finds a local port that no Match line names. */
static void write_free_port(const struct asking *asking, char *spec)
{
    struct sshd_files files;
    struct problem ignored = {0};
    char port[16];
    (void)sshdfiles_read(&files, sshd_config_of(asking->question), asking->question->plan,
                         &ignored);
    unsigned number = 65535;
    do
        (void)snprintf(port, sizeof(port), "%u", number);
    while (has_port(&files, port) && --number > 1);
    sshdfiles_free(&files);
    (void)snprintf(spec, SPEC_MAX, "lport=%s", port);
}

/* Returns false if there is none. */
static bool write_spec(const struct asking *asking, char *spec)
{
    const struct sshd_connection *connection = asking->question->connection;
    spec[0] = '\0';
    if (connection == NULL && asking->no_port)
        write_free_port(asking, spec);
    if (connection == NULL)
        return asking->no_port;
    add_pair(spec, asking, 0, "user", connection->user);
    add_pair(spec, asking, 0, "host", connection->host);
    add_pair(spec, asking, 0, "addr", connection->address);
    add_pair(spec, asking, OPTIONAL_LADDR, "laddr", connection->local_address);
    add_pair(spec, asking, OPTIONAL_LPORT, "lport", connection->local_port);
    add_pair(spec, asking, OPTIONAL_RDOMAIN, "rdomain", connection->rdomain);
    size_t used = strlen(spec);
    (void)snprintf(spec + used, SPEC_MAX - used, "%s", connection->more);
    return true;
}

/* Finds the options of the question that matter for its answer. -f is handled separately; others,
 * such as -D, -q or -E, are about how sshd runs and where it logs. */
static size_t list_options(const struct sshd_question *question, const char **arguments,
                           size_t count)
{
    static const char *const kept[] = {"-4", "-6", "-c", "-h", "-o", "-p", "-g"};
    struct walk walk = {.at = question->options};
    const char *value = NULL;
    for (char letter; (letter = next_option(&walk, &value)) != '\0' && count + 5 < ARGUMENTS_MAX;)
        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
            if (kept[i][1] != letter)
                continue;
            arguments[count++] = kept[i];
            if (value != NULL)
                arguments[count++] = value;
        }
    return count;
}

static void list_arguments(const struct asking *asking, const char *option, const char *spec,
                           const char **arguments)
{
    size_t count = 0;
    arguments[count++] = "sshd";
    arguments[count++] = option;
    if (asking->config != NULL) {
        arguments[count++] = "-f";
        arguments[count++] = asking->config;
    }
    count = list_options(asking->question, arguments, count);
    if (spec != NULL) {
        arguments[count++] = "-C";
        arguments[count++] = spec;
    }
    arguments[count] = NULL;
}

/* ---- the answer ---- */

/* Returns the most useful line of sshd's errors, not one about a deprecated option. sshd prints the
 * reason before the line with the place. */
static void explain(struct sshd *sshd, const struct asking *asking, const char *option,
                    const char *said, struct problem *problem)
{
    char line[512] = "";
    char real[512];
    for (const char *at = said; *at != '\0'; at += strcspn(at, "\r\n"), at += strspn(at, "\r\n")) {
        int length = (int)strcspn(at, "\r\n");
        size_t used = strlen(line);
        if (memmem(at, (size_t)length, "eprecated option", 16) != NULL ||
            memmem(at, (size_t)length, "nsupported option", 17) != NULL)
            continue;
        (void)snprintf(line + used, sizeof(line) - used, "%s%.*s", used > 0 ? ": " : "", length,
                       at);
        if (used > 0 || memmem(at, (size_t)length, " line ", 6) != NULL)
            break;
    }
    if (strstr(line, "Missing privilege separation directory") != NULL)
        sshd->fix = "mkdir -m 0755 /run/sshd";
    else if (strstr(line, "no hostkeys available") != NULL)
        sshd->fix = "ssh-keygen -A";
    if (sshd->fix != NULL)
        (void)problem_set(
            problem,
            "sshd does not print its settings without %s: as root: %s, then run this command again",
            strstr(sshd->fix, "mkdir") != NULL ? "the folder /run/sshd, which its first start makes"
                                               : "a host key that it can read",
            sshd->fix);
    else
        (void)problem_set(problem, "%s %s: %s", asking->program, option,
                          sshdmirror_real(asking->mirror, line, real, sizeof(real)));
}

/* True if sshd failed because it does not know a part of the connection, which is then dropped.
 * Some versions require a port for Match LocalPort even without a connection. */
static bool drop_part(struct asking *asking, const char *said)
{
    if (asking->question->connection == NULL) {
        bool before = asking->no_port;
        asking->no_port = strstr(said, "'lport' not in connection test specification") != NULL;
        return asking->no_port && !before;
    }
    static const char refusal[] = "Invalid test mode specification ";
    const char *at = strstr(said, refusal);
    for (size_t i = 0; at != NULL && i < sizeof(optional) / sizeof(optional[0]); i++) {
        const char *part = at + strlen(refusal);
        size_t length = strlen(optional[i].name);
        if (strncmp(part, optional[i].name, length) != 0 || part[length] != '=' ||
            (asking->dropped & optional[i].bit) != 0)
            continue;
        asking->dropped |= optional[i].bit;
        return true;
    }
    return false;
}

static bool ask(struct sshd *sshd, struct asking *asking, const char *option,
                struct problem *problem)
{
    const char *arguments[ARGUMENTS_MAX];
    char spec[SPEC_MAX];
    char *printed = NULL;
    char *said = NULL;
    bool good = false;
    bool again = true;
    while (again) {
        bool wanted = write_spec(asking, spec);
        list_arguments(asking, option, wanted ? spec : NULL, arguments);
        good = run(asking->program, arguments, &printed, &said) == 0 && *printed != '\0';
        again = !good && said != NULL && drop_part(asking, said);
        if (!good && !again)
            explain(sshd, asking, option, said != NULL ? said : "", problem);
        free(said);
        if (good) {
            free(sshd->text);
            sshd->text = printed;
        } else {
            free(printed);
        }
    }
    return good;
}

/* -G needs neither host keys nor /run/sshd, but not all versions have it. */
static bool ask_either(struct sshd *sshd, struct asking *asking, struct problem *problem)
{
    struct problem why = {0};
    struct problem ignored = {0};
    if (ask(sshd, asking, "-T", &why) || ask(sshd, asking, "-G", &ignored))
        return true;
    *problem = why;
    return false;
}

/* A fatal signal waits until the copy is removed. */
static bool ask_planned(struct sshd *sshd, const struct asking *asking, struct problem *problem)
{
    struct sshd_mirror mirror = {0};
    struct asking planned = *asking;
    sigset_t ending;
    sigset_t before;
    const char *config = sshd_config_of(asking->question);
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &ending, &before);
    bool good = sshdmirror_make(&mirror, config, asking->question->plan, problem);
    planned.config = mirror.config;
    planned.mirror = &mirror;
    good = good && ask_either(sshd, &planned, problem);
    sshdmirror_remove(&mirror);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return good;
}

void sshd_find_version(char *buffer, size_t size)
{
    struct sshd sshd = {0};
    const char *program = sshd_program();
    if (program != NULL)
        ask_version(&sshd, program);
    (void)snprintf(buffer, size, "%s", sshd.version);
}

bool sshd_ask(struct sshd *sshd, const struct sshd_question *question, struct problem *problem)
{
    static const struct sshd_mirror none;
    struct asking asking = {.program = sshd_program(),
                            .config = find_config(question),
                            .question = question,
                            .mirror = &none};
    *sshd = (struct sshd){.text = strdup(""),
                          .installed = asking.program != NULL,
                          .matched = question->connection != NULL};
    if (asking.program == NULL)
        return problem_set(problem, "no sshd is installed");
    if (sshd->text == NULL)
        return problem_no_memory(problem);
    ask_version(sshd, asking.program);
    return question->plan != NULL ? ask_planned(sshd, &asking, problem)
                                  : ask_either(sshd, &asking, problem);
}

void sshd_free(struct sshd *sshd)
{
    free(sshd->text);
    *sshd = (struct sshd){0};
}

/* ---- values of the answer ---- */

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

char *sshd_find(const char *keyword, char *buffer, size_t size)
{
    struct sshd_files files;
    struct problem ignored = {0};
    (void)snprintf(buffer, size, "%s", SSHD_CONFIG);
    (void)sshdfiles_read(&files, SSHD_CONFIG, NULL, &ignored);
    for (size_t i = 0; i < files.count; i++) {
        const struct sshd_line *line = &files.lines[i];
        if (line->block == SSHD_NO_BLOCK && sshdfiles_is(line, keyword)) {
            (void)location_write(line->file, line->number, buffer, size);
            break;
        }
    }
    sshdfiles_free(&files);
    return buffer;
}
