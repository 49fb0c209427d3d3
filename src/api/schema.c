/* Going through the types of a queue. src/api/format.c prints records. */
#include <shmq/schema.h>

#include "api/handle.h"
#include "api/options.h"
#include "api/typed.h"

int shmq_schema_count(struct shmq *q)
{
    struct typed *typed;
    int rc = typed_get(q, &typed);

    return rc != 0 ? rc : (int)typed->table.count;
}

static int find_type(struct shmq *q, uint32_t index, const struct schema_type **type)
{
    struct typed *typed;
    int rc = typed_get(q, &typed);

    if (rc == 0 && index >= typed->table.count)
        rc = -ERANGE;
    if (rc == 0)
        *type = &typed->table.types[index];
    return rc;
}

int shmq_schema_get(struct shmq *q, uint32_t index, struct shmq_schema *schema)
{
    const struct schema_type *type;
    int rc = find_type(q, index, &type);

    if (rc != 0)
        return rc;
    struct shmq_schema found = {
        .name = type->name,
        .version = type->version,
        .size = type->size,
        .field_count = type->field_count,
        .record_type = type->record_type,
    };

    return options_copy_out(schema, &found, sizeof found, sizeof found);
}

int shmq_schema_field(struct shmq *q, uint32_t index, uint32_t field_index, struct shmq_field *field)
{
    const struct schema_type *type;
    int rc = find_type(q, index, &type);

    if (rc == 0 && field_index >= type->field_count)
        rc = -ERANGE;
    if (rc != 0)
        return rc;
    const struct schema_field *have = &type->fields[field_index];
    struct shmq_field found = {
        .name = have->name,
        .kind = have->kind,
        .shape = have->shape,
        .offset = have->offset,
        .count = have->count,
        .nested = have->nested,
    };

    return options_copy_out(field, &found, sizeof found, sizeof found);
}

int shmq_schema_find(struct shmq *q, uint32_t record_type)
{
    struct typed *typed;
    int rc = typed_get(q, &typed);

    return rc != 0 ? rc : schema_find(&typed->table, record_type);
}
