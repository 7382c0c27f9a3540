/* SPDX-License-Identifier: BSD-3-Clause */
/* phone: see phone.h. */
#include "config/phone.h"

#include "config/key.h"

#include <string.h>

const char *const channel_names[] = {"sms", "call", NULL};

bool phone_prefix_valid(const char *prefix, size_t length)
{
    if (length < 2 || length > 16 || prefix[0] != '+' || prefix[1] == '0')
        return false;
    for (size_t i = 1; i < length; i++)
        if (prefix[i] < '0' || prefix[i] > '9')
            return false;
    return true;
}

bool phone_number_valid(const char *number, size_t length)
{
    return length >= 3 && phone_prefix_valid(number, length);
}

/* True if one of the bytes is in the set. */
static bool has_any(const char *text, size_t length, const char *set)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != '\0' && strchr(set, text[i]) != NULL)
            return true;
    return false;
}

#define DIGITS   "0123456789"
#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define EXPECTED "expected an E.164 number such as +12029167968: "

const char *phone_number_wrong(const char *number, size_t length)
{
    if (phone_number_valid(number, length))
        return NULL;
    if (length == 0)
        return EXPECTED "the number is missing";
    if (has_any(number, length, LETTERS))
        return EXPECTED "it has letters";
    if (number[0] != '+')
        return EXPECTED "it does not begin with + and the country code";
    if (has_any(number, length, " \t\r\n"))
        return EXPECTED "it has a blank or a line break";
    for (size_t i = 1; i < length; i++)
        if (number[i] == '\0' || strchr(DIGITS, number[i]) == NULL)
            return EXPECTED "after + it has characters that are not digits";
    if (length > 1 && number[1] == '0')
        return EXPECTED "no country code begins with 0";
    return length < 3 ? EXPECTED "it is too short: 2 to 15 digits follow +, without blanks"
                      : EXPECTED "it is too long: at most 15 digits follow +";
}

bool countries_permit(const char *list, const char *number)
{
    const char *item = NULL;
    size_t length = 0;
    if (list == NULL)
        return true;
    while ((item = key_next_item(&list, &length)) != NULL)
        if (length > 0 && strncmp(number, item, length) == 0)
            return true;
    return false;
}

bool channel_find(const char *name, size_t length, enum channel *channel)
{
    for (size_t i = 0; i < CHANNEL_COUNT; i++) {
        if (strlen(channel_names[i]) == length && memcmp(channel_names[i], name, length) == 0) {
            *channel = (enum channel)i;
            return true;
        }
    }
    return false;
}

bool phone_read_channels(struct phone *phone, const char *field, size_t length)
{
    const char *end = field + length;
    for (;;) {
        const char *comma = memchr(field, ',', (size_t)(end - field));
        const char *stop = comma != NULL ? comma : end;
        enum channel channel;
        if (!channel_find(field, (size_t)(stop - field), &channel))
            return false;
        for (size_t i = 0; i < phone->channel_count; i++)
            if (phone->channels[i] == channel)
                return false;
        phone->channels[phone->channel_count++] = channel;
        if (comma == NULL)
            return true;
        field = comma + 1;
    }
}
