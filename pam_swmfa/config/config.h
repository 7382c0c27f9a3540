/* SPDX-License-Identifier: BSD-3-Clause */
/* config: swmfa.conf, as swmfa.conf(5) describes it. */
#ifndef SWMFA_CONFIG_H
#define SWMFA_CONFIG_H

#include "base/problem.h"
#include "config/key.h"
#include "config/limit.h"
#include "config/phone.h"
#include "provider/provider.h"

#include <stddef.h>

enum unmapped {
    UNMAPPED_DENY,
    UNMAPPED_IGNORE,
};

enum fail {
    FAIL_SECURE,
    FAIL_SAFE,
};

/* The causes that fail = safe can cover. */
enum fail_on {
    FAIL_ON_NETWORK,
    FAIL_ON_SERVER,
    FAIL_ON_LIMIT,
    FAIL_ON_CREDENTIALS,
    FAIL_ON_STORE,
};

enum exempt_result {
    EXEMPT_IGNORE,
    EXEMPT_SUCCESS,
};

/* [policy]: lists as they were given, for key_next_item; NULL: not given. */
struct policy {
    char *services;
    char *exempt_groups;
    char *exempt_networks; /* each is one for network_read */
    char *require_groups;
    int exempt_result; /* enum exempt_result */
    int remember;      /* seconds; 0: not */
};

struct config {
    struct key_words providers; /* enum provider_id, in the order in which they are tried */
    int channel;                /* by enum channel; the first one is used first */
    char *users;
    int unmapped;             /* enum unmapped */
    int fail;                 /* enum fail */
    struct key_words fail_on; /* enum fail_on */
    int tries;
    int echo;            /* 0 or 1 */
    int autosend;        /* 0 or 1 */
    int resend_delay;    /* seconds */
    int connect_timeout; /* seconds */
    int timeout;         /* seconds */
    int deadline;        /* seconds */
    char *currency;      /* for the providers' prices */
    /* Only for swmfactl: modules that check a first factor. NULL: not given. */
    char *first_factor_modules;
    struct policy policy;
    struct limits sends;            /* in [limits]; no list is empty */
    char *countries;                /* a list for countries_permit; NULL: not given */
    int failures;                   /* wrong codes in a row that lock a user */
    void *settings[PROVIDER_COUNT]; /* from each provider's section */
};

/*
 * config_load: reads, checks and completes the configuration; NULL is the path of the build.
 * Returns true, and the caller owes config_free; or false with the first problem as "PATH:LINE:
 * [section] key: expected, not "found"", and owes nothing.
 */
bool config_load(const char *path, struct config *config, struct problem *problem);

/* config_read: the same for a text; path is its name in messages. */
bool config_read(const char *path, const char *text, size_t length, struct config *config,
                 struct problem *problem);

#define CONFIG_SECTIONS (3 + PROVIDER_COUNT)

/* For config_line: the lines of the keys that were given; 0: not given. For config_quoted: whether
 * the value is in quotes. */
struct config_lines {
    unsigned at[CONFIG_SECTIONS][SECTION_KEYS_MAX];
    bool quoted[CONFIG_SECTIONS][SECTION_KEYS_MAX];
};

/* Gets a problem, as config_load says it. */
typedef void config_tell(void *context, const struct problem *problem);

/*
 * config_examine: like config_load, but reads the whole file and reports every problem. Returns
 * whether there was none. The caller owes config_free in any case: a wrong value is replaced by the
 * default or by nothing; if the file cannot be read, everything is zero.
 */
bool config_examine(const char *path, struct config *config, struct config_lines *lines,
                    config_tell *tell, void *context);

/* config_line: returns the line that sets a key of a section; 0 if none does. */
unsigned config_line(const struct config_lines *lines, const char *section, const char *key);

/*
 * config_quoted: returns whether a value has quotes that are part of it: by mistake or on purpose.
 */
bool config_quoted(const struct config_lines *lines, const char *section, const char *key);

/* config_free: wipes and frees all of it. */
void config_free(struct config *config);

/* config_has_word: returns whether a word, by its index, is in a KEY_WORDS. */
bool config_has_word(const struct key_words *words, int word);

/* A key of swmfa.conf: the documents must show it, and tests compare them. */
struct config_key {
    const char *section;
    const char *name;
    const char *default_value; /* the default; NULL: none */
};

/* config_key_at: gets the key with that number, counted from 0; false after the last. */
bool config_key_at(size_t number, struct config_key *key);

#endif
