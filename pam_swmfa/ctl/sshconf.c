/* SPDX-License-Identifier: BSD-3-Clause */
/* sshconf: see sshconf.h, sshd_config(5), sshd(8). */
#include <config.h>

#include "ctl/sshconf.h"

#include "auth/log.h"
#include "ctl/program.h"
#include "ctl/sshd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SSHD        "/usr/sbin/sshd"
#define PID_FILE    "/run/sshd.pid" /* where none is given */
#define OUTPUT_SIZE 65536

#define TEXT(methods)                                                                              \
    "# Made by swmfactl enable sshd; swmfactl disable sshd removes it. See pam_swmfa(8).\n"        \
    "# In sshd the first value counts, hence the name that sorts first.\n"                         \
    "UsePAM yes\n"                                                                                 \
    "KbdInteractiveAuthentication yes\n"                                                           \
    "PasswordAuthentication no\n"                                                                  \
    "AuthenticationMethods " methods "\n"                                                          \
    "LoginGraceTime 180\n"

static const char *const texts[] = {TEXT("keyboard-interactive"),
                                    TEXT("publickey,keyboard-interactive")};

const char *sshconf_text(bool publickey)
{
    return texts[publickey];
}

bool sshconf_is_ours(const char *text)
{
    return strcmp(text, texts[0]) == 0 || strcmp(text, texts[1]) == 0;
}

/* ---- what sshd says ---- */

static bool ask_sshd(const char *option, char *output, size_t size, struct problem *problem)
{
    const char *const argv[] = {SSHD, option, NULL};
    const struct program sshd = {.argv = argv, .input = "", .output = output, .size = size};
    int status = program_run(&sshd, problem);
    if (status < 0)
        return false;
    return status == 0 ||
           problem_set(problem, "sshd %s: %.*s", option, (int)strcspn(output, "\r\n"), output);
}

/* The value of a key in what sshd -T prints, all of it in lower case; or "". */
static const char *value_of(const char *output, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);
    for (const char *at = output; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, key, length) == 0 && at[length] == ' ') {
            (void)snprintf(value, size, "%.*s", (int)strcspn(at + length + 1, "\n"),
                           at + length + 1);
            return value;
        }
    }
    return "";
}

static bool is_value(const char *output, const char *key, const char *expected)
{
    char buffer[256];
    return strcmp(value_of(output, key, buffer, sizeof(buffer)), expected) == 0;
}

static bool check_value(const char *output, const char *key, const char *expected,
                        struct problem *problem)
{
    char buffer[256];
    const char *value = value_of(output, key, buffer, sizeof(buffer));
    return strcmp(value, expected) == 0 ||
           problem_set(
               problem,
               "/etc/ssh/sshd_config: %s would be \"%s\" and not \"%s\" in spite of " SSHCONF_PATH
               ", which is not read, or not first: begin sshd_config with "
               "\"Include /etc/ssh/sshd_config.d/*.conf\", and look for files before it",
               key, value, expected);
}

static bool in_force(bool publickey, struct problem *problem)
{
    bool good = false;
    char *output = malloc(OUTPUT_SIZE);
    if (output == NULL)
        return problem_set(problem, "no memory");
    if (ask_sshd("-t", output, OUTPUT_SIZE, problem) &&
        ask_sshd("-T", output, OUTPUT_SIZE, problem))
        good = check_value(output, "usepam", "yes", problem) &&
               check_value(output, "kbdinteractiveauthentication", "yes", problem) &&
               check_value(output, "passwordauthentication", "no", problem) &&
               check_value(output, "authenticationmethods",
                           publickey ? "publickey,keyboard-interactive" : "keyboard-interactive",
                           problem);
    free(output);
    return good;
}

/* A Match block can undo what is set for all. */
static void warn_of_matches(void)
{
    char where[4200];
    char line[256];
    char text[1024];
    for (size_t i = 0; sshd_find_match(i, where, sizeof(where), line, sizeof(line)); i++)
        if (sshd_spares(line))
            (void)
                fprintf(stderr,
                        "swmfactl: warning: %s: \"%s\" in a Match block: those whom it is for get "
                        "in without a code\n",
                        where, log_escape(text, sizeof(text), line, ""));
}

bool sshconf_check(bool publickey, struct problem *problem)
{
    char *output = malloc(OUTPUT_SIZE);
    if (output == NULL)
        return problem_set(problem, "no memory");
    bool good = ask_sshd("-T", output, OUTPUT_SIZE, problem);
    if (good && !publickey && is_value(output, "passwordauthentication", "no") &&
        is_value(output, "kbdinteractiveauthentication", "no"))
        good = problem_set(problem, "sshd takes no password now, and would take one; for key and "
                                    "code: swmfactl enable sshd --publickey. If it is to be "
                                    "password and code, set PasswordAuthentication yes first");
    if (good && (is_value(output, "permitrootlogin", "without-password") ||
                 is_value(output, "permitrootlogin", "prohibit-password")))
        (void)fprintf(stderr,
                      "swmfactl: warning: sshd will refuse root whatever is typed, until "
                      "sshd_config has \"PermitRootLogin yes\" (%s)\n",
                      publickey ? "the key stays necessary" : "or no, if that is wanted");
    free(output);
    if (good)
        warn_of_matches();
    return good;
}

bool sshconf_make(const struct change *change, bool publickey, struct problem *problem)
{
    struct problem why = {0};
    struct problem undone = {.text = SSHCONF_PATH " is again as it was"};
    if (!change_make(change, 0644, problem))
        return false;
    if (in_force(publickey, &why))
        return true;
    (void)change_undo(change, 0644, &undone);
    return problem_set(problem, "%.350s; %.150s", why.text, undone.text);
}

/* ---- the sshd that runs ---- */

static bool runs(const char *pid_file)
{
    char text[32] = "";
    FILE *file = fopen(pid_file, "re");
    if (file == NULL)
        return false;
    const char *got = fgets(text, sizeof(text), file);
    (void)fclose(file);
    long pid = got != NULL ? strtol(text, NULL, 10) : 0;
    return pid > 0 && kill((pid_t)pid, 0) == 0;
}

static void find_pid_file(char *path, size_t size)
{
    struct problem why;
    char *output = malloc(OUTPUT_SIZE);
    const char *found = "";
    if (output != NULL && ask_sshd("-T", output, OUTPUT_SIZE, &why))
        found = value_of(output, "pidfile", path, size);
    if (*found == '\0')
        (void)snprintf(path, size, "%s", PID_FILE);
    free(output);
}

bool sshconf_is_loaded(void)
{
    char path[256];
    struct stat pid_file;
    struct stat conf;
    find_pid_file(path, sizeof(path));
    if (!runs(path) || stat(path, &pid_file) != 0)
        return true; /* or PidFile is none: nobody can tell */
    return stat(SSHCONF_PATH, &conf) == 0 && (pid_file.st_mtim.tv_sec > conf.st_mtim.tv_sec ||
                                              (pid_file.st_mtim.tv_sec == conf.st_mtim.tv_sec &&
                                               pid_file.st_mtim.tv_nsec > conf.st_mtim.tv_nsec));
}

static bool has_unit(const char *name)
{
    static const char *const folders[] = {"/etc", "/usr/lib", "/lib"};
    char path[64];
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/systemd/system/%s.service", folders[i], name);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

const char *sshconf_reload(void)
{
    if (has_unit("ssh"))
        return "systemctl reload ssh";
    if (has_unit("sshd"))
        return "systemctl reload sshd";
    return "kill -HUP $(cat " PID_FILE ")";
}
