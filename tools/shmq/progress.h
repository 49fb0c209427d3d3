/* How far a long job is, on standard error, where that is a terminal. */
#ifndef SHMQ_PROGRESS_H
#define SHMQ_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    const char *name;
    bool enabled;
    bool visible;
    int64_t bytes_total; /* of input, -1 where unknown */
    uint64_t bytes;      /* of input, so far */
    uint64_t records;
    int64_t start_ns;
    int64_t shown_ns;
    size_t shown_columns; /* of the line that is there */
    uint64_t shown_bytes;
    double rate;        /* bytes a second, smoothed */
    int64_t stalled_ns; /* since when the queue is full; 0: it is not */
    bool nobody_receives;
};

void progress_start(struct progress *progress, const char *name, bool enabled, int64_t bytes_total);

/** Show it again where it is time to. */
void progress_tick(struct progress *progress);

/** Take it off the screen until it is shown again. */
void progress_hide(struct progress *progress);

/** Take it off the screen; where it had been there, leave a line that says what was done. */
void progress_end(struct progress *progress);

#endif
