#include "core/many.h"

#include "core/copy.h"

/*
 * In an array, what was stored last is sent last: that a wide load waits for narrow stores (copy.h) is rare, and where the
 * size is known the compiler takes the widest.
 */
ALWAYS_INLINE void put_payload(uint8_t *to, const uint8_t *from, size_t size)
{
    if (__builtin_constant_p(size))
        memcpy(to, from, size);
    else
        copy_payload(to, from, size);
}

/* An array does not fit the first-level cache as one record does: the C library's copy is the faster one here. */
ALWAYS_INLINE void take_payload(uint8_t *to, const uint8_t *from, size_t size)
{
    if (__builtin_constant_p(size) || size > COPY_WORDS_MAX)
        memcpy(to, from, size);
    else
        copy_payload_out(to, from, size);
}

ALWAYS_INLINE void append_of(struct lane_producer *p, const uint8_t *data, size_t size, uint64_t count, uint16_t type)
{
    const uint64_t header = lane_header(size, type, 0);
    const uint64_t span = lane_span(size);
    uint8_t *at = p->ring + (p->head & p->mask);

    for (uint64_t i = 0; i < count; i++, at += span, data += size) {
        *(uint64_t *)(void *)at = header;
        put_payload(at + sizeof(struct shmq_record), data, size);
    }
    p->last = p->head + (count - 1) * span;
    p->head += count * span;
    p->sent += count;
}

uint64_t lane_append_many(struct lane_producer *p, const uint8_t *data, size_t size, uint64_t count, uint16_t type)
{
    uint64_t room = size <= p->record_max ? (p->limit - p->head) / lane_span(size) : 0;

    if (count > room)
        count = room;
    if (count == 0)
        return 0;
    switch (size) {
    case 8:
        append_of(p, data, 8, count, type);
        break;
    case 16:
        append_of(p, data, 16, count, type);
        break;
    case 32:
        append_of(p, data, 32, count, type);
        break;
    case 64:
        append_of(p, data, 64, count, type);
        break;
    default:
        append_of(p, data, size, count, type);
    }
    return count;
}

/* Each header is loaded once, and what is not the one that was checked ends it. */
ALWAYS_INLINE uint64_t take_of(const uint8_t *at, uint64_t header, size_t size, uint8_t *buffer, uint64_t count)
{
    const uint64_t span = lane_span(size);
    uint64_t i = 0;

    for (; i < count; i++, at += span, buffer += size) {
        if (UNLIKELY(atomic_load_u64((const uint64_t *)(const void *)at) != header))
            break;
        take_payload(buffer, at + sizeof(struct shmq_record), size);
    }
    return i;
}

uint64_t lane_take_many(struct lane_consumer *c, uint64_t header, uint8_t *buffer, uint64_t count)
{
    const uint32_t size = lane_header_size(header);
    const uint64_t span = lane_span(size);
    const uint64_t seen = (c->limit - c->next) / span;
    const uint8_t *at = c->ring + (c->next & c->mask);

    if (count > seen)
        count = seen;
    switch (size) {
    case 8:
        count = take_of(at, header, 8, buffer, count);
        break;
    case 16:
        count = take_of(at, header, 16, buffer, count);
        break;
    case 32:
        count = take_of(at, header, 32, buffer, count);
        break;
    case 64:
        count = take_of(at, header, 64, buffer, count);
        break;
    default:
        count = take_of(at, header, size, buffer, count);
    }
    c->next += count * span;
    c->peeked += count;
    return count;
}
