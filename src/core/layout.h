/*
 * Where things are in a mapping: computed when it is created, checked when it is opened
 *
 * A geometry is copied out of the mapping once, validated as a copy, and kept in the handle. Nothing reads these
 * fields in the mapping again, so nobody can change them under us.
 */
#ifndef SHMQ_CORE_LAYOUT_H
#define SHMQ_CORE_LAYOUT_H

#include <shmq/layout.h>
#include <stdint.h>

struct layout_geometry {
    uint64_t mapping_size;
    uint64_t capacity;
    uint64_t lanes_offset;
    uint64_t rings_offset;
    uint64_t schemas_size;
    uint64_t blobs_offset; /* 0: none */
    uint32_t blob_count;   /* of a lane */
    uint32_t lane_count;
};

/* What it is to be, who created it and when: what core/ does not know. */
struct layout_creator {
    uint32_t features_incompatible;
    uint32_t features_compatible;
    uint8_t id[16];
    int64_t created_ns;
    uint32_t pid;
    uint32_t uid;
    uint32_t library_version;
};

/* -EINVAL: capacity or lane_count out of range. Capacity is rounded up to a power of two. */
int layout_plan(uint64_t capacity, uint32_t lane_count, struct layout_geometry *geometry);

/* Make room for `size` bytes of schemas, rounded up to pages, in a plan that has none. */
void layout_add_schemas(struct layout_geometry *geometry, uint64_t size);

/* Make room for tables of so many blobs, at most SHMQ_BLOBS_MAX a lane, in a plan that has none. */
void layout_add_blobs(struct layout_geometry *geometry, uint32_t blob_count);

/* Write the header into memory of at least mapping_size bytes that is all zero. */
void layout_write(void *mapping, const struct layout_geometry *geometry, const struct layout_creator *creator);

/*
 * Read it out of a mapping of which `size` bytes exist.
 *
 * -EPROTO   not a queue, another byte order, another format, or incompatible features
 * -EBADMSG  a queue, but its numbers do not fit together or into `size`
 */
int layout_read(const void *mapping, uint64_t size, struct layout_geometry *geometry, struct shmq_identity *identity);

static inline struct shmq_lane *layout_lane(void *mapping, const struct layout_geometry *geometry, uint32_t lane)
{
    return (struct shmq_lane *)((uint8_t *)mapping + geometry->lanes_offset) + lane;
}

static inline uint8_t *layout_schemas(void *mapping)
{
    return (uint8_t *)mapping + sizeof(struct shmq_header);
}

static inline struct shmq_blob_slot *layout_blobs(void *mapping, const struct layout_geometry *geometry,
                                                  uint32_t lane)
{
    return (struct shmq_blob_slot *)(void *)((uint8_t *)mapping + geometry->blobs_offset) +
           (size_t)geometry->blob_count * lane;
}

static inline uint8_t *layout_ring(void *mapping, const struct layout_geometry *geometry, uint32_t lane)
{
    return (uint8_t *)mapping + geometry->rings_offset + geometry->capacity * lane;
}

#endif
