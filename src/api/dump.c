/*
 * Copying a queue while others use it
 *
 * Of each lane first the head, then what lies in front of it, and then the words that tell how much of that was
 * overwritten meanwhile (see core/cursor.h). What was published later is not in the copy, so its words are set back to
 * the head that was found.
 */
#include <shmq/dump.h>

#include "api/handle.h"
#include "port/clock.h"

#include <errno.h>
#include <string.h>

/* A producer that laps the copying this often is too fast for it. */
#define TRIES_MAX 64

/* While the sequence moves by less, no copy of the status was written over. */
#define STATUS_MOVES_MAX (SHMQ_STATUS_COPIES - 1)

bool dump_has_holder(const struct shmq *q, int64_t role)
{
    const struct shmq_dump_line *dump = &handle_header(q)->dump;
    uint32_t roles = atomic_load_u32(&dump->roles);

    if (role == SHMQ_ROLE_CONSUMER)
        return (roles & SHMQ_DUMP_CONSUMER) != 0;
    if (role == SHMQ_ROLE_REPORTER)
        return (roles & SHMQ_DUMP_REPORTER) != 0;
    if (role < SHMQ_ROLE_LANE || role >= SHMQ_ROLE_LANE + SHMQ_LANES_MAX)
        return false;
    uint32_t lane = (uint32_t)(role - SHMQ_ROLE_LANE);

    return (atomic_load_u64(&dump->lanes[lane / 64]) >> lane % 64 & 1) != 0;
}

static void copy_words(void *to, const void *from, uint64_t size)
{
    const uint64_t *words = from;
    uint64_t *copy = to;

    for (uint64_t i = 0; i < size / sizeof *words; i++)
        copy[i] = atomic_load_u64(words + i);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Nobody sleeps in a copy, and nobody wants room. */
static void settle(struct shmq_lane *lane)
{
    lane->owner.bell = 0;
    lane->owner.wants_room = 0;
}

/* What is left of the lane when all of it was overwritten: its counts. */
static void empty(struct shmq_lane *lane, uint64_t capacity)
{
    uint64_t head = lane->producer.head;

    lane->tail.tail = lane->released.released = head;
    lane->producer.claimed = head + capacity;
    lane->released.received = lane->producer.sent - least(lane->released.missed, lane->producer.sent);
}

/* False: the producer was faster. */
static bool copy_lane(const struct shmq *q, uint32_t index, struct shmq_lane *lane, uint8_t *ring)
{
    const struct shmq_lane *shared = handle_lane(q, index);
    uint64_t capacity = q->geometry.capacity;
    bool is_recorder = q->kind == SHMQ_RECORDER;
    uint64_t head = atomic_load_acquire_u64(&shared->producer.head); /* A2 */

    copy_words(lane, shared, sizeof *lane);
    copy_words(ring, layout_ring(q->mapping, &q->geometry, index), least(head, capacity));
    atomic_fence_load();                                                   /* A14, A6 */
    uint64_t claimed = atomic_load_acquire_u64(&shared->producer.claimed); /* A14 */
    uint64_t tail = atomic_load_acquire_u64(&shared->tail.tail);           /* A6 of a recorder, else A1 */
    uint64_t received = atomic_load_u64(&shared->released.received);
    uint64_t released = atomic_load_acquire_u64(&shared->released.released); /* A3 */

    settle(lane);
    lane->producer.head = head;
    if (is_recorder ? tail > head : claimed > head + capacity)
        return false;
    lane->producer.claimed = claimed > head ? claimed : head;
    lane->released.released = least(released, head);
    lane->tail.tail = is_recorder ? tail : least(tail, lane->released.released);
    lane->released.received = received;
    if (released >= head)
        lane->released.received = lane->producer.sent - least(lane->released.missed, lane->producer.sent);
    return true;
}

/* The newest copy is older than all that was written meanwhile. */
static void copy_status(const struct shmq *q, struct shmq_status_area *area)
{
    const struct shmq_status_area *shared = handle_status(q);
    uint64_t before = 0;
    uint64_t after = UINT64_MAX;

    for (int i = 0; i < TRIES_MAX && after - before >= STATUS_MOVES_MAX; i++) {
        before = atomic_load_acquire_u64(&shared->report.sequence); /* A9 */
        copy_words(area, shared, sizeof *area);
        atomic_fence_load(); /* A10 */
        /* Before the sequence, as status_read does. */
        area->report.text_end = atomic_load_acquire_u64(&shared->report.text_end);
        after = atomic_load_u64(&shared->report.sequence);
    }
    area->report.sequence = before;
    area->report.bell = 0;
    area->watch.bell = area->watch.end_bell = 0;
}

static void fill_roles(const struct shmq *q, struct shmq_dump_line *dump)
{
    dump->roles = (handle_has_holder(q, SHMQ_ROLE_CONSUMER) ? SHMQ_DUMP_CONSUMER : 0) |
                  (handle_has_holder(q, SHMQ_ROLE_REPORTER) ? SHMQ_DUMP_REPORTER : 0);
    for (uint32_t i = 0; i < q->geometry.lane_count; i++) {
        if (handle_has_holder(q, SHMQ_ROLE_LANE + i))
            dump->lanes[i / 64] |= UINT64_C(1) << i % 64;
    }
}

/* Returns how many lanes could not be copied. */
static int fill(const struct shmq *q, uint8_t *image, const void *note, size_t note_size)
{
    struct shmq_header *header = (struct shmq_header *)(void *)image;
    int lost = 0;

    copy_words(image, q->mapping, q->geometry.rings_offset);
    header->identity = q->identity;
    header->identity.features_compatible |= SHMQ_FEATURE_DUMP;
    header->consumer.bell = 0;
    header->name = (struct shmq_name_line){.removed = handle_is_removed(q)};
    header->dump = (struct shmq_dump_line){.at_ns = (uint64_t)port_clock_real_ns(), .note_size = note_size};
    copy_status(q, &header->status);
    fill_roles(q, &header->dump);
    for (uint32_t i = 0; i < q->geometry.lane_count; i++) {
        struct shmq_lane *lane = layout_lane(image, &q->geometry, i);
        bool copied = false;

        for (int k = 0; k < TRIES_MAX && !copied; k++)
            copied = copy_lane(q, i, lane, layout_ring(image, &q->geometry, i));
        if (!copied)
            empty(lane, q->geometry.capacity);
        lost += !copied;
    }
    if (note_size != 0)
        memcpy(image + q->geometry.mapping_size, note, note_size);
    return lost;
}

int shmq_dump(struct shmq *q, const char *path, const void *note, size_t note_size)
{
    const struct port_permissions permissions = {.mode = 0600};
    struct port_place place;
    port_file file;
    void *image;

    if (q->role == HANDLE_OF_PARENT)
        return -ECHILD;
    uint64_t size = q->geometry.mapping_size + note_size;
    int rc = port_shm_path(path, &place);

    if (rc == 0)
        rc = port_shm_create(&place, size, &permissions, false, &file);
    if (rc != 0)
        return rc;
    rc = port_shm_map(file, PORT_READ_WRITE, 0, (size_t)size, &image);
    if (rc == 0) {
        int lost = fill(q, image, note, note_size);

        rc = port_shm_unmap(image, (size_t)size);
        if (rc == 0)
            rc = port_shm_publish(file, &place);
        if (rc == 0)
            rc = lost;
    }
    port_shm_close(file);
    return rc;
}

int shmq_dump_note(struct shmq *q, const void **note, size_t *note_size)
{
    if (q->role == HANDLE_OF_PARENT)
        return -ECHILD;
    if (!handle_is_dump(q))
        return -ENOENT;
    uint64_t size = atomic_load_u64(&handle_header(q)->dump.note_size);

    if (size > q->mapped_size - q->geometry.mapping_size)
        return -EBADMSG;
    *note = q->mapping + q->geometry.mapping_size;
    *note_size = (size_t)size;
    return 0;
}
