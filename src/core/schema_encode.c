/* From the descriptions that a program was compiled with to the bytes in a mapping. */
#include "core/schema.h"

#include "base/bits.h"
#include "core/schema_rules.h"

#include <errno.h>
#include <string.h>

/* All types, nested ones in front of those that they are nested in. */
struct collection {
    const struct shmq_sm *types[SHMQ_SCHEMAS_MAX];
    bool is_listed[SHMQ_SCHEMAS_MAX]; /* it was asked for, and has records of its own */
    struct schema_extent extents[SHMQ_SCHEMAS_MAX];
    uint32_t count;
    uint32_t field_count;
};

static bool name_is_good(const char *name)
{
    return name != NULL && rules_name_is_good(name, strnlen(name, SHMQ_SCHEMA_NAME));
}

/* Two descriptions of one name: the same type, or not. */
static bool are_same(const struct shmq_sm *a, const struct shmq_sm *b, int depth)
{
    if (a == b)
        return true;
    if (depth > SCHEMA_DEPTH_MAX || a->format != b->format || a->version != b->version || a->size != b->size ||
        a->field_count != b->field_count || strcmp(a->name, b->name) != 0)
        return false;
    for (uint32_t i = 0; i < a->field_count; i++) {
        const struct shmq_sm_field *f = &a->fields[i];
        const struct shmq_sm_field *g = &b->fields[i];

        if (strcmp(f->name, g->name) != 0 || f->kind != g->kind || f->shape != g->shape || f->count != g->count ||
            (f->kind == SHMQ_FIELD_NESTED && !are_same(f->nested, g->nested, depth + 1)))
            return false;
    }
    return true;
}

static uint32_t find_collected(const struct collection *c, const char *name)
{
    uint32_t i = 0;

    while (i < c->count && strcmp(c->types[i]->name, name) != 0)
        i++;
    return i;
}

/* Does the compiler have it where the rules say? */
static int measure(struct collection *c, const struct shmq_sm *type)
{
    struct schema_extent whole = {.align = 1};

    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct shmq_sm_field *field = &type->fields[i];
        struct schema_extent nested = {0};
        uint64_t offset;

        if (!name_is_good(field->name))
            return -EINVAL;
        if (field->kind == SHMQ_FIELD_NESTED)
            nested = c->extents[find_collected(c, field->nested->name)];
        if (!rules_add(&whole, field->kind, field->shape, field->count, &nested, &offset))
            return -EINVAL;
    }
    rules_finish(&whole);
    if (whole.size != type->size)
        return -EINVAL;
    c->extents[c->count] = whole;
    return 0;
}

static bool is_well_made(const struct shmq_sm *type)
{
    return type != NULL && type->format == SHMQ_SM_FORMAT && name_is_good(type->name) && type->fields != NULL &&
           type->field_count > 0 && type->field_count <= SHMQ_FIELDS_MAX;
}

/* Its place among the collected ones, or -EINVAL. */
static int collect(struct collection *c, const struct shmq_sm *type, int depth)
{
    if (depth > SCHEMA_DEPTH_MAX || !is_well_made(type))
        return -EINVAL;
    uint32_t index = find_collected(c, type->name);

    if (index < c->count)
        return are_same(c->types[index], type, 0) ? (int)index : -EINVAL;
    for (uint32_t i = 0; i < type->field_count; i++) {
        int rc = type->fields[i].kind == SHMQ_FIELD_NESTED ? collect(c, type->fields[i].nested, depth + 1) : 0;

        if (rc < 0)
            return rc;
    }
    /* One that is nested in itself has been collected meanwhile. */
    if (find_collected(c, type->name) < c->count || c->count == SHMQ_SCHEMAS_MAX ||
        type->field_count > SHMQ_FIELDS_MAX - c->field_count || measure(c, type) != 0)
        return -EINVAL;
    c->field_count += type->field_count;
    c->types[c->count] = type;
    return (int)c->count++;
}

static void encode_field(const struct collection *c, const struct shmq_sm_field *field, struct schema_extent *whole,
                         struct shmq_field_entry *entry)
{
    struct schema_extent nested = {0};
    uint64_t offset = 0;

    *entry = (struct shmq_field_entry){.count = field->count, .kind = field->kind, .shape = field->shape};
    memcpy(entry->name, field->name, strlen(field->name) + 1);
    if (field->kind == SHMQ_FIELD_NESTED) {
        entry->nested = (uint16_t)find_collected(c, field->nested->name);
        nested = c->extents[entry->nested];
    }
    (void)rules_add(whole, field->kind, field->shape, field->count, &nested, &offset);
    entry->offset = (uint32_t)offset;
}

static uint8_t *encode_type(const struct collection *c, uint32_t index, uint8_t *to)
{
    const struct shmq_sm *type = c->types[index];
    struct schema_extent whole = {.align = 1};
    struct shmq_schema_entry entry = {
        .version = type->version,
        .size = type->size,
        .field_count = type->field_count,
        .record_type = (uint16_t)(c->is_listed[index] ? SHMQ_SCHEMA_TYPE + index : 0),
    };

    memcpy(entry.name, type->name, strlen(type->name) + 1);
    memcpy(to, &entry, sizeof entry);
    to += sizeof entry;
    for (uint32_t i = 0; i < type->field_count; i++) {
        struct shmq_field_entry field;

        encode_field(c, &type->fields[i], &whole, &field);
        memcpy(to, &field, sizeof field);
        to += sizeof field;
    }
    return to;
}

int schema_encode(const struct shmq_sm *const *types, uint32_t count, void *bytes, uint32_t *size)
{
    struct collection c = {.count = 0};
    uint8_t *to = (uint8_t *)bytes + sizeof(struct shmq_schemas_head);

    for (uint32_t i = 0; i < count; i++) {
        int index = collect(&c, types[i], 1);

        if (index < 0)
            return index;
        c.is_listed[index] = true;
    }
    for (uint32_t i = 0; i < c.count; i++)
        to = encode_type(&c, i, to);
    *size = (uint32_t)(to - (uint8_t *)bytes);
    struct shmq_schemas_head head = {.format = SHMQ_SCHEMAS_FORMAT, .size = *size, .count = c.count};

    memcpy(bytes, &head, sizeof head);
    return 0;
}
