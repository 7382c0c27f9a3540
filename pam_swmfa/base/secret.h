/* SPDX-License-Identifier: BSD-3-Clause */
/* secret: a text that is wiped when it is freed. No function of ours ever logs it. */
#ifndef SWMFA_SECRET_H
#define SWMFA_SECRET_H

#include <stdbool.h>

struct secret {
    char *text; /* NULL: none */
};

/* secret_set: wipes the previous text and keeps a copy of text. Returns false without memory. */
bool secret_set(struct secret *secret, const char *text);

/* secret_wipe: wipes and frees; the secret is then none. */
void secret_wipe(struct secret *secret);

#endif
