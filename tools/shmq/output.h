/*
 * Records on their way to standard output
 *
 * A batch of records that were peeked is written with few calls; and when writing fails in the middle of it, it is
 * known which records are out as a whole, so that just these are released.
 */
#ifndef SHMQ_OUTPUT_H
#define SHMQ_OUTPUT_H

#include <shmq/shmq.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OUTPUT_RECORDS_MAX = 16384, OUTPUT_BUFFER_SIZE = 256 * 1024 };

struct output_entry {
    uint64_t ticket;
    uint64_t end; /* bytes of the batch up to and with this record */
    uint16_t lane;
};

struct output {
    int descriptor;
    int error; /* 0, or what ended the writing: -EINTR for a signal, or an errno; all that follows does nothing */
    char *buffer;
    size_t fill;
    struct output_entry *entries; /* the batch */
    size_t count;
    uint64_t size;    /* bytes of the batch */
    uint64_t written; /* bytes of the batch that are out */
};

bool output_start(struct output *output, int descriptor);
void output_free(struct output *output);

/** Add a record: all that is to be written for it, in order. Large parts may be written at once. */
void output_add(struct output *output, const struct shmq_message *message, const struct shmq_span *parts,
                size_t count);
bool output_full(const struct output *output, uint64_t size_max);

/** Write what is left of the batch. Returns error. */
int output_flush(struct output *output);

/** How many records of the batch are out as a whole; for a flushed batch without error all are. */
size_t output_whole(const struct output *output);

/** Begin the next batch. */
void output_next(struct output *output);

#endif
