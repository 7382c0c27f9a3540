/* SPDX-License-Identifier: BSD-3-Clause */
/* reply: what the person typed, looked at before it costs a request and an attempt. */
#ifndef SWMFA_REPLY_H
#define SWMFA_REPLY_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>

enum reply_kind {
    REPLY_CODE,        /* it has the form of a code */
    REPLY_NO_CODE,     /* it cannot be a code: empty, too long, another length, other characters */
    REPLY_SSHD_DENIES, /* what sshd answers for a user whom it has refused already */
    REPLY_CONV_FAILED, /* there was no conversation */
};

#define REPLY_CODE_SIZE 21 /* the longest code, 20, and a NUL */

struct code_form {
    size_t length; /* characters of a code */
    bool letters;  /* a code may have ASCII letters besides digits */
};

/*
 * reply_read: reads a reply. Blanks and hyphens that a person puts between the characters are
 * dropped. code: of REPLY_CODE_SIZE, set for REPLY_CODE only; the caller wipes it.
 */
enum reply_kind reply_read(const struct wire_reply *reply, const struct code_form *form,
                           char *code);

#endif
