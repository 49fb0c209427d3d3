/* libqb's ring buffer of the cluster software: records of any size, with and without its semaphore. */
#include "peer.h"

#include <qb/qbrb.h>

#define SLICE_MS 1000

static int create(struct way *way, uint32_t more)
{
    qb_ringbuffer_t *ring = qb_rb_open(way->name, way->room, QB_RB_FLAG_CREATE | QB_RB_FLAG_SHARED_PROCESS | more, 0);

    way->shared = ring;
    return ring != NULL ? 0 : -errno;
}

static int prepare(struct way *way)
{
    return create(way, QB_RB_FLAG_NO_SEMAPHORE);
}

static int prepare_semaphore(struct way *way)
{
    return create(way, 0);
}

static int attach(struct way *way, uint32_t more)
{
    way->own = qb_rb_open(way->name, way->room, QB_RB_FLAG_SHARED_PROCESS | more, 0);
    return way->own != NULL ? 0 : -errno;
}

static int open_end(struct way *way, bool sends)
{
    (void)sends;
    return attach(way, QB_RB_FLAG_NO_SEMAPHORE);
}

static int open_semaphore(struct way *way, bool sends)
{
    (void)sends;
    return attach(way, 0);
}

static void close_end(struct way *way)
{
    if (way->own != NULL) {
        qb_rb_close(way->own);
    }
    way->own = NULL;
}

static void clean(struct way *way)
{
    if (way->shared != NULL) {
        qb_rb_close(way->shared);
    }
}

static inline int put(struct way *way, const uint8_t *message, size_t size)
{
    ssize_t rc = qb_rb_chunk_write(way->own, message, size);

    return rc == (ssize_t)size ? 0 : (int)rc;
}

/* It says -ETIMEDOUT or -ENOMSG where there is nothing. */
static inline int got(ssize_t rc, size_t size)
{
    if (rc == (ssize_t)size) {
        return 0;
    }
    if (rc == -ETIMEDOUT || rc == -ENOMSG || rc == -EAGAIN || rc == 0) {
        return -EAGAIN;
    }
    return rc < 0 ? (int)rc : -EBADMSG;
}

static inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    return got(qb_rb_chunk_read(way->own, buffer, size, 0), size);
}

static inline int get_semaphore(struct way *way, uint8_t *buffer, size_t size)
{
    return got(qb_rb_chunk_read(way->own, buffer, size, way->spin ? 0 : SLICE_MS), size);
}

static inline void *reserve(struct way *way, size_t size)
{
    return qb_rb_chunk_alloc(way->own, size);
}

static inline int commit(struct way *way, void *slot, size_t size)
{
    (void)slot;
    return qb_rb_chunk_commit(way->own, size);
}

static inline const uint8_t *peek(struct way *way, size_t size)
{
    void *message = NULL;

    return qb_rb_chunk_peek(way->own, &message, 0) == (ssize_t)size ? message : NULL;
}

static inline void release(struct way *way, const uint8_t *message)
{
    (void)message;
    qb_rb_chunk_reclaim(way->own);
}

PEER_COPIES(plain, put, get);
PEER_IN_PLACE(plain, reserve, commit, peek, release);
PEER_COPIES(semaphore, put, get_semaphore);

const struct peer peer_libqb = {
    .name = "libqb",
    .spins = true,
    .prepare = prepare,
    .open = open_end,
    .close = close_end,
    .clean = clean,
    .single = &plain_single,
    .in_place = &plain_in_place,
    .round_trip = &plain_round_trip,
    .paced = &plain_paced,
};

const struct peer peer_libqb_semaphore = {
    .name = "libqb_semaphore",
    .spins = true,
    .blocks = true,
    .prepare = prepare_semaphore,
    .open = open_semaphore,
    .close = close_end,
    .clean = clean,
    .single = &semaphore_single,
    .round_trip = &semaphore_round_trip,
    .paced = &semaphore_paced,
};
