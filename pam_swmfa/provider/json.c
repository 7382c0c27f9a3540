/* SPDX-License-Identifier: BSD-3-Clause */
/* json: see json.h. */
#include "provider/json.h"

#include "base/json_ascii.h"

#include <errno.h>
#include <json-c/json_visit.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8

static int count_member(json_object *value, int flags, json_object *parent, const char *key,
                        size_t *index, void *user)
{
    (void)value;
    (void)parent;
    (void)index;
    size_t *members = user;
    if (key != NULL && flags != JSON_C_VISIT_SECOND)
        ++*members;
    return JSON_C_VISIT_RETURN_CONTINUE;
}

/*
 * Finds what json-c accepts although it is no JSON. (It also accepts numbers such as 01 and 1.; no
 * number is used here.)
 */
struct scan {
    size_t members; /* members in the text: each has one colon outside of strings */
    bool foreign;   /* in a string, a raw control character or a NUL, which would end a key early;
                       elsewhere a character that JSON does not have, such as a single quote or NaN */
};

static struct scan scan_text(const char *text, size_t length)
{
    static const char outside[] = "{}[]:, \t\r\n\"+-.0123456789Eaeflnrstu"; /* true false null */
    struct scan scan = {0};
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        if (in_string ? (unsigned char)text[i] < ' '
                      : memchr(outside, text[i], sizeof(outside) - 1) == NULL)
            scan.foreign = true;
        else if (in_string && length - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
            scan.foreign = true;
        else if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (!in_string && text[i] == ':')
            scan.members++;
    }
    return scan;
}

/* json-c keeps the last of two members with one key: then it has fewer than were written. */
static bool kept_all(json_object *object, size_t members)
{
    size_t kept = 0;
    return json_c_visit(object, 0, count_member, &kept) == 0 && kept == members;
}

/* Reads an ASCII text: the tokener rejects what is not JSON, and says where it ended. */
static json_object *tokenize(const char *ascii, size_t length, struct problem *problem)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    if (tokener == NULL) {
        problem_no_memory(problem);
        return NULL;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    json_object *object = json_tokener_parse_ex(tokener, ascii, (int)length);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (error != json_tokener_success)
        problem_set(problem, "not JSON: %s",
                    error == json_tokener_continue ? "it is truncated"
                                                   : json_tokener_error_desc(error));
    else if (end != length)
        problem_set(problem, "not JSON: trailing text");
    else if (!json_object_is_type(object, json_type_object))
        problem_set(problem, "not a JSON object");
    else
        return object;
    json_object_put(object);
    return NULL;
}

json_object *json_read(const char *text, size_t length, struct problem *problem)
{
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL && text[length - 1] != '\0')
        length--; /* blanks may follow; json-c's strict mode takes them for trailing text */
    size_t ascii_length = 0;
    char *ascii = json_ascii(text, length, &ascii_length);
    if (ascii == NULL) {
        problem_set(problem, errno == ENOMEM ? PROBLEM_NO_MEMORY : "not JSON: invalid UTF-8");
        return NULL;
    }
    json_object *object = tokenize(ascii, ascii_length, problem);
    free(ascii);
    if (object == NULL)
        return NULL;
    struct scan scan = scan_text(text, length);
    if (!scan.foreign && kept_all(object, scan.members))
        return object;
    problem_set(problem,
                scan.foreign ? "not JSON: an invalid character" : "a JSON object has a key twice");
    json_object_put(object);
    return NULL;
}

bool json_boolean(json_object *object, const char *key, bool *value)
{
    json_object *member = NULL;
    if (!json_object_object_get_ex(object, key, &member) ||
        !json_object_is_type(member, json_type_boolean))
        return false;
    *value = json_object_get_boolean(member);
    return true;
}

const char *json_text(json_object *object, const char *key)
{
    json_object *member = NULL;
    if (!json_object_object_get_ex(object, key, &member) ||
        !json_object_is_type(member, json_type_string))
        return NULL;
    const char *text = json_object_get_string(member);
    return strlen(text) == (size_t)json_object_get_string_len(member) ? text : NULL;
}
