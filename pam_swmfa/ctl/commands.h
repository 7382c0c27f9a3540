/* SPDX-License-Identifier: BSD-3-Clause */
/* commands: what swmfactl can do with the store. */
#ifndef SWMFA_COMMANDS_H
#define SWMFA_COMMANDS_H

#include "base/problem.h"
#include "config/limit.h"
#include "config/users.h"
#include "store/store.h"

#include <stdbool.h>

#define COMMANDS_USER_MAX 511 /* bytes of a user name, as the module takes them */

/* One run of a command. */
struct job {
    const char *user;
    const char *conf;                      /* swmfa.conf; NULL: that of the build */
    char shown[4 * COMMANDS_USER_MAX + 1]; /* the user, printable and without a blank */
    char who[64];                          /* who runs it, for the log */
    struct limit_list user_sends;          /* of swmfa.conf, for who reads it */
    enum users_result mapped;              /* whether the user is in the map, likewise */
    struct store *store;                   /* open when run is called */
    struct problem problem;                /* why it failed */
};

struct command {
    const char *name;
    const char *summary; /* in one line */
    const char *text;    /* for its own --help */
    /* What it does as root, before it is the service user for good, and then with the store.
     * False with the problem. */
    bool (*as_root)(struct job *job); /* NULL: nothing */
    bool (*run)(struct job *job);
};

#define COMMANDS_COUNT 4
extern const struct command commands[COMMANDS_COUNT];

#endif
