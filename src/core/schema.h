/*
 * What records look like: written when a queue is created, read out of a mapping, checked against records
 *
 *     struct shmq_sm  --encode-->  bytes in the mapping  --read-->  a table  --check-->  records
 *     (of a program)                                        ^--compare-- struct shmq_sm
 *
 * A table is a copy: the bytes are copied out of the mapping once, and all that is said of them is said of the copy. A
 * type nests only types in front of it, so every walk ends; and each field takes at least one byte of its record, so a
 * walk is never longer than the record.
 */
#ifndef SHMQ_CORE_SCHEMA_H
#define SHMQ_CORE_SCHEMA_H

#include <shmq/layout.h>
#include <shmq/sm_macros.h>
#include <stdbool.h>
#include <stdint.h>

#define SCHEMA_BYTES_MAX                                                                                             \
    (sizeof(struct shmq_schemas_head) + SHMQ_SCHEMAS_MAX * sizeof(struct shmq_schema_entry) +                        \
     SHMQ_FIELDS_MAX * sizeof(struct shmq_field_entry))

/* Types in types in types. */
#define SCHEMA_DEPTH_MAX 16

/* What the fixed part of a record may take. */
#define SCHEMA_SIZE_MAX (UINT32_C(1) << 30)

struct schema_field {
    const char *name;
    uint32_t offset;
    uint32_t count;
    uint32_t element; /* bytes of one element */
    uint16_t kind;
    uint16_t shape;
    uint32_t nested;
};

struct schema_type {
    const char *name;
    const struct schema_field *fields;
    const uint16_t *checks; /* indexes of the fields that not every value is good for */
    uint32_t field_count;
    uint32_t check_count;
    uint32_t version;
    uint32_t size;
    uint32_t align;
    uint32_t depth;
    uint16_t record_type;
    bool has_blobs;
    bool has_spans;
    uint64_t span_room; /* bytes that all its spans can take */
};

struct schema_table {
    uint32_t count;
    uint32_t field_count;
    uint32_t check_count;
    bool has_blobs;
    struct schema_type types[SHMQ_SCHEMAS_MAX];
    struct schema_field fields[SHMQ_FIELDS_MAX];
    uint16_t checks[SHMQ_FIELDS_MAX];
    uint64_t bytes[SCHEMA_BYTES_MAX / sizeof(uint64_t)];
};

/* Why a program's type is not that of a queue. */
enum schema_difference_kind {
    SCHEMA_SAME = 0,
    SCHEMA_UNKNOWN, /* no type of this name has records */
    SCHEMA_VERSION,
    SCHEMA_FIELDS, /* `field` is the first of the program's fields that differs; NULL: the queue's type has more */
};

struct schema_difference {
    enum schema_difference_kind kind;
    const char *type; /* the one that differs: this one, or one nested in it */
    const char *field;
    uint32_t in_queue; /* versions */
    uint32_t in_program;
};

/*
 * Write the description of `count` types, and of all that are nested in them. `bytes`: SCHEMA_BYTES_MAX of them.
 * -EINVAL: one is not well made, two have one name, there are too many of them or of their fields.
 */
int schema_encode(const struct shmq_sm *const *types, uint32_t count, void *bytes, uint32_t *size);

/* Copy and check what lies in `size` bytes of a mapping, 8-byte aligned. -EBADMSG, and the table is not to be used. */
int schema_read(struct schema_table *table, const void *mapped, uint64_t size);

/* The index of the program's type in the table, or -EPROTO and why. */
int schema_match(const struct schema_table *table, const struct shmq_sm *type, struct schema_difference *difference);

/* The index of the type of such records, or -ENOENT. */
int schema_find(const struct schema_table *table, uint32_t record_type);

/* Is the record, 8-byte aligned, what its type says? */
bool schema_is_sound(const struct schema_table *table, uint32_t index, const void *record, size_t size);

/* The same of one span: where its data is. Each of its words is loaded once. */
bool schema_span(const struct schema_field *field, const struct shmq_sm_span *span, uint32_t fixed,
                 const void *record, size_t size, const uint8_t **data, uint32_t *data_size);

/* The field of this kind or shape at an offset of the record, also inside of nested types; NULL: there is none. */
const struct schema_field *schema_field_at(const struct schema_table *table, uint32_t index, uint64_t offset);

#endif
