/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unit: what the unit tests share.
 *
 * A group of tests that needs files runs between unit_make_folder and unit_remove_folder, and makes
 * them in that folder only. The helper trusts root's files only: without root, skip such a group.
 */
#ifndef SWMFA_UNIT_H
#define SWMFA_UNIT_H

#include <config.h>

#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __clang_analyzer__
/*
 * An assertion that fails does not return, which cmocka's declarations do not say. So that the
 * analyzer follows no test past one, it reads these.
 */
#undef assert_true
#undef assert_false
#undef assert_null
#undef assert_non_null
#undef assert_int_equal
#undef assert_int_not_equal
#undef assert_in_range
#undef assert_ptr_equal
#undef assert_string_equal
#undef assert_string_not_equal
#undef assert_memory_equal
#undef fail_msg
#define assert_true(condition)     ((condition) ? (void)0 : abort())
#define assert_false(condition)    assert_true(!(condition))
#define assert_null(pointer)       assert_true((pointer) == NULL)
#define assert_non_null(pointer)   assert_true((pointer) != NULL)
#define assert_int_equal(a, b)     assert_true((long long)(a) == (long long)(b))
#define assert_int_not_equal(a, b) assert_true((long long)(a) != (long long)(b))
#define assert_in_range(value, least, most)                                                        \
    assert_true((long long)(value) >= (long long)(least) && (long long)(value) <= (long long)(most))
#define assert_ptr_equal(a, b)          assert_true((const void *)(a) == (const void *)(b))
#define assert_string_equal(a, b)       assert_true(strcmp(a, b) == 0)
#define assert_string_not_equal(a, b)   assert_true(strcmp(a, b) != 0)
#define assert_memory_equal(a, b, size) assert_true(memcmp(a, b, size) == 0)
#define fail_msg(...)                   ((void)printf(__VA_ARGS__), abort())
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* unit_same_text: fails, and says which case it is, unless both texts are the same. */
static inline void unit_same_text(const char *what, const char *found, const char *expected)
{
    if (found == NULL || strcmp(found, expected) != 0)
        fail_msg("%s:\n  expected: %s\n  found:    %s", what, expected, found);
}

/* unit_same_number: likewise for two numbers. */
static inline void unit_same_number(const char *what, long long found, long long expected)
{
    if (found != expected)
        fail_msg("%s: expected %lld, found %lld", what, expected, found);
}

/* unit_check: likewise for something that must be true. */
static inline void unit_check(const char *what, bool good, const char *expected)
{
    if (!good)
        fail_msg("%s: expected: %s", what, expected);
}

/* unit_format: a formatted text; good until the fourth call from here. */
static inline const char *unit_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static inline const char *unit_format(const char *format, ...)
{
    static char texts[4][8192];
    static unsigned calls;
    char *text = texts[calls++ % 4];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(texts[0]), format, arguments);
    va_end(arguments);
    assert_in_range(length, 0, sizeof(texts[0]) - 1);
    return text;
}

/* unit_skip_all: for a main that cannot run its tests: says so in TAP. Returns the exit status. */
static inline int unit_skip_all(const char *why)
{
    (void)printf("1..0 # SKIP %s\n", why);
    return 0;
}

/* unit_folder: the absolute path of the folder of this run. */
static inline char *unit_folder(void)
{
    static char folder[PATH_MAX];
    return folder;
}

/* unit_make_folder: the set-up of a group: a new folder in $TMPDIR or else the current one. */
static inline int unit_make_folder(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    char *absolute = realpath(parent != NULL && *parent != '\0' ? parent : ".", NULL);
    if (absolute == NULL)
        return -1;
    int length = snprintf(unit_folder(), PATH_MAX, "%s/unit.XXXXXX", absolute);
    free(absolute);
    return length < PATH_MAX - NAME_MAX && mkdtemp(unit_folder()) != NULL ? 0 : -1;
}

static inline int unit_remove_entry(const char *path, const struct stat *status, int type,
                                    struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

/* unit_remove_folder: the tear-down of a group; removes what failed tests have left, too. */
static inline int unit_remove_folder(void **state)
{
    (void)state;
    return nftw(unit_folder(), unit_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* unit_path: the path of a file in the folder, the caller's to free; makes no file. */
static inline char *unit_path(const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", unit_folder(), name) > 0);
    return path;
}

/* unit_file_of: writes a file of exactly that mode. Returns its path, for unit_remove. */
static inline char *unit_file_of(const char *name, const void *content, size_t length, mode_t mode)
{
    char *path = unit_path(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t done = 0; done < length;) {
        ssize_t written = write(fd, (const char *)content + done, length - done);
        assert_true(written > 0);
        done += (size_t)written;
    }
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    return path;
}

/* unit_file: the same for a text. */
static inline char *unit_file(const char *name, const char *text, mode_t mode)
{
    return unit_file_of(name, text, strlen(text), mode);
}

/* unit_remove: removes a file and frees its path. */
static inline void unit_remove(char *path)
{
    assert_int_equal(unlink(path), 0);
    free(path);
}

/* unit_read: a whole file with a NUL after it, the caller's to free; NULL if it cannot be read. */
static inline char *unit_read(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    (void)fclose(file);
    return text;
}

/* unit_repeat: writes part count times and a NUL into buffer. Returns buffer. */
static inline char *unit_repeat(char *buffer, size_t size, const char *part, size_t count)
{
    size_t length = strlen(part);
    assert_true(length * count < size);
    for (size_t i = 0; i < count; i++)
        memcpy(buffer + i * length, part, length);
    buffer[length * count] = '\0';
    return buffer;
}

/* unit_write_files: writes files below unit_folder(): a line "== NAME" begins one; "@" is the
 * folder. */
static inline void unit_write_files(const char *text)
{
    FILE *file = NULL;
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        int length = (int)strcspn(line, "\n");
        if (strncmp(line, "== ", 3) == 0) {
            if (file != NULL)
                assert_int_equal(fclose(file), 0);
            file = fopen(unit_format("%s/%.*s", unit_folder(), length - 3, line + 3), "we");
            assert_non_null(file);
            continue;
        }
        for (int i = 0; i < length; i++)
            (void)(strncmp(line + i, "@/", 2) == 0 ? fputs(unit_folder(), file)
                                                   : fputc(line[i], file));
        (void)fputc('\n', file);
    }
    assert_int_equal(fclose(file), 0);
}

#endif
