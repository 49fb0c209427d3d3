/*
 * DPDK's rte_ring, in memory of our own, so that it needs neither its environment nor huge pages
 *
 * Its elements are the messages themselves, copied by rte_ring's own calls, one a call or in bursts of 32.
 */
#include "peer.h"

#include <rte_ring.h>
#include <rte_ring_elem.h>

static int create(struct way *way, unsigned flags)
{
    unsigned cells = (unsigned)peer_cells(way);
    ssize_t bytes = rte_ring_get_memsize_elem((unsigned)way->size, cells);
    int rc = bytes < 0 ? (int)bytes : peer_share(way, (size_t)bytes);

    return rc == 0 ? rte_ring_init(way->shared, "bench", cells, flags | RING_F_SC_DEQ) : rc;
}

static int prepare(struct way *way)
{
    return create(way, RING_F_SP_ENQ);
}

static int prepare_shared(struct way *way)
{
    return create(way, 0);
}

static inline int put(struct way *way, const uint8_t *message, size_t size)
{
    return rte_ring_sp_enqueue_elem(way->shared, (void *)(uintptr_t)message, (unsigned)size) == 0 ? 0 : -EAGAIN;
}

static inline int put_shared(struct way *way, const uint8_t *message, size_t size)
{
    return rte_ring_mp_enqueue_elem(way->shared, (void *)(uintptr_t)message, (unsigned)size) == 0 ? 0 : -EAGAIN;
}

static inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    return rte_ring_sc_dequeue_elem(way->shared, buffer, (unsigned)size) == 0 ? 0 : -EAGAIN;
}

static inline int put_many(struct way *way, const uint8_t *messages, size_t size, unsigned count)
{
    return (int)rte_ring_sp_enqueue_burst_elem(way->shared, messages, (unsigned)size, count, NULL);
}

static inline int put_many_shared(struct way *way, const uint8_t *messages, size_t size, unsigned count)
{
    return (int)rte_ring_mp_enqueue_burst_elem(way->shared, messages, (unsigned)size, count, NULL);
}

static inline int get_many(struct way *way, uint8_t *buffer, size_t size, unsigned count)
{
    return (int)rte_ring_sc_dequeue_burst_elem(way->shared, buffer, (unsigned)size, count, NULL);
}

PEER_COPIES(one, put, get);
PEER_BATCHES(one, put_many, get_many);
PEER_COPIES(many, put_shared, get);
PEER_PRODUCERS(many);
PEER_BATCHES(many, put_many_shared, get_many);

const struct peer peer_rte_ring = {
    .name = "rte_ring",
    .spins = true,
    .prepare = prepare,
    .open = peer_no_open,
    .close = peer_no_end,
    .clean = peer_unshare,
    .single = &one_single,
    .batch = &one_batch,
    .round_trip = &one_round_trip,
    .paced = &one_paced,
};

const struct peer peer_rte_ring_mpsc = {
    .name = "rte_ring_mpsc",
    .spins = true,
    .prepare = prepare_shared,
    .open = peer_no_open,
    .close = peer_no_end,
    .clean = peer_unshare,
    .single = &many_single,
    .batch = &many_batch,
    .round_trip = &many_round_trip,
    .paced = &many_paced,
    .producers = &many_producers,
};
