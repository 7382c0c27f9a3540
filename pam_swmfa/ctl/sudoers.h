/* SPDX-License-Identifier: BSD-3-Clause */
/* sudoers: the lines of sudoers(5) by which sudo does not come to its PAM stack. */
#ifndef SWMFA_SUDOERS_H
#define SWMFA_SUDOERS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * sudoers_find: the next line, by its number from 0, that has NOPASSWD or !authenticate, in
 * /etc/sudoers and the files in /etc/sudoers.d: "FILE:LINE" into the buffer. Returns false behind
 * the last. It looks for these words alone: whom a line is for, sudo -l -U USER says.
 */
bool sudoers_find(size_t number, char *where, size_t size);

#endif
