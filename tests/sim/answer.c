/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     answer - the bodies of answers
 *
 * SYNOPSIS
 *     void answer_template(answer, status, body, words);
 *     void answer_json(answer, status, value);
 *     void answer_texts(answer, status, texts);
 *     void answer_clear(answer);
 *
 * DESCRIPTION
 *     Bodies are written from templates and not by a JSON library, since a fault must be able to
 *     say what no library would: a key twice, text after the end, an id that is a path. Only what
 *     refuses a request, which may hold text of the client, is JSON made by json-c.
 *
 * DIAGNOSTICS
 *     Without memory the simulator ends with status 1.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "answer.h"

#include "template.h"
#include "trouble.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

void answer_template(struct answer *answer, unsigned status, const char *body,
                     const struct answer_words *values)
{
    const struct template_word words[] = {
        {"$id", values->id},
        {"$key", values->key},
        {"$other_key", values->other_key},
        {"$old_key", values->old_key},
        {"$to", values->to},
        {"$channel", values->channel},
        {"$other_channel", values->other_channel},
        {"$verdict", values->verdict},
        {"$request_id", values->request_id},
    };

    answer->status = status;
    answer->body = template_fill(body, words, sizeof(words) / sizeof(words[0]));
}

void answer_json(struct answer *answer, unsigned status, struct json_object *value)
{
    int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

    answer->status = status;
    answer->body = must(strdup(must((char *)json_object_to_json_string_ext(value, flags))));
}

void answer_texts(struct answer *answer, unsigned status, const char *const *texts)
{
    struct json_object *object = must(json_object_new_object());

    for (; *texts != NULL; texts += 2) {
        if (json_object_object_add(object, texts[0], must(json_object_new_string(texts[1]))) != 0) {
            must(NULL);
        }
    }
    answer_json(answer, status, object);
    json_object_put(object);
}

void answer_clear(struct answer *answer)
{
    free(answer->body);
    *answer = (struct answer){0};
}
