/* A small HTTP server: one thread, and no client can hold up another. */
#ifndef SHMQ_METRICS_SERVE_H
#define SHMQ_METRICS_SERVE_H

#include "metrics.h"

#include <stdbool.h>

/**
 * Serve http://WHERE/metrics until a signal comes. `where` is ADDRESS:PORT, [ADDRESS]:PORT, or PORT alone on loopback;
 * port 0 lets the system choose. Returns an exit code.
 */
typedef int metrics_serve_function(const char *where, struct watch *w, enum metrics_format format, bool quiet);

metrics_serve_function metrics_serve;

/* In the module: metrics_serve calls it. */
metrics_serve_function metrics_serve_module;

#endif
