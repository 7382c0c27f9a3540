/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * readiness: checks before a service asks for a code: no account is locked out without having been
 * listed, and no login needs less than before.
 *
 * The problem is the reason why the service must not ask yet; an unknown fact is such a reason.
 * Warnings on standard error tell the administrator the rest, such as which accounts will be
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
    const char *conf;    /* from the command line, or NULL */
    const struct config *config;
    const char *sshd_text;   /* for sshd: the planned text of SSHCONF_PATH */
    bool publickey;          /* for sshd: key and code, not password and code */
    bool from_key;           /* for sshd: the current stack is that of key and code */
    bool use_uid;            /* for su */
    bool force;              /* accounts that can only use a key may be locked out */
    const struct sshd *sshd; /* for readiness_find_denied: sshd's settings */
};

/* readiness_load: reads the configuration, which must be the one that logins read, and set up.
 * Returns false with the problem; otherwise the caller owes config_free. */
bool readiness_load(const struct readiness *readiness, struct config *config,
                    struct problem *problem);

/* readiness_check_host: checks the programs, the store's folder and the users map. Returns false
 * with the problem. */
bool readiness_check_host(const struct readiness *readiness, struct problem *problem);

/*
 * readiness_check_map: checks the users map alone. Calls take with each line that does not let its
 * user in, "FILE:LINE", and the reason; with the file alone if there are too many. Returns false
 * with the problem if the map is unusable, or no line of it lets a user in and users who are not in
 * it are denied. A problem with a place begins with it: "FILE:LINE: " or "FILE: ".
 */
typedef void readiness_take(void *context, const char *where, const char *text);
bool readiness_check_map(const struct config *config, readiness_take *take, void *context,
                         struct problem *problem);

/*
 * readiness_check_accounts: warns of the accounts that use the service and will be denied. For
 * sshd, also checks its settings, those of each Match block, and those of each sshd that runs.
 * Returns false with the problem.
 */
bool readiness_check_accounts(const struct readiness *readiness, struct problem *problem);

/* The time limit of login(1), and the time that a login with a code needs, in seconds. */
struct login_timeout {
    char where[64]; /* the file, with the line if one sets it */
    long seconds;
    int needed;
};

/* readiness_login_ends: returns whether login ends too early for a code, by LOGIN_TIMEOUT; see
 * login.defs(5). config: NULL: unknown. */
bool readiness_login_ends(const struct config *config, struct login_timeout *timeout);

#define READINESS_LOGIN_ENDS                                                                       \
    "login ends after %ld seconds, but typing the password, receiving the message and typing the " \
    "code need about %d: set LOGIN_TIMEOUT to 180"

/* readiness_find_denied: finds the accounts that use the service and have no usable line in the
 * map. */
struct names;
void readiness_find_denied(const struct readiness *readiness, struct names *names);

/* ---- in readiness_sshd.c ---- */

bool readiness_check_sshd(const struct readiness *readiness, struct problem *problem);

/*
 * readiness_read_sshd: reads sshd's own settings, without SSHCONF_PATH: whether a key is enough to
 * log in, and whether root is in the map and gets in only with a key, so that sshd would reject
 * root after the code. Returns false with the problem.
 */
bool readiness_read_sshd(const struct readiness *readiness, bool *key_enough, bool *root_by_key,
                         struct problem *problem);

/* ---- for both ---- */

/* readiness_warn: prints "swmfactl: warning: ..." on standard error, made printable. */
void readiness_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A list of names for a sentence: "alice, bob and 3 more". */
struct names {
    char text[512];
    size_t count;
};

#define NAMES_SHOWN 10

/* names_add: adds a name; from NAMES_SHOWN on, it is only counted. */
void names_add(struct names *names, const char *name);

/* names_show: returns the list, in a buffer that is part of names. */
const char *names_show(struct names *names);

/*
 * readiness_each_mapped: calls take for the accounts of this host that have a usable line in the
 * map, in its order, until take returns false; with publickey, a line for SSH keys alone is usable.
 * A map can have a million lines, and a name service can be slow: at most READINESS_LOOKED_UP names
 * are looked up. Returns false with the problem if the map cannot be read.
 */
bool readiness_each_mapped(const struct readiness *readiness,
                           bool (*take)(const struct host_account *account, void *context),
                           void *context, struct problem *problem);

#define READINESS_LOOKED_UP 1000

/* A walk through the accounts that the name service lists. */
struct readiness_walk {
    size_t most;             /* how many are checked */
    const struct sshd *sshd; /* includes accounts without a shell that have a key or password for
                                this sshd; NULL: none of them */
    bool all;                /* includes every account */
    size_t number;           /* 0 at first */
};

/* readiness_next_account: gets the next account. Returns false after the last, and, with a warning,
 * after walk->most of them. */
bool readiness_next_account(struct readiness_walk *walk, struct host_account *account);

#endif
