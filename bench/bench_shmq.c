/* The queue, through its public calls, opened by name in both processes. */
#include "transports.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int prepare(struct run *run)
{
    struct shmq_create_options options = {
        .struct_size = sizeof options,
        .capacity = run->point->capacity,
        .lane_count = run->point->lanes,
        .kind = run->point->kind,
    };
    int rc;

    snprintf(run->queues[0], sizeof run->queues[0], "shmq-bench-%ld", (long)getpid());
    rc = shmq_create(run->queues[0], &options);
    return rc == 1 ? -EEXIST : rc;
}

/* Both sides have it open since they met, and it has no name any more; this is for when they have not. */
static void clean(struct run *run)
{
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
}

/* Producers that have a lane and send nothing. */
static struct shmq *idle[SHMQ_LANES_MAX];

static void idle_close(void)
{
    for (size_t i = 0; i < SHMQ_LANES_MAX; i++) {
        shmq_close(idle[i]);
        idle[i] = NULL;
    }
}

/* This side's producer, in the last lane. */
static int lanes_open(struct run *run, struct shmq **q)
{
    int rc = 0;

    for (unsigned i = 0; i + 1 < run->point->lanes && rc == 0; i++) {
        rc = shmq_open(run->queues[0], SHMQ_PRODUCER, NULL, &idle[i]);
    }
    return rc == 0 ? shmq_open(run->queues[0], SHMQ_PRODUCER, NULL, q) : rc;
}

static int producer_open(struct run *run, struct shmq **q)
{
    int rc = lanes_open(run, q);

    if (rc != 0) {
        idle_close();
        return rc;
    }
    rc = run_meet(run);
    if (rc != 0) {
        shmq_close(*q);
        idle_close();
        return rc;
    }
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
    return 0;
}

static void producer_close(struct run *run, struct shmq *q, uint64_t sent)
{
    shmq_flush(q);
    pair_finish(&run->pair, sent);
    shmq_close(q);
    idle_close();
}

static int consumer_open(struct run *run, struct shmq **q)
{
    struct shmq_open_options options = {.struct_size = sizeof options, .hand_back = run->point->hand_back};
    int rc = shmq_open(run->queues[0], SHMQ_CONSUMER, &options, q);

    if (rc != 0) {
        return rc;
    }
    rc = run_meet(run);
    if (rc != 0) {
        shmq_close(*q);
    }
    return rc;
}

/* In batches: all but the last of a lap say that more follows. */
RUN_INLINE int send_all(struct run *run, size_t size, unsigned more)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    struct shmq *q;
    uint64_t sent = 0;
    int rc = producer_open(run, &q);

    if (rc != 0) {
        return rc;
    }
    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left > 0 && rc == 0; left--) {
            const uint8_t *message = payload_next(&payload, sent++);

            do {
                rc = shmq_send(q, message, size, 0, left > 1 ? more : 0);
            } while (rc == -EAGAIN && pair_wait(&run->pair));
        }
    }
    producer_close(run, q, sent);
    return rc;
}

RUN_INLINE int send_single_of(struct run *run, size_t size)
{
    return send_all(run, size, 0);
}

static int send_single(struct run *run)
{
    return run_sized(run, send_single_of);
}

RUN_INLINE int send_batch_of(struct run *run, size_t size)
{
    return send_all(run, size, SHMQ_MORE);
}

static int send_batch(struct run *run)
{
    return run_sized(run, send_batch_of);
}

/* The producer may be gone before its last messages are taken. It is over when there is nothing after it finished. */
static bool nothing_yet(int rc)
{
    return rc == -EAGAIN || rc == -EPIPE || rc == -ESTALE;
}

RUN_INLINE int receive_single_of(struct run *run, size_t size)
{
    struct payload_account account = {.received = 0};
    uint8_t *buffer = aligned_alloc(PAYLOAD_LINE, RUN_BATCH_BYTES);
    struct shmq *q;
    int rc = buffer == NULL ? -ENOMEM : consumer_open(run, &q);

    if (rc != 0) {
        free(buffer);
        return rc;
    }
    for (bool over = false;;) {
        struct shmq_message message;

        rc = shmq_recv(q, buffer, RUN_BATCH_BYTES, &message);
        if (rc == 0 && message.size == size) {
            payload_take(&account, buffer, size);
        } else if (!nothing_yet(rc) || over) {
            break;
        } else {
            over = pair_finished(&run->pair);
            pair_pause();
        }
    }
    run_account(run, account);
    shmq_close(q);
    free(buffer);
    return nothing_yet(rc) ? 0 : -EBADMSG;
}

static int receive_single(struct run *run)
{
    return run_sized(run, receive_single_of);
}

/* Arrays: as many messages a call as the peers that have such calls are given. */
RUN_INLINE int send_many_of(struct run *run, size_t size)
{
    const struct payload payload = payload_of(&run->payload, size);
    const unsigned burst = payload.ahead < RUN_BURST ? (unsigned)payload.ahead : RUN_BURST;
    const uint64_t lap = run_lap_messages(size);
    struct shmq *q;
    uint64_t sent = 0;
    int rc = producer_open(run, &q);

    if (rc != 0) {
        return rc;
    }
    while (rc >= 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left >= burst && rc >= 0; left -= burst) {
            const uint8_t *messages = payload_next(&payload, sent);

            for (unsigned i = 1; i < burst; i++) {
                payload_next(&payload, sent + i);
            }
            sent += burst;
            for (unsigned done = 0; done < burst && rc >= 0;) {
                rc = shmq_send_many(q, messages + done * size, size, burst - done, 0, 0);
                done += rc > 0 ? (unsigned)rc : 0;
                if (rc == -EAGAIN && pair_wait(&run->pair)) {
                    rc = 0;
                }
            }
        }
    }
    producer_close(run, q, sent);
    return rc < 0 ? rc : 0;
}

static int send_many(struct run *run)
{
    return run_sized(run, send_many_of);
}

RUN_INLINE int receive_many_of(struct run *run, size_t size)
{
    struct payload_account account = {.received = 0};
    const unsigned burst =
        (unsigned)(2 * RUN_BATCH_BYTES / size < RUN_BURST ? 2 * RUN_BATCH_BYTES / size : RUN_BURST);
    uint8_t *buffer = aligned_alloc(PAYLOAD_LINE, 2 * RUN_BATCH_BYTES);
    struct shmq *q;
    int rc = buffer == NULL ? -ENOMEM : consumer_open(run, &q);

    if (rc != 0) {
        free(buffer);
        return rc;
    }
    for (bool over = false;;) {
        struct shmq_message message;

        rc = shmq_recv_many(q, buffer, size, burst, &message);
        if (rc > 0) {
            for (int i = 0; i < rc; i++) {
                payload_take(&account, buffer + (size_t)i * size, size);
            }
        } else if (!nothing_yet(rc) || over) {
            break;
        } else {
            over = pair_finished(&run->pair);
            pair_pause();
        }
    }
    run_account(run, account);
    shmq_close(q);
    free(buffer);
    return nothing_yet(rc) ? 0 : -EBADMSG;
}

static int receive_many(struct run *run)
{
    return run_sized(run, receive_many_of);
}

/* Both sides sleep when there is nothing to do for them. */
RUN_INLINE int send_waiting_of(struct run *run, size_t size)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    struct shmq *q;
    uint64_t sent = 0;
    int rc = producer_open(run, &q);

    if (rc != 0) {
        return rc;
    }
    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left > 0 && rc == 0; left--) {
            rc = shmq_send_wait(q, payload_next(&payload, sent++), size, 0, 0, -1);
        }
    }
    producer_close(run, q, sent);
    return rc;
}

static int send_waiting(struct run *run)
{
    return run_sized(run, send_waiting_of);
}

/* Until the producer has closed and all is taken. */
RUN_INLINE int receive_waiting_of(struct run *run, size_t size)
{
    struct payload_account account = {.received = 0};
    uint8_t *buffer = aligned_alloc(PAYLOAD_LINE, RUN_BATCH_BYTES);
    struct shmq *q = NULL;
    int rc = buffer == NULL ? -ENOMEM : consumer_open(run, &q);

    while (rc == 0) {
        struct shmq_message message;

        rc = shmq_recv_wait(q, buffer, RUN_BATCH_BYTES, -1, &message);
        if (rc == 0) {
            payload_take(&account, buffer, size);
        }
    }
    run_account(run, account);
    shmq_close(q);
    free(buffer);
    return rc == -EPIPE ? 0 : rc;
}

static int receive_waiting(struct run *run)
{
    return run_sized(run, receive_waiting_of);
}

/* Peek until there is no more or a batch is together, then give all of it back at once. */
RUN_INLINE int receive_peeking(struct run *run, size_t size, bool copy)
{
    const uint64_t lap = run_lap_messages(size);
    uint64_t peeked = 0;
    struct payload_account account = {.received = 0};
    uint8_t *buffer = aligned_alloc(PAYLOAD_LINE, RUN_BATCH_BYTES);
    struct shmq *q;
    int rc = buffer == NULL ? -ENOMEM : consumer_open(run, &q);

    if (rc != 0) {
        free(buffer);
        return rc;
    }
    for (bool over = false;;) {
        struct shmq_message message;

        rc = shmq_peek(q, &message);
        if (rc == 0 && message.size == size) {
            if (copy) {
                payload_copy(buffer, message.data, size);
            }
            payload_take(&account, copy ? buffer : message.data, size);
            peeked++;
        } else if (!nothing_yet(rc) || over) {
            break;
        } else {
            over = pair_finished(&run->pair);
            pair_pause();
        }
        if (peeked == lap || (rc != 0 && peeked > 0)) {
            shmq_release(q);
            peeked = 0;
        }
    }
    shmq_release(q);
    run_account(run, account);
    shmq_close(q);
    free(buffer);
    return nothing_yet(rc) ? 0 : -EBADMSG;
}

RUN_INLINE int receive_batch_of(struct run *run, size_t size)
{
    return receive_peeking(run, size, true);
}

static int receive_batch(struct run *run)
{
    return run_sized(run, receive_batch_of);
}

RUN_INLINE int receive_in_place_of(struct run *run, size_t size)
{
    return receive_peeking(run, size, false);
}

static int receive_in_place(struct run *run)
{
    return run_sized(run, receive_in_place_of);
}

/* Messages are written where they will be read. */
RUN_INLINE int send_in_place_of(struct run *run, size_t size)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    struct shmq *q;
    uint64_t sent = 0;
    int rc = producer_open(run, &q);

    if (rc != 0) {
        return rc;
    }
    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left > 0 && rc == 0; left--, sent++) {
            void *slot;

            do {
                rc = shmq_reserve(q, size, &slot);
            } while (rc == -EAGAIN && pair_wait(&run->pair));
            if (rc == 0) {
                payload_copy(slot, payload.pool + (sent & payload.mask) * size, size);
                payload_stamp(slot, size, sent);
                rc = shmq_commit(q, size, 0, left > 1 ? SHMQ_MORE : 0);
            }
        }
    }
    producer_close(run, q, sent);
    return rc;
}

static int send_in_place(struct run *run)
{
    return run_sized(run, send_in_place_of);
}

const struct transport shmq_single = {prepare, send_single, receive_single, clean};
const struct transport shmq_waiting = {prepare, send_waiting, receive_waiting, clean};
const struct transport shmq_batch = {prepare, send_batch, receive_batch, clean};
const struct transport shmq_many = {prepare, send_many, receive_many, clean};
const struct transport shmq_in_place = {prepare, send_in_place, receive_in_place, clean};
