#include "api/handle.h"
#include "api/options.h"

#include <errno.h>
#include <shmq/queue.h>
#include <string.h>

static bool taken(const struct shmq *q, int64_t role)
{
    /* A lock is never in the way of its own file: what this handle holds must be asked of the handle. */
    bool own = q->role != SHMQ_OBSERVER && handle_role_byte(q) == role;

    return own || port_role_taken(q->file, role) == 1;
}

/* The words of one lane, each loaded once. In this order a running lane never shows more released than published. */
static void look_at_lane(const struct shmq *q, uint32_t lane, struct shmq_lane_info *info)
{
    const struct shmq_lane *shared = handle_lane(q, lane);

    info->lane = lane;
    info->received = atomic_load_u64(&shared->released.received);
    info->released = atomic_load_acquire_u64(&shared->released.released); /* A3 */
    info->head = atomic_load_acquire_u64(&shared->producer.head);         /* A2 */
    info->sent = atomic_load_u64(&shared->producer.sent);
    info->full_count = atomic_load_u64(&shared->producer.full_count);
    info->attach_count = atomic_load_u64(&shared->owner.attach_count);
    info->used = info->head - info->released;
    if (info->used > q->geometry.capacity)
        info->used = q->geometry.capacity;
}

int shmq_lane_info(struct shmq *q, uint32_t lane, struct shmq_lane_info *info)
{
    struct shmq_lane_info found = {0};

    if (lane >= q->geometry.lane_count)
        return -ERANGE;
    look_at_lane(q, lane, &found);
    if (taken(q, SHMQ_ROLE_LANE + lane))
        found.producer_pid = atomic_load_u32(&handle_lane(q, lane)->owner.pid);
    return options_copy_out(info, &found, sizeof found, sizeof found);
}

int shmq_info(struct shmq *q, struct shmq_info *info)
{
    const struct shmq_header *header = handle_header(q);
    struct shmq_info found = {
        .format = q->identity.format,
        .lane_count = q->geometry.lane_count,
        .capacity = q->geometry.capacity,
        .record_max = lane_record_max(q->geometry.capacity),
        .mapping_size = q->geometry.mapping_size,
        .created_ns = q->identity.created_ns,
        .creator_pid = q->identity.creator_pid,
        .creator_uid = q->identity.creator_uid,
    };

    memcpy(found.id, q->identity.id, sizeof found.id);
    if (taken(q, SHMQ_ROLE_CONSUMER))
        found.consumer_pid = atomic_load_u32(&header->consumer.pid);
    for (uint32_t i = 0; i < q->geometry.lane_count; i++) {
        struct shmq_lane_info lane = {0};

        look_at_lane(q, i, &lane);
        found.sent += lane.sent;
        found.received += lane.received;
        found.used += lane.used;
        found.full_count += lane.full_count;
        found.lanes_open += (atomic_load_u64(&header->lanes_open.bits[i / 64]) >> i % 64) & 1;
    }
    return options_copy_out(info, &found, sizeof found, sizeof found);
}
