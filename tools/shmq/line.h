/* A line that stays at the bottom of the screen and changes: on standard error, where that is a terminal. */
#ifndef SHMQ_LINE_H
#define SHMQ_LINE_H

#include "formatted.h"

#include <stddef.h>

enum { LINE_SIZE = 1024 };

struct line {
    char text[LINE_SIZE];
    size_t length;
};

void line_add(struct line *line, const char *format, ...) FORMATTED(2, 3);

/** [######              ] 30% */
void line_add_bar(struct line *line, double share);

/** Text of somebody else's: UTF-8, with control characters as \n or \x1b. */
void line_add_text(struct line *line, const char *text);

/**
 * Show it over the line that is there, and never longer than the terminal is wide: so it needs no escape sequences.
 *
 * @param columns  [in,out]  how much of the line that is there is not blank
 * @param end      [in]      "", or "\n" to leave it there, or "\r" behind an empty line
 */
void line_show(const struct line *line, size_t *columns, const char *end);

#endif
