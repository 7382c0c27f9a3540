/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     options - the command line
 *
 * SYNOPSIS
 *     void options_read(struct options *options, int argc, char **argv);
 *     void options_clear(struct options *options);
 *
 * DESCRIPTION
 *     Reads the command line with argp. The text of --help and the reading are from one table; the
 *     list of faults in --help is the table of fault.c.
 *
 * DIAGNOSTICS
 *     A mistake is named on standard error and ends the program with status 64 (EX_USAGE).
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "options.h"

#include "phone.h"
#include "trouble.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "(no version)"
#endif

enum option_key {
    OPTION_PORT = 256, /* beyond all characters: there are no short options */
    OPTION_PROJECT_ID,
    OPTION_API_TOKEN,
    OPTION_NUMBER,
    OPTION_INBOX,
    OPTION_LOG,
    OPTION_CA_OUT,
    OPTION_CERTIFICATE,
    OPTION_FAULT,
};

static const struct argp_option table[] = {
    {"port", OPTION_PORT, "N", 0, "Listen on this port of 127.0.0.1 (0: any)", 0},
    {"project-id", OPTION_PROJECT_ID, "ID", 0, "The user of HTTP Basic (demo-project)", 0},
    {"api-token", OPTION_API_TOKEN, "TOKEN", 0, "The password of HTTP Basic (demo-token)", 0},
    {"number", OPTION_NUMBER, "E164", 0, "A number of the account, for \"from\"; repeatable", 0},
    {"inbox", OPTION_INBOX, "FILE", 0, "Add the messages to FILE (standard output)", 0},
    {"log", OPTION_LOG, "FILE", 0, "Add a line for each request to FILE", 0},
    {"ca-out", OPTION_CA_OUT, "FILE", 0, "Write the certificate of the authority to FILE", 0},
    {"certificate", OPTION_CERTIFICATE, "KIND", 0,
     "Present a certificate that is good, expired, self-signed or other-host (good)", 0},
    {"fault", OPTION_FAULT, "NAME", 0, "Answer wrongly, see below; repeatable", 0},
    {0},
};

static void read_port(struct options *options, const char *text, struct argp_state *state)
{
    char *end = NULL;

    errno = 0;
    unsigned long port = strtoul(text, &end, 10);
    if (strspn(text, "0123456789") != strlen(text) || end == text || errno != 0 ||
        port > UINT16_MAX) {
        argp_error(state, "--port: 0 to 65535, not \"%s\"", text);
    }
    options->port = (uint16_t)port;
}

/* A colon would end the user's name in HTTP Basic (RFC 7617). */
static void read_project_id(struct options *options, const char *text, struct argp_state *state)
{
    if (strchr(text, ':') != NULL) {
        argp_error(state, "--project-id: without \":\", not \"%s\"", text);
    }
    options->project_id = text;
}

static void read_number(struct options *options, const char *text, struct argp_state *state)
{
    if (!phone_is_e164(text)) {
        argp_error(state, "--number: a number in E.164 form, not \"%s\"", text);
    }
    size_t size = (options->number_count + 2) * sizeof(*options->numbers);
    options->numbers = must(realloc(options->numbers, size));
    options->numbers[options->number_count++] = text;
    options->numbers[options->number_count] = NULL;
}

static void read_certificate(struct options *options, const char *text, struct argp_state *state)
{
    options->certificate = certificate_kind_find(text);
    if (options->certificate == NULL) {
        argp_error(state, "--certificate: good, expired, self-signed or other-host, not \"%s\"",
                   text);
    }
}

static void read_fault(struct options *options, const char *text, struct argp_state *state)
{
    const struct fault *fault = fault_find(text);

    if (fault == NULL) {
        argp_error(state, "--fault: no fault is called \"%s\"", text);
        return;
    }
    const struct fault **slot = &options->faults[fault->slot];
    if (*slot != NULL && *slot != fault) {
        argp_error(state, "--fault: %s and %s exclude each other", (*slot)->name, text);
    }
    *slot = fault;
}

static error_t read_option(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case OPTION_PORT:
        read_port(options, text, state);
        return 0;
    case OPTION_PROJECT_ID:
        read_project_id(options, text, state);
        return 0;
    case OPTION_API_TOKEN:
        options->api_token = text;
        return 0;
    case OPTION_NUMBER:
        read_number(options, text, state);
        return 0;
    case OPTION_INBOX:
        options->inbox = text;
        return 0;
    case OPTION_LOG:
        options->log = text;
        return 0;
    case OPTION_CA_OUT:
        options->ca_out = text;
        return 0;
    case OPTION_CERTIFICATE:
        read_certificate(options, text, state);
        return 0;
    case OPTION_FAULT:
        read_fault(options, text, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static char *list_faults(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = must(open_memstream(&text, &size));

    (void)fputs("Faults, at most one for sends and one for verifies:\n", out);
    for (const struct fault *fault = faults; fault->name != NULL; fault++) {
        (void)fprintf(out, "  %-20s %s\n", fault->name, fault->summary);
    }
    if (fclose(out) != 0) {
        must(NULL);
    }
    return text;
}

/* Adds the faults at the end of --help. argp frees what is not the text that it gave. */
static char *filter_help(int key, const char *text, void *input)
{
    (void)input;
    return key == ARGP_KEY_HELP_EXTRA ? list_faults() : (char *)text;
}

void options_read(struct options *options, int argc, char **argv)
{
    const struct argp argp = {
        .options = table,
        .parser = read_option,
        .doc = "A simulator of SignalWire's MFA REST API, for tests.",
        .help_filter = filter_help,
    };

    *options = (struct options){
        .project_id = "demo-project",
        .api_token = "demo-token",
        .numbers = must(calloc(1, sizeof(*options->numbers))),
        .certificate = certificate_kind_find("good"),
    };
    argp_program_version = "swmfa-sim " PACKAGE_VERSION;
    argp_err_exit_status = EX_USAGE;
    (void)argp_parse(&argp, argc, argv, 0, NULL, options);
}

void options_clear(struct options *options)
{
    free(options->numbers);
    *options = (struct options){0};
}
