/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * modules: what the modules of a stack can answer to pam_authenticate, and what that means.
 */
#ifndef SWMFA_MODULES_H
#define SWMFA_MODULES_H

#include "pamstack/parse.h"

enum meaning {
    MEANS_NOTHING,  /* of a module that proves and decides nothing */
    MEANS_ANYTHING, /* of a module that is not known here */
    MEANS_YES,      /* a condition is met: who, from where, at what time, how often */
    MEANS_NO,       /* it is not */
    MEANS_PROVED,   /* a password, a token or the like was right */
    MEANS_REFUSED,  /* it was not */
    MEANS_CODE,     /* ours: the code was right */
    MEANS_PASS,     /* ours: nobody was asked, and the login may go on */
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
    bool deterministic; /* another line with the same words gives the same answer */
    const char *asks;   /* what the person is asked for, such as "password"; or NULL */
};

/* modules_name: the name of the module of a line, without folder and ".so", in a buffer. */
const char *modules_name(const struct stack_line *line, char *buffer, size_t size);

/* modules_is_ours: whether the line is one of pam_swmfa. */
bool modules_is_ours(const struct stack_line *line);

/*
 * modules_path: where libpam looks for the module of a line; in a buffer. Returns whether a file is
 * there.
 */
bool modules_path(const struct stack_line *line, char *buffer, size_t size);

/*
 * modules_model: what the module of a line, which is not ours, can answer in a service; NULL: in
 * any. factors: a list of modules that check a first factor, for those that are not known here; or
 * NULL.
 */
void modules_model(const struct stack_line *line, const char *service, const char *factors,
                   struct module_model *model);

#endif
