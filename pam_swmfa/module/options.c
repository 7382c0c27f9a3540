/* SPDX-License-Identifier: BSD-3-Clause */
/* options: see options.h. One row for each option; the man page has an item for each row. */
#include "module/options.h"

#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

static const struct {
    const char *name; /* with its '=' if it takes a value */
    uint32_t flag;    /* 0: it takes a path, kept in the request's conf */
} known[] = {
    {"conf=", 0},
    {"debug", WIRE_FLAG_DEBUG},
    {"use_uid", WIRE_FLAG_USE_UID},
};

static bool read_one(const char *word, struct wire_request *request)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].flag != 0 && strcmp(word, known[i].name) == 0) {
            request->flags |= known[i].flag;
            return true;
        }
        size_t length = strlen(known[i].name);
        if (known[i].flag == 0 && strncmp(word, known[i].name, length) == 0)
            return word[length] == '/' &&
                   wire_set_string(request->conf, sizeof(request->conf), word + length);
    }
    return false;
}

bool options_read(const pam_handle_t *pamh, int argc, const char **argv,
                  struct wire_request *request)
{
    for (int i = 0; i < argc; i++) {
        if (!read_one(argv[i], request)) {
            pam_syslog(pamh, LOG_ERR,
                       "module option \"%s\": expected conf=/ABSOLUTE/PATH, debug or use_uid; "
                       "denied, fix the line in pam.d",
                       argv[i]);
            return false;
        }
    }
    return true;
}
