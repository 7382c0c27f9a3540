/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enable: swmfactl enable and disable: the module in the stack of a service, and what sshd needs.
 *
 * At no moment may a login need less than before, or an account be locked out that was not named.
 * For sshd, two things change: the PAM stack, and sshd's file, which sshd reads only when it is
 * reloaded.
 *  - To enable, sshd's file changes first. The stack changes when every sshd has read the file:
 *    with the module in the stack, an sshd that cannot prompt would send a code for each password
 *    and deny the login; with the module alone in the stack, an sshd that requires no key would let
 *    users in with the code alone.
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
#define LOCK  "/run/swmfactl.lock" /* root's alone: any user who could open it could lock it */

struct service {
    const char *name;
    const char *files[FILES]; /* of /etc/pam.d; the second may be missing */
    const char *names;        /* PAM's, as pam_succeed_if takes them */
};

static const struct service services[] = {
    {"sshd", {"sshd", NULL}, "sshd"},
    {"sudo", {"sudo", "sudo-i"}, "sudo:sudo-i"},
    {"su", {"su", "su-l"}, "su:su-l"}, /* su-l includes su, as it is shipped */
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

/* All that is to be done. */
struct plan {
    const struct service *service;
    const char *options;        /* of the module */
    struct change sshd;         /* for the service sshd */
    struct change files[FILES]; /* of the service, in /etc/pam.d */
    struct change profile;      /* of pam-auth-update */
    struct change common;       /* common-auth */
    bool by_tool;               /* pam-auth-update changes common-auth, swmfactl does not */
    bool from_key;              /* today's stack is the module alone, after an SSH key */
    enum sshconf_form form;     /* of sshd's file, before the stack changes */
    bool root;                  /* likewise: root may log in */
    bool unread;                /* an sshd has not read its file as it is now, before the change */
    struct config config;
    bool configured; /* whether there is one to free */
    int lock;        /* of our own program: one at a time */
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

/* Returns CTL_DONE, or what the command ends with. */
static enum ctl_status plan_begin(struct ctl_context *ctl, struct plan *plan)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (strcmp(ctl->argv[0], services[i].name) == 0)
            plan->service = &services[i];
    if (plan->service == NULL) {
        problem_set(&ctl->problem, "%.100s: expected sshd, sudo, su or login", ctl->argv[0]);
        return CTL_USAGE;
    }
    if ((chosen.publickey && strcmp(plan->service->name, "sshd") != 0) ||
        (chosen.use_uid && strncmp(plan->service->name, "su", 2) != 0)) {
        problem_set(&ctl->problem, "--publickey is for sshd, and --use-uid for su and sudo");
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

/* ---- what is there ---- */

/* What lies elsewhere belongs to a package, and is covered by a file in /etc. */
static bool say_missing(const char *path, const char *name, struct problem *problem)
{
    char other[64];
    for (size_t i = 1; stack_folders[i] != NULL; i++) {
        (void)snprintf(other, sizeof(other), "%s/%s", stack_folders[i], name);
        if (access(other, F_OK) == 0)
            return problem_set(problem, "%s: is not there: first cp %s %s", path, other, path);
    }
    return problem_set(problem, "%s: is not there: is %s installed?", path, name);
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
        change_end(file); /* one file by two names is changed once */
    if (file->before != NULL || number > 0)
        return true;
    if (file->fixed.text[0] == '\0')
        return say_missing(path, name, problem);
    *problem = file->fixed;
    return false;
}

/* The stack of a key and a code: the module alone, in place of the first factor. */
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

/* Whether common-auth has the service's lines. */
static bool in_common(const struct plan *plan, const char *options)
{
    return plan->common.before != NULL &&
           profile_has(plan->common.before, plan->service->names, options);
}

/* Whether a file exists, and does not just include the first one. */
static bool counts(const struct plan *plan, size_t number)
{
    const char *text = plan->files[number].before;
    return text != NULL && (number == 0 || !pamfile_includes(text, plan->service->files[0]));
}

/* Earlier versions did not add this line. Without it, libpam denies users whom the module passes.
 */
static bool lacks_permit(const struct plan *plan)
{
    const char *text = plan->files[0].before;
    return pamfile_made_by_us(text) && strstr(text, "pam_permit.so") == NULL;
}

/* Whether each file has a line of its own. */
static bool in_files(const struct plan *plan, const char *option)
{
    for (size_t i = 0; i < FILES; i++)
        if (counts(plan, i) && !pamfile_has_module(plan->files[i].before, option))
            return false;
    return true;
}

/* ---- planning: without the module ---- */

/* A line that is continued, or too long, or of another type, is not known as the module's. */
static bool check_left(const struct change *file, struct problem *problem)
{
    unsigned line = file->after != NULL ? pamfile_names_module(file->after) : 0;
    return line == 0 || problem_set(problem,
                                    "%s: line %u, without those that swmfactl has added, still "
                                    "names the module: remove it by hand; nothing was changed",
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
            return problem_set(
                problem,
                "%s:%u: this line jumps over the module's, and without that over the "
                "next: remove both by hand; nothing was changed",
                file->path, pamfile_jump_to(file->before));
        change_set(file, pamfile_remove(file->before));
        if (file->after == NULL)
            return problem_no_memory(problem);
        if (!check_left(file, problem))
            return false;
        if (!pamfile_has_auth(file->after))
            return problem_set(problem,
                               "%s: without the module nothing would be asked for: put \"@include "
                               "common-auth\" in its place by hand; nothing was changed",
                               file->path);
    }
    return true;
}

/* Without pam-auth-update, if that leaves common-auth alone: our two lines are known. */
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

/* The profile without the service, and common-auth as it would then be. */
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

/* What would come of the service's own files, which somebody may have changed by hand. */
static bool try_without(const struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++) {
        const struct change *file = &plan->files[i];
        const struct stack_text texts[] = {{file->path, file->after}, {NULL, NULL}};
        if (!change_is_one(file) || trial_without(plan->service->files[i], texts, problem))
            continue;
        const struct problem why = *problem;
        return problem_set(problem,
                           "%.350s: remove that line from %.100s by hand, with what belongs to it; "
                           "nothing was changed",
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

/* Whether the planned files would be safe: see ctl/trial.h. */
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

/* The texts of the files with the module's line, each of its own. */
static bool plan_files(struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++) {
        struct change *file = &plan->files[i];
        if (!counts(plan, i) || pamfile_has_module(file->after, NULL))
            continue;
        if (!pamfile_is_known(file->after))
            return problem_set(
                problem,
                "%s: swmfactl does not know the lines that ask for the first factor there" BY_HAND,
                file->path);
        change_set(file, pamfile_insert(file->after, plan->options, chosen.publickey));
        if (file->after == NULL)
            return problem_no_memory(problem);
    }
    return try_stacks(plan, problem);
}

/* Whether what pam-auth-update makes of common-auth is right for the service. */
static bool check_common(const struct plan *plan, struct problem *problem)
{
    return try_stacks(plan, problem) &&
           (profile_has(plan->common.after, plan->service->names, plan->options) ||
            problem_set(problem, "pam-auth-update would not put into " PROFILE_COMMON
                                 " what the profile has; nothing was changed"));
}

/* The line in the service's own file; none in common-auth. */
static bool plan_own(struct plan *plan, struct problem *problem)
{
    return (!in_common(plan, NULL) || plan_without_profile(plan, problem)) &&
           plan_files(plan, problem);
}

/* By pam-auth-update. Where it does not manage common-auth any more, by a line of the service's. */
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
    (void)fprintf(stderr, "swmfactl: somebody has changed what pam-auth-update keeps in "
                          "/etc/pam.d/common-*: the line goes into the service's own file\n");
    change_set(&plan->profile, plan->profile.before != NULL ? strdup(plan->profile.before) : NULL);
    return plan_own(plan, problem);
}

/* Whether the service asks already, but in another way than wanted. */
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
 * not write. */
static bool plan_replacement(struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++)
        if (plan->files[i].before != NULL && !pamfile_made_by_us(plan->files[i].before))
            return problem_set(
                problem,
                "%s: the module's line was added by hand, with other options: change "
                "it there, see pam_swmfa(8), EXAMPLES",
                plan->files[i].path);
    return plan_files_without(plan, problem);
}

static bool wants_profile(const struct plan *plan)
{
    return !chosen.publickey && profile_there() && plan->common.before != NULL &&
           pamfile_includes(plan->files[0].after, "common-auth") &&
           !pamfile_has_module(plan->files[0].after, NULL);
}

/* Whether a file is that of sshd, by another name. */
static bool is_file_of_sshd(const char *path)
{
    struct stat own;
    struct stat other;
    return stat("/etc/pam.d/sshd", &own) == 0 && stat(path, &other) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Another service has no key before the module: if it uses the stack of sshd, a code alone would
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
        return problem_set(problem, "whether a service uses the stack of sshd is unknown: %.350s",
                           why.text);
    return !uses || problem_set(problem,
                                "%.300s: this service uses the stack of sshd, and a code alone "
                                "would let users in there: replace it with a copy of "
                                "/etc/pam.d/sshd",
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

/* A second stack that lies elsewhere, and does not go by the first, would ask for no code. */
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
        return problem_set(problem, SSHCONF_PATH ": has lines that are not swmfactl's, and would "
                                                 "be lost: move them to another file");
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

/* ---- showing and doing ---- */

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

/* Whether common-auth is now a certain text. */
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

/* Whether it is what was shown. */
static bool check_result(const struct plan *plan, struct problem *problem)
{
    return common_is(plan->common.after) ||
           problem_set(problem,
                       "pam-auth-update has left " PROFILE_COMMON " other than it was shown");
}

/* Makes a file again what it was, if it has become what was planned. */
static bool undo_file(const struct change *change, struct problem *undone)
{
    return !change_is_made(change) || change_undo(change, 0644, undone);
}

/* Puts the profile back, and has pam-auth-update go by it if it has done anything. */
static void undo_tool(const struct plan *plan, struct problem *undone)
{
    bool first = plan->profile.before == NULL;
    bool did = !common_is(plan->common.before);
    if (did && first && !profile_apply(true, undone))
        return;
    if (undo_file(&plan->profile, undone) && did && !first)
        (void)profile_apply(false, undone);
}

#define PUT_BACK "what was changed was put back"

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
    return problem_set(problem, "%.350s; %.150s", why.text, undone.text);
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

/* Whether a file of the service's loses the module's line. */
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

/* A file that is about to include common-auth again, or to leave its line to it, must find the
 * module's line there. */
static bool change_stack(const struct plan *plan, struct problem *problem)
{
    if (plan->from_key || loses_module(plan))
        return change_common(plan, problem) && change_files(plan, problem);
    return change_files(plan, problem) && change_common(plan, problem);
}

/* The service's files come first: one that includes common-auth must find the module's line there
 * for as long as it does. */
static bool undo_stack(const struct plan *plan, struct problem *undone)
{
    if (!undo_file(&plan->files[1], undone) || !undo_file(&plan->files[0], undone))
        return false;
    if (plan->by_tool && !common_is(plan->common.before))
        undo_tool(plan, undone);
    return undo_file(&plan->common, undone) && undo_file(&plan->profile, undone);
}

/* After a failure: makes all files again what they were, and adds to the problem what came of that.
 * Does nothing if none has changed. */
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
    (void)problem_set(problem, "%.350s; %.150s", why.text, undone.text);
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

/* Names a file that differs from what it was before enable, and the copy. */
static bool say_copy(const struct change *change, struct ctl_context *ctl)
{
    (void)ctl;
    char copy[512];
    change_copy_path(change->path, copy, sizeof(copy));
    if (access(copy, F_OK) != 0 || (change->after != NULL && strstr(change->after, "pam_swmfa")))
        return true;
    if (change->after != NULL && change_is_copy(change->path, change->after))
        (void)unlink(copy); /* the file is the same again */
    else
        (void)printf("%s has other changes since; as it was before enable: %s\n", change->path,
                     copy);
    return true;
}

static void say_reload(pid_t pid)
{
    char command[64];
    (void)printf("Keep this session open, and now:\n"
                 "    %s\n",
                 sshconf_reload(pid, command, sizeof(command)));
}

/* Whether every sshd that listens has read its file; pid: one that has not. */
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
    (void)printf("The first half is done: " SSHCONF_PATH " is in place. The PAM stack has not "
                 "changed yet:\n%s.\n",
                 why->text);
    say_reload(pid);
    (void)printf("    swmfactl enable sshd%s\n"
                 "Until you reload, nothing changes for anybody. After the reload, and until the "
                 "second command, a login needs %s.\n"
                 "To undo it: swmfactl %s sshd\n",
                 chosen.publickey ? " --publickey" : "", sshconf_needs(plan->form, asks),
                 asks && chosen.publickey && !plan->from_key ? "enable" : "disable");
    return ctl_flush(ctl) ? CTL_WARNINGS : CTL_FAILED;
}

/* How sshd behaves until it has read its file. The stack asks for a code already. */
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
    (void)printf("%s After that, log in in a second session. ", until_reload(plan));
}

static enum ctl_status say_enabled(struct ctl_context *ctl, const struct plan *plan)
{
    struct problem why;
    pid_t pid = 0;
    const char *name = plan->service->name;
    bool read = !is_sshd(plan) || sshd_has_read(&pid, &why);
    ctl_changed(ctl, "enabled for %s%s", name, chosen.publickey ? " with public key" : "");
    (void)printf("%s asks for a code%s.\n", name, read ? "" : " when sshd has been reloaded");
    (void)each_change(plan, ctl, say_copy);
    if (!read)
        say_unread(plan, pid, &why);
    else
        (void)printf("Keep this session open, and log in in a second one. ");
    (void)printf("To undo it: swmfactl disable %s\n", name);
    if (!ctl_flush(ctl))
        return CTL_FAILED;
    return read ? CTL_DONE : CTL_WARNINGS;
}

/* There is nothing to change, but an sshd may not have read its file. To say that it has, an
 * indication is enough; without one, a record is made, which will tell of a reload. */
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

/* Writes sshd's file, and notes which sshd have not read it. */
static bool change_sshd(const struct plan *plan, struct problem *problem)
{
    return !change_is_one(&plan->sshd) ||
           (sshconf_make(&plan->sshd, plan->form, problem) && listeners_remember(problem));
}

/* The stack asks for a code now, so the key alone need no longer be enough. */
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
                               "%.350s; the PAM stack has changed, and sshd still lets in by a key "
                               "alone: correct this and run the command again",
                               why.text);
}

#define GRACE_MORE 4 /* seconds that OpenSSH adds at random */

/* How long a login can take: by the settings now, or by those without swmfactl's file, which can be
 * what sshd had read when it began. 0: sshd sets no limit, or it is unknown. */
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
        (void)printf("sshd ends them in %s at the latest (LoginGraceTime).\n",
                     limit_time_write((left > 0 ? left : 1) * 1000, text, sizeof(text)));
    else
        (void)
            printf("sshd may let them take longer than %s (LoginGraceTime); this command gives up "
                   "then.\n",
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
        problem_set(&ctl->problem, "standard error cannot be written, and who will be denied was "
                                   "not said: nothing was changed");
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

/* sshd's file, if somebody has put other lines into it: what stays in force, if it is known. */
static bool say_left(const struct plan *plan)
{
    if (plan->sshd.before == NULL || plan->sshd.after == NULL)
        return false;
    (void)printf(SSHCONF_PATH
                 " has lines that are not swmfactl's, and was left as it is: its "
                 "AuthenticationMethods stays in force. Move these lines to another file, "
                 "remove it, and reload sshd.\n");
    return true;
}

static void say_disabled(const struct plan *plan, struct ctl_context *ctl)
{
    struct problem why = {0};
    pid_t pid = 0;
    enum sshconf_form form = SSHCONF_PASSWORD;
    (void)printf(stack_changes(plan) ? "%s no longer asks for a code.\n"
                                     : "%s: the first half of enable is undone.\n",
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

/* Shows the plan, and carries it out unless this is a dry run. idle: for an empty plan. */
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
 * stack has changed. If logins need a code or more than a key already, a key alone does not become
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
    enum ctl_status status = plan_begin(ctl, &plan);
    if (status == CTL_DONE)
        status =
            prepare_enable(ctl, &plan) ? perform(ctl, &plan, say_already, do_enable) : CTL_FAILED;
    plan_end(&plan);
    return status;
}

static enum ctl_status disable_one(struct ctl_context *ctl)
{
    struct plan plan = {0};
    enum ctl_status status = plan_begin(ctl, &plan);
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

/* One after the other; what cannot be done for one is said, and keeps none of the others. */
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
        problem_set(&ctl->problem, "not every service is disabled: see above");
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

#define DRY_RUN "dry-run", KEY_DRY_RUN, NULL, 0, "Show what would be changed; change nothing", 0

static const struct argp_option enable_options[] = {
    {DRY_RUN},
    {.name = "publickey", .key = KEY_PUBLICKEY, .doc = "sshd: key and code, not password and code"},
    {.name = "use-uid",
     .key = KEY_USE_UID,
     .doc = "su, sudo: ask the caller, not the target account"},
    {.name = "force",
     .key = KEY_FORCE,
     .doc = "sshd: also where accounts have a key and no password, and are shut out"},
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
    .text = "Makes SERVICE (sshd, sudo, su or login) ask for a code: shows the change of its PAM "
            "stack, and of sshd's configuration, and makes it. Does not reload sshd.",
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
    .text = "Undoes swmfactl enable SERVICE, or with all that of every service; other changes of "
            "the files stay. Does not reload sshd.",
    .min_args = 1,
    .max_args = 1,
    .options = disable_options,
    .option = take_option,
    .run = run_disable,
};
