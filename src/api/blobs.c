#include "api/blobs.h"

#include "api/handle.h"
#include "port/clock.h"
#include "port/role.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int blobs_base(const struct opened *o, const struct port_place *queue, struct port_place *base)
{
    char suffix[20] = "~";

    for (size_t i = 0; i < 8; i++)
        snprintf(suffix + 1 + 2 * i, sizeof suffix - 1 - 2 * i, "%02x", o->identity.id[i]);
    return port_shm_beside(queue, suffix, base);
}

int blobs_place(const struct port_place *base, uint32_t lane, uint32_t slot, struct port_place *place)
{
    place->scope = base->scope;
    int length = snprintf(place->path, sizeof place->path, "%s.%" PRIu32 ".%" PRIu32, base->path, lane, slot);

    return length < (int)sizeof place->path ? 0 : -ENAMETOOLONG;
}

bool blobs_is_dropped(const struct opened *o, const struct shmq_blob_slot *slot, uint64_t own_number, bool ask_kernel)
{
    uint64_t taken = atomic_load_acquire_u64(&slot->taken); /* A9 */

    if (taken == 0)
        return true;
    if (taken == own_number)
        return false;
    if (taken != atomic_load_u64(&opened_header(o)->consumer.attach_count))
        return true;
    return ask_kernel && port_role_taken(o->file, SHMQ_ROLE_CONSUMER) == 0;
}

/* The file of a blob is gone, or there was none: true, and how many that were. */
static bool remove_file(const struct port_place *base, uint32_t lane, uint32_t slot, int *removed)
{
    struct port_place place;

    if (blobs_place(base, lane, slot, &place) != 0)
        return false;
    int rc = port_shm_unlink(&place);

    *removed += rc == 0;
    return rc == 0 || rc == -ENOENT;
}

int blobs_sweep_owned(const struct opened *o, const struct port_place *base, uint32_t lane, uint64_t own_number)
{
    const struct shmq_lane *shared = layout_lane(o->mapping, &o->geometry, lane);
    struct shmq_blob_slot *slots = layout_blobs(o->mapping, &o->geometry, lane);
    uint64_t released = atomic_load_acquire_u64(&shared->released.released); /* A3 */
    uint64_t head = atomic_load_acquire_u64(&shared->producer.head);
    int removed = 0;

    for (uint32_t i = 0; i < o->geometry.blob_count; i++) {
        uint64_t until = atomic_load_u64(&slots[i].until);
        bool is_free = until <= released && blobs_is_dropped(o, &slots[i], own_number, true);

        if (atomic_load_u64(&slots[i].size) == 0 || (!is_free && until <= head))
            continue;
        if (remove_file(base, lane, i, &removed)) {
            atomic_store_u64(&slots[i].until, 0);
            atomic_store_u64(&slots[i].size, 0);
        }
    }
    return removed;
}

static bool has_files(const struct opened *o, uint32_t lane)
{
    const struct shmq_blob_slot *slots = layout_blobs(o->mapping, &o->geometry, lane);

    for (uint32_t i = 0; i < o->geometry.blob_count; i++) {
        if (atomic_load_u64(&slots[i].size) != 0)
            return true;
    }
    return false;
}

int blobs_sweep(const struct opened *o, const struct port_place *base, uint32_t lane, uint64_t own_number)
{
    if (!has_files(o, lane))
        return 0;
    int rc = port_role_claim(o->file, SHMQ_ROLE_BLOBS + lane);

    if (rc == 0) {
        rc = blobs_sweep_owned(o, base, lane, own_number);
        port_role_release(o->file, SHMQ_ROLE_BLOBS + lane);
    }
    return rc;
}

int blobs_sweep_all(const struct opened *o, const struct port_place *base, uint64_t own_number)
{
    int removed = 0;

    for (uint32_t lane = 0; o->geometry.blob_count != 0 && lane < o->geometry.lane_count; lane++) {
        int rc = blobs_sweep(o, base, lane, own_number);

        removed += rc > 0 ? rc : 0;
    }
    return removed;
}

void blobs_remove(const struct opened *o, const struct port_place *base)
{
    int removed = 0;

    /* Pairs with blob.c, make_file: it sees that the queue is removed, or we see that there may be a file. */
    atomic_fence();
    for (uint32_t lane = 0; lane < o->geometry.lane_count; lane++) {
        const struct shmq_blob_slot *slots = layout_blobs(o->mapping, &o->geometry, lane);

        for (uint32_t i = 0; i < o->geometry.blob_count; i++) {
            if (atomic_load_u64(&slots[i].size) != 0)
                (void)remove_file(base, lane, i, &removed);
        }
    }
}

struct orphans {
    bool remove;
    int count;
    int (*each)(const char *name, uint64_t size, int rc, void *arg);
    void *arg;
};

/* ~IDIDIDIDIDIDIDID.LANE.SLOT, and nothing behind it. */
static bool is_suffix(const char *suffix)
{
    uint32_t lane;
    uint32_t slot;
    int end = 0;

    return strspn(suffix + 1, "0123456789abcdef") == 16 &&
           sscanf(suffix + 17, ".%" SCNu32 ".%" SCNu32 "%n", &lane, &slot, &end) == 2 && suffix[17 + end] == '\0';
}

/* Is the queue still there, that the file with this suffix is of? */
static bool has_queue(const char *name, const char *suffix)
{
    struct port_place place;
    struct port_place base;
    struct opened o;
    bool same = false;

    if (port_shm_place(name, &place) != 0)
        return true;
    int rc = opened_open(&place, PORT_READ, &o);

    if (rc != 0)
        return rc != -ENOENT && rc != -EPROTO; /* of what we may not look at, nothing is known */
    if (blobs_base(&o, &place, &base) == 0) {
        const char *tilde = strrchr(base.path, '~');

        same = tilde == NULL || strncmp(suffix, tilde, strlen(tilde)) == 0;
    }
    opened_close(&o);
    return same;
}

static int clean_orphan(const char *name, const char *suffix, void *arg)
{
    struct orphans *orphans = arg;
    struct port_place place;
    struct port_place file;
    port_file opened;
    uint64_t size = 0;

    if (!is_suffix(suffix) || has_queue(name, suffix) || port_shm_place(name, &place) != 0)
        return 0;
    file.scope = place.scope == PORT_LOCAL ? PORT_LOCAL : PORT_BESIDE;
    if (snprintf(file.path, sizeof file.path, "%s%s", place.path, suffix) >= (int)sizeof file.path)
        return 0;
    if (port_shm_open(&file, PORT_READ, false, &opened) == 0) {
        (void)port_shm_size(opened, &size);
        port_shm_close(opened);
    }
    int rc = orphans->remove ? port_shm_unlink(&file) : 0;

    if (rc == -ENOENT)
        return 0;
    orphans->count += rc == 0;
    return orphans->each(strrchr(file.path, '/') + 1, size, rc, orphans->arg);
}

int blobs_clean_orphans(bool remove, int (*each)(const char *name, uint64_t size, int rc, void *arg), void *arg)
{
    struct orphans orphans = {.remove = remove, .each = each, .arg = arg};
    int rc = port_shm_list_beside(clean_orphan, &orphans);

    return rc != 0 ? rc : orphans.count;
}
