/* Sending: from files to the queue, record by record. */
#ifndef SHMQ_TOOL_SENDER_H
#define SHMQ_TOOL_SENDER_H

#include "attach.h"
#include "framing.h"
#include "input.h"
#include "progress.h"

#include <stdint.h>

struct sender {
    struct attachment at;
    uint32_t policy; /* enum shmq_policy */
    enum framing framing;
    size_t chunk_size;
    int type; /* -1: what the framing says */
    int64_t timeout_ns;
    struct input input;
    uint64_t line; /* records of this file so far */
    uint64_t bytes_read;
    uint64_t dropped;    /* records, of all files */
    uint64_t death_told; /* which consumer it was, as consumer_count has it */
    struct progress progress;
};

/**
 * Send the file that input has open, up to its end.
 *
 * @return 0, -EAGAIN full, -ETIMEDOUT it stayed full, -EOWNERDEAD it stayed full because the consumer died, -EMSGSIZE
 * and -ENODATA of the record behind line, -EINTR for a signal that ends a program, or another error
 */
int sender_send(struct sender *s);

/** Called by the input while there is nothing to read. */
void sender_idle(void *arg);

/** Take the progress off the screen. */
void sender_progress_end(struct sender *s);

#endif
