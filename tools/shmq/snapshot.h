/* A queue at one moment, as ls and stat show it. */
#ifndef SHMQ_SNAPSHOT_H
#define SHMQ_SNAPSHOT_H

#include <shmq/layout.h>
#include <shmq/shmq.h>
#include <stdbool.h>
#include <stdint.h>

struct snapshot {
    int error;             /* of the library: why info and lanes are not filled */
    bool is_queue;         /* it starts as a queue does, damaged or not */
    uint64_t mapping_size; /* bytes, 0 where it cannot be opened */
    struct shmq_info info;
    struct shmq_lane_info *lanes; /* info.lane_count of them */
};

/** Look at a queue, or at what has its name. Returns error. */
int snapshot_take(const char *name, struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/** Records that were sent and not received; 0 where a killed side left the counts behind. */
uint64_t snapshot_waiting(uint64_t sent, uint64_t received);

/** What a queue says about itself, also one that cannot be opened. False where nothing starts as a queue does. */
bool snapshot_identity(const char *name, struct shmq_identity *identity);

#endif
