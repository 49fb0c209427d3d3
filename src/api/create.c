/* Creating a queue: it appears complete, or not at all. */
#include <shmq/queue.h>

#include "api/opened.h"
#include "api/options.h"
#include "base/atomic.h"
#include "core/lane.h"
#include "core/schema.h"
#include "port/clock.h"
#include "port/process.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdlib.h>
#include <string.h>

/* How often a name may appear and vanish between two looks at it before we say that it is taken. */
#define NAME_TRIES 16

#define BLOBS_DEFAULT 64

#define LIBRARY_VERSION ((uint32_t)SHMQ_VERSION_MAJOR << 16 | (uint32_t)SHMQ_VERSION_MINOR << 8 | SHMQ_VERSION_PATCH)

/* What is to be made. */
struct order {
    struct layout_geometry geometry;
    struct port_permissions permissions;
    uint32_t features_incompatible;
    uint32_t features_compatible;
    void *schemas; /* as they lie in the mapping */
    uint32_t schemas_size;
};

static int write_header(port_file file, const struct order *order)
{
    struct layout_creator creator = {
        .features_incompatible = order->features_incompatible,
        .features_compatible = order->features_compatible,
        .created_ns = port_clock_real_ns(),
        .pid = port_process_id(),
        .uid = port_process_user(),
        .library_version = LIBRARY_VERSION,
    };
    size_t size = sizeof(struct shmq_header) + order->geometry.schemas_size;
    void *header;
    int rc = port_process_random(creator.id, sizeof creator.id);

    if (rc == 0)
        rc = port_shm_map(file, PORT_READ_WRITE, 0, size, &header);
    if (rc != 0)
        return rc;
    layout_write(header, &order->geometry, &creator);
    if (order->schemas_size != 0)
        memcpy(layout_schemas(header), order->schemas, order->schemas_size);
    return port_shm_unmap(header, size);
}

/* 0 created, -EEXIST something came to be there meanwhile. */
static int give_birth(const struct port_place *place, const struct order *order)
{
    port_file file;
    int rc = port_shm_create(place, order->geometry.mapping_size, &order->permissions, false, &file);

    if (rc != 0)
        return rc;
    rc = write_header(file, order);
    if (rc == 0)
        rc = port_shm_publish(file, place);
    port_shm_close(file);
    return rc;
}

/* What nobody can use any more makes way: a transient queue whose last user died, or whose remover did. */
static void clear_away(const struct port_place *place)
{
    struct opened o;

    if (opened_open(place, PORT_READ_WRITE, &o) != 0)
        return;
    if (opened_is_left_over(&o))
        (void)opened_remove(&o, place, false);
    else if (atomic_load_u32(&opened_header(&o)->name.removed) != 0)
        (void)opened_remove(&o, place, true);
    opened_close(&o);
}

/* 0 created, 1 a queue was there. */
static int create_at(const struct port_place *place, const struct order *order)
{
    int rc = -EEXIST;

    for (int i = 0; i < NAME_TRIES && rc == -EEXIST; i++) {
        clear_away(place);
        rc = opened_exists(place);
        if (rc != 0)
            return rc;
        rc = give_birth(place, order);
    }
    return rc;
}

/* The file that we made is not wanted, unless somebody uses it already. */
static void discard(const struct port_place *file)
{
    struct opened o;

    if (opened_open(file, PORT_READ_WRITE, &o) != 0)
        return;
    (void)opened_remove(&o, file, false);
    opened_close(&o);
}

static bool leads_to(const struct port_place *place, const struct port_place *file)
{
    port_file a = PORT_NO_FILE;
    port_file b = PORT_NO_FILE;
    bool same = port_shm_open(place, PORT_READ, false, &a) == 0 && port_shm_open(file, PORT_READ, false, &b) == 0 &&
                port_shm_same(a, b);

    port_shm_close(a);
    port_shm_close(b);
    return same;
}

/* A queue in a file of the user's, which `place` then leads to. */
static int create_in_file(const struct port_place *place, const char *path, const struct order *order)
{
    struct port_place file;
    int rc = opened_exists(place);

    if (rc != 0)
        return rc;
    rc = port_shm_path(path, &file);
    if (rc != 0)
        return rc;
    int existed = create_at(&file, order);

    if (existed < 0)
        return existed;
    rc = port_shm_alias(place, file.path);
    if (rc == -EEXIST && leads_to(place, &file))
        rc = 0; /* it was there, and led nowhere before */
    if (rc == 0)
        return existed;
    if (existed == 0)
        discard(&file);
    /* Somebody was faster, or the name leads to another file, which is gone. */
    return rc == -EEXIST && opened_exists(place) == 1 ? 1 : rc;
}

/* The schemas, and room for them. What nobody could read again is not written. */
static int plan_schemas(struct order *order, const struct shmq_create_options *o)
{
    if (o->type_count == 0)
        return 0;
    struct schema_table *table = malloc(sizeof *table);

    order->schemas = malloc(SCHEMA_BYTES_MAX);
    int rc = table == NULL || order->schemas == NULL ? -ENOMEM : 0;

    if (rc == 0)
        rc =
            o->types == NULL ? -EINVAL : schema_encode(o->types, o->type_count, order->schemas, &order->schemas_size);
    if (rc == 0)
        rc = schema_read(table, order->schemas, order->schemas_size) == 0 ? 0 : -EINVAL;
    for (uint32_t i = 0; rc == 0 && i < table->count; i++)
        rc = table->types[i].size > lane_record_max(order->geometry.capacity) ? -EMSGSIZE : 0;
    if (rc == 0 && table->has_blobs && o->kind == SHMQ_RECORDER)
        rc = -EINVAL; /* its producer goes on without a consumer that would let go of them */
    if (rc == 0) {
        layout_add_schemas(&order->geometry, order->schemas_size);
        if (table->has_blobs)
            layout_add_blobs(&order->geometry, o->blob_count != 0 ? o->blob_count : BLOBS_DEFAULT);
    }
    free(table);
    return rc;
}

/* -EINVAL: an option is out of its range. -ENOMEM. `schemas` is to be freed in any case. */
static int fill_order(struct order *order, const struct shmq_create_options *o)
{
    uint64_t capacity = o->capacity != 0 ? o->capacity : SHMQ_CAPACITY_DEFAULT;

    *order = (struct order){
        .permissions = {.mode = o->mode != 0 ? o->mode : 0600, .group = o->group, .has_group = o->has_group != 0},
        .features_incompatible = o->kind == SHMQ_TOTAL_ORDER ? SHMQ_FEATURE_TOTAL_ORDER
                                 : o->kind == SHMQ_RECORDER  ? SHMQ_FEATURE_RECORDER
                                                             : 0,
        .features_compatible = o->transient != 0 ? SHMQ_FEATURE_TRANSIENT : 0,
    };
    if (order->permissions.mode > 0777 || o->has_group > 1 || o->kind > SHMQ_RECORDER || o->transient > 1 ||
        o->blob_count > SHMQ_BLOBS_MAX || o->exclusive > 1)
        return -EINVAL;
    int rc = layout_plan(capacity, o->lane_count != 0 ? o->lane_count : 1, &order->geometry);

    return rc == 0 ? plan_schemas(order, o) : rc;
}

static int carry_out(const struct port_place *place, const struct shmq_create_options *o, const struct order *order)
{
    if (o->path == NULL)
        return create_at(place, order);
    return place->scope == PORT_PATH ? -EINVAL : create_in_file(place, o->path, order);
}

int shmq_create(const char *name, const struct shmq_create_options *options)
{
    struct shmq_create_options o;
    struct order order;
    struct port_place place;

    if (name == NULL || options_copy(&o, sizeof o, options, sizeof o) != 0)
        return -EINVAL;
    int rc = fill_order(&order, &o);

    if (rc == 0)
        rc = port_shm_place(name, &place);
    if (rc == 0)
        rc = carry_out(&place, &o, &order);
    free(order.schemas);
    return rc == 1 && o.exclusive != 0 ? -EEXIST : rc;
}
