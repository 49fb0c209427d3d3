#include "ledger.h"

#include "cargo.h"
#include "record.h"
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANES 256

static void *words_create(size_t count, size_t size, int byte)
{
    void *words = malloc(count * size);

    if (words == NULL) {
        perror("malloc");
        exit(1);
    }
    return memset(words, byte, count * size);
}

void receiver_create(struct receiver *receiver, struct ledger *ledger)
{
    *receiver = (struct receiver){
        .ledger = ledger,
        .next = words_create(ledger->stream_count, sizeof *receiver->next, 0xff),
        .stream = words_create(LANES, sizeof *receiver->stream, 0xff),
        .held = words_create(LEDGER_HELD_MAX, sizeof *receiver->held, 0),
    };
}

void receiver_destroy(struct receiver *receiver)
{
    free(receiver->next);
    free(receiver->stream);
    free(receiver->held);
}

/* The lane has gone on to another stream: the one before must be complete. */
static bool end_of_stream(struct receiver *receiver, uint32_t lane, uint32_t stream)
{
    uint32_t before = receiver->stream[lane];

    receiver->stream[lane] = stream;
    if (before == LEDGER_NONE || before == stream || receiver->ledger->kind == SHMQ_RECORDER ||
        receiver->next[before] >= receiver->ledger->streams[before].sure)
        return true;
    return ledger_complain(receiver->ledger, "lane %u: stream %u ends at record %u of %u", lane, before,
                           receiver->next[before], receiver->ledger->streams[before].sure);
}

/* The first record of a stream that this consumer gets: it may begin with what its predecessor had not released. */
static bool begin_of_stream(struct receiver *receiver, const struct record *record)
{
    struct ledger *ledger = receiver->ledger;
    struct ledger_stream *stream = &ledger->streams[record->stream];

    /* Several may have died one after the other. */
    while (record->number > stream->peeked && ledger->doubt > receiver->own_doubt) {
        stream->peeked++;
        ledger->doubt--;
    }
    if (record->number < stream->released || (record->number > stream->peeked && ledger->kind != SHMQ_RECORDER))
        return ledger_complain(ledger, "stream %u begins at record %u; released %u, peeked %u", record->stream,
                               record->number, stream->released, stream->peeked);
    if (record->number < stream->peeked)
        ledger->again += stream->peeked - record->number;
    receiver->next[record->stream] = record->number;
    return true;
}

/* The number of a record that lies in the mapping is in front of its payload. */
static bool numbers_rise(struct receiver *receiver, const struct shmq_message *message)
{
    uint64_t number;

    memcpy(&number, (const uint8_t *)message->data - sizeof number, sizeof number);
    if (number < receiver->number)
        return ledger_complain(receiver->ledger, "number %llu comes behind %llu", (unsigned long long)number,
                               (unsigned long long)receiver->number - 1);
    receiver->number = number + 1;
    return true;
}

/* A recorder says how many it has left out. What belongs to other streams of the lane cannot be told apart. */
static void leave_out(struct receiver *receiver, const struct record *record, bool same_stream, uint32_t missed)
{
    uint32_t next = receiver->next[record->stream];

    if (record->number >= next && (!same_stream || record->number - next == missed))
        receiver->next[record->stream] = record->number;
}

/* What a note holds, as if it had come without a type. */
static void open_note(const struct note *note, struct held *held)
{
    struct record record;

    memcpy(&record, note->bytes, sizeof record);
    held->message.data = (void *)(uintptr_t)note->bytes;
    held->message.size = NOTE_SIZE;
    held->message.type = record_type(record.stream, record.number);
}

static bool open_cargo(struct receiver *receiver, struct shmq *q, const struct cargo *cargo, struct held *held)
{
    const char *label = NULL;

    trace_enter();
    int rc = shmq_string_get(&held->message, &cargo->label, &label);

    if (rc == 0)
        rc = shmq_blob_open(q, &held->message, &cargo->load, &held->blob);
    trace_leave();
    if (rc != 0 || strcmp(label, "cargo") != 0 || held->blob.size != cargo->size)
        return ledger_complain(receiver->ledger, "stream %u record %u: opening its blob says %d", cargo->stream,
                               cargo->number, rc);
    held->message.data = held->blob.data;
    held->message.size = cargo->size;
    held->message.type = record_type(cargo->stream, cargo->number);
    return true;
}

/* It was received, and its blob is nobody's by now: nothing is known but what the record says. */
static void believe_cargo(const struct cargo *cargo, struct held *held)
{
    static uint8_t buffer[LEDGER_RECORD_MAX];

    held->message.size = cargo->size < sizeof buffer ? cargo->size : sizeof buffer;
    held->message.data = buffer;
    held->message.type = record_type(cargo->stream, cargo->number);
    record_fill(buffer, cargo->stream, cargo->number, held->message.size);
}

/*
 * What a message holds. False and a complaint, where it has a type and is not what that says. (A stream has a record of
 * its own of such a type and size every 65536 records.)
 */
static bool open_typed(struct receiver *receiver, struct shmq *q, bool in_place, struct held *held)
{
    const struct note *note;
    const struct cargo *cargo;

    if (receiver->ledger->typed == 0 || held->message.type < SHMQ_SCHEMA_TYPE)
        return true;
    if (note_view(q, &held->message, &note) == 0)
        open_note(note, held);
    else if (cargo_view(q, &held->message, &cargo) == 0 && in_place)
        return open_cargo(receiver, q, cargo, held);
    else if (cargo_view(q, &held->message, &cargo) == 0)
        believe_cargo(cargo, held);
    return true;
}

/* Check a record and write it down. `missed`: what the call said. */
static bool take(struct receiver *receiver, struct shmq *q, const struct shmq_message *from, bool in_place,
                 int missed)
{
    struct ledger *ledger = receiver->ledger;
    struct record record = {LEDGER_NONE, LEDGER_NONE, 0};
    struct held held = {.message = *from};
    const struct shmq_message *message = &held.message;

    if (!open_typed(receiver, q, in_place, &held))
        return false;
    if (!record_is_whole(message, &record) || record.stream >= ledger->stream_count || message->lane >= LANES)
        return ledger_complain(ledger, "a torn record of %u bytes in lane %u, near stream %u record %u",
                               message->size, message->lane, record.stream, record.number);
    struct ledger_stream *stream = &ledger->streams[record.stream];
    bool same_stream = receiver->stream[message->lane] == record.stream;

    if (!end_of_stream(receiver, message->lane, record.stream))
        return false;
    if (receiver->next[record.stream] == LEDGER_NONE && !begin_of_stream(receiver, &record))
        return false;
    if (ledger->kind == SHMQ_RECORDER)
        leave_out(receiver, &record, same_stream, (uint32_t)missed);
    if (record.number != receiver->next[record.stream] || record.number >= stream->attempted)
        return ledger_complain(ledger, "stream %u: record %u where %u was due; %u were sent", record.stream,
                               record.number, receiver->next[record.stream], stream->attempted);
    receiver->next[record.stream] = record.number + 1;
    if (stream->peeked < record.number + 1)
        stream->peeked = record.number + 1;
    if (receiver->held_count == LEDGER_HELD_MAX)
        return ledger_complain(ledger, "more records are peeked at once than this test foresees");
    held.stream = record.stream;
    held.number = record.number;
    receiver->held[receiver->held_count++] = held;
    ledger->received++;
    return true;
}

static void write_down_released(struct receiver *receiver)
{
    for (uint32_t i = 0; i < receiver->held_count; i++) {
        struct ledger_stream *stream = &receiver->ledger->streams[receiver->held[i].stream];

        if (stream->released < receiver->held[i].number + 1)
            stream->released = receiver->held[i].number + 1;
    }
    receiver->held_count = 0;
}

int receiver_peek(struct receiver *receiver, struct shmq *q)
{
    struct shmq_message message = {.data = NULL};
    const struct note *note;

    trace_enter();
    int rc = receiver->ledger->typed != 0 ? note_peek(q, &message, &note) : shmq_peek(q, &message);

    trace_leave();
    if ((rc == -ENOMSG || rc == -EBADMSG) && receiver->ledger->typed != 0 && message.data != NULL)
        rc = 0; /* it is no note, and was peeked all the same */
    receiver->peeked_last = rc >= 0;
    if (rc < 0)
        return rc;
    if (receiver->ledger->kind == SHMQ_TOTAL_ORDER && !numbers_rise(receiver, &message))
        return -EILSEQ;
    return take(receiver, q, &message, true, rc) ? 0 : -EILSEQ;
}

int receiver_recv(struct receiver *receiver, struct shmq *q, size_t capacity)
{
    static uint64_t buffer[LEDGER_RECORD_MAX / 8];
    struct shmq_message message;

    receiver->own_doubt = 1;
    receiver->ledger->doubt++;
    trace_enter();
    int rc = shmq_recv(q, buffer, capacity, &message);

    trace_leave();
    if (rc >= 0) {
        if (!take(receiver, q, &message, false, rc))
            return -EILSEQ;
        write_down_released(receiver);
    }
    receiver->ledger->doubt--;
    receiver->own_doubt = 0;
    return rc < 0 ? rc : 0;
}

/* Each of them as if it had been received by itself. */
static bool take_many(struct receiver *receiver, struct shmq *q, const struct shmq_message *many, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct shmq_message message = *many;

        message.data = (uint8_t *)many->data + (size_t)i * many->size;
        if (!take(receiver, q, &message, false, 0))
            return false;
    }
    write_down_released(receiver);
    return true;
}

int receiver_recv_many(struct receiver *receiver, struct shmq *q)
{
    static uint64_t buffer[RECORD_RUN * LEDGER_RECORD_MAX / 8];
    struct shmq_message message;

    receiver->own_doubt = RECORD_RUN;
    receiver->ledger->doubt += RECORD_RUN;
    trace_enter();
    int rc = shmq_recv_many(q, buffer, 0, RECORD_RUN, &message);

    if (rc == -ENOBUFS && message.size <= LEDGER_RECORD_MAX)
        rc = shmq_recv_many(q, buffer, message.size, RECORD_RUN, &message);
    trace_leave();
    if (rc > 0 && !take_many(receiver, q, &message, (uint32_t)rc))
        return -EILSEQ;
    receiver->ledger->doubt -= RECORD_RUN;
    receiver->own_doubt = 0;
    return rc;
}

static bool still_whole(struct receiver *receiver)
{
    uint32_t first = 0;

    /* A recorder shows a copy, which stays until the next peek. */
    if (receiver->ledger->kind == SHMQ_RECORDER)
        first = receiver->held_count - (receiver->peeked_last && receiver->held_count != 0);
    for (uint32_t i = first; i < receiver->held_count; i++) {
        const struct held *held = &receiver->held[i];
        struct record record;

        if (!record_is_whole(&held->message, &record) || record.stream != held->stream ||
            record.number != held->number)
            return ledger_complain(receiver->ledger, "stream %u record %u was overwritten before its release",
                                   held->stream, held->number);
    }
    return true;
}

/* They are the consumer's until then. */
static bool drop_blobs(struct receiver *receiver, struct shmq *q, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct held *held = &receiver->held[i];
        struct record record;

        if (held->blob.data == NULL)
            continue;
        if (!record_is_whole(&held->message, &record))
            return ledger_complain(receiver->ledger,
                                   "stream %u record %u: its blob was overwritten before it was dropped",
                                   held->stream, held->number);
        trace_enter();
        shmq_blob_drop(q, &held->blob);
        trace_leave();
    }
    return true;
}

bool receiver_release(struct receiver *receiver, struct shmq *q)
{
    if (!still_whole(receiver))
        return false;
    trace_enter();
    int rc = shmq_release(q);

    trace_leave();
    if (rc != 0)
        return ledger_complain(receiver->ledger, "release says %d", rc);
    uint32_t count = receiver->held_count;

    write_down_released(receiver);
    return drop_blobs(receiver, q, count);
}

int receiver_drain(struct receiver *receiver, struct shmq *q, uint32_t batch, uint32_t limit)
{
    uint32_t count = 0;
    int rc = 0;

    while (count < limit && (rc = receiver_peek(receiver, q)) == 0) {
        if (++count % batch == 0 && !receiver_release(receiver, q))
            return -1;
    }
    if (rc == -EILSEQ || !receiver_release(receiver, q))
        return -1;
    if (rc != 0 && rc != -EAGAIN && rc != -EPIPE) {
        ledger_complain(receiver->ledger, "peek says %d", rc);
        return -1;
    }
    return (int)count;
}
