/* SPDX-License-Identifier: BSD-3-Clause */
/* context: shared functions of the commands; see command.h. */
#include <config.h>

#include "ctl/command.h"

#include "base/json_ascii.h"
#include "ctl/relay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define WAIT_MS 5000 /* for other processes that write to the store */

bool ctl_leave_root(struct ctl_context *ctl)
{
    const struct relay relay = {.output = STDOUT_FILENO, .colours = ctl->colours};
    int status = CTL_FAILED;
    enum relay_side side = relay_fork(&relay, &status, &ctl->problem);
    if (side == RELAY_ROOT)
        exit(status); /* the child has reported everything */
    return side == RELAY_CHILD;
}

bool ctl_open_store(struct ctl_context *ctl)
{
    ctl->store = store_open(STORE_FOLDER, &ctl->problem);
    if (ctl->store == NULL)
        return false;
    if (store_is_new(ctl->store))
        syslog(LOG_WARNING, "%s", STORE_IS_NEW);
    return true;
}

bool ctl_enter_store(struct ctl_context *ctl)
{
    return ctl_leave_root(ctl) && ctl_open_store(ctl);
}

bool ctl_store_failed(struct ctl_context *ctl)
{
    ctl->problem = *store_problem(ctl->store);
    return false;
}

bool ctl_begin(struct ctl_context *ctl, enum store_access access)
{
    return store_begin(ctl->store, access, NULL, WAIT_MS) || ctl_store_failed(ctl);
}

void ctl_changed(const struct ctl_context *ctl, const char *format, ...)
{
    char what[4 * COMMAND_USER_MAX + 512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    syslog(LOG_NOTICE, "%s by %s", what, ctl->who);
}

bool ctl_flush(struct ctl_context *ctl)
{
    bool printed = fflush(stdout) == 0 && !ferror(stdout);
    int own = errno;
    int error = relay_settle();
    if (error == 0 && !printed)
        error = own;
    return error == 0 ||
           problem_set(&ctl->problem, "%s: %s",
                       ctl->output != NULL ? ctl->output : "standard output", strerror(error));
}

char *ctl_json_text(json_object *document, int flags)
{
    size_t length = 0;
    const char *text =
        json_object_to_json_string_ext(document, flags | JSON_C_TO_STRING_NOSLASHESCAPE);
    char *ascii = text != NULL ? json_ascii(text, strlen(text), &length) : NULL;
    char *copy = NULL;
    if (ascii != NULL)
        copy = strndup(ascii, length);
    else if (text != NULL && errno == EILSEQ) /* of a path that is not UTF-8 */
        copy = strdup(text);
    free(ascii);
    for (char *at = copy; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at > '~')
            *at = '?';
    return copy;
}

bool ctl_print_json(struct ctl_context *ctl, json_object *document)
{
    char *text = ctl_json_text(document, JSON_C_TO_STRING_PRETTY);
    bool good = text != NULL || problem_no_memory(&ctl->problem);
    if (good)
        (void)puts(text);
    free(text);
    json_object_put(document);
    return good && ctl_flush(ctl);
}
