/* Types that a mapping describes, and records of them: what is sound stays within its bounds. */
#include "core.h"
#include "core/schema.h"

#include <shmq/sm.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_POINT(F) F(u16, x) F(bool, is_set) F(text, unit, 5)
SHMQ_SM(fuzz_point, 1, FUZZ_POINT)
#define FUZZ_RECORD(F)                                                                                               \
    F(u64, number)                                                                                                   \
    F(nesteds, points, fuzz_point, 3)                                                                                \
    F(string, title, 32) F(list, sizes, u32, 9) F(blob, image) F(array, values, f64, 2)
SHMQ_SM(fuzz_record, 2, FUZZ_RECORD)

/* Each field lies in its type, and the words that say so were those that were checked. */
static void check_types(const struct schema_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct schema_type *type = &table->types[i];

        must(type->size >= 1 && type->size <= SCHEMA_SIZE_MAX && type->depth <= SCHEMA_DEPTH_MAX);
        for (uint32_t j = 0; j < type->field_count; j++) {
            const struct schema_field *field = &type->fields[j];
            uint64_t count = field->shape == SHMQ_SHAPE_SPAN ? 1 : field->count;
            uint64_t bytes = field->shape == SHMQ_SHAPE_SPAN ? sizeof(struct shmq_sm_span) : field->element;

            must(field->element > 0 && field->offset + count * bytes <= type->size);
            must(field->kind != SHMQ_FIELD_NESTED || field->nested < i);
        }
    }
}

/* The spans of a record that is sound lie in it, also when it is another one meanwhile. */
static void check_spans(const struct schema_table *table, uint32_t index, const uint8_t *record, size_t size)
{
    const struct schema_type *type = &table->types[index];
    const uint8_t *data;
    uint32_t data_size;

    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        const struct shmq_sm_span *span = (const struct shmq_sm_span *)(const void *)(record + field->offset);

        if (field->shape == SHMQ_SHAPE_SPAN &&
            schema_span(field, span, type->size, record, size, &data, &data_size)) {
            must(data_size == 0 || (data >= record + type->size && data + data_size <= record + size));
            sink(data, data_size);
        }
    }
}

static void check_record(struct script *script, const struct schema_table *table)
{
    int index = schema_find(table, SHMQ_SCHEMA_TYPE + script_u8(script) % 3U);

    if (index < 0 || table->types[index].size > 4096)
        return;
    size_t size = table->types[index].size + script_u8(script) % 64;
    uint8_t *record = calloc(1, size);

    for (uint8_t left = script_u8(script) % 16; left > 0 && size >= 8; left--) {
        uint64_t *word = (uint64_t *)(void *)record + script_u8(script) % (size / 8);

        *word = adversary_value(script, *word, word);
    }
    adversary_share(record, size);
    adversary_allow("schema_is_sound", 2 * size + 16);
    if (schema_is_sound(table, (uint32_t)index, record, size))
        check_spans(table, (uint32_t)index, record, size);
    (void)schema_field_at(table, (uint32_t)index, script_u8(script));
    adversary_unshare(record);
    free(record);
}

void core_schema_run(struct script *script)
{
    static const struct shmq_sm *const types[] = {&fuzz_record_sm, &fuzz_point_sm};
    static uint8_t encoded[SCHEMA_BYTES_MAX] __attribute__((aligned(8)));
    static struct schema_table table;
    struct schema_difference difference;
    uint32_t size;

    must(schema_encode(types, 1 + script_u8(script) % 2, encoded, &size) == 0);
    uint64_t *words = malloc(size);

    memcpy(words, encoded, size);
    for (uint8_t left = script_u8(script) % 32; left > 0; left--) {
        uint64_t *word = words + script_u16(script) % (size / 8);

        *word = adversary_value(script, *word, word);
    }
    adversary_share(words, size);
    adversary_allow("schema_read", 2 * size / 8);
    int rc = schema_read(&table, words, size);

    adversary_unshare(words);
    free(words);
    if (rc != 0)
        return;
    check_types(&table);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        (void)schema_match(&table, types[i], &difference);
    while (script->at < script->end)
        check_record(script, &table);
}
