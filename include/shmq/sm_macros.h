/*
 * What SHMQ_SM is made of; sm.h tells how to use it
 *
 * Each SHMQ_SM_MEMBER_kind makes a member of the structure, SHMQ_SM_FIELD_kind its description, SHMQ_SM_FACT_kind a
 * check that the compiler has put it where layout.h says. For that, an enumeration counts: the value behind each field is
 * that of the next byte, so the offsets are computed without asking the compiler for one.
 */
#ifndef SHMQ_SM_MACROS_H
#define SHMQ_SM_MACROS_H

#include <shmq/await.h>
#include <shmq/layout.h>
#include <shmq/producer.h>
#include <shmq/schema.h>
#include <shmq/wait.h>
#include <string.h>

/* The description of a field, and of a type. Made by SHMQ_SM; the library computes where the fields are. */
struct shmq_sm;

struct shmq_sm_field {
    const char *name;
    uint16_t kind;
    uint16_t shape;
    uint32_t count;
    const struct shmq_sm *nested;
};

struct shmq_sm {
    uint32_t format; /* SHMQ_SM_FORMAT */
    uint32_t version;
    uint32_t size;
    uint32_t field_count;
    const char *name;
    const struct shmq_sm_field *fields;
};

#define SHMQ_SM_FORMAT 1

#if defined(__cplusplus)
#define SHMQ_SM_ALIGNAS(n) alignas(n)
#define SHMQ_SM_ALIGNOF(type) alignof(type)
#else
#define SHMQ_SM_ALIGNAS(n) _Alignas(n)
#define SHMQ_SM_ALIGNOF(type) _Alignof(type)
#endif
#if defined(__GNUC__)
#define SHMQ_SM_UNUSED __attribute__((unused))
#else
#define SHMQ_SM_UNUSED
#endif

/* clang-format off */

/* The scalar kinds: C type, size in bytes, kind. <stdbool.h> makes _Bool of a bool that is an argument of an argument. */
#define SHMQ_SM_C_u8 uint8_t
#define SHMQ_SM_C_u16 uint16_t
#define SHMQ_SM_C_u32 uint32_t
#define SHMQ_SM_C_u64 uint64_t
#define SHMQ_SM_C_i8 int8_t
#define SHMQ_SM_C_i16 int16_t
#define SHMQ_SM_C_i32 int32_t
#define SHMQ_SM_C_i64 int64_t
#define SHMQ_SM_C_f32 float
#define SHMQ_SM_C_f64 double
#define SHMQ_SM_C_bool uint8_t
#define SHMQ_SM_C__Bool uint8_t

#define SHMQ_SM_SIZE_u8 1
#define SHMQ_SM_SIZE_u16 2
#define SHMQ_SM_SIZE_u32 4
#define SHMQ_SM_SIZE_u64 8
#define SHMQ_SM_SIZE_i8 1
#define SHMQ_SM_SIZE_i16 2
#define SHMQ_SM_SIZE_i32 4
#define SHMQ_SM_SIZE_i64 8
#define SHMQ_SM_SIZE_f32 4
#define SHMQ_SM_SIZE_f64 8
#define SHMQ_SM_SIZE_bool 1
#define SHMQ_SM_SIZE__Bool 1

#define SHMQ_SM_KIND_u8 SHMQ_FIELD_U8
#define SHMQ_SM_KIND_u16 SHMQ_FIELD_U16
#define SHMQ_SM_KIND_u32 SHMQ_FIELD_U32
#define SHMQ_SM_KIND_u64 SHMQ_FIELD_U64
#define SHMQ_SM_KIND_i8 SHMQ_FIELD_I8
#define SHMQ_SM_KIND_i16 SHMQ_FIELD_I16
#define SHMQ_SM_KIND_i32 SHMQ_FIELD_I32
#define SHMQ_SM_KIND_i64 SHMQ_FIELD_I64
#define SHMQ_SM_KIND_f32 SHMQ_FIELD_F32
#define SHMQ_SM_KIND_f64 SHMQ_FIELD_F64
#define SHMQ_SM_KIND_bool SHMQ_FIELD_BOOL
#define SHMQ_SM_KIND__Bool SHMQ_FIELD_BOOL

/* A member: its C type and alignment, its name, how many. */
#define SHMQ_SM_MEMBER(kind, ...) SHMQ_SM_MEMBER_##kind(__VA_ARGS__)
#define SHMQ_SM_MEMBER_NUMBER(kind, field) SHMQ_SM_ALIGNAS(SHMQ_SM_SIZE_##kind) SHMQ_SM_C_##kind field;
#define SHMQ_SM_MEMBER_u8(field) SHMQ_SM_MEMBER_NUMBER(u8, field)
#define SHMQ_SM_MEMBER_u16(field) SHMQ_SM_MEMBER_NUMBER(u16, field)
#define SHMQ_SM_MEMBER_u32(field) SHMQ_SM_MEMBER_NUMBER(u32, field)
#define SHMQ_SM_MEMBER_u64(field) SHMQ_SM_MEMBER_NUMBER(u64, field)
#define SHMQ_SM_MEMBER_i8(field) SHMQ_SM_MEMBER_NUMBER(i8, field)
#define SHMQ_SM_MEMBER_i16(field) SHMQ_SM_MEMBER_NUMBER(i16, field)
#define SHMQ_SM_MEMBER_i32(field) SHMQ_SM_MEMBER_NUMBER(i32, field)
#define SHMQ_SM_MEMBER_i64(field) SHMQ_SM_MEMBER_NUMBER(i64, field)
#define SHMQ_SM_MEMBER_f32(field) SHMQ_SM_MEMBER_NUMBER(f32, field)
#define SHMQ_SM_MEMBER_f64(field) SHMQ_SM_MEMBER_NUMBER(f64, field)
#define SHMQ_SM_MEMBER_bool(field) uint8_t field;
#define SHMQ_SM_MEMBER__Bool(field) uint8_t field;
#define SHMQ_SM_MEMBER_text(field, n) char field[n];
#define SHMQ_SM_MEMBER_array(field, kind, n) SHMQ_SM_ALIGNAS(SHMQ_SM_SIZE_##kind) SHMQ_SM_C_##kind field[n];
#define SHMQ_SM_MEMBER_nested(field, type) struct type field;
#define SHMQ_SM_MEMBER_nesteds(field, type, n) struct type field[n];
#define SHMQ_SM_MEMBER_span(field, n) SHMQ_SM_ALIGNAS(4) struct shmq_sm_span field;
#define SHMQ_SM_MEMBER_string(field, n) SHMQ_SM_ALIGNAS(4) struct shmq_sm_span field;
#define SHMQ_SM_MEMBER_list(field, kind, n) SHMQ_SM_ALIGNAS(4) struct shmq_sm_span field;
#define SHMQ_SM_MEMBER_blob(field) SHMQ_SM_ALIGNAS(8) struct shmq_sm_blob field;

/* Its description. */
#define SHMQ_SM_FIELD(kind, ...) SHMQ_SM_FIELD_##kind(__VA_ARGS__)
#define SHMQ_SM_FIELD_NUMBER(kind, field) {#field, SHMQ_SM_KIND_##kind, SHMQ_SHAPE_ONE, 1, NULL},
#define SHMQ_SM_FIELD_u8(field) SHMQ_SM_FIELD_NUMBER(u8, field)
#define SHMQ_SM_FIELD_u16(field) SHMQ_SM_FIELD_NUMBER(u16, field)
#define SHMQ_SM_FIELD_u32(field) SHMQ_SM_FIELD_NUMBER(u32, field)
#define SHMQ_SM_FIELD_u64(field) SHMQ_SM_FIELD_NUMBER(u64, field)
#define SHMQ_SM_FIELD_i8(field) SHMQ_SM_FIELD_NUMBER(i8, field)
#define SHMQ_SM_FIELD_i16(field) SHMQ_SM_FIELD_NUMBER(i16, field)
#define SHMQ_SM_FIELD_i32(field) SHMQ_SM_FIELD_NUMBER(i32, field)
#define SHMQ_SM_FIELD_i64(field) SHMQ_SM_FIELD_NUMBER(i64, field)
#define SHMQ_SM_FIELD_f32(field) SHMQ_SM_FIELD_NUMBER(f32, field)
#define SHMQ_SM_FIELD_f64(field) SHMQ_SM_FIELD_NUMBER(f64, field)
#define SHMQ_SM_FIELD_bool(field) {#field, SHMQ_FIELD_BOOL, SHMQ_SHAPE_ONE, 1, NULL},
#define SHMQ_SM_FIELD__Bool(field) {#field, SHMQ_FIELD_BOOL, SHMQ_SHAPE_ONE, 1, NULL},
#define SHMQ_SM_FIELD_text(field, n) {#field, SHMQ_FIELD_TEXT, SHMQ_SHAPE_ARRAY, n, NULL},
#define SHMQ_SM_FIELD_array(field, kind, n) {#field, SHMQ_SM_KIND_##kind, SHMQ_SHAPE_ARRAY, n, NULL},
#define SHMQ_SM_FIELD_nested(field, type) {#field, SHMQ_FIELD_NESTED, SHMQ_SHAPE_ONE, 1, &type##_sm},
#define SHMQ_SM_FIELD_nesteds(field, type, n) {#field, SHMQ_FIELD_NESTED, SHMQ_SHAPE_ARRAY, n, &type##_sm},
#define SHMQ_SM_FIELD_span(field, n) {#field, SHMQ_FIELD_BYTE, SHMQ_SHAPE_SPAN, n, NULL},
#define SHMQ_SM_FIELD_string(field, n) {#field, SHMQ_FIELD_TEXT, SHMQ_SHAPE_SPAN, n, NULL},
#define SHMQ_SM_FIELD_list(field, kind, n) {#field, SHMQ_SM_KIND_##kind, SHMQ_SHAPE_SPAN, n, NULL},
#define SHMQ_SM_FIELD_blob(field) {#field, SHMQ_FIELD_BLOB, SHMQ_SHAPE_ONE, 1, NULL},

/* Where it must be. `end` is the next value: that of the byte behind the field before. */
#define SHMQ_SM_FACT(kind, ...) SHMQ_SM_FACT_##kind(__VA_ARGS__)
#define SHMQ_SM_FACT_AT(field, align, bytes)                                                                         \
    shmq_end_##field, shmq_at_##field = ((int)shmq_end_##field + (int)(align) - 1) / (int)(align) * (int)(align),    \
    shmq_last_##field = (int)shmq_at_##field + (int)(bytes) - 1,
#define SHMQ_SM_FACT_NUMBER(kind, field) SHMQ_SM_FACT_AT(field, SHMQ_SM_SIZE_##kind, SHMQ_SM_SIZE_##kind)
#define SHMQ_SM_FACT_u8(field) SHMQ_SM_FACT_NUMBER(u8, field)
#define SHMQ_SM_FACT_u16(field) SHMQ_SM_FACT_NUMBER(u16, field)
#define SHMQ_SM_FACT_u32(field) SHMQ_SM_FACT_NUMBER(u32, field)
#define SHMQ_SM_FACT_u64(field) SHMQ_SM_FACT_NUMBER(u64, field)
#define SHMQ_SM_FACT_i8(field) SHMQ_SM_FACT_NUMBER(i8, field)
#define SHMQ_SM_FACT_i16(field) SHMQ_SM_FACT_NUMBER(i16, field)
#define SHMQ_SM_FACT_i32(field) SHMQ_SM_FACT_NUMBER(i32, field)
#define SHMQ_SM_FACT_i64(field) SHMQ_SM_FACT_NUMBER(i64, field)
#define SHMQ_SM_FACT_f32(field) SHMQ_SM_FACT_NUMBER(f32, field)
#define SHMQ_SM_FACT_f64(field) SHMQ_SM_FACT_NUMBER(f64, field)
#define SHMQ_SM_FACT_bool(field) SHMQ_SM_FACT_AT(field, 1, 1)
#define SHMQ_SM_FACT__Bool(field) SHMQ_SM_FACT_AT(field, 1, 1)
#define SHMQ_SM_FACT_text(field, n) SHMQ_SM_FACT_AT(field, 1, n)
#define SHMQ_SM_FACT_array(field, kind, n) SHMQ_SM_FACT_AT(field, SHMQ_SM_SIZE_##kind, SHMQ_SM_SIZE_##kind * (n))
#define SHMQ_SM_FACT_nested(field, type) SHMQ_SM_FACT_AT(field, SHMQ_SM_ALIGNOF(struct type), sizeof(struct type))
#define SHMQ_SM_FACT_nesteds(field, type, n)                                                                         \
    SHMQ_SM_FACT_AT(field, SHMQ_SM_ALIGNOF(struct type), sizeof(struct type) * (n))
#define SHMQ_SM_FACT_span(field, n) SHMQ_SM_FACT_AT(field, 4, 8)
#define SHMQ_SM_FACT_string(field, n) SHMQ_SM_FACT_AT(field, 4, 8)
#define SHMQ_SM_FACT_list(field, kind, n) SHMQ_SM_FACT_AT(field, 4, 8)
#define SHMQ_SM_FACT_blob(field) SHMQ_SM_FACT_AT(field, 8, 16)

/* The checks, in a function where shmq_sm_this is the structure. */
#define SHMQ_SM_CHECK(kind, ...) SHMQ_SM_CHECK_FIRST(__VA_ARGS__, 0)
#define SHMQ_SM_CHECK_FIRST(field, ...)                                                                              \
    SHMQ_LAYOUT_ASSERT(offsetof(shmq_sm_this, field) == (size_t)shmq_at_##field, "place of " #field);                \
    SHMQ_LAYOUT_ASSERT(sizeof #field <= SHMQ_SCHEMA_NAME, "the name is too long: " #field);

/* clang-format on */

#define SHMQ_SM(name, version, FIELDS)                                                                               \
    struct name {                                                                                                    \
        FIELDS(SHMQ_SM_MEMBER)                                                                                       \
    };                                                                                                               \
    static const struct shmq_sm_field name##_sm_fields[] = {FIELDS(SHMQ_SM_FIELD)};                                  \
    SHMQ_SM_UNUSED static const struct shmq_sm name##_sm = {                                                         \
        SHMQ_SM_FORMAT, version,          sizeof(struct name), sizeof name##_sm_fields / sizeof name##_sm_fields[0], \
        #name,          name##_sm_fields,                                                                            \
    };                                                                                                               \
    SHMQ_SM_UNUSED static inline void name##_sm_check(void)                                                          \
    {                                                                                                                \
        typedef struct name shmq_sm_this;                                                                            \
        enum { FIELDS(SHMQ_SM_FACT) shmq_end_of_all, shmq_align = SHMQ_SM_ALIGNOF(struct name) };                    \
        FIELDS(SHMQ_SM_CHECK)                                                                                        \
        SHMQ_LAYOUT_ASSERT(sizeof #name <= SHMQ_SCHEMA_NAME, "the name is too long: " #name);                        \
        SHMQ_LAYOUT_ASSERT(sizeof(struct name) == (size_t)(((int)shmq_end_of_all + (int)shmq_align - 1) /            \
                                                           (int)shmq_align * (int)shmq_align),                       \
                           "size of " #name);                                                                        \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_reserve_room(struct shmq *q, size_t room, struct name **smo)             \
    {                                                                                                                \
        void *slot;                                                                                                  \
        int rc = shmq_sm_reserve(q, &name##_sm, room, &slot);                                                        \
        if (rc == 0) {                                                                                               \
            memset(slot, 0, sizeof(struct name));                                                                    \
            *smo = (struct name *)slot;                                                                              \
        }                                                                                                            \
        return rc;                                                                                                   \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_reserve(struct shmq *q, struct name **smo)                               \
    {                                                                                                                \
        return name##_reserve_room(q, SHMQ_SM_ROOM, smo);                                                            \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_commit(struct shmq *q, unsigned flags)                                   \
    {                                                                                                                \
        return shmq_sm_commit(q, flags);                                                                             \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_put(struct shmq *q, const struct name *smo, unsigned flags)              \
    {                                                                                                                \
        return shmq_sm_put(q, &name##_sm, smo, flags);                                                               \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline void name##_abort(struct shmq *q)                                                   \
    {                                                                                                                \
        shmq_sm_abort(q);                                                                                            \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_view(struct shmq *q, const struct shmq_message *message,                 \
                                                 const struct name **smo)                                            \
    {                                                                                                                \
        const void *data;                                                                                            \
        int rc = shmq_sm_view(q, &name##_sm, message, &data);                                                        \
        if (rc == 0)                                                                                                 \
            *smo = (const struct name *)data;                                                                        \
        return rc;                                                                                                   \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_peek(struct shmq *q, struct shmq_message *message,                       \
                                                 const struct name **smo)                                            \
    {                                                                                                                \
        const void *data;                                                                                            \
        int rc = shmq_sm_peek(q, &name##_sm, message, &data);                                                        \
        if (rc >= 0)                                                                                                 \
            *smo = (const struct name *)data;                                                                        \
        return rc;                                                                                                   \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_peek_wait(struct shmq *q, int64_t timeout_ns,                            \
                                                      struct shmq_message *message, const struct name **smo)         \
    {                                                                                                                \
        const void *data;                                                                                            \
        int rc = shmq_sm_peek_wait(q, &name##_sm, timeout_ns, message, &data);                                       \
        if (rc >= 0)                                                                                                 \
            *smo = (const struct name *)data;                                                                        \
        return rc;                                                                                                   \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_await(struct shmq *q, const struct shmq_ticket *ticket,                  \
                                                  int64_t timeout_ns, struct shmq_message *message,                  \
                                                  const struct name **smo)                                           \
    {                                                                                                                \
        const void *data;                                                                                            \
        int rc = shmq_sm_await(q, &name##_sm, ticket, timeout_ns, message, &data);                                   \
        if (rc == 0)                                                                                                 \
            *smo = (const struct name *)data;                                                                        \
        return rc;                                                                                                   \
    }

/*
 * Send and receive business objects of type `bo`:
 *
 *     int to_smo(struct shmq *q, struct name *smo, const bo *object);
 *     int to_bo(struct shmq *q, const struct shmq_message *message, const struct name *smo, bo *object);
 *
 * A conversion that fails (negative) ends the call: what was to be sent was never there, and what was to be received
 * counts as peeked: shmq_release skips it.
 */
#define SHMQ_SM_BO(name, bo, to_smo, to_bo)                                                                          \
    SHMQ_SM_UNUSED static inline int name##_send(struct shmq *q, const bo *object)                                   \
    {                                                                                                                \
        struct name *smo;                                                                                            \
        int rc = name##_reserve(q, &smo);                                                                            \
        if (rc != 0)                                                                                                 \
            return rc;                                                                                               \
        rc = to_smo(q, smo, object);                                                                                 \
        if (rc == 0)                                                                                                 \
            return name##_commit(q, 0);                                                                              \
        name##_abort(q);                                                                                             \
        return rc;                                                                                                   \
    }                                                                                                                \
    SHMQ_SM_UNUSED static inline int name##_recv(struct shmq *q, bo *object)                                         \
    {                                                                                                                \
        struct shmq_message message;                                                                                 \
        const struct name *smo;                                                                                      \
        int missed = name##_peek(q, &message, &smo);                                                                 \
        if (missed < 0)                                                                                              \
            return missed;                                                                                           \
        int rc = to_bo(q, &message, smo, object);                                                                    \
        if (rc == 0)                                                                                                 \
            rc = shmq_release(q);                                                                                    \
        return rc == 0 ? missed : rc;                                                                                \
    }

#endif
