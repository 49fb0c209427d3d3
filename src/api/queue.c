/* Opening a queue in a role, and closing it. */
#include <shmq/queue.h>

#include "api/blobs.h"
#include "api/handle.h"
#include "api/opened.h"
#include "api/options.h"
#include "core/order.h"
#include "port/clock.h"
#include "port/fence.h"
#include "port/process.h"
#include "port/sleep.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdlib.h>

#define SPIN_FIRST_NS INT64_C(50000)
#define OPEN_TRIES 16
#define REMOVAL_NS INT64_C(100000) /* about what it takes somebody to remove a name */

/* The lane asked for, or the lowest that nobody holds; first of those that are drained. -EBUSY: all are held. */
static int claim_lane(struct shmq *q, const struct shmq_open_options *o)
{
    uint32_t from = o->has_lane != 0 ? o->lane : 0;
    uint32_t to = o->has_lane != 0 ? o->lane + 1 : q->geometry.lane_count;
    int rc = -EBUSY;

    for (int any = 0; any < 2; any++) {
        for (uint32_t lane = from; lane < to && rc == -EBUSY; lane++) {
            const struct shmq_lane *shared = handle_lane(q, lane);

            if (any == 0 && atomic_load_u64(&shared->producer.head) != atomic_load_u64(&shared->released.released))
                continue;
            q->lane = lane;
            rc = port_role_claim(q->file, SHMQ_ROLE_LANE + lane);
        }
    }
    return rc;
}

static int take_lane(struct shmq *q)
{
    struct shmq_lane *lane = handle_lane(q, q->lane);
    uint8_t *ring = layout_ring(q->mapping, &q->geometry, q->lane);

    if (q->kind == SHMQ_RECORDER)
        return recorder_attach_producer(&q->producer, lane, ring, q->geometry.capacity);
    int rc = lane_attach_producer(&q->producer, lane, ring, q->geometry.capacity);

    if (rc == 0 && q->kind == SHMQ_TOTAL_ORDER)
        order_attach(&q->producer);
    return rc;
}

/* Pairs with shmq_sender: the count is seen after the entry that it counts. */
static void sign_in(struct shmq_lane *lane, uint64_t position)
{
    uint64_t number = atomic_load_u64(&lane->owner.attach_count) + 1;
    struct shmq_lane_attached *attached = &lane->owner.attached[number % SHMQ_ATTACHED_MAX];

    atomic_store_u64(&attached->position,
                     position); /* R9 -> A9: whoever sees what follows sees that this has changed */
    atomic_fence_store();
    atomic_store_u64(&attached->attached_ns, (uint64_t)port_clock_real_ns());
    atomic_store_u32(&attached->pid, port_process_id());
    atomic_store_release_u64(&lane->owner.attach_count, number); /* R8 -> A8 */
}

static int attach_producer(struct shmq *q, const struct shmq_open_options *o)
{
    int rc = claim_lane(q, o);

    if (rc == 0)
        rc = take_lane(q);
    if (rc != 0)
        return rc;
    struct shmq_lane *lane = handle_lane(q, q->lane);
    struct shmq_header *header = handle_header(q);

    q->bell = &lane->owner.bell;
    bell_reset(q->bell);
    lane_want_room(&q->producer, false);
    atomic_store_u32(&lane->owner.flags, q->fenced ? SHMQ_SIDE_FENCED : 0);
    sign_in(lane, q->producer.head);
    atomic_store_u32(&lane->producer.closed, 0);
    atomic_store_u32(&lane->owner.pid, port_process_id());
    atomic_or_u64(&header->lanes_open.bits[q->lane / 64], UINT64_C(1) << q->lane % 64);
    atomic_fence();
    handle_wake_consumer(q); /* its sleep may have to be another one now */
    return 0;
}

/*
 * A consumer that died while it closed a lane may have missed its new producer: a lane with a producer or with
 * records is open. Asked in this order: who has said goodbye has published before.
 */
static void reopen_lanes(struct shmq *q)
{
    for (uint32_t i = 0; i < q->geometry.lane_count; i++) {
        struct lane_consumer *lane = &q->lanes[i];

        if (consumer_lane_is_used(q, i) || atomic_load_u64(&lane->shared->producer.head) != lane->released)
            atomic_or_u64(&handle_header(q)->lanes_open.bits[i / 64], UINT64_C(1) << i % 64);
    }
}

static int serve_lane(struct shmq *q, uint32_t lane, uint32_t hand_back)
{
    struct shmq_lane *shared = handle_lane(q, lane);
    uint8_t *ring = layout_ring(q->mapping, &q->geometry, lane);
    struct lane_service *service = &q->services[lane];

    service->number = UINT64_MAX;
    service->last = UINT64_MAX;
    if (q->kind == SHMQ_RECORDER)
        return recorder_attach_consumer(&q->lanes[lane], &service->recorder, shared, ring, q->geometry.capacity,
                                        lane);
    int rc = lane_attach_consumer(&q->lanes[lane], shared, ring, q->geometry.capacity, lane, hand_back);

    if (rc == 0)
        lane_give(&q->lanes[lane], true); /* what a dead predecessor still held */
    return rc;
}

static void choose_lanes(struct shmq *q, const struct shmq_open_options *o)
{
    uint32_t count = q->geometry.lane_count;

    /* Bits of lanes that do not exist may be set in a damaged mapping. */
    for (uint32_t word = 0; word < 4; word++) {
        uint32_t lanes = count > word * 64 ? count - word * 64 : 0;
        uint64_t all = lanes < 64 ? (UINT64_C(1) << lanes) - 1 : ~UINT64_C(0);

        q->serves[word] = o->has_lane == 0 ? all : 0;
    }
    if (o->has_lane != 0)
        q->serves[o->lane / 64] = UINT64_C(1) << o->lane % 64;
    q->current = &q->lanes[o->has_lane != 0 ? o->lane : 0];
}

static void wake_producers(struct shmq *q)
{
    atomic_fence();
    for (uint32_t i = 0; i < q->geometry.lane_count; i++)
        handle_wake_producer(q, i);
}

static int attach_consumer(struct shmq *q, const struct shmq_open_options *o)
{
    struct shmq_consumer_line *line = &handle_header(q)->consumer;
    int rc = port_role_claim(q->file, SHMQ_ROLE_CONSUMER);

    if (rc != 0)
        return rc;
    q->lanes = calloc(q->geometry.lane_count, sizeof *q->lanes);
    q->services = calloc(q->geometry.lane_count, sizeof *q->services);
    if (q->lanes == NULL || q->services == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < q->geometry.lane_count && rc == 0; i++)
        rc = serve_lane(q, i, o->hand_back != 0 ? o->hand_back : SHMQ_HAND_BACK_DIRTY);
    if (rc != 0)
        return rc;
    choose_lanes(q, o);
    reopen_lanes(q);
    q->bell = &line->bell;
    q->expected = UINT64_MAX;
    bell_reset(q->bell);
    atomic_store_u32(&line->flags, q->fenced ? SHMQ_SIDE_FENCED : 0);
    atomic_store_u64(&line->attached_ns, (uint64_t)port_clock_real_ns());
    atomic_store_u64(&line->attach_count, atomic_load_u64(&line->attach_count) + 1);
    atomic_store_release_u32(&line->pid, port_process_id()); /* R16 -> A16: how many, and when */
    wake_producers(q);
    return 0;
}

static int attach(struct shmq *q, const struct shmq_open_options *o)
{
    switch (q->role) {
    case SHMQ_PRODUCER:
        return attach_producer(q, o);
    case SHMQ_CONSUMER:
        return attach_consumer(q, o);
    default:
        return 0;
    }
}

static void destroy(struct shmq *q)
{
    port_watch_close(&q->watch);
    if (q->mapping != NULL) {
        struct opened o = {.file = q->file, .size = q->mapped_size, .mapping = q->mapping};

        opened_close(&o); /* drops the role */
    }
    for (uint32_t i = 0; q->services != NULL && i < q->geometry.lane_count; i++)
        free(q->services[i].recorder.copy);
    free(q->services);
    free(q->lanes);
    typed_free(q);
    blobs_free(q);
    free(q->place);
    free(q);
}

static uint32_t kind_of(uint32_t features)
{
    return features == SHMQ_FEATURE_TOTAL_ORDER ? SHMQ_TOTAL_ORDER
           : features == SHMQ_FEATURE_RECORDER  ? SHMQ_RECORDER
                                                : SHMQ_LANES;
}

static struct shmq *make_handle(const struct opened *o, enum shmq_role role)
{
    struct shmq *q = malloc(sizeof *q);

    if (q == NULL)
        return NULL;
    *q = (struct shmq){
        .role = role,
        .kind = kind_of(o->identity.features_incompatible),
        .geometry = o->geometry,
        .identity = o->identity,
        .mapping = o->mapping,
        .mapped_size = o->size,
        .file = o->file,
        .producer = {.slot_size = LANE_NO_SLOT},
        .send_type = TYPED_SEND_NONE,
        .take_type = TYPED_TAKE_NONE,
        .watch = PORT_NO_WATCH,
        .spin_ns = port_spinning_helps() ? SPIN_FIRST_NS : 0,
        .fenced = role != SHMQ_OBSERVER && port_fence_join(),
    };
    q->current = &q->none;
    q->consumer_bell = &handle_header(q)->consumer.bell;
    return q;
}

/* Its last user has to find a transient queue's name again. */
static int remember_place(struct shmq *q, const struct port_place *place)
{
    if ((q->identity.features_compatible & SHMQ_FEATURE_TRANSIENT) == 0 || q->role == SHMQ_OBSERVER)
        return 0;
    q->place = malloc(sizeof *q->place);
    if (q->place == NULL)
        return -ENOMEM;
    *q->place = *place;
    return 0;
}

/* One try. -ESTALE: this one is removed; look at the name again. */
static int open_once(const struct port_place *place, enum shmq_role role, const struct shmq_open_options *o,
                     struct shmq **q)
{
    struct opened opened;
    int rc = opened_open(place, role == SHMQ_OBSERVER ? PORT_READ : PORT_READ_WRITE, &opened);

    if (rc != 0)
        return rc;
    if (role != SHMQ_OBSERVER && (opened.identity.features_compatible & SHMQ_FEATURE_DUMP) != 0) {
        opened_close(&opened);
        return -EACCES;
    }
    if (role != SHMQ_OBSERVER && opened_is_left_over(&opened)) {
        rc = opened_remove(&opened, place, false);
        opened_close(&opened);
        return rc == 0 || rc == -ENOENT || rc == -EBUSY ? -ESTALE : rc;
    }
    if (o->has_lane != 0 && o->lane >= opened.geometry.lane_count) {
        opened_close(&opened);
        return -EINVAL;
    }
    struct shmq *handle = make_handle(&opened, role);

    if (handle == NULL) {
        opened_close(&opened);
        return -ENOMEM;
    }
    rc = remember_place(handle, place);
    if (rc == 0)
        rc = blobs_attach(handle, place);
    if (rc == 0)
        rc = attach(handle, o);
    if (rc == 0 && handle->blobs != NULL)
        (void)blobs_sweep_all(&opened, &handle->blobs->base, 0);
    /* Who removes it holds all roles, or has said so: there is no name that would lead others to us. */
    if (role != SHMQ_OBSERVER && handle_is_removed(handle)) {
        (void)opened_remove(&opened, place, true);
        rc = -ESTALE;
    }
    if (rc == -EBUSY && port_role_taken(handle->file, SHMQ_ROLE_REMOVER) == 1) {
        (void)port_clock_sleep(REMOVAL_NS);
        rc = -ESTALE;
    }
    if (rc != 0) {
        destroy(handle);
        return rc;
    }
    forks_add(handle);
    *q = handle;
    return 0;
}

int shmq_open(const char *name, enum shmq_role role, const struct shmq_open_options *options, struct shmq **q)
{
    struct shmq_open_options o;
    struct port_place place;

    if (name == NULL || q == NULL || (unsigned)role > SHMQ_REPORTER ||
        options_copy(&o, sizeof o, options, sizeof o) != 0 || o.hand_back > SHMQ_HAND_BACK_OWN ||
        o.policy > SHMQ_DROP || o.has_lane > 1)
        return -EINVAL;
    int rc = port_shm_place(name, &place);

    for (int i = 0; rc == 0; i++) {
        rc = forks_hold_off();
        if (rc != 0)
            break;
        rc = open_once(&place, role, &o, q);
        forks_allow();
        if (rc != -ESTALE || i == OPEN_TRIES)
            break;
        rc = 0;
    }
    if (rc == 0) {
        (*q)->policy = o.policy;
        (*q)->wait_ns = o.wait_ns;
    }
    return rc == -ESTALE ? -ENOENT : rc;
}

static void leave_lane(struct shmq *q)
{
    struct shmq_lane *lane = handle_lane(q, q->lane);

    producer_publish(q);
    lane_want_room(&q->producer, false);
    bell_reset(q->bell);
    atomic_store_release_u32(&lane->producer.closed, 1); /* R4 -> A4: said after all is published */
    atomic_store_release_u32(&lane->owner.pid, 0);       /* R13 -> A13 */
    atomic_fence();
    handle_wake_consumer(q);
}

static void leave_consumer(struct shmq *q)
{
    if (q->end_told)
        consumer_acknowledge_end(q);
    for (uint32_t i = 0; i < q->geometry.lane_count; i++)
        lane_give(&q->lanes[i], true);
    bell_reset(q->bell);
    atomic_store_u32(&handle_header(q)->consumer.pid, 0);
    wake_producers(q);
}

/* The last user of a transient queue takes its name away. */
static void leave_transient(struct shmq *q)
{
    struct opened o = {.file = q->file,
                       .size = q->mapped_size,
                       .mapping = q->mapping,
                       .geometry = q->geometry,
                       .identity = q->identity};

    port_role_release(q->file, handle_role_byte(q));
    (void)opened_remove(&o, q->place, false);
}

void shmq_close(struct shmq *q)
{
    if (q == NULL)
        return;
    bool had_role = q->role == SHMQ_PRODUCER || q->role == SHMQ_CONSUMER || handle_is_reporter(q);

    shmq_report_leave(q);
    if (q->role == SHMQ_PRODUCER)
        leave_lane(q);
    else if (q->role == SHMQ_CONSUMER)
        leave_consumer(q);
    bool held_off = forks_hold_off() == 0; /* always: opening it has done so before */

    if (q->blobs != NULL && q->role != HANDLE_OF_PARENT)
        blobs_leave(q);
    forks_remove(q);
    if (q->place != NULL && had_role && q->role != HANDLE_OF_PARENT)
        leave_transient(q);
    destroy(q);
    if (held_off)
        forks_allow();
}
