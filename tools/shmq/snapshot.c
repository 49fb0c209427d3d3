#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t waiting(uint64_t sent, uint64_t received, uint64_t missed)
{
    uint64_t gone = received + missed;
    return sent > gone ? sent - gone : 0;
}

uint64_t snapshot_waiting(const struct shmq_info *info)
{
    return waiting(info->sent, info->received, info->missed);
}

uint64_t snapshot_lane_waiting(const struct shmq_lane_info *lane)
{
    return waiting(lane->sent, lane->received, lane->missed);
}

const char *snapshot_kind(const struct shmq_info *info)
{
    return info->kind == SHMQ_TOTAL_ORDER ? "total" : info->kind == SHMQ_RECORDER ? "recorder" : "queue";
}

void snapshot_id(char text[SNAPSHOT_ID_TEXT], const struct shmq_info *info)
{
    for (size_t i = 0; i < sizeof info->id; i++) {
        snprintf(text + 2 * i, 3, "%02x", info->id[i]);
    }
}

/* The first bytes of whatever has the name; the rest of identity is zero where it is shorter. */
static bool identity_read(const char *name, struct shmq_identity *identity, uint64_t *mapping_size)
{
    struct shmq_mapping *mapping = NULL;
    if (shmq_mapping_open(name, SHMQ_READ, 0, &mapping) != 0) {
        return false;
    }
    struct shmq_view view;
    size_t size = sizeof *identity;
    *mapping_size = shmq_mapping_size(mapping);
    size = *mapping_size < size ? (size_t)*mapping_size : size;
    bool seen = size > 0 && shmq_mapping_view(mapping, SHMQ_READ, 0, size, &view) == 0;
    if (seen) {
        memcpy(identity, view.base, size);
        shmq_mapping_unview(&view);
    }
    shmq_mapping_close(mapping);
    return seen;
}

static bool magic_matches(const struct shmq_identity *identity)
{
    static const uint8_t magic[] = SHMQ_MAGIC;
    return memcmp(identity->magic, magic, sizeof magic) == 0;
}

bool snapshot_identity(const char *name, struct shmq_identity *identity)
{
    uint64_t mapping_size = 0;
    *identity = (struct shmq_identity){0};
    return identity_read(name, identity, &mapping_size) && magic_matches(identity);
}

/*
 * Positions that no running producer and consumer can have. Between two loads a lane may move on, so one look may see
 * more records than there is room for; but not when the position of the released ones stands still meanwhile.
 */
static bool lane_is_damaged(struct shmq *q, const struct shmq_lane_info *lane, const struct shmq_info *queue)
{
    if (((lane->head | lane->released) & 7) != 0 || lane->head < lane->released) {
        return true;
    }
    struct shmq_lane_info again = {.struct_size = sizeof again};
    /* A recorder's producer waits for nobody. */
    return queue->kind != SHMQ_RECORDER && lane->head - lane->released > queue->capacity &&
           shmq_lane_info(q, lane->lane, &again) == 0 && again.released == lane->released;
}

static int lanes_take(struct shmq *q, struct snapshot *snapshot)
{
    snapshot->lanes = calloc(snapshot->info.lane_count, sizeof *snapshot->lanes);
    if (snapshot->lanes == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < snapshot->info.lane_count; i++) {
        snapshot->lanes[i].struct_size = sizeof snapshot->lanes[i];
        int rc = shmq_lane_info(q, i, &snapshot->lanes[i]);
        if (rc != 0) {
            return rc;
        }
        if (lane_is_damaged(q, &snapshot->lanes[i], &snapshot->info)) {
            return -EBADMSG;
        }
    }
    return 0;
}

int snapshot_take(const char *name, struct snapshot *snapshot)
{
    *snapshot = (struct snapshot){.info.struct_size = sizeof snapshot->info};
    struct shmq *q = NULL;
    int rc = shmq_open(name, SHMQ_OBSERVER, NULL, &q);
    if (rc == 0) {
        rc = shmq_info(q, &snapshot->info);
    }
    if (rc == 0) {
        snapshot->is_queue = true;
        snapshot->mapping_size = snapshot->info.mapping_size;
        rc = lanes_take(q, snapshot);
        snapshot->status.struct_size = sizeof snapshot->status;
        int status = shmq_status(q, &snapshot->status);
        snapshot->status.struct_size = status == 0 || status == -EAGAIN ? sizeof snapshot->status : 0;
    } else {
        struct shmq_identity identity = {0};
        snapshot->is_queue = identity_read(name, &identity, &snapshot->mapping_size) && magic_matches(&identity);
    }
    shmq_close(q);
    snapshot->error = rc;
    return rc;
}

void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot->lanes);
    snapshot->lanes = NULL;
}
