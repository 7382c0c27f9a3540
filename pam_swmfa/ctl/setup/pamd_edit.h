/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pamd_edit: adds the module's line to a file of /etc/pam.d, and removes it.
 *
 * The line belongs to the include of the file that asks for the first factor, such as common-auth.
 * precheck.h finds out whether it has the intended effect there.
 */
#ifndef SWMFA_PAMD_EDIT_H
#define SWMFA_PAMD_EDIT_H

#include <stdbool.h>

/* pamfile_has_module: returns whether a line of type auth names the module. option: with this one,
 * NULL: with any. */
bool pamfile_has_module(const char *text, const char *option);

/* pamfile_has_include: returns whether a file that asks for the first factor is included. */
bool pamfile_has_include(const char *text);

/* pamfile_includes: returns whether this file is included. */
bool pamfile_includes(const char *text, const char *name);

/* pamfile_is_known: returns whether exactly one such file is included, once. */
bool pamfile_is_known(const char *text);

/* pamfile_made_by_us: returns whether pamfile_insert made every line of the module. */
bool pamfile_made_by_us(const char *text);

/*
 * pamfile_insert: returns the text with the module's line after that include. options: of the
 * module, or "". in_place: in place of the include, and with a line that lets in the users whom the
 * module lets pass. The caller frees the result; NULL without memory. Only if pamfile_is_known.
 */
char *pamfile_insert(const char *text, const char *options, bool in_place);

/* pamfile_remove: returns the text without the module's lines and what was added with them, and
 * with the include restored. The caller frees the result; NULL without memory. */
char *pamfile_remove(const char *text);

/* pamfile_has_auth: returns whether any line of type auth is left; an include counts as one. */
bool pamfile_has_auth(const char *text);

/* pamfile_names_module: returns the number of a line that names the module, whatever its type and
 * form, or 0. Comments are ignored. */
unsigned pamfile_names_module(const char *text);

/* pamfile_jump_to: returns the number of a line that jumps over the module's line, or 0. Without
 * the module's line, it would jump over another one. */
unsigned pamfile_jump_to(const char *text);

#endif
