/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_config: the settings that sshd reports, and the places of settings in its files. */
#ifndef SWMFA_SSHD_CONFIG_H
#define SWMFA_SSHD_CONFIG_H

#include "base/location.h"
#include "base/problem.h"
#include "ctl/host/sshd_files.h"
#include "ctl/host/sshd_match.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- asking ---- */

struct sshd {
    char *text; /* the output of sshd -T; "" if it could not be asked */
    bool installed;
    int major, minor;  /* of OpenSSH; 0: unknown */
    char version[128]; /* as in "OpenSSH_10.0p2 Debian-7"; "": unknown */
    const char *fix;   /* the command that helps if sshd gave no answer; or NULL */
    bool matched;      /* the answer is for one connection, with its Match blocks */
};

/* A question to sshd; all 0: its current settings, for all connections. */
struct sshd_question {
    const struct sshd_connection *connection; /* apply its Match blocks; NULL: none */
    const struct sshd_plan *plan;             /* a planned file; NULL: the files as they are */
    const char *const *options; /* the options with which this sshd was started, such as "-D", "-o",
                                   "UsePAM=no", "-f", FILE, ending with NULL; those that do not
                                   matter for its settings are not passed on. NULL: none */
};

/*
 * sshd_ask: runs sshd -T, with an empty environment. Changes nothing: for a plan, sshd reads a copy
 * of its files. A connection must be complete: see sshd_complete. Returns whether sshd answered;
 * otherwise the problem has the reason in sshd's words, with the file and line. The caller owes
 * sshd_free in any case.
 */
bool sshd_ask(struct sshd *sshd, const struct sshd_question *question, struct problem *problem);
void sshd_free(struct sshd *sshd);

/* sshd_complete: fills the empty fields of a connection, if possible with values that no Match
 * block has. connection is that of the question, or another one. Returns false with the problem. */
bool sshd_complete(struct sshd_connection *connection, const struct sshd_question *question,
                   struct problem *problem);

/* sshd_value: writes the value of a keyword, in small letters, into a buffer; "" if there is none.
 * The values of several lines are separated by blanks. Returns the buffer. */
char *sshd_value(const struct sshd *sshd, const char *keyword, char *buffer, size_t size);

/* sshd_says: returns whether a keyword has the value. */
bool sshd_says(const struct sshd *sshd, const char *keyword, const char *value);

/* sshd_config_of: returns the file that the sshd of a question reads first. */
const char *sshd_config_of(const struct sshd_question *question);

/* sshd_program: returns the path of the sshd that is asked; NULL: there is none. */
const char *sshd_program(void);

/* sshd_find_version: writes the version, as in struct sshd, into a buffer. */
void sshd_find_version(char *buffer, size_t size);

/* ---- Match blocks ---- */

struct sshd_block {
    char
        where[LOCATION_SIZE]; /* "FILE:LINE" of its Match line; "": no block, see sshd_ask_blocks */
    char criteria[256];       /* as written there */
    bool decides;             /* it has a setting that decides on codes */
    bool known;               /* answer is sshd's for the connection */
    struct problem why;       /* if not known: the reason */
    struct sshd_connection connection; /* a connection to which the block applies */
    struct sshd answer;
    size_t number;                     /* of the block, in all of the files */
    const struct sshd_block *parts[2]; /* of a pair: see sshd_ask_pairs */
};

struct sshd_blocks {
    struct sshd_block *at;
    size_t count;
    size_t left; /* pairs that were not examined */
};

/*
 * sshd_ask_blocks: asks about all Match blocks that can apply to anybody, in the order of the
 * files. Each gets sshd's answer for one connection to which the block applies. Other blocks can
 * apply to the same connection, and the first value of a setting is in force. question->connection
 * is ignored. user: asks only about blocks that can apply to that user; the first entry, without a
 * place, is then a connection of the user to which only the blocks for the user apply. NULL:
 * anybody. If no connection is found for a block, its answer is unknown. Returns false with the
 * problem. The caller owes sshd_free_blocks in any case.
 */
bool sshd_ask_blocks(struct sshd_blocks *blocks, const struct sshd_question *question,
                     const char *user, struct problem *problem);
void sshd_free_blocks(struct sshd_blocks *blocks);

/*
 * sshd_ask_pairs: asks about each two deciding blocks of sshd_ask_blocks, for the same question,
 * for which a connection is found to which both apply. Examines a limited number of pairs, and
 * counts the others. Returns false with the problem. The caller owes sshd_free_blocks for pairs in
 * any case; blocks must outlive them.
 */
#define SSHD_PAIRS_MAX 64
bool sshd_ask_pairs(struct sshd_blocks *pairs, const struct sshd_blocks *blocks,
                    const struct sshd_question *question, struct problem *problem);

/* ---- a plan ---- */

/*
 * sshd_check_plan: checks that the settings of question->plan->text that decide on codes (UsePAM,
 * KbdInteractiveAuthentication, PasswordAuthentication and AuthenticationMethods) would be in force
 * for all connections to which no Match block applies. Changes nothing. Returns false with the
 * problem: the file and line that overrides them, and what to do.
 */
bool sshd_check_plan(const struct sshd_question *question, struct problem *problem);

/* ---- places ---- */

/*
 * sshd_find: looks through sshd_config and the files that it includes for the first line that sets
 * a keyword, or an older name of it, outside of all Match blocks. Writes "FILE:LINE" into the
 * buffer, or the name of sshd_config if no line does. Returns the buffer.
 */
char *sshd_find(const char *keyword, char *buffer, size_t size);

#endif
