/* SPDX-License-Identifier: BSD-3-Clause */
/* option: the options of pam_swmfa.so in a file of pam.d, as pam_swmfa(8) lists them. */
#ifndef SWMFA_OPTION_H
#define SWMFA_OPTION_H

#include <stdint.h>

enum option_result {
    OPTION_UNKNOWN,  /* no option: the module denies */
    OPTION_RELATIVE, /* conf= without an absolute path: the module denies */
    OPTION_FLAG,
    OPTION_CONF,
};

struct option_value {
    uint32_t flag;    /* of OPTION_FLAG: WIRE_FLAG_...; otherwise 0 */
    const char *conf; /* of OPTION_CONF: the path, within the word; otherwise NULL */
};

/* option_read: reads one word. The value is set in all cases. */
enum option_result option_read(const char *word, struct option_value *value);

#endif
