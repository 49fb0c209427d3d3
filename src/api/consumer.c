#include <shmq/consumer.h>

#include "api/handle.h"
#include "core/copy.h"

#include <errno.h>

/* Another lane is served next: what was peeked in this one is released with it. */
static void serve(struct shmq *q, struct lane_consumer *lane)
{
    if (lane == q->current)
        return;
    if (q->current->next != q->current->released)
        q->others_peeked = true;
    q->current = lane;
}

static uint64_t load_open_bits(const struct shmq *q, uint32_t word)
{
    uint64_t bits = atomic_load_u64(&handle_header(q)->lanes_open.bits[word]);
    uint32_t lanes = q->geometry.lane_count - word * 64;

    return lanes < 64 ? bits & ((UINT64_C(1) << lanes) - 1) : bits;
}

/*
 * Has the lane's producer come to its end? Who closes says so in the lane (pid 0, stored after its last publish: the
 * look at the head that follows finds all it sent); who died is known by the lock that the kernel dropped.
 */
static bool lane_has_ended(struct shmq *q, uint32_t lane, bool ask_kernel)
{
    const struct shmq_lane *shared = handle_lane(q, lane);

    if (atomic_load_acquire_u32(&shared->owner.pid) == 0)
        return true;
    return ask_kernel && port_role_taken(q->file, SHMQ_ROLE_LANE + lane) == 0;
}

/* One open lane: 0 a record, -EAGAIN its producer may send more, -EPIPE it has ended and is drained, -EBADMSG. */
static int look_at_lane(struct shmq *q, uint32_t lane, bool ask_kernel)
{
    struct lane_consumer *consumer = &q->lanes[lane];
    int rc = consumer->next != consumer->head_seen ? 0 : lane_look_for_records(consumer);

    if (rc == -EAGAIN && lane_has_ended(q, lane, ask_kernel)) {
        rc = lane_look_for_records(consumer);
        if (rc == -EAGAIN)
            rc = -EPIPE;
    }
    return rc;
}

/* All open lanes, beginning behind the current one, so that each has its turn. */
int consumer_look(struct shmq *q, bool ask_kernel)
{
    uint32_t count = q->geometry.lane_count;
    uint32_t words = (count + 63) / 64;
    uint32_t first = (q->current->index + 1) % count;
    int result = -EAGAIN;
    bool ended = false;
    bool waiting = false;

    if (q->end_told)
        consumer_acknowledge_end(q);
    for (uint32_t i = 0; i <= words; i++) {
        uint32_t word = (first / 64 + i) % words;
        uint64_t bits = load_open_bits(q, word);

        if (i == 0)
            bits &= ~UINT64_C(0) << first % 64;
        else if (i == words)
            bits &= ~(~UINT64_C(0) << first % 64);
        for (; bits != 0; bits &= bits - 1) {
            uint32_t lane = word * 64 + (uint32_t)__builtin_ctzll(bits);
            int rc = look_at_lane(q, lane, ask_kernel);

            if (rc == 0) {
                serve(q, &q->lanes[lane]);
                return 0;
            }
            if (rc == -EBADMSG)
                result = rc;
            ended |= rc == -EPIPE;
            waiting |= rc == -EAGAIN;
        }
    }
    return result == -EAGAIN && ended && !waiting ? -EPIPE : result;
}

/*
 * Close each lane that ended. A producer that comes takes its lock first and opens the lane second, so either we see
 * its lock after closing, and open the lane again, or it opens it after us.
 */
void consumer_acknowledge_end(struct shmq *q)
{
    q->end_told = false;
    for (uint32_t lane = 0; lane < q->geometry.lane_count; lane++) {
        uint64_t *word = &handle_header(q)->lanes_open.bits[lane / 64];
        uint64_t bit = UINT64_C(1) << lane % 64;

        if ((atomic_load_u64(word) & bit) == 0 || look_at_lane(q, lane, true) != -EPIPE)
            continue;
        atomic_and_u64(word, ~bit);
        if (port_role_taken(q->file, SHMQ_ROLE_LANE + lane) != 0)
            atomic_or_u64(word, bit);
    }
}

/* A handle of another role never has a record that was seen: that is where the role is asked for. */
static NEVER_INLINE int peek_slowly(struct shmq *q, struct shmq_message *message)
{
    if (q->role != SHMQ_CONSUMER)
        return -EINVAL;
    int rc = q->current->next != q->current->head_seen ? lane_peek(q->current, message) : -EAGAIN;

    if (rc == -EAGAIN) {
        rc = consumer_look(q, false);
        if (rc == 0)
            rc = lane_peek(q->current, message);
        q->end_told = rc == -EPIPE;
    }
    return rc;
}

int shmq_peek(struct shmq *q, struct shmq_message *message)
{
    uint64_t header;

    if (UNLIKELY(!lane_see(q->current, &header)))
        return peek_slowly(q, message);
    lane_take(q->current, header, message);
    return 0;
}

static NEVER_INLINE int release_all(struct shmq *q)
{
    q->others_peeked = false;
    for (uint32_t lane = 0; lane < q->geometry.lane_count; lane++) {
        if (q->lanes[lane].next != q->lanes[lane].released)
            (void)lane_release(&q->lanes[lane]);
    }
    return 0;
}

int shmq_release(struct shmq *q)
{
    if (UNLIKELY(q->role != SHMQ_CONSUMER))
        return -EINVAL;
    return LIKELY(!q->others_peeked) ? lane_release(q->current) : release_all(q);
}

/* The rest of shmq_recv, for a record that was peeked. */
static NEVER_INLINE int take_any(struct shmq *q, void *buffer, size_t capacity, const struct shmq_message *found,
                                 struct shmq_message *message)
{
    if (found->size > capacity) {
        lane_unpeek(q->current, found->size);
        message->size = found->size;
        return -ENOBUFS;
    }
    copy_payload(buffer, found->data, found->size);
    *message = *found;
    message->data = buffer;
    return shmq_release(q);
}

static NEVER_INLINE int recv_any(struct shmq *q, void *buffer, size_t capacity, struct shmq_message *message)
{
    struct shmq_message found;
    int rc = shmq_peek(q, &found);

    return rc == 0 ? take_any(q, buffer, capacity, &found, message) : rc;
}

int shmq_recv(struct shmq *q, void *buffer, size_t capacity, struct shmq_message *message)
{
    struct lane_consumer *lane = q->current;
    uint64_t header;

    /* Small ones that can be seen need no stack frame. */
    if (UNLIKELY(!lane_see(lane, &header) || q->others_peeked))
        return recv_any(q, buffer, capacity, message);
    uint32_t size = lane_header_size(header);

    if (UNLIKELY(!copy_is_small(size) || size > capacity))
        return recv_any(q, buffer, capacity, message);
    lane_take(lane, header, message);
    copy_words(buffer, message->data, size);
    message->data = buffer;
    return lane_release(lane);
}
