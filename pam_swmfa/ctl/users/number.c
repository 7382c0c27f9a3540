/* SPDX-License-Identifier: BSD-3-Clause */
/* number: see number.h. */
#include <config.h>

#include "ctl/users/number.h"

#include "config/numbering.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MOST 24 /* more than any number has, with the prefix 00 */

#define TOO_LONG "it is too long: at most 15 digits follow +"
#define EXPECTED "expected a number such as +1 202 916 7968: "
#define AS_TEXT  "; format the column as text, and enter the number again"

/* A spreadsheet shows and saves a long number like this: the last digits are lost. */
#define ROUNDED "^[-+]?[0-9]+([.,][0-9]*)?[eE][-+]?[0-9]+$"

/* ---- characters ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The Unicode blanks are all below U+2070, apart from two. */
size_t number_blank_length(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (*at == ' ' || *at == '\t')
        return 1;
    if (begins(text, "\xc2\xa0") || begins(text, "\xc2\xad")) /* no-break space, soft hyphen */
        return 2;
    if (begins(text, "\xe3\x80\x80") || begins(text, "\xef\xbb\xbf")) /* U+3000, U+FEFF */
        return 3;
    if (begins(text, "\xe2\x80")) /* U+2000 to U+200F, U+2028 to U+202F */
        return (at[2] >= 0x80 && at[2] <= 0x8f) || (at[2] >= 0xa8 && at[2] <= 0xaf) ? 3 : 0;
    return begins(text, "\xe2\x81") && at[2] >= 0x9f && at[2] <= 0xaf ? 3 : 0; /* to U+206F */
}

static size_t hyphen_length(const char *text)
{
    if (*text == '-')
        return 1;
    if (begins(text, "\xe2\x88\x92")) /* the minus sign */
        return 3;
    return begins(text, "\xe2\x80") && (unsigned char)text[2] >= 0x90 &&
                   (unsigned char)text[2] <= 0x95
               ? 3
               : 0;
}

/* ---- reading what is written ---- */

/* A number in pieces. */
struct written {
    bool plus;
    char digits[DIGITS_MOST + 1];
    size_t count;
    bool open;       /* a parenthesis is open */
    const char *dot; /* the last one; NULL: none */
};

/* Reads the character at text. Returns its length; 0: it is not allowed there. */
static size_t take(struct written *written, const char *text)
{
    size_t length = number_blank_length(text);
    if (length > 0)
        return length;
    if (*text == '\xa0') /* a no-break space in the encodings of Windows */
        return 1;
    if (*text >= '0' && *text <= '9') {
        if (written->count == DIGITS_MOST)
            return 0;
        written->digits[written->count++] = *text;
        return 1;
    }
    if (*text == '+' && !written->plus && written->count == 0)
        return written->plus = true;
    if ((*text == '(' && !written->open) || (*text == ')' && written->open)) {
        written->open = !written->open;
        return 1;
    }
    if (written->count == 0)
        return 0;
    if (*text == '.') {
        written->dot = text;
        return 1;
    }
    return hyphen_length(text);
}

static bool is_rounded(const char *text)
{
    regex_t expression;
    if (regcomp(&expression, ROUNDED, REG_EXTENDED | REG_NOSUB) != 0)
        return true;
    bool match = regexec(&expression, text, 0, NULL, 0) == 0;
    regfree(&expression);
    return match;
}

static bool has_letter(const char *text)
{
    while (*text != '\0' && !isalpha((unsigned char)*text))
        text++;
    return *text != '\0';
}

/* Splits the whole text. Returns what is wrong, or NULL. */
static const char *take_all(struct written *written, const char *text)
{
    size_t length = 0;
    if (is_rounded(text))
        return "the spreadsheet has rounded this number" AS_TEXT;
    for (const char *at = *text == '\'' ? text + 1 : text; *at != '\0'; at += length) {
        if (begins(at, "(0)") && (written->plus || written->count > 0))
            return "(0) stands for a 0 that is dialled only within the country: leave it out";
        length = take(written, at);
        if (length == 0 && written->count == DIGITS_MOST)
            return TOO_LONG;
        if (length == 0)
            return has_letter(text) ? EXPECTED "it has letters"
                                    : EXPECTED "it has characters that are not digits";
    }
    if (written->open)
        return "it has a parenthesis that is not closed";
    if (written->dot != NULL && strspn(written->dot + 1, "0123456789") <= 2)
        return "it has decimals, as a spreadsheet writes numbers" AS_TEXT;
    return NULL;
}

/* ---- numbers without a plus ---- */

/* False: it is too long. */
static bool compose(char number[PHONE_NUMBER_SIZE], const char *code, const char *digits)
{
    if (strlen(code) + strlen(digits) > PHONE_NUMBER_SIZE - 2)
        return false;
    *number = '+';
    (void)stpcpy(stpcpy(number + 1, code), digits);
    return true;
}

/* Reads the digits after the international prefix. */
static const char *read_international(const char *digits, const char *country, char *number,
                                      char *why, size_t size)
{
    if (!numbering_has_00(country)) {
        (void)snprintf(why, size,
                       "in the country +%s, 00 is not always the prefix for calls to "
                       "other countries: write + and the country code",
                       country);
        return why;
    }
    if (numbering_code_length(digits) == 0)
        return "no country code that is known follows 00";
    return compose(number, "", digits) ? numbering_doubt(number, why, size) : TOO_LONG;
}

/* True if the digits are a number that lacks only its plus. */
static bool lacks_plus(const char *digits, const char *country)
{
    char number[PHONE_NUMBER_SIZE];
    char ignored[128];
    return begins(digits, country) && compose(number, "", digits) &&
           numbering_doubt(number, ignored, sizeof(ignored)) == NULL;
}

/* A number in the form of North America: 10 digits, or 1 and these. */
static const char *read_american(const char *digits, char *number)
{
    if (strlen(digits) == 11 && *digits == '1')
        digits++;
    if (strlen(digits) != 10 || *digits == '0' || *digits == '1')
        return "expected 10 digits that begin with 2 to 9, or 1 and these, as in the country +1";
    (void)compose(number, "1", digits);
    return NULL;
}

static const char *say_of(const char *country, const char *format, char *why, size_t size)
{
    (void)snprintf(why, size, "%s +%s: write + and the country code", format, country);
    return why;
}

static const char *read_national(const char *digits, const char *country, char *number, char *why,
                                 size_t size)
{
    enum trunk trunk = numbering_trunk(country);
    if (strcmp(country, "1") == 0)
        return read_american(digits, number);
    if (trunk == TRUNK_UNKNOWN)
        return say_of(country, "it is not known how numbers are written within the country", why,
                      size);
    if (trunk == TRUNK_ZERO && *digits != '0')
        return "it begins with neither + nor 0, which a spreadsheet removes" AS_TEXT;
    if (trunk == TRUNK_NONE && *digits == '0')
        return say_of(country, "no number begins with 0 in the country", why, size);
    if (trunk == TRUNK_ZERO)
        digits++;
    if (!compose(number, country, digits))
        return TOO_LONG;
    const char *wrong = numbering_doubt(number, why, size);
    if (wrong == NULL && trunk != TRUNK_ZERO && lacks_plus(digits, country))
        return say_of(country, "it can be a number with or without the country code", why, size);
    return wrong;
}

/* ---- the whole ---- */

const char *number_read(const char *text, const char *country, char number[PHONE_NUMBER_SIZE],
                        char *why, size_t size)
{
    struct written written = {0};
    const char *wrong = take_all(&written, text);
    *number = '\0';
    if (wrong != NULL)
        return wrong;
    if (written.count == 0)
        return phone_number_wrong("", 0);
    if (!written.plus && country == NULL) {
        (void)snprintf(why, size, "%s; --country=CODE reads numbers of that country",
                       phone_number_wrong(written.digits, written.count));
        return why;
    }
    if (!written.plus && begins(written.digits, "00"))
        return read_international(written.digits + 2, country, number, why, size);
    if (!written.plus)
        return read_national(written.digits, country, number, why, size);
    if (!compose(number, "", written.digits))
        return TOO_LONG;
    return phone_number_wrong(number, strlen(number));
}

bool number_country(const char *text, char code[4])
{
    const char *digits = *text == '+' ? text + 1 : text;
    size_t length = numbering_code_length(digits);
    if (length == 0 || digits[length] != '\0')
        return false;
    (void)snprintf(code, 4, "%s", digits);
    return true;
}
