#include "types.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"?",   "u8",  "u16", "u32",  "u64",  "i8",   "i16", "i32",
                                    "i64", "f32", "f64", "bool", "text", "byte", "",    "blob"};
static const char *const shapes[] = {"?", "one", "array", "span"};

enum { KINDS = sizeof kinds / sizeof *kinds, SHAPES = sizeof shapes / sizeof *shapes };

const char *types_kind(struct shmq *q, const struct shmq_field *field)
{
    static char nested[64];
    struct shmq_schema schema = {.struct_size = sizeof schema};
    if (field->kind == SHMQ_FIELD_NESTED && shmq_schema_get(q, field->nested, &schema) == 0) {
        snprintf(nested, sizeof nested, "%s", schema.name);
        return nested;
    }
    return kinds[field->kind < KINDS ? field->kind : 0];
}

static json_t *field_object(struct shmq *q, const struct shmq_field *field)
{
    json_t *object = json_pack("{ss sI ss ss sI}", "name", field->name, "offset", (json_int_t)field->offset, "kind",
                               types_kind(q, field), "shape", shapes[field->shape < SHAPES ? field->shape : 0],
                               "count", (json_int_t)field->count);
    if (field->kind == SHMQ_FIELD_NESTED) {
        json_object_set_new(object, "nested", json_integer(field->nested));
    }
    return object;
}

static json_t *type_object(struct shmq *q, uint32_t index)
{
    struct shmq_schema schema = {.struct_size = sizeof schema};
    struct shmq_field field = {.struct_size = sizeof field};
    if (shmq_schema_get(q, index, &schema) != 0) {
        return NULL;
    }
    json_t *fields = json_array();
    for (uint32_t i = 0; shmq_schema_field(q, index, i, &field) == 0; i++) {
        json_array_append_new(fields, field_object(q, &field));
    }
    return json_pack("{ss sI sI so so}", "name", schema.name, "version", (json_int_t)schema.version, "size",
                     (json_int_t)schema.size, "record_type",
                     schema.record_type != 0 ? json_integer(schema.record_type) : json_null(), "fields", fields);
}

json_t *types_describe(struct shmq *q)
{
    json_t *array = json_array();
    int count = shmq_schema_count(q);
    for (int i = 0; i < count; i++) {
        json_array_append_new(array, type_object(q, (uint32_t)i));
    }
    if (count < 0) {
        json_decref(array);
        return NULL;
    }
    return array;
}

struct types {
    struct shmq_sm types[SHMQ_SCHEMAS_MAX];
    bool has_records[SHMQ_SCHEMAS_MAX];
    struct shmq_sm_field fields[SHMQ_FIELDS_MAX];
    const struct shmq_sm *listed[SHMQ_SCHEMAS_MAX];
    uint32_t count;
    uint32_t field_count;
    uint32_t listed_count;
    json_t *text; /* holds the names */
};

static uint16_t find(const char *const *names, uint16_t count, const json_t *name)
{
    const char *text = json_string_value(name);
    uint16_t i = 1;
    while (i < count && (text == NULL || strcmp(names[i], text) != 0)) {
        i++;
    }
    return i < count ? i : 0;
}

/* Nested are types that come before. */
static int field_make(struct types *t, const json_t *object)
{
    const json_t *nested = json_object_get(object, "nested");
    json_int_t count = json_integer_value(json_object_get(object, "count"));
    json_int_t index = json_integer_value(nested);
    struct shmq_sm_field field = {
        .name = json_string_value(json_object_get(object, "name")),
        .kind = nested != NULL ? SHMQ_FIELD_NESTED : find(kinds, KINDS, json_object_get(object, "kind")),
        .shape = find(shapes, SHAPES, json_object_get(object, "shape")),
        .count = count > 0 && count <= UINT32_MAX ? (uint32_t)count : 0,
    };
    if (t->field_count == SHMQ_FIELDS_MAX || field.name == NULL ||
        (nested != NULL && (index < 0 || index >= (json_int_t)t->count))) {
        return -EINVAL;
    }
    field.nested = nested != NULL ? &t->types[index] : NULL;
    t->fields[t->field_count++] = field;
    return 0;
}

/* Whether it is all right the library knows, when the queue is created. */
static int type_make(struct types *t, const json_t *object)
{
    const json_t *fields = json_object_get(object, "fields");
    json_int_t version = json_integer_value(json_object_get(object, "version"));
    json_int_t size = json_integer_value(json_object_get(object, "size"));
    json_int_t record_type = json_integer_value(json_object_get(object, "record_type"));
    struct shmq_sm type = {
        .format = SHMQ_SM_FORMAT,
        .version = (uint32_t)version,
        .size = (uint32_t)size,
        .field_count = (uint32_t)json_array_size(fields),
        .name = json_string_value(json_object_get(object, "name")),
        .fields = t->fields + t->field_count,
    };
    if (t->count == SHMQ_SCHEMAS_MAX || type.name == NULL || version < 0 || version > UINT32_MAX || size < 0 ||
        size > UINT32_MAX || (record_type != 0 && record_type != SHMQ_SCHEMA_TYPE + (json_int_t)t->count)) {
        return -EINVAL;
    }
    for (size_t i = 0; i < json_array_size(fields); i++) {
        if (field_make(t, json_array_get(fields, i)) != 0) {
            return -EINVAL;
        }
    }
    t->has_records[t->count] = record_type != 0;
    t->types[t->count++] = type;
    return 0;
}

/* The library places a type behind those nested in it: how many are placed when this one is, in that order. */
static uint32_t placed(const struct types *t, const struct shmq_sm *type, uint32_t count, bool *in_order)
{
    uint32_t index = (uint32_t)(type - t->types);
    if (index < count) {
        return count;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].nested != NULL) {
            count = placed(t, type->fields[i].nested, count, in_order);
        }
    }
    *in_order = *in_order && index == count;
    return index >= count ? index + 1 : count;
}

static void list_make(struct types *t)
{
    bool in_order = true;
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->has_records[i]) {
            t->listed[t->listed_count++] = &t->types[i];
            count = placed(t, &t->types[i], count, &in_order);
        }
    }
    /* Where those with records do not lead to the same places, all of them do, one after the other. */
    if (!in_order || count != t->count) {
        for (t->listed_count = 0; t->listed_count < t->count; t->listed_count++) {
            t->listed[t->listed_count] = &t->types[t->listed_count];
        }
    }
}

int types_make(const json_t *array, struct types **made)
{
    *made = NULL;
    if (json_array_size(array) == 0) {
        return 0;
    }
    struct types *t = calloc(1, sizeof *t);
    int rc = t == NULL ? -ENOMEM : 0;
    if (rc == 0) {
        t->text = json_deep_copy(array);
        rc = t->text == NULL ? -ENOMEM : 0;
    }
    for (size_t i = 0; rc == 0 && i < json_array_size(t->text); i++) {
        rc = type_make(t, json_array_get(t->text, i));
    }
    if (rc != 0) {
        types_free(t);
        return rc;
    }
    list_make(t);
    *made = t;
    return 0;
}

void types_use(const struct types *types, struct shmq_create_options *create)
{
    create->types = types != NULL ? types->listed : NULL;
    create->type_count = types != NULL ? types->listed_count : 0;
}

void types_free(struct types *types)
{
    if (types != NULL) {
        json_decref(types->text);
        free(types);
    }
}
