#include "run.h"
#include "ticks.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* The part of a run's time that the warm-up takes before it. */
#define WARM_UP 0.1

static uint64_t length_ns(const struct run *run)
{
    return (uint64_t)(run->settings->seconds * 1e9);
}

int run_meet(struct run *run)
{
    int rc = pair_meet(&run->pair);

    run->meet_ns = ticks_ns();
    run->meet_cpu_ns = ticks_cpu_ns();
    run->start_ns = 0;
    run->next_ns = ticks_ns() + (uint64_t)((double)length_ns(run) * WARM_UP);
    return rc;
}

bool run_lap(struct run *run, uint64_t sent)
{
    uint64_t now = ticks_ns();

    if (now < run->next_ns) {
        return true;
    }
    if (run->start_ns != 0) {
        return false;
    }
    run->start_ns = now;
    run->start_sent = sent;
    run->next_ns = now + length_ns(run);
    return true;
}

/* Other processes, and sleeping in a pipe, keep a side away from its work. */
static double away(const struct run *run)
{
    double time = (double)(ticks_ns() - run->meet_ns);
    double cpu_time = (double)(ticks_cpu_ns() - run->meet_cpu_ns);

    return time > cpu_time ? 1 - cpu_time / time : 0;
}

void run_account(struct run *run, struct payload_account account)
{
    run->pair.shared->end_ns = ticks_ns();
    run->pair.shared->account = account;
    run->pair.shared->away = away(run);
}

static int consumer_side(void *argument)
{
    struct run *run = argument;
    int rc;

    pair_distance_answer(&run->pair);
    rc = run->point->transport->consume(run);
    if (rc == 0) {
        rc = pair_meet(&run->pair);
    }
    if (rc == 0) {
        pair_distance_answer(&run->pair);
    }
    return rc;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void percentiles(struct run *run, struct figure *figure)
{
    size_t count = run->trip_count < RUN_TRIPS_MAX ? run->trip_count : RUN_TRIPS_MAX;

    if (count == 0) {
        return;
    }
    qsort(run->trips, count, sizeof run->trips[0], by_size);
    figure->p50_ns = run->trips[count / 2] / run->ticks_per_ns;
    figure->p99_ns = run->trips[count - 1 - count / 100] / run->ticks_per_ns;
    figure->p999_ns = run->trips[count - 1 - count / 1000] / run->ticks_per_ns;
}

/* What the consumer says against what was sent. */
static const char *verdict(const struct run *run, struct figure *figure)
{
    const struct pair_shared *shared = run->pair.shared;
    const struct payload_account *account = &shared->account;

    if (account->received + 1 != shared->finished.word) {
        return "messages are missing";
    }
    if (account->wrong != 0) {
        return "messages came out of order";
    }
    if (account->sum != payload_sum(&run->payload, account->received)) {
        return "payload was changed on its way";
    }
    figure->away = figure->away > shared->away ? figure->away : shared->away;
    figure->messages = account->received - run->start_sent;
    figure->seconds = (double)(shared->end_ns - run->start_ns) * 1e-9;
    return figure->messages == 0 || figure->seconds <= 0 ? "nothing was sent" : NULL;
}

static const char *both_sides(struct run *run, struct figure *figure)
{
    int rc = pair_start(&run->pair, run->settings->cores.consumer, consumer_side, run);
    const char *error = NULL;

    if (rc != 0) {
        return "cannot start the consumer's process";
    }
    rc = pair_distance_measure(&run->pair, &figure->before);
    if (rc == 0) {
        rc = run->point->transport->produce(run);
        figure->away = away(run);
    }
    if (rc == 0) {
        rc = pair_meet(&run->pair);
    }
    if (rc == 0) {
        rc = pair_distance_measure(&run->pair, &figure->after);
    }
    if (!pair_end(&run->pair, rc != 0)) {
        error = run->pair.shared->error != 0 ? "the consumer failed" : "a side failed or waited in vain";
        fprintf(stderr, "%s: producer %d, consumer %d (negative errno)\n", run->point->name, rc,
                run->pair.shared->error);
    } else {
        error = verdict(run, figure);
    }
    if (error == NULL) {
        percentiles(run, figure);
    }
    munmap(run->pair.shared, sizeof *run->pair.shared);
    return error;
}

const char *run_measure(const struct point *point, const struct settings *settings, struct figure *figure)
{
    struct run run = {.point = point, .settings = settings};
    const char *error = "cannot set up the transport";

    /* A pipe whose reader has died is an error of this figure and not our end. */
    signal(SIGPIPE, SIG_IGN);
    *figure = (struct figure){.seconds = 0};
    if (payload_open(&run.payload, point->size) != 0) {
        return "out of memory";
    }
    if (point->transport->prepare(&run) == 0) {
        error = both_sides(&run, figure);
        point->transport->clean(&run);
    }
    free(run.trips);
    payload_close(&run.payload);
    return error;
}
