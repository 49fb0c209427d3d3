/*
 * Total order: one order for the records of all lanes
 *
 * Each record carries a number, the first 8 bytes of its payload, which its producer takes from a counter that all
 * share. The consumer delivers by number.
 *
 *     producer      ordering = 1 -> take numbers (fetch-add) -> write them -> publish the head -> ordering = 0
 *
 *     consumer      the lowest number in sight follows the last one delivered: deliver it
 *                   else, a gap: a lane with nothing in sight, ordering = 1 and a living owner may still fill it: wait
 *                   else look at all lanes once more, and deliver the lowest: what is missing is lost with its dead owner
 *
 * Why the second look is enough: of a lower number m, the fetch-add came before that of the number n in sight, so whoever
 * sees n sees that m's lane said 1 before, or has said 0 after m was published.
 *
 * Pairs
 *   R5 order_publish, ordering = 0 -> A5 order_may_fill, its acquire   the numbers that were taken are published
 *   R2, A2 of lane.h, and the fetch-add, which is a full barrier
 *
 * A batch (SHMQ_MORE) takes its numbers together, when it is published: it is delivered in one piece, and costs one
 * fetch-add.
 */
#ifndef SHMQ_CORE_ORDER_H
#define SHMQ_CORE_ORDER_H

#include "core/lane.h"

/* Bytes of the number in front of the payload. */
#define ORDER_NUMBER sizeof(uint64_t)

/* Append a record of `size` payload bytes, its number included, and publish nothing. */
ALWAYS_INLINE void order_append(struct lane_producer *p, size_t size, uint16_t type)
{
    lane_append(p, size, type);
    p->limit = p->head;
}

/* Publish all that was appended, with the next numbers of `counter`. */
void order_publish(struct lane_producer *p, uint64_t *counter);

/* A new owner of the lane: what the last one had numbered and not published is gone. */
void order_attach(struct lane_producer *p);

/*
 * Which record of the lane is next: its header, as lane_see, and its number. It must follow `last`, the number of the
 * one peeked before. 0, -EAGAIN, -EBADMSG.
 */
int order_front(struct lane_consumer *c, uint64_t last, uint64_t *header, uint64_t *number);

/* May a living owner of the lane still publish a number that was taken before now? */
ALWAYS_INLINE bool order_may_fill(const struct shmq_lane *lane)
{
    return atomic_load_acquire_u32(&lane->producer.ordering) != 0; /* A5 */
}

#endif
