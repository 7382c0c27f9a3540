/* SPDX-License-Identifier: BSD-3-Clause */
/* sheet: see sheet.h. */
#include <config.h>

#include "ctl/sheet.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BOM "\xef\xbb\xbf"

const char *const sheet_columns[SHEET_COLUMNS] = {"name", "number", "channels", "key"};

/* Where the reading is. */
struct reader {
    struct sheet *sheet;
    struct sheet_row row; /* the one that is being read */
    size_t fields;        /* that it has until now */
    unsigned long line;
};

static void forget(struct sheet_row *row)
{
    for (size_t i = 0; i < SHEET_COLUMNS; i++)
        free(row->field[i]);
    *row = (struct sheet_row){0};
}

static void take_field(void *text, size_t length, void *context)
{
    struct reader *reader = context;
    size_t column = reader->fields++;
    if (column >= SHEET_COLUMNS)
        reader->row.wrong = "expected 2 to 4 columns: name,number,channels,key";
    else if (memchr(text, '\0', length) != NULL)
        reader->row.wrong = "has a NUL, and is no text";
    else if (length > 0 && (reader->row.field[column] = strndup(text, length)) == NULL)
        reader->sheet->lost = true;
}

static bool is_header(const struct sheet_row *row)
{
    return row->field[0] != NULL && row->field[1] != NULL &&
           strcasecmp(row->field[0], sheet_columns[0]) == 0 &&
           strcasecmp(row->field[1], sheet_columns[1]) == 0;
}

/* Columns of another order would be taken for each other. */
static void check_header(struct sheet_row *row)
{
    for (size_t i = 0; i < SHEET_COLUMNS; i++)
        if (row->field[i] != NULL && strcasecmp(row->field[i], sheet_columns[i]) != 0)
            row->wrong = "expected the columns name,number,channels,key in this order";
}

/* Keeps the row at the end of the list, which has room for 1, 2, 4, 8 ... */
static void keep(struct sheet *sheet, struct sheet_row *row)
{
    if ((sheet->count & (sheet->count - 1)) == 0) {
        size_t room = sheet->count > 0 ? 2 * sheet->count : 1;
        struct sheet_row *more = reallocarray(sheet->rows, room, sizeof(*more));
        if (more == NULL) {
            sheet->lost = true;
            forget(row);
            return;
        }
        sheet->rows = more;
    }
    sheet->rows[sheet->count++] = *row;
}

static void take_row(int terminator, void *context)
{
    struct reader *reader = context;
    struct sheet_row *row = &reader->row;
    (void)terminator;
    if (row->wrong == NULL && reader->fields < 2)
        row->wrong = "expected 2 to 4 columns, with commas between: name,number,channels,key";
    bool header = reader->sheet->count == 0 && is_header(row);
    if (header)
        check_header(row);
    if (header && row->wrong == NULL)
        forget(row);
    else
        keep(reader->sheet, row);
    *row = (struct sheet_row){0};
    reader->fields = 0;
}

/* Byte by byte, so that the line of each row is known. */
static bool read_bytes(struct csv_parser *parser, struct reader *reader, const char *text,
                       size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool line_end = text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
        if (reader->row.line == 0 && text[i] != '\n' && text[i] != '\r')
            reader->row.line = reader->line;
        if (csv_parse(parser, &text[i], 1, take_field, take_row, reader) != 1)
            return false;
        if (line_end)
            reader->line++;
    }
    return csv_fini(parser, take_field, take_row, reader) == 0;
}

bool sheet_read(struct sheet *sheet, const char *text, size_t length, struct problem *problem)
{
    struct csv_parser parser;
    struct reader reader = {.sheet = sheet, .line = 1};
    const size_t bom = sizeof(BOM) - 1;
    *sheet = (struct sheet){0};
    if (length >= bom && memcmp(text, BOM, bom) == 0) {
        text += bom;
        length -= bom;
    }
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return problem_set(problem, "no memory");
    if (!read_bytes(&parser, &reader, text, length)) {
        reader.row.wrong = "has a double quote where none can be, or lacks one; what follows was "
                           "not read";
        keep(sheet, &reader.row);
    }
    bool good = !sheet->lost && csv_error(&parser) != CSV_ENOMEM;
    csv_free(&parser);
    return good || problem_set(problem, "no memory");
}

void sheet_free(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++)
        forget(&sheet->rows[i]);
    free(sheet->rows);
    *sheet = (struct sheet){0};
}
