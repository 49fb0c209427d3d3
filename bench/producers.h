/*
 * Many producers at work, one consumer
 *
 * The parent and point.producers - 1 more processes send as fast as they can, each messages of its own: the first and
 * the last word of each is the producer's number and a count. The consumer checks that of each producer every message
 * comes once and in order. The producers share what processors there are beside the consumer's.
 */
#ifndef BENCH_PRODUCERS_H
#define BENCH_PRODUCERS_H

#include "trips.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PRODUCERS_MAX 64
#define PRODUCERS_MESSAGE TRIPS_MESSAGE
#define PRODUCERS_SHIFT 48 /* the producer's number begins here */
#define PRODUCERS_LAP 16   /* messages between two looks at whether it is over */

struct producers;

/* In the parent, before there is a consumer's process; at the end. */
int producers_prepare(struct run *run);
void producers_clean(struct run *run);

/* Start the others, each of which runs `side` with its number; then tell them to begin, and to end. */
int producers_start(struct run *run, int (*side)(struct run *run, unsigned number));
int producers_go(struct run *run);
int producers_stop(struct run *run);

/* One of the others: when all may begin; and how far it is, after which it ends where this is false. */
int producers_meet(struct run *run);
bool producers_lap(struct run *run, unsigned number, uint64_t sent);
uint64_t producers_sent(const struct run *run);

/* The loop of each. */
RUN_INLINE int producers_send(struct trips_side *side, unsigned number, trips_step *put)
{
    struct run *run = side->run;
    const struct payload payload = payload_of(&run->payload, PRODUCERS_MESSAGE);
    const uint64_t first = (uint64_t)number << PRODUCERS_SHIFT;
    alignas(64) uint8_t message[PRODUCERS_MESSAGE];
    uint64_t sent = 0;
    int rc = 0;

    for (uint64_t i = 0; i < payload.ahead; i++) {
        payload_stamp(payload.pool + i * PRODUCERS_MESSAGE, PRODUCERS_MESSAGE, first + i);
    }
    while (rc == 0 && producers_lap(run, number, sent)) {
        for (unsigned left = PRODUCERS_LAP; left > 0 && rc == 0; left--) {
            memcpy(message, payload_next(&payload, first + sent), PRODUCERS_MESSAGE);
            rc = put(side, message);
            sent += rc == 0;
        }
    }
    producers_lap(run, number, sent);
    return rc;
}

/* The parent, with its own end open as those of the others. */
RUN_INLINE int producers_lead(struct trips_side *side, trips_step *put)
{
    struct run *run = side->run;
    alignas(64) uint8_t message[PRODUCERS_MESSAGE] = {0};
    const uint64_t end = TRIPS_END;
    int rc = producers_go(run);

    rc = rc == 0 ? producers_send(side, 0, put) : rc;
    rc = rc == 0 ? producers_stop(run) : rc;
    memcpy(message, &end, sizeof end);
    rc = rc == 0 ? put(side, message) : rc;
    pair_finish(&run->pair, producers_sent(run));
    return rc;
}

/* `rest`: what is there and nothing more, where the last message may overtake those of others; NULL where it cannot. */
RUN_INLINE int producers_receive(struct trips_side *side, trips_step *get, trips_step *rest)
{
    struct run *run = side->run;
    struct payload_account account = {0, 0, 0};
    uint64_t counts[PRODUCERS_MAX] = {0};
    alignas(64) uint8_t message[PRODUCERS_MESSAGE];
    bool over = false;
    int rc = 0;

    for (;;) {
        rc = over ? rest(side, message) : get(side, message);
        uint64_t word = payload_word(message, 0);

        if (rc == 0 && word == TRIPS_END && rest != NULL) {
            over = true;
            continue;
        }
        if (rc != 0 || word == TRIPS_END) {
            rc = over && rc == -EAGAIN ? 0 : rc;
            break;
        }
        unsigned number = (unsigned)(word >> PRODUCERS_SHIFT) % PRODUCERS_MAX;

        account.wrong |= word ^ ((uint64_t)number << PRODUCERS_SHIFT | counts[number]++);
        account.wrong |= word ^ payload_word(message, PRODUCERS_MESSAGE - sizeof word);
        account.received++;
    }
    account.sum = payload_sum(&run->payload, account.received);
    run_account(run, account);
    return rc;
}

#ifdef __cplusplus
}
#endif
#endif
