#include "measured.h"

#include "peers/peers.h"
#include "run.h"
#include "ticks.h"
#include "transports.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ROUNDS_MAX = 9 };

/* What a measurement takes beyond its own time. */
static const double overhead_s = 0.02;
static const double seconds_wanted = 0.08;
static const double seconds_min = 0.002;
static const double seconds_max = 0.5;

const size_t measured_sizes[] = {8, 64, 1024, 4096, 65536, 0};

extern const struct peer peer_mqueue;

struct way_row {
    const char *label;
    const char *transport;
    const char *mode;
    struct point point;
};

/* The pipe first: the others are compared with it. */
static const struct way_row ways[] = {
    {"pipe", "pipe", "single", {.transport = &pipe_single, .pipe_bytes = 1 << 20}},
    {"pipe, batched", "pipe", "batched", {.transport = &pipe_batch, .pipe_bytes = 1 << 20}},
    {"Unix socket", "unix_stream", "single", {.transport = &pipe_single, .socket = SOCK_STREAM}},
    {"POSIX queue", "posix_mq", "single", {.peer = &peer_mqueue}},
    {"shmq", "shmq", "single", {.transport = &shmq_single, .capacity = SHMQ_CAPACITY_DEFAULT}},
    {"shmq, batched", "shmq", "batched", {.transport = &shmq_batch, .capacity = SHMQ_CAPACITY_DEFAULT}},
    {"shmq, arrays", "shmq", "arrays", {.transport = &shmq_many, .capacity = SHMQ_CAPACITY_DEFAULT}},
    {"shmq, in place", "shmq", "in_place", {.transport = &shmq_in_place, .capacity = SHMQ_CAPACITY_DEFAULT}},
};

static const struct way_row trips[] = {
    {"two cache lines each way", "lines", "polling", {.transport = &round_trip_lines}},
    {"shmq, polling", "shmq", "polling", {.transport = &round_trip_shmq, .capacity = SHMQ_CAPACITY_DEFAULT}},
    {"pipe, polling", "pipe", "polling", {.transport = &round_trip_pipe, .spin = true}},
    {"two futexes, asleep", "futex", "sleeping", {.transport = &wake_futex}},
    {"shmq, asleep", "shmq", "sleeping", {.transport = &wake_shmq, .capacity = SHMQ_CAPACITY_DEFAULT}},
    {"pipe, asleep", "pipe", "sleeping", {.transport = &round_trip_pipe}},
    {"Unix socket, asleep", "unix_stream", "sleeping", {.transport = &round_trip_pipe, .socket = SOCK_STREAM}},
    {"POSIX queue, asleep", "posix_mq", "sleeping", {.peer = &peer_mqueue}},
};

struct plan {
    struct point points[MEASURED_ROWS_MAX];
    struct figure figures[MEASURED_ROWS_MAX][ROUNDS_MAX];
    struct settings settings;
};

static void add(struct measured *measured, struct plan *plan, const struct way_row *way, size_t size, bool is_trip)
{
    struct point *point = &plan->points[measured->count];
    *point = way->point;
    point->size = size;
    if (point->peer != NULL) {
        point->transport = is_trip ? point->peer->round_trip : point->peer->single;
    }
    snprintf(point->name, sizeof point->name, "%s, %zu bytes", way->label, size);
    measured->rows[measured->count++] = (struct measured_row){
        .label = way->label,
        .transport = way->transport,
        .mode = way->mode,
        .size = size,
        .is_trip = is_trip,
        .ours = strcmp(way->transport, "shmq") == 0,
    };
}

static void add_all(struct measured *measured, struct plan *plan)
{
    for (size_t i = 0; measured_sizes[i] != 0; i++) {
        for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
            const struct peer *peer = ways[k].point.peer;
            if (peer == NULL || peer->size_max == 0 || measured_sizes[i] <= peer->size_max) {
                add(measured, plan, &ways[k], measured_sizes[i], false);
            }
        }
    }
    for (size_t k = 0; k < sizeof trips / sizeof trips[0]; k++) {
        add(measured, plan, &trips[k], 64, true);
    }
}

/* Rather fewer rounds than rounds that are too short. */
static void divide(struct measured *measured, struct plan *plan, double seconds)
{
    double *each = &plan->settings.seconds;
    for (unsigned rounds = ROUNDS_MAX; rounds >= 3; rounds -= 2) {
        measured->rounds = rounds;
        *each = (seconds / (measured->count * rounds) - overhead_s) / 1.1;
        if (*each >= seconds_wanted) {
            break;
        }
    }
    *each = *each < seconds_min ? seconds_min : *each;
    *each = *each > seconds_max ? seconds_max : *each;
}

static const char *place(struct measured *measured, struct plan *plan)
{
    static char text[96];
    struct pair_cores *cores = &measured->cores;
    if (cores->producer < 0 && pair_cores_pick(cores) != 0) {
        return "this needs two processors, and this process may use one only";
    }
    if (pair_pin(cores->consumer) != 0 || pair_pin(cores->producer) != 0) {
        snprintf(text, sizeof text, "cannot run on processors %d and %d", cores->producer, cores->consumer);
        return text;
    }
    plan->settings.cores = *cores;
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof values[0], by_size);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static double rate_of(const struct figure *figure)
{
    return (double)figure->messages / figure->seconds;
}

static double pick(const struct figure *figure, const struct figure *pipe, int what)
{
    switch (what) {
    case 0:
        return rate_of(figure);
    case 1:
        return rate_of(figure) / rate_of(pipe);
    case 2:
        return figure->before.bare_ns;
    case 3:
        return figure->times.p50;
    case 4:
        return figure->times.p99;
    default:
        return figure->times.p999;
    }
}

/* Medians of the rounds; ratios are taken within a round. */
static void summarise(struct measured *measured, struct plan *plan)
{
    double lines[MEASURED_ROWS_MAX];
    unsigned pipe = 0;
    for (unsigned i = 0; i < measured->count; i++) {
        struct measured_row *row = &measured->rows[i];
        double *const results[] = {&row->messages_per_s, &row->times_pipe, &row->line_ns,
                                   &row->p50_ns,         &row->p99_ns,     &row->p999_ns};
        if (strcmp(row->transport, "pipe") == 0 && strcmp(row->mode, "single") == 0) {
            pipe = i;
        }
        for (int what = 0; what < (int)(sizeof results / sizeof results[0]); what++) {
            double values[ROUNDS_MAX];
            for (unsigned round = 0; round < measured->rounds; round++) {
                values[round] = pick(&plan->figures[i][round], &plan->figures[pipe][round], what);
            }
            *results[what] = median(values, measured->rounds);
        }
        row->bytes_per_s = row->messages_per_s * (double)row->size;
        lines[i] = row->line_ns;
        for (unsigned round = 0; round < measured->rounds; round++) {
            const struct figure *figure = &plan->figures[i][round];
            measured->moved +=
                distance_placement(figure->before.bare_ns) != distance_placement(figure->after.bare_ns);
        }
    }
    measured->line_ns = median(lines, measured->count);
}

static const char *measure_all(struct measured *measured, struct plan *plan, double seconds,
                               void (*progress)(size_t done, size_t count, const char *name))
{
    static char text[RUN_ERROR_TEXT + sizeof plan->points[0].name];
    size_t count = measured->rounds * measured->count;
    size_t done = 0;
    uint64_t start_ns = ticks_ns();
    for (unsigned round = 0; round < measured->rounds; round++) {
        for (unsigned i = 0; i < measured->count; i++) {
            if (progress != NULL) {
                progress(done, count, plan->points[i].name);
            }
            const char *error = run_measure(&plan->points[i], &plan->settings, &plan->figures[i][round]);
            if (error != NULL) {
                snprintf(text, sizeof text, "%s: %s", plan->points[i].name, error);
                return text;
            }
            done++;
        }
        /* Where others use the machine too it takes longer; so fewer rounds must do. */
        if ((double)(ticks_ns() - start_ns) / 1e9 / (round + 1) * (round + 2) > 1.5 * seconds) {
            measured->rounds = round + 1;
        }
    }
    if (progress != NULL) {
        progress(count, count, "");
    }
    return NULL;
}

const char *measured_run(struct measured *measured, double seconds,
                         void (*progress)(size_t done, size_t count, const char *name))
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) {
        return "out of memory";
    }
    const char *error = place(measured, plan);
    if (error == NULL) {
        add_all(measured, plan);
        divide(measured, plan, seconds);
        error = measure_all(measured, plan, seconds, progress);
    }
    if (error == NULL) {
        summarise(measured, plan);
    }
    free(plan);
    return error;
}
