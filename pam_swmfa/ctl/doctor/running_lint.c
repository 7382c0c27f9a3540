/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * running_lint: reports a half finished swmfactl enable sshd, and the listening sshd that use
 * another configuration than the one that doctor examines; see host_lint.h.
 */
#include <config.h>

#include "ctl/doctor/host_lint.h"

#include "ctl/files/file_change.h"
#include "ctl/host/listener.h"
#include "ctl/setup/sshd_dropin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is half done ---- */

/* The finished parts. */
enum half {
    HALF_NOTHING,
    HALF_STACK,  /* the stack does not ask for a code yet */
    HALF_KEY,    /* it does, and sshd's file still lets a key in alone */
    HALF_FACTOR, /* it asks for the password as well */
};

static const char *const half_texts[] = {
    [HALF_STACK] = "this file is in place, but the PAM stack does not ask for a code",
    [HALF_KEY] = "the PAM stack asks for a code, but this file still lets a key in alone",
    [HALF_FACTOR] = "this file asks for a key, but the PAM stack still asks for the password",
};

static enum half find_half(const struct lint_context *lint, enum sshconf_form form, bool asks)
{
    if (!asks)
        return HALF_STACK;
    if (form == SSHCONF_KEY_OR_BOTH)
        return HALF_KEY;
    return form == SSHCONF_KEY && lint_has_factor(lint) ? HALF_FACTOR : HALF_NOTHING;
}

static void tell_needs(enum sshconf_form form, bool asks, bool unread, struct problem *text)
{
    struct problem why = {0};
    if (!sshconf_in_force(form, &why))
        problem_set(text, "it is unknown what a login needs: %s", why.text);
    else
        problem_set(text, "%sa login needs %s",
                    unread ? "until you reload sshd, its previous settings apply; after the reload "
                           : "",
                    sshconf_needs(form, asks));
}

/* The commands that finish it: sshd must know of a file before the stack changes. */
static const char *tell_rest(enum half half, enum sshconf_form form, const char *reload, char *text,
                             size_t size)
{
    const char *option = form == SSHCONF_PASSWORD ? "" : " --publickey";
    if (half == HALF_KEY)
        (void)snprintf(text, size, "swmfactl enable sshd%s\n%s", option, reload);
    else
        (void)snprintf(text, size, "%s%sswmfactl enable sshd%s", reload,
                       *reload != '\0' ? "\n" : "", option);
    return text;
}

/* unread: one that has not read its configuration; NULL: there is none. */
static void add_half(const struct lint_context *lint, enum half half, enum sshconf_form form,
                     const struct listener *unread)
{
    struct problem needs = {0};
    char rest[256];
    char command[64];
    bool reload = half == HALF_KEY || unread != NULL;
    const char *how =
        reload ? sshconf_reload(unread != NULL ? unread->pid : 0, command, sizeof(command)) : "";
    tell_needs(form, half != HALF_STACK, unread != NULL, &needs);
    findings_add(lint->findings, SEVERITY_WARNING, "half-enabled", SSHCONF_PATH,
                 tell_rest(half, form, how, rest, sizeof(rest)),
                 "sshd: swmfactl enable sshd%s is half done: %s; %s; to undo it: %s",
                 form == SSHCONF_PASSWORD ? "" : " --publickey", half_texts[half], needs.text,
                 half == HALF_FACTOR ? "swmfactl enable sshd" : "swmfactl disable sshd");
}

static void lint_half(const struct lint_context *lint, bool asks, const struct listener *unread)
{
    struct change file;
    struct problem why = {0};
    enum sshconf_form form = SSHCONF_PASSWORD;
    if (!change_begin(&file, SSHCONF_PATH, &why)) {
        findings_add(lint->findings, SEVERITY_WARNING, "half-enabled", SSHCONF_PATH, "",
                     "sshd: it is unknown whether swmfactl enable sshd is half done: %s", why.text);
        return;
    }
    if (file.before != NULL && sshconf_find_form(file.before, &form)) {
        enum half half = find_half(lint, form, asks);
        if (half != HALF_NOTHING)
            add_half(lint, half, form, unread);
    }
    change_end(&file);
}

/* ---- every sshd that listens ---- */

/* The words of its command line, with blanks between. Returns the buffer. */
static const char *show_options(const struct listener *listener, char *text, size_t size)
{
    const char **options = listener_options(listener);
    text[0] = '\0';
    for (size_t i = 0, used = 0; options != NULL && options[i] != NULL && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? " " : "", options[i]);
    free(options);
    return text;
}

#define NOT_THAT "doctor's findings on sshd do not apply to its logins"

/* True if it uses a configuration that doctor does not examine, which is a finding. */
static bool lint_other(const struct lint_context *lint, const struct listener *listener)
{
    char options[1024];
    const char *fix = "stop it, or start it without -f and -o";
    if (!listener_runs(listener, sshd_program()))
        findings_add(lint->findings, SEVERITY_WARNING, "sshd-other", listener->program, "stop it",
                     "sshd (process %d) is a different program from %s, and its configuration is "
                     "unknown: " NOT_THAT,
                     (int)listener->pid, sshd_program() != NULL ? sshd_program() : "sshd");
    else if (!listener->options_known)
        findings_add(lint->findings, SEVERITY_WARNING, "sshd-other", listener->program, fix,
                     "sshd (process %d) was started with options that cannot be read: it may have "
                     "its own configuration, and " NOT_THAT,
                     (int)listener->pid);
    else if (listener->own_config)
        findings_add(lint->findings, SEVERITY_WARNING, "sshd-other", listener->program, fix,
                     "sshd (process %d) was started with its own configuration, %s: " NOT_THAT,
                     (int)listener->pid, show_options(listener, options, sizeof(options)));
    else
        return false;
    return true;
}

static void lint_listener(const struct lint_context *lint, const struct listener *listener)
{
    char command[64];
    if (lint_other(lint, listener) || listener->has_read)
        return;
    findings_add(
        lint->findings, SEVERITY_WARNING, "sshd-reload", listener->program,
        sshconf_reload(listener->pid, command, sizeof(command)),
        "sshd (process %d) may not have read its configuration since the last change: until you "
        "reload it, logins may need more or less than this report says",
        (int)listener->pid);
}

void lint_running(const struct lint_context *lint, bool asks)
{
    struct listeners listeners;
    struct problem why = {0};
    const struct listener *unread = NULL;
    if (!listeners_examine(&listeners, &why))
        findings_add(lint->findings, SEVERITY_WARNING, "sshd-reload", "/proc", "",
                     "sshd: it is unknown which sshd processes listen, and what they have read: %s",
                     why.text);
    for (size_t i = 0; i < listeners.count; i++) {
        lint_listener(lint, &listeners.at[i]);
        if (unread == NULL && !listeners.at[i].has_read)
            unread = &listeners.at[i];
    }
    lint_half(lint, asks, unread);
    listeners_free(&listeners);
}
