/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TEMPLATE_H
#define SIM_TEMPLATE_H

#include <stddef.h>

/* A word in a template, and what it stands for. NULL: it stays as it is. */
struct template_word {
    const char *name;
    const char *value;
};

/*
 * The template with its words replaced; of words that start alike the first counts. What a word
 * stands for is not searched for words. The caller frees the text.
 */
char *template_fill(const char *text, const struct template_word *words, size_t count);

#endif
