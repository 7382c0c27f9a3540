/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user: shared by the commands of the group "user": their options, and one reading or change of the
 * users map.
 */
#ifndef SWMFA_USER_H
#define SWMFA_USER_H

#include "ctl/command.h"
#include "ctl/files/atomic_write.h"
#include "ctl/users/users_map.h"

/* Their options; a command has those that its table names. */
struct user_options {
    const char *users;   /* NULL: that of swmfa.conf */
    const char *key;     /* a fingerprint; NULL: none */
    const char *country; /* a country code without the plus; NULL: none */
    bool force;
    bool numbers;
    bool keep;
    bool dry_run;
    bool update;
};
extern struct user_options user_options;

enum user_option_key {
    USER_KEY_USERS = COMMAND_KEY,
    USER_KEY_KEY,
    USER_KEY_FORCE,
    USER_KEY_NUMBERS,
    USER_KEY_KEEP,
    USER_KEY_DRY_RUN,
    USER_KEY_UPDATE,
    USER_KEY_COUNTRY,
};

/* The fields of a struct argp_option. */
#define USER_OPTION_USERS                                                                          \
    "users", USER_KEY_USERS, "FILE", 0, "The users map, instead of the one that swmfa.conf names", 0
#define USER_OPTION_KEY                                                                            \
    "key", USER_KEY_KEY, "SHA256:...", 0, "Only for logins with this SSH key (ssh-keygen -lf)", 0
#define USER_OPTION_NUMBERS "numbers", USER_KEY_NUMBERS, NULL, 0, "Show whole numbers", 0

error_t user_option(int key, char *argument, struct argp_state *state);

/* The state of one reading or change. */
struct user_work {
    char *users;     /* the path of the map */
    char *countries; /* the list in [limits]; NULL: all */
    bool ignore;     /* unmapped = ignore */
    struct edit edit;
    char *read; /* the text, if it is only looked at */
    struct map map;
    char *text; /* with the changes */
    size_t length;
    struct map now;
};

/*
 * user_look, user_begin: read the configuration and the map, to look at it or to change it;
 * user_begin locks it until user_end. Return false with the problem; the caller owes user_end in
 * any case.
 */
bool user_look(struct ctl_context *ctl, struct user_work *work);
bool user_begin(struct ctl_context *ctl, struct user_work *work);
void user_end(struct user_work *work);

/*
 * user_compose: makes work->text and work->now of the changes to work->map, and checks that it is a
 * whole map. user_commit: puts it in place. False with the problem.
 */
bool user_compose(struct ctl_context *ctl, struct user_work *work);
bool user_commit(struct ctl_context *ctl, struct user_work *work);

/* user_number_wrong: why an E.164 number is not entered unless --force is given: its country, or
 * its length; or NULL. why: room for it. */
const char *user_number_wrong(const struct user_work *work, const char *number, char *why,
                              size_t size);

/* user_warn: says something on standard error that does not keep the command from its work. */
void user_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* user_warn_account: warns if there is no account of that name. */
void user_warn_account(const char *user);

/* user_mask: writes a number in the form for output and logs: complete with --numbers, otherwise
 * "*" and two digits; to: of PHONE_NUMBER_SIZE. Returns to. user_mask_always: always the latter. */
const char *user_mask(const char *number, char *to);
const char *user_mask_always(const char *number, char *to);

#endif
