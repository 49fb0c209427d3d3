/* All that there is to measure, in the order in which it is: what is compared stands side by side. */
#ifndef BENCH_POINTS_H
#define BENCH_POINTS_H

#include "run.h"

#include <regex.h>

#define POINTS_MAX 1024

struct points {
    struct point all[POINTS_MAX];
    size_t count;
    const regex_t *filter; /* NULL: all */
};

/* Those whose names match. */
void points_add_all(struct points *all, const regex_t *filter);

#endif
