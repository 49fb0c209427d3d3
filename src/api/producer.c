#include <shmq/producer.h>

#include "api/handle.h"
#include "core/copy.h"
#include "core/many.h"
#include "core/order.h"

#include <errno.h>
#include <limits.h>

/* Bytes of the number in front of the payload. */
static size_t number_size(const struct shmq *q)
{
    return q->kind == SHMQ_LANES ? 0 : ORDER_NUMBER;
}

void producer_publish(struct shmq *q)
{
    if (q->kind == SHMQ_TOTAL_ORDER)
        order_publish(&q->producer, &handle_header(q)->order.next);
    else
        lane_publish(&q->producer);
    handle_wake_consumer(q);
}

/* Asked again at the end: who came meanwhile has not died. */
int producer_nobody(struct shmq *q)
{
    const struct shmq_consumer_line *consumer = &handle_header(q)->consumer;
    uint64_t count = atomic_load_u64(&consumer->attach_count);

    if (handle_is_removed(q))
        return -ESTALE;
    if (atomic_load_u32(&consumer->pid) == 0 || q->death_told == count ||
        port_role_taken(q->file, SHMQ_ROLE_CONSUMER) != 0)
        return -EAGAIN;
    q->death_told = count;
    return -EOWNERDEAD;
}

int producer_look(struct shmq *q, bool ask_kernel)
{
    if (q->kind == SHMQ_RECORDER)
        return 0;
    if (q->producer.head != q->producer.published)
        producer_publish(q);
    int rc = lane_look_for_room(&q->producer);

    if (rc != -EAGAIN || !ask_kernel || port_role_taken(q->file, SHMQ_ROLE_CONSUMER) != 0)
        return rc;
    /* A consumer that closed its handle may have given room while we asked. */
    rc = lane_look_for_room(&q->producer);
    return rc != -EAGAIN ? rc : producer_nobody(q);
}

/* One try. Without room, what is appended so far is published: who shall make room must see it. */
static int make_room(struct shmq *q, size_t size)
{
    int rc;

    if (size > q->producer.record_max)
        return -EMSGSIZE;
    if (q->kind == SHMQ_RECORDER)
        rc = recorder_reserve(&q->producer, size + RECORDER_NUMBER);
    else
        rc = lane_reserve_numbered(&q->producer, size + number_size(q));
    if (rc == -EAGAIN && q->producer.head != q->producer.published)
        producer_publish(q);
    else
        handle_wake_consumer(q);
    return rc;
}

/* Room by this handle's policy: 0, an error, or -EAGAIN where the caller has to drop or to fail. */
static int find_room(struct shmq *q, size_t size)
{
    if (q->role != SHMQ_PRODUCER)
        return handle_refusal(q);
    int64_t deadline_ns = 0;
    int rc = make_room(q, size);

    while (rc == -EAGAIN && q->policy == SHMQ_WAIT) {
        int waited = wait_until(q, q->wait_ns > 0 ? q->wait_ns : -1, &deadline_ns);

        if (waited != 0)
            return waited;
        rc = make_room(q, size);
    }
    if (rc == -EAGAIN && q->watch.poll >= 0) {
        rc = wait_arm(q);
        if (rc == 0)
            rc = make_room(q, size);
    }
    return rc;
}

static int count_dropped(struct shmq *q, uint64_t records)
{
    uint64_t *dropped = &q->producer.shared->producer.dropped;

    atomic_store_u64(dropped, atomic_load_u64(dropped) + records);
    return 1;
}

static APART int reserve_slowly(struct shmq *q, size_t size, void **slot)
{
    int rc = find_room(q, size);

    if (rc == -EAGAIN && q->policy == SHMQ_DROP)
        (void)count_dropped(q, 1);
    if (rc != 0)
        return rc;
    q->producer.slot_size = size;
    *slot = (uint8_t *)lane_slot(&q->producer) + number_size(q);
    return 0;
}

/* A handle of another role never has room: that is where the role is asked for. */
int shmq_reserve(struct shmq *q, size_t size, void **slot)
{
    if (UNLIKELY(!lane_has_room(&q->producer, size)))
        return reserve_slowly(q, size, slot);
    q->producer.slot_size = size;
    *slot = lane_slot(&q->producer);
    return 0;
}

/* Make a record of what lies in the slot. */
static void append(struct shmq *q, size_t size, uint16_t type, bool more)
{
    if (q->kind == SHMQ_LANES)
        lane_append(&q->producer, size, type);
    else if (q->kind == SHMQ_TOTAL_ORDER)
        order_append(&q->producer, size + ORDER_NUMBER, type);
    else
        recorder_append(&q->producer, size + RECORDER_NUMBER, type);
    if (lane_is_due(&q->producer, more))
        producer_publish(q);
}

static APART int commit_slowly(struct shmq *q, size_t size, uint16_t type, unsigned flags)
{
    uint64_t slot_size = q->producer.slot_size;

    if (q->role != SHMQ_PRODUCER)
        return handle_refusal(q);
    /* No slot reads as the largest size there is, so it is asked for by itself. */
    if (size > slot_size || slot_size == LANE_NO_SLOT || flags > SHMQ_MORE)
        return -EINVAL;
    q->producer.slot_size = LANE_NO_SLOT;
    append(q, size, type, flags);
    return 0;
}

int shmq_commit(struct shmq *q, size_t size, uint16_t type, unsigned flags)
{
    uint64_t slot_size = q->producer.slot_size;

    if (UNLIKELY(size > slot_size || slot_size == LANE_NO_SLOT || flags > SHMQ_MORE || q->kind != SHMQ_LANES))
        return commit_slowly(q, size, type, flags);
    q->producer.slot_size = LANE_NO_SLOT;
    if (lane_commit(&q->producer, size, type, flags))
        handle_wake_consumer(q);
    return 0;
}

void shmq_abort(struct shmq *q)
{
    q->producer.slot_size = LANE_NO_SLOT;
}

/* What shmq_send does for all sizes; apart, so that the small ones need no stack frame. */
static APART int send_any(struct shmq *q, const void *data, size_t size, uint16_t type, unsigned flags)
{
    if (flags > SHMQ_MORE)
        return -EINVAL;
    if (!lane_has_room(&q->producer, size)) {
        int rc = find_room(q, size);

        if (rc != 0)
            return rc == -EAGAIN && q->policy == SHMQ_DROP ? count_dropped(q, 1) : rc;
    }
    q->producer.slot_size = LANE_NO_SLOT;
    copy_payload((uint8_t *)lane_slot(&q->producer) + number_size(q), data, size);
    append(q, size, type, flags);
    return 0;
}

int shmq_send(struct shmq *q, const void *data, size_t size, uint16_t type, unsigned flags)
{
    if (UNLIKELY(!copy_is_small(size) || flags > SHMQ_MORE || !lane_has_room(&q->producer, size)))
        return send_any(q, data, size, type, flags);
    q->producer.slot_size = LANE_NO_SLOT;
    copy_words(lane_slot(&q->producer), data, size);
    if (lane_commit(&q->producer, size, type, flags))
        handle_wake_consumer(q);
    return 0;
}

int shmq_sendv(struct shmq *q, const struct shmq_span *spans, size_t count, uint16_t type, unsigned flags)
{
    size_t size = 0;

    if (q->role != SHMQ_PRODUCER)
        return handle_refusal(q);
    if (flags > SHMQ_MORE)
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(size, spans[i].size, &size))
            return -EMSGSIZE;
    }
    int rc = find_room(q, size);

    if (rc != 0)
        return rc == -EAGAIN && q->policy == SHMQ_DROP ? count_dropped(q, 1) : rc;
    uint8_t *to = (uint8_t *)lane_slot(&q->producer) + number_size(q);

    for (size_t i = 0; i < count; i++) {
        copy_payload(to, spans[i].data, spans[i].size);
        to += spans[i].size;
    }
    q->producer.slot_size = LANE_NO_SLOT;
    append(q, size, type, flags);
    return 0;
}

/* What has room now, in steps that leave no more unpublished than a commit would. */
static size_t append_many(struct shmq *q, const uint8_t *data, size_t size, size_t count, uint16_t type, bool more)
{
    const size_t step = 1 + LANE_UNPUBLISHED_MAX / lane_span(size);
    size_t done = 0;

    while (done < count) {
        size_t wanted = count - done < step ? count - done : step;
        size_t appended = lane_append_many(&q->producer, data + done * size, size, wanted, type);

        done += appended;
        if (lane_is_due(&q->producer, more || done < count))
            producer_publish(q);
        if (appended < wanted)
            break;
    }
    return done;
}

int shmq_send_many(struct shmq *q, const void *data, size_t size, size_t count, uint16_t type, unsigned flags)
{
    const uint8_t *from = data;
    size_t done = 0;
    int rc = 0;

    if (q->role != SHMQ_PRODUCER)
        return handle_refusal(q);
    if (flags > SHMQ_MORE || count > INT_MAX)
        return -EINVAL;
    q->producer.slot_size = LANE_NO_SLOT;
    while (done < count && rc == 0) {
        if (lane_has_room(&q->producer, size)) {
            done += append_many(q, from + done * size, size, count - done, type, flags);
            continue;
        }
        rc = send_any(q, from + done * size, size, type, flags | (done + 1 < count ? SHMQ_MORE : 0));
        done += rc == 0;
    }
    if (rc > 0)
        count_dropped(q, count - done - 1);
    if (done < count && flags == 0 && q->producer.head != q->producer.published)
        producer_publish(q);
    return rc < 0 && done == 0 ? rc : (int)done;
}

int shmq_flush(struct shmq *q)
{
    if (q->role != SHMQ_PRODUCER)
        return handle_refusal(q);
    producer_publish(q);
    return 0;
}
