#include <shmq/sm.h>

#include "api/blobs.h"
#include "api/handle.h"
#include "api/typed.h"
#include "base/bits.h"
#include "core/copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int shmq_sm_type(struct shmq *q, const struct shmq_sm *type)
{
    int index = typed_bind(q, type);

    return index < 0 ? index : q->typed->table.types[index].record_type;
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
    int rc = typed_bind(q, type);

    if (capacity > 0)
        buffer[0] = '\0';
    if (rc == -EPROTO && schema_match(&q->typed->table, type, &difference) < 0)
        describe(&difference, type, buffer, capacity);
    return rc < 0 ? rc : 0;
}

/* As much as was asked for, if a record can be so large. */
static size_t slot_size(const struct shmq *q, const struct schema_type *type, size_t room)
{
    uint64_t most = q->producer.record_max - (q->kind == SHMQ_LANES ? 0 : sizeof(uint64_t));
    uint64_t wanted = bits_align_up(type->size, 8);

    if (!type->has_spans)
        return type->size;
    if (room != SHMQ_SM_ROOM)
        return room > SIZE_MAX / 2 ? SIZE_MAX : wanted + room;
    wanted += type->span_room;
    return wanted < most || most < type->size ? wanted : most;
}

/* From now on it is the type of the slot. What was reserved before is forgotten. */
static int send_as(struct shmq *q, const struct shmq_sm *sm, const struct schema_type **type)
{
    int index = typed_bind(q, sm);

    if (index < 0)
        return index;
    if (q->typed->blobs_pending)
        blobs_abort(q);
    shmq_abort(q);
    *type = &q->typed->table.types[index];
    q->send_type = (struct typed_send){
        .sm = sm,
        .size = (*type)->has_spans || (*type)->has_blobs ? TYPED_SLOWLY : (*type)->size,
        .slot = {.used = (*type)->size, .type = (*type)->record_type, .index = (uint16_t)index},
    };
    return 0;
}

static APART int reserve_slowly(struct shmq *q, const struct shmq_sm *sm, size_t room, void **smo)
{
    const struct schema_type *type = NULL;
    int rc = send_as(q, sm, &type);

    return rc != 0 ? rc : shmq_reserve(q, slot_size(q, type, room), smo);
}

/*
 * A message takes some nanoseconds, and each store here waits in the processor for those to the ring in front of it: so
 * there is no more in these than in shmq_reserve, shmq_commit and shmq_send.
 */
int shmq_sm_reserve(struct shmq *q, const struct shmq_sm *type, size_t room, void **smo)
{
    uint64_t size = q->send_type.size;

    if (UNLIKELY(q->send_type.sm != type || !lane_has_room(&q->producer, size)))
        return reserve_slowly(q, type, room, smo);
    q->producer.slot_size = size;
    *smo = lane_slot(&q->producer);
    return 0;
}

static APART int put_slowly(struct shmq *q, const struct shmq_sm *sm, const void *smo, unsigned flags)
{
    const struct schema_type *type = NULL;
    int rc = send_as(q, sm, &type);

    if (rc != 0)
        return rc;
    if (type->has_spans || type->has_blobs)
        return -EINVAL;
    return shmq_send(q, smo, type->size, type->record_type, flags);
}

int shmq_sm_put(struct shmq *q, const struct shmq_sm *type, const void *smo, unsigned flags)
{
    uint64_t size = q->send_type.size;

    if (UNLIKELY(q->send_type.sm != type || !copy_is_small(size) || flags > SHMQ_MORE ||
                 !lane_has_room(&q->producer, size)))
        return put_slowly(q, type, smo, flags);
    q->producer.slot_size = LANE_NO_SLOT;
    copy_words(lane_slot(&q->producer), smo, size);
    if (lane_commit(&q->producer, size, q->send_type.slot.type, flags))
        handle_wake_consumer(q);
    return 0;
}

static APART int commit_slowly(struct shmq *q, unsigned flags)
{
    if (q->role == SHMQ_PRODUCER && q->send_type.sm == NULL)
        return -EINVAL;
    return shmq_commit(q, q->send_type.slot.used, q->send_type.slot.type, flags);
}

int shmq_sm_commit(struct shmq *q, unsigned flags)
{
    const struct typed_slot slot = q->send_type.slot;
    uint64_t slot_size = q->producer.slot_size;

    if (UNLIKELY(slot.used > slot_size || slot_size == LANE_NO_SLOT || flags > SHMQ_MORE || q->kind != SHMQ_LANES))
        return commit_slowly(q, flags);
    q->producer.slot_size = LANE_NO_SLOT;
    if (lane_commit(&q->producer, slot.used, slot.type, flags))
        handle_wake_consumer(q);
    return 0;
}

void shmq_sm_abort(struct shmq *q)
{
    if (q->typed != NULL && q->typed->blobs_pending)
        blobs_abort(q);
    shmq_abort(q);
}

int shmq_sm_view(struct shmq *q, const struct shmq_sm *type, const struct shmq_message *message, const void **smo)
{
    int index = typed_bind(q, type);

    if (index < 0)
        return index;
    const struct schema_table *table = &q->typed->table;

    if (message->type != table->types[index].record_type)
        return -ENOMSG;
    if ((uintptr_t)message->data % 8 != 0)
        return -EINVAL;
    if (!schema_is_sound(table, (uint32_t)index, message->data, message->size))
        return -EBADMSG;
    *smo = message->data;
    return 0;
}

/* `peeked`: what the peek said, which in a recorder may be a count. */
static int view_peeked(struct shmq *q, const struct shmq_sm *type, int peeked, const struct shmq_message *message,
                       const void **smo)
{
    int rc = peeked < 0 ? peeked : shmq_sm_view(q, type, message, smo);

    return rc == 0 ? peeked : rc;
}

/* A program that is not for this queue takes nothing out of it. */
static APART int peek_slowly(struct shmq *q, const struct shmq_sm *type, struct shmq_message *message,
                             const void **smo)
{
    int index = typed_bind(q, type);

    if (index < 0)
        return index;
    if (q->take_type.sm != type)
        typed_take(q, type, (uint32_t)index);
    return view_peeked(q, type, shmq_peek(q, message), message, smo);
}

static bool bytes_are_sound(const struct typed_take *take, const uint8_t *record)
{
    bool bad = false;

    for (uint32_t i = 0; i < take->check_count; i++)
        bad |= *(const volatile uint8_t *)(record + take->checks[i].offset) > take->checks[i].most;
    return !bad;
}

/* The header of a good record is known: its size, type and flags are one comparison. */
int shmq_sm_peek(struct shmq *q, const struct shmq_sm *type, struct shmq_message *message, const void **smo)
{
    const struct typed_take *take = &q->take_type;
    uint64_t header;

    if (UNLIKELY(take->sm != type || !lane_see(q->current, &header) || header != take->header))
        return peek_slowly(q, type, message, smo);
    lane_take(q->current, header, message);
    if (UNLIKELY(!bytes_are_sound(take, message->data)))
        return -EBADMSG;
    *smo = message->data;
    return 0;
}

int shmq_sm_peek_wait(struct shmq *q, const struct shmq_sm *type, int64_t timeout_ns, struct shmq_message *message,
                      const void **smo)
{
    int index = typed_bind(q, type);

    return index < 0 ? index : view_peeked(q, type, shmq_peek_wait(q, timeout_ns, message), message, smo);
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
static const struct schema_field *find_span(const struct shmq *q, const struct shmq_sm_span *span)
{
    const struct schema_field *field = typed_slot_field(q, span);

    return field != NULL && field->shape == SHMQ_SHAPE_SPAN ? field : NULL;
}

int shmq_span_room(struct shmq *q, struct shmq_sm_span *span, size_t size, void **data)
{
    if (q->role != SHMQ_PRODUCER)
        return handle_refusal(q);
    const struct schema_field *field = find_span(q, span);

    if (field == NULL || span->size != 0 || size % field->element != 0)
        return -EINVAL;
    struct typed_slot *slot = &q->send_type.slot;
    size_t at = bits_align_up(slot->used, 8);
    size_t end = q->producer.slot_size;

    if (size / field->element > field->count || (size > 0 && (at > end || size > end - at)))
        return -EMSGSIZE;
    *data = NULL;
    if (size == 0)
        return 0;
    *span = (struct shmq_sm_span){.offset = (uint32_t)at, .size = (uint32_t)size};
    slot->used = (uint32_t)(at + size);
    *data = typed_slot_record(q) + at;
    return 0;
}

int shmq_span_put(struct shmq *q, struct shmq_sm_span *span, const void *data, size_t size)
{
    const struct schema_field *field = find_span(q, span);
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
    const struct schema_field *field = find_span(q, span);

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
