/* SPDX-License-Identifier: BSD-3-Clause */
/* user_edit: user add, user set, user remove. */
#include <config.h>

#include "ctl/users/user.h"

#include "base/log.h"
#include "store/bypass.h"
#include "store/codes.h"
#include "store/remember.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- add, set ---- */

/* The part of the log line that names which of the user's lines has changed. */
static const char *for_key(char text[80])
{
    (void)snprintf(text, 80, "%s%s", user_options.key != NULL ? " for key " : "",
                   user_options.key != NULL ? user_options.key : "");
    return text;
}

/* Everybody who may list processes can see a number in the arguments. */
static bool read_number(struct ctl_context *ctl, char *number, size_t size)
{
    if (isatty(STDIN_FILENO) == 1)
        (void)fprintf(stderr, "Number: ");
    errno = 0;
    if (fgets(number, (int)size, stdin) == NULL)
        return problem_set(&ctl->problem, "standard input: expected a number: %s",
                           errno != 0 ? strerror(errno) : "it is empty");
    number[strcspn(number, "\n")] = '\0';
    return true;
}

static bool check(struct ctl_context *ctl, const struct user_work *work,
                  const struct map_entry *entry)
{
    const char *field = NULL;
    char why[192];
    const char *wrong = map_entry_wrong(entry, &field);
    if (wrong != NULL)
        return problem_set(&ctl->problem, "%s: %s", field, wrong);
    wrong = user_number_wrong(work, entry->number, why, sizeof(why));
    return wrong == NULL || problem_set(&ctl->problem, "number: %s", wrong);
}

/* Reads and checks the command line. number: of 64 bytes, for one from standard input. */
static bool read_entry(struct ctl_context *ctl, struct map_entry *entry, char number[64])
{
    *entry = (struct map_entry){.user = ctl->user,
                                .key = user_options.key,
                                .number = ctl->argv[1],
                                .channels = ctl->argc > 2 ? ctl->argv[2] : NULL};
    if (strcmp(entry->number, "-") != 0)
        return true;
    entry->number = number;
    return read_number(ctl, number, 64);
}

/* Makes the change, if the entry is then in force for a login of the user. */
static bool put(struct ctl_context *ctl, struct user_work *work, const struct map_entry *entry)
{
    return user_compose(ctl, work) && map_verify(&work->now, work->users, entry, &ctl->problem) &&
           user_commit(ctl, work);
}

static bool add(struct ctl_context *ctl, struct user_work *work, const struct map_entry *entry)
{
    char masked[PHONE_NUMBER_SIZE];
    char key[80];
    if (!check(ctl, work, entry))
        return false;
    const struct map_line *line = map_find_entry(&work->map, entry->user, entry->key);
    if (line != NULL)
        return problem_set(&ctl->problem, "%s:%lu: %s already has a line; change it with user set",
                           work->users, map_number(&work->map, line), entry->user);
    if (!map_add(&work->map, entry, &ctl->problem) || !put(ctl, work, entry))
        return false;
    ctl_changed(ctl, "user %s added to the users map%s, number %s", ctl->shown, for_key(key),
                user_mask_always(entry->number, masked));
    user_warn_account(entry->user);
    (void)printf("%s: added, number %s\n", ctl->shown, masked);
    return ctl_flush(ctl);
}

static bool set(struct ctl_context *ctl, struct user_work *work, const struct map_entry *entry)
{
    char masked[PHONE_NUMBER_SIZE];
    char before[PHONE_NUMBER_SIZE];
    char key[80];
    struct users_line old;
    if (!check(ctl, work, entry))
        return false;
    struct map_line *line = map_find_entry(&work->map, entry->user, entry->key);
    if (line == NULL)
        return problem_set(&ctl->problem, "%s: %s has no line%s; add one with user add",
                           work->users, entry->user,
                           entry->key != NULL ? " for that key" : " that is for all keys");
    map_parse(line, &old);
    if (!map_set(line, entry, &ctl->problem) || !put(ctl, work, entry))
        return false;
    (void)user_mask_always(entry->number, masked);
    (void)user_mask_always(old.phone.number, before);
    ctl_changed(ctl, "user %s changed in the users map%s, number %s in place of %s", ctl->shown,
                for_key(key), masked, old.wrong == NULL ? before : "a wrong line");
    (void)printf("%s: changed, number %s in place of %s\n", ctl->shown, masked,
                 old.wrong == NULL ? before : "a wrong line");
    return ctl_flush(ctl);
}

static enum ctl_status run_entry(struct ctl_context *ctl,
                                 bool (*change)(struct ctl_context *ctl, struct user_work *work,
                                                const struct map_entry *entry))
{
    char number[64];
    struct map_entry entry;
    struct user_work work = {0};
    bool done =
        read_entry(ctl, &entry, number) && user_begin(ctl, &work) && change(ctl, &work, &entry);
    user_end(&work);
    return done ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status run_add(struct ctl_context *ctl)
{
    return run_entry(ctl, add);
}

static enum ctl_status run_set(struct ctl_context *ctl)
{
    return run_entry(ctl, set);
}

/* ---- remove ---- */

/* Takes the lines away that are meant. Returns how many; left: how many of the user's stay. */
static bool take_away(struct ctl_context *ctl, struct user_work *work, size_t *count, size_t *left)
{
    struct map_user found = map_find(&work->map, ctl->user, strlen(ctl->user));
    *count = 0;
    *left = found.count;
    for (size_t i = 0; i < found.count; i++) {
        if (user_options.key != NULL && !map_is_for(found.lines[i], user_options.key))
            continue;
        if (!map_remove(found.lines[i], &ctl->problem))
            return false;
        ++*count;
        --*left;
    }
    return true;
}

/* With unmapped = ignore the opposite holds: a user without a line gets in. */
static bool is_meant(struct ctl_context *ctl, const struct user_work *work, size_t left)
{
    if (left > 0 || !work->ignore || user_options.force)
        return true;
    return problem_set(&ctl->problem,
                       "unmapped = ignore: without a line, %s needs no code; "
                       "--force removes it anyway",
                       ctl->user);
}

/* With unmapped = deny an empty map locks out every user who needs a code. */
static bool leaves_somebody(struct ctl_context *ctl, const struct user_work *work)
{
    return work->now.named_count > 0 || user_options.force ||
           problem_set(&ctl->problem,
                       "%s: %s is the last user, and without users every login that needs a "
                       "code is denied; --force removes the user anyway",
                       work->users, ctl->user);
}

static bool is_gone(struct ctl_context *ctl, const struct user_work *work, size_t left)
{
    return map_find(&work->now, ctl->user, strlen(ctl->user)).count == left ||
           problem_set(&ctl->problem, "%s: %s would still be in it", work->users, ctl->user);
}

/* removed: the number of lines. */
static bool remove_lines(struct ctl_context *ctl, size_t *removed, size_t *left)
{
    struct user_work work;
    char key[80];
    bool done = user_begin(ctl, &work) && take_away(ctl, &work, removed, left);
    if (done && *removed > 0)
        done = is_meant(ctl, &work, *left) && user_compose(ctl, &work) &&
               is_gone(ctl, &work, *left) && leaves_somebody(ctl, &work) && user_commit(ctl, &work);
    if (done && *removed > 0) {
        ctl_changed(ctl, "user %s removed from the users map%s", ctl->shown, for_key(key));
        (void)printf("%s: lines removed: %zu\n", ctl->shown, *removed);
    }
    if (done && *removed == 0)
        problem_set(&ctl->problem, "%s is not in the users map%s, %s", ctl->user, for_key(key),
                    work.users);
    user_end(&work);
    return done;
}

/* The store's entries that would let in a user who is added under this name later. */
struct leavings {
    int64_t codes;
    int64_t places;
    bool pass;
};

static bool clear_name(struct ctl_context *ctl, const char *name, struct leavings *cleared)
{
    int64_t codes = 0;
    int64_t places = 0;
    bool pass = false;
    if (!codes_void(ctl->store, name, &codes) || !remember_forget(ctl->store, name, &places) ||
        !bypass_end(ctl->store, name, &pass))
        return false;
    cleared->codes += codes;
    cleared->places += places;
    cleared->pass = cleared->pass || pass;
    return true;
}

/* Forgets the data under the account's name and under the name as given. */
static bool clear_store(struct ctl_context *ctl, struct leavings *cleared)
{
    return ctl_enter_store(ctl) && ctl_begin(ctl, STORE_WRITE) &&
           ((clear_name(ctl, ctl->account, cleared) && clear_name(ctl, ctl->user, cleared) &&
             store_commit(ctl->store)) ||
            ctl_store_failed(ctl));
}

static void say_cleared(struct ctl_context *ctl, const struct leavings *cleared)
{
    if (cleared->codes > 0) {
        ctl_changed(ctl, "break-glass codes voided for %s", ctl->shown);
        (void)printf("%s: break-glass codes voided: %" PRId64 "\n", ctl->shown, cleared->codes);
    }
    if (cleared->places > 0) {
        ctl_changed(ctl, "remembered logins forgotten for %s", ctl->shown);
        (void)printf("%s: places forgotten: %" PRId64 "\n", ctl->shown, cleared->places);
    }
    if (cleared->pass) {
        ctl_changed(ctl, "bypass ended for %s", ctl->shown);
        (void)printf("%s: bypass ended\n", ctl->shown);
    }
}

/* A user who was already removed, as by a command that was killed here, is still cleaned up. */
static bool clear_up(struct ctl_context *ctl, size_t removed)
{
    struct leavings cleared = {0};
    const struct problem absent = ctl->problem;
    if (!clear_store(ctl, &cleared)) {
        const struct problem why = ctl->problem;
        return problem_set(&ctl->problem,
                           "%s; break-glass codes, remembered logins and a bypass of %s are "
                           "still there: %s",
                           removed > 0 ? "the user is removed" : "nothing was removed", ctl->user,
                           why.text);
    }
    say_cleared(ctl, &cleared);
    if (removed > 0 || cleared.codes > 0 || cleared.places > 0 || cleared.pass)
        return ctl_flush(ctl);
    ctl->problem = absent;
    return false;
}

static enum ctl_status run_remove(struct ctl_context *ctl)
{
    size_t removed = 0;
    size_t left = 0;
    if (!remove_lines(ctl, &removed, &left))
        return CTL_FAILED;
    if (removed == 0 && (user_options.key != NULL || user_options.keep))
        return CTL_FAILED;
    if (left == 0 && !user_options.keep)
        return clear_up(ctl, removed) ? CTL_DONE : CTL_FAILED;
    (void)printf("%s: break-glass codes, remembered logins and a bypass are kept: swmfactl codes, "
                 "swmfactl forget, swmfactl bypass --end\n",
                 ctl->shown);
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

/* ---- all of them ---- */

#define OPTION_FORCE                                                                               \
    "force", USER_KEY_FORCE, NULL, 0,                                                              \
        "Accept a number outside of countries, or of unusual length", 0

static const struct argp_option entry_options[] = {
    {USER_OPTION_USERS},
    {USER_OPTION_KEY},
    {OPTION_FORCE},
    {0},
};

static const struct argp_option remove_options[] = {
    {USER_OPTION_USERS},
    {USER_OPTION_KEY},
    {
        .name = "keep",
        .key = USER_KEY_KEEP,
        .doc = "Keep break-glass codes, remembered logins and a bypass",
    },
    {
        .name = "force",
        .key = USER_KEY_FORCE,
        .doc = "Remove the last user, or USER's last line with unmapped = ignore",
    },
    {0}};

const struct command command_user_add = {
    .name = "user add",
    .arguments = "USER NUMBER [CHANNELS]",
    .summary = "Add a user to the users map",
    .text =
        "Adds USER with NUMBER, such as +15550100101, to the users map; with - NUMBER is read from "
        "standard input. CHANNELS is sms, call, or both with a comma, the preferred one first.",
    .min_args = 2,
    .max_args = 3,
    .options = entry_options,
    .option = user_option,
    .run = run_add,
};

const struct command command_user_set = {
    .name = "user set",
    .arguments = "USER NUMBER [CHANNELS]",
    .summary = "Change a user's number in the users map",
    .text = "Changes NUMBER, and CHANNELS if given, in the line of USER in the users map; with - "
            "NUMBER is read from standard input. The rest of the line stays.",
    .min_args = 2,
    .max_args = 3,
    .options = entry_options,
    .option = user_option,
    .run = run_set,
};

const struct command command_user_remove = {
    .name = "user remove",
    .arguments = "USER",
    .summary = "Remove a user from the users map",
    .text = "Removes all lines of USER from the users map, or with --key those for that key. After "
            "the last one, break-glass codes are void, remembered logins forgotten, and a "
            "bypass ends.",
    .min_args = 1,
    .max_args = 1,
    .options = remove_options,
    .option = user_option,
    .run = run_remove,
};
