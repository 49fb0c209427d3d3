#include "core/layout.h"

#include "base/atomic.h"
#include "base/bits.h"

#include <errno.h>
#include <shmq/queue.h>
#include <stdbool.h>
#include <string.h>

static const uint8_t magic[8] = SHMQ_MAGIC;

int layout_plan(uint64_t capacity, uint32_t lane_count, struct layout_geometry *geometry)
{
    if (capacity < SHMQ_CAPACITY_MIN || capacity > SHMQ_CAPACITY_MAX || lane_count < 1 || lane_count > SHMQ_LANES_MAX)
        return -EINVAL;
    uint64_t rounded = bits_round_up_to_power_of_two(capacity);
    uint64_t lanes_offset = sizeof(struct shmq_header);
    uint64_t rings_offset = bits_align_up(lanes_offset + lane_count * sizeof(struct shmq_lane), SHMQ_PAGE);

    *geometry = (struct layout_geometry){
        .mapping_size = rings_offset + lane_count * rounded,
        .capacity = rounded,
        .lanes_offset = lanes_offset,
        .rings_offset = rings_offset,
        .lane_count = lane_count,
    };
    return 0;
}

void layout_add_schemas(struct layout_geometry *geometry, uint64_t size)
{
    uint64_t pages = bits_align_up(size, SHMQ_PAGE);

    geometry->schemas_size = pages;
    geometry->lanes_offset += pages;
    geometry->rings_offset += pages;
    geometry->mapping_size += pages;
}

void layout_add_blobs(struct layout_geometry *geometry, uint32_t blob_count)
{
    uint64_t lanes_end = geometry->lanes_offset + geometry->lane_count * sizeof(struct shmq_lane);
    uint64_t tables = (uint64_t)geometry->lane_count * blob_count * sizeof(struct shmq_blob_slot);
    uint64_t rings_offset = bits_align_up(lanes_end + tables, SHMQ_PAGE);

    geometry->blob_count = blob_count;
    geometry->blobs_offset = blob_count != 0 ? lanes_end : 0;
    geometry->mapping_size += rings_offset - geometry->rings_offset;
    geometry->rings_offset = rings_offset;
}

void layout_write(void *mapping, const struct layout_geometry *geometry, const struct layout_creator *creator)
{
    struct shmq_identity identity = {
        .byte_order = SHMQ_BYTE_ORDER,
        .format = SHMQ_FORMAT,
        .features_incompatible = creator->features_incompatible,
        .features_compatible = creator->features_compatible,
        .lane_count = geometry->lane_count,
        .lane_size = sizeof(struct shmq_lane),
        .mapping_size = geometry->mapping_size,
        .capacity = geometry->capacity,
        .lanes_offset = geometry->lanes_offset,
        .rings_offset = geometry->rings_offset,
        .schemas_offset = sizeof(struct shmq_header),
        .schemas_size = geometry->schemas_size,
        .created_ns = creator->created_ns,
        .creator_pid = creator->pid,
        .creator_uid = creator->uid,
        .library_version = creator->library_version,
        .blob_count = geometry->blob_count,
        .blobs_offset = geometry->blobs_offset,
    };

    memcpy(identity.magic, magic, sizeof magic);
    memcpy(identity.id, creator->id, sizeof identity.id);
    memcpy(mapping, &identity, sizeof identity);
}

/* Word by word through the facade, so that nothing is loaded twice and a fuzzer can answer each load. */
static void copy_identity(struct shmq_identity *copy, const void *mapping)
{
    const uint64_t *from = mapping;
    uint64_t words[sizeof *copy / sizeof(uint64_t)];

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        words[i] = atomic_load_u64(from + i);
    memcpy(copy, words, sizeof words);
}

/* Not both of them: a record has one number. */
static bool features_are_known(uint32_t incompatible)
{
    return incompatible == 0 || incompatible == SHMQ_FEATURE_TOTAL_ORDER || incompatible == SHMQ_FEATURE_RECORDER;
}

static bool numbers_fit(const struct shmq_identity *identity, uint64_t size)
{
    struct layout_geometry planned;

    /* With the ranges of these three checked no sum below can overflow. */
    if (!bits_is_power_of_two(identity->capacity) || identity->schemas_size > (UINT64_C(1) << 40) ||
        identity->blob_count > SHMQ_BLOBS_MAX || layout_plan(identity->capacity, identity->lane_count, &planned) != 0)
        return false;
    layout_add_schemas(&planned, identity->schemas_size);
    layout_add_blobs(&planned, identity->blob_count);
    return identity->schemas_size == planned.schemas_size && identity->blobs_offset == planned.blobs_offset &&
           identity->lane_size == sizeof(struct shmq_lane) &&
           identity->schemas_offset == sizeof(struct shmq_header) && identity->lanes_offset == planned.lanes_offset &&
           identity->rings_offset == planned.rings_offset && identity->mapping_size == planned.mapping_size &&
           identity->mapping_size <= size;
}

int layout_read(const void *mapping, uint64_t size, struct layout_geometry *geometry, struct shmq_identity *identity)
{
    struct shmq_identity copy;

    if (size < sizeof copy)
        return -EPROTO;
    copy_identity(&copy, mapping);
    if (memcmp(copy.magic, magic, sizeof magic) != 0 || copy.byte_order != SHMQ_BYTE_ORDER ||
        copy.format != SHMQ_FORMAT || !features_are_known(copy.features_incompatible))
        return -EPROTO;
    if (!numbers_fit(&copy, size))
        return -EBADMSG;
    *geometry = (struct layout_geometry){
        .mapping_size = copy.mapping_size,
        .capacity = copy.capacity,
        .lanes_offset = copy.lanes_offset,
        .rings_offset = copy.rings_offset,
        .schemas_size = copy.schemas_size,
        .blobs_offset = copy.blobs_offset,
        .blob_count = copy.blob_count,
        .lane_count = copy.lane_count,
    };
    *identity = copy;
    return 0;
}
