/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enable: swmfactl enable and disable: the module in the stack of a service, and what sshd needs.
 *
 * No state in between may ask for less than before, or lock somebody out who was not named. For
 * sshd two things change, and sshd reads its file only when it is reloaded:
 *  - to enable, sshd's file is first, and the stack waits until every sshd has read it: the module
 *    before an sshd that cannot prompt would send a code for each password and deny, and a stack of
 *    the module alone before an sshd that asks for no key would let in by the code alone;
 *  - from key and code to password and code, and to disable, the stack is first, for the same
 * reason: until sshd is reloaded, it asks for the key as well.
 */
#include <config.h>

#include "ctl/command.h"

#include "config/config.h"
#include "ctl/change.h"
#include "ctl/listener.h"
#include "ctl/pamfile.h"
#include "ctl/profile.h"
#include "ctl/readiness.h"
#include "ctl/sshconf.h"
#include "ctl/trial.h"

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
#define LOCK  "/run/swmfactl.lock" /* root's alone: whoever could open it could hold it */

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
    bool by_tool;               /* pam-auth-update changes common-auth, not we */
    bool from_key;              /* today's stack is the module alone, after an SSH key */
    enum sshconf_form form;     /* of sshd's file, before the stack changes */
    bool root;                  /* likewise: root may log in */
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
static enum ctl_status plan_begin(struct job *job, struct plan *plan)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (strcmp(job->words[0], services[i].name) == 0)
            plan->service = &services[i];
    if (plan->service == NULL) {
        problem_set(&job->problem, "%.100s: expected sshd, sudo, su or login", job->words[0]);
        return CTL_USAGE;
    }
    if ((chosen.publickey && strcmp(plan->service->name, "sshd") != 0) ||
        (chosen.use_uid && strncmp(plan->service->name, "su", 2) != 0)) {
        problem_set(&job->problem, "--publickey is for sshd, and --use-uid for su and sudo");
        return CTL_USAGE;
    }
    plan->options = chosen.use_uid ? "use_uid" : "";
    plan->lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (plan->lock >= 0 && flock(plan->lock, LOCK_EX | LOCK_NB) == 0)
        return CTL_DONE;
    problem_set(&job->problem, "another swmfactl is already running: %s", strerror(errno));
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
    return text != NULL && pamfile_has_module(text, NULL) && !pamfile_has_include(text);
}

static bool read_all(struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++)
        if (!read_file_of(plan, i, problem))
            return false;
    plan->from_key = is_sshd(plan) && is_alone(plan);
    return change_begin(&plan->profile, PROFILE_PATH, problem) &&
           change_begin(&plan->common, PROFILE_COMMON, problem) &&
           (!is_sshd(plan) || change_begin(&plan->sshd, SSHCONF_PATH, problem));
}

/* Whether common-auth has the service's lines. */
static bool in_common(const struct plan *plan, const char *options)
{
    return plan->common.before != NULL &&
           profile_has(plan->common.before, plan->service->names, options);
}

/* Whether a file is there, and does not go by the first as it is. */
static bool counts(const struct plan *plan, size_t number)
{
    const char *text = plan->files[number].before;
    return text != NULL && (number == 0 || !pamfile_includes(text, plan->service->files[0]));
}

/* Versions before did not add this line, without which libpam denies whomever the module passes. */
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

static bool no_memory(struct problem *problem)
{
    return problem_set(problem, "no memory");
}

static bool plan_files_without(struct plan *plan, struct problem *problem)
{
    for (size_t i = 0; i < FILES; i++) {
        struct change *file = &plan->files[i];
        if (file->before == NULL || !pamfile_has_module(file->before, NULL))
            continue;
        if (pamfile_jump_to(file->before) > 0)
            return problem_set(
                problem,
                "%s:%u: this line jumps over the module's, and without that over the "
                "next: remove both by hand; nothing was changed",
                file->path, pamfile_jump_to(file->before));
        change_set(file, pamfile_remove(file->before));
        if (file->after == NULL)
            return no_memory(problem);
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
    return common != NULL || no_memory(problem);
}

/* The profile without the service, and what comes of common-auth. */
static bool plan_without_profile(struct plan *plan, struct problem *problem)
{
    if (plan->profile.before != NULL &&
        profile_has(plan->profile.before, plan->service->names, NULL)) {
        char *profile = profile_cut(plan->profile.before, plan->service->names);
        if (profile == NULL)
            return no_memory(problem);
        change_set(&plan->profile, profile);
        if (profile_is_empty(profile))
            change_set(&plan->profile, NULL);
    }
    return !in_common(plan, NULL) || plan_common_without(plan, problem);
}

static bool plan_disable(struct plan *plan, struct problem *problem)
{
    if (!read_all(plan, problem) || !plan_files_without(plan, problem))
        return false;
    if (plan->sshd.before != NULL && sshconf_is_ours(plan->sshd.before))
        change_set(&plan->sshd, NULL);
    return plan_without_profile(plan, problem);
}

/* ---- planning: enable ---- */

#define BY_HAND "; nothing was changed. By hand: see pam_swmfa(8), EXAMPLES"

/* What would come of the files as they are planned. */
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
            return problem_set(problem,
                               "%s: what asks for the first factor there is not known" BY_HAND,
                               file->path);
        change_set(file, pamfile_insert(file->after, plan->options, chosen.publickey));
        if (file->after == NULL)
            return no_memory(problem);
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
        return no_memory(problem);
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

/* The files as they would be without the module, as far as its lines are swmfactl's. */
static bool plan_anew(struct plan *plan, struct problem *problem)
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

static bool plan_enable(struct plan *plan, struct problem *problem)
{
    bool anew = asks_otherwise(plan);
    if (is_sshd(plan) && plan->sshd.before != NULL && !sshconf_is_known(plan->sshd.before))
        return problem_set(problem, SSHCONF_PATH ": has lines that are not swmfactl's, and would "
                                                 "be lost: move them to another file");
    if (is_sshd(plan)) {
        change_set(&plan->sshd, strdup(sshconf_text(plan->form, plan->root)));
        if (plan->sshd.after == NULL)
            return no_memory(problem);
    }
    if (!anew && (in_common(plan, NULL) || in_files(plan, NULL)))
        return try_stacks(plan, problem);
    if (anew && !plan_anew(plan, problem))
        return false;
    return wants_profile(plan) ? plan_profile(plan, problem) : plan_own(plan, problem);
}

/* ---- showing and doing ---- */

static bool each_change(const struct plan *plan, struct job *job,
                        bool (*act)(const struct change *change, struct job *job))
{
    const struct change *const all[] = {&plan->sshd, &plan->files[0], &plan->files[1],
                                        &plan->profile, &plan->common};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (change_is_one(all[i]) && !act(all[i], job))
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

/* Puts the profile back, and has pam-auth-update go by it if it has done anything. */
static void undo_tool(const struct plan *plan, struct problem *undone)
{
    bool first = plan->profile.before == NULL;
    bool did = !common_is(plan->common.before);
    if (did && first && !profile_apply(true, undone))
        return;
    if (change_undo(&plan->profile, 0644, undone) && did && !first)
        (void)profile_apply(false, undone);
}

/* pam-auth-update wants the profile to be there, also when it takes its lines out. */
static bool run_tool(const struct plan *plan, struct problem *problem)
{
    bool goes = plan->profile.after == NULL;
    if (!goes && !change_make(&plan->profile, 0644, problem))
        return false;
    if (!change_keep(&plan->common, problem))
        return false;
    if (profile_apply(goes, problem) && check_result(plan, problem))
        return !goes || change_make(&plan->profile, 0644, problem);
    if (goes)
        return false;
    const struct problem why = *problem;
    struct problem undone = {.text = "what was changed was put back"};
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

/* A file that is about to include common-auth again must find the module's line there. */
static bool change_stack(const struct plan *plan, struct problem *problem)
{
    if (plan->from_key)
        return change_common(plan, problem) && change_files(plan, problem);
    return change_files(plan, problem) && change_common(plan, problem);
}

static bool stack_changes(const struct plan *plan)
{
    return change_is_one(&plan->files[0]) || change_is_one(&plan->files[1]) ||
           change_is_one(&plan->profile) || change_is_one(&plan->common);
}

static bool show(const struct plan *plan, struct job *job)
{
    if (!each_change(plan, job, change_show))
        return false;
    if (plan->by_tool)
        (void)printf("(" PROFILE_COMMON " is changed by pam-auth-update.)\n");
    if (plan->form == SSHCONF_KEY_OR_BOTH)
        (void)printf("(After the PAM stack has changed, AuthenticationMethods there becomes "
                     "publickey,keyboard-interactive.)\n");
    if (chosen.dry_run)
        (void)printf("Nothing was changed.\n");
    return true;
}

/* ---- enable ---- */

/* What is not as it was before, and where that is kept. */
static bool say_copy(const struct change *change, struct job *job)
{
    (void)job;
    char copy[512];
    change_copy_path(change->path, copy, sizeof(copy));
    if (access(copy, F_OK) != 0 || (change->after != NULL && strstr(change->after, "pam_swmfa")))
        return true;
    if (change->after != NULL && change_is_copy(change->path, change->after))
        (void)unlink(copy); /* it is that again */
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

/* Whether every sshd that listens has read its file; otherwise which has not. */
static bool sshd_has_read(pid_t *pid, struct problem *why)
{
    *why = (struct problem){0};
    return listeners_have_read(pid, why);
}

/* The stack must not change before an sshd that does not know of it. */
static enum ctl_status wait_for_reload(struct job *job, const struct plan *plan, pid_t pid,
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
                 "To undo it: swmfactl disable sshd\n",
                 chosen.publickey ? " --publickey" : "", sshconf_needs(plan->form, asks));
    return job_flush(job) ? CTL_WARNINGS : CTL_FAILED;
}

/* What holds until sshd has read its file, with the stack that asks for a code. */
static const char *until_reload(const struct plan *plan)
{
    if (plan->from_key && !chosen.publickey)
        return "Until then it asks for the key as well.";
    if (plan->form == SSHCONF_KEY_OR_BOTH)
        return "Until then a key is enough, as before.";
    return "Until then it goes by what it had read before.";
}

static void say_unread(const struct plan *plan, pid_t pid, const struct problem *why)
{
    (void)printf("%s.\n", why->text);
    say_reload(pid);
    (void)printf("%s After that, log in in a second session. ", until_reload(plan));
}

static enum ctl_status say_enabled(struct job *job, const struct plan *plan)
{
    struct problem why;
    pid_t pid = 0;
    const char *name = plan->service->name;
    bool read = !is_sshd(plan) || sshd_has_read(&pid, &why);
    bool more = plan->from_key && !chosen.publickey; /* is asked for until then, and not less */
    job_changed(job, "enabled for %s%s", name, chosen.publickey ? " with public key" : "");
    (void)printf("%s asks for a code%s.\n", name, read ? "" : " when sshd has been reloaded");
    (void)each_change(plan, job, say_copy);
    if (!read)
        say_unread(plan, pid, &why);
    else
        (void)printf("Keep this session open, and log in in a second one. ");
    (void)printf("To undo it: swmfactl disable %s\n", name);
    if (!job_flush(job))
        return CTL_FAILED;
    return read || more ? CTL_DONE : CTL_WARNINGS;
}

/* There is nothing to change; but an sshd may not have read what is there. For that, what seems so
 * is enough; where it does not, a note is made, by which the reload will be known. */
static enum ctl_status say_already(struct job *job, const struct plan *plan)
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
    if (!job_flush(job))
        return CTL_FAILED;
    return read ? CTL_DONE : CTL_WARNINGS;
}

/* sshd's file, and which sshd have not read it. */
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
                   : no_memory(problem);
    }
    change_end(&last);
    return good;
}

static void say_waiting(size_t count)
{
    (void)
        printf("Waiting for logins that began before the reload to end: %zu. sshd ends them after "
               "LoginGraceTime.\n",
               count);
    (void)fflush(stdout);
}

/* A login that began before the reload is asked for no key: it must not meet the module alone. */
static bool wait_for_logins(const struct plan *plan, struct problem *problem)
{
    return !is_sshd(plan) || !chosen.publickey || !stack_changes(plan) ||
           listeners_wait_for_logins(say_waiting, problem);
}

static enum ctl_status do_enable(struct job *job, const struct plan *plan)
{
    struct problem why;
    pid_t pid = 0;
    bool to_password = plan->from_key && !chosen.publickey;
    if (to_password && !change_stack(plan, &job->problem))
        return CTL_FAILED;
    if (is_sshd(plan) && !change_sshd(plan, &job->problem))
        return CTL_FAILED;
    if (to_password)
        return say_enabled(job, plan);
    if (is_sshd(plan) && stack_changes(plan) && !sshd_has_read(&pid, &why)) {
        if (change_is_one(&plan->sshd))
            job_changed(job, "sshd's configuration changed for %s and code",
                        chosen.publickey ? "public key" : "password");
        return wait_for_reload(job, plan, pid, &why);
    }
    return wait_for_logins(plan, &job->problem) && change_stack(plan, &job->problem) &&
                   finish_sshd(plan, &job->problem)
               ? say_enabled(job, plan)
               : CTL_FAILED;
}

/* ---- disable ---- */

static enum ctl_status say_not_enabled(struct job *job, const struct plan *plan)
{
    (void)printf("%s: not enabled\n", plan->service->name);
    return job_flush(job) ? CTL_DONE : CTL_FAILED;
}

static void say_disabled(const struct plan *plan, struct job *job)
{
    struct problem why = {0};
    pid_t pid = 0;
    (void)printf("%s no longer asks for a code.\n", plan->service->name);
    (void)each_change(plan, job, say_copy);
    if (plan->sshd.before != NULL && plan->sshd.after != NULL)
        (void)printf(SSHCONF_PATH " is not swmfactl's, and was left as it is.\n");
    if (!is_sshd(plan) || !change_is_one(&plan->sshd) ||
        (listeners_remember(&why) && listeners_have_read(&pid, &why)))
        return;
    (void)printf("%s.\n", why.text);
    say_reload(pid);
    (void)printf("Until then sshd asks for the password%s.\n",
                 plan->from_key ? " and the key, and accounts without a password cannot log in"
                                : ", and a key is not enough");
}

static enum ctl_status do_disable(struct job *job, const struct plan *plan)
{
    if (!change_stack(plan, &job->problem) || !change_make(&plan->sshd, 0644, &job->problem))
        return CTL_FAILED;
    job_changed(job, "disabled for %s", plan->service->name);
    say_disabled(plan, job);
    return job_flush(job) ? CTL_DONE : CTL_FAILED;
}

/* ---- the commands ---- */

typedef enum ctl_status act_on(struct job *job, const struct plan *plan);

/* What is planned is shown, and done unless it is a dry run. idle: where there is nothing to do. */
static enum ctl_status perform(struct job *job, const struct plan *plan, act_on *idle, act_on *act)
{
    if (!stack_changes(plan) && !change_is_one(&plan->sshd))
        return idle(job, plan);
    if (!show(plan, job))
        return CTL_FAILED;
    if (!chosen.dry_run)
        return act(job, plan);
    return job_flush(job) ? CTL_DONE : CTL_FAILED;
}

/*
 * With a key, sshd's file goes before the stack, and an account with a key alone must get in
 * meanwhile. Where a key is enough now, it stays enough until the stack has changed; after the
 * password and the code, or where sshd asks for more already, it does not become enough.
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

/* Reads all that decides, and refuses where it cannot be known that this is safe. */
static bool prepare_enable(struct job *job, struct plan *plan)
{
    struct readiness readiness = {.service = plan->service->name,
                                  .conf = job->conf,
                                  .config = &plan->config,
                                  .publickey = chosen.publickey,
                                  .use_uid = chosen.use_uid,
                                  .force = chosen.force};
    plan->configured = readiness_load(&readiness, &plan->config, &job->problem);
    if (!plan->configured || !readiness_check_host(&readiness, &job->problem) ||
        !read_all(plan, &job->problem))
        return false;
    readiness.from_key = plan->from_key;
    if (is_sshd(plan) && !choose_form(plan, &readiness, &job->problem))
        return false;
    readiness.sshd_text =
        sshconf_text(chosen.publickey ? SSHCONF_KEY : SSHCONF_PASSWORD, plan->root);
    return readiness_check_accounts(&readiness, &job->problem) && plan_enable(plan, &job->problem);
}

static enum ctl_status run_enable(struct job *job)
{
    struct plan plan = {0};
    enum ctl_status status = plan_begin(job, &plan);
    if (status == CTL_DONE)
        status =
            prepare_enable(job, &plan) ? perform(job, &plan, say_already, do_enable) : CTL_FAILED;
    plan_end(&plan);
    return status;
}

static enum ctl_status run_disable(struct job *job)
{
    struct plan plan = {0};
    enum ctl_status status = plan_begin(job, &plan);
    if (status == CTL_DONE)
        status = plan_disable(&plan, &job->problem)
                     ? perform(job, &plan, say_not_enabled, do_disable)
                     : CTL_FAILED;
    plan_end(&plan);
    return status;
}

#define KEY_DRY_RUN   'n'
#define KEY_PUBLICKEY 0x2000
#define KEY_USE_UID   0x2001
#define KEY_FORCE     0x2002

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
    .least = 1,
    .most = 1,
    .options = enable_options,
    .option = take_option,
    .run = run_enable,
};

const struct command command_disable = {
    .name = "disable",
    .arguments = "SERVICE",
    .summary = "Stop requiring a code for sshd, sudo, su or login",
    .text =
        "Undoes swmfactl enable SERVICE; other changes of the files stay. Does not reload sshd.",
    .least = 1,
    .most = 1,
    .options = disable_options,
    .option = take_option,
    .run = run_disable,
};
