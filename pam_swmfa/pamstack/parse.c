/* SPDX-License-Identifier: BSD-3-Clause */
/* parse: see parse.h. */
#include <config.h>

#include "pamstack/parse.h"

#include <ctype.h>
#include <errno.h>
#include <security/pam_appl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS     " \t\n"
#define LINE_SIZE  1022 /* with its newline */
#define TOO_LONG   "the line is too long for libpam before 1.6.0"
#define LINES_MAX  1000 /* more is a loop of includes that doubles at each turn */
#define DIGITS_MAX 6    /* of a jump */

const char *const stack_folders[] = {"/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d", NULL};

/* The names in a control, by code; each as long as libpam compares it. */
static const char *const code_names[STACK_CODES + 1] = {
    [PAM_SUCCESS] = "success",
    [PAM_OPEN_ERR] = "open_err",
    [PAM_SYMBOL_ERR] = "symbol_err",
    [PAM_SERVICE_ERR] = "service_err",
    [PAM_SYSTEM_ERR] = "system_err",
    [PAM_BUF_ERR] = "buf_err",
    [PAM_PERM_DENIED] = "perm_denied",
    [PAM_AUTH_ERR] = "auth_err",
    [PAM_CRED_INSUFFICIENT] = "cred_insufficient",
    [PAM_AUTHINFO_UNAVAIL] = "authinfo_unavail",
    [PAM_USER_UNKNOWN] = "user_unknown",
    [PAM_MAXTRIES] = "maxtries",
    [PAM_NEW_AUTHTOK_REQD] = "new_authtok_reqd",
    [PAM_ACCT_EXPIRED] = "acct_expired",
    [PAM_SESSION_ERR] = "session_err",
    [PAM_CRED_UNAVAIL] = "cred_unavail",
    [PAM_CRED_EXPIRED] = "cred_expired",
    [PAM_CRED_ERR] = "cred_err",
    [PAM_NO_MODULE_DATA] = "no_module_data",
    [PAM_CONV_ERR] = "conv_err",
    [PAM_AUTHTOK_ERR] = "authtok_err",
    [PAM_AUTHTOK_RECOVERY_ERR] = "authtok_recover_err",
    [PAM_AUTHTOK_LOCK_BUSY] = "authtok_lock_busy",
    [PAM_AUTHTOK_DISABLE_AGING] = "authtok_disable_aging",
    [PAM_TRY_AGAIN] = "try_again",
    [PAM_IGNORE] = "ignore",
    [PAM_ABORT] = "abort",
    [PAM_AUTHTOK_EXPIRED] = "authtok_expired",
    [PAM_MODULE_UNKNOWN] = "module_unknown",
    [PAM_BAD_ITEM] = "bad_item",
    [PAM_CONV_AGAIN] = "conv_again",
    [PAM_INCOMPLETE] = "incomplete",
    [STACK_CODES] = "default",
};

static const char *const action_names[] = {"ignore", "ok", "done", "bad", "die", "reset"};

const char *stack_code_name(int code)
{
    return code >= 0 && code < STACK_CODES ? code_names[code] : "?";
}

/* The state of reading a stack. */
struct reader {
    const char *folder;
    const struct stack_text *texts; /* in place of files; or NULL */
    const char *type;               /* the one that is wanted */
    struct stack *stack;
    bool no_memory;
    bool too_many;
};

/* The state of reading one file. */
struct source {
    FILE *file;
    const char *path;
    const char *type; /* an include of that type takes only its lines; NULL: all */
    int depth;        /* of includes */
    int level;        /* of substacks */
    unsigned next;    /* number of the next line */
    unsigned number;  /* the beginning of text */
    const char *why;  /* GOT_UNSURE: the difference between versions of libpam */
    char *text;       /* one line, with its continuations */
};

static bool refuse(struct reader *reader, const struct source *source, const char *why,
                   const char *what)
{
    struct stack *stack = reader->stack;
    if (stack->problem.text[0] == '\0') {
        stack->problem_file = source->path;
        stack->problem_line = source->number;
        (void)problem_set(&stack->problem, "%s%s%s", why, *what != '\0' ? ": " : "", what);
    }
    return false;
}

/* Constructs that Linux-PAM 1.5 and 1.7 read differently are not interpreted. */
static bool refuse_unsure(struct reader *reader, const struct source *source, const char *why)
{
    reader->stack->unsure = reader->stack->problem.text[0] == '\0';
    return refuse(reader, source, why, "");
}

/* ---- lines and words ---- */

/* Replaces a backslash at the end with a blank. Returns whether there was one. */
static bool take_continuation(char *line)
{
    size_t length = strlen(line);
    while (length > 0 && strchr(BLANKS, line[length - 1]) != NULL)
        length--;
    if (length == 0 || line[length - 1] != '\\')
        return false;
    line[length - 1] = ' ';
    line[length] = '\0';
    return true;
}

static bool append(struct source *source, const char *more)
{
    size_t used = source->text != NULL ? strlen(source->text) : 0;
    char *text = realloc(source->text, used + strlen(more) + 1);
    if (text == NULL)
        return false;
    memcpy(text + used, more, strlen(more) + 1);
    source->text = text;
    return true;
}

enum got {
    GOT_LINE,
    GOT_END,
    GOT_HALF,   /* the file ends where a line should continue */
    GOT_UNSURE, /* source->why */
    GOT_NO_MEMORY,
};

/* Returns the difference between versions of libpam for a line of the file; or NULL. Versions with
 * a buffer of a fixed size read the rest of a longer line as another one, even of a comment. */
static const char *differs(const char *line, size_t length, bool continued)
{
    const char *start = line + strspn(line, BLANKS);
    if (length > LINE_SIZE)
        return TOO_LONG;
    if (strlen(line) != length)
        return "the line contains a NUL";
    return continued && (*start == '\0' || *start == '#')
               ? "an empty line or a comment follows a backslash"
               : NULL;
}

/* A "#" after words ends a line, even one that a backslash would continue. */
static enum got read_line(struct source *source)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = 0;
    bool more = false;
    enum got got = GOT_END;
    free(source->text);
    source->text = NULL;
    while (got == GOT_END && (length = getline(&line, &size, source->file)) >= 0) {
        if (!more)
            source->number = source->next;
        source->next++;
        source->why = differs(line, (size_t)length, more);
        if (source->why != NULL) {
            got = GOT_UNSURE;
            break;
        }
        char *start = line + strspn(line, BLANKS);
        if (*start == '\0' || *start == '#')
            continue;
        bool comment = strchr(start, '#') != NULL;
        more = take_continuation(start) && !comment;
        start[strcspn(start, "#")] = '\0';
        if (!append(source, start))
            got = GOT_NO_MEMORY;
        else if (!more)
            got = GOT_LINE;
    }
    free(line);
    return got == GOT_END && more ? GOT_HALF : got;
}

/* The next word, ended by a NUL, or NULL; "[...]" is one, without the brackets, and "\]" in it a
 * "]".
 */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, BLANKS);
    if (*word == '\0')
        return NULL;
    char *end = word;
    if (*word == '[') {
        char *to = ++word;
        for (end = word; *end != '\0' && *end != ']'; *to++ = *end++)
            if (end[0] == '\\' && end[1] == ']')
                end++;
        if (*end != '\0')
            end++;
        *to = '\0';
    } else {
        end += strcspn(word, BLANKS);
        if (*end != '\0')
            *end++ = '\0';
    }
    *rest = end;
    return word;
}

/* ---- controls ---- */

static void set_unset(int *actions, int action)
{
    for (int code = 0; code < STACK_CODES; code++)
        if (actions[code] == STACK_UNSET)
            actions[code] = action;
}

static bool set_word(int *actions, const char *control)
{
    static const struct {
        const char *name;
        int success, ignore, others;
    } words[] = {
        {"required", STACK_OK, STACK_IGNORE, STACK_BAD},
        {"requisite", STACK_OK, STACK_IGNORE, STACK_DIE},
        {"optional", STACK_OK, STACK_IGNORE, STACK_IGNORE},
        {"sufficient", STACK_DONE, STACK_IGNORE, STACK_IGNORE},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(control, words[i].name) != 0)
            continue;
        actions[PAM_SUCCESS] = actions[PAM_NEW_AUTHTOK_REQD] = words[i].success;
        actions[PAM_IGNORE] = words[i].ignore;
        set_unset(actions, words[i].others);
        return true;
    }
    return false;
}

static const char *skip_blanks(const char *at)
{
    while (isspace((unsigned char)*at) != 0)
        at++;
    return at;
}

/* Reads the name of a code at *at, or "default", which is STACK_CODES; -1: neither. */
static int read_code(const char **at)
{
    for (int code = 0; code <= STACK_CODES; code++) {
        size_t length = strlen(code_names[code]);
        if (strncmp(*at, code_names[code], length) == 0) {
            *at += length;
            return code;
        }
    }
    return -1;
}

/* Reads an action at *at: a name, or a number from 1. STACK_UNSET: neither. */
static int read_action(const char **at)
{
    for (size_t i = 0; i < sizeof(action_names) / sizeof(action_names[0]); i++) {
        size_t length = strlen(action_names[i]);
        if (strncmp(*at, action_names[i], length) == 0) {
            *at += length;
            return -(int)i;
        }
    }
    int jump = 0;
    size_t digits = strspn(*at, "0123456789");
    if (digits > DIGITS_MAX)
        return STACK_UNSET;
    for (; digits > 0; digits--)
        jump = jump * 10 + (*(*at)++ - '0');
    return jump > 0 ? jump : STACK_UNSET;
}

/* Reads "[value=action ...]". If libpam cannot read it, it takes "bad" for all values. */
static bool set_values(int *actions, const char *control)
{
    for (const char *at = skip_blanks(control); *at != '\0'; at = skip_blanks(at)) {
        int code = read_code(&at);
        at = skip_blanks(at);
        int action = STACK_UNSET;
        if (code >= 0 && *at++ == '=') {
            at = skip_blanks(at);
            action = read_action(&at);
        }
        if (action == STACK_UNSET) {
            for (code = 0; code < STACK_CODES; code++)
                actions[code] = STACK_BAD;
            return false;
        }
        if (code == STACK_CODES)
            set_unset(actions, action);
        else
            actions[code] = action;
    }
    set_unset(actions, STACK_BAD);
    return true;
}

/* ---- one line ---- */

static const char *const types[] = {"auth", "account", "session", "password"};

static const char *find_type(const char *word)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcasecmp(word, types[i]) == 0)
            return types[i];
    return NULL;
}

static char **copy_arguments(char *rest)
{
    size_t count = 0;
    char **arguments = calloc(1, sizeof(*arguments));
    for (char *word; arguments != NULL && (word = next_word(&rest)) != NULL; count++) {
        char **more = reallocarray(arguments, count + 2, sizeof(*more));
        if (more == NULL)
            break;
        arguments = more;
        arguments[count] = strdup(word);
        arguments[count + 1] = NULL;
    }
    return arguments;
}

static bool add_line(struct reader *reader, const struct source *source, struct stack_line *line,
                     const char *control, const char *module, char *rest)
{
    struct stack *stack = reader->stack;
    reader->too_many = stack->count == LINES_MAX;
    if (reader->too_many)
        return refuse(reader, source, "the included files have too many lines", "");
    line->file = source->path;
    line->number = source->number;
    line->level = source->level;
    line->control = strdup(control != NULL ? control : "");
    line->module = module != NULL ? strdup(module) : NULL;
    line->arguments = copy_arguments(rest);
    struct stack_line *more = reallocarray(stack->lines, stack->count + 1, sizeof(*more));
    if (more != NULL)
        stack->lines = more;
    if (more == NULL || line->control == NULL || line->arguments == NULL) {
        reader->no_memory = true;
        return false;
    }
    more[stack->count++] = *line;
    return true;
}

static bool read_file(struct reader *reader, const char *name, const char *type, int depth,
                      int level);

/* NOLINTBEGIN(misc-no-recursion): it ends at STACK_LEVELS */

/* Reads "@include FILE": its lines of all types. libpam stops at what it cannot read. */
static bool at_include(struct reader *reader, const struct source *source, char *rest)
{
    const char *name = next_word(&rest);
    if (name == NULL)
        return refuse(reader, source, "@include without a file", "");
    return read_file(reader, name, source->type, source->depth + 1, source->level) ||
           refuse(reader, source, "an included file cannot be read", name);
}

/* Reads "TYPE include FILE" and "TYPE substack FILE". A file that cannot be read, or not to the
 * end, becomes one line that denies. */
static bool include(struct reader *reader, const struct source *source, const char *type,
                    const char *control, char *rest)
{
    char none[] = "";
    bool substack = strcasecmp(control, "substack") == 0;
    const char *name = next_word(&rest);
    struct stack_line mark = {.kind = STACK_SUBSTACK};
    bool wanted = strcmp(type, reader->type) == 0;
    if (substack && wanted && !add_line(reader, source, &mark, control, name, none))
        return false;
    if (name != NULL &&
        read_file(reader, name, type, source->depth + 1, source->level + (substack ? 1 : 0)))
        return true;
    if (reader->no_memory || reader->too_many)
        return false;
    reader->stack->problem.text[0] = '\0';
    struct stack_line line = {.kind = STACK_BROKEN,
                              .why = "the file, or a file that it includes, cannot be read"};
    for (int code = 0; code < STACK_CODES; code++)
        line.actions[code] = STACK_BAD;
    return !wanted || add_line(reader, source, &line, control, name, none);
}

/* Reads a line of a module. */
static bool take_module(struct reader *reader, const struct source *source, struct stack_line *line,
                        const char *control, char *rest)
{
    const char *module = NULL;
    for (int code = 0; code < STACK_CODES; code++)
        line->actions[code] = STACK_UNSET;
    if (control != NULL) {
        module = next_word(&rest);
        if (!set_word(line->actions, control) && !set_values(line->actions, control))
            line->why = "the control is invalid, so libpam treats every result as \"bad\"";
    }
    set_unset(line->actions, STACK_BAD);
    if (module == NULL) {
        line->kind = STACK_BROKEN;
        if (line->why == NULL)
            line->why = control == NULL ? "there is no control" : "there is no module";
    }
    return add_line(reader, source, line, control, module, rest);
}

static bool take_line(struct reader *reader, const struct source *source)
{
    struct stack_line line = {.kind = STACK_MODULE};
    char *rest = source->text;
    if (strlen(rest) > LINE_SIZE)
        return refuse_unsure(reader, source, TOO_LONG);
    char *word = next_word(&rest);
    if (word != NULL && strcasecmp(word, "@include") == 0)
        return at_include(reader, source, rest);
    line.silent = word != NULL && *word == '-';
    const char *type = word != NULL ? find_type(word + (line.silent ? 1 : 0)) : NULL;
    if (type == NULL) { /* it denies where it does most */
        type = source->type != NULL ? source->type : "auth";
        line.kind = STACK_BROKEN;
        line.why = "the type is not auth, account, session or password";
    }
    if (source->type != NULL && strcmp(type, source->type) != 0)
        return true;
    const char *control = next_word(&rest);
    if (control != NULL &&
        (strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0))
        return include(reader, source, type, control, rest);
    if (strcmp(type, reader->type) != 0)
        return true;
    return take_module(reader, source, &line, control, rest);
}

/* ---- files ---- */

/* Keeps a path for as long as the stack. */
static const char *keep_path(struct reader *reader, const char *path)
{
    struct stack *stack = reader->stack;
    for (size_t i = 0; i < stack->file_count; i++)
        if (strcmp(stack->files[i], path) == 0)
            return stack->files[i];
    char **more = reallocarray(stack->files, stack->file_count + 1, sizeof(*more));
    char *copy = strdup(path);
    if (more != NULL)
        stack->files = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        reader->no_memory = true;
        return NULL;
    }
    return more[stack->file_count++] = copy;
}

/* True if two paths lead to one file, which can be read by its own name and by links. */
static bool is_file(const char *path, const char *other)
{
    if (strcmp(path, other) == 0)
        return true;
    char *real = realpath(path, NULL);
    char *other_real = realpath(other, NULL);
    bool is = real != NULL && other_real != NULL && strcmp(real, other_real) == 0;
    free(real);
    free(other_real);
    return is;
}

static FILE *open_path(const struct reader *reader, const char *path)
{
    for (const struct stack_text *at = reader->texts; at != NULL && at->path != NULL; at++)
        if (is_file(at->path, path)) {
            /* It is only read. */
            void *text = (void *)(uintptr_t)at->text;
            return fmemopen(text, strlen(at->text), "re");
        }
    return fopen(path, "re");
}

static FILE *open_at(struct reader *reader, const char *folder, const char *name,
                     struct source *source)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s%s%s", folder, *folder != '\0' ? "/" : "", name) >=
        (int)sizeof(path))
        return NULL;
    FILE *file = open_path(reader, path);
    source->path = file != NULL ? keep_path(reader, path) : NULL;
    if (file != NULL && source->path == NULL) {
        (void)fclose(file);
        return NULL;
    }
    return file;
}

static FILE *open_name(struct reader *reader, const char *name, struct source *source)
{
    if (*name == '/')
        return open_at(reader, "", name, source);
    if (reader->folder != NULL)
        return open_at(reader, reader->folder, name, source);
    FILE *file = NULL;
    for (size_t i = 0; file == NULL && stack_folders[i] != NULL; i++)
        file = open_at(reader, stack_folders[i], name, source);
    return file;
}

static bool read_lines(struct reader *reader, struct source *source)
{
    enum got got = GOT_LINE;
    while ((got = read_line(source)) == GOT_LINE)
        if (!take_line(reader, source))
            return false;
    if (got == GOT_NO_MEMORY)
        reader->no_memory = true;
    if (got == GOT_UNSURE)
        return refuse_unsure(reader, source, source->why);
    return got == GOT_END ||
           (got == GOT_HALF &&
            refuse(reader, source, "the last line of the file ends with a backslash", ""));
}

/* False if libpam cannot read it, or if it ends all. */
static bool read_file(struct reader *reader, const char *name, const char *type, int depth,
                      int level)
{
    struct source source = {.type = type, .depth = depth, .level = level, .next = 1};
    source.file = open_name(reader, name, &source);
    if (source.file == NULL)
        return false;
    /* Some versions of libpam end there; Debian's continues until the application crashes. */
    reader->too_many = depth >= STACK_LEVELS;
    bool good = reader->too_many ? refuse(reader, &source,
                                          "the includes form a loop, or are nested too deep", "")
                                 : read_lines(reader, &source);
    (void)fclose(source.file);
    free(source.text);
    return good;
}

/* NOLINTEND(misc-no-recursion) */

/* ---- the stack ---- */

const char *stack_consequence(const struct stack *stack)
{
    return stack->unsure ? "versions of libpam read this differently: rewrite it"
                         : "libpam denies every login";
}

static void free_lines(struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        struct stack_line *line = &stack->lines[i];
        free(line->control);
        free(line->module);
        for (char **argument = line->arguments; argument != NULL && *argument != NULL; argument++)
            free(*argument);
        free(line->arguments);
    }
    stack->count = 0;
}

void stack_free(struct stack *stack)
{
    if (stack == NULL)
        return;
    free_lines(stack);
    free(stack->lines);
    for (size_t i = 0; i < stack->file_count; i++)
        free(stack->files[i]);
    free(stack->files);
    free(stack);
}

static struct stack *read_stack(struct reader reader, const char *service)
{
    struct stack *stack = calloc(1, sizeof(*stack));
    if (stack == NULL)
        return NULL;
    reader.stack = stack;
    stack->exists = read_file(&reader, service, NULL, 0, 0) || stack->problem.text[0] != '\0';
    if (stack->count == 0 && stack->problem.text[0] == '\0' && !reader.no_memory) {
        stack->other = true;
        (void)read_file(&reader, "other", NULL, 0, 0);
    }
    if (reader.no_memory) {
        stack_free(stack);
        return NULL;
    }
    return stack;
}

struct stack *stack_read(const char *folder, const char *service, const char *type)
{
    return read_stack((struct reader){.folder = folder, .type = type}, service);
}

struct stack *stack_read_planned(const struct stack_text *texts, const char *service,
                                 const char *type)
{
    return read_stack((struct reader){.texts = texts, .type = type}, service);
}

const char *stack_format_location(const struct stack_line *line, char *buffer, size_t size)
{
    return location_write(line->file, line->number, buffer, size);
}
