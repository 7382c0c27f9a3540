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

/* Reads the text of an option into its place, or ends the program. */
typedef void read_option(void *place, const char *text, struct argp_state *state);

struct known_option {
    const char *name;
    const char *argument;
    const char *help;
    read_option *read;
    size_t offset; /* of the place in struct options */
};

enum { LATENCY_MOST = 10000 };

enum { KEY_FIRST = 256 }; /* beyond all characters: there are no short options */

static void read_port(void *place, const char *text, struct argp_state *state)
{
    char *end = NULL;

    errno = 0;
    unsigned long port = strtoul(text, &end, 10);
    if (strspn(text, "0123456789") != strlen(text) || end == text || errno != 0 ||
        port > UINT16_MAX) {
        argp_error(state, "--port: 0 to 65535, not \"%s\"", text);
    }
    *(uint16_t *)place = (uint16_t)port;
}

static void read_latency(void *place, const char *text, struct argp_state *state)
{
    char *end = NULL;

    errno = 0;
    unsigned long latency = strtoul(text, &end, 10);
    if (strspn(text, "0123456789") != strlen(text) || end == text || errno != 0 ||
        latency > LATENCY_MOST) {
        argp_error(state, "--latency: 0 to %d milliseconds, not \"%s\"", LATENCY_MOST, text);
    }
    *(uint16_t *)place = (uint16_t)latency;
}

static void read_text(void *place, const char *text, struct argp_state *state)
{
    (void)state;
    *(const char **)place = text;
}

/* A colon would end the user's name in HTTP Basic (RFC 7617). */
static void read_user(void *place, const char *text, struct argp_state *state)
{
    if (strchr(text, ':') != NULL) {
        argp_error(state, "the user of HTTP Basic: without \":\", not \"%s\"", text);
    }
    *(const char **)place = text;
}

static void read_number(void *place, const char *text, struct argp_state *state)
{
    struct options *options = place;

    if (!phone_is_e164(text)) {
        argp_error(state, "--number: a number in E.164 form, not \"%s\"", text);
    }
    size_t size = (options->number_count + 2) * sizeof(*options->numbers);
    options->numbers = must(realloc(options->numbers, size));
    options->numbers[options->number_count++] = text;
    options->numbers[options->number_count] = NULL;
}

static void read_certificate(void *place, const char *text, struct argp_state *state)
{
    const struct certificate_kind *kind = certificate_kind_find(text);

    if (kind == NULL) {
        argp_error(state, "--certificate: good, expired, self-signed or other-host, not \"%s\"",
                   text);
    }
    *(const struct certificate_kind **)place = kind;
}

static void read_fault(void *place, const char *text, struct argp_state *state)
{
    struct options *options = place;
    bool apis[FAULT_APIS];
    const struct fault *fault = fault_find(text, apis);

    if (fault == NULL) {
        argp_error(state, "--fault: no fault is called \"%s\"", text);
        return;
    }
    for (size_t i = 0; i < FAULT_APIS; i++) {
        const struct fault **slot = &options->faults[i][fault->slot];
        if (apis[i] && *slot != NULL && *slot != fault) {
            argp_error(state, "--fault: %s and %s exclude each other", (*slot)->name, text);
        }
        if (apis[i]) {
            *slot = fault;
        }
    }
}

#define PLACE(member) offsetof(struct options, member)

static const struct known_option table[] = {
    {"port", "N", "Listen on this port of 127.0.0.1 (0: any)", read_port, PLACE(port)},
    {"project-id", "ID", "SignalWire: the user of HTTP Basic (demo-project)", read_user,
     PLACE(project_id)},
    {"api-token", "TOKEN", "SignalWire: the password of HTTP Basic (demo-token)", read_text,
     PLACE(api_token)},
    {"account-id", "ID", "Bandwidth: the account in the paths (demo-account)", read_text,
     PLACE(account_id)},
    {"username", "NAME", "Bandwidth: the user of HTTP Basic (demo-user)", read_user,
     PLACE(username)},
    {"password", "TEXT", "Bandwidth: the password of HTTP Basic (demo-password)", read_text,
     PLACE(password)},
    {"messaging-application", "ID", "Bandwidth: the application for SMS (demo-messaging)",
     read_text, PLACE(messaging_application)},
    {"voice-application", "ID", "Bandwidth: the application for calls (demo-voice)", read_text,
     PLACE(voice_application)},
    {"number", "E164", "A number of the accounts, for \"from\"; repeatable", read_number, 0},
    {"inbox", "FILE", "Add the messages to FILE (standard output)", read_text, PLACE(inbox)},
    {"log", "FILE", "Add a line for each request to FILE", read_text, PLACE(log)},
    {"ca-out", "FILE", "Write the certificate of the authority to FILE", read_text, PLACE(ca_out)},
    {"latency", "MS", "Answer after half to one and a half of so many milliseconds (0)",
     read_latency, PLACE(latency)},
    {"certificate", "KIND",
     "Present a certificate that is good, expired, self-signed or other-host (good)",
     read_certificate, PLACE(certificate)},
    {"fault", "[API:]NAME", "Answer wrongly, see below; repeatable", read_fault, 0},
};

enum { OPTIONS = sizeof(table) / sizeof(table[0]) };

static error_t parse(int key, char *text, struct argp_state *state)
{
    if (key < KEY_FIRST || key >= KEY_FIRST + OPTIONS) {
        return ARGP_ERR_UNKNOWN;
    }
    const struct known_option *option = &table[key - KEY_FIRST];
    option->read((char *)state->input + option->offset, text, state);
    return 0;
}

static char *list_faults(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = must(open_memstream(&text, &size));

    (void)fputs("Faults, for all APIs, or for one as signalwire:NAME or bandwidth:NAME; at\n"
                "most one for sends and one for verifies of each API:\n",
                out);
    for (const struct fault *fault = faults; fault->name != NULL; fault++) {
        (void)fprintf(out, "  %-19s %s\n", fault->name, fault->summary);
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

/* The table as argp has it. */
static void list_options(struct argp_option listed[OPTIONS + 1])
{
    for (int i = 0; i < OPTIONS; i++) {
        listed[i] = (struct argp_option){
            .name = table[i].name,
            .key = KEY_FIRST + i,
            .arg = table[i].argument,
            .doc = table[i].help,
        };
    }
    listed[OPTIONS] = (struct argp_option){0};
}

void options_read(struct options *options, int argc, char **argv)
{
    struct argp_option listed[OPTIONS + 1];
    const struct argp argp = {
        .options = listed,
        .parser = parse,
        .doc = "A simulator of SignalWire's and Bandwidth's MFA APIs, for tests.",
        .help_filter = filter_help,
    };

    *options = (struct options){
        .project_id = "demo-project",
        .api_token = "demo-token",
        .account_id = "demo-account",
        .username = "demo-user",
        .password = "demo-password",
        .messaging_application = "demo-messaging",
        .voice_application = "demo-voice",
        .numbers = must(calloc(1, sizeof(*options->numbers))),
        .certificate = certificate_kind_find("good"),
    };
    list_options(listed);
    argp_program_version = "swmfa-sim " PACKAGE_VERSION;
    argp_err_exit_status = EX_USAGE;
    (void)argp_parse(&argp, argc, argv, 0, NULL, options);
}

void options_clear(struct options *options)
{
    free(options->numbers);
    *options = (struct options){0};
}
