/*
 * What the machine allows
 *
 * stream: the cache lines of a ring go from one core to the other, with a shared index for each 16 KiB and nothing
 * else. The consumer reads a word of every line where it lies. In one variant it also writes a word of every line
 * before it gives it back, as then the producer need not ask for the right to write to lines that both have.
 *
 * memcpy: one process copies messages into such a ring and out again; no line leaves its core.
 *
 * The round trip of lines is in bench_round_trip.c, that of futexes in bench_wake.c.
 */
#include "ticks.h"
#include "transports.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define STEP 16384u /* bytes for which the index is stored once */

struct stream {
    struct pair_line head;
    struct pair_line tail;
    alignas(4096) uint8_t bytes[];
};

static struct stream *stream;

static size_t stream_size(const struct run *run)
{
    return sizeof *stream + run->point->capacity;
}

static int prepare(struct run *run)
{
    stream = mmap(NULL, stream_size(run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return stream == MAP_FAILED ? -errno : 0;
}

static void clean(struct run *run)
{
    munmap(stream, stream_size(run));
}

static bool await_room(struct run *run, uint64_t head)
{
    while (head + STEP - pair_load(&stream->tail.word) > run->point->capacity) {
        if (!pair_wait(&run->pair)) {
            return false;
        }
    }
    return true;
}

static int send_stream(struct run *run)
{
    const struct payload payload = run->payload;
    const size_t size = payload.size;
    const uint64_t mask = run->point->capacity - 1;
    uint64_t head = 0;
    uint64_t sent = 0;
    int rc = run_meet(run);

    while (rc == 0 && run_lap(run, sent)) {
        for (unsigned i = 0; i < RUN_BATCH_BYTES / STEP && rc == 0; i++) {
            rc = await_room(run, head) ? 0 : -ECHILD;
            for (size_t at = 0; at < STEP; at += size) {
                payload_copy(stream->bytes + ((head + at) & mask), payload_next(&payload, sent++), size);
            }
            head += STEP;
            pair_store(&stream->head.word, head);
        }
    }
    pair_finish(&run->pair, sent);
    return rc;
}

/* The same value: nothing changes but whose the line is. */
static inline void take_over(uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += PAYLOAD_LINE) {
        volatile uint64_t *word = (volatile uint64_t *)(void *)(bytes + at);

        *word = *word;
    }
}

RUN_INLINE int receive_stream(struct run *run, bool dirty)
{
    const size_t size = run->payload.size;
    const uint64_t mask = run->point->capacity - 1;
    struct payload_account account = {.received = 0};
    uint64_t tail = 0;
    int rc = run_meet(run);

    for (bool over = false; rc == 0;) {
        uint64_t head = pair_load(&stream->head.word);

        if (head == tail) {
            if (over) {
                break;
            }
            over = pair_finished(&run->pair);
            pair_pause();
            continue;
        }
        uint8_t *bytes = stream->bytes + (tail & mask);

        for (size_t at = 0; at < STEP; at += size) {
            payload_take(&account, bytes + at, size);
        }
        if (dirty) {
            take_over(bytes, STEP);
        }
        tail += STEP;
        pair_store(&stream->tail.word, tail);
    }
    run_account(run, account);
    return rc;
}

static int receive_clean(struct run *run)
{
    return receive_stream(run, false);
}

static int receive_dirty(struct run *run)
{
    return receive_stream(run, true);
}

RUN_INLINE int copy_of(struct run *run, size_t size)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    const uint64_t mask = run->point->capacity - 1;
    struct payload_account account = {.received = 0};
    uint8_t *buffer = aligned_alloc(PAYLOAD_LINE, RUN_BATCH_BYTES);
    uint64_t sent = 0;
    int rc = buffer == NULL ? -ENOMEM : run_meet(run);

    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t i = 0; i < lap; i++) {
            payload_copy(stream->bytes + ((sent + i) * size & mask), payload_next(&payload, sent + i), size);
        }
        for (uint64_t i = 0; i < lap; i++) {
            payload_copy(buffer, stream->bytes + ((sent + i) * size & mask), size);
            payload_take(&account, buffer, size);
        }
        sent += lap;
    }
    run_account(run, account);
    pair_finish(&run->pair, sent);
    free(buffer);
    return rc;
}

static int copy_alone(struct run *run)
{
    return run_sized(run, copy_of);
}

static int look_on(struct run *run)
{
    int rc = run_meet(run);

    while (rc == 0 && pair_wait(&run->pair)) {
    }
    return rc;
}

const struct transport limit_stream = {prepare, send_stream, receive_clean, clean};
const struct transport limit_stream_dirty = {prepare, send_stream, receive_dirty, clean};
const struct transport limit_memcpy = {prepare, copy_alone, look_on, clean};
