/* What a record of a stream holds: it follows from the stream, the number and the size. */
#ifndef SHMQ_TESTS_RECORD_H
#define SHMQ_TESTS_RECORD_H

#include <shmq/shmq.h>
#include <stdbool.h>
#include <stdint.h>

/* Its first bytes. */
struct record {
    uint32_t stream;
    uint32_t number;
    uint32_t size;
};

/* So many records of a stream, one after the other, are of one type: they can be sent and received together. */
#define RECORD_RUN 4u

uint16_t record_type(uint32_t stream, uint32_t number);
void record_fill(void *to, uint32_t stream, uint32_t number, uint32_t size);

/* Is all of it as it was sent? `record` is what it says of itself, as far as it says anything. */
bool record_is_whole(const struct shmq_message *message, struct record *record);

#endif
