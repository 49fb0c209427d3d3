/* Columns for people: as wide as what is in them, two spaces between. */
#ifndef SHMQ_TABLE_H
#define SHMQ_TABLE_H

#include "formatted.h"

#include <stdbool.h>
#include <stddef.h>

struct column {
    const char *heading;
    bool number; /* aligned at its right */
};

struct table {
    const struct column *columns;
    size_t column_count;
    char **cells; /* row after row */
    size_t cell_count;
    size_t room;
};

/** Add the next cell. Returns false where there is no memory. */
bool table_add(struct table *table, const char *format, ...) FORMATTED(2, 3);
void table_print(const struct table *table, bool headings);
void table_free(struct table *table);

#endif
