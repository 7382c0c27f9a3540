/* SPDX-License-Identifier: BSD-3-Clause */
/* location: see location.h. */
#include "base/location.h"

#include <stdio.h>

const char *location_write(const char *file, unsigned long line, char *to, size_t size)
{
    (void)snprintf(to, size, line != 0 ? "%s:%lu" : "%s", file, line);
    return to;
}
