/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pamd_edit: putting the module's line into a file of /etc/pam.d, and taking it out again.
 *
 * The line belongs to the include of the file that asks for the first factor, such as common-auth.
 * Whether it does there what it should is found out by precheck.h.
 */
#ifndef SWMFA_PAMD_EDIT_H
#define SWMFA_PAMD_EDIT_H

#include <stdbool.h>

/* pamfile_has_module: whether a line of type auth names the module. option: with this one, NULL:
 * with whatever. */
bool pamfile_has_module(const char *text, const char *option);

/* pamfile_has_include: whether a file that asks for the first factor is included. */
bool pamfile_has_include(const char *text);

/* pamfile_includes: whether this file is included. */
bool pamfile_includes(const char *text, const char *name);

/* pamfile_is_known: whether it is, and once. */
bool pamfile_is_known(const char *text);

/* pamfile_made_by_us: whether each line of the module is one that pamfile_insert made. */
bool pamfile_made_by_us(const char *text);

/*
 * pamfile_insert: the text with the module's line after that include. options: of the module, or
 * "". in_place: in its place, and with a line that lets in the users whom the module lets pass.
 * Returns the caller's to free; NULL without memory. Only if pamfile_is_known.
 */
char *pamfile_insert(const char *text, const char *options, bool in_place);

/* pamfile_remove: the text without the module's lines and what was added with them, and with the
 * include as it was. Returns the caller's to free; NULL without memory. */
char *pamfile_remove(const char *text);

/* pamfile_has_auth: whether any line of type auth is left, an include counting as one. */
bool pamfile_has_auth(const char *text);

/* pamfile_names_module: the number of a line that names the module, whatever its type and form, or
 * 0; comments aside. */
unsigned pamfile_names_module(const char *text);

/* pamfile_jump_to: the number of a line that jumps over the module's line, or 0: without that line,
 * it would jump over another one. */
unsigned pamfile_jump_to(const char *text);

#endif
