/* SPDX-License-Identifier: BSD-3-Clause */
/* reply: see reply.h. */
#include "auth/reply.h"

#include <string.h>
#include <strings.h>

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

/* The word that the text is, with blanks around it, or REPLY_NO_CODE. */
static enum reply_kind read_word(const char *text)
{
    static const struct {
        const char *word;
        enum reply_kind kind;
    } words[] = {
        {"", REPLY_EMPTY},    {"resend", REPLY_RESEND}, {"sms", REPLY_SMS},
        {"call", REPLY_CALL}, {"help", REPLY_HELP},     {"?", REPLY_HELP},
    };
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i].word) == length && strncasecmp(text, words[i].word, length) == 0)
            return words[i].kind;
    return REPLY_NO_CODE;
}

static bool may_stand_in_code(char c, bool letters)
{
    return (c >= '0' && c <= '9') ||
           (letters && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')));
}

static bool read_code(const char *text, size_t wanted, bool letters, char *code)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '-')
            continue;
        if (!may_stand_in_code(*text, letters) || length == wanted || length == REPLY_CODE_SIZE - 1)
            return false;
        code[length++] = *text;
    }
    code[length] = '\0';
    return length == wanted;
}

enum reply_kind reply_read(const struct wire_reply *reply, size_t length, bool letters, char *code)
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
    enum reply_kind word = read_word(reply->text);
    if (word != REPLY_NO_CODE)
        return word;
    if (read_code(reply->text, length, letters, code))
        return REPLY_CODE;
    return codes_read(reply->text, code) ? REPLY_BREAK_GLASS : REPLY_NO_CODE;
}
