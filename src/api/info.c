#include <shmq/info.h>

#include "api/handle.h"
#include "api/options.h"

#include <errno.h>
#include <string.h>

#define SENDER_TRIES 16

static uint32_t presence_of(const struct shmq *q, int64_t role, uint32_t pid)
{
    if (handle_has_holder(q, role))
        return SHMQ_PRESENT;
    return pid != 0 ? SHMQ_DIED : SHMQ_ABSENT;
}

static bool lane_is_open(const struct shmq *q, uint32_t lane)
{
    return ((atomic_load_u64(&handle_header(q)->lanes_open.bits[lane / 64]) >> lane % 64) & 1) != 0;
}

/* The words of one lane, each loaded once. In this order a running lane never shows more released than published. */
static void look_at_lane(const struct shmq *q, uint32_t lane, struct shmq_lane_info *info)
{
    const struct shmq_lane *shared = handle_lane(q, lane);
    bool recorder = q->kind == SHMQ_RECORDER;

    info->lane = lane;
    info->received = atomic_load_acquire_u64(&shared->released.received); /* before what was sent */
    if (recorder)
        info->missed = recorder_missed(shared, layout_ring(q->mapping, &q->geometry, lane), q->geometry.capacity);
    info->released = atomic_load_acquire_u64(&shared->released.released); /* A3 */
    uint64_t tail = recorder ? atomic_load_u64(&shared->tail.tail) : 0;

    info->head = atomic_load_acquire_u64(&shared->producer.head); /* A2 */
    info->sent = atomic_load_u64(&shared->producer.sent);
    info->full_count = atomic_load_u64(&shared->producer.full_count);
    info->dropped = atomic_load_u64(&shared->producer.dropped);
    info->wait_count = atomic_load_u64(&shared->owner.wait_count);
    info->attach_count = atomic_load_acquire_u64(&shared->owner.attach_count); /* A8 */
    info->used = info->head - (tail > info->released ? tail : info->released);
    if (info->used > q->geometry.capacity)
        info->used = q->geometry.capacity;
    info->is_open = lane_is_open(q, lane);
}

static void look_at_owner(const struct shmq *q, uint32_t lane, struct shmq_lane_info *info)
{
    const struct shmq_lane_owner_line *owner = &handle_lane(q, lane)->owner;
    uint32_t pid = atomic_load_u32(&owner->pid);

    info->presence = presence_of(q, SHMQ_ROLE_LANE + lane, pid);
    info->producer_pid = info->presence != SHMQ_ABSENT ? pid : 0;
    if (info->attach_count != 0)
        info->since_ns =
            (int64_t)atomic_load_u64(&owner->attached[info->attach_count % SHMQ_ATTACHED_MAX].attached_ns);
}

int shmq_lane_info(struct shmq *q, uint32_t lane, struct shmq_lane_info *info)
{
    struct shmq_lane_info found = {0};

    if (q->role == HANDLE_OF_PARENT)
        return -ECHILD;
    if (lane >= q->geometry.lane_count)
        return -ERANGE;
    look_at_lane(q, lane, &found);
    look_at_owner(q, lane, &found);
    return options_copy_out(info, &found, sizeof found, sizeof found);
}

static void look_at_consumer(const struct shmq *q, struct shmq_info *info)
{
    const struct shmq_consumer_line *consumer = &handle_header(q)->consumer;
    uint32_t pid = atomic_load_acquire_u32(&consumer->pid); /* A16 */

    info->consumer_presence = presence_of(q, SHMQ_ROLE_CONSUMER, pid);
    info->consumer_pid = info->consumer_presence != SHMQ_ABSENT ? pid : 0;
    info->consumer_since_ns = (int64_t)atomic_load_u64(&consumer->attached_ns);
    info->consumer_count = atomic_load_u64(&consumer->attach_count);
    info->consumer_waits = atomic_load_u64(&consumer->wait_count);
}

int shmq_info(struct shmq *q, struct shmq_info *info)
{
    if (q->role == HANDLE_OF_PARENT)
        return -ECHILD;
    size_t number = q->kind == SHMQ_LANES ? 0 : sizeof(uint64_t);
    struct shmq_info found = {
        .format = q->identity.format,
        .lane_count = q->geometry.lane_count,
        .kind = q->kind,
        .transient = (q->identity.features_compatible & SHMQ_FEATURE_TRANSIENT) != 0,
        .capacity = q->geometry.capacity,
        .record_max = lane_record_max(q->geometry.capacity) - number,
        .mapping_size = q->geometry.mapping_size,
        .created_ns = q->identity.created_ns,
        .creator_pid = q->identity.creator_pid,
        .creator_uid = q->identity.creator_uid,
        .removed = handle_is_removed(q),
        .dumped_ns = handle_is_dump(q) ? (int64_t)atomic_load_u64(&handle_header(q)->dump.at_ns) : 0,
    };

    memcpy(found.id, q->identity.id, sizeof found.id);
    look_at_consumer(q, &found);
    for (uint32_t i = 0; i < q->geometry.lane_count; i++) {
        struct shmq_lane_info lane = {0};

        look_at_lane(q, i, &lane);
        found.sent += lane.sent;
        found.received += lane.received;
        found.used += lane.used;
        found.full_count += lane.full_count;
        found.dropped += lane.dropped;
        found.missed += lane.missed;
        found.lanes_open += lane.is_open;
    }
    return options_copy_out(info, &found, sizeof found, sizeof found);
}

/* The latest producer that began at or in front of the record. */
static void find_sender(const struct shmq_lane *lane, uint64_t count, uint64_t position, struct shmq_sender *sender)
{
    uint64_t remembered = count < SHMQ_ATTACHED_MAX ? count : SHMQ_ATTACHED_MAX;

    sender->number = count - remembered;
    for (uint64_t i = 0; i < remembered; i++) {
        const struct shmq_lane_attached *attached = &lane->owner.attached[(count - i) % SHMQ_ATTACHED_MAX];
        uint64_t began = atomic_load_u64(&attached->position);

        if (began >= position)
            continue;
        uint32_t pid = atomic_load_u32(&attached->pid);
        int64_t attached_ns = (int64_t)atomic_load_u64(&attached->attached_ns);

        atomic_fence_load(); /* A9 */
        if (atomic_load_u64(&attached->position) != began)
            return; /* one that is just signing in writes over it */
        sender->number = count - i;
        sender->pid = pid;
        sender->attached_ns = attached_ns;
        return;
    }
}

int shmq_sender(struct shmq *q, const struct shmq_message *message, struct shmq_sender *sender)
{
    if (q->role == HANDLE_OF_PARENT)
        return -ECHILD;
    if (message->lane >= q->geometry.lane_count)
        return -ERANGE;
    const struct shmq_lane *lane = handle_lane(q, message->lane);

    for (int i = 0; i < SENDER_TRIES; i++) {
        struct shmq_sender found = {.lane = message->lane};
        uint64_t count = atomic_load_acquire_u64(&lane->owner.attach_count); /* A8 */

        find_sender(lane, count, message->ticket, &found);
        atomic_fence_load();
        /* Nobody has finished signing in meanwhile. */
        if (atomic_load_u64(&lane->owner.attach_count) == count)
            return options_copy_out(sender, &found, sizeof found, sizeof found);
    }
    return -EAGAIN;
}
