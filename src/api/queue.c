#include <shmq/queue.h>

#include "api/handle.h"
#include "api/options.h"
#include "port/clock.h"
#include "port/process.h"
#include "port/shm.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdlib.h>

/* How often a name may appear and vanish between two looks at it before we say that it is taken. */
#define NAME_TRIES 16

#define LIBRARY_VERSION ((uint32_t)SHMQ_VERSION_MAJOR << 16 | (uint32_t)SHMQ_VERSION_MINOR << 8 | SHMQ_VERSION_PATCH)

/* What open and create need of a file that may be a queue: it is mapped, and its header makes sense. */
struct opened {
    port_file file;
    uint64_t size;
    void *mapping;
    struct layout_geometry geometry;
    struct shmq_identity identity;
};

static void close_opened(struct opened *o)
{
    if (o->mapping != NULL)
        (void)port_shm_unmap(o->mapping, o->size);
    port_shm_close(o->file);
}

static int map_opened(struct opened *o, enum port_access access)
{
    int rc = port_shm_size(o->file, &o->size);

    if (rc != 0)
        return rc == -EINVAL ? -EPROTO : rc;
    if (o->size < sizeof(struct shmq_header))
        return -EPROTO;
    rc = port_shm_map(o->file, access, 0, o->size, &o->mapping);
    if (rc != 0)
        return rc;
    return layout_read(o->mapping, o->size, &o->geometry, &o->identity);
}

static int open_place(const struct port_place *place, enum port_access access, struct opened *o)
{
    *o = (struct opened){.file = PORT_NO_FILE};
    int rc = port_shm_open(place, access, false, &o->file);

    if (rc != 0)
        return rc == -EINVAL ? -EPROTO : rc;
    rc = map_opened(o, access);
    if (rc != 0)
        close_opened(o);
    return rc;
}

/* 1 where there is a queue, 0 where there is nothing, -EEXIST where there is something else. */
static int queue_exists(const struct port_place *place)
{
    struct opened o;
    int rc = open_place(place, PORT_READ, &o);

    if (rc == 0) {
        close_opened(&o);
        return 1;
    }
    if (rc == -ENOENT)
        return 0;
    return rc == -EPROTO || rc == -EBADMSG ? -EEXIST : rc;
}

static int write_header(port_file file, const struct layout_geometry *geometry)
{
    struct layout_creator creator = {
        .created_ns = port_clock_real_ns(),
        .pid = port_process_id(),
        .uid = port_process_user(),
        .library_version = LIBRARY_VERSION,
    };
    void *header;
    int rc = port_process_random(creator.id, sizeof creator.id);

    if (rc == 0)
        rc = port_shm_map(file, PORT_READ_WRITE, 0, sizeof(struct shmq_header), &header);
    if (rc != 0)
        return rc;
    layout_write(header, geometry, &creator);
    return port_shm_unmap(header, sizeof(struct shmq_header));
}

/* 0 created, -EEXIST something came to be there meanwhile. */
static int give_birth(const struct port_place *place, const struct layout_geometry *geometry,
                      const struct port_permissions *permissions)
{
    port_file file;
    int rc = port_shm_create(place, geometry->mapping_size, permissions, false, &file);

    if (rc != 0)
        return rc;
    rc = write_header(file, geometry);
    if (rc == 0)
        rc = port_shm_publish(file, place);
    port_shm_close(file);
    return rc;
}

/* 0 created, 1 a queue was there. */
static int create_at(const struct port_place *place, const struct layout_geometry *geometry,
                     const struct port_permissions *permissions)
{
    int rc = -EEXIST;

    for (int i = 0; i < NAME_TRIES && rc == -EEXIST; i++) {
        rc = queue_exists(place);
        if (rc != 0)
            return rc;
        rc = give_birth(place, geometry, permissions);
    }
    return rc;
}

/* A queue in a file of the user's, which `place` then leads to. */
static int create_in_file(const struct port_place *place, const char *path, const struct layout_geometry *geometry,
                          const struct port_permissions *permissions)
{
    struct port_place file;
    int rc = queue_exists(place);

    if (rc != 0)
        return rc;
    rc = port_shm_place(path, &file);
    if (rc != 0)
        return rc;
    int existed = create_at(&file, geometry, permissions);

    if (existed < 0)
        return existed;
    rc = port_shm_alias(place, file.path);
    if (rc == -EEXIST)
        return queue_exists(place);
    if (rc != 0 && existed == 0)
        (void)port_shm_unlink(&file);
    return rc == 0 ? existed : rc;
}

int shmq_create(const char *name, const struct shmq_create_options *options)
{
    struct shmq_create_options o;
    struct layout_geometry geometry;
    struct port_place place;

    if (name == NULL || options_copy(&o, sizeof o, options, sizeof o) != 0)
        return -EINVAL;
    struct port_permissions permissions = {
        .mode = o.mode != 0 ? o.mode : 0600,
        .group = o.group,
        .has_group = o.has_group,
    };

    if (permissions.mode > 0777 || o.has_group > 1 ||
        layout_plan(o.capacity != 0 ? o.capacity : SHMQ_CAPACITY_DEFAULT, o.lane_count != 0 ? o.lane_count : 1,
                    &geometry) != 0)
        return -EINVAL;
    int rc = port_shm_place(name, &place);

    if (rc != 0)
        return rc;
    if (o.path == NULL)
        return create_at(&place, &geometry, &permissions);
    return place.scope == PORT_PATH ? -EINVAL : create_in_file(&place, o.path, &geometry, &permissions);
}

/* The lowest lane that nobody holds. -EBUSY: all are held. */
static int claim_lane(struct shmq *q)
{
    int rc = -EBUSY;

    for (uint32_t lane = 0; lane < q->geometry.lane_count && rc == -EBUSY; lane++) {
        q->lane = lane;
        rc = port_role_claim(q->file, SHMQ_ROLE_LANE + lane);
    }
    return rc;
}

static int attach_producer(struct shmq *q)
{
    int rc = claim_lane(q);

    if (rc != 0)
        return rc;
    struct shmq_lane *lane = handle_lane(q, q->lane);

    rc = lane_attach_producer(&q->producer, lane, layout_ring(q->mapping, &q->geometry, q->lane),
                              q->geometry.capacity);
    if (rc != 0)
        return rc;
    lane_want_room(&q->producer, false);
    atomic_store_u64(&lane->owner.attached_ns, (uint64_t)port_clock_real_ns());
    atomic_store_u64(&lane->owner.attach_count, atomic_load_u64(&lane->owner.attach_count) + 1);
    atomic_store_u32(&lane->owner.pid, port_process_id());
    atomic_or_u64(&handle_header(q)->lanes_open.bits[q->lane / 64], UINT64_C(1) << q->lane % 64);
    return 0;
}

/*
 * A consumer that died while it closed a lane may have missed its new producer: a lane with a producer or with
 * records is open.
 */
static void reopen_lanes(struct shmq *q)
{
    for (uint32_t i = 0; i < q->geometry.lane_count; i++) {
        struct lane_consumer *lane = &q->lanes[i];

        if (atomic_load_u64(&lane->shared->producer.head) != lane->released ||
            port_role_taken(q->file, SHMQ_ROLE_LANE + i) == 1)
            atomic_or_u64(&handle_header(q)->lanes_open.bits[i / 64], UINT64_C(1) << i % 64);
    }
}

static int attach_consumer(struct shmq *q, uint32_t hand_back)
{
    struct shmq_consumer_line *line = &handle_header(q)->consumer;
    int rc = port_role_claim(q->file, SHMQ_ROLE_CONSUMER);

    if (rc != 0)
        return rc;
    q->lanes = calloc(q->geometry.lane_count, sizeof *q->lanes);
    if (q->lanes == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < q->geometry.lane_count; i++) {
        rc = lane_attach_consumer(&q->lanes[i], handle_lane(q, i), layout_ring(q->mapping, &q->geometry, i),
                                  q->geometry.capacity, i, hand_back);
        if (rc != 0)
            return rc;
    }
    q->current = &q->lanes[0];
    for (uint32_t i = 0; i < q->geometry.lane_count; i++)
        lane_give(&q->lanes[i], true); /* what a dead predecessor still held */
    reopen_lanes(q);
    atomic_store_u64(&line->attached_ns, (uint64_t)port_clock_real_ns());
    atomic_store_u64(&line->attach_count, atomic_load_u64(&line->attach_count) + 1);
    atomic_store_u32(&line->pid, port_process_id());
    return 0;
}

static void destroy(struct shmq *q)
{
    (void)port_shm_unmap(q->mapping, q->mapped_size);
    port_shm_close(q->file); /* drops the role */
    free(q->lanes);
    free(q);
}

int shmq_open(const char *name, enum shmq_role role, const struct shmq_open_options *options, struct shmq **q)
{
    struct shmq_open_options o;
    struct port_place place;
    struct opened opened;

    if (name == NULL || q == NULL || (unsigned)role > SHMQ_CONSUMER ||
        options_copy(&o, sizeof o, options, sizeof o) != 0 || o.hand_back > SHMQ_HAND_BACK_OWN || o.reserved != 0)
        return -EINVAL;
    int rc = port_shm_place(name, &place);

    if (rc == 0)
        rc = open_place(&place, role == SHMQ_OBSERVER ? PORT_READ : PORT_READ_WRITE, &opened);
    if (rc != 0)
        return rc;
    struct shmq *handle = malloc(sizeof *handle);

    if (handle == NULL) {
        close_opened(&opened);
        return -ENOMEM;
    }
    *handle = (struct shmq){
        .role = role,
        .geometry = opened.geometry,
        .identity = opened.identity,
        .mapping = opened.mapping,
        .mapped_size = opened.size,
        .file = opened.file,
        .producer = {.slot_size = LANE_NO_SLOT},
    };
    handle->current = &handle->none;
    if (role == SHMQ_PRODUCER)
        rc = attach_producer(handle);
    else if (role == SHMQ_CONSUMER)
        rc = attach_consumer(handle, o.hand_back != 0 ? o.hand_back : SHMQ_HAND_BACK_DIRTY);
    if (rc != 0)
        destroy(handle);
    else
        *q = handle;
    return rc;
}

void shmq_close(struct shmq *q)
{
    if (q == NULL)
        return;
    if (q->role == SHMQ_PRODUCER) {
        lane_publish(&q->producer);
        lane_want_room(&q->producer, false);
        atomic_store_release_u32(&handle_lane(q, q->lane)->owner.pid, 0); /* R4: said after all is published */
    } else if (q->role == SHMQ_CONSUMER) {
        if (q->end_told)
            consumer_acknowledge_end(q);
        for (uint32_t i = 0; i < q->geometry.lane_count; i++)
            lane_give(&q->lanes[i], true);
        atomic_store_u32(&handle_header(q)->consumer.pid, 0);
    }
    destroy(q);
}

int shmq_remove(const char *name)
{
    struct port_place place;

    if (name == NULL)
        return -EINVAL;
    int rc = port_shm_place(name, &place);

    if (rc != 0)
        return rc;
    rc = queue_exists(&place);
    if (rc == 0)
        return -ENOENT;
    if (rc < 0)
        return rc == -EEXIST ? -EPROTO : rc;
    return port_shm_unlink(&place);
}
