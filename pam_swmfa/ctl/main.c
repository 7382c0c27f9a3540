/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main: the administrator's command for pam_swmfa.
 *
 * SYNOPSIS
 *   swmfactl [-c FILE] COMMAND [OPTION...] [ARGUMENT...]
 *   swmfactl --help
 *   swmfactl --version
 *
 * DESCRIPTION
 *   Reads the command line and prepares the process; the commands, each in a file of this folder,
 *   do the rest. What opens the store does that in a process of the service user's (relay.h).
 *
 * DIAGNOSTICS
 *   Each change is logged, facility authpriv. Exit status 0: done; 1: failed, and standard error
 *   says why; 2 and 3: check and doctor have found warnings, or errors; 64: wrong command line.
 */
#include <config.h>

#include "ctl/command.h"

#include "base/log.h"
#include "base/username.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

/* ---- the commands, in the order of --help ---- */

extern const struct command command_bypass;
extern const struct command command_check;
extern const struct command command_codes;
extern const struct command command_disable;
extern const struct command command_enable;
extern const struct command command_doctor;
extern const struct command command_forget;
extern const struct command command_log;
extern const struct command command_report;
extern const struct command command_init;
extern const struct command command_status;
extern const struct command command_store_backup;
extern const struct command command_store_repair;
extern const struct command command_store_reset;
extern const struct command command_store_restore;
extern const struct command command_test;
extern const struct command command_unlock;
extern const struct command command_user_add;
extern const struct command command_user_import;
extern const struct command command_user_list;
extern const struct command command_user_remove;
extern const struct command command_user_set;
extern const struct command command_user_show;

static const struct {
    const char *task; /* the heading of this command and those after it; or NULL */
    const struct command *command;
} commands[] = {
    {"Set up", &command_init},     {NULL, &command_enable},         {NULL, &command_disable},
    {"Users", &command_user_list}, {NULL, &command_user_show},      {NULL, &command_user_add},
    {NULL, &command_user_set},     {NULL, &command_user_remove},    {NULL, &command_user_import},
    {NULL, &command_codes},        {"Day to day", &command_status}, {NULL, &command_unlock},
    {NULL, &command_forget},       {NULL, &command_bypass},         {NULL, &command_log},
    {NULL, &command_report},       {NULL, &command_store_backup},   {NULL, &command_store_restore},
    {NULL, &command_store_reset},  {NULL, &command_store_repair},   {"Diagnose", &command_check},
    {NULL, &command_doctor},       {NULL, &command_test},
};
#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

/* Other words for a word of a command's name. --help does not show them. */
static const char *const synonyms[][2] = {
    {"del", "remove"},
    {"delete", "remove"},
    {"pass", "bypass"}, /* its name before */
    {"rm", "remove"},
};

/* ---- the command line ---- */

/* The command line. */
struct cmdline {
    const struct command *command;
    struct ctl_context ctl;
};

enum {
    KEY_JSON =
        0x1000, /* beyond the keys of commands, which are characters or begin at COMMAND_KEY */
    KEY_USAGE,
};

#define HELP_COLUMN 24 /* the column of the summaries */

/* The options of the program and of each command. argp's own --help would also print its paragraph
 * on the arguments of options. */
static const struct argp_option common_options[] = {
    {.name = "conf", .key = 'c', .arg = "FILE", .doc = "Read FILE instead of " SWMFA_CONF_PATH},
    {.name = "help", .key = '?', .doc = "Print this help", .group = -1},
    {.name = "usage", .key = KEY_USAGE, .doc = "Print a short usage message", .group = -1},
    {.name = "version", .key = 'V', .doc = "Print the version", .group = -1},
    {.key = 'h', .flags = OPTION_HIDDEN}, /* as --help */
    {0},
};

static const struct argp_option option_json = {
    .name = "json",
    .key = KEY_JSON,
    .doc = "Print JSON",
};

static _Noreturn void end_after_help(void)
{
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static _Noreturn void print_version(void)
{
    (void)puts("swmfactl (" PACKAGE_NAME ") " PACKAGE_VERSION);
    end_after_help();
}

static bool takes_user(const struct command *command)
{
    return strncmp(command->arguments, "USER", 4) == 0 ||
           strncmp(command->arguments, "[USER]", 6) == 0;
}

static void check_user(const struct ctl_context *ctl, struct argp_state *state)
{
    size_t length = strlen(ctl->user);
    if (length == 0 || length > COMMAND_USER_MAX)
        argp_error(state, "USER must have 1 to %d bytes", COMMAND_USER_MAX);
}

static void check_count(const struct command *command, struct ctl_context *ctl,
                        struct argp_state *state)
{
    if (ctl->argc < command->min_args)
        argp_error(state, "too few arguments: %s %s", command->name, command->arguments);
    if (ctl->argc == 0 || !takes_user(command))
        return;
    ctl->user = ctl->argv[0];
    check_user(ctl, state);
    (void)log_escape(ctl->shown, sizeof(ctl->shown), ctl->user, " \"");
}

/* The options that mean the same before and after the name of a command. */
static error_t parse_common(int key, char *argument, struct argp_state *state)
{
    struct cmdline *cmdline = state->input;
    switch (key) {
    case 'c':
        cmdline->ctl.conf = argument;
        return 0;
    case 'V':
        print_version();
    case KEY_USAGE:
        argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_own(int key, char *argument, struct argp_state *state)
{
    struct cmdline *cmdline = state->input;
    const struct command *command = cmdline->command;
    error_t common = parse_common(key, argument, state);
    if (common != ARGP_ERR_UNKNOWN)
        return common;
    switch (key) {
    case 'h':
    case '?':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case KEY_JSON:
        cmdline->ctl.json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (cmdline->ctl.argc == command->max_args)
            argp_error(state, "too many arguments: %s %s", command->name, command->arguments);
        else
            cmdline->ctl.argv[cmdline->ctl.argc++] = argument;
        return 0;
    case ARGP_KEY_END:
        check_count(command, &cmdline->ctl, state);
        return command->option != NULL ? command->option(key, NULL, state) : 0;
    default:
        return command->option != NULL && key > 0 && key < ARGP_KEY_END
                   ? command->option(key, argument, state)
                   : ARGP_ERR_UNKNOWN;
    }
}

/* Leaves out argp's paragraph on the arguments of options. */
static char *filter_help(int key, const char *text, void *input)
{
    (void)input;
    return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)text;
}

/* Parses the words after the name of a command, which answers --help itself. */
static error_t parse_command(const struct command *command, int argc, char **argv,
                             struct cmdline *cmdline)
{
    struct argp_option options[32] = {0};
    size_t count = 0;
    for (const struct argp_option *own = command->options; own != NULL && own->name != NULL; own++)
        options[count++] = *own;
    if (command->json)
        options[count++] = option_json;
    for (const struct argp_option *row = common_options; row->key != 0; row++)
        options[count++] = *row;
    const struct argp argp = {.options = options,
                              .parser = parse_own,
                              .args_doc = *command->arguments != '\0' ? command->arguments : NULL,
                              .doc = command->text,
                              .help_filter = filter_help};
    static char name[48]; /* argv keeps it */
    (void)snprintf(name, sizeof(name), "swmfactl %s", command->name);
    argv[0] = name;
    cmdline->command = command;
    return argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, cmdline);
}

/* Adds the second words of a group of commands, such as user. */
static const char *list_group(const char *group, char *list, size_t size)
{
    size_t length = strlen(group);
    list[0] = '\0';
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        const char *name = commands[i].command->name;
        size_t used = strlen(list);
        if (strncmp(name, group, length) == 0 && name[length] == ' ')
            (void)snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "",
                           name + length + 1);
    }
    return list;
}

static const char *plain_word(const char *word)
{
    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
        if (strcmp(word, synonyms[i][0]) == 0)
            return synonyms[i][1];
    return word;
}

/* Returns how many words of the command line name the command: 0 if they name another one. */
static int words_of_name(const struct command *command, char **words, int count)
{
    const char *second = strchr(command->name, ' ');
    const char *word = plain_word(words[0]);
    size_t first = second != NULL ? (size_t)(second - command->name) : strlen(command->name);
    if (strlen(word) != first || strncmp(word, command->name, first) != 0)
        return 0;
    if (second == NULL)
        return 1;
    return count > 1 && strcmp(plain_word(words[1]), second + 1) == 0 ? 2 : 0;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
           strcmp(word, "-?") == 0;
}

static void print_command(FILE *to, const struct command *command)
{
    int length = fprintf(to, "  %s %s", command->name, command->arguments);
    if (length > HELP_COLUMN - 2)
        (void)fprintf(to, "\n%*s%s\n", HELP_COLUMN, "", command->summary);
    else
        (void)fprintf(to, "%*s%s\n", HELP_COLUMN - length, "", command->summary);
}

static void print_help(void)
{
    (void)printf("Usage: swmfactl [-c FILE] COMMAND [OPTION...] [ARGUMENT...]\n"
                 "Set up pam_swmfa, manage its users, and show what logins do.\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        if (commands[i].task != NULL)
            (void)printf("\n%s:\n", commands[i].task);
        print_command(stdout, commands[i].command);
    }
    (void)printf(
        "\nOptions:\n"
        "  -c, --conf=FILE       Read FILE instead of " SWMFA_CONF_PATH "\n"
        "  -h, --help            Print this help, or that of a COMMAND\n"
        "      --usage           Print a short usage message\n"
        "  -V, --version         Print the version\n"
        "\n"
        "Exit status: 0 done, 1 failed, 2 warnings found, 3 errors found, 64 wrong command\n"
        "line; 2 of enable and disable: not finished, as the output says.\n"
        "swmfactl COMMAND --help explains a command, swmfactl(8) everything.\n");
}

/* The commands of a group, as the rows of --help. */
static void print_group(FILE *to, const char *group)
{
    size_t length = strlen(group);
    (void)fprintf(to, "Usage: swmfactl %s COMMAND [OPTION...] [ARGUMENT...]\n\n", group);
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        const struct command *command = commands[i].command;
        if (strncmp(command->name, group, length) == 0 && command->name[length] == ' ')
            print_command(to, command);
    }
    (void)fprintf(to, "\nswmfactl %s COMMAND --help explains a command, swmfactl(8) everything.\n",
                  group);
}

static error_t find_command(struct argp_state *state)
{
    static char help[] = "--help";
    char **words = state->argv + state->next - 1; /* where the name stands */
    int count = state->argc - (state->next - 1);
    state->next = state->argc;
    if (strcmp(words[0], "help") == 0 && count == 1) {
        print_help();
        end_after_help();
    }
    if (strcmp(words[0], "help") == 0) { /* help COMMAND is COMMAND --help */
        for (int i = 1; i < count; i++)
            words[i - 1] = words[i];
        words[count - 1] = help;
    }
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        int used = words_of_name(commands[i].command, words, count);
        if (used > 0)
            return parse_command(commands[i].command, count - used + 1, words + used - 1,
                                 state->input);
    }
    char group[128];
    bool is_group = *list_group(words[0], group, sizeof(group)) != '\0';
    if (is_group && count > 1 && asks_for_help(words[1])) {
        print_group(stdout, words[0]);
        end_after_help();
    }
    if (is_group && count == 1) {
        print_group(stderr, words[0]);
        exit(EX_USAGE);
    }
    if (is_group)
        argp_error(state, "%s: expected one of %s", words[0], group);
    else
        argp_error(state, "%s: no such command", words[0]);
    return EINVAL;
}

static error_t parse_first(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case 'h':
    case '?':
        print_help();
        end_after_help();
    case ARGP_KEY_ARG:
        return find_command(state);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no COMMAND is given");
        return EINVAL;
    default:
        return parse_common(key, argument, state);
    }
}

/* Reads the command line, or ends the program with a help or with EX_USAGE. */
static void read_command_line(int argc, char **argv, struct cmdline *cmdline)
{
    static const struct argp argp = {.options = common_options,
                                     .parser = parse_first,
                                     .args_doc = "COMMAND [ARGUMENT...]"};
    argp_err_exit_status = EX_USAGE;
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, cmdline) != 0)
        exit(EX_USAGE);
}

/* ---- the process ---- */

/* Fills closed descriptors 0 to 2: a file that is opened later would otherwise be written to as
 * standard output. Writing to the fillers fails. */
static bool fill_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

/* The process that reads the store has a copy of this one's memory, and the environment of root's
 * shell can have tokens of other programs in it. */
static bool wipe_environment(void)
{
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
        explicit_bzero(*variable, strlen(*variable));
    return clearenv() == 0;
}

static bool prepare(struct problem *problem)
{
    const struct rlimit none = {0, 0};
    (void)signal(SIGPIPE, SIG_IGN); /* a write must fail when the reader is gone */
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL); /* or there would be no exit status */
    umask(077);
    if (geteuid() != 0)
        return problem_set(problem, "must be run as root");
    if (!fill_descriptors() || !wipe_environment() || setrlimit(RLIMIT_CORE, &none) != 0)
        return problem_set(problem, "the process cannot be prepared: %s", strerror(errno));
    return true;
}

/* The caller: the real uid and, if the kernel knows it, that of the login. */
static void find_who(char *who, size_t size)
{
    char login[16] = "";
    FILE *file = fopen("/proc/self/loginuid", "re");
    if (file != NULL && fgets(login, sizeof(login), file) == NULL)
        login[0] = '\0';
    if (file != NULL)
        (void)fclose(file);
    bool known = login[0] != '\0' && strcmp(login, "4294967295") != 0;
    (void)snprintf(who, size, "uid %u%s%s%s", (unsigned)getuid(), known ? " (login uid " : "",
                   known ? login : "", known ? ")" : "");
}

/* Runs as root: a directory may tell others less. */
static void find_account(struct ctl_context *ctl)
{
    char text[2 * sizeof(ctl->problem.text)];
    struct problem why = {0};
    if (ctl->user == NULL)
        return;
    enum username found = username_own(ctl->user, ctl->account, sizeof(ctl->account), &why);
    ctl->stranger =
        found == USERNAME_NONE && strncmp(ctl->user, "? ", 2) != 0; /* see user_iter.h */
    if (found == USERNAME_UNKNOWN)
        (void)fprintf(stderr, "swmfactl: warning: %s; the name is taken for the account's own\n",
                      log_escape(text, sizeof(text), why.text, ""));
}

static void look_at_terminal(struct ctl_context *ctl)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    struct winsize size = {.ws_col = 0};
    ctl->terminal = isatty(STDOUT_FILENO) == 1;
    ctl->colours = ctl->terminal && (no_color == NULL || *no_color == '\0') && terminal != NULL &&
                   strcmp(terminal, "dumb") != 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        ctl->width = size.ws_col;
}

static enum ctl_status run(const struct command *command, struct ctl_context *ctl)
{
    look_at_terminal(ctl);
    if (!prepare(&ctl->problem))
        return CTL_FAILED;
    find_who(ctl->who, sizeof(ctl->who));
    openlog("swmfactl", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
    find_account(ctl);
    enum ctl_status status = command->run(ctl);
    store_close(ctl->store);
    return status;
}

int main(int argc, char **argv)
{
    struct cmdline cmdline = {0};
    read_command_line(argc, argv, &cmdline);
    enum ctl_status status = run(cmdline.command, &cmdline.ctl);
    if (status == CTL_FAILED || status == CTL_USAGE) {
        char text[2 * sizeof(cmdline.ctl.problem.text)];
        (void)fprintf(stderr, "swmfactl: %s\n",
                      log_escape(text, sizeof(text), cmdline.ctl.problem.text, ""));
    }
    return (int)status;
}
