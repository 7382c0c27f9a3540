/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sshd_plan: checks whether a planned file of sshd's would be in force; see sshd_config.h.
 *
 * sshd is asked for the settings with the planned file. Only if they differ from the plan, its
 * files are searched for the line that overrides it: sshd takes the first value that it reads.
 */
#include <config.h>

#include "ctl/host/sshd_config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const deciding[] = {"UsePAM", "KbdInteractiveAuthentication",
                                       "PasswordAuthentication", "AuthenticationMethods", NULL};

/* ---- the place of the planned file ---- */

/* Finds the planned value of a keyword, in small letters; "" if there is none. */
static void find_value(const char *text, const char *keyword, char *value, size_t size)
{
    size_t length = strlen(keyword);
    value[0] = '\0';
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
        at += strspn(at, " \t");
        if (strncasecmp(at, keyword, length) != 0 || strchr(" \t=", at[length]) == NULL)
            continue;
        const char *from = at + length + strspn(at + length, " \t=");
        (void)snprintf(value, size, "%.*s", (int)strcspn(from, "\n"), from);
        break;
    }
    for (char *at = value; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
}

static bool has_folder(const char *path)
{
    char folder[LOCATION_SIZE];
    struct stat status;
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    return stat(folder, &status) == 0 && S_ISDIR(status.st_mode);
}

static const struct sshd_line *find_own(const struct sshd_files *files,
                                        const struct sshd_plan *plan, bool conditional)
{
    for (size_t i = 0; i < files->count; i++)
        if (sshdfiles_is_planned(plan, files->lines[i].file) &&
            (files->lines[i].block != SSHD_NO_BLOCK) == conditional)
            return &files->lines[i];
    return NULL;
}

/* Finds the Include line that reads a line of the planned file: the last one before it in another
 * file. */
static const struct sshd_line *find_include(const struct sshd_files *files,
                                            const struct sshd_line *own)
{
    for (const struct sshd_line *at = own; at-- > files->lines;)
        if (strcasecmp(at->keyword, "Include") == 0 && strcmp(at->file, own->file) != 0)
            return at;
    return own;
}

static bool blame_folder(const struct sshd_plan *plan, struct problem *problem)
{
    int length = (int)(strrchr(plan->path, '/') - plan->path);
    return problem_set(problem, "%.*s: no such folder: run mkdir -m 0755 %.*s", length, plan->path,
                       length, plan->path);
}

/* Explains that the planned file is not read for all connections. */
static bool blame_include(const struct sshd_files *files, const struct sshd_plan *plan,
                          const char *config, struct problem *problem)
{
    int length = (int)(strrchr(plan->path, '/') - plan->path);
    const struct sshd_line *own = find_own(files, plan, true);
    if (own == NULL)
        return problem_set(
            problem,
            "%s: no Include line reads %.*s: add this as the first line: Include %.*s/*.conf",
            config, length, plan->path, length, plan->path);
    const struct sshd_line *include = find_include(files, own);
    const struct sshd_line *match = &files->lines[own->block];
    return problem_set(problem,
                       "%s:%u: this Include line is under \"Match %s\" (line %u) and applies only "
                       "to those logins: move it before the first Match line",
                       include->file, include->number, match->rest, match->number);
}

/* ---- the lines before it ---- */

/* Writes the arguments of a line in one spelling. */
static char *plain_value(const struct sshd_line *line, char *buffer, size_t size)
{
    char **words = sshdfiles_words(line->rest);
    buffer[0] = '\0';
    for (char **at = words; at != NULL && *at != NULL; at++) {
        size_t used = strlen(buffer);
        (void)snprintf(buffer + used, size - used, "%s%s", used > 0 ? " " : "", *at);
    }
    sshdfiles_free_words(words);
    return buffer;
}

/* Finds a line of another file that sets the keyword before the planned file does, to another
 * value. */
static const struct sshd_line *find_earlier(const struct sshd_files *files,
                                            const struct sshd_plan *plan, const char *keyword)
{
    char wanted[256];
    char value[256];
    find_value(plan->text, keyword, wanted, sizeof(wanted));
    for (size_t i = 0; i < files->count; i++) {
        const struct sshd_line *line = &files->lines[i];
        if (line->block != SSHD_NO_BLOCK || !sshdfiles_is(line, keyword))
            continue;
        return strcasecmp(plain_value(line, value, sizeof(value)), wanted) == 0 ||
                       sshdfiles_is_planned(plan, line->file)
                   ? NULL
                   : line;
    }
    return NULL;
}

/* True if the same Include line reads a file before the planned one. */
static bool is_sibling(const char *file, const char *planned)
{
    size_t folder = (size_t)(strrchr(planned, '/') - planned);
    return strncmp(file, planned, folder + 1) == 0 && strchr(file + folder + 1, '/') == NULL;
}

static bool blame_line(const struct sshd_line *line, const struct sshd_plan *plan,
                       struct problem *problem)
{
    char value[256];
    const char *name = strrchr(plan->path, '/') + 1;
    (void)plain_value(line, value, sizeof(value));
    if (is_sibling(line->file, plan->path))
        return problem_set(problem,
                           "%s:%u: %s %s comes first, and sshd takes the first value: delete it, "
                           "or rename the file so that it sorts after %s",
                           line->file, line->number, line->keyword, value, name);
    return problem_set(problem,
                       "%s:%u: %s %s comes first, and sshd takes the first value: delete it or "
                       "move it after the Include line",
                       line->file, line->number, line->keyword, value);
}

/* value: sshd's value for the keyword; NULL: unknown. Returns whether it found the reason. */
static bool blame(const struct sshd_question *question, const char *keyword, const char *value,
                  struct problem *problem)
{
    struct sshd_files files;
    const struct sshd_plan *plan = question->plan;
    const char *config = sshd_config_of(question);
    bool found = sshdfiles_read(&files, config, plan, problem);
    if (found) {
        const struct sshd_line *earlier = find_earlier(&files, plan, keyword);
        if (find_own(&files, plan, false) == NULL)
            (void)blame_include(&files, plan, config, problem);
        else if (earlier != NULL)
            (void)blame_line(earlier, plan, problem);
        else if (value != NULL)
            (void)problem_set(
                problem,
                "%s: %s would be \"%s\" despite %s: check the options that sshd is started with",
                config, keyword, value, plan->path);
        else
            found = false;
    }
    sshdfiles_free(&files);
    return found;
}

/* Explains that the plan requires a key, but sshd accepts none. */
static bool blame_keys(const struct sshd_question *question, struct problem *problem)
{
    static const char keyword[] = "PubkeyAuthentication";
    struct sshd_files files;
    struct problem ignored = {0};
    (void)sshdfiles_read(&files, sshd_config_of(question), question->plan, &ignored);
    for (size_t i = 0; i < files.count; i++) {
        const struct sshd_line *line = &files.lines[i];
        if (line->block != SSHD_NO_BLOCK || !sshdfiles_is(line, keyword))
            continue;
        (void)problem_set(problem,
                          "%s:%u: %s %s: sshd accepts no keys, but AuthenticationMethods would "
                          "require one: set %s yes",
                          line->file, line->number, keyword, line->rest, keyword);
        break;
    }
    sshdfiles_free(&files);
    return false;
}

/* If sshd rejects the planned file because of other lines, its message names the planned file or no
 * file. */
static bool blame_refusal(const struct sshd_question *question, struct problem *problem)
{
    bool planned = strstr(problem->text, question->plan->path) != NULL;
    if (!planned && strstr(problem->text, "cannot be satisfied") == NULL)
        return false;
    for (const char *const *keyword = deciding; *keyword != NULL; keyword++)
        if (blame(question, *keyword, NULL, problem))
            return false;
    return strstr(problem->text, "\"publickey\"") != NULL && blame_keys(question, problem);
}

/* ---- checking ---- */

bool sshd_check_plan(const struct sshd_question *question, struct problem *problem)
{
    struct sshd sshd;
    struct sshd_question of_all = *question;
    of_all.connection = NULL;
    if (!has_folder(question->plan->path))
        return blame_folder(question->plan, problem);
    bool good = sshd_ask(&sshd, &of_all, problem) || blame_refusal(question, problem);
    for (const char *const *keyword = deciding; good && *keyword != NULL; keyword++) {
        char wanted[256];
        char found[256];
        find_value(question->plan->text, *keyword, wanted, sizeof(wanted));
        (void)sshd_value(&sshd, *keyword, found, sizeof(found));
        good = wanted[0] == '\0' || strcmp(found, wanted) == 0;
        if (!good)
            (void)blame(question, *keyword, found, problem);
    }
    sshd_free(&sshd);
    return good;
}
