/* SPDX-License-Identifier: BSD-3-Clause */
/* job: what the commands have in common; see command.h. */
#include <config.h>

#include "ctl/command.h"

#include "base/json_ascii.h"
#include "ctl/state/relay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define WAIT_MS 5000 /* for others who write to the store */

bool job_leave_root(struct job *job)
{
    const struct relay relay = {.output = STDOUT_FILENO, .colours = job->colours};
    int status = CTL_FAILED;
    enum relay_side side = relay_fork(&relay, &status, &job->problem);
    if (side == RELAY_ROOT)
        exit(status); /* the child has said all that there is to say */
    return side == RELAY_CHILD;
}

bool job_open_store(struct job *job)
{
    job->store = store_open(STORE_FOLDER, &job->problem);
    if (job->store == NULL)
        return false;
    if (store_is_new(job->store))
        syslog(LOG_WARNING, "%s", STORE_IS_NEW);
    return true;
}

bool job_enter_store(struct job *job)
{
    return job_leave_root(job) && job_open_store(job);
}

bool job_store_failed(struct job *job)
{
    job->problem = *store_problem(job->store);
    return false;
}

bool job_begin(struct job *job, enum store_access access)
{
    return store_begin(job->store, access, NULL, WAIT_MS) || job_store_failed(job);
}

void job_changed(const struct job *job, const char *format, ...)
{
    char what[4 * COMMAND_USER_MAX + 512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    syslog(LOG_NOTICE, "%s by %s", what, job->who);
}

bool job_flush(struct job *job)
{
    bool printed = fflush(stdout) == 0 && !ferror(stdout);
    int own = errno;
    int error = relay_settle();
    if (error == 0 && !printed)
        error = own;
    return error == 0 ||
           problem_set(&job->problem, "%s: %s",
                       job->output != NULL ? job->output : "standard output", strerror(error));
}

char *job_json_text(json_object *document, int flags)
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

bool job_print_json(struct job *job, json_object *document)
{
    char *text = job_json_text(document, JSON_C_TO_STRING_PRETTY);
    bool good = text != NULL || problem_set(&job->problem, "no memory");
    if (good)
        (void)puts(text);
    free(text);
    json_object_put(document);
    return good && job_flush(job);
}
