/* SPDX-License-Identifier: BSD-3-Clause */
/* diff: see diff.h. The texts stay in memory. */
#include <config.h>

#include "ctl/files/diff.h"

#include "base/subprocess.h"

#include <errno.h>
#include <string.h>

bool diff_print(struct ctl_context *ctl, const char *name, const char *before, size_t before_length,
                const char *after, size_t after_length)
{
    struct problem new_name = {0}; /* for its size */
    struct problem ignored = {0};
    problem_set(&new_name, "%s, new", name);
    const char *const argv[] = {"diff",        "-u",        "--label",   name, "--label",
                                new_name.text, "/dev/fd/3", "/dev/fd/4", NULL};
    static const char *const no_environment[] = {NULL};
    const struct program diff = {.argv = argv,
                                 .environment = no_environment,
                                 .input = "",
                                 .files = {{before, before_length}, {after, after_length}},
                                 .file_count = 2};
    if (!ctl_flush(ctl))
        return false;
    int status = program_run(&diff, &ignored);
    if (status < 0)
        return problem_set(&ctl->problem, "diff: %s", strerror(errno));
    return status <= 1 || problem_set(&ctl->problem, "diff ended with status %d", status);
}
