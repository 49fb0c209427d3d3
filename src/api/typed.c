#include "api/typed.h"

#include "api/handle.h"

#include <stdlib.h>

static int read_table(const struct shmq *q, struct schema_table *table)
{
    uint64_t size = q->geometry.schemas_size;

    table->count = 0;
    return size == 0 ? 0 : schema_read(table, layout_schemas(q->mapping), size);
}

int typed_get(struct shmq *q, struct typed **typed)
{
    if (q->role == HANDLE_OF_PARENT)
        return -ECHILD;
    if (q->typed == NULL) {
        struct typed *made = malloc(sizeof *made);

        if (made == NULL)
            return -ENOMEM;
        int rc = read_table(q, &made->table);

        if (rc != 0) {
            free(made);
            return rc;
        }
        made->bound_count = 0;
        made->blobs_pending = false;
        q->typed = made;
    }
    *typed = q->typed;
    return 0;
}

void typed_free(struct shmq *q)
{
    free(q->typed);
}

int typed_bind(struct shmq *q, const struct shmq_sm *sm)
{
    struct schema_difference difference;
    struct typed *t;
    int rc = typed_get(q, &t);

    if (rc != 0)
        return rc;
    if (sm == NULL || sm->format != SHMQ_SM_FORMAT)
        return -EINVAL;
    uint32_t known = t->bound_count < TYPED_BOUND_MAX ? t->bound_count : TYPED_BOUND_MAX;

    for (uint32_t i = 0; i < known; i++) {
        if (t->bound[i].sm == sm)
            return (int)t->bound[i].index;
    }
    int index = schema_match(&t->table, sm, &difference);

    if (index >= 0)
        t->bound[t->bound_count++ % TYPED_BOUND_MAX] = (struct typed_bound){sm, (uint32_t)index};
    return index;
}

static bool add_check(struct typed *t, uint32_t *count, uint32_t offset, uint32_t most)
{
    if (*count == TYPED_CHECKS_MAX)
        return false;
    t->checks[(*count)++] = (struct typed_check){offset, most};
    return true;
}

/* All that is to be checked of the type, byte by byte. False: it is more than that. */
static bool list_checks(struct typed *t, const struct schema_type *type, uint32_t base, uint32_t *count)
{
    bool good = true;

    for (uint32_t i = 0; i < type->check_count && good; i++) {
        const struct schema_field *field = &type->fields[type->checks[i]];
        uint32_t at = base + field->offset;

        if (field->shape == SHMQ_SHAPE_SPAN || field->kind == SHMQ_FIELD_BLOB)
            return false;
        if (field->kind == SHMQ_FIELD_TEXT)
            good = add_check(t, count, at + field->count - 1, 0);
        for (uint32_t k = 0; field->kind == SHMQ_FIELD_BOOL && k < field->count && good; k++)
            good = add_check(t, count, at + k, 1);
        for (uint32_t k = 0; field->kind == SHMQ_FIELD_NESTED && k < field->count && good; k++)
            good = list_checks(t, &t->table.types[field->nested], at + field->element * k, count);
    }
    return good;
}

void typed_take(struct shmq *q, const struct shmq_sm *sm, uint32_t index)
{
    const struct schema_type *type = &q->typed->table.types[index];
    struct typed_take take = {
        .sm = sm,
        .header = lane_header(type->size, type->record_type, 0),
        .checks = q->typed->checks,
    };

    q->take_type = list_checks(q->typed, type, 0, &take.check_count) ? take : TYPED_TAKE_NONE;
}

uint8_t *typed_slot_record(const struct shmq *q)
{
    if (q->role != SHMQ_PRODUCER || q->send_type.sm == NULL || q->producer.slot_size == LANE_NO_SLOT)
        return NULL;
    return (uint8_t *)lane_slot(&q->producer) + (q->kind == SHMQ_LANES ? 0 : sizeof(uint64_t));
}

const struct schema_field *typed_slot_field(const struct shmq *q, const void *address)
{
    const uint8_t *record = typed_slot_record(q);

    if (record == NULL)
        return NULL;
    return schema_field_at(&q->typed->table, q->send_type.slot.index,
                           (uint64_t)((uintptr_t)address - (uintptr_t)record));
}
