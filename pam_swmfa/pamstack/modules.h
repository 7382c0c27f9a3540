/* SPDX-License-Identifier: BSD-3-Clause */
/* modules: the possible results of a stack's modules for pam_authenticate, and their meaning. */
#ifndef SWMFA_MODULES_H
#define SWMFA_MODULES_H

#include "pamstack/parse.h"

enum meaning {
    MEANS_NOTHING,  /* of a module that proves and decides nothing */
    MEANS_ANYTHING, /* of an unknown module */
    MEANS_YES,      /* a condition is met: user, origin, time, frequency */
    MEANS_NO,       /* it is not */
    MEANS_PROVED,   /* a password, a token or the like was right */
    MEANS_REFUSED,  /* it was not */
    MEANS_CODE,     /* ours: the code was right */
    MEANS_PASS,     /* ours: no code was requested, and the login may continue */
    MEANS_DENIAL,   /* ours: denied */
};

struct answer {
    int code; /* PAM_SUCCESS ... */
    enum meaning meaning;
};

#define MODULES_ANSWERS 12

struct module_model {
    struct answer answers[MODULES_ANSWERS];
    size_t count;
    bool deterministic; /* another line with the same arguments has the same result */
    const char *asks;   /* the factor that it requests, such as "password"; or NULL */
};

/* modules_name: writes the name of a line's module, without folder and ".so", into a buffer. */
const char *modules_name(const struct stack_line *line, char *buffer, size_t size);

/* modules_is_ours: returns whether the line is one of pam_swmfa. */
bool modules_is_ours(const struct stack_line *line);

/*
 * modules_path: writes the path where libpam looks for a line's module into a buffer. Returns
 * whether the file exists.
 */
bool modules_path(const struct stack_line *line, char *buffer, size_t size);

/*
 * modules_model: returns the possible results of a line's module, which is not ours, in a service;
 * NULL: in any. factors: a list of further modules that check a first factor; or NULL.
 */
void modules_model(const struct stack_line *line, const char *service, const char *factors,
                   struct module_model *model);

#endif
