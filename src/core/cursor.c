#include "core/cursor.h"

#include <errno.h>
#include <string.h>

/* A producer that laps us again and again is not worth chasing: what it has newest comes after the next look. */
#define LAPS_MAX 64

struct mark {
    uint64_t position;
    uint64_t number;
};

static uint64_t load_word(const struct cursor_lane *c, uint64_t position)
{
    return atomic_load_u64((const uint64_t *)(const void *)(c->ring + (position & c->mask)));
}

/* Positions that the producer has published never come back. */
static int look_at_head(struct cursor_lane *c)
{
    uint64_t head = atomic_load_acquire_u64(&c->shared->producer.head); /* A2 */

    if (head % 8 != 0 || head > LANE_POSITION_MAX || head < c->head_seen)
        return -EBADMSG;
    c->head_seen = head;
    return 0;
}

/*
 * The floor of a recorder. The head is looked at before the tail, which moves on meanwhile: so only a lie is more than a
 * ring behind it.
 */
static int look_at_tail(struct cursor_lane *c, uint64_t *floor)
{
    if (look_at_head(c) != 0)
        return -EBADMSG;
    *floor = atomic_load_acquire_u64(&c->shared->tail.tail); /* A6 */
    if (*floor % 8 != 0)
        return -EBADMSG;
    if (*floor <= c->head_seen)
        return c->head_seen - *floor <= c->capacity ? 0 : -EBADMSG;
    /* It has passed the head of a moment ago. */
    return look_at_head(c) == 0 && *floor <= c->head_seen ? 0 : -EBADMSG;
}

/* What lies in front of the floor may be overwritten. It is never behind a head that is newer. */
static int look_at_floor(struct cursor_lane *c, uint64_t *floor)
{
    if (c->is_recorder)
        return look_at_tail(c, floor);
    uint64_t claimed = atomic_load_acquire_u64(&c->shared->producer.claimed); /* A14 */

    if (look_at_head(c) != 0)
        return -EBADMSG;
    /* Who has not claimed yet has what is published. */
    if (claimed < c->head_seen)
        claimed = c->head_seen;
    *floor = claimed > c->capacity ? claimed - c->capacity : 0;
    return *floor <= c->head_seen && *floor % 8 == 0 ? 0 : -EBADMSG;
}

/* False: it is just being written, or there is none. */
static bool load_mark(const struct cursor_lane *c, unsigned i, struct mark *mark)
{
    const struct shmq_lane_mark *shared = &c->shared->marks[i];

    mark->position = atomic_load_acquire_u64(&shared->position); /* A15 */
    mark->number = atomic_load_u64(&shared->number);
    atomic_fence_load(); /* A15: the number was loaded before the second look at the position */
    return atomic_load_u64(&shared->position) == mark->position && mark->position % 8 == 0 &&
           mark->position <= c->head_seen;
}

/* Go along the headers from one place to another. False: they do not lead there, or may have been overwritten. */
static bool count_between(struct cursor_lane *c, uint64_t from, uint64_t to, uint64_t *count)
{
    uint64_t floor;
    uint64_t at = from;

    *count = 0;
    while (at < to) {
        uint64_t header = load_word(c, at);

        *count += lane_header_flags(header) == 0;
        at += lane_span(lane_header_size(header));
    }
    atomic_fence_load(); /* A14 */
    return at == to && look_at_floor(c, &floor) == 0 && floor <= from;
}

/* The number of the record that begins there, by the nearest mark: behind it, else in front of it. */
static uint64_t number_at(struct cursor_lane *c, uint64_t position, uint64_t floor)
{
    struct mark behind = {UINT64_MAX, 0};
    struct mark before = {0, 0};
    bool any = position == 0;
    uint64_t count;

    if (position < floor)
        return CURSOR_NO_NUMBER; /* there may be any distance between it and a mark */
    for (unsigned i = 0; i < SHMQ_MARKS; i++) {
        struct mark mark;

        if (!load_mark(c, i, &mark) || mark.position < floor)
            continue;
        if (mark.position >= position && mark.position < behind.position)
            behind = mark;
        if (mark.position <= position && mark.position >= before.position) {
            before = mark;
            any = true;
        }
    }
    if (behind.position != UINT64_MAX && count_between(c, position, behind.position, &count) &&
        count <= behind.number)
        return behind.number - count;
    if (any && count_between(c, before.position, position, &count))
        return before.number + count;
    return CURSOR_NO_NUMBER;
}

/* A recorder's records carry their numbers. */
static uint64_t number_in(struct cursor_lane *c, uint64_t position)
{
    uint64_t floor;
    uint64_t at = position;
    uint64_t header = load_word(c, at);

    if (position == 0)
        return 0;
    if (position != c->head_seen && lane_header_flags(header) == SHMQ_RECORD_PADDING)
        at += lane_span(lane_header_size(header));
    uint64_t number = load_word(c, at + sizeof header);

    atomic_fence_load(); /* A6 */
    return at < c->head_seen && look_at_floor(c, &floor) == 0 && floor <= position ? number : CURSOR_NO_NUMBER;
}

/* The first known beginning of a record from `wanted` on, else the head. */
static void find_boundary(struct cursor_lane *c, uint64_t wanted, uint64_t floor)
{
    uint64_t round = c->head_seen & ~c->mask;
    uint64_t released = atomic_load_acquire_u64(&c->shared->released.released); /* A3 */
    uint64_t found = round >= wanted ? round : c->head_seen;

    if (released >= wanted && released < found && released % 8 == 0)
        found = released;
    for (unsigned i = 0; i < SHMQ_MARKS; i++) {
        struct mark mark;

        if (load_mark(c, i, &mark) && mark.position >= wanted && mark.position < found)
            found = mark.position;
    }
    c->next = found;
    c->number = number_at(c, found, floor);
}

/*
 * The floor has passed us. A quarter of what is left is left alone, so that it does not pass us again at once; half of it
 * where it did, and more. A recorder has no known places between its floor and its head.
 */
static void go_on(struct cursor_lane *c, uint64_t floor, unsigned lap)
{
    uint64_t left = c->head_seen - floor;
    uint64_t from = c->next;

    if (c->is_recorder)
        c->next = lap < 2 ? floor : c->head_seen;
    else
        find_boundary(c, floor + left / 4 * (lap < 2 ? lap + 1 : 3), floor);
    c->skipped += c->next - from;
}

int cursor_start(struct cursor_lane *c, enum cursor_from from)
{
    uint64_t floor;
    uint64_t released = atomic_load_acquire_u64(&c->shared->released.released); /* A3 */

    c->head_seen = c->batch_at = c->batch_end = 0;
    c->missed = c->missed_bytes = c->skipped = 0;
    c->number = c->expected = CURSOR_NO_NUMBER;
    if (look_at_floor(c, &floor) != 0 || released > c->head_seen || released % 8 != 0)
        return -EBADMSG;
    if (from == CURSOR_FROM_OLDEST && !c->is_recorder) {
        find_boundary(c, floor, floor);
        c->expected = c->number;
        return 0;
    }
    c->next = from == CURSOR_FROM_NEWEST ? c->head_seen : from == CURSOR_FROM_OLDEST ? floor : released;
    if (c->is_recorder && c->next < floor)
        c->next = floor;
    c->number = c->is_recorder ? number_in(c, c->next) : number_at(c, c->next, floor);
    c->expected = c->number;
    return 0;
}

static void copy_out(const struct cursor_lane *c, uint64_t position, uint64_t *to, uint64_t size)
{
    const uint64_t *from = (const uint64_t *)(const void *)(c->ring + (position & c->mask));

    for (uint64_t i = 0; i < (size + 7) / 8; i++)
        to[i] = atomic_load_u64(from + i);
}

/* The number may not have been known for a while: then what was missed is told with the next one that is. */
static void taken(struct cursor_lane *c, const uint64_t *copy, struct cursor_record *record)
{
    if (c->is_recorder)
        c->number = copy[0];
    record->number = c->number;
    c->next += lane_span(lane_header_size(record->header));
    record->end = c->next;
    c->missed_bytes += c->skipped;
    c->skipped = 0;
    if (c->number != CURSOR_NO_NUMBER) {
        if (c->expected != CURSOR_NO_NUMBER && c->number > c->expected)
            c->missed += c->number - c->expected;
        c->expected = ++c->number;
    } else if (c->expected != CURSOR_NO_NUMBER) {
        c->expected++;
    }
}

/*
 * The producer feels each look at its words, which takes their lines from it. So what is published is copied in larger
 * pieces, with one look at the floor for all of a piece. As cursor_take, or 1 where the producer was faster.
 */
static APART int fill_batch(struct cursor_lane *c, unsigned lap)
{
    uint64_t to_end = c->capacity - (c->next & c->mask);
    uint64_t floor;

    if (look_at_head(c) != 0)
        return -EBADMSG;
    if (c->next == c->head_seen)
        return -EAGAIN;
    uint64_t size = c->head_seen - c->next;

    size = size < to_end ? size : to_end;
    size = size < CURSOR_BATCH ? size : CURSOR_BATCH;
    c->released_seen = atomic_load_acquire_u64(&c->shared->released.released); /* A3 */
    copy_out(c, c->next, c->batch, size);
    atomic_fence_load(); /* A14, A6: what was copied was copied before the look at the floor */
    if (look_at_floor(c, &floor) != 0)
        return -EBADMSG;
    c->batch_at = c->next;
    c->batch_end = c->next + size;
    if (floor <= c->next)
        return 0;
    /* The floor of a recorder is where a record begins, and what lies behind it is whole. */
    if (c->is_recorder && floor < c->batch_end) {
        c->skipped += floor - c->next;
        c->next = floor;
        return 0;
    }
    c->batch_end = c->batch_at;
    go_on(c, floor, lap);
    return 1;
}

/* A record that is larger than a batch. Likewise. */
static APART int copy_record(struct cursor_lane *c, uint64_t *copy, uint64_t size, unsigned lap)
{
    uint64_t floor;

    copy_out(c, c->next + sizeof(struct shmq_record), copy, size);
    atomic_fence_load(); /* A14, A6 */
    if (look_at_floor(c, &floor) != 0)
        return -EBADMSG;
    if (floor > c->next) {
        c->batch_end = c->batch_at;
        go_on(c, floor, lap);
        return 1;
    }
    return 0;
}

/* One try: as cursor_take, or 1 where there was padding, or the producer was faster. */
static int try_to_take(struct cursor_lane *c, uint64_t *copy, size_t *size, struct cursor_record *record,
                       unsigned lap)
{
    bool in_batch = c->next >= c->batch_at && c->next < c->batch_end;
    int rc = in_batch ? 0 : fill_batch(c, lap);

    if (rc != 0)
        return rc;
    const uint64_t *at = c->batch + (c->next - c->batch_at) / sizeof *at;
    uint64_t left = c->batch_end - c->next;

    record->header = *at;
    uint64_t bytes = lane_header_size(record->header);
    uint64_t span = lane_span(bytes);
    uint64_t need = (bytes + 7) & ~UINT64_C(7);
    uint64_t to_end = c->capacity - (c->next & c->mask);
    bool fits = span <= c->head_seen - c->next && span <= to_end;
    bool is_padding = lane_header_flags(record->header) == SHMQ_RECORD_PADDING && fits && span == to_end;
    bool is_sound = lane_header_flags(record->header) == 0 && fits && (!c->is_numbered || bytes >= sizeof *copy);

    if (is_padding) {
        c->next += span;
        return 1;
    }
    if (!is_sound)
        return -EBADMSG;
    if (span > left && c->next != c->batch_at) {
        c->batch_at = c->batch_end; /* it begins the next batch */
        return 1;
    }
    if (need > *size) {
        *size = (size_t)need;
        return -ENOBUFS;
    }
    if (span > left)
        rc = copy_record(c, copy, bytes, lap);
    else if (need > 0)
        memcpy(copy, at + 1, (size_t)need);
    if (rc == 0)
        taken(c, copy, record);
    return rc;
}

int cursor_take(struct cursor_lane *c, uint64_t *copy, size_t *size, struct cursor_record *record)
{
    int rc = 1;

    for (unsigned lap = 0; lap < LAPS_MAX && rc == 1; lap++)
        rc = try_to_take(c, copy, size, record, lap);
    return rc == 1 ? -EAGAIN : rc;
}
