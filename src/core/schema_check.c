/* Is a record what its type says? Each word of it that leads anywhere is loaded once, and its copy is checked. */
#include "core/schema.h"

#include "base/atomic.h"

struct record {
    const struct schema_table *table;
    const uint8_t *bytes;
    size_t size;
    uint32_t fixed;
};

static uint8_t load_byte(const uint8_t *p)
{
    return *(const volatile uint8_t *)p;
}

bool schema_span(const struct schema_field *field, const struct shmq_sm_span *span, uint32_t fixed,
                 const void *record, size_t size, const uint8_t **data, uint32_t *data_size)
{
    uint32_t offset = atomic_load_u32(&span->offset);
    uint32_t bytes = atomic_load_u32(&span->size);

    if (bytes == 0) {
        *data = NULL;
        *data_size = 0;
        return true;
    }
    *data = (const uint8_t *)record + offset;
    *data_size = bytes;
    return offset % 8 == 0 && offset >= fixed && offset <= size && bytes <= size - offset &&
           bytes % field->element == 0 && bytes / field->element <= field->count;
}

static bool are_bools(const uint8_t *bytes, uint64_t count)
{
    uint8_t all = 0;

    for (uint64_t i = 0; i < count; i++)
        all |= load_byte(bytes + i);
    return all <= 1;
}

static bool span_is_sound(const struct record *r, const struct schema_field *field, const uint8_t *at)
{
    const uint8_t *data;
    uint32_t size;

    if (!schema_span(field, (const struct shmq_sm_span *)(const void *)at, r->fixed, r->bytes, r->size, &data, &size))
        return false;
    if (size == 0)
        return true;
    if (field->kind == SHMQ_FIELD_TEXT)
        return load_byte(data + size - 1) == 0;
    return field->kind != SHMQ_FIELD_BOOL || are_bools(data, size);
}

static bool blob_is_sound(const struct shmq_sm_blob *blob)
{
    return (atomic_load_u64(&blob->size) == 0) == (atomic_load_u32(&blob->slot) == 0);
}

static bool type_is_sound(const struct record *r, const struct schema_type *type, const uint8_t *bytes);

static bool field_is_sound(const struct record *r, const struct schema_field *field, const uint8_t *at)
{
    if (field->shape == SHMQ_SHAPE_SPAN)
        return span_is_sound(r, field, at);
    switch (field->kind) {
    case SHMQ_FIELD_TEXT:
        return load_byte(at + field->count - 1) == 0;
    case SHMQ_FIELD_BOOL:
        return are_bools(at, field->count);
    case SHMQ_FIELD_BLOB:
        return blob_is_sound((const struct shmq_sm_blob *)(const void *)at);
    default:
        for (uint32_t i = 0; i < field->count; i++) {
            if (!type_is_sound(r, &r->table->types[field->nested], at + (uint64_t)field->element * i))
                return false;
        }
        return true;
    }
}

static bool type_is_sound(const struct record *r, const struct schema_type *type, const uint8_t *bytes)
{
    for (uint32_t i = 0; i < type->check_count; i++) {
        const struct schema_field *field = &type->fields[type->checks[i]];

        if (!field_is_sound(r, field, bytes + field->offset))
            return false;
    }
    return true;
}

bool schema_is_sound(const struct schema_table *table, uint32_t index, const void *record, size_t size)
{
    const struct schema_type *type = &table->types[index];
    struct record r = {table, record, size, type->size};

    if (type->has_spans ? size < type->size : size != type->size)
        return false;
    return type_is_sound(&r, type, record);
}
