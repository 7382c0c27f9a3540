/* SPDX-License-Identifier: BSD-3-Clause */
/* check: the interface between the parts of `swmfactl check`. */
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
    bool sound; /* the configuration has no error; otherwise it has defaults in place of errors */
    json_object *examined; /* the items that were examined, a text each */
    json_object *online;   /* each provider's answer; NULL: none was contacted */
    size_t folders;        /* folders that were examined already */
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

/* check_folders: checks that only root can replace a file: adds a finding for each folder above it
 * that somebody else can change, once. Returns whether there is none. */
bool check_folders(struct check *check, const char *path);

/* check_configuration: examines swmfa.conf: all errors, and dangerous or odd settings. */
void check_configuration(struct check *check);

/* check_users: examines the users map of the configuration. */
void check_users(struct check *check);

/* check_accounts: accounts that use a service and are not in the map. */
void check_accounts(struct check *check);

/* check_programs: examines the helper and the module. */
void check_programs(struct check *check);

/* check_service_user: checks that it exists and is nobody else. */
bool check_service_user(struct check *check);

/* check_state: examines the store as root: the owners of its files, and the space. Returns whether
 * opening it makes sense. */
bool check_state(struct check *check);

/* check_store: opens the store; as the service user. */
void check_store(struct check *check);

/* check_online: asks each provider; as the service user, with a sound configuration. */
void check_online(struct check *check);

#endif
