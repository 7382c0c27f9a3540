/* SPDX-License-Identifier: BSD-3-Clause */
/* list_keys: prints the keys that the parser of swmfa.conf knows: SECTION, KEY, DEFAULT, by tabs.
 */
#include "config/config.h"

#include <stdio.h>

int main(void)
{
    struct config_key key;
    for (size_t i = 0; config_key_at(i, &key); i++)
        (void)printf("%s\t%s\t%s\n", key.section, key.name,
                     key.default_value != NULL ? key.default_value : "");
    return 0;
}
