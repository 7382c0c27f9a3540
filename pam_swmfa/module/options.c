/* SPDX-License-Identifier: BSD-3-Clause */
/* options: see options.h. */
#include "module/options.h"

#include "wire/option.h"

#include <security/pam_ext.h>
#include <syslog.h>

static bool read_one(const char *word, struct wire_request *request)
{
    struct option_value value;
    switch (option_read(word, &value)) {
    case OPTION_FLAG:
        request->flags |= value.flag;
        return true;
    case OPTION_CONF:
        return wire_set_string(request->conf, sizeof(request->conf), value.conf);
    default:
        return false;
    }
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
