/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TROUBLE_H
#define SIM_TROUBLE_H

/* Says on standard error what is wrong, after the program's name, as a line. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/*
 * Gives back what it is given, or complains and ends the simulator with status 1 where that is
 * NULL. For memory: a test program without memory has nothing better to do.
 */
__attribute__((returns_nonnull)) void *must(void *memory);

#endif
