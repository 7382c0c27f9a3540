/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * swmfactl: what an administrator does with what pam_swmfa keeps about users.
 *
 * SYNOPSIS
 *   swmfactl [-c FILE] COMMAND USER
 *   swmfactl --help
 *   swmfactl --version
 *
 * DESCRIPTION
 *   It reads as root what a command needs of the configuration and the users map, then becomes the
 *   service user for good, and only then opens the store: a file that root made there would lock
 *   everybody out. The commands are in commands.c.
 *
 * DIAGNOSTICS
 *   Each change is logged, facility authpriv. Exit status 0: done; 1: failed, and standard error
 *   says why; 64: wrong command line.
 */
#include <config.h>

#include "auth/log.h"
#include "auth/privilege.h"
#include "ctl/commands.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

/* ---- the command line ---- */

/* What the command line says. */
struct order {
    const struct command *command;
    const char *user;
    const char *conf; /* NULL: not given */
};

static const struct argp_option option_conf = {
    .name = "conf",
    .key = 'c',
    .arg = "FILE",
    .doc = "Read this file instead of " SWMFA_CONF_PATH,
};

static error_t parse_user(int key, char *argument, struct argp_state *state)
{
    struct order *order = state->input;
    switch (key) {
    case 'c':
        order->conf = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one USER only");
        if (*argument == '\0' || strlen(argument) > COMMANDS_USER_MAX)
            argp_error(state, "USER must have 1 to %d bytes", COMMANDS_USER_MAX);
        order->user = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which USER?");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What follows the name of a command, which answers --help for itself. */
static error_t parse_command(const struct command *command, int argc, char **argv,
                             struct order *order)
{
    const struct argp_option options[] = {option_conf, {0}};
    const struct argp argp = {.options = options,
                              .parser = parse_user,
                              .args_doc = "USER",
                              .doc = command->text};
    static char name[32]; /* argv keeps it */
    (void)snprintf(name, sizeof(name), "swmfactl %s", command->name);
    argv[0] = name;
    order->command = command;
    return argp_parse(&argp, argc, argv, 0, NULL, order);
}

static error_t find_command(const char *name, struct argp_state *state)
{
    int rest = state->next - 1; /* where the name stands */
    state->next = state->argc;
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return parse_command(&commands[i], state->argc - rest, state->argv + rest,
                                 state->input);
    argp_error(state, "%s: there is no such command", name);
    return EINVAL;
}

static error_t parse_first(int key, char *argument, struct argp_state *state)
{
    struct order *order = state->input;
    switch (key) {
    case 'c':
        order->conf = argument;
        return 0;
    case ARGP_KEY_ARG:
        return find_command(argument, state);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which COMMAND?");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The rows of --help: the commands, then the option. */
static void list_commands(struct argp_option *options, char names[COMMANDS_COUNT][32])
{
    *options++ = (struct argp_option){.doc = "Commands:"};
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%s USER", commands[i].name);
        *options++ = (struct argp_option){.name = names[i],
                                          .flags = OPTION_DOC | OPTION_NO_USAGE,
                                          .doc = commands[i].summary};
    }
    *options++ = (struct argp_option){.doc = "Options:"};
    *options = option_conf;
}

/* Reads the command line, or ends the program with a help or with EX_USAGE. */
static void read_order(int argc, char **argv, struct order *order)
{
    char names[COMMANDS_COUNT][32];
    struct argp_option options[COMMANDS_COUNT + 4] = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_first,
                              .args_doc = "COMMAND USER",
                              .doc = "Shows and changes what pam_swmfa keeps about a user.\v"
                                     "Exit status: 0 done, 1 failed, 64 wrong command line. "
                                     "See swmfactl(8)."};
    list_commands(options, names);
    argp_program_version = "swmfactl (" PACKAGE_NAME ") " PACKAGE_VERSION;
    argp_err_exit_status = EX_USAGE;
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, order) != 0)
        exit(EX_USAGE);
}

/* ---- the process ---- */

/* Descriptors 0 to 2 that are closed are filled, or a file that is opened would be written to as
 * if it were standard output. Whatever is written to what fills them fails. */
static bool fill_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

static bool prepare(struct problem *problem)
{
    const struct rlimit none = {0, 0};
    (void)signal(SIGPIPE, SIG_IGN); /* a reader that is gone must be noticed */
    (void)signal(SIGXFSZ, SIG_IGN);
    umask(077);
    if (geteuid() != 0)
        return problem_set(problem, "must be run as root");
    if (!fill_descriptors() || clearenv() != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return problem_set(problem, "the process cannot be prepared: %s", strerror(errno));
    return true;
}

/* Who runs this: the real uid and, where the kernel knows it, the one of the login. */
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

static bool run(const struct command *command, struct job *job)
{
    if (!prepare(&job->problem))
        return false;
    find_who(job->who, sizeof(job->who));
    openlog("swmfactl", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
    if ((command->as_root != NULL && !command->as_root(job)) || !privilege_drop(&job->problem))
        return false;
    job->store = store_open(STORE_FOLDER, &job->problem);
    if (job->store == NULL)
        return false;
    if (store_is_new(job->store))
        syslog(LOG_WARNING, "%s", STORE_IS_NEW);
    bool done = command->run(job);
    store_close(job->store);
    return done;
}

int main(int argc, char **argv)
{
    struct order order = {0};
    read_order(argc, argv, &order);
    struct job job = {.user = order.user, .conf = order.conf};
    (void)log_escape(job.shown, sizeof(job.shown), job.user, " \"");
    if (run(order.command, &job))
        return EXIT_SUCCESS;
    char text[2 * sizeof(job.problem.text)];
    (void)fprintf(stderr, "swmfactl: %s\n", log_escape(text, sizeof(text), job.problem.text, ""));
    return EXIT_FAILURE;
}
