/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * account: finds the proofs that an account has, whether sshd lets it log in, and whether it can
 * get a code.
 */
#ifndef SWMFA_ACCOUNT_H
#define SWMFA_ACCOUNT_H

#include "config/config.h"
#include "ctl/host/sshd_config.h"

#include <stdbool.h>
#include <sys/types.h>

#define UID_PEOPLE_MIN 1000 /* the lowest uid of regular users, see login.defs(5) */
#define UID_NOBODY     65534

#define ACCOUNT_NAME_MAX 256

/* If an account is kept in a directory, this host cannot tell whether it has a password. */
enum known {
    KNOWN_NO,
    KNOWN_YES,
    KNOWN_UNKNOWN,
};

struct host_account {
    char name[ACCOUNT_NAME_MAX];
    uid_t uid;
    gid_t gid;
    bool shell; /* its shell exists and is an interactive one */
    bool runs; /* its shell is a program, if only nologin: enough for SFTP and forwarding by sshd */
    enum known password; /* has one that is not locked and not empty */
    bool empty;          /* the password is empty: with nullok, that lets users in */
    bool locked; /* locked as by passwd -l: sshd without PAM refuses the account, even with a key */
    char home[1024];
};

/* account_find: looks an account up by name. Returns false if there is none. */
bool account_find(const char *name, struct host_account *account);

/*
 * account_next: gets the next of all accounts that the name service lists. Returns false after the
 * last; account_rewind starts over. A directory can refuse to list its accounts.
 */
bool account_next(struct host_account *account);
void account_rewind(void);

/* account_in_groups: returns whether it is in one of the groups of a list, for key_next_item. */
bool account_in_groups(const struct host_account *account, const char *groups);

/*
 * account_keys: returns whether sshd, with these settings, finds a key of the account. Keys from a
 * program or a certificate authority are unknown; a system account without a shell, such as daemon,
 * is taken to have none.
 */
enum known account_keys(const struct host_account *account, const struct sshd *sshd);

/* account_has_proof: returns whether it has anything that sshd, with these settings, could accept:
 * a password, the empty one where permitted, or a key. An unknown password or key counts as one. */
bool account_has_proof(const struct host_account *account, const struct sshd *sshd);

/*
 * account_refused: returns why sshd, with these settings, refuses the account with any proof, such
 * as "AllowUsers does not name it"; or NULL. Rules that depend on the client's address are ignored.
 */
const char *account_refused(const struct host_account *account, const struct sshd *sshd);

/* account_needs_key: returns whether sshd refuses it if its last proof is a password or a code, as
 * PermitRootLogin can require for root. */
bool account_needs_key(const struct host_account *account, const struct sshd *sshd);

/* The result of looking an account up in the users map and in swmfa.conf. */
enum account_code {
    ACCOUNT_CODE,      /* has a number to which a code can be sent */
    ACCOUNT_PASSES,    /* swmfa.conf lets it in without a code */
    ACCOUNT_UNMAPPED,  /* has no line: it is denied */
    ACCOUNT_BAD_LINE,  /* the line in force is wrong, or its number outside of countries */
    ACCOUNT_KEY_LINES, /* has lines for SSH keys only */
};

/* account_code: returns what happens to an account when a service asks for a code. */
enum account_code account_code(const char *name, const char *service, const struct config *config);

#endif
