#include "core/recorder.h"

#include <errno.h>
#include <string.h>

/* A producer that laps us again and again is not worth chasing: what it has newest comes after the next look. */
#define LAPS_MAX 64

static uint64_t load_header(const uint8_t *ring, uint64_t mask, uint64_t position)
{
    return atomic_load_u64((const uint64_t *)(const void *)(ring + (position & mask)));
}

int recorder_attach_producer(struct lane_producer *p, struct shmq_lane *shared, uint8_t *ring, uint64_t capacity)
{
    uint64_t tail = atomic_load_u64(&shared->tail.tail);
    uint64_t head = atomic_load_u64(&shared->producer.head);

    if (tail > head || head > LANE_POSITION_MAX || head - tail > capacity || ((tail | head) & 7) != 0)
        return -EBADMSG;
    *p = (struct lane_producer){
        .ring = ring,
        .mask = capacity - 1,
        .head = head,
        .limit = head,
        .record_max = lane_record_max(capacity),
        .published = head,
        .sent = atomic_load_u64(&shared->producer.sent),
        .slot_size = LANE_NO_SLOT,
        .shared = shared,
        .capacity = capacity,
        .oldest = tail,
        .numbered = true,
    };
    return 0;
}

int recorder_attach_consumer(struct lane_consumer *c, struct recorder_consumer *r, struct shmq_lane *shared,
                             uint8_t *ring, uint64_t capacity, uint32_t lane)
{
    uint64_t released = atomic_load_u64(&shared->released.released);
    uint64_t head = atomic_load_acquire_u64(&shared->producer.head); /* A2 */

    if (released > head || head > LANE_POSITION_MAX || ((released | head) & 7) != 0)
        return -EBADMSG;
    *c = (struct lane_consumer){
        .ring = ring,
        .mask = capacity - 1,
        .next = released,
        .limit = released,
        .head_seen = released,
        .released = released,
        .tail = UINT64_MAX,  /* the producer's: nothing is ever given back ... */
        .owned = UINT64_MAX, /* ... or written back */
        .peeked = atomic_load_u64(&shared->released.received),
        .shared = shared,
        .capacity = capacity,
        .batch = UINT64_MAX,
        .step = UINT64_MAX,
        .index = lane,
    };
    *r = (struct recorder_consumer){
        .missed = atomic_load_u64(&shared->released.missed),
    };
    r->expected = c->peeked + r->missed; /* what was neither received nor missed */
    return 0;
}

/* Let the tail pass as many of the oldest records as stand in the way of `need` bytes. */
static int make_room(struct lane_producer *p, uint64_t need)
{
    uint64_t oldest = p->oldest;

    while (p->head + need - oldest > p->capacity) {
        uint64_t span = lane_span(lane_header_size(load_header(p->ring, p->mask, oldest)));

        /* Never behind the published head, whatever somebody has made of our records. */
        if (oldest >= p->published || span > p->published - oldest)
            return -EBADMSG;
        oldest += span;
    }
    if (oldest != p->oldest) {
        p->oldest = oldest;
        atomic_store_u64(&p->shared->tail.tail, oldest); /* R6 */
        atomic_fence_store();
    }
    return 0;
}

int recorder_reserve(struct lane_producer *p, size_t size)
{
    if (size > p->record_max)
        return -EMSGSIZE;
    uint64_t span = lane_span(size);
    uint64_t to_end = p->capacity - (p->head & p->mask);
    uint64_t need = span <= to_end ? span : to_end + span;

    if (p->head + need - p->oldest > p->capacity) {
        if (p->head != p->published)
            lane_publish(p);
        int rc = make_room(p, need);

        if (rc != 0)
            return rc;
    }
    if (need != span) {
        lane_put_header(p, lane_header(to_end - sizeof(struct shmq_record), 0, SHMQ_RECORD_PADDING));
        p->head += to_end;
    }
    p->limit = p->head;
    return 0;
}

void recorder_append(struct lane_producer *p, size_t size, uint16_t type)
{
    memcpy(lane_slot(p), &p->sent, RECORDER_NUMBER);
    lane_append(p, size, type);
    p->limit = p->head;
}

/* Be at `next`, if the head is not in front of it. */
static int look_at_head(struct lane_consumer *c, uint64_t next)
{
    uint64_t head = atomic_load_acquire_u64(&c->shared->producer.head); /* A2 */

    if (head % 8 != 0 || head < next || head > LANE_POSITION_MAX)
        return -EBADMSG;
    c->head_seen = head;
    c->next = c->limit = next;
    return 0;
}

/* Step to the tail where it has passed us. 0, or -EBADMSG where it cannot be there. */
static int follow_tail(struct lane_consumer *c, bool *passed)
{
    uint64_t tail = atomic_load_acquire_u64(&c->shared->tail.tail); /* A6 */

    *passed = tail > c->next;
    if (!*passed) /* a tail that is newer than the head is at most a ring behind it */
        return c->head_seen - tail <= c->capacity ? 0 : -EBADMSG;
    if (tail % 8 != 0)
        return -EBADMSG;
    return look_at_head(c, tail);
}

int recorder_look(struct lane_consumer *c)
{
    bool passed;
    int rc = look_at_head(c, c->next);

    if (rc == 0)
        rc = follow_tail(c, &passed);
    return rc != 0 ? rc : c->next == c->head_seen ? -EAGAIN : 0;
}

/* Whole words. */
static size_t copy_need(uint64_t size)
{
    return (size_t)((size + 7) & ~UINT64_C(7));
}

/* Copy the record whose header was loaded, as far as it fits: its words may be changing. */
static void copy_out(const struct lane_consumer *c, uint64_t *to, uint64_t size)
{
    const uint64_t *from = (const uint64_t *)(const void *)(c->ring + (c->next & c->mask)) + 1;

    for (uint64_t i = 0; i < (size + 7) / 8; i++)
        to[i] = atomic_load_u64(from + i);
}

/* One try: 0, -EAGAIN, -ENOBUFS, -EBADMSG, or 1 where the producer was faster. */
static int try_to_take(struct lane_consumer *c, struct recorder_consumer *r, uint64_t *header)
{
    bool passed;
    int rc = recorder_look(c);

    if (rc != 0)
        return rc;
    *header = load_header(c->ring, c->mask, c->next);
    uint64_t size = lane_header_size(*header);
    uint64_t span = lane_span(size);
    bool fits = span <= c->head_seen - c->next && span <= c->capacity - (c->next & c->mask);
    bool is_padding = fits && lane_header_flags(*header) == SHMQ_RECORD_PADDING;
    bool is_sound = fits && lane_header_flags(*header) == 0 && size >= RECORDER_NUMBER;

    if (is_sound && copy_need(size) > r->copy_size)
        rc = -ENOBUFS;
    else if (is_sound)
        copy_out(c, r->copy, size);
    atomic_fence_load(); /* A6: what was copied was copied before the look at the tail */
    uint64_t at = c->next;
    int followed = follow_tail(c, &passed);

    if (followed != 0 || passed)
        return followed != 0 ? followed : 1;
    if (is_padding)
        c->next = c->limit = at + span;
    return is_padding ? 1 : is_sound ? rc : -EBADMSG;
}

int recorder_take(struct lane_consumer *c, struct recorder_consumer *r, struct shmq_message *message,
                  uint64_t *missed, size_t *size)
{
    uint64_t header = 0;
    int rc = 1;

    for (int lap = 0; lap < LAPS_MAX && rc == 1; lap++)
        rc = try_to_take(c, r, &header);
    if (rc == -ENOBUFS)
        *size = copy_need(lane_header_size(header));
    if (rc != 0)
        return rc == 1 ? -EAGAIN : rc;
    uint64_t number = r->copy[0];

    *missed = number > r->expected ? number - r->expected : 0;
    r->missed += *missed;
    r->expected = number + 1;
    lane_take(c, header, message);
    c->limit = c->next;
    message->data = r->copy + 1;
    message->size -= (uint32_t)RECORDER_NUMBER;
    return 0;
}

/* The number of the oldest record. False where there is none, or its producer is faster than this look. */
static bool find_oldest(const struct shmq_lane *shared, const uint8_t *ring, uint64_t capacity, uint64_t *number)
{
    for (int lap = 0; lap < LAPS_MAX; lap++) {
        uint64_t tail = atomic_load_acquire_u64(&shared->tail.tail);     /* A6 */
        uint64_t head = atomic_load_acquire_u64(&shared->producer.head); /* A2 */
        uint64_t header = tail % 8 == 0 ? load_header(ring, capacity - 1, tail) : 0;
        uint64_t at = tail;

        if (lane_header_flags(header) == SHMQ_RECORD_PADDING)
            at += lane_span(lane_header_size(header));
        if (at % 8 != 0 || at >= head || capacity - (at & (capacity - 1)) < sizeof header + RECORDER_NUMBER)
            return false;
        *number = load_header(ring, capacity - 1, at + sizeof header);
        atomic_fence_load(); /* A6: what was loaded was loaded before the look at the tail */
        if (atomic_load_u64(&shared->tail.tail) == tail)
            return true;
    }
    return false;
}

uint64_t recorder_missed(const struct shmq_lane *shared, const uint8_t *ring, uint64_t capacity)
{
    uint64_t received = atomic_load_u64(&shared->released.received);
    uint64_t missed = atomic_load_u64(&shared->released.missed);
    uint64_t sent = atomic_load_u64(&shared->producer.sent);
    uint64_t number = 0;

    if (!find_oldest(shared, ring, capacity, &number) || number > sent || number < received)
        return missed;
    return number - received > missed ? number - received : missed;
}
