/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * parse: reads the lines of a PAM stack as libpam does (Linux-PAM, libpam/pam_handlers.c and
 * pam_line.c; "@include" as in Debian), each with its place.
 */
#ifndef SWMFA_PARSE_H
#define SWMFA_PARSE_H

#include "base/location.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

#define STACK_CODES  32 /* PAM_SUCCESS to PAM_INCOMPLETE */
#define STACK_LEVELS 16 /* nested includes and substacks that libpam permits */

/* The action for a result; a positive number: jump over that many lines. */
enum stack_action {
    STACK_IGNORE = 0,
    STACK_OK = -1,
    STACK_DONE = -2,
    STACK_BAD = -3,
    STACK_DIE = -4,
    STACK_RESET = -5,
    STACK_UNSET = -6, /* not in a line of a file */
};

enum stack_kind {
    STACK_MODULE,
    STACK_SUBSTACK, /* the beginning of a substack; it is no module */
    STACK_BROKEN,   /* libpam denies here, see why */
};

struct stack_line {
    const char *file; /* its path */
    unsigned number;
    enum stack_kind kind;
    bool silent; /* "-auth": a module that is missing is not logged */
    int level;   /* depth of substacks */
    int actions[STACK_CODES];
    char *control;    /* as written, without brackets */
    char *module;     /* as written: a path or a name; of a substack the file; or NULL */
    const char *why;  /* what is wrong with it, or NULL */
    char **arguments; /* ends with NULL */
};

struct stack {
    struct stack_line *lines;
    size_t count;
    bool exists;  /* the service has a file */
    bool other;   /* the lines are those of the service "other", as it has no file */
    char **files; /* the names in lines */
    size_t file_count;
    struct problem problem; /* why it was not read to its end; "": it was */
    bool unsure;            /* versions of libpam differ there; otherwise all deny every login */
    const char *problem_file;
    unsigned problem_line;
};

/* stack_consequence: returns what a problem means for logins, in words. */
const char *stack_consequence(const struct stack *stack);

/*
 * stack_read: reads the lines of one type, such as "auth", of a service. folder: in place of the
 * system's, for tests; or NULL. Returns the stack, for stack_free, or NULL without memory.
 */
struct stack *stack_read(const char *folder, const char *service, const char *type);

/* A planned file. */
struct stack_text {
    const char *path;
    const char *text;
};

/* stack_read_planned: the same for the system with these texts in place of its files; path NULL
 * ends the list. */
struct stack *stack_read_planned(const struct stack_text *texts, const char *service,
                                 const char *type);
void stack_free(struct stack *stack);

/* stack_format_location: writes the place of a line, "FILE:LINE". Returns buffer. */
const char *stack_format_location(const struct stack_line *line, char *buffer, size_t size);

/* stack_code_name: returns the name of a code in controls, such as "auth_err". */
const char *stack_code_name(int code);

/* The folders that libpam searches, in order; ends with NULL. */
extern const char *const stack_folders[];

#endif
