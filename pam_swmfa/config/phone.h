/* SPDX-License-Identifier: BSD-3-Clause */
/* phone: a number, and the channels that can send a code to it. */
#ifndef SWMFA_PHONE_H
#define SWMFA_PHONE_H

#include "base/sshkey.h"

#include <stdbool.h>
#include <stddef.h>

enum channel {
    CHANNEL_SMS,
    CHANNEL_CALL,
};
#define CHANNEL_COUNT 2

/* The names in the configuration, in the map and in SignalWire's API; ends with NULL. */
extern const char *const channel_names[];

#define PHONE_NUMBER_SIZE 17 /* '+', 15 digits, NUL */

struct phone {
    char number[PHONE_NUMBER_SIZE];       /* E.164 */
    enum channel channels[CHANNEL_COUNT]; /* the permitted ones, the preferred one first */
    size_t channel_count;                 /* 0: all are permitted, the configuration's first */
    char key[SSHKEY_FINGERPRINT_SIZE];    /* the SSH key that the line is for; "": for all */
};

/* phone_prefix_valid: returns whether numbers can begin so: '+', a digit from 1 to 9, up to 14 more
 * digits. */
bool phone_prefix_valid(const char *prefix, size_t length);

/* phone_number_valid: E.164 as ITU-T has it: '+', a digit from 1 to 9, 1 to 14 more digits. */
bool phone_number_valid(const char *number, size_t length);

/* phone_number_wrong: returns why a text is no such number, for an administrator and without
 * repeating the text; NULL: it is one. */
const char *phone_number_wrong(const char *number, size_t length);

/* countries_permit: returns whether a number begins with one of the prefixes of a list such as "+1,
 * +44"; with NULL, each number does. */
bool countries_permit(const char *list, const char *number);

/* phone_read_channels: reads "sms", "call" or both with a comma between, each once, into a phone
 * that has none yet; false if it is none of these. */
bool phone_read_channels(struct phone *phone, const char *field, size_t length);

/* channel_find: finds the channel of that name; false if there is none. */
bool channel_find(const char *name, size_t length, enum channel *channel);

#endif
