/* Bars, sparklines and numbers for a screen: text of a given width in columns. */
#ifndef SHMQ_PICTURE_H
#define SHMQ_PICTURE_H

#include "units.h"

#include <stdbool.h>
#include <stddef.h>

/* Room for a line of any text here: four bytes a column. */
enum { PICTURE_COLUMNS = 320, PICTURE_TEXT = 4 * PICTURE_COLUMNS + 1 };

/** Text in exactly `width` columns: cut off, or with blanks at its end, or in front where `right`. What is no
 *  character, or does something to a terminal, becomes '?'. */
void picture_fit(char text[PICTURE_TEXT], const char *from, int width, bool right);

/** Columns that a text takes. */
int picture_width(const char *text);

/** How full something is, and, where mark > 0, how full it has been. Both 0 .. 1. */
void picture_bar(char text[PICTURE_TEXT], double share, double mark, int width, bool utf8);

/** The newest at the right; `count` values were ever put into the ring of `room`. */
void picture_spark(char text[PICTURE_TEXT], const float *ring, unsigned count, unsigned room, int width, bool utf8);

/** The hints of a list that ends with NULL, as many of them as fit; the last two, how to be helped and to leave, first. */
void picture_hints(char text[PICTURE_TEXT], const char *const *hints, int width);

/** 12us, 1.4ms, 3m2s */
void picture_delay(char text[UNITS_TEXT], double seconds);

/** 1.2M, 340k, 12, 0.3 */
void picture_rate(char text[32], double rate);

#endif
