/*
 * A flight recorder: a lane that is never full, because its producer overwrites its oldest records
 *
 *     producer   tail moves past the oldest records -> store fence -> write the record -> publish the head
 *     consumer   copy a record out -> load fence -> look at the tail: has it passed the record? then the copy is void
 *
 * Each record carries its number in the lane, the first 8 bytes of its payload, so that the consumer knows how many it
 * has missed. The words of a record are copied by atomic loads: they may be overwritten meanwhile.
 *
 * Pairs
 *   R6 make_room, tail -> store fence, A6 load fence -> recorder_take, tail
 *                                                  whoever sees a word that is newer sees a tail that has passed it
 *   R2, A2 of lane.h                               the records in front of the head are written
 *
 * Algorithm: the sequence lock, with the tail as its sequence; H.-J. Boehm, "Can seqlocks get along with programming
 * language memory models?" (2012).
 */
#ifndef SHMQ_CORE_RECORDER_H
#define SHMQ_CORE_RECORDER_H

#include "core/lane.h"

/* Bytes of the number in front of the payload. */
#define RECORDER_NUMBER sizeof(uint64_t)

struct recorder_consumer {
    uint64_t expected; /* number of the next record */
    uint64_t missed;   /* records, since the lane's creation */
    uint64_t *copy;    /* of the last record: number and payload */
    size_t copy_size;  /* bytes that it can hold */
};

/* As lane_attach_producer and lane_attach_consumer; positions that the producer has passed are good. */
int recorder_attach_producer(struct lane_producer *p, struct shmq_lane *shared, uint8_t *ring, uint64_t capacity);
int recorder_attach_consumer(struct lane_consumer *c, struct recorder_consumer *r, struct shmq_lane *shared,
                             uint8_t *ring, uint64_t capacity, uint32_t lane);

/* Room for a record with `size` payload bytes, its number included. 0, -EMSGSIZE, -EBADMSG */
int recorder_reserve(struct lane_producer *p, size_t size);

/* Append it: its number is set here. */
void recorder_append(struct lane_producer *p, size_t size, uint16_t type);

/*
 * Copy the next record out: 0, -EAGAIN, -EBADMSG, or -ENOBUFS where `copy` is too small; then *size tells what it must
 * hold. `missed`: records of the lane that were overwritten before this one.
 */
int recorder_take(struct lane_consumer *c, struct recorder_consumer *r, struct shmq_message *message,
                  uint64_t *missed, size_t *size);

/* Is there a record? 0, -EAGAIN, -EBADMSG */
int recorder_look(struct lane_consumer *c);

/*
 * For whoever only looks on: how many records of the lane were overwritten before they were received. That is what the
 * consumer knows of, and what the producer has overwritten since.
 */
uint64_t recorder_missed(const struct shmq_lane *shared, const uint8_t *ring, uint64_t capacity);

#endif
