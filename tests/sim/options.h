/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "certificate.h"
#include "fault.h"

#include <stddef.h>
#include <stdint.h>

/* The command line. All texts belong to argv. */
struct options {
    uint16_t port;    /* 0: any free one */
    uint16_t latency; /* milliseconds, see server_start */
    const char *project_id;
    const char *api_token;
    const char *account_id;
    const char *username;
    const char *password;
    const char *messaging_application;
    const char *voice_application;
    const char **numbers; /* owned, ends with NULL: the numbers of the accounts */
    size_t number_count;
    const char *inbox;  /* NULL: standard output */
    const char *log;    /* NULL: none */
    const char *ca_out; /* NULL: none */
    const struct certificate_kind *certificate;
    const struct fault *faults[FAULT_APIS][FAULT_SLOTS]; /* NULL: none */
};

/* Reads the command line. Ends the program after --help and --version (0) or a mistake (64). */
void options_read(struct options *options, int argc, char **argv);

void options_clear(struct options *options);

#endif
