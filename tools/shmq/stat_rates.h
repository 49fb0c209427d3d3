/* What a queue does, interval by interval, as vmstat shows a machine. */
#ifndef SHMQ_STAT_RATES_H
#define SHMQ_STAT_RATES_H

#include <stdbool.h>
#include <stdint.h>

struct stat_rates {
    const char *name;
    int64_t interval_ns;
    uint64_t count; /* of intervals; UINT64_MAX: no end */
    bool lanes;     /* a line for each lane as well */
    bool json;
    bool headings;
    bool quiet;
};

/** Returns the exit code; what is wrong is told. */
int stat_rates(const struct stat_rates *what);

#endif
