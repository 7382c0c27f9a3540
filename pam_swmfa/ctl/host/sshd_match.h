/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_match: the criteria of Match lines, and connections that meet them; see sshd_config(5). */
#ifndef SWMFA_SSHD_MATCH_H
#define SWMFA_SSHD_MATCH_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

/* A connection, in the form of sshd -T -C. */
struct sshd_connection {
    char user[256];
    char host[256]; /* of the client */
    char address[64];
    char local_address[64];
    char local_port[8];
    char rdomain[64];
    char more[128]; /* the other keys of a SPEC */
};

/* sshd_connection_parse: reads "user=alice,addr=192.0.2.1"; fields that it does not set stay
 * unchanged. Returns false with the problem: not a list of KEY=VALUE, or too long. */
bool sshd_connection_parse(struct sshd_connection *connection, const char *spec,
                           struct problem *problem);

enum sshd_criterion {
    SSHD_USER,
    SSHD_GROUP,
    SSHD_HOST,
    SSHD_ADDRESS,
    SSHD_LOCAL_ADDRESS,
    SSHD_LOCAL_PORT,
    SSHD_RDOMAIN,
    SSHD_VERSION,
    SSHD_INVALID_USER,
    SSHD_UNKNOWN, /* the name of each list */
};

#define SSHD_CRITERIA_MAX 32

/* The criteria of a Match line and of the Match lines above it; a connection must meet them all. */
struct sshd_criteria {
    struct {
        enum sshd_criterion what;
        char *list; /* of patterns, separated by commas */
    } at[SSHD_CRITERIA_MAX];
    size_t count;
    bool too_many;
};

/* sshdmatch_add: adds the criteria of one more line, from its text after "Match". Returns false
 * without memory. The caller owes sshdmatch_free in any case; all 0 is an empty one. */
bool sshdmatch_add(struct sshd_criteria *criteria, const char *rest);
void sshdmatch_free(struct sshd_criteria *criteria);

/* All blocks of a configuration, and the facts that hold for all connections. */
struct sshd_setting {
    const struct sshd_criteria *blocks;
    size_t count;
    const char *const *ports; /* the ports that sshd listens on; ends with NULL */
    const char *version;      /* as printed by sshd -V; NULL: unknown */
};

enum sshd_match {
    SSHD_MATCH_BUILT,   /* the connection meets the criteria */
    SSHD_MATCH_NEVER,   /* no connection of a user can meet them */
    SSHD_MATCH_UNKNOWN, /* none can be built, for the reason in the problem */
};

/*
 * sshdmatch_build: builds a connection that meets the criteria, with other values to which no other
 * block applies, as far as possible. criteria: NULL: those of no block. user: NULL: anybody;
 * otherwise the connection is that user's.
 */
enum sshd_match sshdmatch_build(const struct sshd_criteria *criteria,
                                const struct sshd_setting *setting, const char *user,
                                struct sshd_connection *connection, struct problem *problem);

#endif
