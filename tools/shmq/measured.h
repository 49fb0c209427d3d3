/*
 * What bench measures
 *
 * Points of the benchmarks (bench/run.h), in rounds in which all take turns, and the medians of these.
 */
#ifndef SHMQ_MEASURED_H
#define SHMQ_MEASURED_H

#include "pair.h"

#include <stdbool.h>
#include <stddef.h>

enum { MEASURED_ROWS_MAX = 64 };

struct measured_row {
    const char *label;     /* for people */
    const char *transport; /* for programs */
    const char *mode;
    size_t size;
    bool ours;
    bool is_trip;
    double messages_per_s;
    double bytes_per_s;
    double times_pipe; /* the median of the rounds' ratios */
    double line_ns;    /* round trip of a cache line, before and after */
    double p50_ns;
    double p99_ns;
    double p999_ns;
};

struct measured {
    struct pair_cores cores; /* negative: to be picked */
    unsigned rounds;
    unsigned count;
    unsigned moved; /* measurements during which the processors were moved */
    double line_ns;
    struct measured_row rows[MEASURED_ROWS_MAX];
};

/** The sizes of messages, ended by 0. */
extern const size_t measured_sizes[];

/** About as long as that, all together. NULL, or what went wrong; `progress` may be NULL. */
const char *measured_run(struct measured *measured, double seconds,
                         void (*progress)(size_t done, size_t count, const char *name));

#endif
