/*
 * The blobs of a queue: files, and who removes them
 *
 * layout.h tells whose a blob is. Here: where its file is, what this process has mapped of it, and the sweep that removes
 * what is nobody's, which is known by positions and by the locks that the kernel dropped.
 *
 * Kill points of a producer, in their order
 *     size                  a sweep finds no file, and forgets it
 *     size, file            `until` is that of an earlier record, released, or 0: a sweep removes it
 *     until                 behind the head: nobody's, since its producer is dead
 *     commit                the queue's
 *
 * Pairs
 *   R2, A2 of lane.h                  until, and what is in the blob, are there before the record is seen
 *   R3 of lane.h -> A3 blob_is_free   who sees the record released sees the blob taken
 *   R9 blob_drop -> A9 blob_is_free   the consumer has finished with it before it is written again
 */
#ifndef SHMQ_API_BLOBS_H
#define SHMQ_API_BLOBS_H

#include "api/opened.h"
#include "base/atomic.h"

#include <shmq/blob.h>

/* A blob that this handle has mapped, in use or kept for the next time. */
struct blob_mapping {
    void *memory;
    uint64_t size;
    uint64_t file; /* which of the slot's files */
    uint64_t last; /* when it was used, by count */
    uint32_t lane;
    uint32_t slot;
    uint32_t holders;
};

/* What a handle has of blobs: made when it is opened, where the queue has any. */
struct blobs {
    struct port_place base; /* what all their names begin with */
    struct blob_mapping *mappings;
    uint32_t count;
    uint32_t capacity;
    uint64_t clock;
    bool owns_lane; /* producer: it has the lock for its lane's blobs */
};

/* Where the names begin. Before the queue's own name is taken away. */
int blobs_base(const struct opened *o, const struct port_place *queue, struct port_place *base);

int blobs_place(const struct port_place *base, uint32_t lane, uint32_t slot, struct port_place *place);

/* Remove what is nobody's in a lane, unless somebody who lives makes blobs there: then -EBUSY. How many files. */
int blobs_sweep(const struct opened *o, const struct port_place *base, uint32_t lane, uint64_t own_number);

/* The same in all lanes. */
int blobs_sweep_all(const struct opened *o, const struct port_place *base, uint64_t own_number);

/* The caller has the lane's lock: the same, without taking it. */
int blobs_sweep_owned(const struct opened *o, const struct port_place *base, uint32_t lane, uint64_t own_number);

/* Remove all there are: the queue is being removed. */
void blobs_remove(const struct opened *o, const struct port_place *base);

/* Remove the files that lie beside names of queues that are not there any more; count only, without `remove`. */
int blobs_clean_orphans(bool remove, int (*each)(const char *name, uint64_t size, int rc, void *arg), void *arg);

/* Is the blob not taken, or by a consumer that is gone? `own_number`: of the consumer that asks, or 0. */
bool blobs_is_dropped(const struct opened *o, const struct shmq_blob_slot *slot, uint64_t own_number,
                      bool ask_kernel);

/* The handle's part. */
struct shmq;
int blobs_attach(struct shmq *q, const struct port_place *queue);
void blobs_leave(struct shmq *q);
void blobs_abort(struct shmq *q);
void blobs_free(struct shmq *q);

/* A lane has ended: remove what is nobody's of its blobs. */
void blobs_end_lane(struct shmq *q, uint32_t lane);

#endif
