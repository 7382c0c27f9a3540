/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pamfile: putting the module's line into a file of /etc/pam.d, and taking it out again.
 *
 * Only stacks of Debian's form are changed: "@include common-auth", and a common-auth that ends the
 * login at a wrong password. What any other stack would do with one more line is not guessed.
 */
#ifndef SWMFA_PAMFILE_H
#define SWMFA_PAMFILE_H

#include "base/problem.h"

#include <stdbool.h>

/* pamfile_has_module: whether a line of type auth names the module. option: with this one, NULL:
 * with whatever. */
bool pamfile_has_module(const char *text, const char *option);

/* pamfile_has_include: whether common-auth is included. */
bool pamfile_has_include(const char *text);

/*
 * pamfile_check: whether a line behind the include of common-auth would be reached by everybody
 * whom common-auth lets through, and by nobody else. path, text: of the service's file.
 * common: the text of common-auth. Returns false with the problem: the file, the line, and what to
 * do.
 */
bool pamfile_check(const char *path, const char *text, const char *common, struct problem *problem);

/*
 * pamfile_insert: the text with the module's line behind the include of common-auth, or in its
 * place. options: of the module, or "". Returns the caller's to free; NULL without memory.
 * The include must be there: pamfile_check.
 */
char *pamfile_insert(const char *text, const char *options, bool in_place);

/* pamfile_remove: the text without the module's lines, and with the include in whose place they
 * stood. Returns the caller's to free; NULL without memory. */
char *pamfile_remove(const char *text);

/* pamfile_has_auth: whether any line of type auth is left, an include counting as one. */
bool pamfile_has_auth(const char *text);

#endif
