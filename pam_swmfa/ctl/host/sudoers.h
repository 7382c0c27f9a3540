/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sudoers: the configuration of sudo, as sudo's own parser reads it: cvtsudoers(1) writes it as
 * JSON, with all included files.
 */
#ifndef SWMFA_SUDOERS_H
#define SWMFA_SUDOERS_H

#include "base/problem.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct sudoers {
    char path[4096];    /* the first file */
    char others[256];   /* sources of nsswitch.conf that are not read here; "": none */
    json_object *early; /* the rules, and the Defaults for all, for users and for hosts */
    json_object *late;  /* the Defaults for target users and for commands, which sudo sets later */
};

/*
 * sudoers_read: asks sudo for the path of its configuration, and has cvtsudoers read it. Returns
 * false with the problem if one of them fails. The caller owes sudoers_free in any case.
 */
bool sudoers_read(struct sudoers *sudoers, struct problem *problem);

/*
 * sudoers_read_users: the same, for sudoers_permits alone: aliases are replaced by their members.
 */
bool sudoers_read_users(struct sudoers *sudoers, struct problem *problem);
void sudoers_free(struct sudoers *sudoers);

/* One line of Defaults that sets an option. */
struct sudoers_setting {
    json_object *value; /* true, false, or the text */
    char whom[512];     /* " for USERS"; "": for all */
};

/*
 * sudoers_each_setting: calls take with each setting of an option that no later one for the same
 * users, hosts or commands overrides, in their order.
 */
void sudoers_each_setting(const struct sudoers *sudoers, const char *option,
                          void (*take)(void *context, const struct sudoers_setting *setting),
                          void *context);

/* A rule's tag for the password. */
enum sudoers_tag {
    SUDOERS_NO_TAG,
    SUDOERS_PASSWD,
    SUDOERS_NOPASSWD,
};

struct sudoers_rule {
    enum sudoers_tag tag;
    char users[512];
    char hosts[256];
    char commands[512];
};

/*
 * sudoers_each_rule: calls take with each list of commands that users may run, and its tag, in
 * their order; skips those that a later rule for the same users, targets and commands overrides.
 * asked: sudo asks for the password if a rule has no tag.
 */
void sudoers_each_rule(const struct sudoers *sudoers, bool asked,
                       void (*take)(void *context, const struct sudoers_rule *rule), void *context);

/*
 * sudoers_permits: returns whether a rule is for a user, whatever commands it permits. is: returns
 * whether an item of its list, such as "alice", "%admin", "#1000", "+friends" or "ALL", stands for
 * the user; the last item that does decides. After sudoers_read_users.
 */
bool sudoers_permits(const struct sudoers *sudoers, bool (*is)(const char *item, void *context),
                     void *context);

#endif
