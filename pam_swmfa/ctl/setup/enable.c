/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enable: swmfactl enable and disable: put the module into the PAM stack of a service, and write
 * sshd's drop-in file.
 *
 * At no moment may a login need less than before, and no account may be locked out without having
 * been listed. For sshd, two things change: the PAM stack, and sshd's file, which sshd reads only
 * when it is reloaded.
 *  - To enable, sshd's file changes first. The stack changes once every sshd has read the file:
 *    with the module in the stack, an sshd that cannot prompt would send a code for each password
 *    and deny the login; with the module alone in the stack, an sshd that requires no key would
 *    let users in with the code alone.
 *  - To disable, and to change from key and code to password and code, the stack changes first.
 *    Until sshd is reloaded, it requires the key as well.
 */
#include <config.h>

#include "ctl/command.h"

#include "base/log.h"
#include "config/config.h"
#include "config/file.h"
#include "config/limit.h"
#include "ctl/files/file_change.h"
#include "ctl/host/listener.h"
#include "ctl/host/sshd_config.h"
#include "ctl/setup/pam_auth_update.h"
#include "ctl/setup/pamd_edit.h"
#include "ctl/setup/precheck.h"
#include "ctl/setup/readiness.h"
#include "ctl/setup/sshd_dropin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 2
#define LOCK  "/run/swmfactl.lock" /* mode 0600: a user who could open it could hold the lock */

struct service {
    const char *name;
    const char *files[FILES]; /* in /etc/pam.d; the second may be missing */
    const char *names;        /* the PAM service names, as pam_succeed_if takes them */
};

static const struct service services[] = {
    {"sshd", {"sshd", NULL}, "sshd"},
    {"sudo", {"sudo", "sudo-i"}, "sudo:sudo-i"},
    {"su", {"su", "su-l"}, "su:su-l"}, /* su-l includes su, as shipped */
    {"login", {"login", NULL}, "login"},
};
#define SERVICES (sizeof(services) / sizeof(services[0]))

/* The options of the command line. */
static struct {
    bool dry_run;
    bool publickey;
    bool use_uid;
    bool force;
} chosen;

/* A planned change. */
struct plan {
    const struct service *service;
    const char *options;        /* of the module */
    struct change sshd;         /* only for the service sshd */
    struct change files[FILES]; /* of the service, in /etc/pam.d */
    struct change profile;      /* of pam-auth-update */
    struct change common;       /* common-auth */
    bool by_tool;               /* pam-auth-update changes common-auth, swmfactl does not */
    bool from_key;              /* the current stack is the module alone, after an SSH key */
    enum sshconf_form form;     /* of sshd's file, until the stack changes */
    bool root;                  /* the same: root may log in */
    bool unread;                /* before the change: an sshd has not read its file as it is */
    struct config config;
    bool configured; /* config must be freed */
    int lock;        /* of LOCK: one swmfactl enable or disable at a time */
};

static void plan_end(struct plan *plan)
{
    change_end(&plan->sshd);
    for (size_t i = 0; i < FILES; i++)
        change_end(&plan->files[i]);
    change_end(&plan->profile);
    change_end(&plan->common);
    if (plan->configured)
        config_free(&plan->config);
    if (plan->lock > 0)
        close(plan->lock);
}

/* Returns CTL_DONE, or the exit status if the command cannot go on. expected: the services, for its
 * message. */
static enum ctl_status plan_begin(struct ctl_context *ctl, struct plan *plan, const char *expected)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (strcmp(ctl->argv[0], services[i].name) == 0)
            plan->service = &services[i];
    if (plan->service == NULL) {
        problem_set(&ctl->problem, "%.100s: expected %s", ctl->argv[0], expected);
        return CTL_USAGE;
    }
    if ((chosen.publickey && strcmp(plan->service->name, "sshd") != 0) ||
        (chosen.use_uid && strncmp(plan->service->name, "su", 2) != 0)) {
        problem_set(&ctl->problem, "--publickey is for sshd only, --use-uid for su and sudo only");
        return CTL_USAGE;
    }
    plan->options = chosen.use_uid ? "use_uid" : "";
    plan->lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (plan->lock >= 0 && flock(plan->lock, LOCK_EX | LOCK_NB) == 0)
        return CTL_DONE;
    if (errno == EWOULDBLOCK)
        problem_set(&ctl->problem, "another swmfactl is already running: %s", strerror(errno));
    else
        problem_set(&ctl->problem, LOCK ": %s: nothing was changed", strerror(errno));
    return CTL_FAILED;
}

static bool is_sshd(const struct plan *plan)
{
    return strcmp(plan->service->name, "sshd") == 0;
}

/* ---- the current state ---- */

/* A file in another folder belongs to a package; a file of that name in /etc overrides it. */
static bool say_missing(const char *path, const char *name, struct problem *problem)
{
    char other[64];
    for (size_t i = 1; stack_folders[i] != NULL; i++) {
        (void)snprintf(other, sizeof(other), "%s/%s", stack_folders[i], name);
        if (access(other, F_OK) == 0)
            return problem_set(problem, "%s: no such file: first run cp %s %s", path, other, path);
    }
    return problem_set(problem, "%s: no such file: is %s installed?", path, name);
}

static bool read_file_of(struct plan *plan, size_t number, struct problem *problem)
{
    char path[64];
    struct change *file = &plan->files[number];
    const char *name = plan->service->files[number];
    if (name == NULL)
        return true;
    (void)snprintf(path, sizeof(path), "/etc/pam.d/%s", name);
    if (!change_begin(file, path, problem))
        return false;
    if (number > 0 && change_same_file(&plan->files[0], file))
        change_end(file); /* one file with two names is changed once */
    if (file->before != NULL || number > 0)
        return true;
    if (file->fixed.text[0] == '\0')
        return say_missing(path, name, problem);
    *problem = file->fixed;
    return false;
}

/* True if the stack is that of key and code: the module in place of the first factor. */
static bool is_alone(const struct plan *plan)
{
    const char *text = plan->files[0].before;
    return text != NULL && pamfile_has_module(text, NULL) && !pamfile_has_include(text) &&
           !trial_asks_otherwise(plan->service->name);
}

static bool read_all(struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++)
        if (!read_file_of(plan, i, problem))
            return false;
    plan->from_key = is_sshd(plan) && is_alone(plan);
    bool good = change_begin(&plan->profile, PROFILE_PATH, problem) &&
                change_begin(&plan->common, PROFILE_COMMON, problem) &&
                (!is_sshd(plan) || change_begin(&plan->sshd, SSHCONF_PATH, problem));
    pid_t pid = 0;
    struct problem ignored = {0};
    plan->unread = plan->sshd.before != NULL && !listeners_seem_read(&pid, &ignored);
    return good;
}

/* True if common-auth has the service's lines. */
static bool in_common(const struct plan *plan, const char *options)
{
    return plan->common.before != NULL &&
           profile_has(plan->common.before, plan->service->names, options);
}

/* True if a file needs a line of its own: it exists and does not just include the first file. */
static bool counts(const struct plan *plan, size_t number)
{
    const char *text = plan->files[number].before;
    return text != NULL && (number == 0 || !pamfile_includes(text, plan->service->files[0]));
}

/* Earlier versions did not add pam_permit.so. Without it, libpam denies users whom the module lets
 * pass. */
static bool lacks_permit(const struct plan *plan)
{
    const char *text = plan->files[0].before;
    return pamfile_made_by_us(text) && strstr(text, "pam_permit.so") == NULL;
}

/* True if each file has a line of its own. */
static bool in_files(const struct plan *plan, const char *option)
{
    for (size_t i = 0; i < FILES; i++)
        if (counts(plan, i) && !pamfile_has_module(plan->files[i].before, option))
            return false;
    return true;
}

/* ---- planning: without the module ---- */

/* Lines that are continued, too long or of another type are not recognised as the module's. */
static bool check_left(const struct change *file, struct problem *problem)
{
    unsigned line = file->after != NULL ? pamfile_names_module(file->after) : 0;
    return line == 0 || problem_set(problem,
                                    "%s: line %u, which swmfactl did not add, names the module: "
                                    "remove it by hand; nothing was changed",
                                    file->path, line);
}

static bool plan_files_without(struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++) {
        struct change *file = &plan->files[i];
        if (file->before == NULL || !pamfile_has_module(file->before, NULL)) {
            if (!check_left(file, problem))
                return false;
            continue;
        }
        if (pamfile_jump_to(file->before) > 0)
            return problem_set(problem,
                               "%s:%u: this line jumps over the module's line, and would then jump "
                               "over the next one: remove both by hand; nothing was changed",
                               file->path, pamfile_jump_to(file->before));
        change_set(file, pamfile_remove(file->before));
        if (file->after == NULL)
            return problem_no_memory(problem);
        if (!check_left(file, problem))
            return false;
        if (!pamfile_has_auth(file->after))
            return problem_set(
                problem,
                "%s: without the module, nothing here would ask for a password: replace the "
                "module's line with \"@include common-auth\" by hand; nothing was changed",
                file->path);
    }
    return true;
}

/* If pam-auth-update does not manage common-auth, swmfactl removes its own two lines. */
static bool plan_common_without(struct plan *plan, struct problem *problem)
{
    const char *profile = plan->profile.after;
    char *common = profile_there() ? profile_try(profile, problem) : NULL;
    plan->by_tool = common != NULL;
    if (common == NULL && problem->text[0] != '\0')
        return false;
    if (common == NULL)
        common = profile_cut(plan->common.before, plan->service->names);
    change_set(&plan->common, common);
    return common != NULL || problem_no_memory(problem);
}

/* Plans the profile without the service, and the common-auth that follows from it. */
static bool plan_without_profile(struct plan *plan, struct problem *problem)
{
    if (plan->profile.before != NULL &&
        profile_has(plan->profile.before, plan->service->names, NULL)) {
        char *profile = profile_cut(plan->profile.before, plan->service->names);
        if (profile == NULL)
            return problem_no_memory(problem);
        change_set(&plan->profile, profile);
        if (profile_is_empty(profile))
            change_set(&plan->profile, NULL);
    }
    return !in_common(plan, NULL) || plan_common_without(plan, problem);
}

/* Checks the service's own files without the module: somebody may have edited them. */
static bool try_without(const struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++) {
        const struct change *file = &plan->files[i];
        const struct stack_text texts[] = {{file->path, file->after}, {NULL, NULL}};
        if (!change_is_one(file) || trial_without(plan->service->files[i], texts, problem))
            continue;
        const struct problem why = *problem;
        return problem_set(problem,
                           "%s: remove the module's line from %s by hand, with the lines that "
                           "belong to it; nothing was changed",
                           why.text, file->path);
    }
    return true;
}

static bool plan_disable(struct plan *plan, struct problem *problem)
{
    if (!read_all(plan, problem) || !plan_files_without(plan, problem) ||
        !try_without(plan, problem))
        return false;
    if (plan->sshd.before != NULL && sshconf_is_removable(plan->sshd.before))
        change_set(&plan->sshd, NULL);
    return plan_without_profile(plan, problem);
}

/* ---- planning: enable ---- */

#define BY_HAND "; nothing was changed. By hand: see pam_swmfa(8), EXAMPLES"

/* Checks that the planned files are safe: see precheck.h. */
static bool try_stacks(const struct plan *plan, struct problem *problem)
{
    struct stack_text texts[FILES + 2] = {0};
    size_t count = 0;
    for (size_t i = 0; i < FILES; i++)
        if (plan->files[i].after != NULL)
            texts[count++] = (struct stack_text){plan->files[i].path, plan->files[i].after};
    if (plan->common.after != NULL)
        texts[count++] = (struct stack_text){plan->common.path, plan->common.after};
    for (size_t i = 0; i < FILES; i++)
        if (plan->files[i].before != NULL &&
            !trial_run(&plan->config, plan->service->files[i], chosen.publickey, texts, problem)) {
            const struct problem why = *problem;
            return problem_set(problem, "%.450s" BY_HAND, why.text);
        }
    return true;
}

/* Plans the module's line in each file that needs one. */
static bool plan_files(struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++) {
        struct change *file = &plan->files[i];
        if (!counts(plan, i) || pamfile_has_module(file->after, NULL))
            continue;
        if (!pamfile_is_known(file->after))
            return problem_set(
                problem,
                "%s: swmfactl does not recognise the lines that ask for the first factor" BY_HAND,
                file->path);
        change_set(file, pamfile_insert(file->after, plan->options, chosen.publickey));
        if (file->after == NULL)
            return problem_no_memory(problem);
    }
    return try_stacks(plan, problem);
}

/* Checks that the common-auth that pam-auth-update would write is right for the service. */
static bool check_common(const struct plan *plan, struct problem *problem)
{
    return try_stacks(plan, problem) &&
           (profile_has(plan->common.after, plan->service->names, plan->options) ||
            problem_set(problem,
                        "pam-auth-update would not put the profile's lines into " PROFILE_COMMON
                        ", perhaps because its lines were edited by hand: swmfactl disable all, "
                        "then enable again; nothing was changed"));
}

/* Plans the line in the service's own file, and removes it from common-auth. */
static bool plan_own(struct plan *plan, struct problem *problem)
{
    return (!in_common(plan, NULL) || plan_without_profile(plan, problem)) &&
           plan_files(plan, problem);
}

/* Plans the line by pam-auth-update, or in the service's own file if pam-auth-update no longer
 * manages common-auth. */
static bool plan_profile(struct plan *plan, struct problem *problem)
{
    char *profile = profile_with(plan->profile.before, plan->service->names, plan->options);
    if (profile == NULL)
        return problem_no_memory(problem);
    change_set(&plan->profile, profile);
    char *common = profile_try(profile, problem);
    if (common != NULL) {
        plan->by_tool = true;
        change_set(&plan->common, common);
        return check_common(plan, problem);
    }
    if (problem->text[0] != '\0')
        return false;
    (void)fprintf(stderr, "swmfactl: /etc/pam.d/common-* has local changes, and pam-auth-update "
                          "leaves it alone: the line goes into the service's own file\n");
    change_set(&plan->profile, plan->profile.before != NULL ? strdup(plan->profile.before) : NULL);
    return plan_own(plan, problem);
}

/* True if the service asks for a code already, but not in the way that was requested. */
static bool asks_otherwise(const struct plan *plan)
{
    bool own = pamfile_has_module(plan->files[0].before, NULL);
    bool common = in_common(plan, NULL);
    return (common && !in_common(plan, plan->options)) ||
           (own && chosen.use_uid && !in_files(plan, "use_uid")) ||
           (own && !chosen.use_uid && pamfile_has_module(plan->files[0].before, "use_uid")) ||
           (is_sshd(plan) && (common || own) && plan->from_key != chosen.publickey) ||
           (plan->from_key && chosen.publickey && lacks_permit(plan));
}

/* Removes the module's lines, in whose place others are planned. Refuses lines that swmfactl did
 * not add. */
static bool plan_replacement(struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++)
        if (plan->files[i].before != NULL && !pamfile_made_by_us(plan->files[i].before))
            return problem_set(problem,
                               "%s: the module's line was added by hand, with other options: "
                               "change it there, see pam_swmfa(8), EXAMPLES",
                               plan->files[i].path);
    return plan_files_without(plan, problem);
}

static bool wants_profile(const struct plan *plan)
{
    return !chosen.publickey && profile_there() && plan->common.before != NULL &&
           pamfile_includes(plan->files[0].after, "common-auth") &&
           !pamfile_has_module(plan->files[0].after, NULL);
}

/* True if a file is sshd's, under another name. */
static bool is_file_of_sshd(const char *path)
{
    struct stat own;
    struct stat other;
    return stat("/etc/pam.d/sshd", &own) == 0 && stat(path, &other) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Other services have no key before the module: if one uses the stack of sshd, a code alone would
 * let users in. Only a regular file can be a stack. */
static bool check_other(const char *path, struct problem *problem)
{
    size_t length = 0;
    struct problem why = {0};
    struct stat status;
    char *real = realpath(path, NULL);
    bool is = real != NULL && stat(real, &status) == 0 && S_ISREG(status.st_mode);
    char *text = is ? file_read(real, FILE_PUBLIC, &length, &why) : NULL;
    bool uses = is_file_of_sshd(path) ||
                (text != NULL &&
                 (pamfile_includes(text, "sshd") || pamfile_includes(text, "/etc/pam.d/sshd")));
    bool known = !is || text != NULL;
    free(text);
    free(real);
    if (!known)
        return problem_set(problem,
                           "swmfactl cannot tell whether a service uses the stack of sshd: %s",
                           why.text);
    return !uses || problem_set(problem,
                                "%s: this service uses the stack of sshd, so a code alone would "
                                "let users in: replace the file with a copy of /etc/pam.d/sshd",
                                path);
}

static bool check_others(struct problem *problem)
{
    bool good = true;
    for (size_t i = 0; good && stack_folders[i] != NULL; i++) {
        DIR *folder = opendir(stack_folders[i]);
        const struct dirent *entry = NULL;
        while (good && folder != NULL && (entry = readdir(folder)) != NULL) {
            char path[sizeof(entry->d_name) + 64];
            (void)snprintf(path, sizeof(path), "%s/%s", stack_folders[i], entry->d_name);
            good = strcmp(entry->d_name, "sshd") == 0 || check_other(path, problem);
        }
        if (folder != NULL)
            (void)closedir(folder);
    }
    return good;
}

/* A second stack in another folder that does not include the first would ask for no code. */
static bool check_elsewhere(const struct plan *plan, struct problem *problem)
{
    char path[64];
    bool good = true;
    for (size_t i = 1; i < FILES && plan->service->files[i] != NULL; i++)
        for (size_t n = 1; good && plan->files[i].path[0] != '\0' &&
                           plan->files[i].before == NULL && stack_folders[n] != NULL;
             n++) {
            size_t length = 0;
            struct problem ignored = {0};
            (void)snprintf(path, sizeof(path), "%s/%s", stack_folders[n], plan->service->files[i]);
            char *text = file_read(path, FILE_PUBLIC, &length, &ignored);
            good = text == NULL || pamfile_includes(text, plan->service->files[0]) ||
                   say_missing(plan->files[i].path, plan->service->files[i], problem);
            free(text);
        }
    return good;
}

static bool plan_enable(struct plan *plan, struct problem *problem)
{
    bool replaces = asks_otherwise(plan);
    if (!check_elsewhere(plan, problem) || (chosen.publickey && !check_others(problem)))
        return false;
    if (is_sshd(plan) && plan->sshd.before != NULL && !sshconf_is_known(plan->sshd.before))
        return problem_set(
            problem, SSHCONF_PATH
            ": has lines that swmfactl did not write and would remove: move them to another file");
    if (is_sshd(plan)) {
        change_set(&plan->sshd, strdup(sshconf_text(plan->form, plan->root)));
        if (plan->sshd.after == NULL)
            return problem_no_memory(problem);
    }
    if (!replaces && (in_common(plan, NULL) || in_files(plan, NULL)))
        return try_stacks(plan, problem);
    if (replaces && !plan_replacement(plan, problem))
        return false;
    return wants_profile(plan) ? plan_profile(plan, problem) : plan_own(plan, problem);
}

/* ---- showing and changing ---- */

static bool each_change(const struct plan *plan, struct ctl_context *ctl,
                        bool (*act)(const struct change *change, struct ctl_context *ctl))
{
    const struct change *const all[] = {&plan->sshd, &plan->files[0], &plan->files[1],
                                        &plan->profile, &plan->common};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (change_is_one(all[i]) && !act(all[i], ctl))
            return false;
    return true;
}

/* True if common-auth has this text now. */
static bool common_is(const char *text)
{
    struct change now;
    struct problem why;
    if (!change_begin(&now, PROFILE_COMMON, &why))
        return false;
    bool is = now.before != NULL && strcmp(now.before, text) == 0;
    change_end(&now);
    return is;
}

/* Checks that pam-auth-update wrote what was shown. */
static bool check_result(const struct plan *plan, struct problem *problem)
{
    return common_is(plan->common.after) ||
           problem_set(problem, "pam-auth-update wrote something else into " PROFILE_COMMON
                                " than was shown");
}

/* Restores a file, if it was changed as planned. */
static bool undo_file(const struct change *change, struct problem *undone)
{
    return !change_is_made(change) || change_undo(change, 0644, undone);
}

/* Restores the profile, and runs pam-auth-update with it if common-auth has changed. */
static void undo_tool(const struct plan *plan, struct problem *undone)
{
    bool first = plan->profile.before == NULL;
    bool did = !common_is(plan->common.before);
    if (did && first && !profile_apply(true, undone))
        return;
    if (undo_file(&plan->profile, undone) && did && !first)
        (void)profile_apply(false, undone);
}

#define PUT_BACK "the changes were undone"

/* pam-auth-update needs the profile's file, also to remove the profile's lines. */
static bool run_tool(const struct plan *plan, struct problem *problem)
{
    bool removes = plan->profile.after == NULL;
    if (!removes && !change_make(&plan->profile, 0644, problem))
        return false;
    if (!change_keep(&plan->common, problem))
        return false;
    if (profile_apply(removes, problem) && check_result(plan, problem))
        return !removes || change_make(&plan->profile, 0644, problem);
    if (removes)
        return false;
    const struct problem why = *problem;
    struct problem undone = {.text = PUT_BACK};
    undo_tool(plan, &undone);
    return problem_set(problem, "%s; %s", why.text, undone.text);
}

static bool change_files(const struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++)
        if (!change_make(&plan->files[i], 0644, problem))
            return false;
    return true;
}

static bool change_common(const struct plan *plan, struct problem *problem)
{
    if (plan->by_tool)
        return run_tool(plan, problem);
    return change_make(&plan->common, 0644, problem) && change_make(&plan->profile, 0644, problem);
}

/* True if one of the service's files loses the module's line. */
static bool loses_module(const struct plan *plan)
{
    for (size_t i = 0; i < FILES; i++) {
        const struct change *file = &plan->files[i];
        if (file->before != NULL && pamfile_has_module(file->before, NULL) &&
            !pamfile_has_module(file->after, NULL))
            return true;
    }
    return false;
}

/* When a file is about to include common-auth again, or to leave the module's line to it, the line
 * must already be there. */
static bool change_stack(const struct plan *plan, struct problem *problem)
{
    if (plan->from_key || loses_module(plan))
        return change_common(plan, problem) && change_files(plan, problem);
    return change_files(plan, problem) && change_common(plan, problem);
}

/* Restores the service's files first: while they include common-auth, it must have the module's
 * line. */
static bool undo_stack(const struct plan *plan, struct problem *undone)
{
    if (!undo_file(&plan->files[1], undone) || !undo_file(&plan->files[0], undone))
        return false;
    if (plan->by_tool && !common_is(plan->common.before))
        undo_tool(plan, undone);
    return undo_file(&plan->common, undone) && undo_file(&plan->profile, undone);
}

/* After a failure, restores all files and adds the result to the problem. Does nothing if no file
 * has changed. */
static void undo_all(const struct plan *plan, struct problem *problem)
{
    const struct change *const all[] = {&plan->sshd, &plan->files[0], &plan->files[1],
                                        &plan->profile, &plan->common};
    struct problem undone = {.text = PUT_BACK};
    struct problem ignored = {0};
    struct problem why = *problem;
    bool made = false;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        made = made || change_is_made(all[i]);
    if (!made)
        return;
    if (undo_stack(plan, &undone) && undo_file(&plan->sshd, &undone) && change_is_one(&plan->sshd))
        (void)listeners_remember(&ignored);
    char *end = strstr(why.text, ": nothing was changed");
    if (end != NULL)
        *end = '\0';
    (void)problem_set(problem, "%s; %s", why.text, undone.text);
}

static bool stack_changes(const struct plan *plan)
{
    return change_is_one(&plan->files[0]) || change_is_one(&plan->files[1]) ||
           change_is_one(&plan->profile) || change_is_one(&plan->common);
}

static bool show(const struct plan *plan, struct ctl_context *ctl)
{
    if (!each_change(plan, ctl, change_show))
        return false;
    if (plan->by_tool)
        (void)printf("(" PROFILE_COMMON " is changed by pam-auth-update.)\n");
    if (plan->form == SSHCONF_KEY_OR_BOTH)
        (void)printf("(After the PAM stack has changed, AuthenticationMethods in " SSHCONF_PATH
                     " becomes publickey,keyboard-interactive.)\n");
    if (chosen.dry_run)
        (void)printf("Nothing was changed.\n");
    return true;
}

/* ---- enable ---- */

/* Names a file that differs from what it was before enable, and its copy. */
static bool say_copy(const struct change *change, struct ctl_context *ctl)
{
    (void)ctl;
    char copy[512];
    change_copy_path(change->path, copy, sizeof(copy));
    if (access(copy, F_OK) != 0 || (change->after != NULL && strstr(change->after, "pam_swmfa")))
        return true;
    if (change->after != NULL && change_is_copy(change->path, change->after))
        (void)unlink(copy); /* the file is as it was before enable */
    else
        (void)printf("%s has been changed otherwise, too; the copy from before enable: %s\n",
                     change->path, copy);
    return true;
}

static void say_reload(pid_t pid)
{
    char command[64];
    (void)printf("Keep this session open, and run:\n    %s\n",
                 sshconf_reload(pid, command, sizeof(command)));
}

/* True if every listening sshd has read its file; pid: one that has not. */
static bool sshd_has_read(pid_t *pid, struct problem *why)
{
    *why = (struct problem){0};
    return listeners_have_read(pid, why);
}

/* The stack must not change while an sshd has not read its file. */
static enum ctl_status wait_for_reload(struct ctl_context *ctl, const struct plan *plan, pid_t pid,
                                       const struct problem *why)
{
    bool asks = in_common(plan, NULL) || pamfile_has_module(plan->files[0].before, NULL);
    (void)printf("Step 1 of 2 is done: " SSHCONF_PATH
                 " is in place. The PAM stack has not changed yet:\n%s.\n",
                 why->text);
    say_reload(pid);
    (void)printf(
        "    swmfactl enable sshd%s\nUntil you reload, nothing changes for anybody. After the "
        "reload, and until the second command, a login needs %s.\nTo undo it: swmfactl %s sshd\n",
        chosen.publickey ? " --publickey" : "", sshconf_needs(plan->form, asks),
        asks && chosen.publickey && !plan->from_key ? "enable" : "disable");
    return ctl_flush(ctl) ? CTL_WARNINGS : CTL_FAILED;
}

/* How sshd behaves until it has read its file, while the stack already asks for a code. */
static const char *until_reload(const struct plan *plan)
{
    if (plan->unread)
        return "Until then its previous settings apply, and a key can be enough.";
    if (plan->from_key && !chosen.publickey)
        return "Until then it asks for the key as well.";
    if (plan->form == SSHCONF_KEY_OR_BOTH)
        return "Until then a key is enough, as before.";
    return "Until then its previous settings apply.";
}

static void say_unread(const struct plan *plan, pid_t pid, const struct problem *why)
{
    (void)printf("%s.\n", why->text);
    say_reload(pid);
    (void)printf("%s Then log in from a second session. ", until_reload(plan));
}

static enum ctl_status say_enabled(struct ctl_context *ctl, const struct plan *plan)
{
    struct problem why;
    pid_t pid = 0;
    const char *name = plan->service->name;
    bool read = !is_sshd(plan) || sshd_has_read(&pid, &why);
    ctl_changed(ctl, "enabled for %s%s", name, chosen.publickey ? " with public key" : "");
    (void)printf("%s asks for a code%s.\n", name, read ? "" : " once sshd is reloaded");
    (void)each_change(plan, ctl, say_copy);
    if (!read)
        say_unread(plan, pid, &why);
    else
        (void)printf("Keep this session open, and try it in a second one. ");
    (void)printf("To undo it: swmfactl disable %s\n", name);
    if (!ctl_flush(ctl))
        return CTL_FAILED;
    return read ? CTL_DONE : CTL_WARNINGS;
}

/* Nothing is to be changed, but an sshd may not have read its file. An indication that it has is
 * enough here; without one, a record is made, by which the next run sees a reload. */
static enum ctl_status say_already(struct ctl_context *ctl, const struct plan *plan)
{
    struct problem why = {0};
    pid_t pid = 0;
    bool read = !is_sshd(plan) || listeners_seem_read(&pid, &why) ||
                (!chosen.dry_run && sshd_has_read(&pid, &why));
    (void)printf("%s: already enabled%s\n", plan->service->name,
                 read ? "" : ", but sshd must be reloaded");
    if (!read) {
        say_unread(plan, pid, &why);
        (void)printf("To undo it: swmfactl disable sshd\n");
    }
    if (!ctl_flush(ctl))
        return CTL_FAILED;
    return read ? CTL_DONE : CTL_WARNINGS;
}

/* Writes sshd's file, and records which sshd have not read it. */
static bool change_sshd(const struct plan *plan, struct problem *problem)
{
    return !change_is_one(&plan->sshd) ||
           (sshconf_make(&plan->sshd, plan->form, problem) && listeners_remember(problem));
}

/* The stack asks for a code now, so a key alone need no longer be enough. */
static bool finish_sshd(const struct plan *plan, struct problem *problem)
{
    struct change last;
    if (plan->form != SSHCONF_KEY_OR_BOTH)
        return true;
    bool good = change_begin(&last, SSHCONF_PATH, problem);
    if (good) {
        change_set(&last, strdup(sshconf_text(SSHCONF_KEY, plan->root)));
        good = last.after != NULL
                   ? sshconf_make(&last, SSHCONF_KEY, problem) && listeners_remember(problem)
                   : problem_no_memory(problem);
    }
    change_end(&last);
    const struct problem why = *problem;
    return good || problem_set(problem,
                               "%s; the PAM stack has changed, but sshd still lets users in with a "
                               "key alone: fix this and run the command again",
                               why.text);
}

#define GRACE_MORE 4 /* seconds that OpenSSH adds at random */

/* How long a login can take: by the current settings or those without swmfactl's file, which sshd
 * may have had when the login began. 0: no limit, or unknown. */
static long find_grace(void)
{
    const struct sshd_plan absent = {.path = SSHCONF_PATH};
    const struct sshd_question questions[] = {{0}, {.plan = &absent}};
    long longest = 0;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        struct sshd sshd;
        struct problem ignored = {0};
        char value[64];
        long grace =
            sshd_ask(&sshd, &questions[i], &ignored)
                ? strtol(sshd_value(&sshd, "logingracetime", value, sizeof(value)), NULL, 10)
                : 0;
        sshd_free(&sshd);
        if (grace <= 0)
            return 0;
        longest = grace > longest ? grace : longest;
    }
    return longest;
}

static void say_waiting(const struct listeners *logins)
{
    struct names pids = {0};
    char text[64];
    long left = 0;
    long grace = find_grace();
    for (size_t i = 0; i < logins->count; i++) {
        long more = grace + GRACE_MORE - listener_age(&logins->at[i]);
        left = more > left ? more : left;
        (void)snprintf(text, sizeof(text), "%d", (int)logins->at[i].parent);
        names_add(&pids, text);
    }
    (void)printf("Waiting for logins that began before the reload: %zu (sshd process %s).\n",
                 logins->count, names_show(&pids));
    if (grace > 0 && left <= LISTENERS_PATIENCE)
        (void)printf("sshd ends them within %s (LoginGraceTime).\n",
                     limit_time_write((left > 0 ? left : 1) * 1000, text, sizeof(text)));
    else
        (void)printf("sshd may allow them more than %s (LoginGraceTime); this command gives up "
                     "after that.\n",
                     limit_time_write((int64_t)LISTENERS_PATIENCE * 1000, text, sizeof(text)));
    (void)fflush(stdout);
}

/* A login that began before the reload needs no key. With the module alone in the stack, the code
 * alone would let it in. */
static bool wait_for_logins(const struct plan *plan, struct problem *problem)
{
    return !is_sshd(plan) || !chosen.publickey || !stack_changes(plan) ||
           listeners_wait_for_logins(say_waiting, problem);
}

static enum ctl_status do_enable(struct ctl_context *ctl, const struct plan *plan)
{
    struct problem why;
    pid_t pid = 0;
    bool to_password = plan->from_key && !chosen.publickey;
    if (ferror(stderr)) {
        problem_set(&ctl->problem, "cannot write to standard error, so the accounts that will be "
                                   "denied were not shown: nothing was changed");
        return CTL_FAILED;
    }
    if ((to_password && !change_stack(plan, &ctl->problem)) ||
        (is_sshd(plan) && !change_sshd(plan, &ctl->problem))) {
        undo_all(plan, &ctl->problem);
        return CTL_FAILED;
    }
    if (to_password)
        return say_enabled(ctl, plan);
    if (is_sshd(plan) && stack_changes(plan) && !sshd_has_read(&pid, &why)) {
        if (change_is_one(&plan->sshd))
            ctl_changed(ctl, "sshd's configuration changed for %s and code",
                        chosen.publickey ? "public key" : "password");
        return wait_for_reload(ctl, plan, pid, &why);
    }
    if (!wait_for_logins(plan, &ctl->problem) || !change_stack(plan, &ctl->problem)) {
        undo_all(plan, &ctl->problem);
        return CTL_FAILED;
    }
    return finish_sshd(plan, &ctl->problem) ? say_enabled(ctl, plan) : CTL_FAILED;
}

/* ---- disable ---- */

/* If somebody has added lines to sshd's file, says that the file stays in force. */
static bool say_left(const struct plan *plan)
{
    if (plan->sshd.before == NULL || plan->sshd.after == NULL)
        return false;
    (void)printf(
        SSHCONF_PATH
        " has lines that swmfactl did not write, and was not removed: its AuthenticationMethods "
        "stays in force. Move these lines to another file, remove this file, and reload sshd.\n");
    return true;
}

static void say_disabled(const struct plan *plan, struct ctl_context *ctl)
{
    struct problem why = {0};
    pid_t pid = 0;
    enum sshconf_form form = SSHCONF_PASSWORD;
    (void)printf(stack_changes(plan) ? "%s no longer asks for a code.\n"
                                     : "%s: step 1 of enable is undone.\n",
                 plan->service->name);
    (void)each_change(plan, ctl, say_copy);
    if (!is_sshd(plan) || !change_is_one(&plan->sshd) ||
        (listeners_remember(&why) && listeners_have_read(&pid, &why)))
        return;
    (void)printf("%s.\n", why.text);
    say_reload(pid);
    if (plan->unread || !sshconf_find_form(plan->sshd.before, &form))
        (void)printf("Until then its previous settings apply.\n");
    else
        (void)printf("Until then a login needs %s%s.\n", sshconf_needs(form, false),
                     form == SSHCONF_KEY ? "; accounts without a password cannot log in" : "");
}

static enum ctl_status say_not_enabled(struct ctl_context *ctl, const struct plan *plan)
{
    struct problem why = {0};
    pid_t pid = 0;
    (void)printf("%s: not enabled\n", plan->service->name);
    bool left = say_left(plan);
    if (is_sshd(plan) && !listeners_seem_read(&pid, &why)) {
        (void)printf("%s.\n", why.text);
        say_reload(pid);
    }
    if (!ctl_flush(ctl))
        return CTL_FAILED;
    return left ? CTL_WARNINGS : CTL_DONE;
}

static enum ctl_status do_disable(struct ctl_context *ctl, const struct plan *plan)
{
    if (!change_stack(plan, &ctl->problem) || !change_make(&plan->sshd, 0644, &ctl->problem)) {
        undo_all(plan, &ctl->problem);
        return CTL_FAILED;
    }
    ctl_changed(ctl, "disabled for %s", plan->service->name);
    say_disabled(plan, ctl);
    bool left = say_left(plan);
    if (!ctl_flush(ctl))
        return CTL_FAILED;
    return left ? CTL_WARNINGS : CTL_DONE;
}

/* ---- the commands ---- */

typedef enum ctl_status act_on(struct ctl_context *ctl, const struct plan *plan);

/* Shows the plan, and carries it out unless this is a dry run. idle: is called if the plan is
 * empty. */
static enum ctl_status perform(struct ctl_context *ctl, const struct plan *plan, act_on *idle,
                               act_on *act)
{
    if (!stack_changes(plan) && !change_is_one(&plan->sshd))
        return idle(ctl, plan);
    if (!show(plan, ctl))
        return CTL_FAILED;
    if (!chosen.dry_run)
        return act(ctl, plan);
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

/*
 * With --publickey, sshd's file changes before the stack, and an account with a key and no password
 * must be able to log in at every moment. So if a key is enough now, it stays enough until the
 * stack has changed. If logins already need a code or more than a key, a key alone does not become
 * enough.
 */
static bool choose_form(struct plan *plan, const struct readiness *readiness,
                        struct problem *problem)
{
    bool asks = in_common(plan, NULL) || pamfile_has_module(plan->files[0].before, NULL);
    bool enough = false;
    if (!chosen.publickey)
        return true;
    if (!readiness_read_sshd(readiness, &enough, &plan->root, problem))
        return false;
    plan->form = enough && !asks ? SSHCONF_KEY_OR_BOTH : SSHCONF_KEY;
    return true;
}

/* Reads everything that decides on logins. Refuses if it cannot tell that the change is safe. */
static bool prepare_enable(struct ctl_context *ctl, struct plan *plan)
{
    struct readiness readiness = {.service = plan->service->name,
                                  .conf = ctl->conf,
                                  .config = &plan->config,
                                  .publickey = chosen.publickey,
                                  .use_uid = chosen.use_uid,
                                  .force = chosen.force};
    plan->configured = readiness_load(&readiness, &plan->config, &ctl->problem);
    if (!plan->configured || !readiness_check_host(&readiness, &ctl->problem) ||
        !read_all(plan, &ctl->problem))
        return false;
    readiness.from_key = plan->from_key;
    if (is_sshd(plan) && !choose_form(plan, &readiness, &ctl->problem))
        return false;
    readiness.sshd_text =
        sshconf_text(chosen.publickey ? SSHCONF_KEY : SSHCONF_PASSWORD, plan->root);
    return readiness_check_accounts(&readiness, &ctl->problem) && plan_enable(plan, &ctl->problem);
}

static enum ctl_status run_enable(struct ctl_context *ctl)
{
    struct plan plan = {0};
    enum ctl_status status = plan_begin(ctl, &plan, "sshd, sudo, su or login");
    if (status == CTL_DONE)
        status =
            prepare_enable(ctl, &plan) ? perform(ctl, &plan, say_already, do_enable) : CTL_FAILED;
    plan_end(&plan);
    return status;
}

static enum ctl_status disable_one(struct ctl_context *ctl)
{
    struct plan plan = {0};
    enum ctl_status status = plan_begin(ctl, &plan, "sshd, sudo, su, login or all");
    if (status == CTL_DONE)
        status = plan_disable(&plan, &ctl->problem)
                     ? perform(ctl, &plan, say_not_enabled, do_disable)
                     : CTL_FAILED;
    plan_end(&plan);
    return status;
}

static bool is_installed(const struct service *service)
{
    char path[64];
    for (size_t i = 0; stack_folders[i] != NULL; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", stack_folders[i], service->files[0]);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* Disables one service after the other; a failure is reported, and the next service follows. */
static enum ctl_status disable_all(struct ctl_context *ctl)
{
    char text[2 * sizeof(ctl->problem.text)];
    enum ctl_status worst = CTL_DONE;
    for (size_t i = 0; i < SERVICES; i++) {
        ctl->argv[0] = services[i].name;
        enum ctl_status status = is_installed(&services[i]) ? disable_one(ctl) : CTL_DONE;
        if (status == CTL_FAILED)
            (void)fprintf(stderr, "swmfactl: disable %s: %s\n", services[i].name,
                          log_escape(text, sizeof(text), ctl->problem.text, ""));
        if (worst != CTL_FAILED && status != CTL_DONE)
            worst = status;
    }
    if (worst == CTL_FAILED)
        problem_set(&ctl->problem, "not every service was disabled: see above");
    return worst;
}

static enum ctl_status run_disable(struct ctl_context *ctl)
{
    return strcmp(ctl->argv[0], "all") == 0 ? disable_all(ctl) : disable_one(ctl);
}

enum {
    KEY_DRY_RUN = 'n',
    KEY_PUBLICKEY = COMMAND_KEY,
    KEY_USE_UID,
    KEY_FORCE,
};

#define DRY_RUN "dry-run", KEY_DRY_RUN, NULL, 0, "Show the changes without making them", 0

static const struct argp_option enable_options[] = {
    {DRY_RUN},
    {.name = "publickey",
     .key = KEY_PUBLICKEY,
     .doc = "sshd: require key and code, not password and code"},
    {.name = "use-uid",
     .key = KEY_USE_UID,
     .doc = "su, sudo: send the code to the caller, not to the target account"},
    {.name = "force",
     .key = KEY_FORCE,
     .doc = "sshd: enable even if it locks out accounts with a key and no password"},
    {0},
};

static const struct argp_option disable_options[] = {{DRY_RUN}, {0}};

static error_t take_option(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    (void)state;
    switch (key) {
    case KEY_DRY_RUN:
        chosen.dry_run = true;
        return 0;
    case KEY_PUBLICKEY:
        chosen.publickey = true;
        return 0;
    case KEY_USE_UID:
        chosen.use_uid = true;
        return 0;
    case KEY_FORCE:
        chosen.force = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct command command_enable = {
    .name = "enable",
    .arguments = "SERVICE",
    .summary = "Require a code for sshd, sudo, su or login",
    .text = "Requires a code for SERVICE (sshd, sudo, su or login). Shows the changes to its PAM "
            "stack and to sshd's configuration, then makes them. Does not reload sshd.",
    .min_args = 1,
    .max_args = 1,
    .options = enable_options,
    .option = take_option,
    .run = run_enable,
};

const struct command command_disable = {
    .name = "disable",
    .arguments = "SERVICE|all",
    .summary = "Stop requiring a code for sshd, sudo, su or login",
    .text = "Undoes swmfactl enable SERVICE, or that of every service with all; other changes to "
            "the files stay. Does not reload sshd.",
    .min_args = 1,
    .max_args = 1,
    .options = disable_options,
    .option = take_option,
    .run = run_disable,
};
