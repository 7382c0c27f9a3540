/* SPDX-License-Identifier: BSD-3-Clause */
/* option: see option.h. One row for each option; the man page has an item for each row. */
#include "wire/option.h"

#include "wire/wire.h"

#include <string.h>

static const struct {
    const char *name; /* with its '=' if it takes a value */
    uint32_t flag;    /* 0: it takes a path */
} known[] = {
    {"conf=", 0},
    {"debug", WIRE_FLAG_DEBUG},
    {"use_uid", WIRE_FLAG_USE_UID},
};

enum option_result option_read(const char *word, struct option_value *value)
{
    *value = (struct option_value){0};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t length = strlen(known[i].name);
        if (known[i].flag != 0 && strcmp(word, known[i].name) == 0) {
            value->flag = known[i].flag;
            return OPTION_FLAG;
        }
        if (known[i].flag == 0 && strncmp(word, known[i].name, length) == 0) {
            if (word[length] != '/')
                return OPTION_RELATIVE;
            value->conf = word + length;
            return OPTION_CONF;
        }
    }
    return OPTION_UNKNOWN;
}
