/* What a handle knows of types: the queue's, and which of them are the program's. */
#ifndef SHMQ_API_TYPED_H
#define SHMQ_API_TYPED_H

#include "core/schema.h"

#include <shmq/consumer.h>

/* A program has one description of a type for each source file that declares it. */
#define TYPED_BOUND_MAX 64

struct typed_bound {
    const struct shmq_sm *sm;
    uint32_t index;
};

/* No lane has room for so much, and no sound record has such a header: there is more to do than the fast paths do. */
#define TYPED_SLOWLY UINT64_MAX

/* The slot that is reserved, besides what the lane knows of it. */
struct typed_slot {
    uint32_t used;  /* bytes, so far */
    uint16_t type;  /* of the record */
    uint16_t index; /* of its type in the table */
};

/* The type of the last reserve, and all that the fast paths need of it: kept in the handle. */
struct typed_send {
    const struct shmq_sm *sm;
    uint64_t size; /* of its slots, or TYPED_SLOWLY */
    struct typed_slot slot;
};

#define TYPED_SEND_NONE ((struct typed_send){.size = TYPED_SLOWLY, .slot = {.used = UINT32_MAX}})

/* The type of the last peek, likewise. */
struct typed_take {
    const struct shmq_sm *sm;
    uint64_t header; /* of its records, or TYPED_SLOWLY */
    uint32_t check_count;
    const struct typed_check *checks;
};

#define TYPED_TAKE_NONE ((struct typed_take){.header = TYPED_SLOWLY})

/* Of a type without spans and blobs: a byte of the record that is not above this. */
struct typed_check {
    uint32_t offset;
    uint32_t most;
};

#define TYPED_CHECKS_MAX 16

struct typed {
    bool blobs_pending; /* a record was reserved, and has some */
    struct typed_check checks[TYPED_CHECKS_MAX];
    struct typed_bound bound[TYPED_BOUND_MAX];
    uint32_t bound_count; /* ever */
    struct schema_table table;
};

/* The handle's, made when it is first asked for. -EBADMSG, -ECHILD, -ENOMEM */
int typed_get(struct shmq *q, struct typed **typed);

/* The reserved slot's payload, or NULL. */
uint8_t *typed_slot_record(const struct shmq *q);

/* The field of the reserved slot that lies at this address, or NULL. */
const struct schema_field *typed_slot_field(const struct shmq *q, const void *address);

/* The index of the program's type in the table. -EPROTO, -EINVAL, or as above. */
int typed_bind(struct shmq *q, const struct shmq_sm *sm);

/* Make it the type of the last peek. */
void typed_take(struct shmq *q, const struct shmq_sm *sm, uint32_t index);

#endif
