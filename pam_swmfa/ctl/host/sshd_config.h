/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_config: sshd's own account of its configuration, and the places of settings in its files. */
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
    char *text; /* what sshd -T printed; "" when it could not be asked */
    bool installed;
    int major, minor;  /* of OpenSSH; 0: not known */
    char version[128]; /* as in "OpenSSH_10.0p2 Debian-7"; "": not known */
    const char *fix;   /* the command that helps if sshd gave no answer; or NULL */
    bool matched;      /* the answer is for one connection, with its Match blocks */
};

/* A question to sshd; all 0: its present settings, for all connections. */
struct sshd_question {
    const struct sshd_connection *connection; /* whose Match blocks apply; NULL: none do */
    const struct sshd_plan *plan;             /* a planned file; NULL: the files as they are */
    const char *const *options; /* that the sshd in question was started with, such as "-D", "-o",
                                   "UsePAM=no", "-f", FILE; those that do not matter for its
                                   settings are not passed on; ends with NULL; NULL: none */
};

/*
 * sshd_ask: runs sshd -T, with an empty environment. Nothing that exists is changed: for a plan,
 * sshd reads a copy of its files. A connection is to be complete: see sshd_complete.
 * Returns whether it was answered; otherwise the problem says why not, in sshd's words, with the
 * file and line. The caller owes sshd_free in any case.
 */
bool sshd_ask(struct sshd *sshd, const struct sshd_question *question, struct problem *problem);
void sshd_free(struct sshd *sshd);

/* sshd_complete: fills the empty fields of a connection, if possible with values that no Match
 * block has. connection is that of the question, or another one. Returns false with the problem. */
bool sshd_complete(struct sshd_connection *connection, const struct sshd_question *question,
                   struct problem *problem);

/* sshd_value: the value of a keyword, in small letters, into a buffer; "" if there is none. A
 * keyword that has several lines has them with blanks between. Returns the buffer. */
char *sshd_value(const struct sshd *sshd, const char *keyword, char *buffer, size_t size);

/* sshd_says: whether a keyword has the value. */
bool sshd_says(const struct sshd *sshd, const char *keyword, const char *value);

/* sshd_config_of: the file that the sshd in question reads first. */
const char *sshd_config_of(const struct sshd_question *question);

/* sshd_program: the path of the sshd that is asked; NULL: there is none. */
const char *sshd_program(void);

/* sshd_find_version: as in struct sshd, into a buffer. */
void sshd_find_version(char *buffer, size_t size);

/* ---- Match blocks ---- */

struct sshd_block {
    char
        where[LOCATION_SIZE]; /* "FILE:LINE" of its Match line; "": no block, see sshd_ask_blocks */
    char criteria[256];       /* as they stand there */
    bool decides;             /* it has a setting that decides on codes */
    bool known;               /* there is an answer for the connection */
    struct problem why;       /* not known: why */
    struct sshd_connection connection; /* one to which the block applies */
    struct sshd answer;
    size_t number;                     /* of the block, among all of the files */
    const struct sshd_block *parts[2]; /* of a pair: see sshd_ask_pairs */
};

struct sshd_blocks {
    struct sshd_block *at;
    size_t count;
    size_t left; /* pairs that were not looked at */
};

/*
 * sshd_ask_blocks: all Match blocks that can apply to somebody, in the order of the files. Each has
 * sshd's answer for one connection to which the block applies. Other blocks can apply to the same
 * connection, and the first value of a setting is in force. question->connection is ignored.
 * user: only blocks that can apply to that user. The first entry, without a place, is then a
 * connection of the user to which no block applies but those for the user. NULL: anybody.
 * If no connection is found for a block, its answer is not known.
 * Returns false with the problem. The caller owes sshd_free_blocks in any case.
 */
bool sshd_ask_blocks(struct sshd_blocks *blocks, const struct sshd_question *question,
                     const char *user, struct problem *problem);
void sshd_free_blocks(struct sshd_blocks *blocks);

/*
 * sshd_ask_pairs: each two blocks that decide, of those of sshd_ask_blocks for the same question,
 * and for which a connection is found that both are for; and what sshd says of that. So many pairs
 * are looked at, and the others counted. Returns false with the problem. The caller owes
 * sshd_free_blocks for pairs in any case; blocks must outlive them.
 */
#define SSHD_PAIRS_MAX 64
bool sshd_ask_pairs(struct sshd_blocks *pairs, const struct sshd_blocks *blocks,
                    const struct sshd_question *question, struct problem *problem);

/* ---- a plan ---- */

/*
 * sshd_check_plan: whether the settings of question->plan->text that decide on codes (UsePAM,
 * KbdInteractiveAuthentication, PasswordAuthentication and AuthenticationMethods) would be in force
 * for all connections to which no Match block applies. Changes nothing.
 * Returns false with the problem: the file and line that overrides them, and what to do.
 */
bool sshd_check_plan(const struct sshd_question *question, struct problem *problem);

/* ---- places ---- */

/*
 * sshd_find: looks through sshd_config and the files that it includes for the line that sets a
 * keyword, or an older name of it, outside of all Match blocks: the first that there is.
 * "FILE:LINE" into the buffer, or the name of sshd_config if no line does. Returns the buffer.
 */
char *sshd_find(const char *keyword, char *buffer, size_t size);

#endif
