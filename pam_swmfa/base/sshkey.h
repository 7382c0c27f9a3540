/* SPDX-License-Identifier: BSD-3-Clause */
/* sshkey: which public keys sshd has accepted in this login. */
#ifndef SWMFA_SSHKEY_H
#define SWMFA_SSHKEY_H

#include <stdbool.h>
#include <stddef.h>

#define SSHKEY_PREFIX           "SHA256:"
#define SSHKEY_FINGERPRINT_SIZE 51 /* the prefix, 43 characters of base64, NUL */
#define SSHKEY_MOST             4

struct sshkeys {
    size_t count;
    char fingerprint[SSHKEY_MOST][SSHKEY_FINGERPRINT_SIZE]; /* in the form of ssh-keygen -l */
};

/*
 * sshkey_read: reads sshd's SSH_AUTH_INFO_0 (OpenSSH's auth2.c, auth2_update_session_info): a line
 * for each method that has succeeded, for a key "publickey TYPE BASE64". Skips keys after the
 * fourth, certificates, and lines of another form.
 */
void sshkey_read(const char *info, struct sshkeys *keys);

/* sshkey_is_fingerprint: returns whether a text has the form of a fingerprint, with its prefix. */
bool sshkey_is_fingerprint(const char *text, size_t length);

#endif
