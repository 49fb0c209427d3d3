/* The header of a mapping: what is accepted fits. */
#include "core.h"
#include "core/layout.h"

#include <shmq/queue.h>
#include <stdlib.h>
#include <string.h>

/* A header that is accepted describes a mapping that is there, whatever its words were when they were loaded. */
static void run(struct script *script, struct shmq_identity *identity)
{
    struct layout_geometry geometry;
    struct shmq_identity copy;
    struct layout_creator creator = {.features_incompatible = script_u8(script) % 4};
    uint32_t lanes = script_u8(script);

    if (layout_plan(SHMQ_CAPACITY_MIN << script_u8(script) % 28, lanes + 1, &geometry) != 0)
        return;
    uint64_t *words = (uint64_t *)(void *)identity;

    if (script_u8(script) % 2 == 1)
        layout_add_schemas(&geometry, script_u16(script) * UINT64_C(64));
    layout_add_blobs(&geometry, script_u16(script) % (SHMQ_BLOBS_MAX + 1));
    uint64_t size = geometry.mapping_size;

    memset(identity, 0, sizeof *identity);
    layout_write(identity, &geometry, &creator);
    if (script_u8(script) % 4 == 0)
        size = adversary_value(script, size, NULL);
    while (script->at < script->end) {
        uint64_t *word = words + script_u8(script) % 16;

        *word = adversary_value(script, *word, word);
    }
    adversary_allow("layout_read",
                    2 * sizeof *identity / 8); /* a word that is loaded twice is found by what it says */
    if (layout_read(identity, size, &geometry, &copy) != 0)
        return;
    unsigned __int128 ring_bytes = (unsigned __int128)geometry.capacity * geometry.lane_count;

    must(geometry.mapping_size <= size && geometry.lane_count >= 1 && geometry.lane_count <= SHMQ_LANES_MAX);
    must(geometry.capacity >= SHMQ_CAPACITY_MIN && (geometry.capacity & (geometry.capacity - 1)) == 0);
    must(geometry.lanes_offset >= sizeof(struct shmq_header) && geometry.lanes_offset % SHMQ_LINE == 0);
    must(geometry.lanes_offset < size && geometry.rings_offset < size && geometry.rings_offset % SHMQ_PAGE == 0);
    must(geometry.lanes_offset + geometry.lane_count * sizeof(struct shmq_lane) <= geometry.rings_offset);
    must(geometry.rings_offset + ring_bytes <= size);
    must(geometry.blobs_offset + geometry.lane_count * geometry.blob_count * sizeof(struct shmq_blob_slot) <=
         geometry.rings_offset);
    must(geometry.schemas_size <= geometry.lanes_offset - sizeof(struct shmq_header));
    must(copy.capacity == geometry.capacity && copy.lane_count == geometry.lane_count);
}

void core_layout_run(struct script *script)
{
    struct shmq_identity *identity = aligned_alloc(SHMQ_LINE, sizeof *identity);

    adversary_share(identity, sizeof *identity);
    run(script, identity);
    adversary_unshare(identity);
    free(identity);
}
