/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * readiness: checks before a service asks for a code: no account is locked out that was not named,
 * and no login needs less than before.
 *
 * The problem is the reason why the service must not ask yet; something unknown is such a reason. A
 * warning on standard error is for the administrator to know first, such as which accounts will be
 * denied.
 */
#ifndef SWMFA_READINESS_H
#define SWMFA_READINESS_H

#include "base/problem.h"
#include "config/config.h"
#include "ctl/host/account.h"

#include <stdbool.h>

struct readiness {
    const char *service; /* sshd, sudo, su or login */
    const char *conf;    /* of the command line, or NULL */
    const struct config *config;
    const char *sshd_text;   /* of sshd: the planned text of SSHCONF_PATH */
    bool publickey;          /* of sshd: key and code, not password and code */
    bool from_key;           /* of sshd: the stack is that of key and code now */
    bool use_uid;            /* of su */
    bool force;              /* accounts that can only use a key may be locked out */
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
 * readiness_check_map: examines the users map alone. take is called with each line that does not
 * let its user in, "FILE:LINE", and the reason; with the file alone if there are too many. Returns
 * false with the problem if the map is unusable, or denies everybody and so does the rest. A
 * problem with a place begins with it: "FILE:LINE: " or "FILE: ".
 */
typedef void readiness_take(void *context, const char *where, const char *text);
bool readiness_check_map(const struct config *config, readiness_take *take, void *context,
                         struct problem *problem);

/* readiness_check_accounts: warns of the accounts that use the service and will be denied. For
 * sshd, also checks its settings, those of each Match block, and those of each sshd that runs.
 * False with the problem. */
bool readiness_check_accounts(const struct readiness *readiness, struct problem *problem);

/* How long login(1) lasts, and how long a login with a code needs, in seconds. */
struct login_timeout {
    char where[64]; /* the file, with the line if there is one */
    long seconds;
    int needed;
};

/* readiness_login_ends: whether login ends too early for a code, by LOGIN_TIMEOUT; see
 * login.defs(5). config: NULL: unknown. */
bool readiness_login_ends(const struct config *config, struct login_timeout *timeout);

#define READINESS_LOGIN_ENDS                                                                       \
    "login ends after %ld seconds, but password, message and typing need about %d: set "           \
    "LOGIN_TIMEOUT to 180"

/* readiness_find_denied: the accounts that use the service, and have no usable line in the map. */
struct names;
void readiness_find_denied(const struct readiness *readiness, struct names *names);

/* ---- in readiness_sshd.c ---- */

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

/* A walk through the accounts that the name service lists. */
struct readiness_walk {
    size_t most;             /* so many are looked at */
    const struct sshd *sshd; /* accounts without a shell as well, if they have a proof for it; NULL:
                                those with a shell alone */
    bool all;                /* whatever they have */
    size_t number;           /* 0 at first */
};

/* readiness_next_account: the next account. False after the last, and, with a warning, after so
 * many as most. */
bool readiness_next_account(struct readiness_walk *walk, struct host_account *account);

#endif
