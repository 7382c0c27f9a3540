/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * applications: the programs that log users in by PAM, by service: whether they run as root and can
 * show a prompt for a code.
 */
#ifndef SWMFA_APPLICATIONS_H
#define SWMFA_APPLICATIONS_H

enum application_kind {
    APPLICATION_UNKNOWN,   /* the program is unknown */
    APPLICATION_ASKS,      /* runs as root, and shows all prompts */
    APPLICATION_CALLER,    /* the same, and the real uid is that of the user who calls it */
    APPLICATION_NOT_ROOT,  /* runs as the user: the helper, which needs root, denies */
    APPLICATION_NO_PROMPT, /* answers every prompt with the password that it already has */
    APPLICATION_NO_AUTH,   /* never calls pam_authenticate */
};

struct application {
    const char *service; /* the name of the file in pam.d */
    enum application_kind kind;
    const char *words; /* a description for a message */
};

/* applications_find: returns the program of a service. Never NULL: an unknown service has the
 * unknown kind. */
const struct application *applications_find(const char *service);

#endif
