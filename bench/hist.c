#include "hist.h"

#include <string.h>

void hist_clear(struct hist *hist)
{
    memset(hist, 0, sizeof *hist);
}

/* The greatest value of a bucket. */
static uint64_t bucket_end(unsigned bucket)
{
    if (bucket < HIST_LINEAR) {
        return bucket;
    }
    unsigned shift = bucket / 64 - 1;

    return ((uint64_t)(bucket - shift * 64) << shift) + ((UINT64_C(1) << shift) - 1);
}

uint64_t hist_at(const struct hist *hist, double share)
{
    double wanted = share * (double)hist->count;
    uint64_t seen = 0;

    for (unsigned i = 0; i < HIST_BUCKETS; i++) {
        seen += hist->buckets[i];
        if (seen > 0 && (double)seen >= wanted) {
            uint64_t end = bucket_end(i);

            return end < hist->most ? end : hist->most;
        }
    }
    return hist->most;
}

struct hist_summary hist_summarise(const struct hist *hist, double scale)
{
    struct hist_summary summary = {.count = hist->count};

    if (hist->count == 0) {
        return summary;
    }
    summary.least = (double)hist->least * scale;
    summary.mean = hist->sum / (double)hist->count * scale;
    summary.p50 = (double)hist_at(hist, 0.5) * scale;
    summary.p90 = (double)hist_at(hist, 0.9) * scale;
    summary.p99 = (double)hist_at(hist, 0.99) * scale;
    summary.p999 = (double)hist_at(hist, 0.999) * scale;
    summary.p9999 = (double)hist_at(hist, 0.9999) * scale;
    summary.most = (double)hist->most * scale;
    return summary;
}
