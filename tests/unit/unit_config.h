/* SPDX-License-Identifier: BSD-3-Clause */
/* unit_config: for the unit tests that need a configuration that was read. */
#ifndef SWMFA_UNIT_CONFIG_H
#define SWMFA_UNIT_CONFIG_H

#include "unit.h"

#include "config/config.h"

/* unit_config_load: reads a swmfa.conf with that content, which must be good. */
static inline void unit_config_load(const char *content, struct config *config)
{
    struct problem problem = {0};
    char *path = unit_file("swmfa.conf", content, 0600);
    bool good = config_load(path, config, &problem);
    unit_remove(path);
    if (!good)
        fail_msg("refused: %s\n%s", problem.text, content);
}

#endif
