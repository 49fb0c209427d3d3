/* What a monitoring system wants to know of queues, as text: OpenMetrics 1.0, or the older format of Prometheus. */
#ifndef SHMQ_METRICS_H
#define SHMQ_METRICS_H

#include "watched.h"

#include <stdio.h>

enum metrics_format {
    METRICS_OPENMETRICS,
    METRICS_PROMETHEUS, /* text format 0.0.4: no units, no end mark, and types of counters under their full names */
};

/** What HTTP calls the format. */
const char *metrics_content_type(enum metrics_format format);

/** Write it all, as of the last look at the queues. */
void metrics_write(FILE *out, const struct watch *w, enum metrics_format format);

#endif
