/*
 * Typed records
 *
 *     BO    business object: what the program works with, pointers and all
 *     SM    the type of what travels: a C structure without pointers, declared once, known to both sides
 *     SMO   one of these, in shared memory: the record itself
 *
 * Declare an SM by its fields; this makes struct trade, its description trade_sm, and functions that begin with trade_:
 *
 *     #define TRADE(F) F(u64, id) F(f64, price) F(text, symbol, 16) F(string, note, 256) F(blob, image)
 *     SHMQ_SM(trade, 1, TRADE)
 *
 *     F(u8 .. u64 | i8 .. i64 | f32 | f64, name)      a number
 *     F(bool, name)                                   uint8_t, 0 or 1
 *     F(text, name, n)                                char[n], of which the last is NUL
 *     F(array, name, KIND, n)                         n numbers or bools
 *     F(nested, name, SM)   F(nesteds, name, SM, n)   another SM, or n of them
 *     F(span, name, n)                                up to n bytes            \  of any size, behind the fixed part
 *     F(string, name, n)                              text, n bytes with NUL    > of the record
 *     F(list, name, KIND, n)                          up to n numbers or bools /
 *     F(blob, name)                                   a shared memory of its own: blob.h
 *
 * The queue is created with the types it is for, and keeps their description (schema.h):
 *
 *     const struct shmq_sm *types[] = {&trade_sm};
 *     struct shmq_create_options o = {.struct_size = sizeof o, .types = types, .type_count = 1};
 *     shmq_create("trades", &o);
 *
 * Produce: the memory first, then the conversion, which writes straight into it.
 *
 *     struct trade *smo;                                 const struct trade *smo;     struct shmq_message m;
 *     rc = trade_reserve(q, &smo);                       rc = trade_peek(q, &m, &smo);
 *     if (rc == 0)                                       if (rc == 0)
 *         rc = trade_from_order(q, smo, order);              rc = order_from_trade(q, &m, smo, &order);
 *     if (rc == 0)                                       shmq_release(q);
 *         rc = trade_commit(q, 0);
 *
 * With both conversions named once, that is all in two calls:
 *
 *     SHMQ_SM_BO(trade, struct order, trade_from_order, order_from_trade)
 *     rc = trade_send(q, &order);                        rc = trade_recv(q, &order);
 *
 * Answer in place (await.h): m.data is the record that trade_peek has shown, to be written as well as read, and the
 * producer is shown what was left there.
 *
 *     rc = trade_await(q, &ticket, -1, &m, &smo);        struct trade *answer = m.data;
 *
 * A slot that was reserved is all zero: no spans, no blobs, empty texts. What does not fit into a field is -EMSGSIZE,
 * and nothing is ever cut. A consumer gets only what is sound: of its type, texts with an end, bools 0 or 1, spans
 * within the record. A hostile producer can change a record while it is looked at: shmq_span_get and shmq_string_get
 * stay within the record all the same.
 */
#ifndef SHMQ_SM_H
#define SHMQ_SM_H

#include <shmq/await.h>
#include <shmq/consumer.h>
#include <shmq/export.h>
#include <shmq/producer.h>
#include <shmq/sm_macros.h>
#include <shmq/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/**
 * Is the queue for this type? The calls below ask by themselves; this is to know it at once, after opening.
 *
 * @param q     [in]  any role
 * @param type  [in]  &trade_sm; it lives as long as the handle
 *
 * @return its record type, as in struct shmq_message, or
 *   -EPROTO   the queue has no type of this name, or another version of it, or other fields: shmq_sm_difference tells
 *   -EBADMSG  the queue's schemas are damaged
 *   -EINVAL   not a description that this library knows
 *   -ECHILD   the handle is of the process that this one was forked from
 *   -ENOMEM
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call but for memory
 * Since     0.1
 */
SHMQ_API int shmq_sm_type(struct shmq *q, const struct shmq_sm *type);

/**
 * Say in one line why shmq_sm_type returned -EPROTO, such as
 * "trade: the queue has version 2, this program version 1".
 *
 * @param buffer    [out]  the line, cut off where it does not fit; empty where there is no difference
 * @param capacity  [in]   bytes of buffer
 *
 * @return 0 there is no difference, or what shmq_sm_type returns
 *
 * Threads, Since: as shmq_sm_type
 */
SHMQ_API int shmq_sm_difference(struct shmq *q, const struct shmq_sm *type, char *buffer, size_t capacity);

/**
 * Reserve a slot; trade_reserve does, and sets it to zero. By itself this call leaves in it what was there: that is for
 * who writes every byte, and has no nanosecond to lose.
 *
 * @param room  [in]   bytes for spans, each rounded up to 8; SHMQ_SM_ROOM: for the largest, as far as records can be
 * @param smo   [out]  the fixed part
 *
 * @return as shmq_reserve or shmq_sm_type
 *
 * Threads, Progress, Order, Since: as shmq_reserve
 */
SHMQ_API int shmq_sm_reserve(struct shmq *q, const struct shmq_sm *type, size_t room, void **smo);
#define SHMQ_SM_ROOM SIZE_MAX

/**
 * Make the slot a record; trade_commit does.
 *
 * @return as shmq_commit
 *
 * Threads, Progress, Order, Since: as shmq_commit
 */
SHMQ_API int shmq_sm_commit(struct shmq *q, unsigned flags);

/**
 * Send an SMO that the program has, in one call; trade_put does. What was reserved is forgotten.
 *
 * @param smo    [in]  all of it: struct trade
 * @param flags  [in]  0 or SHMQ_MORE
 *
 * @return as shmq_send or shmq_sm_type; -EINVAL also where the type has spans or blobs, which are made in a slot
 *
 * Threads, Progress, Order, Since: as shmq_send
 */
SHMQ_API int shmq_sm_put(struct shmq *q, const struct shmq_sm *type, const void *smo, unsigned flags);

/**
 * Forget the slot; trade_abort does.
 *
 * Threads, Progress, Since: as shmq_abort
 */
SHMQ_API void shmq_sm_abort(struct shmq *q);

/**
 * See a message that was peeked or received as what it is; trade_view does.
 *
 * @param message  [in]
 * @param smo      [out]  where the message lies
 *
 * @return 0, or
 *   -ENOMSG   it is of another type
 *   -EBADMSG  it is not sound; shmq_release skips it
 *   -EINVAL   its data is not 8-byte aligned (a buffer of recv)
 *   as shmq_sm_type
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call
 * Since     0.1
 */
SHMQ_API int shmq_sm_view(struct shmq *q, const struct shmq_sm *type, const struct shmq_message *message,
                          const void **smo);

/**
 * Peek, and view; trade_peek does. A message that it cannot show (-ENOMSG, -EBADMSG) was peeked all the same, and
 * `message` is set: look at it as another type, or release it.
 *
 * @return as shmq_peek or shmq_sm_view
 *
 * Threads, Progress, Order, Since: as shmq_peek
 */
SHMQ_API int shmq_sm_peek(struct shmq *q, const struct shmq_sm *type, struct shmq_message *message, const void **smo);
SHMQ_API int shmq_sm_peek_wait(struct shmq *q, const struct shmq_sm *type, int64_t timeout_ns,
                               struct shmq_message *message, const void **smo);

/**
 * Await, and view what the consumer has left; trade_await does. Another consumer than one of these types may have left
 * what is not sound.
 *
 * @param ticket   [in]   of this lane, of a record of this type
 * @param message  [out]  for shmq_span_get and shmq_string_get; only to be read
 * @param smo      [out]  in the mapping, until this handle reserves or sends
 *
 * @return 0, or
 *   -ENOMSG   the ticket is of another type
 *   -EBADMSG  what was left there is not sound, or the consumer's side of the lane is damaged
 *   as shmq_sm_type or shmq_await
 *
 * Threads, Progress, Order, Since: as shmq_await
 */
SHMQ_API int shmq_sm_await(struct shmq *q, const struct shmq_sm *type, const struct shmq_ticket *ticket,
                           int64_t timeout_ns, struct shmq_message *message, const void **smo);

/**
 * Set a text: shmq_text_set(smo->symbol, sizeof smo->symbol, "ACME"). The rest becomes zero.
 *
 * @return 0, or
 *   -EMSGSIZE  it does not fit with its NUL; nothing was written
 *
 * Threads, Progress: any, wait-free
 * Since     0.1
 */
SHMQ_API int shmq_text_set(char *field, size_t capacity, const char *text);

/**
 * Put data behind the record for one of its fields: a copy, a text with its NUL, or (room) memory to write it into. Once
 * a field.
 *
 * @param span  [in]   the field: &smo->note
 * @param size  [in]   bytes
 * @param data  [out]  room: 8-byte aligned; not set to zero. NULL where size is 0
 *
 * @return 0, or
 *   -EMSGSIZE  more than the field's maximum, or than there is room for in the slot
 *   -EINVAL    no slot is reserved, this is no such field of it, it has its data already, or the size is no multiple of
 *              its elements'
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call
 * Since     0.1
 */
SHMQ_API int shmq_span_put(struct shmq *q, struct shmq_sm_span *span, const void *data, size_t size);
SHMQ_API int shmq_string_put(struct shmq *q, struct shmq_sm_span *span, const char *text);
SHMQ_API int shmq_span_room(struct shmq *q, struct shmq_sm_span *span, size_t size, void **data);

/**
 * Where the data of a span is, or a text. Where there is none: size 0, or "".
 *
 * @return 0, or
 *   -EBADMSG  it does not lie within the message, or the text has no end
 *
 * Threads   any
 * Progress  wait-free
 * Since     0.1
 */
SHMQ_API int shmq_span_get(const struct shmq_message *message, const struct shmq_sm_span *span, const void **data,
                           size_t *size);
SHMQ_API int shmq_string_get(const struct shmq_message *message, const struct shmq_sm_span *span, const char **text);

#ifdef __cplusplus
}
#endif
#endif
