/* SPDX-License-Identifier: BSD-3-Clause */
/* csv: see csv.h. */
#include <config.h>

#include "ctl/users/csv.h"

#include "ctl/users/number.h"

#include <csv.h>
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BOM "\xef\xbb\xbf"

/* A line that tells Excel the separator after it. */
#define SEPARATOR_LINE "sep="

#define NOT_NAMED SHEET_COLUMNS /* a column without a name */

const char *const sheet_columns[SHEET_COLUMNS] = {"name", "number", "channels", "key"};

#define NAMES_OF_NUMBER                                                                            \
    " number phone phonenumber telephone telephonenumber mobile mobilephone mobilenumber "         \
    "cell cellphone cellnumber "

/* Other names of the columns, in lower case, without blanks, hyphens and underscores. */
static const char *const names[SHEET_COLUMNS] = {
    " name user username login loginname account accountname userid ",
    NAMES_OF_NUMBER,
    " channels channel method methods ",
    " key sshkey fingerprint ",
};

/* The state of reading. */
struct reader {
    struct sheet *sheet;
    struct sheet_row row; /* the one that is being read */
    size_t fields;        /* its fields so far */
    unsigned long line;
    char separator;
    bool begun;               /* a row has been read */
    size_t at[SHEET_COLUMNS]; /* which field each column is, or NOT_NAMED */
};

static void forget(struct sheet_row *row)
{
    for (size_t i = 0; i < SHEET_COLUMNS; i++)
        free(row->field[i]);
    *row = (struct sheet_row){0};
}

/* ---- fields and rows ---- */

/* Returns a text without the blanks around it, which the caller frees. "": only blanks; NULL: no
 * memory. */
static char *trimmed(const char *text, size_t length)
{
    char *copy = strndup(text, length);
    size_t begin = 0;
    size_t end = 0;
    for (size_t at = 0, blank = 0; copy != NULL && copy[at] != '\0'; at += blank > 0 ? blank : 1) {
        blank = number_blank_length(copy + at);
        if (blank > 0 && end == 0)
            begin = at + blank;
        if (blank == 0)
            end = at + 1;
    }
    if (copy == NULL || end == 0) {
        if (copy != NULL)
            *copy = '\0';
        return copy;
    }
    copy[end] = '\0';
    memmove(copy, copy + begin, end - begin + 1);
    return copy;
}

static void take_field(void *text, size_t length, void *context)
{
    struct reader *reader = context;
    size_t column = reader->fields++;
    char *field = length > 0 ? trimmed(text, length) : NULL;
    if (length == 0)
        return;
    if (field == NULL)
        reader->sheet->lost = true;
    else if (memchr(text, '\0', length) != NULL)
        reader->row.wrong = "has a NUL, and is no text";
    else if (*field != '\0' && column >= SHEET_COLUMNS)
        reader->row.wrong = "expected 2 to 4 columns: name, number, channels, key";
    else if (*field != '\0' && reader->at[column] == NOT_NAMED)
        reader->row.wrong = "has something in a column that the first row does not name";
    else if (*field != '\0') {
        reader->row.field[reader->at[column]] = field;
        field = NULL;
    }
    free(field);
}

/* Which column has that name; NOT_NAMED: none. */
static size_t find_name(const char *cell)
{
    char name[32] = " ";
    size_t used = 1;
    for (; cell != NULL && *cell != '\0' && used < sizeof(name) - 2; cell++)
        if (strchr(" _-", *cell) == NULL)
            name[used++] = (char)tolower((unsigned char)*cell);
    name[used] = ' ';
    name[used + 1] = '\0';
    for (size_t i = 0; i < SHEET_COLUMNS; i++)
        if (used > 1 && strstr(names[i], name) != NULL)
            return i;
    return NOT_NAMED;
}

/* A row is a header if it names the columns that every list must have. */
static bool is_header(const struct sheet_row *row)
{
    bool found[SHEET_COLUMNS + 1] = {false};
    for (size_t i = 0; i < SHEET_COLUMNS; i++)
        found[find_name(row->field[i])] = true;
    return found[0] && found[1];
}

/* Reads the names of the columns. A column without a name is what it would be without a header,
 * unless another column has that name. */
static void take_header(struct reader *reader)
{
    bool used[SHEET_COLUMNS + 1] = {false};
    struct sheet_row *row = &reader->row;
    for (size_t i = 0; i < SHEET_COLUMNS; i++) {
        size_t name = find_name(row->field[i]);
        if (row->field[i] != NULL && (name == NOT_NAMED || used[name]))
            row->wrong = "expected the columns name, number, channels, key, each once";
        reader->at[i] = used[name] ? NOT_NAMED : name;
        used[name] = true;
    }
    for (size_t i = 0; i < SHEET_COLUMNS; i++)
        if (reader->at[i] == NOT_NAMED && !used[i])
            reader->at[i] = i;
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

static bool is_empty(const struct sheet_row *row)
{
    bool empty = row->wrong == NULL;
    for (size_t i = 0; i < SHEET_COLUMNS; i++)
        empty = empty && row->field[i] == NULL;
    return empty;
}

static const char *too_few(char separator)
{
    switch (separator) {
    case ';':
        return "expected 2 to 4 columns, with semicolons between: name;number;channels;key";
    case '\t':
        return "expected 2 to 4 columns, with tabs between: name, number, channels, key";
    default:
        return "expected 2 to 4 columns, with commas between: name,number,channels,key";
    }
}

static void take_row(int terminator, void *context)
{
    struct reader *reader = context;
    struct sheet_row *row = &reader->row;
    (void)terminator;
    bool empty = is_empty(row);
    if (row->wrong == NULL && reader->fields < 2)
        row->wrong = too_few(reader->separator);
    bool header = !empty && !reader->begun && is_header(row);
    if (header)
        take_header(reader);
    if (empty || (header && row->wrong == NULL))
        forget(row);
    else
        keep(reader->sheet, row);
    reader->begun = reader->begun || !empty;
    *row = (struct sheet_row){0};
    reader->fields = 0;
}

/* True if a row begins with this field: not with the blanks of an otherwise empty line. */
static bool begins_row(const struct reader *reader, char byte)
{
    return byte != '\n' && byte != '\r' && byte != ' ' &&
           (byte != '\t' || reader->separator == '\t');
}

/* Byte by byte, so that the line of each row is known. */
static bool read_bytes(struct csv_parser *parser, struct reader *reader, const char *text,
                       size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool line_end = text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
        if (reader->row.line == 0 && begins_row(reader, text[i]))
            reader->row.line = reader->line;
        if (csv_parse(parser, &text[i], 1, take_field, take_row, reader) != 1)
            return false;
        if (line_end)
            reader->line++;
    }
    return csv_fini(parser, take_field, take_row, reader) == 0;
}

/* ---- the separator ---- */

/* Finds the separator of the columns in the first line that has any. False with the problem:
 * several characters are possible. */
static bool find_separator(struct reader *reader, const char *text, struct problem *problem)
{
    bool quoted = false;
    bool comma = false;
    bool semicolon = false;
    bool tab = false;
    const char *at = text + strspn(text, " \t\r\n");
    while (at > text && at[-1] == '\t') /* the first column is empty */
        at--;
    for (; *at != '\0' && (quoted || (*at != '\n' && *at != '\r')); at++) {
        quoted = quoted != (*at == '"');
        comma = comma || (!quoted && *at == ',');
        semicolon = semicolon || (!quoted && *at == ';');
        tab = tab || (!quoted && *at == '\t');
    }
    reader->separator = ',';
    if (semicolon)
        reader->separator = ';';
    if (tab)
        reader->separator = '\t';
    return comma + semicolon + tab <= 1 ||
           problem_set(problem,
                       "the first line has %s and %s, and it is not clear which separate the "
                       "columns: write fields that have one in double quotes, or put a line "
                       "name,number,channels,key with the right separator before it",
                       comma ? "commas" : "semicolons", tab ? "tabs" : "semicolons");
}

/* The same, of a first line that says it. Returns the length of that line; 0: there is none. */
static size_t said_separator(struct reader *reader, const char *text)
{
    const size_t length = sizeof(SEPARATOR_LINE) - 1;
    if (strncasecmp(text, SEPARATOR_LINE, length) != 0 || text[length] == '\0' ||
        strchr(",;\t", text[length]) == NULL ||
        (text[length + 1] != '\n' && text[length + 1] != '\r'))
        return 0;
    reader->separator = text[length];
    reader->line = 2;
    return length + (text[length + 1] == '\r' && text[length + 2] == '\n' ? 3 : 2);
}

/* ---- the encoding ---- */

/* Returns a text as UTF-8, with a NUL after it, which the caller frees. NULL with the problem. */
static char *convert(const char *from, const char *text, size_t length, size_t *converted,
                     struct problem *problem)
{
    size_t room = 2 * length; /* two bytes become three at most */
    char *made = malloc(room + 1);
    char *in = (char *)(uintptr_t)text; /* which iconv does not write to */
    char *out = made;
    iconv_t conversion = iconv_open("UTF-8", from);
    bool open = conversion != (iconv_t)-1; // NOLINT(performance-no-int-to-ptr)
    bool good = made != NULL && open &&
                iconv(conversion, &in, &length, &out, &room) != (size_t)-1 && length == 0;
    if (!good && made == NULL)
        problem_no_memory(problem);
    else if (!good)
        problem_set(problem, "it begins as UTF-16, but is not: %s", strerror(errno));
    if (open)
        (void)iconv_close(conversion);
    if (!good) {
        free(made);
        return NULL;
    }
    *out = '\0';
    *converted = (size_t)(out - made);
    return made;
}

/* ---- the whole ---- */

static bool read_text(struct sheet *sheet, const char *text, size_t length, struct problem *problem)
{
    struct csv_parser parser;
    struct reader reader = {.sheet = sheet, .line = 1, .at = {0, 1, 2, 3}};
    size_t said = said_separator(&reader, text);
    if (said == 0 && !find_separator(&reader, text, problem))
        return false;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return problem_no_memory(problem);
    csv_set_delim(&parser, (unsigned char)reader.separator);
    if (!read_bytes(&parser, &reader, text + said, length - said)) {
        reader.row.wrong = "has a double quote where none can be, or lacks one; what follows was "
                           "not read";
        keep(sheet, &reader.row);
    }
    bool good = !sheet->lost && csv_error(&parser) != CSV_ENOMEM;
    csv_free(&parser);
    return good || problem_no_memory(problem);
}

bool sheet_read(struct sheet *sheet, const char *text, size_t length, struct problem *problem)
{
    const size_t bom = sizeof(BOM) - 1;
    const char *from = NULL;
    *sheet = (struct sheet){0};
    if (length >= 2 && memcmp(text, "\xff\xfe", 2) == 0)
        from = "UTF-16LE";
    if (length >= 2 && memcmp(text, "\xfe\xff", 2) == 0)
        from = "UTF-16BE";
    if (from != NULL) {
        char *converted = convert(from, text + 2, length - 2, &length, problem);
        bool good = converted != NULL && read_text(sheet, converted, length, problem);
        free(converted);
        return good;
    }
    if (length >= bom && memcmp(text, BOM, bom) == 0)
        return read_text(sheet, text + bom, length - bom, problem);
    return read_text(sheet, text, length, problem);
}

void sheet_free(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++)
        forget(&sheet->rows[i]);
    free(sheet->rows);
    *sheet = (struct sheet){0};
}
