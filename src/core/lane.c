#include "core/lane.h"

#include "base/bits.h"

#include <errno.h>
#include <shmq/queue.h>

/* What a processor moves between caches. Where its lines are longer, one of several is rewritten more than once. */
#define CACHE_LINE UINT64_C(64)

/* A producer that polls a full lane as often as this, without a success, wants room and not throughput. */
#define FULL_POLLS_MAX 1024

/*
 * An eighth of the ring is given back at a time. In smaller steps the producer follows on the consumer's heels and both
 * wait for the same lines; more than a part of a second-level cache would have left it again.
 */
#define HAND_BACK_BATCH_MAX (UINT64_C(128) << 10)

/* Lines are taken back while they are still in the first-level cache. */
#define HAND_BACK_STEP_MAX (UINT64_C(4) << 10)

/* The shared positions, each loaded once. */
struct positions {
    uint64_t tail;
    uint64_t released;
    uint64_t head;
};

/*
 * Whoever attaches owns the head or the other two, so only one side moves meanwhile. In this order each word is at
 * least what it was when the one before it was loaded: a running peer cannot make good positions look bad.
 */
static int load_positions(struct positions *at, const struct shmq_lane *shared, uint64_t capacity)
{
    at->tail = atomic_load_acquire_u64(&shared->tail.tail);             /* A1 */
    at->released = atomic_load_acquire_u64(&shared->released.released); /* A3 */
    at->head = atomic_load_acquire_u64(&shared->producer.head);         /* A2 */
    bool fit = at->tail <= at->released && at->released <= at->head && at->head <= LANE_POSITION_MAX &&
               at->head - at->tail <= capacity && ((at->tail | at->released | at->head) & 7) == 0;

    return fit ? 0 : -EBADMSG;
}

/* Tell onlookers where a published record begins. Half a mark is none: its position is odd meanwhile. */
static void set_mark(const struct lane_producer *p)
{
    struct shmq_lane_mark *mark = &p->shared->marks[lane_mark_of(p->published, p->capacity)];

    atomic_store_u64(&mark->position, 1);
    atomic_fence_store(); /* R15: whoever sees the number sees that the position has changed */
    atomic_store_u64(&mark->number, atomic_load_u64(&p->shared->producer.sent));
    atomic_store_release_u64(&mark->position, p->published); /* R15 */
}

/*
 * What is written from here on may be up to the limit. An eighth of the ring at a time, or one record where that is
 * larger, so that what was released before can be looked at for long.
 */
static void claim(struct lane_producer *p, uint64_t start, uint64_t span, uint64_t tail)
{
    uint64_t step = p->capacity / 8;
    uint64_t limit = start + (span > step ? span : step);
    uint64_t end = (start | p->mask) + 1;

    if (limit > tail + p->capacity)
        limit = tail + p->capacity;
    if (limit > end)
        limit = end;
    p->room_end = limit;
    if (limit <= p->claimed)
        return; /* by a predecessor */
    set_mark(p);
    p->claimed = limit;
    atomic_store_release_u64(&p->shared->producer.claimed, limit); /* R14 */
    atomic_fence_store();                                          /* R14: before anything is written there */
}

int lane_attach_producer(struct lane_producer *p, struct shmq_lane *shared, uint8_t *ring, uint64_t capacity)
{
    struct positions at;

    if (load_positions(&at, shared, capacity) != 0)
        return -EBADMSG;
    *p = (struct lane_producer){
        .ring = ring,
        .mask = capacity - 1,
        .head = at.head,
        .record_max = lane_record_max(capacity),
        .published = at.head,
        .sent = atomic_load_u64(&shared->producer.sent),
        .slot_size = LANE_NO_SLOT,
        .shared = shared,
        .capacity = capacity,
        .last = LANE_NO_SLOT,
        .full_count = atomic_load_u64(&shared->producer.full_count),
        .limit = at.head, /* nothing is claimed yet */
        .room_end = at.head,
        .claimed = atomic_load_u64(&shared->producer.claimed),
    };
    if (p->claimed > at.tail + capacity)
        p->claimed = at.head; /* no producer has claimed that */
    return 0;
}

int lane_attach_consumer(struct lane_consumer *c, struct shmq_lane *shared, uint8_t *ring, uint64_t capacity,
                         uint32_t lane, uint32_t hand_back)
{
    struct positions at;

    if (load_positions(&at, shared, capacity) != 0)
        return -EBADMSG;
    uint64_t batch = capacity / 8 < HAND_BACK_BATCH_MAX ? capacity / 8 : HAND_BACK_BATCH_MAX;

    *c = (struct lane_consumer){
        .ring = ring,
        .mask = capacity - 1,
        .next = at.released,
        .limit = at.released,
        .head_seen = at.released,
        .released = at.released,
        .tail = at.tail,
        .peeked = atomic_load_u64(&shared->released.received),
        .shared = shared,
        .capacity = capacity,
        .batch = batch,
        .owned = at.tail,
        .step = batch < HAND_BACK_STEP_MAX || hand_back == SHMQ_HAND_BACK_NONE ? batch : HAND_BACK_STEP_MAX,
        .hand_back = hand_back,
        .index = lane,
    };
    return 0;
}

/* What is free behind `head`, or -EBADMSG. */
static int load_room(const struct lane_producer *p, uint64_t *tail)
{
    *tail = atomic_load_acquire_u64(&p->shared->tail.tail); /* A1 */
    return *tail % 8 == 0 && *tail <= p->published && p->head - *tail <= p->capacity ? 0 : -EBADMSG;
}

/* Numbered records are published by who numbers them. */
static void publish_pending(struct lane_producer *p)
{
    if (p->head != p->published && !p->numbered)
        lane_publish(p);
}

static void found_no_room(struct lane_producer *p, uint64_t need)
{
    p->wanted = need;
    publish_pending(p);
    if (p->full_polls == 0)
        atomic_store_u64(&p->shared->producer.full_count, ++p->full_count);
    if (p->full_polls < FULL_POLLS_MAX && ++p->full_polls == FULL_POLLS_MAX)
        lane_want_room(p, true);
}

static void found_room(struct lane_producer *p)
{
    p->wanted = 0;
    if (p->full_polls != 0) {
        p->full_polls = 0;
        lane_want_room(p, false);
    }
}

int lane_make_room(struct lane_producer *p, size_t size)
{
    if (size > p->record_max)
        return -EMSGSIZE;
    uint64_t span = lane_span(size);
    uint64_t to_end = p->capacity - (p->head & p->mask);
    uint64_t need = span <= to_end ? span : to_end + span;
    uint64_t tail;

    if (load_room(p, &tail) != 0)
        return -EBADMSG;
    if (tail + p->capacity - p->head < need) {
        found_no_room(p, need);
        return -EAGAIN;
    }
    found_room(p);
    claim(p, p->head + need - span, span, tail);
    if (need != span) {
        lane_put_header(p, lane_header(to_end - sizeof(struct shmq_record), 0, SHMQ_RECORD_PADDING));
        p->head += to_end;
    }
    p->limit = p->numbered ? p->head : p->room_end;
    return 0;
}

int lane_look_for_room(struct lane_producer *p)
{
    uint64_t tail;

    publish_pending(p);
    if (load_room(p, &tail) != 0)
        return -EBADMSG;
    return tail + p->capacity - p->head >= p->wanted ? 0 : -EAGAIN;
}

void lane_want_room(struct lane_producer *p, bool wanted)
{
    atomic_store_u32(&p->shared->owner.wants_room, wanted);
}

static uint64_t load_header(const struct lane_consumer *c)
{
    return atomic_load_u64((const uint64_t *)(const void *)(c->ring + (c->next & c->mask)));
}

void lane_begin_turn(struct lane_consumer *c)
{
    uint64_t seen = c->head_seen - c->next;
    uint64_t to_end = c->capacity - (c->next & c->mask);
    uint64_t room = seen < to_end ? seen : to_end;

    if (room > LANE_TURN) {
        uint64_t span = lane_span(lane_header_size(load_header(c)));

        if (span <= LANE_TURN)
            room = LANE_TURN;
        else if (span < room)
            room = span;
    }
    c->limit = c->next + room;
}

int lane_look_for_records(struct lane_consumer *c)
{
    uint64_t head = atomic_load_acquire_u64(&c->shared->producer.head); /* A2 */

    if (head % 8 != 0 || head < c->next || head > LANE_POSITION_MAX || head - c->tail > c->capacity)
        return -EBADMSG;
    c->head_seen = head;
    lane_begin_turn(c);
    if (head != c->next)
        return 0;
    if (c->tail != c->released)
        lane_give(c, true);
    return -EAGAIN;
}

/* Step over the padding record at `next`. -EBADMSG: it is none, nor anything else. */
static int step_over_padding(struct lane_consumer *c)
{
    uint64_t to_end = c->capacity - (c->next & c->mask);
    uint64_t header = load_header(c);
    uint64_t span = lane_span(lane_header_size(header));

    if (lane_header_flags(header) != SHMQ_RECORD_PADDING || span != to_end || span > c->head_seen - c->next)
        return -EBADMSG;
    c->next += span;
    return 0;
}

/*
 * Ends, whatever becomes of the header meanwhile: of four rounds one moves `next`, towards a head that is at most a
 * capacity away.
 */
int lane_find(struct lane_consumer *c, uint64_t *header)
{
    uint64_t begun = UINT64_MAX; /* a turn has begun here: what cannot be seen now is padding, or bad */
    int rc = 0;

    while (rc == 0 && !lane_see(c, header)) {
        if (c->next == c->head_seen) {
            rc = lane_look_for_records(c);
            continue;
        }
        if (c->next == begun)
            rc = step_over_padding(c);
        begun = c->next;
        lane_begin_turn(c);
    }
    return rc;
}

int lane_peek(struct lane_consumer *c, struct shmq_message *message)
{
    uint64_t header;
    int rc = lane_find(c, &header);

    if (rc == 0)
        lane_take(c, header, message);
    return rc;
}

/* Between the ends of a ring, and unrolled: the loop is what a consumer of large records spends its time in. */
static void dirty_lines(uint8_t *at, uint8_t *end)
{
    for (; at + 8 * CACHE_LINE <= end; at += 8 * CACHE_LINE)
        for (unsigned i = 0; i < 8; i++) {
            uint64_t *word = (uint64_t *)(void *)(at + i * CACHE_LINE);

            atomic_store_u64(word, atomic_load_u64(word));
        }
    for (; at < end; at += CACHE_LINE)
        atomic_store_u64((uint64_t *)(void *)at, atomic_load_u64((uint64_t *)(void *)at));
}

static void own_lines(uint8_t *at, uint8_t *end)
{
    for (; at < end; at += CACHE_LINE)
        atomic_own(at);
}

/*
 * Take lines back into this processor's cache for writing, many at a time, so that the producer finds them in one
 * place and not shared. Storing the same value again keeps the contents, and nobody else may store to them before the
 * tail has passed. A death in the middle has changed nothing.
 */
static void hand_back_lines(const struct lane_consumer *c, uint64_t from, uint64_t to)
{
    bool own = c->hand_back == SHMQ_HAND_BACK_OWN;

    while (from < to) {
        uint8_t *at = c->ring + (from & c->mask);
        uint64_t to_end = c->capacity - (from & c->mask);
        uint8_t *end = at + (to - from < to_end ? to - from : to_end);

        from += (uint64_t)(end - at);
        if (own)
            own_lines(at, end);
        else
            dirty_lines(at, end);
    }
}

/* Take back what is released, but for the line that the position lies in. */
static void own_released(struct lane_consumer *c)
{
    uint64_t to = c->released & ~(CACHE_LINE - 1);

    if (to <= c->owned)
        return;
    if (c->hand_back != SHMQ_HAND_BACK_NONE)
        hand_back_lines(c, bits_align_up(c->owned, CACHE_LINE), to);
    c->owned = to;
}

void lane_give(struct lane_consumer *c, bool exactly)
{
    uint64_t to = exactly ? c->released : c->released & ~(CACHE_LINE - 1);

    if (to <= c->tail)
        return;
    own_released(c);
    atomic_store_release_u64(&c->shared->tail.tail, to); /* R1 */
    c->tail = to;
    if (c->owned < to)
        c->owned = to; /* the line it lies in is the producer's, too, and not written again */
}

bool lane_give_due(struct lane_consumer *c)
{
    if (c->released - c->tail >= c->batch)
        lane_give(c, false);
    else
        own_released(c);
    /* Asked behind the new tail: who began to want room before it may have looked at the old one, and sleep. */
    if (!lane_room_is_wanted(c))
        return false;
    lane_give(c, true);
    return true;
}
