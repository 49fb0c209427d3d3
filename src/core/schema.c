#include "core/schema.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/schema_rules.h"

#include <errno.h>
#include <string.h>

/* Where the next entry is read from, in the copy. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

/* Word by word through the facade, so that nothing is loaded twice and a fuzzer can answer each load. */
static void copy_words_out(uint64_t *to, const void *mapped, uint64_t size)
{
    const uint64_t *from = mapped;

    for (uint64_t i = 0; i < size / sizeof *to; i++)
        to[i] = atomic_load_u64(from + i);
}

static const void *read_entry(struct reader *reader, size_t size)
{
    const uint8_t *entry = reader->at;

    if ((size_t)(reader->end - entry) < size)
        return NULL;
    reader->at += size;
    return entry;
}

static bool name_is_good(const char name[SHMQ_SCHEMA_NAME])
{
    return rules_name_is_good(name, strnlen(name, SHMQ_SCHEMA_NAME));
}

static bool names_are_new(const struct schema_table *table, const struct schema_type *type)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (strcmp(table->types[i].name, type->name) == 0)
            return false;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(type->fields[i].name, type->fields[j].name) == 0)
                return false;
        }
    }
    return true;
}

/* What the type takes from a field: spans, blobs, checks. */
static void account(struct schema_table *table, struct schema_type *type, const struct schema_field *field)
{
    const struct schema_type *nested = field->kind == SHMQ_FIELD_NESTED ? &table->types[field->nested] : NULL;
    bool is_span = field->shape == SHMQ_SHAPE_SPAN;
    bool needs_check = is_span || field->kind == SHMQ_FIELD_TEXT || field->kind == SHMQ_FIELD_BOOL ||
                       field->kind == SHMQ_FIELD_BLOB || (nested != NULL && nested->check_count != 0);

    if (needs_check)
        table->checks[table->check_count++] = (uint16_t)(field - type->fields);
    type->check_count += needs_check;
    type->has_spans |= is_span || (nested != NULL && nested->has_spans);
    type->has_blobs |= field->kind == SHMQ_FIELD_BLOB || (nested != NULL && nested->has_blobs);
    if (is_span)
        type->span_room += bits_align_up((uint64_t)field->count * field->element, 8);
    if (nested != NULL)
        type->span_room += nested->span_room * field->count; /* at most 2^32 times 2^30 */
    if (nested != NULL && type->depth <= nested->depth)
        type->depth = nested->depth + 1;
    if (type->span_room > UINT32_MAX)
        type->span_room = UINT32_MAX; /* more than a record can be is all the same */
}

static bool read_field(struct schema_table *table, struct schema_type *type, struct schema_extent *whole,
                       const struct shmq_field_entry *entry)
{
    struct schema_extent nested = {0};
    struct schema_extent element;
    uint64_t offset;

    if (entry == NULL || !name_is_good(entry->name))
        return false;
    if (entry->kind == SHMQ_FIELD_NESTED) {
        if (entry->nested >= table->count)
            return false;
        nested = (struct schema_extent){table->types[entry->nested].size, table->types[entry->nested].align};
    }
    if (!rules_add(whole, entry->kind, entry->shape, entry->count, &nested, &offset) || offset != entry->offset)
        return false;
    (void)rules_element(entry->kind, entry->shape, entry->count, &nested, &element);
    struct schema_field *field = &table->fields[table->field_count++];

    *field = (struct schema_field){
        .name = entry->name,
        .offset = entry->offset,
        .count = entry->count,
        .element = (uint32_t)element.size,
        .kind = entry->kind,
        .shape = entry->shape,
        .nested = entry->nested,
    };
    account(table, type, field);
    return true;
}

static bool read_type(struct schema_table *table, struct reader *reader)
{
    const struct shmq_schema_entry *entry = read_entry(reader, sizeof *entry);
    struct schema_extent whole = {.align = 1};

    if (entry == NULL || !name_is_good(entry->name) || entry->field_count == 0 ||
        entry->field_count > SHMQ_FIELDS_MAX - table->field_count ||
        (entry->record_type != 0 && entry->record_type != SHMQ_SCHEMA_TYPE + table->count))
        return false;
    struct schema_type *type = &table->types[table->count];

    *type = (struct schema_type){
        .name = entry->name,
        .fields = table->fields + table->field_count,
        .checks = table->checks + table->check_count,
        .field_count = entry->field_count,
        .version = entry->version,
        .size = entry->size,
        .depth = 1,
        .record_type = entry->record_type,
    };
    for (uint32_t i = 0; i < entry->field_count; i++) {
        if (!read_field(table, type, &whole, read_entry(reader, sizeof(struct shmq_field_entry))))
            return false;
    }
    rules_finish(&whole);
    type->align = whole.align;
    if (whole.size != entry->size || type->depth > SCHEMA_DEPTH_MAX || !names_are_new(table, type))
        return false;
    table->has_blobs |= type->has_blobs;
    table->count++;
    return true;
}

int schema_read(struct schema_table *table, const void *mapped, uint64_t size)
{
    struct shmq_schemas_head head;
    uint64_t words[sizeof head / sizeof(uint64_t)];

    table->count = table->field_count = table->check_count = 0;
    table->has_blobs = false;
    if (size < sizeof head)
        return -EBADMSG;
    copy_words_out(words, mapped, sizeof head);
    memcpy(&head, words, sizeof head);
    if (head.format != SHMQ_SCHEMAS_FORMAT || head.size > size || head.size > SCHEMA_BYTES_MAX ||
        head.size < sizeof head || head.size % 8 != 0 || head.count == 0 || head.count > SHMQ_SCHEMAS_MAX)
        return -EBADMSG;
    copy_words_out(table->bytes, mapped, head.size);
    const uint8_t *bytes = (const uint8_t *)table->bytes;
    struct reader reader = {bytes + sizeof head, bytes + head.size};

    for (uint32_t i = 0; i < head.count; i++) {
        if (!read_type(table, &reader))
            return -EBADMSG;
    }
    return reader.at == reader.end ? 0 : -EBADMSG;
}

int schema_find(const struct schema_table *table, uint32_t record_type)
{
    uint32_t index = record_type - SHMQ_SCHEMA_TYPE;

    return record_type >= SHMQ_SCHEMA_TYPE && index < table->count && table->types[index].record_type == record_type
               ? (int)index
               : -ENOENT;
}

/* Is the queue's type the program's? */
static bool is_same(const struct schema_table *table, uint32_t index, const struct shmq_sm *type,
                    struct schema_difference *difference)
{
    const struct schema_type *have = &table->types[index];

    *difference =
        (struct schema_difference){.type = type->name, .in_queue = have->version, .in_program = type->version};
    if (have->version != type->version) {
        difference->kind = SCHEMA_VERSION;
        return false;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct shmq_sm_field *want = &type->fields[i];
        const struct schema_field *field = &have->fields[i];
        bool fits = i < have->field_count && strcmp(field->name, want->name) == 0 && field->kind == want->kind &&
                    field->shape == want->shape && field->count == want->count;

        if (fits && want->kind == SHMQ_FIELD_NESTED) {
            if (strcmp(table->types[field->nested].name, want->nested->name) != 0)
                fits = false;
            else if (!is_same(table, field->nested, want->nested, difference))
                return false;
        }
        if (!fits) {
            *difference = (struct schema_difference){.kind = SCHEMA_FIELDS, .type = type->name, .field = want->name};
            return false;
        }
    }
    difference->kind = have->field_count == type->field_count ? SCHEMA_SAME : SCHEMA_FIELDS;
    difference->type = type->name;
    return difference->kind == SCHEMA_SAME;
}

int schema_match(const struct schema_table *table, const struct shmq_sm *type, struct schema_difference *difference)
{
    *difference = (struct schema_difference){.kind = SCHEMA_UNKNOWN, .type = type->name};
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->types[i].record_type != 0 && strcmp(table->types[i].name, type->name) == 0)
            return is_same(table, i, type, difference) ? (int)i : -EPROTO;
    }
    return -EPROTO;
}

const struct schema_field *schema_field_at(const struct schema_table *table, uint32_t index, uint64_t offset)
{
    const struct schema_type *type = &table->types[index];

    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        uint64_t into = offset - field->offset;

        if (offset < field->offset)
            return NULL;
        if (field->kind == SHMQ_FIELD_NESTED && into < (uint64_t)field->element * field->count)
            return schema_field_at(table, field->nested, into % field->element);
        if (into == 0)
            return field;
    }
    return NULL;
}
