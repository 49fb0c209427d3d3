/*
 * Where the receiver puts what it receives
 *
 *     window:  | record | record | record ...        |  at 64 KiB: into the digest, and from the start again
 *
 * The digest covers all bytes and where each record ends. It is part of what is timed, for all transports alike; the
 * window stays in the cache, so that main memory is not what is measured.
 */
#ifndef DEMO_SINK_H
#define DEMO_SINK_H

#include "data.h"

#define SINK_BYTES ((size_t)DATA_RECORD_MAX)
#define SINK_RECORDS 4096

struct sink {
    size_t fill;
    size_t fill_records;
    uint64_t size;  /* bytes that went into the digest */
    uint64_t count; /* records that did */
    void *content;  /* states of the digest */
    void *borders;
    uint32_t sizes[SINK_RECORDS];
    uint8_t window[SINK_BYTES + DATA_RECORD_MAX];
};

/* NULL: out of memory. */
struct sink *sink_open(void);
void sink_close(struct sink *sink);

/* Begin anew. */
void sink_reset(struct sink *sink);

/* Take what is there into the digest. */
void sink_drain(struct sink *sink);

/* What all of it is, after sink_drain: the same number as sink_digest_of the same records. */
uint64_t sink_digest(const struct sink *sink);
uint64_t sink_digest_of(const struct data_records *records);

/* Room for one record of up to DATA_RECORD_MAX bytes. */
static inline uint8_t *sink_room(struct sink *sink)
{
    return sink->window + sink->fill;
}

/* A record of this size has been put there. */
static inline void sink_take(struct sink *sink, uint32_t size)
{
    sink->fill += size;
    sink->sizes[sink->fill_records++] = size;
    if (sink->fill >= SINK_BYTES || sink->fill_records == SINK_RECORDS)
        sink_drain(sink);
}

#endif
