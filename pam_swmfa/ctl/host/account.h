/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * account: the proofs that an account has, whether sshd lets it log in, and whether it can get a
 * code.
 */
#ifndef SWMFA_ACCOUNT_H
#define SWMFA_ACCOUNT_H

#include "config/config.h"
#include "ctl/host/sshd_config.h"

#include <stdbool.h>
#include <sys/types.h>

#define UID_PEOPLE_MIN 1000 /* where the accounts of people begin, see login.defs(5) */
#define UID_NOBODY     65534

#define ACCOUNT_NAME_MAX 256

/* Where an account is kept in a directory, this host cannot tell whether it has a password. */
enum known {
    KNOWN_NO,
    KNOWN_YES,
    KNOWN_UNKNOWN,
};

struct host_account {
    char name[ACCOUNT_NAME_MAX];
    uid_t uid;
    gid_t gid;
    bool shell;          /* one that exists and lets work */
    bool runs;           /* its shell, such as nologin, is a program: sshd wants no more for SFTP
                            and forwarding */
    enum known password; /* that is not locked and not empty */
    bool empty;          /* its password is the empty one: with nullok, that lets in */
    bool locked;         /* as passwd -l does it: sshd without PAM refuses it, keys or not */
    char home[1024];
};

/* account_find: looks an account up by its name. False if there is none. */
bool account_find(const char *name, struct host_account *account);

/*
 * account_next: the next of all accounts that the name service lists. False after the last;
 * account_rewind begins again. A directory can refuse to list its accounts.
 */
bool account_next(struct host_account *account);
void account_rewind(void);

/* account_in_groups: whether it is in one of the groups of a list, for key_next_item. */
bool account_in_groups(const struct host_account *account, const char *groups);

/*
 * account_keys: whether sshd, with these settings, finds a key of the account's. Whether a program
 * or a certificate authority has one is not known; for a system account without a shell, such as
 * daemon, it counts as no.
 */
enum known account_keys(const struct host_account *account, const struct sshd *sshd);

/* account_has_proof: whether it has anything that sshd, with these settings, could take: a
 * password, the empty one where that is permitted, or a key. An unknown password or key counts as
 * one. */
bool account_has_proof(const struct host_account *account, const struct sshd *sshd);

/*
 * account_refused: why sshd, with these settings, refuses the account whatever it proves, such as
 * "AllowUsers does not name it"; or NULL. Rules that depend on the client's address are ignored.
 */
const char *account_refused(const struct host_account *account, const struct sshd *sshd);

/* account_needs_key: whether sshd refuses it wherever its last proof is a password or a code, as
 * PermitRootLogin can have it for root. */
bool account_needs_key(const struct host_account *account, const struct sshd *sshd);

/* The result of looking an account up in the users map and in swmfa.conf. */
enum account_code {
    ACCOUNT_CODE,      /* a number to which a code can be sent */
    ACCOUNT_PASSES,    /* swmfa.conf lets it pass without a code */
    ACCOUNT_UNMAPPED,  /* no line: it is denied */
    ACCOUNT_BAD_LINE,  /* the line that counts is wrong, or its number outside of countries */
    ACCOUNT_KEY_LINES, /* lines for SSH keys alone */
};

/* account_code: what happens to an account when a service asks for a code. */
enum account_code account_code(const char *name, const char *service, const struct config *config);

#endif
