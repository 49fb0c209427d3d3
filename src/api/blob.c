#include <shmq/blob.h>

#include "api/blobs.h"
#include "api/handle.h"
#include "api/typed.h"
#include "base/bits.h"
#include "port/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Memories that a consumer keeps mapped for the next time. */
#define KEPT_MAX 64

/* Who sweeps a lane is done in no time. */
#define CLAIM_TRIES 50
#define CLAIM_NS INT64_C(100000)

static struct opened opened_of(const struct shmq *q)
{
    return (struct opened){.file = q->file,
                           .size = q->mapped_size,
                           .mapping = q->mapping,
                           .geometry = q->geometry,
                           .identity = q->identity};
}

static struct shmq_blob_slot *slot_of(const struct shmq *q, uint32_t lane, uint32_t slot)
{
    return layout_blobs(q->mapping, &q->geometry, lane) + slot;
}

/* The consumer's number, as it writes it into what it takes; 0 for others. */
static uint64_t own_number(const struct shmq *q)
{
    return q->role == SHMQ_CONSUMER ? atomic_load_u64(&handle_header(q)->consumer.attach_count) : 0;
}

static struct blob_mapping *find_mapping(const struct blobs *b, uint32_t lane, uint32_t slot)
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->mappings[i].lane == lane && b->mappings[i].slot == slot)
            return &b->mappings[i];
    }
    return NULL;
}

static void forget(struct blobs *b, struct blob_mapping *m)
{
    (void)port_shm_unmap(m->memory, m->size);
    *m = b->mappings[--b->count];
}

/*
 * Room for one more mapping, if need be in the place of the one that was used the longest time ago. A producer keeps all:
 * those of the reserved record are being written.
 */
static int make_place(const struct shmq *q)
{
    struct blobs *b = q->blobs;
    struct blob_mapping *oldest = NULL;

    for (uint32_t i = 0; i < b->count && b->count >= KEPT_MAX && q->role == SHMQ_CONSUMER; i++) {
        if (b->mappings[i].holders == 0 && (oldest == NULL || b->mappings[i].last < oldest->last))
            oldest = &b->mappings[i];
    }
    if (oldest != NULL)
        forget(b, oldest);
    if (b->count < b->capacity)
        return 0;
    uint32_t capacity = b->capacity * 2 + 8;
    struct blob_mapping *more = realloc(b->mappings, capacity * sizeof *more);

    if (more == NULL)
        return -ENOMEM;
    b->mappings = more;
    b->capacity = capacity;
    return 0;
}

/* Map all of a file that is open, and close it. */
static int map_file(struct shmq *q, port_file file, uint32_t lane, uint32_t slot, uint64_t least,
                    struct blob_mapping **mapping)
{
    struct blobs *b = q->blobs;
    uint64_t size = 0;
    void *memory = NULL;
    int rc = port_shm_size(file, &size);

    if (rc == 0)
        rc = size < least ? -EBADMSG : make_place(q);
    if (rc == 0)
        rc = port_shm_map(file, PORT_READ_WRITE, 0, size, &memory);
    port_shm_close(file);
    if (rc != 0)
        return rc;
    b->mappings[b->count] = (struct blob_mapping){
        .memory = memory,
        .size = size,
        .file = atomic_load_u64(&slot_of(q, lane, slot)->file),
        .lane = lane,
        .slot = slot,
    };
    *mapping = &b->mappings[b->count++];
    return 0;
}

/* A new file. It is gone again, or known to be there, whenever this process dies. */
static int make_file(struct shmq *q, const struct port_place *place, uint32_t slot, uint64_t size, port_file *file)
{
    struct shmq_blob_slot *shared = slot_of(q, q->lane, slot);
    struct port_permissions permissions;
    int rc = port_shm_permissions(q->file, &permissions);

    if (rc == 0)
        rc = port_shm_create(place, size, &permissions, false, file);
    if (rc != 0)
        return rc;
    atomic_store_u64(&shared->file, atomic_load_u64(&shared->file) + 1);
    atomic_store_release_u64(&shared->size, size);
    rc = port_shm_publish(*file, place);
    if (rc == -EEXIST) { /* what lies there is nothing that this table knows of */
        (void)port_shm_unlink(place);
        rc = port_shm_publish(*file, place);
    }
    atomic_fence();
    /* Who removes the queue sees that there may be a file, or we see that it is removed. */
    if (rc == 0 && handle_is_removed(q)) {
        (void)port_shm_unlink(place);
        rc = -ESTALE;
    }
    if (rc != 0) {
        atomic_store_u64(&shared->size, 0);
        port_shm_close(*file);
    }
    return rc;
}

/* The file of the slot, made or made larger where it must be. */
static int provide_file(struct shmq *q, uint32_t slot, uint64_t size, port_file *file)
{
    struct shmq_blob_slot *shared = slot_of(q, q->lane, slot);
    uint64_t rounded = bits_align_up(size, port_shm_granularity());
    struct port_place place;
    int rc = blobs_place(&q->blobs->base, q->lane, slot, &place);

    if (rc != 0)
        return rc;
    rc = atomic_load_u64(&shared->size) != 0 ? port_shm_open(&place, PORT_READ_WRITE, false, file) : -ENOENT;
    if (rc == -ENOENT)
        return make_file(q, &place, slot, rounded, file);
    if (rc == 0)
        rc = port_shm_grow(*file, rounded);
    if (rc == 0) {
        if (atomic_load_u64(&shared->size) < rounded)
            atomic_store_u64(&shared->size, rounded);
        return 0;
    }
    port_shm_close(*file);
    return rc;
}

/* The slot's memory, mapped. */
static int provide(struct shmq *q, uint32_t slot, uint64_t size, struct blob_mapping **mapping)
{
    struct blob_mapping *m = find_mapping(q->blobs, q->lane, slot);
    port_file file;

    if (LIKELY(m != NULL && m->size >= size && m->file == atomic_load_u64(&slot_of(q, q->lane, slot)->file))) {
        *mapping = m;
        return 0;
    }
    if (m != NULL)
        forget(q->blobs, m);
    int rc = provide_file(q, slot, size, &file);

    return rc != 0 ? rc : map_file(q, file, q->lane, slot, size, mapping);
}

/* From now on no other makes or removes blobs of our lane. What the last owner had not sent is nobody's. */
static int own_lane(struct shmq *q)
{
    struct shmq_blob_slot *slots = layout_blobs(q->mapping, &q->geometry, q->lane);
    int rc = port_role_claim(q->file, SHMQ_ROLE_BLOBS + q->lane);

    for (int i = 0; rc == -EBUSY && i < CLAIM_TRIES; i++) {
        (void)port_clock_sleep(CLAIM_NS);
        rc = port_role_claim(q->file, SHMQ_ROLE_BLOBS + q->lane);
    }
    if (rc != 0)
        return rc == -EBUSY ? -EAGAIN : rc;
    for (uint32_t i = 0; i < q->geometry.blob_count; i++) {
        if (atomic_load_u64(&slots[i].until) > q->producer.published)
            atomic_store_u64(&slots[i].until, 0);
    }
    q->blobs->owns_lane = true;
    return 0;
}

/* What the lane's table has: the best free slot, or when the first of those in use comes back. */
struct choice {
    uint32_t slot; /* UINT32_MAX: none is free */
    uint64_t size; /* of its file */
    uint64_t first_back;
    bool is_sound; /* nothing is given back that was not released */
};

/* A file that is large enough before one that must grow, before none at all; the first of these, it is the warmest. */
static bool is_better(uint64_t size, const struct choice *than, uint64_t wanted)
{
    if (than->slot == UINT32_MAX || (size >= wanted) != (than->size >= wanted))
        return than->slot == UINT32_MAX || size >= wanted;
    return size < wanted && size > than->size;
}

static struct choice choose(const struct shmq *q, uint64_t wanted, bool ask_kernel)
{
    const struct opened o = opened_of(q);
    const struct shmq_blob_slot *slots = layout_blobs(q->mapping, &q->geometry, q->lane);
    uint64_t tail = atomic_load_acquire_u64(&handle_lane(q, q->lane)->tail.tail); /* A1, which is behind R3 */
    uint64_t released = atomic_load_acquire_u64(&handle_lane(q, q->lane)->released.released); /* A3 */
    struct choice choice = {.slot = UINT32_MAX, .first_back = UINT64_MAX, .is_sound = tail <= released};

    for (uint32_t i = 0; i < q->geometry.blob_count; i++) {
        uint64_t until = atomic_load_u64(&slots[i].until);
        uint64_t size = atomic_load_u64(&slots[i].size);

        if (until > released) {
            if (until < choice.first_back)
                choice.first_back = until;
        } else if (is_better(size, &choice, wanted) && blobs_is_dropped(&o, &slots[i], 0, ask_kernel)) {
            choice.slot = i;
            choice.size = size;
            if (size >= wanted)
                break;
        }
    }
    return choice;
}

/* A free slot, or -EAGAIN, and shmq_wait knows what for. */
static int find_slot(struct shmq *q, uint64_t size, uint32_t *slot)
{
    struct choice choice = choose(q, size, false);

    if (choice.slot == UINT32_MAX)
        choice = choose(q, size, true);
    *slot = choice.slot;
    if (choice.slot != UINT32_MAX)
        return 0;
    /* Or shmq_wait would see room again and again where no slot comes back. */
    if (!choice.is_sound)
        return -EBADMSG;
    uint64_t behind = q->producer.head - choice.first_back; /* that position is 8 behind the head at most */

    q->producer.wanted = behind < q->producer.capacity ? q->producer.capacity - behind : q->producer.capacity;
    return choice.first_back <= q->producer.head ? -EAGAIN : -ENOBUFS;
}

/* By this handle's policy. -ENOBUFS in the way: none comes back by a release. */
static int wait_for_slot(struct shmq *q, uint64_t size, uint32_t *slot)
{
    int64_t deadline_ns = 0;
    int rc = find_slot(q, size, slot);

    while (rc == -EAGAIN && q->policy == SHMQ_WAIT) {
        int waited = wait_until(q, q->wait_ns > 0 ? q->wait_ns : -1, &deadline_ns);

        if (waited != 0)
            return waited;
        rc = find_slot(q, size, slot);
    }
    if (rc == 0)
        q->producer.wanted = 0;
    return rc == -ENOBUFS ? -EAGAIN : rc;
}

/* Is it an empty blob field of the reserved record? */
static bool is_empty_field(const struct shmq *q, const struct shmq_sm_blob *blob)
{
    const struct schema_field *field = typed_slot_field(q, blob);

    return field != NULL && field->kind == SHMQ_FIELD_BLOB && blob->slot == 0;
}

int shmq_blob_room(struct shmq *q, struct shmq_sm_blob *blob, uint64_t size, void **data)
{
    struct blob_mapping *mapping;
    uint32_t slot;

    if (q->role != SHMQ_PRODUCER)
        return handle_refusal(q);
    if (q->blobs == NULL || !is_empty_field(q, blob))
        return -EINVAL;
    *data = NULL;
    if (size == 0)
        return 0;
    if (size > INT64_MAX / 2)
        return -ENOSPC;
    int rc = q->blobs->owns_lane ? 0 : own_lane(q);

    if (rc == 0)
        rc = wait_for_slot(q, size, &slot);
    if (rc == 0)
        rc = provide(q, slot, size, &mapping);
    if (rc != 0)
        return rc;
    atomic_store_u64(&slot_of(q, q->lane, slot)->until, q->producer.head + sizeof(struct shmq_record));
    q->typed->blobs_pending = true;
    *blob = (struct shmq_sm_blob){.size = size, .slot = slot + 1};
    *data = mapping->memory;
    return 0;
}

int shmq_blob_put(struct shmq *q, struct shmq_sm_blob *blob, const void *data, uint64_t size)
{
    void *to;
    int rc = shmq_blob_room(q, blob, size, &to);

    if (rc == 0 && size > 0)
        memcpy(to, data, size);
    return rc;
}

/* The blobs of a record that is not to be. */
void blobs_abort(struct shmq *q)
{
    if (q->role != SHMQ_PRODUCER)
        return;
    struct shmq_blob_slot *slots = layout_blobs(q->mapping, &q->geometry, q->lane);

    for (uint32_t i = 0; i < q->geometry.blob_count; i++) {
        if (atomic_load_u64(&slots[i].until) == q->producer.head + sizeof(struct shmq_record))
            atomic_store_u64(&slots[i].until, 0);
    }
    q->typed->blobs_pending = false;
}

/* Where the record of a message begins in its lane, and with it what its blobs say. */
static uint64_t until_of(const struct shmq *q, const struct shmq_message *message)
{
    uint64_t number = q->kind == SHMQ_LANES ? 0 : sizeof(uint64_t);

    return message->ticket - lane_span(message->size + number) + sizeof(struct shmq_record);
}

/* The slot's memory as the consumer has it: what it had open before, where it is still that. */
static int see(struct shmq *q, uint32_t lane, uint32_t slot, uint64_t size, struct blob_mapping **mapping)
{
    uint64_t file_number = atomic_load_u64(&slot_of(q, lane, slot)->file);
    struct blob_mapping *m = find_mapping(q->blobs, lane, slot);
    struct port_place place;
    port_file file;

    if (LIKELY(m != NULL && m->file == file_number && m->size >= size)) {
        *mapping = m;
        return 0;
    }
    /* One that is in use is of this record: it says less than the field does. */
    if (m != NULL && m->holders != 0)
        return -EBADMSG;
    if (m != NULL)
        forget(q->blobs, m);
    int rc = blobs_place(&q->blobs->base, lane, slot, &place);

    if (rc == 0)
        rc = port_shm_open(&place, PORT_READ_WRITE, false, &file);
    if (rc == -ENOENT || rc == -EINVAL)
        return handle_is_removed(q) ? -ESTALE : -EBADMSG;
    return rc != 0 ? rc : map_file(q, file, lane, slot, size, mapping);
}

int shmq_blob_open(struct shmq *q, const struct shmq_message *message, const struct shmq_sm_blob *blob,
                   struct shmq_blob *opened)
{
    uint64_t size = atomic_load_u64(&blob->size);
    uint32_t slot = atomic_load_u32(&blob->slot);
    struct blob_mapping *mapping;

    if (q->role != SHMQ_CONSUMER)
        return handle_refusal(q);
    if (size == 0 && slot == 0) {
        *opened = (struct shmq_blob){.data = NULL};
        return 0;
    }
    if (q->blobs == NULL || size == 0 || slot == 0 || slot > q->geometry.blob_count ||
        message->lane >= q->geometry.lane_count)
        return -EBADMSG;
    struct shmq_blob_slot *shared = slot_of(q, message->lane, slot - 1);

    if (atomic_load_u64(&shared->until) != until_of(q, message))
        return -EBADMSG;
    int rc = see(q, message->lane, slot - 1, size, &mapping);

    if (rc != 0)
        return rc;
    mapping->holders++;
    mapping->last = ++q->blobs->clock;
    atomic_store_u64(&shared->taken, own_number(q)); /* R3 publishes it, with the release of the record */
    *opened = (struct shmq_blob){mapping->memory, size, message->lane, slot - 1};
    return 0;
}

/* A lane whose producer has gone keeps nothing for the next time. */
void blobs_end_lane(struct shmq *q, uint32_t lane)
{
    const struct opened o = opened_of(q);
    struct blobs *b = q->blobs;

    if (b == NULL)
        return;
    for (uint32_t i = b->count; i-- > 0;) {
        if (b->mappings[i].lane == lane && b->mappings[i].holders == 0)
            forget(b, &b->mappings[i]);
    }
    /* One that says goodbye sweeps too, and may have passed what we have just let go of. */
    for (int i = 0; i < CLAIM_TRIES && blobs_sweep(&o, &b->base, lane, own_number(q)) == -EBUSY; i++) {
        if (atomic_load_acquire_u32(&handle_lane(q, lane)->producer.closed) == 0)
            break;
        (void)port_clock_sleep(CLAIM_NS);
    }
}

void shmq_blob_drop(struct shmq *q, struct shmq_blob *opened)
{
    if (opened->data == NULL || q->role != SHMQ_CONSUMER || q->blobs == NULL)
        return;
    struct shmq_lane *lane = handle_lane(q, opened->lane);
    struct blob_mapping *mapping = find_mapping(q->blobs, opened->lane, opened->slot);

    opened->data = NULL;
    if (mapping == NULL || mapping->holders == 0 || --mapping->holders > 0)
        return;
    atomic_store_release_u64(&slot_of(q, opened->lane, opened->slot)->taken, 0); /* R9 */
    atomic_fence(); /* either its producer sees that it is free, or we see that it has gone */
    if (atomic_load_u32(&lane->owner.wants_room) != 0)
        handle_wake_producer(q, opened->lane);
    if (atomic_load_acquire_u32(&lane->producer.closed) != 0)
        blobs_end_lane(q, opened->lane);
}

int blobs_attach(struct shmq *q, const struct port_place *queue)
{
    const struct opened o = opened_of(q);

    if (q->geometry.blob_count == 0 || q->role == SHMQ_OBSERVER)
        return 0;
    q->blobs = calloc(1, sizeof *q->blobs);
    return q->blobs == NULL ? -ENOMEM : blobs_base(&o, queue, &q->blobs->base);
}

/* Take no more, and leave nothing behind that is nobody's. The producer has said that its lane is closed. */
void blobs_leave(struct shmq *q)
{
    const struct opened o = opened_of(q);
    struct blobs *b = q->blobs;

    for (uint32_t i = 0; i < b->count; i++) {
        if (b->mappings[i].holders != 0)
            atomic_store_release_u64(&slot_of(q, b->mappings[i].lane, b->mappings[i].slot)->taken, 0); /* R9 */
    }
    atomic_fence();
    if (q->role == SHMQ_PRODUCER && b->owns_lane)
        (void)blobs_sweep_owned(&o, &b->base, q->lane, 0);
    for (uint32_t lane = 0; q->role == SHMQ_CONSUMER && lane < q->geometry.lane_count; lane++) {
        if (atomic_load_acquire_u32(&handle_lane(q, lane)->producer.closed) != 0)
            blobs_end_lane(q, lane);
        else
            (void)blobs_sweep(&o, &b->base, lane, 0);
    }
}

void blobs_free(struct shmq *q)
{
    struct blobs *b = q->blobs;

    if (b == NULL)
        return;
    while (b->count > 0)
        forget(b, &b->mappings[b->count - 1]);
    free(b->mappings);
    free(b);
}
