/*
 * Histograms of times
 *
 * As HdrHistogram has them: buckets that are one wide up to 127, and then 64 for each power of two, so that any value
 * is known to within 1.6 % however large it is, and adding one is a few instructions. Least and greatest are exact.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HIST_LINEAR 128u
#define HIST_BUCKETS (64u * 59u)

struct hist {
    uint64_t count;
    uint64_t least;
    uint64_t most;
    double sum;
    uint64_t buckets[HIST_BUCKETS];
};

struct hist_summary {
    uint64_t count;
    double least;
    double mean;
    double p50;
    double p90;
    double p99;
    double p999;
    double p9999;
    double most;
};

static inline unsigned hist_bucket(uint64_t value)
{
    if (value < HIST_LINEAR) {
        return (unsigned)value;
    }
    unsigned shift = 57 - (unsigned)__builtin_clzll(value);

    return shift * 64 + (unsigned)(value >> shift);
}

static inline void hist_add(struct hist *hist, uint64_t value)
{
    hist->least = hist->count == 0 || value < hist->least ? value : hist->least;
    hist->most = value > hist->most ? value : hist->most;
    hist->count++;
    hist->sum += (double)value;
    hist->buckets[hist_bucket(value)]++;
}

void hist_clear(struct hist *hist);

/* The value that this share of all values, 0 .. 1, does not exceed. */
uint64_t hist_at(const struct hist *hist, double share);

/* Every value multiplied by `scale`. */
struct hist_summary hist_summarise(const struct hist *hist, double scale);

#ifdef __cplusplus
}
#endif
#endif
