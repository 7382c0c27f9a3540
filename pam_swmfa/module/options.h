/* SPDX-License-Identifier: BSD-3-Clause */
/* options: the arguments of pam_swmfa.so in a file of pam.d. */
#ifndef SWMFA_OPTIONS_H
#define SWMFA_OPTIONS_H

#include "wire/wire.h"

#include <security/pam_modules.h>
#include <stdbool.h>

/*
 * options_read: reads the module options, as pam_swmfa(8) lists them, into the request.
 * Returns false, logged, at an unknown or malformed one.
 */
bool options_read(const pam_handle_t *pamh, int argc, const char **argv,
                  struct wire_request *request);

#endif
