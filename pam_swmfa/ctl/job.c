/* SPDX-License-Identifier: BSD-3-Clause */
/* job: what the commands have in common; see command.h. */
#include <config.h>

#include "ctl/command.h"

#include "auth/privilege.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define WAIT_MS 5000 /* for others who write to the store */

bool job_enter_store(struct job *job)
{
    if (!privilege_drop(&job->problem))
        return false;
    job->store = store_open(STORE_FOLDER, &job->problem);
    if (job->store == NULL)
        return false;
    if (store_is_new(job->store))
        syslog(LOG_WARNING, "%s", STORE_IS_NEW);
    return true;
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
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return problem_set(&job->problem, "standard output: %s", strerror(errno));
}

bool job_print_json(struct job *job, json_object *document)
{
    const char *text = json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY |
                                                                    JSON_C_TO_STRING_NOSLASHESCAPE);
    bool good = text != NULL || problem_set(&job->problem, "no memory");
    if (good)
        (void)puts(text);
    json_object_put(document);
    return good && job_flush(job);
}
