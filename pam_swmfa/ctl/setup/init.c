/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * init: swmfactl init: writes swmfa.conf and swmfa.users from its options and from what it asks
 * for.
 *
 * It writes nothing before it has every answer. The users map comes first: it has no effect without
 * a swmfa.conf, so if init is killed between the two, it can simply run again.
 */
#include <config.h>

#include "ctl/command.h"

#include "base/secret.h"
#include "base/subprocess.h"
#include "config/config.h"
#include "config/file.h"
#include "config/numbering.h"
#include "config/users.h"
#include "ctl/files/file_change.h"
#include "ctl/setup/conf_template.h"
#include "provider/provider.h"

#include <bsd/readpassphrase.h>
#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANSWER_SIZE 4096

/* ---- the command line ---- */

enum {
    INIT_SPACE = COMMAND_KEY,
    INIT_ENDPOINT,
    INIT_CA_FILE,
    INIT_PROJECT_ID,
    INIT_ACCOUNT_ID,
    INIT_USERNAME,
    INIT_FROM,
    INIT_SMS_APPLICATION,
    INIT_CALL_APPLICATION,
    KEY_PROVIDER,
    KEY_SECRET_FILE,
    KEY_USER,
    KEY_NUMBER_OF_USER,
    KEY_COUNTRIES,
    KEY_FORCE,
    KEY_NO_CHECK,
    KEY_NO_TEST,
};

/* The settings that each provider needs; the options are named after the keys. */
static const struct question {
    const char *section;
    const char *key;
    int option;        /* 0: a secret has no option */
    const char *asked; /* the prompt; NULL: only an option */
    bool optional;
} questions[] = {
    {"signalwire", "space", INIT_SPACE, "Space (the SPACE of https://SPACE.signalwire.com)", false},
    {"signalwire", "endpoint", INIT_ENDPOINT, NULL, true},
    {"signalwire", "ca_file", INIT_CA_FILE, NULL, true},
    {"signalwire", "project_id", INIT_PROJECT_ID, "Project ID (on the dashboard's API page)",
     false},
    {"signalwire", "api_token", 0, "API token with the scope Management (not shown)", false},
    {"bandwidth", "account_id", INIT_ACCOUNT_ID, "Account ID", false},
    {"bandwidth", "endpoint", INIT_ENDPOINT, NULL, true},
    {"bandwidth", "ca_file", INIT_CA_FILE, NULL, true},
    {"bandwidth", "username", INIT_USERNAME, "User for the MFA API", false},
    {"bandwidth", "password", 0, "Password of that user (not shown)", false},
    {"bandwidth", "from", INIT_FROM, "Your Bandwidth phone number", false},
    {"bandwidth", "messaging_application_id", INIT_SMS_APPLICATION,
     "Messaging application ID (Enter: no SMS)", true},
    {"bandwidth", "voice_application_id", INIT_CALL_APPLICATION,
     "Voice application ID (Enter: no calls)", true},
};
#define QUESTIONS           (sizeof(questions) / sizeof(questions[0]))
#define SIGNALWIRE_ENDPOINT 1 /* index of that question */

static const struct argp_option init_options[] = {
    {.name = "provider", .key = KEY_PROVIDER, .arg = "NAME", .doc = "signalwire or bandwidth"},
    {.name = "space", .key = INIT_SPACE, .arg = "SPACE", .doc = "SignalWire space"},
    {.name = "project-id", .key = INIT_PROJECT_ID, .arg = "ID", .doc = "SignalWire project"},
    {.name = "account-id", .key = INIT_ACCOUNT_ID, .arg = "ID", .doc = "Bandwidth account"},
    {.name = "username", .key = INIT_USERNAME, .arg = "NAME", .doc = "Bandwidth API user"},
    {.name = "from", .key = INIT_FROM, .arg = "NUMBER", .doc = "Your Bandwidth phone number"},
    {.name = "messaging-application-id",
     .key = INIT_SMS_APPLICATION,
     .arg = "ID",
     .doc = "Bandwidth application for SMS"},
    {.name = "voice-application-id",
     .key = INIT_CALL_APPLICATION,
     .arg = "ID",
     .doc = "Bandwidth application for calls"},
    {.name = "secret-file",
     .key = KEY_SECRET_FILE,
     .arg = "FILE",
     .doc = "Read the token or password from FILE, not from the terminal or standard input"},
    {.name = "user", .key = KEY_USER, .arg = "NAME", .doc = "First user"},
    {.name = "number",
     .key = KEY_NUMBER_OF_USER,
     .arg = "NUMBER",
     .doc = "Phone number of the first user"},
    {.name = "countries",
     .key = KEY_COUNTRIES,
     .arg = "LIST",
     .doc = "Send codes only to numbers that begin with these prefixes"},
    {.name = "endpoint",
     .key = INIT_ENDPOINT,
     .arg = "URL",
     .doc = "Use another address of the provider"},
    {.name = "ca-file",
     .key = INIT_CA_FILE,
     .arg = "FILE",
     .doc = "Use these CA certificates for the provider"},
    {.name = "force", .key = KEY_FORCE, .doc = "Replace a swmfa.conf that was edited; keep a copy"},
    {.name = "no-check", .key = KEY_NO_CHECK, .doc = "Do not run check --online"},
    {.name = "no-test", .key = KEY_NO_TEST, .doc = "Do not run a test login"},
    {0},
};

static struct {
    const char *values[QUESTIONS];
    const char *provider;
    const char *secret_file;
    const char *user;
    const char *number;
    const char *countries;
    bool force;
    bool no_check;
    bool no_test;
} given;

/* The variable of each other option: its argument, or a flag. */
static const struct {
    int key;
    const char **argument;
    bool *flag;
} places[] = {
    {KEY_PROVIDER, &given.provider, NULL},   {KEY_SECRET_FILE, &given.secret_file, NULL},
    {KEY_USER, &given.user, NULL},           {KEY_NUMBER_OF_USER, &given.number, NULL},
    {KEY_COUNTRIES, &given.countries, NULL}, {KEY_FORCE, NULL, &given.force},
    {KEY_NO_CHECK, NULL, &given.no_check},   {KEY_NO_TEST, NULL, &given.no_test},
};

static error_t take_option(int key, char *argument, struct argp_state *state)
{
    (void)state;
    bool known = false;
    for (size_t i = 0; i < QUESTIONS; i++) {
        if (questions[i].option == key) {
            given.values[i] = argument;
            known = true;
        }
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i].key != key)
            continue;
        known = true;
        if (places[i].argument != NULL)
            *places[i].argument = argument;
        else
            *places[i].flag = true;
    }
    return known ? 0 : ARGP_ERR_UNKNOWN;
}

/* ---- prompting ---- */

/* The state of one run. */
struct setup {
    struct ctl_context *ctl;
    bool asks; /* standard input is a terminal */
    char *draft;
    const char *conf; /* the path of swmfa.conf */
    struct secret user;
    struct secret number;
    struct change users_file;
    struct change conf_file;
};

static void setup_end(struct setup *setup)
{
    draft_free(setup->draft);
    secret_wipe(&setup->user);
    secret_wipe(&setup->number);
    change_end(&setup->users_file);
    change_end(&setup->conf_file);
}

/*
 * Prompts at the terminal. readpassphrase restores the terminal before it lets a signal through.
 * default_value: the meaning of an empty answer; NULL: empty. Returns false with the problem.
 */
static bool ask(const char *what, const char *default_value, bool hidden, struct secret *answer,
                struct problem *problem)
{
    char prompt[256];
    char buffer[ANSWER_SIZE];
    (void)snprintf(prompt, sizeof(prompt),
                   default_value != NULL && *default_value ? "%s [%s]: " : "%s: ", what,
                   default_value);
    (void)fflush(stdout);
    if (readpassphrase(prompt, buffer, sizeof(buffer),
                       RPP_REQUIRE_TTY | (hidden ? RPP_ECHO_OFF : RPP_ECHO_ON)) == NULL)
        return problem_set(problem, "the terminal: %s", strerror(errno));
    const char *text = *buffer == '\0' && default_value != NULL ? default_value : buffer;
    bool good = strlen(buffer) < sizeof(buffer) - 1
                    ? secret_set(answer, text) || problem_no_memory(problem)
                    : problem_set(problem, "%s: is too long", what);
    explicit_bzero(buffer, sizeof(buffer));
    return good;
}

static bool missing(const char *option, struct problem *problem)
{
    return problem_set(problem, "%s is required without a terminal; nothing was written", option);
}

/* Reads the first line of a file or of standard input. */
static bool read_secret(FILE *file, const char *name, struct secret *secret,
                        struct problem *problem)
{
    char buffer[ANSWER_SIZE];
    (void)setvbuf(file, NULL, _IONBF, 0); /* no other copy of the secret */
    size_t end = sizeof(buffer);
    memset(buffer, '\xff', sizeof(buffer));
    bool good = fgets(buffer, sizeof(buffer), file) != NULL && strlen(buffer) < sizeof(buffer) - 1;
    while (end > 0 && buffer[end - 1] == '\xff')
        end--;
    good = good && strlen(buffer) == end - 1; /* otherwise it has a NUL */
    if (good) {
        buffer[strcspn(buffer, "\r\n")] = '\0';
        good = *buffer != '\0' && secret_set(secret, buffer);
    }
    explicit_bzero(buffer, sizeof(buffer));
    return good ||
           problem_set(problem,
                       "%s: the first line must be the token or password; nothing was written",
                       name);
}

static bool find_secret(struct setup *setup, const struct question *question, struct secret *secret,
                        struct problem *problem)
{
    if (given.secret_file == NULL)
        return setup->asks ? ask(question->asked, NULL, true, secret, problem)
                           : read_secret(stdin, "standard input", secret, problem);
    struct stat status;
    FILE *file = fopen(given.secret_file, "re");
    if (file == NULL)
        return problem_set(problem, "%s: %s", given.secret_file, strerror(errno));
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_mode & 077U) != 0)
        (void)fprintf(stderr, "swmfactl: warning: %s: others can read it: chmod 0600\n",
                      given.secret_file);
    bool good = read_secret(file, given.secret_file, secret, problem);
    (void)fclose(file);
    return good;
}

/* The name of a question's option, for messages. */
static const char *option_name(int option)
{
    for (const struct argp_option *at = init_options; at->name != NULL; at++)
        if (at->key == option)
            return at->name;
    return "--secret-file";
}

/* Gets an answer from an option, a file or a prompt; "" if it is optional and absent. */
static bool find_answer(struct setup *setup, size_t number, bool optional, struct secret *answer)
{
    const struct question *question = &questions[number];
    struct problem *problem = &setup->ctl->problem;
    if (question->option == 0)
        return find_secret(setup, question, answer, problem);
    if (given.values[number] != NULL || question->asked == NULL)
        return secret_set(answer, given.values[number] != NULL ? given.values[number] : "") ||
               problem_no_memory(problem);
    if (!setup->asks)
        return optional ? secret_set(answer, "") : missing(option_name(question->option), problem);
    return ask(question->asked, NULL, false, answer, problem);
}

/* Repeats the parser's words, without the place in a file that does not exist yet. */
static bool say_again(const struct problem *problem)
{
    const char *from = strchr(problem->text, '[');
    (void)printf("%s\n", from != NULL ? from : problem->text);
    return true;
}

/* True if an answer was typed at a prompt, which can be repeated. */
static bool was_asked(const struct setup *setup, size_t number)
{
    bool by_option =
        questions[number].option != 0 ? given.values[number] != NULL : given.secret_file != NULL;
    return setup->asks && !by_option && questions[number].asked != NULL;
}

/* Cuts the space out of a dashboard address that was pasted. */
static void take_space_out(char *text)
{
    static const char domain[] = ".signalwire.com";
    const char *slashes = strstr(text, "://");
    if (slashes != NULL)
        memmove(text, slashes + 3, strlen(slashes + 3) + 1);
    text[strcspn(text, "/?#")] = '\0';
    for (char *at = text; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    size_t length = strlen(text);
    if (length >= strlen(domain) && strcmp(text + length - strlen(domain), domain) == 0)
        text[length - strlen(domain)] = '\0';
}

/* At another address, project IDs may have another form. */
static bool check_answer(const struct question *question, char *text, struct problem *problem)
{
    if (text == NULL)
        return true; /* refused as missing */
    if (strcmp(question->key, "space") == 0)
        take_space_out(text);
    return strcmp(question->key, "project_id") != 0 || given.values[SIGNALWIRE_ENDPOINT] != NULL ||
           provider_is_uuid(text) ||
           problem_set(problem, "[signalwire] project_id: expected a UUID, such as "
                                "01234567-89ab-cdef-0123-456789abcdef, as the API page shows it");
}

/* Puts one answer into the draft; repeats a prompt until the answer is good. taken: set if there is
 * one. */
static bool take_answer(struct setup *setup, size_t number, bool optional, bool *taken)
{
    struct secret answer = {0};
    struct problem why = {0};
    const struct question *question = &questions[number];
    bool good = false;
    do {
        if (!find_answer(setup, number, optional, &answer))
            break;
        *taken = answer.text != NULL && *answer.text != '\0';
        good = (optional && !*taken) ||
               (check_answer(question, answer.text, &why) &&
                draft_set(&setup->draft, question->section, question->key, answer.text, &why));
    } while (!good && was_asked(setup, number) && say_again(&why));
    if (!good && why.text[0] != '\0')
        setup->ctl->problem = why;
    secret_wipe(&answer);
    return good;
}

/* Gets all answers about the provider. Bandwidth needs one of the two applications; an endpoint for
 * SignalWire replaces the space. */
static bool take_answers(struct setup *setup, const char *provider)
{
    bool before = false;
    bool taken = false;
    for (size_t i = 0; i < QUESTIONS; i++) {
        const struct question *question = &questions[i];
        if (strcmp(question->section, provider) != 0)
            continue;
        bool optional = question->optional;
        if (strcmp(question->key, "voice_application_id") == 0)
            optional = before;
        if (strcmp(question->key, "space") == 0 && given.values[SIGNALWIRE_ENDPOINT] != NULL) {
            if (!draft_drop(&setup->draft, "signalwire", "space", &setup->ctl->problem))
                return false;
            continue;
        }
        if (!take_answer(setup, i, optional, &taken))
            return false;
        before = taken;
    }
    return true;
}

/* ---- the first user ---- */

static bool check_account(const char *user, struct problem *problem)
{
    if (strpbrk(user, " \t\r\n") != NULL || *user == '#' || strlen(user) > COMMAND_USER_MAX)
        return problem_set(problem, "%s: the users map cannot have such a name", user);
    return getpwnam(user) != NULL || problem_set(problem, "%s: no such account", user);
}

static bool check_number(const char *number, struct problem *problem)
{
    char doubt[128];
    const char *wrong = phone_number_wrong(number, strlen(number));
    if (wrong != NULL)
        return problem_set(problem, "%s: %s", number, wrong);
    if (numbering_doubt(number, doubt, sizeof(doubt)) != NULL)
        (void)fprintf(stderr, "swmfactl: warning: the number %s\n", doubt);
    return true;
}

/* Gets one of the two, from an option or a prompt that is repeated until the answer is good. */
static bool find_checked(struct setup *setup, const char *option, const char *value,
                         const char *what, const char *default_value,
                         bool (*check)(const char *text, struct problem *problem),
                         struct secret *answer)
{
    struct problem *problem = &setup->ctl->problem;
    if (value != NULL)
        return (secret_set(answer, value) || problem_no_memory(problem)) && check(value, problem);
    if (!setup->asks)
        return missing(option, problem);
    while (ask(what, default_value, false, answer, problem)) {
        if (check(answer->text, problem))
            return true;
        (void)printf("%s\n", problem->text);
    }
    return false;
}

/* The country code of a number, with the plus sign: ITU-T, list of assigned country codes. */
static void find_country(const char *number, char *code)
{
    static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 "
                              "55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98";
    char first[3] = {number[1], number[2], '\0'};
    size_t digits = 3;
    if (number[1] == '1' || number[1] == '7')
        digits = 1;
    else if (strstr(two, first) != NULL)
        digits = 2;
    (void)snprintf(code, 8, "%.*s", (int)(1 + digits), number);
}

static bool find_countries(struct setup *setup)
{
    char code[8];
    struct secret answer = {0};
    struct problem *problem = &setup->ctl->problem;
    find_country(setup->number.text, code);
    const char *value = given.countries != NULL ? given.countries : code;
    bool asks = setup->asks && given.countries == NULL;
    bool good = false;
    do {
        if (asks && !ask("Send codes only to numbers that begin with (separate several by commas)",
                         code, false, &answer, problem))
            break;
        good = draft_set(&setup->draft, "limits", "countries", asks ? answer.text : value, problem);
    } while (!good && asks && say_again(problem));
    secret_wipe(&answer);
    return good;
}

static bool find_user(struct setup *setup)
{
    const char *login = getlogin();
    const char *guess = login != NULL && strcmp(login, "root") != 0 ? login : NULL;
    return find_checked(setup, "--user", given.user, "First user, such as yourself", guess,
                        check_account, &setup->user) &&
           find_checked(setup, "--number", given.number,
                        "Phone number of this user, such as +15550100101", NULL, check_number,
                        &setup->number) &&
           find_countries(setup);
}

/* ---- the files ---- */

/* A swmfa.conf that is still the installed example may be replaced. */
static bool check_conf(struct setup *setup)
{
    const char *text = setup->conf_file.before;
    return text == NULL || strcmp(text, draft_example) == 0 || given.force ||
           problem_set(
               &setup->ctl->problem,
               "%s: already set up; nothing was changed. To replace it and keep a copy: --force",
               setup->conf);
}

static bool read_files(struct setup *setup)
{
    struct problem *problem = &setup->ctl->problem;
    if (!change_begin(&setup->conf_file, setup->conf, problem) ||
        !change_begin(&setup->users_file, SWMFA_USERS_PATH, problem) || !check_conf(setup))
        return false;
    if (setup->conf_file.before == NULL)
        return true;
    int fd = file_open(setup->conf, FILE_SECRET, problem); /* checks its mode, which stays */
    return fd >= 0 && close(fd) == 0;
}

/* Keeps the lines of the users map; a line of the user's own stays in force. */
static bool plan_users(struct setup *setup)
{
    struct phone phone;
    struct problem *problem = &setup->ctl->problem;
    const struct sshkeys none = {0};
    const char *before = setup->users_file.before;
    char *text = NULL;
    enum users_result result = USERS_ABSENT;
    if (before != NULL)
        result = users_find(SWMFA_USERS_PATH, setup->user.text, &none, false, &phone, problem);
    if (result == USERS_ERROR || result == USERS_BAD_LINE)
        return false;
    if (result == USERS_FOUND && strcmp(phone.number, setup->number.text) != 0)
        return problem_set(problem,
                           "%s: %s has another number there; nothing was changed. Change it there, "
                           "or use that number",
                           SWMFA_USERS_PATH, setup->user.text);
    if (result == USERS_FOUND)
        return true;
    if (before == NULL)
        before = draft_users_example;
    size_t length = strlen(before);
    if (asprintf(&text, "%s%s%s\t%s\n", before,
                 length > 0 && before[length - 1] != '\n' ? "\n" : "", setup->user.text,
                 setup->number.text) < 0)
        return problem_no_memory(problem);
    change_set(&setup->users_file, text);
    return true;
}

static void say_countries(const struct setup *setup)
{
    char code[8];
    find_country(setup->number.text, code);
    (void)printf("Codes are sent only to numbers that begin with %s (countries in swmfa.conf).\n",
                 code);
}

static bool write_files(struct setup *setup)
{
    struct problem *problem = &setup->ctl->problem;
    bool replaces =
        setup->conf_file.before != NULL && strcmp(setup->conf_file.before, draft_example) != 0;
    char *draft = setup->draft;
    setup->draft = NULL;
    change_set(&setup->conf_file, draft);
    if ((replaces && !change_copy(&setup->conf_file, problem)) ||
        !change_put(&setup->users_file, 0600, problem) ||
        !change_put(&setup->conf_file, 0600, problem))
        return false;
    char copy[512];
    change_copy_path(setup->conf, copy, sizeof(copy));
    (void)printf("Written: %s, %s\n", setup->conf, SWMFA_USERS_PATH);
    if (given.countries == NULL && !setup->asks)
        say_countries(setup);
    if (replaces)
        (void)printf("Copy of the previous file, with its token or password: %s\n", copy);
    ctl_changed(setup->ctl, "set up with user %s", setup->user.text);
    return true;
}

/* ---- the test ---- */

/* Runs another swmfactl command at this terminal. */
static bool run_other(const struct setup *setup, const char *command, const char *argument,
                      int worst)
{
    struct problem *problem = &setup->ctl->problem;
    const char *const argv[] = {"/proc/self/exe", "-c", setup->conf, command, argument, NULL};
    const struct program other = {.argv = argv};
    (void)printf("\nswmfactl %s %s\n", command, argument);
    int status = program_run(&other, problem);
    if (status < 0 || status <= worst)
        return status >= 0;
    return problem_set(problem,
                       "both files are written, but swmfactl %s %s ended with status %d: see "
                       "above; fix the cause, then run swmfactl %s %s",
                       command, argument, status, command, argument);
}

static bool try_it(const struct setup *setup)
{
    if (!given.no_check && !run_other(setup, "check", "--online", CTL_WARNINGS))
        return false;
    if (!given.no_test && setup->asks)
        return run_other(setup, "test", setup->user.text, CTL_DONE);
    (void)printf("Not tested yet; to test: swmfactl test %s\n", setup->user.text);
    return true;
}

/* ---- the command ---- */

static bool find_provider(struct setup *setup, struct secret *provider)
{
    struct problem *problem = &setup->ctl->problem;
    if (given.provider != NULL)
        return secret_set(provider, given.provider) || problem_no_memory(problem);
    if (!setup->asks)
        return missing("--provider", problem);
    return ask("Provider (signalwire or bandwidth)", "signalwire", false, provider, problem);
}

static bool find_all(struct setup *setup)
{
    struct problem why = {0};
    struct secret provider = {0};
    bool good = false;
    do {
        if (!find_provider(setup, &provider) || provider.text == NULL)
            break;
        good = strcmp(provider.text, "signalwire") == 0 || strcmp(provider.text, "bandwidth") == 0;
        problem_set(&why, "%s: expected signalwire or bandwidth", provider.text);
    } while (!good && given.provider == NULL && say_again(&why));
    if (!good && why.text[0] != '\0')
        setup->ctl->problem = why;
    good = good && take_answers(setup, provider.text) &&
           draft_set(&setup->draft, "swmfa", "providers", provider.text, &setup->ctl->problem) &&
           find_user(setup);
    secret_wipe(&provider);
    return good;
}

static enum ctl_status run_init(struct ctl_context *ctl)
{
    struct setup setup = {.ctl = ctl, .asks = isatty(STDIN_FILENO) == 1};
    setup.conf = ctl->conf != NULL ? ctl->conf : SWMFA_CONF_PATH;
    setup.draft = draft_new();
    bool good = setup.draft != NULL || problem_no_memory(&ctl->problem);
    good = good && read_files(&setup) && find_all(&setup) && plan_users(&setup) &&
           write_files(&setup) && try_it(&setup);
    if (good)
        (void)
            printf("\nNext: run swmfactl codes %s and print the codes; then swmfactl enable sshd\n",
                   setup.user.text);
    setup_end(&setup);
    return good && ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

const struct command command_init = {
    .name = "init",
    .arguments = "",
    .summary = "Set up the provider's account and the first user",
    .text = "Writes swmfa.conf and swmfa.users. Prompts at a terminal for anything not given as an "
            "option. The token or password is never an argument. Then runs check --online and a "
            "test login.",
    .min_args = 0,
    .max_args = 0,
    .options = init_options,
    .option = take_option,
    .run = run_init,
};
