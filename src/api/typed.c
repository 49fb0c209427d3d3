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
        made->last = NULL;
        made->bound_count = 0;
        made->slot = (struct typed_slot){.record = NULL};
        q->typed = made;
    }
    *typed = q->typed;
    return 0;
}

void typed_free(struct shmq *q)
{
    free(q->typed);
}

static void use(struct typed *typed, const struct shmq_sm *sm, uint32_t index)
{
    const struct schema_type *type = &typed->table.types[index];

    typed->last = sm;
    typed->last_index = index;
    typed->last_size = type->size; /* NOLINT(clang-analyzer-core.uninitialized.Assign): all entries were read */
    typed->last_room = type->span_room;
    typed->last_type = type->record_type;
    typed->last_is_plain = type->check_count == 0;
}

int typed_bind(struct shmq *q, const struct shmq_sm *sm, struct typed **typed)
{
    struct schema_difference difference;
    struct typed *t;
    int rc = typed_get(q, &t);

    if (rc != 0)
        return rc;
    *typed = t;
    if (sm == NULL || sm->format != SHMQ_SM_FORMAT)
        return -EINVAL;
    uint32_t known = t->bound_count < TYPED_BOUND_MAX ? t->bound_count : TYPED_BOUND_MAX;

    for (uint32_t i = 0; i < known; i++) {
        if (t->bound[i].sm == sm) {
            use(t, sm, t->bound[i].index);
            return 0;
        }
    }
    int index = schema_match(&t->table, sm, &difference);

    if (index < 0)
        return index;
    t->bound[t->bound_count++ % TYPED_BOUND_MAX] = (struct typed_bound){sm, (uint32_t)index};
    use(t, sm, (uint32_t)index);
    return 0;
}
