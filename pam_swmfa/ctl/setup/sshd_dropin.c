/* SPDX-License-Identifier: BSD-3-Clause */
/* sshd_dropin: see sshd_dropin.h, sshd_config(5), sshd(8). */
#include <config.h>

#include "ctl/setup/sshd_dropin.h"

#include "ctl/host/sshd_config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MARK "# Made by swmfactl enable sshd"
#define HEAD                                                                                       \
    MARK "; swmfactl disable sshd removes it. See pam_swmfa(8).\n# In sshd the first value "       \
         "counts, hence the name that sorts first.\nUsePAM yes\nKbdInteractiveAuthentication "     \
         "yes\nPasswordAuthentication no\n"
#define METHODS "AuthenticationMethods "
#define END     "LoginGraceTime 180\n"
#define ROOT    "PermitRootLogin yes\n" /* after a key alone, sshd asks root for nothing more */

static const char *const methods[] = {
    [SSHCONF_PASSWORD] = "keyboard-interactive",
    [SSHCONF_KEY] = "publickey,keyboard-interactive",
    [SSHCONF_KEY_OR_BOTH] = "publickey publickey,keyboard-interactive",
};

#define TEXT(words) HEAD METHODS words "\n" END
static const char *const texts[][2] = {
    [SSHCONF_PASSWORD] = {TEXT("keyboard-interactive"), TEXT("keyboard-interactive")},
    [SSHCONF_KEY] = {TEXT("publickey,keyboard-interactive"),
                     TEXT("publickey,keyboard-interactive") ROOT},
    [SSHCONF_KEY_OR_BOTH] = {TEXT("publickey publickey,keyboard-interactive"),
                             TEXT("publickey publickey,keyboard-interactive") ROOT},
};
#define FORMS (sizeof(texts) / sizeof(texts[0]))

const char *sshconf_text(enum sshconf_form form, bool root)
{
    return texts[form][root];
}

bool sshconf_is_ours(const char *text)
{
    for (size_t i = 0; i < FORMS; i++)
        if (strcmp(text, texts[i][0]) == 0 || strcmp(text, texts[i][1]) == 0)
            return true;
    return false;
}

bool sshconf_find_form(const char *text, enum sshconf_form *form)
{
    const char *at = strstr(text, "\n" METHODS);
    const char *value = at != NULL ? at + strlen("\n" METHODS) : "";
    size_t length = strcspn(value, "\n");
    bool found = false;
    for (size_t i = 0; i < FORMS; i++)
        if (strlen(methods[i]) == length && strncmp(value, methods[i], length) == 0) {
            *form = (enum sshconf_form)i;
            found = true;
        }
    return found && strncmp(text, MARK, strlen(MARK)) == 0;
}

const char *sshconf_needs(enum sshconf_form form, bool asks)
{
    switch (form) {
    case SSHCONF_KEY_OR_BOTH:
        return "a key, and no code";
    case SSHCONF_KEY:
        return asks ? "the key, the password and a code" : "the key and the password, and no code";
    default:
        return "the password, and no code; a key is not enough";
    }
}

/* The values can be those of another version. */
bool sshconf_is_known(const char *text)
{
    static const char *const known[] = {"#",
                                        "UsePAM ",
                                        "KbdInteractiveAuthentication ",
                                        "PasswordAuthentication ",
                                        "AuthenticationMethods ",
                                        "LoginGraceTime ",
                                        "PermitRootLogin "};
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
        bool is = *at == '\n';
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            is = is || strncmp(at, known[i], strlen(known[i])) == 0;
        if (!is)
            return false;
    }
    return true;
}

/* A PermitRootLogin that is stricter than ours was set by somebody else. */
bool sshconf_is_removable(const char *text)
{
    const char *root = strstr(text, "\nPermitRootLogin ");
    return sshconf_is_ours(text) ||
           (strncmp(text, MARK, strlen(MARK)) == 0 && sshconf_is_known(text) &&
            (root == NULL || strncmp(root + 1, ROOT, strlen(ROOT)) == 0));
}

bool sshconf_in_force(enum sshconf_form form, struct problem *problem)
{
    const char *const values[][2] = {
        {"usepam", "yes"},
        {"kbdinteractiveauthentication", "yes"},
        {"passwordauthentication", "no"},
        {"authenticationmethods", methods[form]},
    };
    const struct sshd_question question = {0};
    struct sshd sshd;
    bool good = sshd_ask(&sshd, &question, problem);
    for (size_t i = 0; good && i < sizeof(values) / sizeof(values[0]); i++)
        good = sshd_says(&sshd, values[i][0], values[i][1]) ||
               problem_set(problem, "sshd -T: %s is not \"%s\" although " SSHCONF_PATH " sets it",
                           values[i][0], values[i][1]);
    sshd_free(&sshd);
    return good;
}

bool sshconf_make(const struct change *change, enum sshconf_form form, struct problem *problem)
{
    struct problem why = {0};
    struct problem undone = {.text = SSHCONF_PATH " was restored"};
    if (!change_make(change, 0644, problem))
        return false;
    if (sshconf_in_force(form, &why))
        return true;
    (void)change_undo(change, 0644, &undone);
    return problem_set(problem, "%s; %s", why.text, undone.text);
}

/* ---- the running sshd ---- */

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

const char *sshconf_reload(pid_t pid, char *command, size_t size)
{
    if (has_unit("ssh"))
        return "systemctl reload ssh";
    if (has_unit("sshd"))
        return "systemctl reload sshd";
    (void)snprintf(command, size, "kill -HUP %d", (int)pid);
    return pid > 0 ? command : "kill -HUP $(cat /run/sshd.pid)";
}
