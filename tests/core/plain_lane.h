/* A lane on plain memory, with both of its sides in this process. */
#ifndef SHMQ_TESTS_CORE_PLAIN_LANE_H
#define SHMQ_TESTS_CORE_PLAIN_LANE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aligned.h"
#include "core/copy.h"
#include "core/lane.h"

#include <errno.h>
#include <shmq/queue.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_CAPACITY 4096

struct plain_lane {
    struct shmq_lane *shared;
    uint8_t *ring;
    uint64_t capacity;
    struct lane_producer producer;
    struct lane_consumer consumer;
};

static inline void plain_attach(struct plain_lane *lane, uint32_t hand_back)
{
    assert_int_equal(lane_attach_producer(&lane->producer, lane->shared, lane->ring, lane->capacity), 0);
    assert_int_equal(lane_attach_consumer(&lane->consumer, lane->shared, lane->ring, lane->capacity, 0, hand_back),
                     0);
}

/* A lane whose positions begin at `start`, which is a multiple of 8. */
static inline void plain_open(struct plain_lane *lane, uint64_t capacity, uint64_t start, uint32_t hand_back)
{
    *lane = (struct plain_lane){
        .shared = aligned_new(128, sizeof(struct shmq_lane)),
        .ring = aligned_new(4096, capacity),
        .capacity = capacity,
    };
    assert_non_null(lane->shared);
    assert_non_null(lane->ring);
    memset(lane->shared, 0, sizeof *lane->shared);
    memset(lane->ring, 0, capacity);
    lane->shared->producer.head = start;
    lane->shared->released.released = start;
    lane->shared->tail.tail = start;
    plain_attach(lane, hand_back);
}

static inline void plain_close(struct plain_lane *lane)
{
    aligned_delete(lane->shared);
    aligned_delete(lane->ring);
}

static inline int plain_send(struct plain_lane *lane, const void *data, size_t size, uint16_t type, bool more)
{
    int rc = lane_reserve(&lane->producer, size);

    if (rc == 0) {
        copy_payload(lane_slot(&lane->producer), data, size);
        lane_commit(&lane->producer, size, type, more);
    }
    return rc;
}

#endif
