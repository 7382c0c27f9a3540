/* SPDX-License-Identifier: BSD-3-Clause */
/* config: swmfa.conf, as swmfa.conf(5) describes it. */
#ifndef SWMFA_CONFIG_H
#define SWMFA_CONFIG_H

#include "base/problem.h"
#include "base/secret.h"
#include "config/phone.h"

#include <stddef.h>

enum unmapped {
    UNMAPPED_DENY,
    UNMAPPED_IGNORE,
};

enum fail {
    FAIL_SECURE,
    FAIL_SAFE,
};

/* [signalwire]; the texts that were not given are NULL. */
struct signalwire_config {
    char *space;
    char *endpoint;
    char *project_id;
    char *api_token_file;
    struct secret api_token; /* given, or read from api_token_file */
    char *from;
    char *message;
    int token_length;
    int valid_for; /* seconds */
    int max_attempts;
    int allow_alphas; /* 0 or 1 */
    char *ca_file;
    char *ca_pem; /* what ca_file holds */
};

struct config {
    int providers; /* an index into config_providers; there is one so far */
    int channel;   /* enum channel: the one used first */
    char *users;
    int unmapped; /* enum unmapped */
    int fail;     /* enum fail */
    int tries;
    int echo;            /* 0 or 1 */
    int connect_timeout; /* seconds */
    int timeout;         /* seconds */
    struct signalwire_config signalwire;
};

/*
 * config_load: reads, checks and completes the configuration; NULL is the path of the build.
 * Returns true, and the caller owes config_free; or false with the first problem as
 * "PATH:LINE: [section] key: expected, not "found"", and nothing is owed.
 */
bool config_load(const char *path, struct config *config, struct problem *problem);

/* config_free: wipes and frees all of it. */
void config_free(struct config *config);

/* One key that may stand in swmfa.conf: what the documents must show, and tests compare. */
struct config_key {
    const char *section;
    const char *name;
    const char *fallback; /* what is used where it is not given; NULL: nothing */
};

/* config_key_at: the key of that number, counted from 0; false behind the last. */
bool config_key_at(size_t number, struct config_key *key);

#endif
