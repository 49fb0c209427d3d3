#include "grid.h"

enum { WIDE = 100, PRIORITIES = 16 };

int grid_layout(const struct grid_column *columns, size_t count, int width, int *widths)
{
    int gap = width >= WIDE ? 2 : 1;
    int left = width + gap;
    for (size_t i = 0; i < count; i++) {
        widths[i] = 0;
    }
    for (int priority = 0; priority < PRIORITIES; priority++) {
        for (size_t i = 0; i < count; i++) {
            if (columns[i].priority == priority && columns[i].min > 0 && columns[i].min + gap <= left) {
                widths[i] = columns[i].min;
                left -= widths[i] + gap;
            }
        }
    }
    for (bool grown = true; grown && left > 0;) {
        grown = false;
        for (size_t i = 0; i < count && left > 0; i++) {
            if (widths[i] > 0 && widths[i] < columns[i].max) {
                widths[i]++;
                left--;
                grown = true;
            }
        }
    }
    return gap;
}
