/* SPDX-License-Identifier: BSD-3-Clause */
/* csv: reads a list of users in the form of a spreadsheet; libcsv reads its form (RFC 4180). */
#ifndef SWMFA_CSV_H
#define SWMFA_CSV_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

#define SHEET_COLUMNS 4 /* name, number, channels, key */

extern const char *const sheet_columns[SHEET_COLUMNS];

struct sheet_row {
    unsigned long line;         /* in which it begins */
    char *field[SHEET_COLUMNS]; /* NULL: empty, or not there; no blanks around it */
    const char *wrong;          /* what is wrong with its form; NULL: nothing */
};

struct sheet {
    struct sheet_row *rows;
    size_t count;
    bool lost; /* a row was lost without memory */
};

/*
 * sheet_read: makes rows from a text with a NUL after it: UTF-8, or UTF-16 with a byte order mark.
 * Commas, semicolons or tabs separate the columns; the first line that is not empty decides which.
 * If the first row names the columns, they can be in any order. Empty rows are skipped. Text that
 * is not CSV ends the list, as a row that is wrong. False with the problem: the separator or the
 * encoding is unclear, or there is no memory. The caller owes sheet_free in any case.
 */
bool sheet_read(struct sheet *sheet, const char *text, size_t length, struct problem *problem);
void sheet_free(struct sheet *sheet);

#endif
