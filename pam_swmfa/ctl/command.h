/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command: the interface of swmfactl's commands, and the data that they work with.
 *
 * To add a command: write a struct command in a file in the folder of its task, and add a row to
 * main.c's table. The help, the command line, and bash's completion follow from it. swmfactl(8)
 * must describe it, which a test checks.
 */
#ifndef SWMFA_COMMAND_H
#define SWMFA_COMMAND_H

#include "base/problem.h"
#include "store/store.h"

#include <argp.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define COMMAND_USER_MAX 511 /* bytes of a user name, as the module takes them */
#define COMMAND_ARGV_MAX 8
#define COMMAND_KEY      0x2000 /* the first key of a command's options that have no letter */

/* Exit statuses; 64 is a wrong command line. */
enum ctl_status {
    CTL_DONE,
    CTL_FAILED,     /* ctl->problem has the reason */
    CTL_WARNINGS,   /* of check and doctor: they found warnings, but no errors */
    CTL_ERRORS,     /* the same for errors */
    CTL_USAGE = 64, /* the problem says what is wrong with the command line */
};

/* One run of a command. */
struct ctl_context {
    const char *conf; /* swmfa.conf, absolute or not; NULL: that of the build */
    bool json;        /* --json was given */
    bool terminal; /* standard output is a terminal, which a reader of the store can no longer find
                      out */
    bool colours;  /* it has colours, and NO_COLOR is not set */
    int width;     /* its columns; 0: unknown */
    const char *argv[COMMAND_ARGV_MAX]; /* its arguments, at most max_args */
    size_t argc;
    const char *user;                     /* the first of them, for who takes a USER; or NULL */
    char account[COMMAND_USER_MAX + 1];   /* under which the store counts, see username_own */
    bool stranger;                        /* there is no account of that name */
    char shown[4 * COMMAND_USER_MAX + 1]; /* the user, printable and without a blank; or "" */
    char who[64];                         /* the caller, for the log */
    const char *output;     /* the standard output, unless it is that of the process */
    struct store *store;    /* open after ctl_open_store */
    struct problem problem; /* why it failed */
};

struct command {
    const char *name;          /* one word, or a group and a word: "user add" */
    const char *arguments;     /* "USER", "[USER]", "FROM [TO]"; "": none */
    const char *summary;       /* one line, about 60 characters */
    const char *text;          /* for its own --help */
    size_t min_args, max_args; /* number of arguments */
    bool json;                 /* has --json */
    /*
     * Its own options, besides -c, --json and --help, with {0} at the end, and the function that
     * reads one of them: it returns 0, or calls argp_error(). It is called with ARGP_KEY_END after
     * the last, for checks between options. NULL: none.
     */
    const struct argp_option *options;
    error_t (*option)(int key, char *argument, struct argp_state *state);
    /* Does it, as root until it calls ctl_enter_store. */
    enum ctl_status (*run)(struct ctl_context *ctl);
};

/*
 * ctl_leave_root: continues in a process of the service user's, without a terminal and without any
 * open descriptor (relay.h). Read everything that only root can read, and prompt for everything,
 * before that. Root's process does not return from it: it writes the output of the other one, and
 * exits with its status. Returns false with the problem.
 */
bool ctl_leave_root(struct ctl_context *ctl);

/* ctl_open_store: opens the store, as the service user: a file that root made there would lock
 * everybody out. ctl_enter_store: both. Returns false with the problem. */
bool ctl_open_store(struct ctl_context *ctl);
bool ctl_enter_store(struct ctl_context *ctl);

/* ctl_begin: begins a transaction, see store_begin; waits for others. False with the problem. */
bool ctl_begin(struct ctl_context *ctl, enum store_access access);

/* ctl_store_failed: makes the store's problem the job's. Returns false. */
bool ctl_store_failed(struct ctl_context *ctl);

/* ctl_changed: logs "CHANGE by CALLER", authpriv.notice: every change is in the system log. */
void ctl_changed(const struct ctl_context *ctl, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ctl_json_text: returns the text of a document in ASCII, which the caller frees; a byte that is
 * not UTF-8 becomes a question mark. NULL without memory. flags: JSON_C_TO_STRING_... */
char *ctl_json_text(json_object *document, int flags);

/* ctl_print_json: prints one JSON document and puts it. False with the problem. */
bool ctl_print_json(struct ctl_context *ctl, json_object *document);

/* ctl_flush: returns whether all output has been written; false with the problem. Call it before a
 * command returns CTL_DONE, _WARNINGS or _ERRORS. */
bool ctl_flush(struct ctl_context *ctl);

#endif
