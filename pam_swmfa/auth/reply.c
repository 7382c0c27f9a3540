/* SPDX-License-Identifier: BSD-3-Clause */
/* reply: see reply.h. */
#include "auth/reply.h"

#include <string.h>

/*
 * For a user whom it has refused, sshd replaces what was typed by this text, repeated or cut to the
 * length of what was typed (OpenSSH's auth-pam.c, fake_password).
 */
static const char sshd_denies[] = "\b\n\r\177INCORRECT";

static bool from_refusing_sshd(const char *text)
{
    if (*text == '\0')
        return false;
    for (size_t i = 0; text[i] != '\0'; i++)
        if (text[i] != sshd_denies[i % (sizeof(sshd_denies) - 1)])
            return false;
    return true;
}

static bool may_stand_in_code(char c, const struct code_form *form)
{
    return (c >= '0' && c <= '9') ||
           (form->letters && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')));
}

static bool read_code(const char *text, const struct code_form *form, char *code)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '-')
            continue;
        if (!may_stand_in_code(*text, form) || length == form->length ||
            length == REPLY_CODE_SIZE - 1)
            return false;
        code[length++] = *text;
    }
    code[length] = '\0';
    return length == form->length;
}

enum reply_kind reply_read(const struct wire_reply *reply, const struct code_form *form, char *code)
{
    switch (reply->status) {
    case WIRE_REPLY_NOTHING:
    case WIRE_REPLY_TOO_LONG:
        return REPLY_NO_CODE;
    case WIRE_REPLY_TEXT:
        break;
    default:
        return REPLY_CONV_FAILED;
    }
    if (!wire_terminated(reply->text, sizeof(reply->text)))
        return REPLY_CONV_FAILED;
    if (from_refusing_sshd(reply->text))
        return REPLY_SSHD_DENIES;
    if (read_code(reply->text, form, code))
        return REPLY_CODE;
    explicit_bzero(code, REPLY_CODE_SIZE);
    return REPLY_NO_CODE;
}
