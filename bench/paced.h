/*
 * Messages at a fixed rate, whether or not the other side keeps up
 *
 * Each message carries the time at which it was due. Where the transport is full and the sender comes late, the
 * messages behind it are due when they were due: their waiting counts (a clock that is started only when a message
 * gets through would leave it out, which is called coordinated omission). The receiver takes the time from when a
 * message was due until it has copied it out.
 *
 * The sender waits by polling the clock, or, where processor time is what is measured, by sleeping.
 */
#ifndef BENCH_PACED_H
#define BENCH_PACED_H

#include "trips.h"

#include <time.h>

#define PACED_MESSAGE TRIPS_MESSAGE
#define PACED_DUE 8 /* where a message has its time, behind its number */

/* Where the transport cannot carry the rate: how many times as long as it should take. */
#define PACED_OVERTIME 1.5

struct paced {
    uint64_t warm_up; /* messages that do not count */
    uint64_t total;
    double interval; /* ticks */
    double interval_ns;
};

static inline struct paced paced_plan(const struct run *run)
{
    const double rate = run->point->rate;
    const double count = rate * run->settings->seconds;
    struct paced plan = {0, 1, 0, 0};

    /* Idle: nothing but the one message that ends it. */
    plan.interval_ns = 1e9 * run->settings->seconds;
    if (rate > 0) {
        plan.warm_up = (uint64_t)(count / 10);
        plan.total = plan.warm_up + (count > 1 ? (uint64_t)count : 1);
        plan.interval_ns = 1e9 / rate;
    }
    plan.interval = plan.interval_ns * run->ticks_per_ns;
    return plan;
}

static inline void paced_wait(uint64_t due, uint64_t due_ns, bool sleeps)
{
    if (sleeps) {
        struct timespec time;

        time.tv_sec = (time_t)(due_ns / 1000000000);
        time.tv_nsec = (long)(due_ns % 1000000000);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        return;
    }
    while (ticks() < due) {
        pair_pause();
    }
}

/* Returns when the receiver has the last message, so that its get may end when the sender has finished. */
RUN_INLINE int paced_end(struct trips_side *side, uint64_t sent, trips_step *put)
{
    struct pair *pair = &side->run->pair;
    alignas(64) uint8_t message[PACED_MESSAGE] = {0};
    const uint64_t end = TRIPS_END;
    int rc;

    memcpy(message, &end, sizeof end);
    rc = put(side, message);
    while (rc == 0 && pair_load(&pair->shared->end_ns) == 0) {
        rc = pair_wait(pair) ? 0 : -ECHILD;
    }
    pair_finish(pair, sent);
    return rc;
}

RUN_INLINE int paced_send(struct trips_side *side, trips_step *put)
{
    struct run *run = side->run;
    const struct payload payload = run->payload;
    const struct paced plan = paced_plan(run);
    const double longest = (double)plan.total * plan.interval * PACED_OVERTIME;
    alignas(64) uint8_t message[PACED_MESSAGE];
    uint64_t start = ticks();
    uint64_t start_ns = ticks_ns();
    uint64_t sent = 0;
    int rc = 0;

    run->start_sent = 0;
    run->start_ns = start_ns;
    while (rc == 0 && sent < plan.total && (double)(ticks() - start) < longest) {
        uint64_t due = start + (uint64_t)((double)(sent + 1) * plan.interval);

        paced_wait(due, start_ns + (uint64_t)((double)(sent + 1) * plan.interval_ns), run->point->sleeps);
        memcpy(message, payload_next(&payload, sent++), PACED_MESSAGE);
        memcpy(message + PACED_DUE, &due, sizeof due);
        rc = put(side, message);
    }
    return rc == 0 ? paced_end(side, sent, put) : rc;
}

RUN_INLINE int paced_receive(struct trips_side *side, trips_step *get)
{
    struct run *run = side->run;
    const struct paced plan = paced_plan(run);
    struct payload_account account = {0, 0, 0};
    alignas(64) uint8_t message[PACED_MESSAGE];
    int rc = 0;

    while (rc == 0) {
        rc = get(side, message);
        if (rc != 0 || payload_word(message, 0) == TRIPS_END) {
            break;
        }
        uint64_t due = payload_word(message, PACED_DUE);
        uint64_t now = ticks();

        payload_take(&account, message, PACED_MESSAGE);
        if (account.received > plan.warm_up) {
            run_trip(run, now > due ? now - due : 0);
        }
    }
    run_account(run, account);
    return rc;
}

#endif
