#include "sink.h"

#include <stdlib.h>
#include <xxhash.h>

/* The library has faster versions for newer processors, but only for x86 does it choose among them. */
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif

struct sink *sink_open(void)
{
    struct sink *sink = calloc(1, sizeof *sink);

    if (sink == NULL)
        return NULL;
    sink->content = XXH3_createState();
    sink->borders = XXH3_createState();
    if (sink->content == NULL || sink->borders == NULL) {
        sink_close(sink);
        return NULL;
    }
    sink_reset(sink);
    return sink;
}

void sink_close(struct sink *sink)
{
    if (sink == NULL)
        return;
    XXH3_freeState(sink->content);
    XXH3_freeState(sink->borders);
    free(sink);
}

void sink_reset(struct sink *sink)
{
    sink->fill = 0;
    sink->fill_records = 0;
    sink->size = 0;
    sink->count = 0;
    XXH3_64bits_reset(sink->content);
    XXH3_64bits_reset(sink->borders);
}

void sink_drain(struct sink *sink)
{
    XXH3_64bits_update(sink->content, sink->window, sink->fill);
    XXH3_64bits_update(sink->borders, sink->sizes, sink->fill_records * sizeof *sink->sizes);
    sink->size += sink->fill;
    sink->count += sink->fill_records;
    sink->fill = 0;
    sink->fill_records = 0;
}

static uint64_t both(uint64_t content, uint64_t borders)
{
    const uint64_t halves[2] = {content, borders};

    return XXH3_64bits(halves, sizeof halves);
}

uint64_t sink_digest(const struct sink *sink)
{
    return both(XXH3_64bits_digest(sink->content), XXH3_64bits_digest(sink->borders));
}

uint64_t sink_digest_of(const struct data_records *records)
{
    return both(XXH3_64bits(records->bytes, records->size),
                XXH3_64bits(records->sizes, records->count * sizeof *records->sizes));
}
