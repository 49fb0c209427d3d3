#include "ledger.h"

#include "cargo.h"
#include "record.h"
#include "trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPANS_MAX 8

_Static_assert(sizeof(struct record) == LEDGER_RECORD_MIN, "the smallest record holds its first bytes");

size_t ledger_size(uint32_t stream_count)
{
    return sizeof(struct ledger) + stream_count * sizeof(struct ledger_stream);
}

struct ledger *ledger_create(void *memory, uint32_t stream_count)
{
    struct ledger *ledger = memory;

    ledger->stream_count = stream_count;
    return ledger;
}

void ledger_clear(struct ledger *ledger, uint32_t kind)
{
    uint32_t stream_count = ledger->stream_count;

    memset(ledger, 0, ledger_size(stream_count));
    ledger->stream_count = stream_count;
    ledger->kind = kind;
}

bool ledger_complain(struct ledger *ledger, const char *format, ...)
{
    va_list arguments;

    if (ledger->wrong++ != 0)
        return false;
    va_start(arguments, format);
    vsnprintf(ledger->complaint, sizeof ledger->complaint, format, arguments);
    va_end(arguments);
    return false;
}

static void all_is_sure(struct sender *sender)
{
    sender->ledger->streams[sender->stream].sure = sender->next;
}

static uint32_t size_of_next(size_t size)
{
    return size < LEDGER_RECORD_MIN ? LEDGER_RECORD_MIN : (uint32_t)size;
}

/* One record more may come to be. */
static void begin_to_send(struct sender *sender)
{
    sender->ledger->streams[sender->stream].attempted = sender->next + 1;
}

static int end_to_send(struct sender *sender, int rc, unsigned flags)
{
    if (rc != 0) {
        sender->ledger->streams[sender->stream].attempted = sender->next;
        return rc;
    }
    sender->next++;
    if ((flags & SHMQ_MORE) == 0)
        all_is_sure(sender);
    return 0;
}

int sender_send(struct sender *sender, struct shmq *q, size_t size, unsigned flags)
{
    static uint8_t buffer[LEDGER_RECORD_MAX];
    uint32_t whole = size_of_next(size);

    record_fill(buffer, sender->stream, sender->next, whole);
    begin_to_send(sender);
    trace_enter();
    int rc = shmq_send(q, buffer, whole, record_type(sender->stream, sender->next), flags);

    trace_leave();
    return end_to_send(sender, rc, flags);
}

int sender_sendv(struct sender *sender, struct shmq *q, size_t size, size_t count, unsigned flags)
{
    static uint8_t buffer[LEDGER_RECORD_MAX];
    struct shmq_span spans[SPANS_MAX];
    uint32_t whole = size_of_next(size);
    size_t each = whole / count;

    record_fill(buffer, sender->stream, sender->next, whole);
    for (size_t i = 0; i < count; i++)
        spans[i] = (struct shmq_span){buffer + i * each, i + 1 == count ? whole - i * each : each};
    begin_to_send(sender);
    trace_enter();
    int rc = shmq_sendv(q, spans, count, record_type(sender->stream, sender->next), flags);

    trace_leave();
    return end_to_send(sender, rc, flags);
}

int sender_send_many(struct sender *sender, struct shmq *q, size_t size, unsigned flags)
{
    static uint8_t buffer[RECORD_RUN * LEDGER_RECORD_MAX];
    uint32_t whole = size_of_next(size);
    uint32_t count = RECORD_RUN - sender->next % RECORD_RUN;

    for (uint32_t i = 0; i < count; i++)
        record_fill(buffer + (size_t)i * whole, sender->stream, sender->next + i, whole);
    sender->ledger->streams[sender->stream].attempted = sender->next + count;
    trace_enter();
    int rc = shmq_send_many(q, buffer, whole, count, record_type(sender->stream, sender->next), flags);

    trace_leave();
    sender->next += rc > 0 ? (uint32_t)rc : 0;
    sender->ledger->streams[sender->stream].attempted = sender->next;
    if (rc > 0 && (flags & SHMQ_MORE) == 0)
        all_is_sure(sender);
    return rc;
}

int sender_scribble(struct sender *sender, struct shmq *q, size_t size)
{
    void *slot;

    (void)sender;
    trace_enter();
    int rc = shmq_reserve(q, size, &slot);

    trace_leave();
    if (rc == 0)
        memset(slot, 0xee, size);
    return rc;
}

int sender_write(struct sender *sender, struct shmq *q, size_t size, size_t spare, unsigned flags)
{
    uint32_t whole = size_of_next(size);
    void *slot;

    trace_enter();
    int rc = shmq_reserve(q, whole + spare, &slot);

    trace_leave();
    if (rc != 0)
        return rc;
    memset(slot, 0xee, whole + spare);
    record_fill(slot, sender->stream, sender->next, whole);
    begin_to_send(sender);
    trace_enter();
    rc = shmq_commit(q, whole, record_type(sender->stream, sender->next), flags);
    trace_leave();
    return end_to_send(sender, rc, flags);
}

int sender_note(struct sender *sender, struct shmq *q, bool put)
{
    struct note note = {.good = 1};
    struct note *smo = &note;
    int rc = 0;

    trace_enter();
    if (!put)
        rc = note_reserve(q, &smo);
    trace_leave();
    if (rc != 0)
        return rc;
    record_fill(smo->bytes, sender->stream, sender->next, NOTE_SIZE);
    smo->good = 1;
    begin_to_send(sender);
    trace_enter();
    rc = put ? note_put(q, &note, 0) : note_commit(q, 0);
    trace_leave();
    return end_to_send(sender, rc, 0);
}

/* A slot with a blob. */
static int load(struct shmq *q, size_t size, struct cargo **smo, void **data)
{
    trace_enter();
    int rc = cargo_reserve(q, smo);

    if (rc == 0) {
        rc = shmq_blob_room(q, &(*smo)->load, size, data);
        if (rc != 0)
            cargo_abort(q);
    }
    trace_leave();
    if (rc == 0)
        memset(*data, 0xee, size);
    return rc;
}

int sender_load(struct sender *sender, struct shmq *q, size_t size)
{
    struct cargo *smo = NULL;
    void *data = NULL;
    int rc = load(q, size, &smo, &data);

    if (rc != 0)
        return rc;
    record_fill(data, sender->stream, sender->next, (uint32_t)size);
    smo->stream = sender->stream;
    smo->number = sender->next;
    smo->size = (uint32_t)size;
    begin_to_send(sender);
    trace_enter();
    rc = shmq_string_put(q, &smo->label, "cargo");
    if (rc == 0)
        rc = cargo_commit(q, 0);
    trace_leave();
    return end_to_send(sender, rc, 0);
}

int sender_load_in_vain(struct sender *sender, struct shmq *q, size_t size)
{
    struct cargo *smo = NULL;
    void *data = NULL;
    int rc = load(q, size, &smo, &data);

    (void)sender;
    if (rc == 0) {
        trace_enter();
        cargo_abort(q);
        trace_leave();
    }
    return rc;
}

void sender_flush(struct sender *sender, struct shmq *q)
{
    trace_enter();
    int rc = shmq_flush(q);

    trace_leave();
    if (rc == 0)
        all_is_sure(sender);
}

void sender_close(struct sender *sender, struct shmq *q)
{
    trace_enter();
    shmq_close(q);
    trace_leave();
    all_is_sure(sender);
}

bool ledger_balances(struct ledger *ledger)
{
    uint32_t doubt = ledger->doubt;

    for (uint32_t i = 0; i < ledger->stream_count; i++) {
        const struct ledger_stream *stream = &ledger->streams[i];
        uint32_t missing = stream->sure > stream->peeked ? stream->sure - stream->peeked : 0;
        uint32_t missed = missing < doubt ? missing : doubt;

        doubt -= missed;
        if ((stream->peeked + missed < stream->sure && ledger->kind != SHMQ_RECORDER) ||
            stream->peeked > stream->attempted)
            return ledger_complain(ledger, "stream %u: %u records received, %u to %u were sent", i, stream->peeked,
                                   stream->sure, stream->attempted);
    }
    return ledger->wrong == 0;
}
