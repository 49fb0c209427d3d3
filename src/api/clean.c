#include <shmq/clean.h>

#include "api/blobs.h"
#include "api/opened.h"
#include "base/atomic.h"
#include "core/recorder.h"
#include "port/role.h"

#include <errno.h>
#include <shmq/queue.h>

int shmq_remove(const char *name, unsigned flags)
{
    struct port_place place;
    struct opened o;

    if (name == NULL || flags > SHMQ_REMOVE_USED)
        return -EINVAL;
    int rc = port_shm_place(name, &place);

    if (rc == 0)
        rc = opened_open(&place, PORT_READ_WRITE, &o);
    if (rc == -ENOENT && port_shm_is_alias(&place))
        return port_shm_unlink(&place); /* of a file that has gone */
    if (rc != 0)
        return rc == -EBADMSG ? -EPROTO : rc;
    rc = opened_remove(&o, &place, (flags & SHMQ_REMOVE_USED) != 0);
    opened_close(&o);
    return rc;
}

struct cleaning {
    unsigned flags;
    int (*each)(const struct shmq_unused *queue, void *arg);
    void *arg;
    int count;
};

static uint64_t count_waiting(const struct opened *o)
{
    uint64_t waiting = 0;

    for (uint32_t i = 0; i < o->geometry.lane_count; i++) {
        const struct shmq_lane *lane = layout_lane(o->mapping, &o->geometry, i);
        uint64_t received = atomic_load_u64(&lane->released.received);

        if ((o->identity.features_incompatible & SHMQ_FEATURE_RECORDER) != 0)
            received += recorder_missed(lane, layout_ring(o->mapping, &o->geometry, i), o->geometry.capacity);
        uint64_t sent = atomic_load_u64(&lane->producer.sent);

        waiting += sent > received ? sent - received : 0;
    }
    return waiting;
}

/* Nobody uses it, and it is one of those that were asked for. */
static bool is_unused(const struct opened *o, unsigned flags)
{
    return !opened_is_in_use(o) &&
           (opened_was_used(o, false) || opened_is_left_over(o) || (flags & SHMQ_CLEAN_IDLE) != 0);
}

/* Somebody may have come, and have left properly, since we looked: what counts is what there is when nobody can come. */
static int remove_unused(const struct opened *o, const struct port_place *place, unsigned flags)
{
    int rc = opened_claim(o);

    if (rc == 0 && !is_unused(o, flags))
        rc = -EBUSY;
    return rc != 0 ? rc : opened_remove(o, place, true);
}

/* Of a queue that stays: what somebody who died has left behind. */
static void sweep_blobs(const struct opened *o, const struct port_place *place)
{
    struct port_place base;

    if (o->geometry.blob_count != 0 && blobs_base(o, place, &base) == 0)
        (void)blobs_sweep_all(o, &base, 0);
}

static int clean_one(const char *name, void *arg)
{
    struct cleaning *cleaning = arg;
    struct port_place place;
    struct opened o;
    bool remove = (cleaning->flags & SHMQ_CLEAN_REMOVE) != 0;

    /* What is no queue, or cannot be read, is nothing that we know to be unused. */
    if (port_shm_place(name, &place) != 0 || opened_open(&place, remove ? PORT_READ_WRITE : PORT_READ, &o) != 0)
        return 0;
    int rc = 0;

    if (is_unused(&o, cleaning->flags)) {
        struct shmq_unused unused = {
            .name = name,
            .died = opened_was_used(&o, false),
            .size = o.size,
            .waiting = count_waiting(&o),
            .rc = remove ? remove_unused(&o, &place, cleaning->flags) : 0,
        };

        /* Somebody was faster: it is in use again, or gone. */
        if (unused.rc != -EBUSY && unused.rc != -ENOENT) {
            cleaning->count += unused.rc == 0;
            rc = cleaning->each != NULL ? cleaning->each(&unused, cleaning->arg) : 0;
        }
    }
    if (remove)
        sweep_blobs(&o, &place);
    opened_close(&o);
    return rc;
}

/* A blob of a queue that is there no more. */
static int clean_blob(const char *name, uint64_t size, int rc, void *arg)
{
    struct cleaning *cleaning = arg;
    struct shmq_unused unused = {.name = name, .rc = rc, .died = 1, .size = size};

    cleaning->count += rc == 0;
    return cleaning->each != NULL ? cleaning->each(&unused, cleaning->arg) : 0;
}

int shmq_clean(unsigned flags, int (*each)(const struct shmq_unused *queue, void *arg), void *arg)
{
    struct cleaning cleaning = {.flags = flags, .each = each, .arg = arg};

    if ((flags & ~(SHMQ_CLEAN_REMOVE | SHMQ_CLEAN_IDLE)) != 0)
        return -EINVAL;
    int rc = port_shm_list(clean_one, &cleaning);

    if (rc == 0)
        rc = blobs_clean_orphans((flags & SHMQ_CLEAN_REMOVE) != 0, clean_blob, &cleaning);
    return rc < 0 ? rc : cleaning.count;
}
