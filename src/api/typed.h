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

/* The slot that is reserved. */
struct typed_slot {
    uint8_t *record; /* NULL: there is none */
    uint32_t index;  /* of its type */
    size_t used;     /* bytes, so far */
    size_t size;     /* bytes, reserved */
};

struct typed {
    const struct shmq_sm *last; /* the one used last, and what a send and a receive of it need */
    uint32_t last_index;
    uint32_t last_size;
    uint64_t last_room;
    uint16_t last_type;
    bool last_is_plain; /* any bytes of the right number are a record */
    struct typed_slot slot;
    struct typed_bound bound[TYPED_BOUND_MAX];
    uint32_t bound_count; /* ever */
    struct schema_table table;
};

/* The handle's, made when it is first asked for. -EBADMSG, -ECHILD, -ENOMEM */
int typed_get(struct shmq *q, struct typed **typed);

/* Make it the last one used. -EPROTO, -EINVAL, or as above. */
int typed_bind(struct shmq *q, const struct shmq_sm *sm, struct typed **typed);

#endif
