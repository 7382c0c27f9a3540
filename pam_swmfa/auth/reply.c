/* SPDX-License-Identifier: BSD-3-Clause */
/* reply: see reply.h. */
#include "auth/reply.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/*
 * If sshd has refused a user, it replaces the typed text by this one, repeated or cut to the same
 * length (OpenSSH's auth-pam.c, fake_password).
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

/* ---- what stands around a code ---- */

#define DROPPED '\0'

/* Replacements of characters; all others stay. */
static const struct {
    uint32_t first, last;
    char becomes; /* for a range: that of its first character, and so on */
    bool counts_up;
} characters[] = {
    {'\t', '\n', ' ', false},         /* a tab or newline that was pasted too */
    {'\r', '\r', ' ', false},         /* the same */
    {0x00a0, 0x00a0, ' ', false},     /* no-break space */
    {0x00ad, 0x00ad, DROPPED, false}, /* soft hyphen */
    {0x2000, 0x200a, ' ', false},     /* spaces of all widths */
    {0x200b, 0x200f, DROPPED, false}, /* invisible: of no width, and marks of direction */
    {0x2010, 0x2015, '-', false},     /* hyphens and dashes */
    {0x202a, 0x202e, DROPPED, false}, /* embedding by direction */
    {0x202f, 0x202f, ' ', false},     /* narrow no-break space */
    {0x205f, 0x205f, ' ', false},     /* mathematical space */
    {0x2060, 0x2060, DROPPED, false}, /* word joiner */
    {0x2066, 0x2069, DROPPED, false}, /* isolates by direction */
    {0x2212, 0x2212, '-', false},     /* minus */
    {0x3000, 0x3000, ' ', false},     /* ideographic space */
    {0x3002, 0x3002, '.', false},     /* ideographic full stop */
    {0xfeff, 0xfeff, DROPPED, false}, /* byte order mark */
    {0xff01, 0xff5e, '!', true},      /* full-width ASCII */
};

/* Terminals put these around pasted text. */
static const char *const paste_marks[] = {"\033[200~", "\033[201~"};

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0U) == 0x80;
}

#define NO_CHARACTER UINT32_MAX

/* Reads a character of UTF-8 that may be in the table, or one byte. Returns how many bytes it has.
 */
static size_t next_character(const char *text, uint32_t *character)
{
    const unsigned char *bytes = (const unsigned char *)text;
    *character = bytes[0] < 0x80 ? bytes[0] : NO_CHARACTER;
    if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf && continues(text[1])) {
        *character = (bytes[0] & 0x1fU) << 6 | (bytes[1] & 0x3fU);
        return 2;
    }
    if (bytes[0] >= 0xe0 && bytes[0] <= 0xef && continues(text[1]) && continues(text[2])) {
        uint32_t read = (bytes[0] & 0x0fU) << 12 | (bytes[1] & 0x3fU) << 6 | (bytes[2] & 0x3fU);
        *character = read >= 0x800 ? read : NO_CHARACTER; /* written too long */
        return 3;
    }
    return 1;
}

static size_t paste_mark(const char *text)
{
    for (size_t i = 0; i < sizeof(paste_marks) / sizeof(paste_marks[0]); i++)
        if (strncmp(text, paste_marks[i], strlen(paste_marks[i])) == 0)
            return strlen(paste_marks[i]);
    return 0;
}

/* Appends the replacement of a character of size bytes. Returns the new length. */
static size_t put_cleaned(const char *text, size_t size, uint32_t character, char *clean,
                          size_t length)
{
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        uint32_t first = characters[i].first;
        if (character < first || character > characters[i].last)
            continue;
        uint32_t place = characters[i].counts_up ? character - first : 0;
        if (characters[i].becomes != DROPPED)
            clean[length++] = (char)((uint32_t)characters[i].becomes + place);
        return length;
    }
    memcpy(clean + length, text, size);
    return length + size;
}

static size_t without_blanks(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] == ' ')
        length--;
    return length;
}

/*
 * Writes the text as if it had been typed, without blanks around it and without a full stop at the
 * end. clean is as large as text.
 */
static void clean_text(const char *text, char *clean)
{
    size_t length = 0;
    while (*text != '\0') {
        uint32_t character = 0;
        size_t size = paste_mark(text);
        if (size == 0) {
            size = next_character(text, &character);
            length = put_cleaned(text, size, character, clean, length);
        }
        if (length == 1 && clean[0] == ' ')
            length = 0;
        text += size;
    }
    length = without_blanks(clean, length);
    if (length > 1 && clean[length - 1] == '.')
        length = without_blanks(clean, length - 1);
    clean[length] = '\0';
}

/* ---- words ---- */

/* True if the text is that word, in upper or lower case; several blanks count as one. */
static bool is_word(const char *text, const char *word)
{
    for (; *word != '\0'; word++) {
        if (strncasecmp(text, word, 1) != 0)
            return false;
        text += *word == ' ' ? strspn(text, " ") : 1;
    }
    return *text == '\0';
}

/* The word that the text is, or REPLY_NO_CODE. named: those of the prompts, or the others. */
static enum reply_kind read_word(const char *text, bool named)
{
    static const struct {
        const char *word;
        enum reply_kind kind;
        bool named; /* a prompt names it */
    } words[] = {
        {"", REPLY_EMPTY, true},
        {"resend", REPLY_RESEND, true},
        {"sms", REPLY_SMS, true},
        {"call", REPLY_CALL, true},
        {"help", REPLY_HELP, true},
        {"?", REPLY_HELP, true},
        {"text", REPLY_SMS, false},
        {"phone", REPLY_CALL, false},
        {"again", REPLY_RESEND, false},
        {"new code", REPLY_RESEND, false},
        {"send again", REPLY_RESEND, false},
        {"resend code", REPLY_RESEND, false},
        {"resend the code", REPLY_RESEND, false},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].named == named && is_word(text, words[i].word))
            return words[i].kind;
    return REPLY_NO_CODE;
}

/* ---- codes ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads a text that is a code and nothing else. Full stops between letters make something else. */
static bool read_code(const char *text, size_t wanted, bool letters, char *code)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '-' || (*text == '.' && !letters))
            continue;
        bool good = is_digit(*text) || (letters && is_letter(*text));
        if (!good || length == wanted || length == REPLY_CODE_SIZE - 1)
            return false;
        code[length++] = *text;
    }
    code[length] = '\0';
    return length == wanted;
}

/* True if a code can begin there, in a text such as "Code: 123456", "(123456)" or "G-123456". */
static bool may_begin(const char *text, const char *at)
{
    if (at == text || strchr(" :=([\"'", at[-1]) != NULL)
        return true;
    if (at[-1] != '-')
        return false;
    const char *hyphen = --at;
    while (at > text && at[-1] >= 'A' && at[-1] <= 'Z')
        at--;
    return (at == text || at[-1] == ' ') && hyphen - at <= 3; /* a sender's initials, or none */
}

/* Finds the only code in a text: as many digits as required, and no other digit. */
static bool find_digits(const char *text, size_t wanted, char *code)
{
    const char *at = text + strcspn(text, "0123456789");
    size_t length = strspn(at, "0123456789");
    const char *rest = at + length;
    if (length != wanted || length >= REPLY_CODE_SIZE || strpbrk(rest, "0123456789") != NULL ||
        !may_begin(text, at) || (*rest != '\0' && strchr(" .,;:!)]\"'", *rest) == NULL))
        return false;
    memcpy(code, at, length);
    code[length] = '\0';
    return true;
}

/*
 * The same for codes with letters: the code must end the text and follow a colon and a blank, with
 * no digit before them, and have a digit itself, so that no word is taken for one.
 */
static bool find_letters(const char *text, size_t wanted, char *code)
{
    const char *at = strrchr(text, ':');
    if (at == NULL || at[1] != ' ' || strcspn(text, "0123456789") < (size_t)(at - text))
        return false;
    at += 1 + strspn(at + 1, " ");
    return strchr(at, ' ') == NULL && strpbrk(at, "0123456789") != NULL &&
           read_code(at, wanted, true, code);
}

/* Looks for a code in a text that has more in it; in none that a terminal has spoilt. */
static bool find_code(const char *text, size_t wanted, bool letters, char *code)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == '\177')
            return false;
    return letters ? find_letters(text, wanted, code) : find_digits(text, wanted, code);
}

/* Every way of writing a code. code: set for a code. */
static enum reply_kind read_codes(const char *text, size_t length, bool letters, char *code)
{
    if (read_code(text, length, letters, code))
        return REPLY_CODE;
    enum reply_kind word = read_word(text, false);
    if (word != REPLY_NO_CODE)
        return word;
    if (codes_read(text, code))
        return REPLY_BREAK_GLASS;
    return find_code(text, length, letters, code) ? REPLY_CODE : REPLY_NO_CODE;
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
    char text[WIRE_REPLY_SIZE] = "";
    clean_text(reply->text, text);
    enum reply_kind kind = read_word(text, true);
    if (kind == REPLY_NO_CODE)
        kind = read_codes(text, length, letters, code);
    explicit_bzero(text, sizeof(text));
    if (kind != REPLY_CODE && kind != REPLY_BREAK_GLASS)
        explicit_bzero(code, REPLY_CODE_SIZE);
    return kind;
}
