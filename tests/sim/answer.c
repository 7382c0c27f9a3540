/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     answer - the bodies of answers
 *
 * SYNOPSIS
 *     void answer_template(answer, status, body, words);
 *     void answer_error(answer, status, error);
 *     void answer_errors(answer, errors);
 *     void answer_clear(answer);
 *
 * DESCRIPTION
 *     Bodies are written from templates and not by a JSON library, since a fault must be able to
 *     say what no library would: a key twice, text after the end, an id that is a path. Only the
 *     list of errors, which holds text of the client, is JSON made by json-c.
 *
 * DIAGNOSTICS
 *     Without memory the simulator ends with status 1.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "answer.h"

#include "trouble.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_UNPROCESSABLE = 422 };

struct word {
    const char *name;
    const char *value;
};

/* The word that the text starts with, or NULL. */
static const struct word *word_at(const char *text, const struct word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i].value != NULL && strncmp(text, words[i].name, strlen(words[i].name)) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

static void put_template(FILE *out, const char *text, const struct answer_words *values)
{
    const struct word words[] = {
        {"$id", values->id},           {"$to", values->to},
        {"$channel", values->channel}, {"$other_channel", values->other_channel},
        {"$error", values->error},
    };

    while (*text != '\0') {
        const struct word *word = word_at(text, words, sizeof(words) / sizeof(words[0]));
        if (word != NULL) {
            (void)fputs(word->value, out);
            text += strlen(word->name);
        } else {
            (void)fputc(*text++, out);
        }
    }
}

void answer_template(struct answer *answer, unsigned status, const char *body,
                     const struct answer_words *words)
{
    size_t size = 0;

    answer->status = status;
    FILE *out = must(open_memstream(&answer->body, &size));
    put_template(out, body, words);
    if (fclose(out) != 0) {
        must(NULL);
    }
}

void answer_error(struct answer *answer, unsigned status, const char *error)
{
    answer_template(answer, status, "{\"error\":\"$error\"}",
                    &(struct answer_words){.error = error});
}

void answer_errors(struct answer *answer, struct json_object *errors)
{
    int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    struct json_object *body = must(json_object_new_object());

    if (json_object_object_add(body, "errors", json_object_get(errors)) != 0) {
        must(NULL);
    }
    answer->status = STATUS_UNPROCESSABLE;
    answer->body = must(strdup(must((char *)json_object_to_json_string_ext(body, flags))));
    json_object_put(body);
}

void answer_clear(struct answer *answer)
{
    free(answer->body);
    *answer = (struct answer){0};
}
