/* SPDX-License-Identifier: BSD-3-Clause */
/* secret: see secret.h. */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

bool secret_set(struct secret *secret, const char *text)
{
    secret_wipe(secret);
    secret->text = strdup(text);
    return secret->text != NULL;
}

void secret_wipe(struct secret *secret)
{
    if (secret->text != NULL)
        explicit_bzero(secret->text, strlen(secret->text));
    free(secret->text);
    secret->text = NULL;
}
