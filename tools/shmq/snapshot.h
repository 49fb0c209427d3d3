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
    struct shmq_status status;    /* its struct_size is 0 where it cannot be read */
};

/** Look at a queue, or at what has its name. Returns error. */
int snapshot_take(const char *name, struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/** Records that can be received; 0 where a killed side left the counts behind. */
uint64_t snapshot_waiting(const struct shmq_info *info);
uint64_t snapshot_lane_waiting(const struct shmq_lane_info *lane);

/** "queue", "total" (order) or "recorder", the words of ls and of JSON. */
const char *snapshot_kind(const struct shmq_info *info);

enum { SNAPSHOT_ID_TEXT = 2 * 16 + 1 };
/** The queue's id in hexadecimal digits. */
void snapshot_id(char text[SNAPSHOT_ID_TEXT], const struct shmq_info *info);

/** What a queue says about itself, also one that cannot be opened. False where nothing starts as a queue does. */
bool snapshot_identity(const char *name, struct shmq_identity *identity);

#endif
