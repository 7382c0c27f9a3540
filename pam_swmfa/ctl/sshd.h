/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd: what sshd says of its configuration, and where in its files that stands. */
#ifndef SWMFA_SSHD_H
#define SWMFA_SSHD_H

#include "base/problem.h"
#include "ctl/sshdfiles.h"
#include "ctl/sshdmatch.h"

#include <stdbool.h>
#include <stddef.h>

#define SSHD_PLACE 4200 /* holds any "FILE:LINE" */

/* ---- asking ---- */

struct sshd {
    char *text; /* what sshd -T printed; "" when it could not be asked */
    bool installed;
    int major, minor;  /* of OpenSSH; 0: not known */
    char version[128]; /* as in "OpenSSH_10.0p2 Debian-7"; "": not known */
    const char *fix;   /* the command that helps where it could not be asked; or NULL */
    bool matched;      /* Match blocks count, for one connection */
};

/* What sshd is asked; all 0: what it says now, of all connections. */
struct sshd_question {
    const struct sshd_connection *connection; /* Match blocks count for it; NULL: for none */
    const struct sshd_plan *plan;             /* what its files would be; NULL: as they are */
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

/* sshd_complete: fills in what a connection leaves empty, as no Match block has it, as far as
 * possible. connection is that of the question, or another one. Returns false with the problem. */
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
    char where[SSHD_PLACE]; /* "FILE:LINE" of its Match line; "": no block, see sshd_ask_blocks */
    char criteria[256];     /* as they stand there */
    bool decides;           /* one of its lines sets what decides on codes */
    bool known;             /* answer is what sshd says of the connection */
    struct problem why;     /* not known: why */
    struct sshd_connection connection; /* one that the block is for */
    struct sshd answer;
};

struct sshd_blocks {
    struct sshd_block *at;
    size_t count;
};

/*
 * sshd_ask_blocks: all Match blocks that can be for somebody, in the order of the files; for each,
 * what sshd says of one connection that it is for, with all its settings: other blocks may be for
 * the same connection, and the first value counts. question->connection does not matter.
 * user: only blocks that can be for that user, and before them, without a place, the connection of
 * that user that no block is for, but for what the user is. NULL: anybody.
 * A block for which no connection can be found is there, but not known.
 * Returns false with the problem. The caller owes sshd_free_blocks in any case.
 */
bool sshd_ask_blocks(struct sshd_blocks *blocks, const struct sshd_question *question,
                     const char *user, struct problem *problem);

/*
 * sshd_ask_pairs: likewise of two blocks at once that both set what decides on codes, for a
 * connection that both are for, if one is found: what each permits by itself can be harmless. At
 * most SSHD_PAIRS_MAX are looked at.
 */
bool sshd_ask_pairs(struct sshd_blocks *blocks, const struct sshd_question *question,
                    struct problem *problem);

#define SSHD_PAIRS_MAX 200

void sshd_free_blocks(struct sshd_blocks *blocks);

/* ---- a plan ---- */

/*
 * sshd_check_plan: whether what decides on codes in question->plan->text (UsePAM,
 * KbdInteractiveAuthentication, PasswordAuthentication and AuthenticationMethods) would be in force
 * for all connections to which no Match block applies. Changes nothing.
 * Returns false with the problem: what keeps it from that, with file and line, and what to do.
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
