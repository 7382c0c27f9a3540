/* SPDX-License-Identifier: BSD-3-Clause */
/* phone: see phone.h. */
#include "config/phone.h"

#include <string.h>

const char *const channel_names[] = {"sms", "call", NULL};

bool phone_number_valid(const char *number, size_t length)
{
    if (length < 3 || length > 16 || number[0] != '+' || number[1] == '0')
        return false;
    for (size_t i = 1; i < length; i++)
        if (number[i] < '0' || number[i] > '9')
            return false;
    return true;
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
