/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd: what sshd says of its configuration, and where in its files that stands. */
#ifndef SWMFA_SSHD_H
#define SWMFA_SSHD_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

struct sshd {
    char *text; /* what sshd -T printed; "" when it could not be asked */
    bool installed;
    int major, minor; /* of OpenSSH; 0: not known */
    bool matched;     /* Match blocks count, for one connection */
};

/*
 * sshd_ask: runs sshd -T, with an empty environment. connection: who comes from where, as
 * "user=alice,host=client.example,addr=192.0.2.1", for the Match blocks; NULL: these do not count.
 * Returns whether it was answered; otherwise the problem says why not, in sshd's words. The caller
 * owes sshd_free in any case.
 */
bool sshd_ask(struct sshd *sshd, const char *connection, struct problem *problem);
void sshd_free(struct sshd *sshd);

/* sshd_value: the value of a keyword, in small letters, into a buffer; "" if there is none. A
 * keyword that has several lines has them with blanks between. Returns the buffer. */
char *sshd_value(const struct sshd *sshd, const char *keyword, char *buffer, size_t size);

/* sshd_says: whether a keyword has the value. */
bool sshd_says(const struct sshd *sshd, const char *keyword, const char *value);

/*
 * sshd_find: looks through sshd_config and the files that it includes for the line that sets a
 * keyword outside of all Match blocks: the first that there is. "FILE:LINE" into the buffer, or the
 * name of sshd_config if no line does. Returns the buffer.
 */
char *sshd_find(const char *keyword, char *buffer, size_t size);

/* sshd_find_match: the next Match block, by its number from 0, that sets one of the keywords that
 * decide who is asked: "FILE:LINE", and the line without its indentation. Returns false behind the
 * last. */
bool sshd_find_match(size_t number, char *where, size_t where_size, char *line, size_t line_size);

/* sshd_spares: whether such a line permits a way in that does not come to keyboard-interactive: one
 * of AuthenticationMethods. */
bool sshd_spares(const char *line);

/* The file that sshd reads first. */
#define SSHD_CONFIG "/etc/ssh/sshd_config"

#endif
