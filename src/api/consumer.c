#include <shmq/consumer.h>

#include "api/blobs.h"
#include "api/handle.h"
#include "core/copy.h"
#include "core/many.h"
#include "core/order.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

void consumer_serve(struct shmq *q, uint32_t lane)
{
    struct lane_consumer *consumer = &q->lanes[lane];

    if (consumer == q->current)
        return;
    if (q->current->next != q->current->released)
        q->others_peeked = true;
    q->current = consumer;
}

uint32_t consumer_next_lane(const struct shmq *q, uint32_t lane)
{
    uint32_t words = (q->geometry.lane_count + 63) / 64;

    for (uint32_t word = lane / 64; word < words; word++) {
        uint64_t bits = atomic_load_u64(&handle_header(q)->lanes_open.bits[word]) & q->serves[word];

        if (word == lane / 64)
            bits &= ~UINT64_C(0) << lane % 64;
        if (bits != 0)
            return word * 64 + (uint32_t)__builtin_ctzll(bits);
    }
    return LANES_END;
}

/*
 * Has the lane's producer come to its end? Who closes says so in the lane, after its last publish: the look at the head
 * that follows finds all it sent. Who died is known by the lock that the kernel dropped.
 */
static bool lane_has_ended(struct shmq *q, uint32_t lane, bool ask_kernel)
{
    if (atomic_load_acquire_u32(&handle_lane(q, lane)->producer.closed) != 0) /* A4 */
        return true;
    return ask_kernel && port_role_taken(q->file, SHMQ_ROLE_LANE + lane) == 0;
}

static int look_for_records(struct shmq *q, uint32_t lane)
{
    struct lane_consumer *consumer = &q->lanes[lane];
    bool gives = consumer->tail != consumer->released;
    uint64_t header;
    int rc;

    if (q->kind == SHMQ_RECORDER)
        return recorder_look(consumer);
    if (q->kind == SHMQ_LANES)
        rc = lane_find(consumer, &header);
    else
        rc = consumer->next != consumer->head_seen ? 0 : lane_look_for_records(consumer);
    /* A lane that runs empty gives its tail: somebody may have slept for it. */
    if (rc == -EAGAIN && gives && lane_room_is_wanted(consumer))
        handle_wake_producer(q, lane);
    return rc;
}

int consumer_look_at_lane(struct shmq *q, uint32_t lane, bool ask_kernel)
{
    int rc = look_for_records(q, lane);

    if (rc == -EAGAIN && lane_has_ended(q, lane, ask_kernel)) {
        rc = look_for_records(q, lane);
        if (rc == -EAGAIN)
            rc = -EPIPE;
    }
    return rc;
}

int consumer_nothing(const struct shmq *q, bool ended, bool waiting)
{
    if (waiting)
        return -EAGAIN;
    if (ended)
        return -EPIPE;
    return handle_is_removed(q) ? -ESTALE : -EAGAIN;
}

/* All open lanes, beginning behind the current one, so that each has its turn. */
static int look_at_lanes(struct shmq *q, bool ask_kernel)
{
    uint32_t first = q->current->index + 1;
    bool ended = false;
    bool waiting = false;
    bool damaged = false;

    for (uint32_t i = 0; i < 2; i++) {
        uint32_t end = i == 0 ? q->geometry.lane_count : first;

        for (uint32_t lane = i == 0 ? first : 0; (lane = consumer_next_lane(q, lane)) < end; lane++) {
            int rc = consumer_look_at_lane(q, lane, ask_kernel);

            if (rc == 0) {
                consumer_serve(q, lane);
                return 0;
            }
            damaged |= rc == -EBADMSG;
            ended |= rc == -EPIPE;
            waiting |= rc == -EAGAIN;
        }
    }
    return damaged ? -EBADMSG : consumer_nothing(q, ended, waiting);
}

int consumer_look(struct shmq *q, bool ask_kernel)
{
    if (q->end_told)
        consumer_acknowledge_end(q);
    return q->kind == SHMQ_TOTAL_ORDER ? ordered_look(q, ask_kernel) : look_at_lanes(q, ask_kernel);
}

bool consumer_lane_is_used(const struct shmq *q, uint32_t lane)
{
    return atomic_load_acquire_u32(&handle_lane(q, lane)->owner.pid) != 0 && /* A13: 0, and all it sent can be seen */
           port_role_taken(q->file, SHMQ_ROLE_LANE + lane) != 0;
}

/*
 * Close each lane that ended. A producer that comes signs in first and opens the lane second, so either we see it
 * after closing, and open the lane again, or it opens it after us. Or it has come and gone meanwhile: then it is signed
 * out again, but we see what it has published.
 */
void consumer_acknowledge_end(struct shmq *q)
{
    q->end_told = false;
    for (uint32_t lane = 0; (lane = consumer_next_lane(q, lane)) != LANES_END; lane++) {
        uint64_t *word = &handle_header(q)->lanes_open.bits[lane / 64];
        uint64_t bit = UINT64_C(1) << lane % 64;

        if (consumer_look_at_lane(q, lane, true) != -EPIPE)
            continue;
        atomic_and_u64(word, ~bit);
        if (consumer_lane_is_used(q, lane) || look_for_records(q, lane) != -EAGAIN)
            atomic_or_u64(word, bit);
        else
            blobs_end_lane(q, lane);
    }
}

/* The recorder's copy grows to what the largest record so far needs. */
static int recorder_peek(struct shmq *q, struct shmq_message *message)
{
    struct recorder_consumer *recorder = &q->services[q->current->index].recorder;
    uint64_t missed = 0;
    size_t size = 0;
    int rc = recorder_take(q->current, recorder, message, &missed, &size);

    if (rc == -ENOBUFS) {
        void *larger = realloc(recorder->copy, size);

        if (larger == NULL)
            return -ENOMEM;
        recorder->copy = larger;
        recorder->copy_size = size;
        rc = recorder_take(q->current, recorder, message, &missed, &size);
    }
    if (rc != 0)
        return rc == -ENOBUFS ? -EAGAIN : rc;
    return missed < INT_MAX ? (int)missed : INT_MAX;
}

/* What consumer_look has found in the current lane. */
static int take_found(struct shmq *q, struct shmq_message *message)
{
    switch (q->kind) {
    case SHMQ_TOTAL_ORDER:
        ordered_take(q, message);
        return 0;
    case SHMQ_RECORDER:
        return recorder_peek(q, message);
    default:
        return lane_peek(q->current, message);
    }
}

/* Is there a record? A handle of another role never has one that was seen: that is where the role is asked for. */
static int look_slowly(struct shmq *q)
{
    if (q->role != SHMQ_CONSUMER)
        return handle_refusal(q);
    int rc = consumer_look(q, false);

    if (rc == -EAGAIN && q->watch.poll >= 0)
        rc = wait_arm(q);
    q->end_told = rc == -EPIPE;
    return rc;
}

static APART int peek_slowly(struct shmq *q, struct shmq_message *message)
{
    int rc = look_slowly(q);

    return rc == 0 ? take_found(q, message) : rc;
}

int shmq_peek(struct shmq *q, struct shmq_message *message)
{
    uint64_t header;

    if (UNLIKELY(!lane_see(q->current, &header)))
        return peek_slowly(q, message);
    lane_take(q->current, header, message);
    return 0;
}

static APART int release_slowly(struct shmq *q)
{
    if (q->role != SHMQ_CONSUMER)
        return handle_refusal(q);
    q->others_peeked = false;
    for (uint32_t lane = 0; lane < q->geometry.lane_count; lane++) {
        struct lane_consumer *consumer = &q->lanes[lane];

        if (consumer->next == consumer->released)
            continue;
        if (q->kind == SHMQ_RECORDER)
            atomic_store_u64(&consumer->shared->released.missed, q->services[lane].recorder.missed);
        if (lane_release(consumer))
            handle_wake_producer(q, lane);
    }
    return 0;
}

int shmq_release(struct shmq *q)
{
    struct lane_consumer *lane = q->current;

    if (UNLIKELY(q->others_peeked || q->role != SHMQ_CONSUMER || q->kind == SHMQ_RECORDER))
        return release_slowly(q);
    if (UNLIKELY(lane_release(lane)))
        handle_wake_producer(q, lane->index);
    return 0;
}

/* Undo the last peek: `found` is what it found, `missed` what it said. */
static void unpeek(struct shmq *q, const struct shmq_message *found, int missed)
{
    struct lane_service *service = &q->services[q->current->index];

    lane_unpeek(q->current, found->size + (q->kind == SHMQ_LANES ? 0 : (uint32_t)ORDER_NUMBER));
    if (q->kind != SHMQ_LANES)
        q->current->limit = q->current->next;
    if (q->kind == SHMQ_TOTAL_ORDER) {
        service->number = service->last;
        q->expected = service->number;
    } else if (q->kind == SHMQ_RECORDER) {
        service->recorder.expected -= 1 + (uint64_t)missed;
        service->recorder.missed -= (uint64_t)missed;
    }
}

/* The rest of shmq_recv, for a record that was peeked; `missed`: what the peek said. */
static APART int take_any(struct shmq *q, void *buffer, size_t capacity, const struct shmq_message *found, int missed,
                          struct shmq_message *message)
{
    if (found->size > capacity) {
        unpeek(q, found, missed);
        message->size = found->size;
        return -ENOBUFS;
    }
    copy_payload_out(buffer, found->data, found->size);
    *message = *found;
    message->data = buffer;
    int rc = shmq_release(q);

    return rc != 0 ? rc : missed;
}

static APART int recv_any(struct shmq *q, void *buffer, size_t capacity, struct shmq_message *message)
{
    struct shmq_message found = {0};
    int rc = shmq_peek(q, &found);

    return rc >= 0 ? take_any(q, buffer, capacity, &found, rc, message) : rc;
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
    copy_words_out(buffer, message->data, size);
    message->data = buffer;
    if (UNLIKELY(lane_release(lane)))
        handle_wake_producer(q, lane->index);
    return 0;
}

/* One record of that size, in a queue where each has to be looked for. */
static int recv_one(struct shmq *q, void *buffer, size_t size, struct shmq_message *message)
{
    struct shmq_message found = {0};
    int rc = take_found(q, &found);

    if (rc == 0 && found.size != size) {
        unpeek(q, &found, 0);
        message->size = found.size;
        return -ENOBUFS;
    }
    if (rc == 0)
        rc = take_any(q, buffer, size, &found, 0, message);
    return rc == 0 ? 1 : rc;
}

/* Of those that begin with the record whose header lane_see has loaded. */
static int recv_seen(struct shmq *q, uint64_t header, void *buffer, size_t size, size_t count,
                     struct shmq_message *message)
{
    struct lane_consumer *lane = q->current;

    if (lane_header_size(header) != size) {
        message->size = lane_header_size(header);
        return -ENOBUFS;
    }
    uint64_t taken = lane_take_many(lane, header, buffer, count);

    if (taken == 0) /* it is another one now */
        return -EBADMSG;
    *message = (struct shmq_message){.data = buffer,
                                     .size = (uint32_t)size,
                                     .type = lane_header_type(header),
                                     .lane = (uint16_t)lane->index,
                                     .ticket = lane->next};
    int rc = shmq_release(q);

    return rc == 0 ? (int)taken : rc;
}

int shmq_recv_many(struct shmq *q, void *buffer, size_t size, size_t count, struct shmq_message *message)
{
    uint64_t header;

    if (q->kind == SHMQ_RECORDER || count == 0 || count > INT_MAX)
        return q->role == SHMQ_CONSUMER ? -EINVAL : handle_refusal(q);
    if (!lane_see(q->current, &header)) {
        int rc = look_slowly(q);

        if (rc != 0)
            return rc;
        if (q->kind == SHMQ_TOTAL_ORDER)
            return recv_one(q, buffer, size, message);
        if (!lane_see(q->current, &header)) /* it is another one now */
            return -EBADMSG;
    }
    return recv_seen(q, header, buffer, size, count, message);
}
