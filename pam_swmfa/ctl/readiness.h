/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * readiness: what must be so before a service asks for a code, so that nobody is shut out who was
 * not named, and no way in needs less than it did.
 *
 * What speaks against it is the problem; what an administrator should know first, such as which
 * accounts will be denied, is a warning on standard error. What cannot be known speaks against it.
 */
#ifndef SWMFA_READINESS_H
#define SWMFA_READINESS_H

#include "base/problem.h"
#include "config/config.h"
#include "ctl/account.h"

#include <stdbool.h>

struct readiness {
    const char *service; /* sshd, sudo, su or login */
    const char *conf;    /* of the command line, or NULL */
    const struct config *config;
    const char *sshd_text;   /* of sshd: what SSHCONF_PATH is to say */
    bool publickey;          /* of sshd: key and code, not password and code */
    bool from_key;           /* of sshd: the stack is that of key and code now */
    bool use_uid;            /* of su */
    bool force;              /* accounts that can only use a key may be shut out */
    const struct sshd *sshd; /* of readiness_find_denied: its settings, for sshd */
};

/* readiness_load: reads the configuration, which must be the one that logins read, and set up.
 * Returns false with the problem; otherwise the caller owes config_free. */
bool readiness_load(const struct readiness *readiness, struct config *config,
                    struct problem *problem);

/* readiness_check_host: the programs, the store's folder, and the users map. False with the
 * problem. */
bool readiness_check_host(const struct readiness *readiness, struct problem *problem);

/*
 * readiness_check_map: the users map alone, for who takes what is said of it: take is called with
 * each line that does not get its user in, "FILE:LINE" and why, and with the file alone if there
 * are too many. Returns false with the problem if everybody in the map is denied, or none is in it
 * and everybody is. A problem with a place begins with it: "FILE:LINE: " or "FILE: ".
 */
typedef void readiness_take(void *context, const char *where, const char *text);
bool readiness_check_map(const struct config *config, readiness_take *take, void *context,
                         struct problem *problem);

/* readiness_check_accounts: who uses the service, and will be denied; for sshd also what its
 * settings, those of each Match block and of each sshd that runs make of it. False with the
 * problem. */
bool readiness_check_accounts(const struct readiness *readiness, struct problem *problem);

/* readiness_find_denied: the accounts that use the service, and have no usable line in the map. */
struct names;
void readiness_find_denied(const struct readiness *readiness, struct names *names);

/* ---- in readiness-sshd.c ---- */

bool readiness_check_sshd(const struct readiness *readiness, struct problem *problem);

/*
 * readiness_read_sshd: of sshd's own settings, without SSHCONF_PATH: whether a key is enough to log
 * in; and whether root, who is in the map, gets in by a key alone, so that after the code sshd
 * would reject root. Returns false with the problem.
 */
bool readiness_read_sshd(const struct readiness *readiness, bool *key_enough, bool *root_by_key,
                         struct problem *problem);

/* ---- for both ---- */

/* readiness_warn: "swmfactl: warning: ..." on standard error, made printable. */
void readiness_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Names for a sentence: "alice, bob and 3 more". */
struct names {
    char text[512];
    size_t count;
};

#define NAMES_SHOWN 10

/* names_add: one more; from NAMES_SHOWN on they are only counted. */
void names_add(struct names *names, const char *name);

/* names_show: all of them, in a buffer that is part of names. */
const char *names_show(struct names *names);

/*
 * readiness_each_mapped: the accounts of this host that the map has a usable line for, in its
 * order, until take returns false: for SSH keys alone a line is usable with publickey. A map can
 * have a million lines, and a name service can be slow: so many names are looked up at most.
 * Returns false with the problem if the map cannot be read.
 */
bool readiness_each_mapped(const struct readiness *readiness,
                           bool (*take)(const struct host_account *account, void *context),
                           void *context, struct problem *problem);

#define READINESS_LOOKED_UP 1000

/* readiness_next_account: the next of the accounts that the name service lists, of those with a
 * shell; number: 0 at first. False after the last, and, with a warning, after so many as most. */
bool readiness_next_account(size_t *number, size_t most, struct host_account *account);

#endif
