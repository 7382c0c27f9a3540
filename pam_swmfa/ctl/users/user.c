/* SPDX-License-Identifier: BSD-3-Clause */
/* user: see user.h. */
#include <config.h>

#include "ctl/users/user.h"

#include "base/log.h"
#include "config/config.h"
#include "config/file.h"
#include "config/numbering.h"
#include "ctl/users/number.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct user_options user_options;

error_t user_option(int key, char *argument, struct argp_state *state)
{
    static char country[4];
    switch (key) {
    case USER_KEY_USERS:
        user_options.users = argument;
        return 0;
    case USER_KEY_KEY:
        user_options.key = argument;
        if (!sshkey_is_fingerprint(argument, strlen(argument)))
            argp_error(state, "--key: expected SHA256: and the 43 characters that ssh-keygen -l "
                              "shows");
        return 0;
    case USER_KEY_FORCE:
        user_options.force = true;
        return 0;
    case USER_KEY_NUMBERS:
        user_options.numbers = true;
        return 0;
    case USER_KEY_KEEP:
        user_options.keep = true;
        return 0;
    case USER_KEY_DRY_RUN:
        user_options.dry_run = true;
        return 0;
    case USER_KEY_UPDATE:
        user_options.update = true;
        return 0;
    case USER_KEY_COUNTRY:
        user_options.country = country;
        if (!number_country(argument, country))
            argp_error(state, "--country: expected a country code such as +44");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- words ---- */

void user_warn(const char *format, ...)
{
    char text[1024];
    char shown[4 * sizeof(text)];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "swmfactl: warning: %s\n", log_escape(shown, sizeof(shown), text, ""));
}

void user_warn_account(const char *user)
{
    const struct passwd *account = getpwnam(user);
    if (account == NULL)
        user_warn("%s: no such account", user);
    else if (strcmp(account->pw_name, user) != 0)
        user_warn("%s: the account's name is %s, which is another name in the map", user,
                  account->pw_name);
}

const char *user_mask_always(const char *number, char *to)
{
    size_t length = strlen(number);
    (void)snprintf(to, PHONE_NUMBER_SIZE, "*%s", length > 2 ? number + length - 2 : "");
    return to;
}

const char *user_mask(const char *number, char *to)
{
    if (!user_options.numbers)
        return user_mask_always(number, to);
    (void)snprintf(to, PHONE_NUMBER_SIZE, "%s", number);
    return to;
}

/* ---- the configuration ---- */

static bool keep(struct ctl_context *ctl, struct user_work *work, const struct config *config)
{
    const char *users = user_options.users != NULL ? user_options.users : config->users;
    work->users = strdup(users);
    if (config->countries != NULL)
        work->countries = strdup(config->countries);
    work->ignore = config->unmapped == UNMAPPED_IGNORE;
    return (work->users != NULL && (config->countries == NULL || work->countries != NULL)) ||
           problem_no_memory(&ctl->problem);
}

/* With --users, the configuration may be wrong; changes: whether its other settings matter. */
static bool read_settings(struct ctl_context *ctl, struct user_work *work, bool changes)
{
    struct config config;
    struct problem why = {0};
    if (config_load(ctl->conf, &config, &why)) {
        bool kept = keep(ctl, work, &config);
        config_free(&config);
        return kept;
    }
    if (user_options.users == NULL)
        return problem_set(&ctl->problem, "%s (--users FILE works without it)", why.text);
    if (changes)
        user_warn("countries and unmapped are unknown: %s", why.text);
    work->users = strdup(user_options.users);
    return work->users != NULL || problem_no_memory(&ctl->problem);
}

const char *user_number_wrong(const struct user_work *work, const char *number, char *why,
                              size_t size)
{
    if (user_options.force)
        return NULL;
    if (!countries_permit(work->countries, number))
        return "no code is sent to that country, see countries in swmfa.conf; --force accepts it";
    if (numbering_doubt(number, why, size) == NULL)
        return NULL;
    size_t used = strlen(why);
    (void)snprintf(why + used, size - used, "; --force accepts it");
    return why;
}

/* ---- the map ---- */

bool user_look(struct ctl_context *ctl, struct user_work *work)
{
    size_t length = 0;
    *work = (struct user_work){0};
    if (!read_settings(ctl, work, user_options.dry_run))
        return false;
    work->read = file_read_large(work->users, FILE_PUBLIC, EDIT_READ_MAX, &length, &ctl->problem);
    return work->read != NULL && map_read(&work->map, work->read, length, &ctl->problem);
}

bool user_begin(struct ctl_context *ctl, struct user_work *work)
{
    *work = (struct user_work){0};
    return read_settings(ctl, work, true) &&
           edit_begin(&work->edit, work->users, false, &ctl->problem) &&
           map_read(&work->map, work->edit.text, work->edit.length, &ctl->problem);
}

void user_end(struct user_work *work)
{
    map_free(&work->map);
    map_free(&work->now);
    edit_end(&work->edit);
    free(work->read);
    free(work->text);
    free(work->users);
    free(work->countries);
    *work = (struct user_work){0};
}

/* With unmapped = ignore, an empty map is no map: it lets nobody pass as unmapped. */
bool user_compose(struct ctl_context *ctl, struct user_work *work)
{
    work->text = map_write(&work->map, work->users, &work->length, &ctl->problem);
    return work->text != NULL && map_read(&work->now, work->text, work->length, &ctl->problem) &&
           map_check(&work->now, work->users, !work->ignore, &ctl->problem);
}

bool user_commit(struct ctl_context *ctl, struct user_work *work)
{
    return edit_commit(&work->edit, work->text, work->length, 0600, &ctl->problem);
}
