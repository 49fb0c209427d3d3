/*
 * There and back, one message at a time
 *
 * The loops of both sides around a transport's put and get. The asker copies a message of the pool, puts it, gets the
 * answer and checks it; the answerer gets, checks, and puts the same back. Each trip's time goes into the histogram.
 */
#ifndef BENCH_TRIPS_H
#define BENCH_TRIPS_H

#include "run.h"
#include "ticks.h"

#include <errno.h>

#define TRIPS_MESSAGE 64

/* Trips between two looks at the clock. */
#define TRIPS_LAP 16

/* The first word of a message that is none: there will be no more. */
#define TRIPS_END UINT64_MAX

struct shmq;
struct trips_await;

/* One side's ends of the transport. */
struct trips_side {
    struct run *run;
    struct shmq *out;
    struct shmq *in;
    struct way *way_out; /* peers */
    struct way *way_in;
    uint64_t number; /* lines: of the last trip */
    struct trips_await *await;
};

/* 0, or a negative errno; -EPIPE from a get: the other side has finished. */
typedef int trips_step(struct trips_side *side, uint8_t *message);

RUN_INLINE int trips_ask(struct trips_side *side, trips_step *put, trips_step *get)
{
    struct run *run = side->run;
    const struct payload payload = run->payload;
    struct payload_account answers = {0, 0, 0};
    alignas(64) uint8_t message[TRIPS_MESSAGE];
    uint64_t before = ticks();
    uint64_t sent = 0;
    int rc = 0;

    while (rc == 0 && run_lap(run, sent)) {
        if (run->start_sent == sent) {
            hist_clear(run->hist);
            before = ticks();
        }
        for (int i = 0; i < TRIPS_LAP && rc == 0; i++) {
            memcpy(message, payload_next(&payload, sent++), TRIPS_MESSAGE);
            rc = put(side, message);
            if (rc == 0) {
                rc = get(side, message);
            }
            payload_take(&answers, message, TRIPS_MESSAGE);
            uint64_t now = ticks();

            run_trip(run, now - before);
            before = now;
        }
    }
    pair_finish(&run->pair, sent);
    return rc == 0 && answers.wrong != 0 ? -EBADMSG : rc;
}

RUN_INLINE int trips_answer(struct trips_side *side, trips_step *put, trips_step *get)
{
    struct payload_account account = {0, 0, 0};
    alignas(64) uint8_t message[TRIPS_MESSAGE];
    int rc = 0;

    while (rc == 0) {
        rc = get(side, message);
        if (rc == 0 && payload_word(message, 0) == TRIPS_END) {
            break;
        }
        if (rc == 0) {
            payload_take(&account, message, TRIPS_MESSAGE);
            rc = put(side, message);
        }
    }
    run_account(side->run, account);
    return rc == -EPIPE ? 0 : rc;
}

#endif
