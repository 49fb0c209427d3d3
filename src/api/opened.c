#include "api/opened.h"

#include "api/bell.h"
#include "api/blobs.h"
#include "port/clock.h"
#include "port/fence.h"
#include "port/role.h"

#include <errno.h>
#include <shmq/queue.h>

#define GOODBYE_TRIES 100
#define GOODBYE_NS INT64_C(100000)
#define ROLES_COUNT (SHMQ_ROLE_LANE + SHMQ_LANES_MAX - SHMQ_ROLE_CONSUMER)
#define LOCKS_COUNT (SHMQ_ROLE_BLOBS + SHMQ_LANES_MAX - SHMQ_ROLE_CONSUMER)

void opened_close(struct opened *o)
{
    if (o->mapping != NULL)
        (void)port_shm_unmap(o->mapping, o->size);
    /* A program that is just being started may still have the file, until its exec: it must not keep the locks. */
    port_role_release_all(o->file, SHMQ_ROLE_CONSUMER, LOCKS_COUNT);
    port_shm_close(o->file);
}

static int map_opened(struct opened *o, enum port_access access)
{
    void *mapping;
    int rc = port_shm_size(o->file, &o->size);

    if (rc != 0)
        return rc == -EINVAL ? -EPROTO : rc;
    if (o->size < sizeof(struct shmq_header))
        return -EPROTO;
    rc = port_shm_map(o->file, access, 0, o->size, &mapping);
    if (rc != 0)
        return rc;
    o->mapping = mapping;
    return layout_read(o->mapping, o->size, &o->geometry, &o->identity);
}

int opened_open(const struct port_place *place, enum port_access access, struct opened *o)
{
    *o = (struct opened){.file = PORT_NO_FILE};
    int rc = port_shm_open(place, access, false, &o->file);

    if (rc != 0)
        return rc == -EINVAL ? -EPROTO : rc;
    rc = map_opened(o, access);
    if (rc != 0)
        opened_close(o);
    return rc;
}

bool opened_was_used(const struct opened *o, bool any)
{
    const struct shmq_consumer_line *consumer = &opened_header(o)->consumer;
    const struct shmq_report_line *report = &opened_header(o)->status.report;
    bool used = atomic_load_u32(&consumer->pid) != 0 || atomic_load_u32(&report->pid) != 0 ||
                (any && (atomic_load_u64(&consumer->attach_count) | atomic_load_u64(&report->attach_count)) != 0);

    for (uint32_t i = 0; i < o->geometry.lane_count && !used; i++) {
        const struct shmq_lane_owner_line *owner = &layout_lane(o->mapping, &o->geometry, i)->owner;

        used = atomic_load_u32(&owner->pid) != 0 || (any && atomic_load_u64(&owner->attach_count) != 0);
    }
    return used;
}

bool opened_is_in_use(const struct opened *o)
{
    bool used =
        port_role_taken(o->file, SHMQ_ROLE_CONSUMER) != 0 || port_role_taken(o->file, SHMQ_ROLE_REPORTER) != 0;

    for (uint32_t i = 0; i < o->geometry.lane_count && !used; i++)
        used = port_role_taken(o->file, SHMQ_ROLE_LANE + i) != 0;
    return used;
}

bool opened_is_left_over(const struct opened *o)
{
    return (o->identity.features_compatible & SHMQ_FEATURE_TRANSIENT) != 0 && opened_was_used(o, true) &&
           !opened_is_in_use(o);
}

int opened_exists(const struct port_place *place)
{
    struct opened o;
    int rc = opened_open(place, PORT_READ, &o);

    if (rc == 0) {
        opened_close(&o);
        return 1;
    }
    if (rc == -ENOENT)
        return 0;
    return rc == -EPROTO || rc == -EBADMSG ? -EEXIST : rc;
}

/* Whoever sleeps looks again, and finds that it is removed. */
static void wake_all(const struct opened *o)
{
    (void)port_fence_all();
    bell_ring_again(&opened_header(o)->consumer.bell, o->file);
    bell_ring_shared(&opened_header(o)->status.watch.bell);
    bell_ring_shared(&opened_header(o)->status.watch.end_bell);
    for (uint32_t i = 0; i < o->geometry.lane_count; i++)
        bell_ring_again(&layout_lane(o->mapping, &o->geometry, i)->owner.bell, o->file);
}

/* Does the name still lead to this file? It stays so: only who has the remover's lock takes it away. */
static bool is_named(const struct opened *o, const struct port_place *place)
{
    port_file file;

    if (port_shm_open(place, PORT_READ, false, &file) != 0)
        return false;
    bool same = port_shm_same(o->file, file);

    port_shm_close(file);
    return same;
}

/* Has somebody a role in it who has neither said goodbye nor is just coming? */
static bool is_held(const struct opened *o)
{
    bool held = (atomic_load_u32(&opened_header(o)->consumer.pid) != 0 &&
                 port_role_taken(o->file, SHMQ_ROLE_CONSUMER) != 0) ||
                (atomic_load_u32(&opened_header(o)->status.report.pid) != 0 &&
                 port_role_taken(o->file, SHMQ_ROLE_REPORTER) != 0);

    for (uint32_t i = 0; i < o->geometry.lane_count && !held; i++)
        held = atomic_load_u32(&layout_lane(o->mapping, &o->geometry, i)->owner.pid) != 0 &&
               port_role_taken(o->file, SHMQ_ROLE_LANE + i) != 0;
    return held;
}

/*
 * The remover's role is one of them, so of two who come at once each has all or none. Who has said goodbye still has its
 * lock for a moment: whoever was told of that end and removes the queue thereupon need not know.
 */
int opened_claim(const struct opened *o)
{
    int rc = port_role_claim_all(o->file, SHMQ_ROLE_CONSUMER, ROLES_COUNT);

    for (int i = 0; i < GOODBYE_TRIES && rc == -EBUSY && !is_held(o); i++) {
        (void)port_clock_sleep(GOODBYE_NS);
        rc = port_role_claim_all(o->file, SHMQ_ROLE_CONSUMER, ROLES_COUNT);
    }
    return rc;
}

/* Before the name of the queue goes: whoever is to finish what we die in the middle of finds them by it. */
static void remove_blobs(const struct opened *o, const struct port_place *place)
{
    struct port_place base;

    if (o->geometry.blob_count != 0 && blobs_base(o, place, &base) == 0)
        blobs_remove(o, &base);
}

static int remove_locked(const struct opened *o, const struct port_place *place)
{
    if (!is_named(o, place))
        return -ENOENT;
    if (port_shm_is_alias(place))
        return port_shm_unlink(place); /* the queue stays, under the name of its file */
    /* First this word: who takes a role meanwhile, and does so before the name is gone, must find it. */
    atomic_store_release_u32(&opened_header(o)->name.removed, 1);
    remove_blobs(o, place);
    int rc = port_shm_unlink(place);

    if (rc != 0)
        atomic_store_u32(&opened_header(o)->name.removed, 0);
    else
        wake_all(o);
    return rc;
}

int opened_remove(const struct opened *o, const struct port_place *place, bool used)
{
    int rc = used ? port_role_claim(o->file, SHMQ_ROLE_REMOVER) : opened_claim(o);

    return rc != 0 ? rc : remove_locked(o, place);
}
