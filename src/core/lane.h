/*
 * One lane: a ring of bytes with one producer and one consumer
 *
 *        tail              released        next          head             tail + capacity
 *     ----+-------------------+---------------+-------------+------------------+----
 *         | read and released | peeked        | published   | free             |
 *     ----+-------------------+---------------+-------------+------------------+----
 *         |<-- handed back to the producer in larger steps  |<-- reserve, commit
 *
 * Each side works on positions of its own and publishes them: head (producer), released and tail (consumer). It looks
 * at the other side's word only when what it saw last is used up. So the fast path touches its own lines and the
 * records, and nothing else.
 *
 * `released` is the truth: a consumer that takes over starts there. `tail` is what the producer may overwrite and
 * follows `released` every `batch` bytes, when the lane runs empty, or at once where the producer wants room. Lines are
 * taken back for the producer in between, every `step` bytes, up to `owned`: see hand_back_lines in lane.c.
 *
 * Pairs
 *   R1 lane_give, tail        -> A1 load_room             the span is the producer's to overwrite: all of it was read
 *   R2 lane_publish, head     -> A2 lane_look_for_records the records are the consumer's to read: all of them is written
 *   R3 lane_release, released -> A3 lane_attach_*, info   whoever sees it sees what the consumer left in the records
 *   R14 claim, claimed -> store fence, A14 cursor         whoever sees a word that is newer sees that it was claimed
 *   R15 set_mark, position -> A15 cursor                  the number belongs to the position
 *
 * Everything works on plain memory. Shared words are loaded once through base/atomic.h and checked as a copy: what
 * the other side can store is never trusted to keep us inside of the ring.
 *
 * Algorithm: the bounded buffer of L. Lamport, "Specifying concurrent program modules" (1983), with cached opposite
 * indices.
 */
#ifndef SHMQ_CORE_LANE_H
#define SHMQ_CORE_LANE_H

#include "base/atomic.h"
#include "base/compiler.h"

#include <shmq/consumer.h>
#include <shmq/layout.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What SHMQ_MORE may leave unpublished, in bytes: enough to pay the publish, too little to be late. */
#define LANE_UNPUBLISHED_MAX 8192

/* After so many bytes of one lane the others have their turn. */
#define LANE_TURN (UINT64_C(64) << 10)

/*
 * No position is above it, so that sums and comparisons of positions need not think of 2^64. A lane that moves 10 GB/s
 * comes there after 29 years.
 */
#define LANE_POSITION_MAX (UINT64_C(1) << 63)

/* No slot is reserved. */
#define LANE_NO_SLOT UINT64_MAX

struct lane_producer {
    uint8_t *ring;
    uint64_t mask;       /* capacity - 1 */
    uint64_t head;       /* behind the last committed record */
    uint64_t limit;      /* up to here may be written without another look: room, and the end of the ring */
    uint64_t record_max; /* payload bytes */
    uint64_t published;  /* the shared head */
    uint64_t sent;       /* records committed */
    uint64_t slot_size;  /* payload bytes reserved, or LANE_NO_SLOT */
    struct shmq_lane *shared;
    uint64_t capacity;
    uint64_t last;   /* where the last record that was appended begins, or LANE_NO_SLOT */
    uint64_t wanted; /* bytes that found no room last */
    uint64_t full_count;
    uint64_t room_end;   /* what limit is, but where `numbered` keeps that at the head */
    uint64_t oldest;     /* recorder: the shared tail */
    uint64_t claimed;    /* the shared one: in front of room_end, or at it */
    bool numbered;       /* records need more than the fast paths do: these never have room */
    uint32_t full_polls; /* reserves that found no room, in a row */
};

struct lane_consumer {
    uint8_t *ring;
    uint64_t mask;
    uint64_t next;  /* position of the next record to peek */
    uint64_t limit; /* up to here may be peeked without another look: seen, the end of the ring, and of the turn */
    uint64_t head_seen; /* the shared head when we last looked */
    uint64_t released;  /* the shared one */
    uint64_t tail;      /* the shared one */
    uint64_t peeked;    /* records peeked */
    struct shmq_lane *shared;
    uint64_t capacity;
    uint64_t batch; /* bytes after which the tail follows */
    uint64_t owned; /* up to here lines are back in this cache for writing */
    uint64_t step;  /* bytes of a release after which that follows */
    uint32_t hand_back;
    uint32_t index; /* of the lane */
};

/* Take the producer's place. -EBADMSG: the positions in the mapping cannot be. Stores nothing shared. */
int lane_attach_producer(struct lane_producer *p, struct shmq_lane *shared, uint8_t *ring, uint64_t capacity);

/* Take the consumer's place. -EBADMSG as above. Stores nothing shared. `hand_back` is an enum shmq_hand_back. */
int lane_attach_consumer(struct lane_consumer *c, struct shmq_lane *shared, uint8_t *ring, uint64_t capacity,
                         uint32_t lane, uint32_t hand_back);

/* What lane_reserve needs when the fast path has no room: look at the tail, go round the end of the ring. */
int lane_make_room(struct lane_producer *p, size_t size);

/* Is there room for what found none last? 0, -EAGAIN, -EBADMSG. Publishes what is committed. */
int lane_look_for_room(struct lane_producer *p);

/* Ask the consumer to let the tail follow at once, or no longer. */
void lane_want_room(struct lane_producer *p, bool wanted);

/* Is there a record at `next`? 0, -EAGAIN, -EBADMSG. Gives back what is released when there is none. */
int lane_look_for_records(struct lane_consumer *c);

/* Let the tail follow to `released`, or to the line it lies in. */
void lane_give(struct lane_consumer *c, bool exactly);

/* The same, as far as is due: exactly where the producer wants room, which is returned. */
bool lane_give_due(struct lane_consumer *c);

/* Does the producer wait for room? */
ALWAYS_INLINE bool lane_room_is_wanted(const struct lane_consumer *c)
{
    return atomic_load_u32(&c->shared->owner.wants_room) != 0;
}

/* What was seen of the lane may be peeked, as far as the ring goes on and one turn lasts, which is one record at least. */
void lane_begin_turn(struct lane_consumer *c);

ALWAYS_INLINE uint64_t lane_span(uint64_t size)
{
    return (size + sizeof(struct shmq_record) + 7) & ~UINT64_C(7);
}

/* Which mark stands for the eighth of the ring that the position is in. */
ALWAYS_INLINE uint64_t lane_mark_of(uint64_t position, uint64_t capacity)
{
    return position / (capacity / SHMQ_MARKS) % SHMQ_MARKS;
}

/* Payload bytes of the largest record: a half of the ring, so that with its padding it always fits an empty one. */
ALWAYS_INLINE uint64_t lane_record_max(uint64_t capacity)
{
    uint64_t size = capacity / 2 - sizeof(struct shmq_record);

    return size < UINT32_MAX ? size : UINT32_MAX;
}

/* A record's header as the one word it is stored as: little-endian, as layout.h demands. */
ALWAYS_INLINE uint64_t lane_header(uint64_t size, uint16_t type, uint16_t flags)
{
    return size | (uint64_t)type << 32 | (uint64_t)flags << 48;
}

ALWAYS_INLINE uint32_t lane_header_size(uint64_t header)
{
    return (uint32_t)header;
}

ALWAYS_INLINE uint16_t lane_header_type(uint64_t header)
{
    return (uint16_t)(header >> 32);
}

ALWAYS_INLINE uint16_t lane_header_flags(uint64_t header)
{
    return (uint16_t)(header >> 48);
}

/* Store a record's header. Plain: R2 publishes it. */
ALWAYS_INLINE void lane_put_header(struct lane_producer *p, uint64_t header)
{
    *(uint64_t *)(void *)(p->ring + (p->head & p->mask)) = header;
}

/* Is there room for a record of that payload size, without another look? */
ALWAYS_INLINE bool lane_has_room(const struct lane_producer *p, size_t size)
{
    return LIKELY(size <= p->record_max && lane_span(size) <= p->limit - p->head);
}

/* Where the payload of the next record goes. */
ALWAYS_INLINE void *lane_slot(const struct lane_producer *p)
{
    return p->ring + (p->head & p->mask) + sizeof(struct shmq_record);
}

/* 0, -EAGAIN, -EMSGSIZE, -EBADMSG */
ALWAYS_INLINE int lane_reserve(struct lane_producer *p, size_t size)
{
    return lane_has_room(p, size) ? 0 : lane_make_room(p, size);
}

/* The same for a lane with numbers: `size` includes the number. */
ALWAYS_INLINE int lane_reserve_numbered(struct lane_producer *p, size_t size)
{
    if (size <= p->record_max && lane_span(size) <= p->room_end - p->head)
        return 0;
    return lane_make_room(p, size);
}

ALWAYS_INLINE void lane_publish(struct lane_producer *p)
{
    atomic_store_u64(&p->shared->producer.sent, p->sent);
    atomic_store_release_u64(&p->shared->producer.head, p->head); /* R2 */
    p->published = p->head;
}

/* Make a record of what lies at the head, `size` payload bytes that lane_reserve allowed, and publish nothing. */
ALWAYS_INLINE void lane_append(struct lane_producer *p, size_t size, uint16_t type)
{
    lane_put_header(p, lane_header(size, type, 0));
    p->last = p->head;
    p->head += lane_span(size);
    p->sent++;
}

/* Is it time to publish? `more`: it may wait. */
ALWAYS_INLINE bool lane_is_due(const struct lane_producer *p, bool more)
{
    return !more || p->head - p->published >= LANE_UNPUBLISHED_MAX;
}

/* Append, and publish where that is due, which is returned. */
ALWAYS_INLINE bool lane_commit(struct lane_producer *p, size_t size, uint16_t type, bool more)
{
    lane_append(p, size, type);
    if (!lane_is_due(p, more))
        return false;
    lane_publish(p);
    return true;
}

/* The header of the next record: false where it has not been seen yet, or is not a sound one of a message. */
ALWAYS_INLINE bool lane_see(const struct lane_consumer *c, uint64_t *header)
{
    uint64_t room = c->limit - c->next;

    /* Not a look at the ring: the producer may be writing there. */
    if (UNLIKELY(room == 0))
        return false;
    *header = atomic_load_u64((const uint64_t *)(const void *)(c->ring + (c->next & c->mask)));
    return LIKELY(lane_span(lane_header_size(*header)) <= room && lane_header_flags(*header) == 0);
}

/* Peek the record whose header lane_see has loaded: what is done with it goes by this copy, not by the mapping. */
ALWAYS_INLINE void lane_take(struct lane_consumer *c, uint64_t header, struct shmq_message *message)
{
    message->data = c->ring + (c->next & c->mask) + sizeof(struct shmq_record);
    c->next += lane_span(lane_header_size(header));
    c->peeked++;
    message->size = lane_header_size(header);
    message->type = lane_header_type(header);
    message->lane = (uint16_t)c->index;
    message->ticket = c->next;
}

/* As lane_see, also behind padding and in another turn. 0, -EAGAIN, -EBADMSG */
int lane_find(struct lane_consumer *c, uint64_t *header);

/* The next record, wherever lane_find finds it. 0, -EAGAIN, -EBADMSG */
int lane_peek(struct lane_consumer *c, struct shmq_message *message);

/* Undo the last peek, of a record with this payload size. */
ALWAYS_INLINE void lane_unpeek(struct lane_consumer *c, uint32_t size)
{
    c->next -= lane_span(size);
    c->peeked--;
}

/* Give back all that was peeked. True: the producer waits for room, and there is more now. */
ALWAYS_INLINE bool lane_release(struct lane_consumer *c)
{
    atomic_store_u64(&c->shared->released.received, c->peeked);
    atomic_store_release_u64(&c->shared->released.released, c->next); /* R3 */
    c->released = c->next;
    if (UNLIKELY(c->next - c->owned >= c->step || atomic_load_u32(&c->shared->owner.wants_room) != 0))
        return lane_give_due(c);
    return false;
}

#endif
