#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool table_add(struct table *table, const char *format, ...)
{
    if (table->cell_count == table->room) {
        size_t room = table->room == 0 ? 64 : 2 * table->room;
        char **cells = realloc(table->cells, room * sizeof *cells);
        if (cells == NULL) {
            return false;
        }
        table->cells = cells;
        table->room = room;
    }
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&table->cells[table->cell_count], format, arguments);
    va_end(arguments);
    if (length < 0) {
        return false;
    }
    table->cell_count++;
    return true;
}

static void cell_print(const struct table *table, size_t column, size_t width, const char *text)
{
    bool last = column + 1 == table->column_count;
    /* No spaces at the end of a line. */
    if (column > 0 && !(last && text[0] == '\0')) {
        fputs("  ", stdout);
    }
    if (table->columns[column].number) {
        printf("%*s", (int)width, text);
    } else {
        printf("%-*s", last ? 0 : (int)width, text);
    }
    if (last) {
        putchar('\n');
    }
}

void table_print(const struct table *table, bool headings)
{
    size_t count = table->column_count;
    size_t widths[32] = {0};
    if (count == 0) {
        return;
    }
    for (size_t i = 0; headings && i < count; i++) {
        widths[i] = strlen(table->columns[i].heading);
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t length = strlen(table->cells[i]);
        widths[i % count] = length > widths[i % count] ? length : widths[i % count];
    }
    for (size_t i = 0; headings && i < count; i++) {
        cell_print(table, i, widths[i], table->columns[i].heading);
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        cell_print(table, i % count, widths[i % count], table->cells[i]);
    }
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    *table = (struct table){0};
}
