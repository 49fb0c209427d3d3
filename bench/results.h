/* All figures of all rounds, and the table of ratios that is made of them. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "run.h"

#include <stddef.h>

struct results;

/* NULL: out of memory. */
struct results *results_open(const struct point *points, size_t point_count, unsigned rounds);
void results_close(struct results *results);

/* The next round's figure of a point. */
void results_add(struct results *results, const struct point *point, const struct figure *figure);

/* How many figures there are. */
size_t results_count(const struct results *results);

/* Print what shmq reaches, as a multiple of a pipe and of the cache lines, each ratio taken within its round. */
void results_print(const struct results *results);

#endif
