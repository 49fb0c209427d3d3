/* Completion: a record is done when `released` of its lane has passed it. */
#include <shmq/await.h>

#include "api/handle.h"
#include "core/order.h"

#include <errno.h>
#include <shmq/wait.h>

static int refusal(const struct shmq *q)
{
    return q->role != SHMQ_PRODUCER ? handle_refusal(q) : q->kind == SHMQ_RECORDER ? -EINVAL : 0;
}

static uint32_t number_size(const struct shmq *q)
{
    return q->kind == SHMQ_TOTAL_ORDER ? (uint32_t)ORDER_NUMBER : 0;
}

/* Is what begins there still as it was left? A slot that is reserved may be half written. */
static bool is_there(const struct shmq *q, uint64_t begin)
{
    uint64_t end = q->producer.head;

    if (q->producer.slot_size != LANE_NO_SLOT)
        end += lane_span(q->producer.slot_size + number_size(q));
    return end - begin <= q->producer.capacity;
}

int shmq_ticket(struct shmq *q, struct shmq_ticket *ticket)
{
    const struct lane_producer *p = &q->producer;
    int rc = refusal(q);

    if (rc != 0)
        return rc;
    if (p->last == LANE_NO_SLOT || !is_there(q, p->last))
        return -ENOENT;
    uint64_t header = atomic_load_u64((const uint64_t *)(const void *)(p->ring + (p->last & p->mask)));
    uint32_t size = lane_header_size(header);
    uint64_t position = p->last + lane_span(size);

    /* Only padding can have come behind it. */
    if (position > p->head || lane_header_flags(header) != 0 || size < number_size(q))
        return -EBADMSG;
    *ticket = (struct shmq_ticket){
        .position = position,
        .size = size - number_size(q),
        .type = lane_header_type(header),
        .lane = (uint16_t)q->lane,
    };
    return 0;
}

/* R3 -> A3: what the consumer did before is seen. */
static int look_at_released(const struct shmq *q, uint64_t position)
{
    uint64_t released = atomic_load_acquire_u64(&q->producer.shared->released.released); /* A3 */

    if (released > q->producer.head || released % 8 != 0)
        return -EBADMSG;
    return released >= position ? 0 : -EAGAIN;
}

int await_look(struct shmq *q, bool ask_kernel)
{
    int rc = look_at_released(q, q->awaited);

    if (rc != -EAGAIN || !ask_kernel || port_role_taken(q->file, SHMQ_ROLE_CONSUMER) != 0)
        return rc;
    rc = look_at_released(q, q->awaited); /* it may have released it, and closed, while we asked */
    return rc != -EAGAIN ? rc : producer_nobody(q);
}

/* Where the record begins, or -EINVAL. */
static int begin_of(const struct shmq *q, const struct shmq_ticket *ticket, uint64_t *begin)
{
    uint64_t span = lane_span((uint64_t)ticket->size + number_size(q));

    *begin = ticket->position - span;
    bool fits = span <= ticket->position && (*begin & q->producer.mask) + span <= q->producer.capacity;

    return fits && ticket->lane == q->lane && ticket->position % 8 == 0 && ticket->position <= q->producer.head
               ? 0
               : -EINVAL;
}

int shmq_await(struct shmq *q, const struct shmq_ticket *ticket, int64_t timeout_ns, struct shmq_answer *answer)
{
    uint64_t begin;
    int rc = refusal(q);

    if (rc == 0)
        rc = begin_of(q, ticket, &begin);
    if (rc != 0)
        return rc;
    if (UNLIKELY(q->producer.head != q->producer.published))
        producer_publish(q);
    rc = look_at_released(q, ticket->position);
    if (rc == -EAGAIN) {
        q->awaited = ticket->position;
        rc = shmq_wait(q, timeout_ns);
        if (rc == -ETIMEDOUT && timeout_ns == 0 && q->watch.poll >= 0)
            rc = wait_arm(q);
        q->awaited = 0;
    }
    if (rc != 0 || answer == NULL)
        return rc == -EAGAIN ? -ETIMEDOUT : rc;
    if (!is_there(q, begin))
        return -ERANGE;
    *answer = (struct shmq_answer){
        .data = q->producer.ring + (begin & q->producer.mask) + sizeof(struct shmq_record) + number_size(q),
        .size = ticket->size,
        .type = ticket->type,
        .lane = ticket->lane,
    };
    return 0;
}
