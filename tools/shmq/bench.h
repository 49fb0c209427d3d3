/* What shmq bench shows. One file where it can measure, bench.c, and bench_none.c where it cannot. */
#ifndef SHMQ_BENCH_H
#define SHMQ_BENCH_H

#include <stdbool.h>

struct bench {
    double seconds;
    int producer, consumer; /* processors; negative: to be picked */
    bool json;
    bool quiet;
};

/** Measure, and show it. Returns an exit code. */
int bench_run(const struct bench *bench);

#endif
