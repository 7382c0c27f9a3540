/* SPDX-License-Identifier: BSD-3-Clause */
/* reply: examines what the user typed, before it costs a request and an attempt. */
#ifndef SWMFA_REPLY_H
#define SWMFA_REPLY_H

#include "store/codes.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>

enum reply_kind {
    REPLY_CODE,        /* it has the form of a code of the provider */
    REPLY_BREAK_GLASS, /* it has the form of a break-glass code */
    REPLY_EMPTY,       /* nothing but Enter */
    REPLY_RESEND,      /* the words: resend, or another for it, */
    REPLY_SMS,         /* sms or text, */
    REPLY_CALL,        /* call or phone, */
    REPLY_HELP,        /* help or a question mark */
    REPLY_NO_CODE,     /* it can be none of these: too long, another length, other characters */
    REPLY_SSHD_DENIES, /* sshd's answer for a user whom it has already refused */
    REPLY_CONV_FAILED, /* there was no conversation */
};

#define REPLY_CODE_SIZE CODES_CODE_SIZE /* a break-glass code is longer than any other */

/*
 * reply_read: reads a reply. First it drops what a paste or a phone puts around a code: blanks of
 * any kind, hyphens, full stops, invisible characters; full-width characters are taken for ASCII
 * ones. A text such as "Your code is: 123456" is a code if nothing else in it can be one. A word
 * may be in upper or lower case. A word in the prompt takes precedence over a code with the same
 * letters; other words do not. length: characters of a code; letters: a code may have ASCII letters
 * besides digits. code: of REPLY_CODE_SIZE, set for REPLY_CODE and REPLY_BREAK_GLASS; the caller
 * wipes it.
 */
enum reply_kind reply_read(const struct wire_reply *reply, size_t length, bool letters, char *code);

#endif
