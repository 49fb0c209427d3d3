/*
 * Two producers at once, on two processors, and no consumer: what a reserve and a commit of 8 bytes cost
 *
 * Both fill what room there is, lap by lap; between two laps, off the clock, one of them empties it. The shared tails
 * are the usual two: claim by fetch-add, or by compare-and-swap, write, then store the header with release.
 */
#include "ticks.h"
#include "transports.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MESSAGE 8
#define RECORD 16
#define LAP 16384 /* messages of each side */
#define RING_BYTES (4u << 20)

/* One tail for both. */
struct shared_ring {
    _Alignas(128) uint64_t tail;
    _Alignas(128) uint8_t bytes[RING_BYTES];
};

static struct shared_ring *ring;

/* One side. */
struct claimer {
    struct run *run;
    struct shmq *q;
    struct shmq *consumer; /* of the side that empties */
};

typedef int fill_lap(struct claimer *c);

static int fill_queue(struct claimer *c)
{
    int rc = 0;

    for (uint64_t i = 0; i < LAP && rc == 0; i++) {
        void *slot;

        rc = shmq_reserve(c->q, MESSAGE, &slot);
        if (rc == 0) {
            memcpy(slot, &i, MESSAGE);
            rc = shmq_commit(c->q, MESSAGE, 0, 0);
        }
    }
    return rc;
}

static void put(uint64_t at, uint64_t value)
{
    uint8_t *record = ring->bytes + at % RING_BYTES;

    memcpy(record + 8, &value, MESSAGE);
    pair_store((uint64_t *)(void *)record, MESSAGE);
}

static int fill_by_fetch_add(struct claimer *c)
{
    (void)c;
    for (uint64_t i = 0; i < LAP; i++) {
        put(__atomic_fetch_add(&ring->tail, RECORD, __ATOMIC_ACQ_REL), i);
    }
    return 0;
}

static int fill_by_cas(struct claimer *c)
{
    (void)c;
    for (uint64_t i = 0; i < LAP; i++) {
        uint64_t at = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);

        while (
            !__atomic_compare_exchange_n(&ring->tail, &at, at + RECORD, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        }
        put(at, i);
    }
    return 0;
}

static int empty(struct claimer *c)
{
    struct shmq_message message;
    int rc = 0;

    if (c->consumer == NULL) {
        return 0;
    }
    while ((rc = shmq_peek(c->consumer, &message)) == 0) {
    }
    shmq_release(c->consumer);
    return rc == -EAGAIN ? 0 : rc;
}

/* The time of this side's laps, in ns, once `laps` are done; both start each one together. */
static int run_laps(struct claimer *c, fill_lap *fill, uint64_t laps, uint64_t *spent_ns)
{
    int rc = 0;

    *spent_ns = 0;
    for (uint64_t lap = 0; lap < laps && rc == 0; lap++) {
        rc = pair_meet(&c->run->pair);
        uint64_t start = ticks_ns();

        rc = rc == 0 ? fill(c) : rc;
        *spent_ns += ticks_ns() - start;
        rc = rc == 0 ? pair_meet(&c->run->pair) : rc;
        rc = rc == 0 ? empty(c) : rc;
    }
    return rc;
}

static uint64_t laps_of(const struct run *run)
{
    uint64_t laps = (uint64_t)(run->settings->seconds * 1e9 / 20 / LAP);

    return laps > 2 ? laps : 2;
}

/* What both sides have taken together is the figure: messages of both, time of both. */
static int one_side(struct run *run, fill_lap *fill, bool queue)
{
    struct claimer c = {.run = run};
    uint64_t laps = laps_of(run);
    uint64_t spent_ns = 0;
    bool is_parent = run->pair.child != 0;
    int rc = queue ? shmq_open(run->queues[0], SHMQ_PRODUCER, NULL, &c.q) : 0;

    if (rc == 0 && queue && is_parent) {
        rc = shmq_open(run->queues[0], SHMQ_CONSUMER, NULL, &c.consumer);
    }
    rc = rc == 0 ? run_meet(run) : rc;
    rc = rc == 0 ? run_laps(&c, fill, 2, &spent_ns) : rc; /* warm-up */
    rc = rc == 0 ? run_laps(&c, fill, laps, &spent_ns) : rc;
    if (!is_parent) {
        struct payload_account account = {.received = laps * LAP, .sum = payload_sum(&run->payload, laps * LAP)};

        run_account(run, account);
        run->pair.shared->end_ns = spent_ns;
    } else {
        run->start_ns = 0;
        run->start_sent = 0;
        pair_finish(&run->pair, laps * LAP);
    }
    shmq_close(c.consumer);
    shmq_close(c.q);
    return rc;
}

static int queue_side(struct run *run)
{
    return one_side(run, fill_queue, true);
}

static int fetch_add_side(struct run *run)
{
    return one_side(run, fill_by_fetch_add, false);
}

static int cas_side(struct run *run)
{
    return one_side(run, fill_by_cas, false);
}

static int queue_prepare(struct run *run, unsigned kind)
{
    struct shmq_create_options options = {
        .struct_size = sizeof options, .capacity = 1 << 20, .lane_count = 2, .kind = kind};
    int rc;

    snprintf(run->queues[0], sizeof run->queues[0], "shmq-bench-%ld", (long)getpid());
    rc = shmq_create(run->queues[0], &options);
    return rc == 1 ? -EEXIST : rc;
}

static int lanes_prepare(struct run *run)
{
    return queue_prepare(run, SHMQ_LANES);
}

static int order_prepare(struct run *run)
{
    return queue_prepare(run, SHMQ_TOTAL_ORDER);
}

static void queue_clean(struct run *run)
{
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
}

static int ring_prepare(struct run *run)
{
    (void)run;
    ring = mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return ring == MAP_FAILED ? -errno : 0;
}

static void ring_clean(struct run *run)
{
    (void)run;
    munmap(ring, sizeof *ring);
}

const struct transport claim_lanes = {lanes_prepare, queue_side, queue_side, queue_clean};
const struct transport claim_order = {order_prepare, queue_side, queue_side, queue_clean};
const struct transport claim_fetch_add = {ring_prepare, fetch_add_side, fetch_add_side, ring_clean};
const struct transport claim_cas = {ring_prepare, cas_side, cas_side, ring_clean};
