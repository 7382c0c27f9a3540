/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_match: the criteria of Match lines, and connections that meet them; see sshd_config(5). */
#ifndef SWMFA_SSHD_MATCH_H
#define SWMFA_SSHD_MATCH_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

/* A connection, as sshd -T -C takes it. */
struct sshd_connection {
    char user[256];
    char host[256]; /* of the client */
    char address[64];
    char local_address[64];
    char local_port[8];
    char rdomain[64];
    char more[128]; /* what else a SPEC says */
};

/* sshd_connection_parse: from "user=alice,addr=192.0.2.1"; what it leaves out stays as it is.
 * Returns false with the problem: it is no list of KEY=VALUE, or too long. */
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
    SSHD_UNKNOWN, /* list: its name */
};

#define SSHD_CRITERIA_MAX 32

/* The criteria of a Match line, and of those that it stands under: all are to be met. */
struct sshd_criteria {
    struct {
        enum sshd_criterion what;
        char *list; /* of patterns, with commas */
    } at[SSHD_CRITERIA_MAX];
    size_t count;
    bool too_many;
};

/* sshdmatch_add: the criteria of one more line, by what follows "Match". Returns false without
 * memory. The caller owes sshdmatch_free in any case; all 0 is an empty one. */
bool sshdmatch_add(struct sshd_criteria *criteria, const char *rest);
void sshdmatch_free(struct sshd_criteria *criteria);

/* All blocks of a configuration, and what is so for all connections. */
struct sshd_setting {
    const struct sshd_criteria *blocks;
    size_t count;
    const char *const *ports; /* those that sshd listens on; ends with NULL */
    const char *version;      /* as sshd -V says it; NULL: not known */
};

enum sshd_match {
    SSHD_MATCH_BUILT,   /* the connection meets the criteria */
    SSHD_MATCH_NEVER,   /* no connection of a person can meet them */
    SSHD_MATCH_UNKNOWN, /* the problem says why none can be built */
};

/*
 * sshdmatch_build: a connection that meets the criteria. Its other values are such that no other
 * block applies, as far as possible. criteria: NULL: those of no block. user: NULL: anybody;
 * otherwise the connection is that user's.
 */
enum sshd_match sshdmatch_build(const struct sshd_criteria *criteria,
                                const struct sshd_setting *setting, const char *user,
                                struct sshd_connection *connection, struct problem *problem);

#endif
