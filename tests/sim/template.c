/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     template - texts with words to be replaced
 *
 * SYNOPSIS
 *     char *template_fill(text, words, count);
 *
 * DESCRIPTION
 *     One way to fill in the messages that clients send and the answers that they get.
 *
 * DIAGNOSTICS
 *     Without memory the simulator ends with status 1.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "template.h"

#include "trouble.h"

#include <stdio.h>
#include <string.h>

/* The word that the text starts with, or NULL. */
static const struct template_word *word_at(const char *text, const struct template_word *words,
                                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i].value != NULL && strncmp(text, words[i].name, strlen(words[i].name)) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

char *template_fill(const char *text, const struct template_word *words, size_t count)
{
    char *filled = NULL;
    size_t size = 0;
    FILE *out = must(open_memstream(&filled, &size));

    while (*text != '\0') {
        const struct template_word *word = word_at(text, words, count);
        if (word != NULL) {
            (void)fputs(word->value, out);
            text += strlen(word->name);
        } else {
            (void)fputc(*text++, out);
        }
    }
    if (fclose(out) != 0) {
        must(NULL);
    }
    return must(filled);
}
