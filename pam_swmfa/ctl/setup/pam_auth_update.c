/* SPDX-License-Identifier: BSD-3-Clause */
/* pam_auth_update: see pam_auth_update.h. */
#include <config.h>

#include "ctl/setup/pam_auth_update.h"

#include "base/subprocess.h"
#include "config/file.h"
#include "ctl/files/atomic_write.h"
#include "ctl/files/symlink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOOL "/usr/sbin/pam-auth-update"
#define HEAD                                                                                       \
    "Name: One-time code by SMS or voice call (pam_swmfa; made by swmfactl)\n"                     \
    "Default: no\n"                                                                                \
    "Priority: 900\n"                                                                              \
    "Auth-Type: Additional\n"                                                                      \
    "Auth:\n"
/* Only a service that is certainly another one skips the module. */
#define GUARD "[success=1 default=ignore]\tpam_succeed_if.so quiet service notin "

bool profile_there(void)
{
    static const char *const files[] = {"auth", "account", "password", "session",
                                        "session-noninteractive"};
    char path[64];
    bool links = false;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(path, sizeof(path), PAMLINK_FOLDER "/common-%s", files[i]);
        links = links || pamlink_is(path);
    }
    return !links && access(TOOL, X_OK) == 0;
}

/* Finds the two lines of these services, or NULL; end: set to the end of them. */
static const char *find(const char *text, const char *services, const char **end)
{
    char guard[160];
    (void)snprintf(guard, sizeof(guard), GUARD "%s", services);
    const char *at = text;
    while (at != NULL && (at = strstr(at, guard)) != NULL) {
        const char *after = at + strlen(guard);
        const char *line = after + strspn(after, " ");
        const char *module = *line == '\n' ? line + 1 : NULL;
        size_t length = module != NULL ? strcspn(module, "\n") : 0;
        if (length > 0 && memmem(module, length, SWMFA_MODULE_PATH, strlen(SWMFA_MODULE_PATH))) {
            *end = module + length + (module[length] == '\n');
            while (at > text && at[-1] != '\n')
                at--;
            return at;
        }
        at = after;
    }
    return NULL;
}

bool profile_has(const char *text, const char *services, const char *options)
{
    char module[sizeof(SWMFA_MODULE_PATH) + 64];
    const char *end = NULL;
    const char *at = find(text, services, &end);
    if (at == NULL || options == NULL)
        return at != NULL;
    (void)snprintf(module, sizeof(module), SWMFA_MODULE_PATH " %s", options);
    at = strstr(at, SWMFA_MODULE_PATH);
    size_t length = strcspn(at, "\n");
    while (length > 0 && at[length - 1] == ' ')
        length--;
    size_t expected = strlen(module) - (*options == '\0');
    return length == expected && strncmp(at, module, length) == 0;
}

char *profile_cut(const char *text, const char *services)
{
    const char *end = NULL;
    char *result = NULL;
    const char *at = find(text, services, &end);
    if (at == NULL)
        return strdup(text);
    return asprintf(&result, "%.*s%s", (int)(at - text), text, end) < 0 ? NULL : result;
}

bool profile_is_empty(const char *profile)
{
    return strstr(profile, GUARD) == NULL;
}

char *profile_with(const char *profile, const char *services, const char *options)
{
    char *result = NULL;
    char *others = profile_cut(profile != NULL ? profile : HEAD, services);
    if (others != NULL &&
        asprintf(&result, "%s\t" GUARD "%s\n\trequired\t%s%s%s\n", others, services,
                 SWMFA_MODULE_PATH, *options != '\0' ? " " : "", options) < 0)
        result = NULL;
    free(others);
    return result;
}

/* ---- pam-auth-update ---- */

/* Runs a program that prints nothing if it succeeds. */
static bool run(const char *const *argv, const char *const *environment, struct problem *problem)
{
    char output[400];
    const struct program program = {.argv = argv,
                                    .environment = environment,
                                    .input = "",
                                    .output = {output, sizeof(output)}};
    int status = program_run(&program, problem);
    if (status < 0)
        return false;
    return status == 0 ||
           problem_set(problem, "%s ended with status %d: %s", argv[0], status, output);
}

/* The try has its own debconf: it must not change the system's, nor wait for its lock. */
static bool write_debconf(const char *folder, struct problem *problem)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/debconf.conf", folder);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return problem_set(problem, "%s: %s", path, strerror(errno));
    (void)fprintf(file,
                  "Config: config\nTemplates: templates\n\n"
                  "Name: config\nDriver: File\nFilename: %s/config.dat\n\n"
                  "Name: templates\nDriver: File\nFilename: %s/templates.dat\n",
                  folder, folder);
    return fclose(file) == 0 || problem_set(problem, "%s: %s", path, strerror(errno));
}

/* Only root can write to the copy, so nobody else edits the file meanwhile. */
static bool write_profile(const char *folder, const char *profile, struct problem *problem)
{
    char path[128];
    struct edit edit;
    (void)snprintf(path, sizeof(path), "%s%s", folder, PROFILE_PATH);
    if (!edit_begin(&edit, path, true, problem))
        return false;
    bool good = true;
    if (profile != NULL)
        good = edit_commit(&edit, profile, strlen(profile), 0644, problem);
    edit_end(&edit);
    return good;
}

/* Copies one folder to the same place within the copy. */
static bool copy_folder(const char *copy, const char *folder, struct problem *problem)
{
    char to[128];
    (void)snprintf(to, sizeof(to), "%s%.*s", copy, (int)(strrchr(folder, '/') - folder), folder);
    const char *const make[] = {"/bin/mkdir", "-p", to, NULL};
    const char *const fill[] = {"/bin/cp", "-a", folder, to, NULL};
    return run(make, NULL, problem) && run(fill, NULL, problem);
}

static bool copy_system(const char *copy, struct problem *problem)
{
    return copy_folder(copy, "/etc/pam.d", problem) && copy_folder(copy, "/var/lib/pam", problem) &&
           copy_folder(copy, "/usr/share/pam-configs", problem);
}

static bool try_in(const char *folder, const char *profile, struct problem *problem)
{
    char rc[160];
    (void)snprintf(rc, sizeof(rc), "DEBCONF_SYSTEMRC=%s/debconf.conf", folder);
    const char *const environment[] = {PROGRAM_PATH, "DEBIAN_FRONTEND=noninteractive", rc, NULL};
    const char *const argv[] = {TOOL,    "--root",
                                folder,  profile != NULL ? "--enable" : "--remove",
                                "swmfa", NULL};
    return copy_system(folder, problem) && write_profile(folder, profile, problem) &&
           write_debconf(folder, problem) && run(argv, environment, problem);
}

/*
 * Returns common-auth, or NULL if pam-auth-update did not add or remove the profile's lines there.
 */
static char *result_in(const char *folder, const char *profile, struct problem *problem)
{
    char path[128];
    size_t length = 0;
    (void)snprintf(path, sizeof(path), "%s%s", folder, PROFILE_COMMON);
    char *text = file_read(path, FILE_PUBLIC, &length, problem);
    bool has = text != NULL && strstr(text, GUARD) != NULL;
    if (text == NULL || has == (profile != NULL))
        return text;
    free(text);
    problem->text[0] = '\0';
    return NULL;
}

char *profile_try(const char *profile, struct problem *problem)
{
    char folder[] = "/run/swmfactl.XXXXXX";
    if (mkdtemp(folder) == NULL) {
        problem_set(problem, "%s: %s", folder, strerror(errno));
        return NULL;
    }
    char *text = NULL;
    if (try_in(folder, profile, problem))
        text = result_in(folder, profile, problem);
    const char *const argv[] = {"/bin/rm", "-rf", folder, NULL};
    struct problem why = {0};
    if (!run(argv, NULL, &why) && text != NULL)
        (void)fprintf(stderr, "swmfactl: warning: %s\n", why.text);
    return text;
}

bool profile_apply(bool remove, struct problem *problem)
{
    const char *const environment[] = {PROGRAM_PATH, "DEBIAN_FRONTEND=noninteractive", NULL};
    const char *const argv[] = {TOOL, remove ? "--remove" : "--enable", "swmfa", NULL};
    return run(argv, environment, problem);
}
