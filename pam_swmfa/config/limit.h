/* SPDX-License-Identifier: BSD-3-Clause */
/* limit: a count per time, as swmfa.conf writes it: "3/10m, 5/1h, 10/1d". */
#ifndef SWMFA_LIMIT_H
#define SWMFA_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIMIT_MANY        8       /* in one key */
#define LIMIT_MOST        100000  /* the highest count */
#define LIMIT_SECONDS_MAX 2592000 /* 30 days */

struct limit {
    int most;
    int seconds;
};

/* Limits that all apply. */
struct limit_list {
    size_t count; /* 0: no limit */
    struct limit at[LIMIT_MANY];
};

/* [limits] of swmfa.conf, as far as sends go. */
struct limits {
    struct limit_list user;
    struct limit_list phone;
    struct limit_list address;
    struct limit_list host;
};

/* limit_list_read: reads a list, in which each time occurs once. Returns false, with an empty list,
 * if it is not valid. */
bool limit_list_read(const char *text, struct limit_list *list);

/* limit_span_read: reads a time such as 90s, 10m, 1h or 30d, or 0; false, with 0 seconds, if it is
 * none or longer than LIMIT_SECONDS_MAX. */
bool limit_span_read(const char *text, int *seconds);

/* limit_span_within: the same with another maximum, at least 9. */
bool limit_span_within(const char *text, int most, int *seconds);

/* limit_span_write: writes a time in the largest unit that fits it without rest. Returns to. */
const char *limit_span_write(int seconds, char *to, size_t size);

/* limit_time_write: writes a time for a person, such as "14 min 3 s"; a second that has begun
 * counts as a whole one. Returns to. */
const char *limit_time_write(int64_t milliseconds, char *to, size_t size);

#endif
