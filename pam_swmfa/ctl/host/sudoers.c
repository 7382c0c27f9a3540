/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sudoers: see sudoers.h.
 *
 * sudo sets the Defaults for all, for users and for hosts in the order of the file, then those for
 * commands; the tags of the last rule that matches come after all of them. According to the manual,
 * Defaults for target users come late as well, but not in every version: so no earlier setting is
 * taken to override them. cvtsudoers does not distinguish a user from a target user in Defaults, so
 * it runs twice.
 */
#include <config.h>

#include "ctl/host/sudoers.h"

#include "base/subprocess.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_SIZE ((size_t)4 * 1024 * 1024)

/* ---- asking sudo ---- */

/* The folder with sudo. */
static const char *find_folder(void)
{
    static const char *const folders[] = {"/usr/bin", "/usr/local/bin", "/bin"};
    char path[64];
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/sudo", folders[i]);
        if (access(path, X_OK) == 0)
            return folders[i];
    }
    return NULL;
}

static void take_path(struct sudoers *sudoers, const char *path, size_t length)
{
    (void)snprintf(sudoers->path, sizeof(sudoers->path), "%.*s", (int)length, path);
}

/* Reads "Sudoers path: /etc/sudoers", or several paths separated by colons: sudo reads the first
 * that exists. */
static bool find_path(struct sudoers *sudoers, const char *version)
{
    static const char label[] = "Sudoers path: ";
    const char *at = strstr(version, label);
    if (at == NULL)
        return false;
    at += strlen(label);
    for (size_t length = strcspn(at, ":\n"); length > 0; length = strcspn(at, ":\n")) {
        take_path(sudoers, at, length);
        if (access(sudoers->path, F_OK) == 0)
            break;
        at += length + (at[length] == ':');
    }
    return sudoers->path[0] == '/';
}

static bool ask_path(struct sudoers *sudoers, const char *folder, char *output,
                     struct problem *problem)
{
    char program[64];
    (void)snprintf(program, sizeof(program), "%s/sudo", folder);
    const char *const argv[] = {program, "-V", NULL};
    const struct program run = {.argv = argv, .input = "", .output = {output, OUTPUT_SIZE}};
    int status = program_run(&run, problem);
    if (status < 0)
        return false;
    return (status == 0 && find_path(sudoers, output)) ||
           problem_set(problem, "%s -V does not print the path of sudoers", program);
}

/* The standard error of cvtsudoers comes before the JSON. */
static json_object *parse(const char *output)
{
    const char *start = *output == '{' ? output : strstr(output, "\n{");
    json_object *parsed = start != NULL ? json_tokener_parse(start) : NULL;
    if (json_object_is_type(parsed, json_type_object))
        return parsed;
    json_object_put(parsed);
    return NULL;
}

#define EXPANDED "-ef" /* each alias is replaced by its members */

/* form: "-f", or EXPANDED. A file that has only comments gives nothing. */
static json_object *convert(const struct sudoers *sudoers, const char *folder, const char *form,
                            const char *types, char *output, struct problem *problem)
{
    char program[64];
    (void)snprintf(program, sizeof(program), "%s/cvtsudoers", folder);
    const char *const argv[] = {program, "-c",  "/dev/null",   form, "json",
                                "-d",    types, sudoers->path, NULL};
    const struct program run = {.argv = argv, .input = "", .output = {output, OUTPUT_SIZE}};
    int status = program_run(&run, problem);
    if (status < 0)
        return NULL;
    json_object *parsed = parse(output);
    if (status == 0 && parsed == NULL && strchr(output, '{') == NULL)
        parsed = json_object_new_object();
    if (status == 0 && parsed != NULL)
        return parsed;
    json_object_put(parsed);
    problem_set(problem, "cvtsudoers: %.*s", (int)strcspn(output, "\r\n"), output);
    return NULL;
}

/* "sudoers: files sss": sudo reads other sources as well. */
static void find_others(struct sudoers *sudoers)
{
    static const char keyword[] = "sudoers:";
    char line[512];
    char *rest = NULL;
    FILE *file = fopen("/etc/nsswitch.conf", "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *at = line + strspn(line, " \t");
        if (strncmp(at, keyword, strlen(keyword)) != 0)
            continue;
        at[strcspn(at, "#\n")] = '\0';
        for (char *word = strtok_r(at + strlen(keyword), " \t", &rest); word != NULL;
             word = strtok_r(NULL, " \t", &rest)) {
            size_t used = strlen(sudoers->others);
            if (strcmp(word, "files") != 0 && *word != '[')
                (void)snprintf(sudoers->others + used, sizeof(sudoers->others) - used, "%s%s",
                               used > 0 ? ", " : "", word);
        }
    }
    if (file != NULL)
        (void)fclose(file);
}

static bool read_as(struct sudoers *sudoers, const char *form, struct problem *problem)
{
    *sudoers = (struct sudoers){.path = "/etc/sudoers"};
    const char *folder = find_folder();
    if (folder == NULL)
        return problem_set(problem, "no sudo is installed");
    char *output = malloc(OUTPUT_SIZE);
    if (output == NULL)
        return problem_no_memory(problem);
    find_others(sudoers);
    if (ask_path(sudoers, folder, output, problem))
        sudoers->early = convert(sudoers, folder, form, "global,user,host", output, problem);
    if (sudoers->early != NULL && strcmp(form, EXPANDED) != 0)
        sudoers->late = convert(sudoers, folder, form, "runas,command", output, problem);
    free(output);
    return sudoers->early != NULL && (sudoers->late != NULL || strcmp(form, EXPANDED) == 0);
}

bool sudoers_read(struct sudoers *sudoers, struct problem *problem)
{
    return read_as(sudoers, "-f", problem);
}

bool sudoers_read_users(struct sudoers *sudoers, struct problem *problem)
{
    return read_as(sudoers, EXPANDED, problem);
}

void sudoers_free(struct sudoers *sudoers)
{
    json_object_put(sudoers->early);
    json_object_put(sudoers->late);
    sudoers->early = NULL;
    sudoers->late = NULL;
}

/* ---- JSON ---- */

static json_object *member(json_object *object, const char *name)
{
    json_object *found = NULL;
    (void)json_object_object_get_ex(object, name, &found);
    return found;
}

static size_t count_of(json_object *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static bool same(json_object *one, json_object *other)
{
    return (one == NULL && other == NULL) ||
           (one != NULL && other != NULL && json_object_equal(one, other));
}

/* An item of a list, such as {"usergroup": "admin", "negated": true}, in the form of sudoers. */
static void add_item(char *text, size_t size, json_object *item)
{
    static const char *const signs[][2] = {{"usergroup", "%"},     {"usergid", "%#"},
                                           {"userid", "#"},        {"netgroup", "+"},
                                           {"nonunixgroup", "%:"}, {"nonunixgid", "%:#"}};
    size_t used = strlen(text);
    const char *sign = "";
    const char *value = "";
    json_object_object_foreach(item, name, content)
    {
        if (strcmp(name, "negated") == 0 || *value != '\0')
            continue;
        value = json_object_get_string(content);
        for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
            if (strcmp(signs[i][0], name) == 0)
                sign = signs[i][1];
    }
    (void)snprintf(text + used, size - used, "%s%s%s%s", used > 0 ? ", " : "",
                   member(item, "negated") != NULL ? "!" : "", sign, value);
}

/* Writes a list in words; if it is too long, its end is left out. */
static void tell_list(json_object *list, char *text, size_t size)
{
    static const char more[] = ", ...";
    text[0] = '\0';
    for (size_t i = 0; i < count_of(list); i++) {
        if (strlen(text) > size / 2) {
            (void)snprintf(text + strlen(text), size - strlen(text), more);
            return;
        }
        add_item(text, size, json_object_array_get_idx(list, i));
    }
}

static bool is_all(json_object *list, const char *name)
{
    json_object *item = count_of(list) == 1 ? json_object_array_get_idx(list, 0) : NULL;
    json_object *value = item != NULL ? member(item, name) : NULL;
    return value != NULL && member(item, "negated") == NULL &&
           strcmp(json_object_get_string(value), "ALL") == 0;
}

/* ---- Defaults ---- */

/* Returns the last value that a line of Defaults gives an option, or NULL. */
static json_object *find_option(json_object *options, const char *option)
{
    json_object *found = NULL;
    for (size_t i = 0; i < count_of(options); i++) {
        json_object *value = member(json_object_array_get_idx(options, i), option);
        found = value != NULL ? value : found;
    }
    return found;
}

/* True if a later line sets the option again, for the same users or for all. */
static bool is_overridden(json_object *lines, size_t at, const char *option)
{
    json_object *binding = member(json_object_array_get_idx(lines, at), "Binding");
    for (size_t i = at + 1; i < count_of(lines); i++) {
        json_object *line = json_object_array_get_idx(lines, i);
        json_object *other = member(line, "Binding");
        if (find_option(member(line, "Options"), option) != NULL &&
            (other == NULL || same(other, binding)))
            return true;
    }
    return false;
}

static void each_setting(json_object *lines, const char *option,
                         void (*take)(void *context, const struct sudoers_setting *setting),
                         void *context)
{
    for (size_t i = 0; i < count_of(lines); i++) {
        json_object *line = json_object_array_get_idx(lines, i);
        json_object *binding = member(line, "Binding");
        struct sudoers_setting setting = {.value = find_option(member(line, "Options"), option)};
        char list[500];
        if (setting.value == NULL || is_overridden(lines, i, option))
            continue;
        tell_list(binding, list, sizeof(list));
        (void)snprintf(setting.whom, sizeof(setting.whom), "%s%s", binding != NULL ? " for " : "",
                       list);
        take(context, &setting);
    }
}

void sudoers_each_setting(const struct sudoers *sudoers, const char *option,
                          void (*take)(void *context, const struct sudoers_setting *setting),
                          void *context)
{
    each_setting(member(sudoers->early, "Defaults"), option, take, context);
    each_setting(member(sudoers->late, "Defaults"), option, take, context);
}

/* ---- rules ---- */

/* One rule: who may run which commands; the parts are lists of the JSON. */
struct part {
    json_object *users, *hosts, *spec;
};

static enum sudoers_tag find_tag(json_object *spec)
{
    json_object *value = find_option(member(spec, "Options"), "authenticate");
    return value == NULL                    ? SUDOERS_NO_TAG
           : json_object_get_boolean(value) ? SUDOERS_PASSWD
                                            : SUDOERS_NOPASSWD;
}

/* True if a part of a rule is for all, or for the same as another. */
static bool covers(json_object *later, json_object *earlier, const char *name)
{
    return is_all(later, name) || same(later, earlier);
}

/* Options such as NOTBEFORE, which can keep a rule from matching. */
static bool has_condition(json_object *spec)
{
    static const char *const plain[] = {"runasusers", "runasgroups", "Options", "Commands"};
    size_t known = 0;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        known += member(spec, plain[i]) != NULL;
    return (size_t)json_object_object_length(spec) > known;
}

/*
 * True if a later rule permits each command of a rule as well: the last that matches is in force.
 */
static bool replaces(const struct part *later, const struct part *rule)
{
    json_object *groups = member(rule->spec, "runasgroups");
    return !has_condition(later->spec) && covers(later->users, rule->users, "username") &&
           covers(later->hosts, rule->hosts, "hostname") &&
           covers(member(later->spec, "runasusers"), member(rule->spec, "runasusers"),
                  "username") &&
           (groups == NULL || covers(member(later->spec, "runasgroups"), groups, "usergroup")) &&
           covers(member(later->spec, "Commands"), member(rule->spec, "Commands"), "command");
}

/* Walks through all rules, in their order. Gets the next one, or false at the end. */
struct walk {
    json_object *list;
    size_t entry, spec;
};

static bool next_part(struct walk *walk, struct part *part)
{
    for (; walk->entry < count_of(walk->list); walk->entry++, walk->spec = 0) {
        json_object *entry = json_object_array_get_idx(walk->list, walk->entry);
        json_object *specs = member(entry, "Cmnd_Specs");
        if (walk->spec >= count_of(specs))
            continue;
        *part = (struct part){member(entry, "User_List"), member(entry, "Host_List"),
                              json_object_array_get_idx(specs, walk->spec++)};
        return true;
    }
    return false;
}

/*
 * True if a later rule asks for the password in place of this one. walk: the position of this one.
 */
static bool is_replaced(struct walk walk, const struct part *part, bool asked)
{
    struct part later;
    while (next_part(&walk, &later)) {
        enum sudoers_tag tag = find_tag(later.spec);
        if ((tag == SUDOERS_PASSWD || (tag == SUDOERS_NO_TAG && asked)) && replaces(&later, part))
            return true;
    }
    return false;
}

void sudoers_each_rule(const struct sudoers *sudoers, bool asked,
                       void (*take)(void *context, const struct sudoers_rule *rule), void *context)
{
    struct walk walk = {.list = member(sudoers->early, "User_Specs")};
    struct part part;
    while (next_part(&walk, &part)) {
        struct sudoers_rule rule = {.tag = find_tag(part.spec)};
        if (rule.tag == SUDOERS_NOPASSWD && is_replaced(walk, &part, asked))
            continue;
        tell_list(part.users, rule.users, sizeof(rule.users));
        if (!is_all(part.hosts, "hostname"))
            tell_list(part.hosts, rule.hosts, sizeof(rule.hosts));
        tell_list(member(part.spec, "Commands"), rule.commands, sizeof(rule.commands));
        take(context, &rule);
    }
}

/* ---- users ---- */

static bool list_permits(json_object *list, bool (*is)(const char *item, void *context),
                         void *context)
{
    for (size_t i = count_of(list); i-- > 0;) {
        json_object *item = json_object_array_get_idx(list, i);
        bool negated = member(item, "negated") != NULL;
        char text[512] = "";
        add_item(text, sizeof(text), item);
        if (is(text + negated, context))
            return !negated;
    }
    return false;
}

bool sudoers_permits(const struct sudoers *sudoers, bool (*is)(const char *item, void *context),
                     void *context)
{
    json_object *rules = member(sudoers->early, "User_Specs");
    for (size_t i = 0; i < count_of(rules); i++)
        if (list_permits(member(json_object_array_get_idx(rules, i), "User_List"), is, context))
            return true;
    return false;
}
