#include <shmq/sm.h>

#include "api/blobs.h"
#include "api/handle.h"
#include "api/typed.h"
#include "base/bits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The type becomes the last one used. */
static inline int bind(struct shmq *q, const struct shmq_sm *type, struct typed **typed)
{
    *typed = q->typed;
    if (LIKELY(*typed != NULL && (*typed)->last == type && q->role != HANDLE_OF_PARENT))
        return 0;
    return typed_bind(q, type, typed);
}

int shmq_sm_type(struct shmq *q, const struct shmq_sm *type)
{
    struct typed *typed;
    int rc = typed_bind(q, type, &typed);

    return rc != 0 ? rc : typed->last_type;
}

static void describe(const struct schema_difference *d, const struct shmq_sm *type, char *buffer, size_t capacity)
{
    const char *within = d->type == type->name ? "" : type->name;
    const char *point = d->type == type->name ? "" : ".";

    if (d->kind == SCHEMA_VERSION)
        snprintf(buffer, capacity, "%s%s%s: the queue has version %u, this program version %u", within, point,
                 d->type, d->in_queue, d->in_program);
    else if (d->kind == SCHEMA_UNKNOWN)
        snprintf(buffer, capacity, "%s: the queue has no records of this type", d->type);
    else if (d->field == NULL)
        snprintf(buffer, capacity, "%s%s%s: the queue's has more fields, and the same version", within, point,
                 d->type);
    else
        snprintf(buffer, capacity, "%s%s%s: the queue's has another field in the place of %s, and the same version",
                 within, point, d->type, d->field);
}

int shmq_sm_difference(struct shmq *q, const struct shmq_sm *type, char *buffer, size_t capacity)
{
    struct schema_difference difference;
    struct typed *typed;
    int rc = typed_bind(q, type, &typed);

    if (capacity > 0)
        buffer[0] = '\0';
    if (rc == -EPROTO && schema_match(&typed->table, type, &difference) < 0)
        describe(&difference, type, buffer, capacity);
    return rc;
}

/* As much as was asked for, if a record can be so large. */
static size_t slot_size(const struct shmq *q, const struct typed *typed, size_t room)
{
    uint64_t most = q->producer.record_max - (q->kind == SHMQ_LANES ? 0 : sizeof(uint64_t));
    uint64_t wanted = bits_align_up(typed->last_size, 8);

    if (typed->last_room == 0)
        return typed->last_size;
    if (room != SHMQ_SM_ROOM)
        return room > SIZE_MAX / 2 ? SIZE_MAX : wanted + room;
    wanted += typed->last_room;
    return wanted < most || most < typed->last_size ? wanted : most;
}

int shmq_sm_reserve(struct shmq *q, const struct shmq_sm *type, size_t room, void **smo)
{
    struct typed *typed;
    void *slot;
    int rc = bind(q, type, &typed);

    if (UNLIKELY(rc != 0))
        return rc;
    size_t size = slot_size(q, typed, room);

    typed->slot.record = NULL;
    if (UNLIKELY(q->blobs != NULL && q->blobs->pending))
        blobs_abort(q);
    rc = shmq_reserve(q, size, &slot);
    if (UNLIKELY(rc != 0))
        return rc;
    typed->slot = (struct typed_slot){slot, typed->last_index, typed->last_size, size};
    *smo = slot;
    return 0;
}

int shmq_sm_commit(struct shmq *q, unsigned flags)
{
    struct typed *typed = q->typed;

    if (UNLIKELY(q->role != SHMQ_PRODUCER))
        return handle_refusal(q);
    if (UNLIKELY(typed == NULL || typed->slot.record == NULL))
        return -EINVAL;
    int rc = shmq_commit(q, typed->slot.used, typed->table.types[typed->slot.index].record_type, flags);

    if (LIKELY(rc == 0)) {
        typed->slot.record = NULL;
        if (UNLIKELY(q->blobs != NULL))
            q->blobs->pending = false;
    }
    return rc;
}

void shmq_sm_abort(struct shmq *q)
{
    if (q->blobs != NULL && q->blobs->pending)
        blobs_abort(q);
    shmq_abort(q);
    if (q->typed != NULL)
        q->typed->slot.record = NULL;
}

int shmq_sm_view(struct shmq *q, const struct shmq_sm *type, const struct shmq_message *message, const void **smo)
{
    struct typed *typed;
    int rc = bind(q, type, &typed);

    if (UNLIKELY(rc != 0))
        return rc;
    if (UNLIKELY(message->type != typed->last_type))
        return -ENOMSG;
    if (UNLIKELY((uintptr_t)message->data % 8 != 0))
        return -EINVAL;
    bool sound = LIKELY(typed->last_is_plain)
                     ? message->size == typed->last_size
                     : schema_is_sound(&typed->table, typed->last_index, message->data, message->size);

    if (UNLIKELY(!sound))
        return -EBADMSG;
    *smo = message->data;
    return 0;
}

/* `peeked`: what the peek said, which in a recorder may be a count. */
static inline int view_peeked(struct shmq *q, const struct shmq_sm *type, int peeked, struct shmq_message *message,
                              const void **smo)
{
    if (UNLIKELY(peeked < 0))
        return peeked;
    int rc = shmq_sm_view(q, type, message, smo);

    return LIKELY(rc == 0) ? peeked : rc;
}

/* A program that is not for this queue takes nothing out of it. */
int shmq_sm_peek(struct shmq *q, const struct shmq_sm *type, struct shmq_message *message, const void **smo)
{
    struct typed *typed;
    int rc = bind(q, type, &typed);

    return UNLIKELY(rc != 0) ? rc : view_peeked(q, type, shmq_peek(q, message), message, smo);
}

int shmq_sm_peek_wait(struct shmq *q, const struct shmq_sm *type, int64_t timeout_ns, struct shmq_message *message,
                      const void **smo)
{
    struct typed *typed;
    int rc = bind(q, type, &typed);

    return UNLIKELY(rc != 0) ? rc : view_peeked(q, type, shmq_peek_wait(q, timeout_ns, message), message, smo);
}

int shmq_text_set(char *field, size_t capacity, const char *text)
{
    size_t length = strnlen(text, capacity);

    if (length == capacity)
        return -EMSGSIZE;
    memcpy(field, text, length);
    memset(field + length, 0, capacity - length);
    return 0;
}

/* The field of the slot that this span is, or NULL. */
static const struct schema_field *find_span(const struct typed *typed, const struct shmq_sm_span *span)
{
    const struct typed_slot *slot = &typed->slot;
    uint64_t offset = (uint64_t)((uintptr_t)span - (uintptr_t)slot->record);

    if (slot->record == NULL || offset >= typed->table.types[slot->index].size)
        return NULL;
    const struct schema_field *field = schema_field_at(&typed->table, slot->index, offset);

    return field != NULL && field->shape == SHMQ_SHAPE_SPAN ? field : NULL;
}

int shmq_span_room(struct shmq *q, struct shmq_sm_span *span, size_t size, void **data)
{
    if (q->role != SHMQ_PRODUCER)
        return handle_refusal(q);
    const struct schema_field *field = q->typed != NULL ? find_span(q->typed, span) : NULL;

    if (field == NULL || span->size != 0 || size % field->element != 0)
        return -EINVAL;
    struct typed_slot *slot = &q->typed->slot;
    size_t at = bits_align_up(slot->used, 8);

    if (size / field->element > field->count || (size > 0 && (at > slot->size || size > slot->size - at)))
        return -EMSGSIZE;
    *data = NULL;
    if (size == 0)
        return 0;
    *span = (struct shmq_sm_span){.offset = (uint32_t)at, .size = (uint32_t)size};
    slot->used = at + size;
    *data = slot->record + at;
    return 0;
}

int shmq_span_put(struct shmq *q, struct shmq_sm_span *span, const void *data, size_t size)
{
    const struct schema_field *field = q->typed != NULL ? find_span(q->typed, span) : NULL;
    void *to;

    if (field != NULL && field->kind == SHMQ_FIELD_TEXT && size > 0 && ((const char *)data)[size - 1] != '\0')
        return -EINVAL;
    int rc = shmq_span_room(q, span, size, &to);

    if (rc == 0 && size > 0)
        memcpy(to, data, size);
    return rc;
}

int shmq_string_put(struct shmq *q, struct shmq_sm_span *span, const char *text)
{
    const struct schema_field *field = q->typed != NULL ? find_span(q->typed, span) : NULL;

    if (field != NULL && field->kind != SHMQ_FIELD_TEXT)
        return -EINVAL;
    return shmq_span_put(q, span, text, strlen(text) + 1);
}

int shmq_span_get(const struct shmq_message *message, const struct shmq_sm_span *span, const void **data,
                  size_t *size)
{
    uint32_t offset = atomic_load_u32(&span->offset);
    uint32_t bytes = atomic_load_u32(&span->size);

    if (bytes != 0 && (offset > message->size || bytes > message->size - offset))
        return -EBADMSG;
    *data = bytes != 0 ? (const uint8_t *)message->data + offset : NULL;
    *size = bytes;
    return 0;
}

int shmq_string_get(const struct shmq_message *message, const struct shmq_sm_span *span, const char **text)
{
    const void *data;
    size_t size;
    int rc = shmq_span_get(message, span, &data, &size);

    if (rc != 0)
        return rc;
    if (size > 0 && memchr(data, '\0', size) == NULL)
        return -EBADMSG;
    *text = size > 0 ? data : "";
    return 0;
}

/* A ticket of another type is known to be one before anything is waited for. */
int shmq_sm_await(struct shmq *q, const struct shmq_sm *type, const struct shmq_ticket *ticket, int64_t timeout_ns,
                  struct shmq_message *message, const void **smo)
{
    struct shmq_answer answer;
    int record_type = shmq_sm_type(q, type);

    if (record_type < 0)
        return record_type;
    if (ticket->type != record_type)
        return -ENOMSG;
    int rc = shmq_await(q, ticket, timeout_ns, &answer);

    if (rc != 0)
        return rc;
    *message = (struct shmq_message){
        .data = (void *)(uintptr_t)answer.data,
        .size = answer.size,
        .type = answer.type,
        .lane = answer.lane,
        .ticket = ticket->position,
    };
    return shmq_sm_view(q, type, message, smo);
}
