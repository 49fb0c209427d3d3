#include "core/order.h"

#include <errno.h>

static uint64_t *word_at(uint8_t *ring, uint64_t mask, uint64_t position)
{
    return (uint64_t *)(void *)(ring + (position & mask));
}

/* The consumer can store to the headers that we walk along: they lead nowhere outside of what we appended. */
static uint64_t count_appended(const struct lane_producer *p)
{
    uint64_t count = 0;

    for (uint64_t at = p->published; at < p->head;) {
        uint64_t header = atomic_load_u64(word_at(p->ring, p->mask, at));

        count += lane_header_flags(header) == 0;
        at += lane_span(lane_header_size(header));
    }
    return count;
}

static void write_numbers(const struct lane_producer *p, uint64_t number)
{
    for (uint64_t at = p->published; at < p->head;) {
        uint64_t header = atomic_load_u64(word_at(p->ring, p->mask, at));
        uint64_t span = lane_span(lane_header_size(header));

        if (lane_header_flags(header) == 0 && p->head - at > ORDER_NUMBER)
            *word_at(p->ring, p->mask, at + sizeof(struct shmq_record)) = number++;
        at += span;
    }
}

void order_publish(struct lane_producer *p, uint64_t *counter)
{
    if (p->head == p->published)
        return;
    uint64_t count = count_appended(p);

    atomic_store_u32(&p->shared->producer.ordering, 1);
    uint64_t first =
        atomic_fetch_add_u64(counter, count); /* full barrier: ordering is seen before the number is taken */

    write_numbers(p, first);
    lane_publish(p);
    atomic_store_release_u32(&p->shared->producer.ordering, 0); /* R5 */
}

void order_attach(struct lane_producer *p)
{
    p->numbered = true;
    p->limit = p->head;
    atomic_store_release_u32(&p->shared->producer.ordering, 0); /* R5 */
}

int order_front(struct lane_consumer *c, uint64_t last, uint64_t *header, uint64_t *number)
{
    int rc = lane_find(c, header);

    c->limit = c->next; /* the fast path does not know of numbers, nor of what is refused here */
    if (rc != 0)
        return rc;
    if (lane_header_size(*header) < ORDER_NUMBER)
        return -EBADMSG;
    uint64_t found = atomic_load_u64(word_at(c->ring, c->mask, c->next + sizeof(struct shmq_record)));

    /* Numbers of one lane rise; UINT64_MAX stands for none. */
    if ((last != UINT64_MAX && found <= last) || found == UINT64_MAX)
        return -EBADMSG;
    *number = found;
    return 0;
}
