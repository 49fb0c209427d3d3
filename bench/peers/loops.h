/* The loops around a peer's calls: see peer.h. */
#ifndef BENCH_PEER_LOOPS_H
#define BENCH_PEER_LOOPS_H

#include "paced.h"
#include "peers.h"
#include "producers.h"
#include "ticks.h"
#include "trips.h"

#include <errno.h>
#include <stdlib.h>

#define PEER_END TRIPS_END

typedef int peer_put(struct way *way, const uint8_t *message, size_t size);
typedef int peer_get(struct way *way, uint8_t *buffer, size_t size);

/* Up to `count` messages that lie one behind the other. How many it were, 0 where none could be. */
typedef int peer_put_many(struct way *way, const uint8_t *messages, size_t size, unsigned count);
typedef int peer_get_many(struct way *way, uint8_t *buffer, size_t size, unsigned count);

RUN_INLINE int peer_put_whole(struct run *run, struct way *way, const uint8_t *message, size_t size, peer_put *put)
{
    int rc;

    do {
        rc = put(way, message, size);
    } while (rc == -EAGAIN && pair_wait(&run->pair));
    return rc;
}

RUN_INLINE int peer_put_end(struct run *run, struct way *way, size_t size, peer_put *put)
{
    uint8_t *message = (uint8_t *)aligned_alloc(PAYLOAD_LINE, RUN_BATCH_BYTES);
    const uint64_t end = PEER_END;
    int rc = -ENOMEM;

    if (message != NULL) {
        memset(message, 0, size);
        memcpy(message, &end, sizeof end);
        rc = peer_put_whole(run, way, message, size, put);
    }
    free(message);
    return rc;
}

static inline int peer_open(struct run *run, struct way *way, bool sends)
{
    const struct peer *peer = run->point->peer;
    int rc = peer->open(way, sends);

    rc = rc == 0 && peer->ready != NULL ? peer->ready(way) : rc;
    return rc == 0 ? run_meet(run) : rc;
}

RUN_INLINE int peer_produce(struct run *run, size_t size, peer_put *put)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    struct way *way = &run->ways[0];
    uint64_t sent = 0;
    int rc = peer_open(run, way, true);

    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left > 0 && rc == 0; left--) {
            rc = peer_put_whole(run, way, payload_next(&payload, sent++), size, put);
        }
    }
    rc = rc == 0 ? peer_put_end(run, way, size, put) : rc;
    pair_finish(&run->pair, sent);
    return rc;
}

RUN_INLINE int peer_consume(struct run *run, size_t size, peer_get *get)
{
    struct payload_account account = {0, 0, 0};
    uint8_t *buffer = (uint8_t *)aligned_alloc(PAYLOAD_LINE, RUN_BATCH_BYTES);
    struct way *way = &run->ways[0];
    int rc = buffer == NULL ? -ENOMEM : peer_open(run, way, false);

    while (rc == 0 || rc == -EAGAIN) {
        rc = get(way, buffer, size);
        if (rc == -EAGAIN) {
            pair_pause();
        } else if (rc == 0 && payload_word(buffer, 0) == PEER_END) {
            break;
        } else if (rc == 0) {
            payload_take(&account, buffer, size);
        }
    }
    run_account(run, account);
    run->point->peer->close(way);
    free(buffer);
    return rc;
}

/* Bursts lie one behind the other in the pool: their lengths are powers of two and divide it. */
RUN_INLINE int peer_produce_many(struct run *run, size_t size, peer_put_many *put_many)
{
    const struct payload payload = payload_of(&run->payload, size);
    const unsigned burst = payload.ahead < RUN_BURST ? (unsigned)payload.ahead : RUN_BURST;
    const uint64_t lap = run_lap_messages(size);
    struct way *way = &run->ways[0];
    alignas(64) static uint8_t end[RUN_BATCH_BYTES];
    const uint64_t end_word = PEER_END;
    uint64_t sent = 0;
    int rc = peer_open(run, way, true);

    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left >= burst && rc == 0; left -= burst) {
            const uint8_t *messages = payload_next(&payload, sent);
            unsigned done = 0;

            for (unsigned i = 1; i < burst; i++) {
                payload_next(&payload, sent + i);
            }
            sent += burst;
            while (done < burst && rc == 0) {
                int count = put_many(way, messages + done * size, size, burst - done);

                done += count > 0 ? (unsigned)count : 0;
                if (count < 0) {
                    rc = count;
                } else if (count == 0 && !pair_wait(&run->pair)) {
                    rc = -ECHILD;
                }
            }
        }
    }
    memcpy(end, &end_word, sizeof end_word);
    for (int count = 0; rc == 0 && count != 1;) {
        count = put_many(way, end, size, 1);
        rc = count < 0 ? count : 0;
    }
    pair_finish(&run->pair, sent);
    return rc;
}

RUN_INLINE int peer_consume_many(struct run *run, size_t size, peer_get_many *get_many)
{
    struct payload_account account = {0, 0, 0};
    uint8_t *buffer = (uint8_t *)aligned_alloc(PAYLOAD_LINE, 2 * RUN_BATCH_BYTES);
    const unsigned fit = (unsigned)(2 * RUN_BATCH_BYTES / size);
    const unsigned burst = fit < RUN_BURST ? fit : RUN_BURST;
    struct way *way = &run->ways[0];
    bool over = false;
    int rc = buffer == NULL ? -ENOMEM : peer_open(run, way, false);

    while (rc == 0 && !over) {
        int count = get_many(way, buffer, size, burst);

        rc = count < 0 ? count : 0;
        if (count == 0) {
            pair_pause();
        }
        for (int i = 0; i < count && !over; i++) {
            over = payload_word(buffer + (size_t)i * size, 0) == PEER_END;
            if (!over) {
                payload_take(&account, buffer + (size_t)i * size, size);
            }
        }
    }
    run_account(run, account);
    run->point->peer->close(way);
    free(buffer);
    return rc;
}

/* Where a message is to be written, NULL where there is no room now; where the next one lies, NULL where there is none. */
typedef void *peer_reserve(struct way *way, size_t size);
typedef int peer_commit(struct way *way, void *slot, size_t size);
typedef const uint8_t *peer_peek(struct way *way, size_t size);
typedef void peer_release(struct way *way, const uint8_t *message);

RUN_INLINE int peer_write(struct run *run, uint64_t sequence, size_t size, peer_reserve *reserve, peer_commit *commit)
{
    const struct payload payload = payload_of(&run->payload, size);
    struct way *way = &run->ways[0];
    void *slot;

    while ((slot = reserve(way, size)) == NULL) {
        if (!pair_wait(&run->pair)) {
            return -ECHILD;
        }
    }
    payload_copy(slot, payload.pool + (sequence & payload.mask) * size, size);
    payload_stamp(slot, size, sequence);
    return commit(way, slot, size);
}

RUN_INLINE int peer_produce_in_place(struct run *run, size_t size, peer_reserve *reserve, peer_commit *commit)
{
    const uint64_t lap = run_lap_messages(size);
    uint64_t sent = 0;
    int rc = peer_open(run, &run->ways[0], true);

    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left > 0 && rc == 0; left--) {
            rc = peer_write(run, sent++, size, reserve, commit);
        }
    }
    rc = rc == 0 ? peer_write(run, PEER_END, size, reserve, commit) : rc;
    pair_finish(&run->pair, sent);
    return rc;
}

RUN_INLINE int peer_consume_in_place(struct run *run, size_t size, peer_peek *peek, peer_release *release)
{
    struct payload_account account = {0, 0, 0};
    struct way *way = &run->ways[0];
    int rc = peer_open(run, way, false);

    for (bool over = rc != 0; !over;) {
        const uint8_t *message = peek(way, size);

        if (message == NULL) {
            pair_pause();
            continue;
        }
        over = payload_word(message, 0) == PEER_END;
        if (!over) {
            payload_take(&account, message, size);
        }
        release(way, message);
    }
    run_account(run, account);
    run->point->peer->close(way);
    return rc;
}

RUN_INLINE int peer_step_put(struct trips_side *side, uint8_t *message, peer_put *put)
{
    return peer_put_whole(side->run, side->way_out, message, TRIPS_MESSAGE, put);
}

RUN_INLINE int peer_step_get(struct trips_side *side, uint8_t *message, peer_get *get)
{
    int rc;

    while ((rc = get(side->way_in, message, TRIPS_MESSAGE)) == -EAGAIN) {
        pair_pause();
    }
    return rc;
}

RUN_INLINE int peer_trips(struct run *run, trips_step *step_put, trips_step *step_get, peer_put *put)
{
    const struct peer *peer = run->point->peer;
    bool is_child = run->pair.child == 0;
    struct trips_side side = {};
    int rc;

    side.run = run;
    side.way_out = &run->ways[is_child];
    side.way_in = &run->ways[!is_child];
    /* In both processes in the same order. */
    rc = peer->open(&run->ways[0], !is_child);
    rc = rc == 0 ? peer->open(&run->ways[1], is_child) : rc;
    for (int i = 0; i < 2 && rc == 0 && peer->ready != NULL; i++) {
        rc = peer->ready(&run->ways[i]);
    }
    rc = rc == 0 ? run_meet(run) : rc;
    if (rc == 0 && is_child) {
        rc = trips_answer(&side, step_put, step_get);
        peer->close(&run->ways[0]);
        peer->close(&run->ways[1]);
    } else if (rc == 0) {
        rc = trips_ask(&side, step_put, step_get);
        rc = rc == 0 ? peer_put_end(run, side.way_out, TRIPS_MESSAGE, put) : rc;
    }
    return rc;
}

RUN_INLINE int peer_send_paced(struct run *run, trips_step *step_put)
{
    struct trips_side side = {};
    int rc = peer_open(run, &run->ways[0], true);

    side.run = run;
    side.way_out = &run->ways[0];
    return rc == 0 ? paced_send(&side, step_put) : rc;
}

RUN_INLINE int peer_receive_paced(struct run *run, trips_step *step_get)
{
    struct trips_side side = {};
    int rc = peer_open(run, &run->ways[0], false);

    side.run = run;
    side.way_in = &run->ways[0];
    rc = rc == 0 ? paced_receive(&side, step_get) : rc;
    run->point->peer->close(&run->ways[0]);
    return rc;
}

RUN_INLINE int peer_other(struct run *run, unsigned number, trips_step *step_put)
{
    struct trips_side side = {};
    int rc = run->point->peer->open(&run->ways[0], true);

    side.run = run;
    side.way_out = &run->ways[0];
    rc = rc == 0 ? producers_meet(run) : rc;
    rc = rc == 0 ? producers_send(&side, number, step_put) : rc;
    run->point->peer->close(&run->ways[0]);
    return rc;
}

RUN_INLINE int peer_lead(struct run *run, int (*other)(struct run *run, unsigned number), trips_step *step_put)
{
    struct trips_side side = {};
    int rc = producers_start(run, other);

    side.run = run;
    side.way_out = &run->ways[0];
    rc = rc == 0 ? run->point->peer->open(&run->ways[0], true) : rc;
    return rc == 0 ? producers_lead(&side, step_put) : rc;
}

RUN_INLINE int peer_receive_many(struct run *run, trips_step *step_get)
{
    struct trips_side side = {};
    int rc = peer_open(run, &run->ways[0], false);

    side.run = run;
    side.way_in = &run->ways[0];
    rc = rc == 0 ? producers_receive(&side, step_get, NULL) : rc;
    run->point->peer->close(&run->ways[0]);
    return rc;
}

#endif
