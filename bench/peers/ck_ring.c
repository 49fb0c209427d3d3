/*
 * Concurrency Kit's ck_ring, typed, so that it copies the messages themselves: for one producer and for many
 *
 * A ring of its own for each size, as its macros want it.
 */
#include "peer.h"

#include <ck_ring.h>

/* Ring and cells, in memory of both processes. */
struct memory {
    struct ck_ring ring;
    alignas(128) uint8_t cells[];
};

#define CELL(SIZE)                                                                                                   \
    struct cell_##SIZE {                                                                                             \
        uint8_t bytes[SIZE];                                                                                         \
    };                                                                                                               \
    CK_RING_PROTOTYPE(cell_##SIZE, cell_##SIZE)

CELL(8)
CELL(64)
CELL(256)
CELL(1024)
CELL(4096)
CELL(65536)

#define CASE(OPERATION, SIZE)                                                                                        \
    case SIZE:                                                                                                       \
        done = ck_ring_##OPERATION##_cell_##SIZE(&memory->ring, cells, message);                                     \
        break

/* -EAGAIN where the operation finds no room, or nothing. */
#define OPERATE(OPERATION, MESSAGE)                                                                                  \
    struct memory *memory = way->shared;                                                                             \
    void *cells = memory->cells;                                                                                     \
    void *message = (MESSAGE);                                                                                       \
    bool done;                                                                                                       \
                                                                                                                     \
    switch (size) {                                                                                                  \
        CASE(OPERATION, 8);                                                                                          \
        CASE(OPERATION, 64);                                                                                         \
        CASE(OPERATION, 256);                                                                                        \
        CASE(OPERATION, 1024);                                                                                       \
        CASE(OPERATION, 4096);                                                                                       \
        CASE(OPERATION, 65536);                                                                                      \
    default:                                                                                                         \
        return -EMSGSIZE;                                                                                            \
    }                                                                                                                \
    return done ? 0 : -EAGAIN

static int prepare(struct way *way)
{
    size_t cells = peer_cells(way);
    int rc = peer_share(way, sizeof(struct memory) + cells * way->size);

    if (rc == 0) {
        ck_ring_init(&((struct memory *)way->shared)->ring, (unsigned)cells);
    }
    return rc;
}

/* It reads only, but does not say so. */
static inline void *readable(const uint8_t *message)
{
    return (void *)(uintptr_t)message;
}

static inline int put(struct way *way, const uint8_t *from, size_t size)
{
    OPERATE(enqueue_spsc, readable(from));
}

static inline int get(struct way *way, uint8_t *to, size_t size)
{
    OPERATE(dequeue_spsc, to);
}

static inline int put_shared(struct way *way, const uint8_t *from, size_t size)
{
    OPERATE(enqueue_mpsc, readable(from));
}

static inline int get_shared(struct way *way, uint8_t *to, size_t size)
{
    OPERATE(dequeue_mpsc, to);
}

PEER_COPIES(one, put, get);
PEER_COPIES(many, put_shared, get_shared);
PEER_PRODUCERS(many);

const struct peer peer_ck_ring = {
    .name = "ck_ring",
    .spins = true,
    .prepare = prepare,
    .open = peer_no_open,
    .close = peer_no_end,
    .clean = peer_unshare,
    .single = &one_single,
    .round_trip = &one_round_trip,
    .paced = &one_paced,
};

const struct peer peer_ck_ring_mpsc = {
    .name = "ck_ring_mpsc",
    .spins = true,
    .prepare = prepare,
    .open = peer_no_open,
    .close = peer_no_end,
    .clean = peer_unshare,
    .single = &many_single,
    .round_trip = &many_round_trip,
    .paced = &many_paced,
    .producers = &many_producers,
};
