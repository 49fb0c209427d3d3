/* What an open queue is, in this process. */
#ifndef SHMQ_API_HANDLE_H
#define SHMQ_API_HANDLE_H

#include "core/lane.h"
#include "core/layout.h"
#include "port/role.h"

#include <shmq/queue.h>

/*
 * A handle of another role has a producer without room and a consumer without records, so that the fast paths need
 * not ask for the role: it is asked where they end.
 */
struct shmq {
    struct lane_producer producer;
    struct lane_consumer *current; /* the lane that is being served */
    struct lane_consumer *lanes;   /* all of them, consumer only */
    struct lane_consumer none;
    bool others_peeked; /* lanes other than the current one may hold peeked records */
    bool end_told;      /* -EPIPE was returned for the lanes that are open now */
    enum shmq_role role;
    uint32_t lane; /* the producer's */
    struct layout_geometry geometry;
    struct shmq_identity identity;
    uint8_t *mapping;
    uint64_t mapped_size;
    port_file file;
};

/*
 * What is there to receive: 0 and `current` is a lane with a record, -EAGAIN, -EPIPE, or -EBADMSG. Whether a producer
 * that did not say goodbye is dead costs a system call: `ask_kernel` allows it.
 */
int consumer_look(struct shmq *q, bool ask_kernel);

/* -EPIPE has been told: from now on the lanes that ended are as if never opened. */
void consumer_acknowledge_end(struct shmq *q);

static inline struct shmq_header *handle_header(const struct shmq *q)
{
    return (struct shmq_header *)(void *)q->mapping;
}

static inline struct shmq_lane *handle_lane(const struct shmq *q, uint32_t lane)
{
    return layout_lane(q->mapping, &q->geometry, lane);
}

static inline int64_t handle_role_byte(const struct shmq *q)
{
    return q->role == SHMQ_PRODUCER ? SHMQ_ROLE_LANE + q->lane : SHMQ_ROLE_CONSUMER;
}

#endif
