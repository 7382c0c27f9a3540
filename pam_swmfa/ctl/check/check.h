/* SPDX-License-Identifier: BSD-3-Clause */
/* check: what the parts of `swmfactl check` share. */
#ifndef SWMFA_CHECK_H
#define SWMFA_CHECK_H

#include "base/finding.h"

#include "base/location.h"
#include "config/config.h"

#include <sys/types.h>

struct check {
    struct ctl_context *ctl;
    struct findings *findings;
    const char *conf; /* the path of the configuration */
    struct config config;
    struct config_lines lines;
    bool sound;            /* the configuration has no error; otherwise defaults stand in it */
    json_object *examined; /* what was looked at, a text each */
    json_object *online;   /* what each provider said; NULL: none was asked */
    size_t folders;        /* those that were looked at already */
    struct {
        dev_t device;
        ino_t inode;
    } folder[64];
};

/* check_examined: notes that something was looked at, for the last line. */
void check_examined(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* check_problem: adds a problem whose text may begin with "PATH: " or "PATH:LINE: ", or a file
 * below PATH; then it is there. */
void check_problem(struct check *check, enum severity severity, const char *id, const char *path,
                   const char *fix, const struct problem *problem);

/* check_folders: whether nobody but root can put something else in the place of a file: a finding
 * for each folder above it that somebody else can change, once. Returns whether there is none. */
bool check_folders(struct check *check, const char *path);

/* check_configuration: swmfa.conf: all errors, and what is dangerous or odd. */
void check_configuration(struct check *check);

/* check_users: the users map that the configuration names. */
void check_users(struct check *check);

/* check_accounts: accounts that use a service and are not in the map. */
void check_accounts(struct check *check);

/* check_programs: the helper and the module. */
void check_programs(struct check *check);

/* check_service_user: whether it exists and is nobody else. */
bool check_service_user(struct check *check);

/* check_state: what root sees of the store: whose the files are, and the space. Returns whether it
 * is worth opening. */
bool check_state(struct check *check);

/* check_store: opens the store; as the service user. */
void check_store(struct check *check);

/* check_online: asks each provider; as the service user, with a sound configuration. */
void check_online(struct check *check);

#endif
