/*
 * What the records of a queue look like
 *
 * A queue that was created with types (sm.h) describes them itself, so that whoever never saw them can go through their
 * fields, and print a record:
 *
 *     {"id":7,"price":99.5,"symbol":"ACME","note":"a3f0","image":{"blob":1,"size":1048576}}
 *
 * or, for people and for grep, a line for each field:
 *
 *     id=7
 *     price=99.5
 *     symbol="ACME"
 *     legs[0].x=17
 *
 * A type is known by its index, 0 .. shmq_schema_count() - 1; a nested type has a lower one than those it is nested in.
 *
 * The schemas are copied out of the mapping when a handle first needs them, and checked as a copy. A record is checked
 * too before anything of it is shown; one in place is shared with its producer, which can change it meanwhile: that may
 * show wrong values, and never anything from outside of the record.
 */
#ifndef SHMQ_SCHEMA_H
#define SHMQ_SCHEMA_H

#include <shmq/consumer.h>
#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/** What a field, or each element of it, is. */
enum shmq_field_kind {
    SHMQ_FIELD_U8 = 1,
    SHMQ_FIELD_U16 = 2,
    SHMQ_FIELD_U32 = 3,
    SHMQ_FIELD_U64 = 4,
    SHMQ_FIELD_I8 = 5,
    SHMQ_FIELD_I16 = 6,
    SHMQ_FIELD_I32 = 7,
    SHMQ_FIELD_I64 = 8,
    SHMQ_FIELD_F32 = 9,
    SHMQ_FIELD_F64 = 10,
    SHMQ_FIELD_BOOL = 11,   /* one byte, 0 or 1 */
    SHMQ_FIELD_TEXT = 12,   /* a character; UTF-8; an array of them ends with a NUL, and so does a span */
    SHMQ_FIELD_BYTE = 13,   /* of no meaning to anybody but the application */
    SHMQ_FIELD_NESTED = 14, /* another type */
    SHMQ_FIELD_BLOB = 15,   /* struct shmq_sm_blob: a memory of its own */
};

/** How many of them. */
enum shmq_field_shape {
    SHMQ_SHAPE_ONE = 1,
    SHMQ_SHAPE_ARRAY = 2, /* `count`, one behind the other */
    SHMQ_SHAPE_SPAN = 3,  /* struct shmq_sm_span: up to `count`, behind the fixed part of the record */
};

/** A type. Its strings live as long as the handle. */
struct shmq_schema {
    size_t struct_size;   /* sizeof(struct shmq_schema), set by the caller */
    const char *name;     /* a C identifier */
    uint32_t version;     /* the application's */
    uint32_t size;        /* bytes of the fixed part */
    uint32_t field_count; /* 1 or more */
    uint32_t record_type; /* of its records; 0: it is only nested in others */
};

/** A field of a type. */
struct shmq_field {
    size_t struct_size; /* sizeof(struct shmq_field), set by the caller */
    const char *name;   /* a C identifier */
    uint32_t kind;      /* enum shmq_field_kind */
    uint32_t shape;     /* enum shmq_field_shape */
    uint32_t offset;    /* bytes, in the type's fixed part */
    uint32_t count;     /* of elements: SHMQ_SHAPE_ARRAY so many, SHMQ_SHAPE_SPAN at most so many, else 1 */
    uint32_t nested;    /* index of the type, where the kind is SHMQ_FIELD_NESTED */
};

/**
 * How many types there are.
 *
 * @return the count (0: it was created without any), or
 *   -EBADMSG  the schemas are damaged
 *   -ECHILD   the handle is of the process that this one was forked from
 *   -ENOMEM
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API int shmq_schema_count(struct shmq *q);

/**
 * Describe a type, or a field of it.
 *
 * @return 0, or
 *   -ERANGE  there is none with this index
 *   -EINVAL  struct_size is not one of this library
 *   as shmq_schema_count
 *
 * Threads, Since: as shmq_schema_count
 */
SHMQ_API int shmq_schema_get(struct shmq *q, uint32_t index, struct shmq_schema *schema);
SHMQ_API int shmq_schema_field(struct shmq *q, uint32_t index, uint32_t field_index, struct shmq_field *field);

/**
 * Find the type of a record.
 *
 * @param record_type  [in]  as in struct shmq_message
 *
 * @return its index, or
 *   -ENOENT  the queue has no type for such records
 *   as shmq_schema_count
 *
 * Threads, Since: as shmq_schema_count
 */
SHMQ_API int shmq_schema_find(struct shmq *q, uint32_t record_type);

/**
 * Print a record in JSON, on one line, without a line feed: the fields in their order; text as a string, with the
 * replacement character for what is no UTF-8; bytes as a string of hexadecimal digits; a number that is no number, or
 * infinite, as "nan", "inf", "-inf"; a blob as {"blob": its place, "size": bytes}, or null.
 *
 * @param q        [in]
 * @param message  [in]  as peeked or received
 * @param write    [in]  gets the text piece by piece; another value than 0 ends it and is returned
 * @param arg      [in]  for write
 *
 * @return 0, what write returned, or
 *   -ENOENT   the queue has no type for such records; nothing was written
 *   -EBADMSG  the record is not what its type says; nothing was written
 *   -EINVAL   its data is not 8-byte aligned (a buffer of recv)
 *   as shmq_schema_count
 *
 * Threads, Since: as shmq_schema_count
 */
SHMQ_API int shmq_schema_format(struct shmq *q, const struct shmq_message *message,
                                int (*write)(void *arg, const char *text, size_t size), void *arg);

/**
 * Print a record as lines of PATH=VALUE, each with its line feed: the fields in their order, those of nested types by
 * their path, such as legs[0].x; values as in JSON, which a line feed in a text does not break.
 *
 * @return, Threads, Since: as shmq_schema_format
 */
SHMQ_API int shmq_schema_list(struct shmq *q, const struct shmq_message *message,
                              int (*write)(void *arg, const char *text, size_t size), void *arg);

#ifdef __cplusplus
}
#endif
#endif
