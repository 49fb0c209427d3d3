/* Columns that fit the width: those that matter most are shown, and those that can use more room get it. */
#ifndef SHMQ_GRID_H
#define SHMQ_GRID_H

#include "picture.h"
#include "screen.h"

#include <stdbool.h>
#include <stddef.h>

enum { GRID_COLUMNS_MAX = 24 };

struct grid_column {
    const char *heading;
    int min, max; /* width; 0: not shown at all */
    int priority; /* 0 first */
    bool right;   /* aligned at its right */
};

struct grid_cell {
    char text[PICTURE_TEXT];
    enum ink ink;
};

/** Sets the width of each column, 0 where it is not shown. Returns the gap between two. */
int grid_layout(const struct grid_column *columns, size_t count, int width, int *widths);

#endif
