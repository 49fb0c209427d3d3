#include <shmq/producer.h>

#include "api/handle.h"
#include "core/copy.h"

#include <errno.h>

/* A handle of another role never has room: that is where the role is asked for. */
static NEVER_INLINE int reserve_slowly(struct shmq *q, size_t size, void **slot)
{
    if (q->role != SHMQ_PRODUCER)
        return -EINVAL;
    int rc = lane_make_room(&q->producer, size);

    if (rc != 0)
        return rc;
    q->producer.slot_size = size;
    *slot = lane_slot(&q->producer);
    return 0;
}

int shmq_reserve(struct shmq *q, size_t size, void **slot)
{
    if (!lane_has_room(&q->producer, size))
        return reserve_slowly(q, size, slot);
    q->producer.slot_size = size;
    *slot = lane_slot(&q->producer);
    return 0;
}

int shmq_commit(struct shmq *q, size_t size, uint16_t type, unsigned flags)
{
    uint64_t slot_size = q->producer.slot_size;

    /* No slot reads as the largest size there is, so it is asked for by itself. */
    if (UNLIKELY(size > slot_size || slot_size == LANE_NO_SLOT || flags > SHMQ_MORE))
        return -EINVAL;
    q->producer.slot_size = LANE_NO_SLOT;
    lane_commit(&q->producer, size, type, flags);
    return 0;
}

void shmq_abort(struct shmq *q)
{
    q->producer.slot_size = LANE_NO_SLOT;
}

/* What shmq_send does for all sizes; apart, so that the small ones need no stack frame. */
static NEVER_INLINE int send_any(struct shmq *q, const void *data, size_t size, uint16_t type, unsigned flags)
{
    if (q->role != SHMQ_PRODUCER || flags > SHMQ_MORE)
        return -EINVAL;
    int rc = lane_reserve(&q->producer, size);

    if (rc != 0)
        return rc;
    q->producer.slot_size = LANE_NO_SLOT;
    copy_payload(lane_slot(&q->producer), data, size);
    lane_commit(&q->producer, size, type, flags);
    return 0;
}

int shmq_send(struct shmq *q, const void *data, size_t size, uint16_t type, unsigned flags)
{
    if (UNLIKELY(!copy_is_small(size) || flags > SHMQ_MORE || !lane_has_room(&q->producer, size)))
        return send_any(q, data, size, type, flags);
    q->producer.slot_size = LANE_NO_SLOT;
    copy_words(lane_slot(&q->producer), data, size);
    lane_commit(&q->producer, size, type, flags);
    return 0;
}

int shmq_sendv(struct shmq *q, const struct shmq_span *spans, size_t count, uint16_t type, unsigned flags)
{
    size_t size = 0;

    if (q->role != SHMQ_PRODUCER || flags > SHMQ_MORE)
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(size, spans[i].size, &size))
            return -EMSGSIZE;
    }
    int rc = lane_reserve(&q->producer, size);

    if (rc != 0)
        return rc;
    uint8_t *to = lane_slot(&q->producer);

    for (size_t i = 0; i < count; i++) {
        copy_payload(to, spans[i].data, spans[i].size);
        to += spans[i].size;
    }
    q->producer.slot_size = LANE_NO_SLOT;
    lane_commit(&q->producer, size, type, flags);
    return 0;
}

int shmq_flush(struct shmq *q)
{
    if (q->role != SHMQ_PRODUCER)
        return -EINVAL;
    lane_publish(&q->producer);
    return 0;
}
