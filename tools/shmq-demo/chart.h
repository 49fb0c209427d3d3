/*
 * Bars in a terminal
 *
 * As wide as the terminal, of block characters where the locale is UTF-8, in colour where it is a terminal and
 * NO_COLOR is not set.
 */
#ifndef DEMO_CHART_H
#define DEMO_CHART_H

#include <stdbool.h>

struct chart {
    int width; /* of the terminal */
    bool blocks;
    bool colour;
};

struct chart_bar {
    const char *label;
    double value;
    double most;      /* the value that fills the width */
    const char *text; /* behind the bar */
    bool ours;        /* coloured */
};

/* What standard output can show. */
struct chart chart_of_terminal(void);

void chart_title(const struct chart *chart, const char *title);
void chart_draw(const struct chart *chart, const struct chart_bar *bar);

#endif
