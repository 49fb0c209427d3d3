/*
 * A producer and a consumer of one lane, of each kind of queue, on plain memory with a hostile peer. Where a side thinks
 * it is, and what it hands out, is checked after each call.
 */
#include "core.h"
#include "core/copy.h"
#include "core/many.h"
#include "core/order.h"
#include "core/recorder.h"

#include <errno.h>
#include <shmq/queue.h>
#include <stdlib.h>
#include <string.h>

static struct {
    enum shmq_kind kind;
    uint64_t capacity;
    struct shmq_lane *shared;
    uint8_t *ring;
    struct lane_producer producer;
    struct lane_consumer consumer;
    struct recorder_consumer recorder;
    bool produces;
    bool consumes;
    uint64_t last;    /* total order: the last number */
    uint64_t counter; /* total order: the next one, which is shared */
    struct shmq_message message;
    uint32_t whole; /* payload of the message, its number included */
    bool unpeekable;
} lane;

/* Made once, and set to zero for each input. */
#define CAPACITY_LOG_MIN 12
#define CAPACITY_LOG_MAX 18
static uint8_t *rings[CAPACITY_LOG_MAX + 1];
static struct shmq_lane *shared;

/* Handing back loads a word of each line; a batch of total order is walked twice; a recorder copies anew. */
static void begin(const char *call)
{
    uint64_t once = 64 + lane.capacity / 32;

    if (lane.kind == SHMQ_TOTAL_ORDER)
        once += lane.capacity / 4;
    else if (lane.kind == SHMQ_RECORDER)
        once = 64 * (32 + lane.capacity / 8);
    adversary_allow(call, once);
}

static void check_producer(void)
{
    const struct lane_producer *p = &lane.producer;

    if (!lane.produces)
        return;
    must(p->ring == lane.ring && p->mask == lane.capacity - 1 && p->capacity == lane.capacity);
    must(p->head % 8 == 0 && p->published % 8 == 0);
    must(p->head - p->published <= lane.capacity);
    must(p->limit - p->head <= lane.capacity - (p->head & p->mask));
    must(lane.kind == SHMQ_LANES || p->limit == p->head);
}

static void check_consumer(void)
{
    const struct lane_consumer *c = &lane.consumer;

    if (!lane.consumes)
        return;
    must(c->ring == lane.ring && c->mask == lane.capacity - 1 && c->capacity == lane.capacity);
    must(c->next % 8 == 0 && c->released <= c->next && c->next <= c->head_seen);
    must(c->limit - c->next <= lane.capacity - (c->next & c->mask));
    must(lane.kind == SHMQ_LANES || c->limit == c->next);
    if (lane.kind != SHMQ_RECORDER)
        must(c->tail <= c->released && c->head_seen - c->tail <= lane.capacity);
}

/* What was handed out: all of it lies in the ring, and where the next record begins is right behind it. */
static void check_message(const struct shmq_message *message, uint64_t whole)
{
    const uint8_t *data = message->data;

    if (lane.kind == SHMQ_RECORDER) {
        must(whole <= lane.recorder.copy_size);
    } else {
        const uint8_t *start = data - (whole - message->size) - sizeof(struct shmq_record);

        must(start >= lane.ring && start < lane.ring + lane.capacity);
        must(data + message->size <= lane.ring + lane.capacity);
        must((uint64_t)(start - lane.ring) == ((message->ticket - lane_span(whole)) & (lane.capacity - 1)));
    }
    must(message->ticket == lane.consumer.next);
    sink(data, message->size);
}

static void received(uint64_t number_size)
{
    lane.whole = lane.message.size + (uint32_t)number_size;
    lane.unpeekable = true;
    check_message(&lane.message, lane.whole);
}

static void attach_producer(void)
{
    struct lane_producer *p = &lane.producer;

    begin("attach_producer");
    if (lane.kind == SHMQ_RECORDER)
        lane.produces = recorder_attach_producer(p, lane.shared, lane.ring, lane.capacity) == 0;
    else
        lane.produces = lane_attach_producer(p, lane.shared, lane.ring, lane.capacity) == 0;
    if (lane.produces && lane.kind == SHMQ_TOTAL_ORDER)
        order_attach(p);
}

static void attach_consumer(uint32_t hand_back)
{
    struct lane_consumer *c = &lane.consumer;

    begin("attach_consumer");
    lane.unpeekable = false;
    lane.last = UINT64_MAX;
    if (lane.kind == SHMQ_RECORDER) {
        uint64_t *copy = lane.recorder.copy;
        size_t copy_size = lane.recorder.copy_size;

        lane.consumes = recorder_attach_consumer(c, &lane.recorder, lane.shared, lane.ring, lane.capacity, 0) == 0;
        lane.recorder.copy = copy;
        lane.recorder.copy_size = copy_size;
    } else {
        lane.consumes = lane_attach_consumer(c, lane.shared, lane.ring, lane.capacity, 0, hand_back) == 0;
        begin("lane_give");
        if (lane.consumes)
            lane_give(c, true);
    }
}

static void publish(void)
{
    begin("publish");
    if (lane.kind == SHMQ_TOTAL_ORDER)
        order_publish(&lane.producer, &lane.counter);
    else
        lane_publish(&lane.producer);
}

static int reserve(size_t size)
{
    begin("reserve");
    if (lane.kind == SHMQ_RECORDER)
        return recorder_reserve(&lane.producer, size);
    if (lane.kind == SHMQ_TOTAL_ORDER)
        return lane_reserve_numbered(&lane.producer, size);
    return lane_reserve(&lane.producer, size);
}

static void send(size_t size, uint8_t how)
{
    struct lane_producer *p = &lane.producer;

    size += lane.kind == SHMQ_LANES ? 0 : sizeof(uint64_t);
    if (reserve(size) != 0)
        return;
    uint8_t *slot = lane_slot(p);

    must(slot >= lane.ring + sizeof(struct shmq_record) && slot + size <= lane.ring + lane.capacity);
    memset(slot, how, size);
    if (lane.kind == SHMQ_TOTAL_ORDER)
        order_append(p, size, how);
    else if (lane.kind == SHMQ_RECORDER)
        recorder_append(p, size, how);
    else
        lane_append(p, size, how);
    if (lane_is_due(p, how % 4 != 0))
        publish();
}

/* As shmq_send_many, in a queue whose records have no numbers. */
static void send_many(size_t size, uint64_t count, uint8_t how)
{
    if (lane.kind != SHMQ_LANES) {
        send(size, how);
        return;
    }
    struct lane_producer *p = &lane.producer;
    uint8_t *data = malloc(size * count + 1);

    memset(data, how, size * count + 1);
    if (reserve(size) == 0) {
        uint64_t before = p->head;
        uint64_t appended = lane_append_many(p, data, size, count, how);

        must(appended >= 1 && appended <= count && p->head - before == appended * lane_span(size));
        must(p->head <= p->limit);
        if (lane_is_due(p, how % 4 != 0))
            publish();
    }
    free(data);
}

static void peek_ordered(void)
{
    uint64_t header;
    uint64_t number;

    if (order_front(&lane.consumer, lane.last, &header, &number) != 0)
        return;
    check_consumer();
    lane_take(&lane.consumer, header, &lane.message);
    lane.consumer.limit = lane.consumer.next;
    must(lane.message.size >= ORDER_NUMBER);
    must(number != UINT64_MAX && (lane.last == UINT64_MAX || number > lane.last));
    lane.last = number;
    lane.message.data = (uint8_t *)lane.message.data + ORDER_NUMBER;
    lane.message.size -= (uint32_t)ORDER_NUMBER;
    received(ORDER_NUMBER);
}

static void peek_recorder(void)
{
    uint64_t missed = 0;
    size_t size = 0;
    int rc = recorder_take(&lane.consumer, &lane.recorder, &lane.message, &missed, &size);

    if (rc == -ENOBUFS) {
        must(size > lane.recorder.copy_size && size <= lane.capacity && size % 8 == 0);
        free(lane.recorder.copy);
        lane.recorder.copy = malloc(size);
        lane.recorder.copy_size = size;
    } else if (rc == 0) {
        received(RECORDER_NUMBER);
    }
}

/* As shmq_recv receives small ones: the header that was seen is the one that counts. */
static void take_seen(void)
{
    uint64_t header;
    uint8_t buffer[COPY_WORDS_MAX];

    if (!lane_see(&lane.consumer, &header) || !copy_is_small(lane_header_size(header)))
        return;
    lane_take(&lane.consumer, header, &lane.message);
    received(0);
    copy_words_out(buffer, lane.message.data, lane_header_size(header));
}

/* As shmq_recv_many: an array of what was seen to be of one size. */
static void take_many_seen(void)
{
    uint64_t header;

    if (lane.kind != SHMQ_LANES || !lane_see(&lane.consumer, &header))
        return;
    uint32_t size = lane_header_size(header);
    uint64_t most = 64; /* each is a load */
    uint8_t *buffer = malloc(most * size + 1);
    uint64_t taken = lane_take_many(&lane.consumer, header, buffer, most);

    must(taken <= most);
    check_consumer();
    lane.unpeekable = false;
    free(buffer);
}

static void peek(void)
{
    begin("peek");
    lane.unpeekable = false;
    if (lane.kind == SHMQ_TOTAL_ORDER)
        peek_ordered();
    else if (lane.kind == SHMQ_RECORDER)
        peek_recorder();
    else if (lane_peek(&lane.consumer, &lane.message) == 0)
        received(0);
}

static void unpeek(void)
{
    if (!lane.unpeekable)
        return;
    lane_unpeek(&lane.consumer, lane.whole);
    lane.unpeekable = false;
    lane.last = UINT64_MAX;
    if (lane.kind != SHMQ_LANES)
        lane.consumer.limit = lane.consumer.next;
}

static void look(void)
{
    begin("look");
    lane.unpeekable = false; /* a message is given back before anything else, or not at all */
    if (lane.kind == SHMQ_RECORDER) {
        (void)recorder_look(&lane.consumer);
    } else if (lane.consumer.next == lane.consumer.head_seen) {
        (void)lane_look_for_records(&lane.consumer);
        if (lane.kind == SHMQ_TOTAL_ORDER)
            peek_ordered(); /* as api/ does whenever that look finds something */
    }
}

static void scribble(struct script *script)
{
    uint64_t *words = (uint64_t *)(void *)lane.ring;
    uint64_t count = lane.capacity / 8;
    uint16_t place = script_u16(script);

    if ((place & 1) != 0) {
        words = (uint64_t *)(void *)lane.shared;
        count = sizeof *lane.shared / 8;
    } else if ((place & 2) != 0) { /* where the consumer is */
        place = (uint16_t)((lane.consumer.next & (lane.capacity - 1)) >> 1 | place >> 2 % 8);
    }
    uint64_t *word = words + (place >> 2) % count;

    *word = adversary_value(script, *word, word);
}

static void produce(uint8_t what, struct script *script)
{
    switch (what % 8) {
    case 0:
        attach_producer();
        break;
    case 1:
        publish();
        break;
    case 2:
        begin("look_for_room");
        if (lane.kind != SHMQ_RECORDER)
            (void)lane_look_for_room(&lane.producer);
        break;
    case 3:
        send(lane.producer.record_max - script_u8(script) % 32, what);
        break;
    case 4:
        send(script_u16(script), what);
        break;
    case 5:
        send_many(script_u8(script), 1 + script_u8(script) % 64, what);
        break;
    default:
        send(script_u8(script), what);
        break;
    }
}

static void consume(uint8_t what)
{
    switch (what % 8) {
    case 0:
        attach_consumer(what / 8 % 4);
        break;
    case 1:
        begin("release");
        lane.unpeekable = false;
        (void)lane_release(&lane.consumer);
        break;
    case 2:
        look();
        break;
    case 3:
        unpeek();
        break;
    case 4:
        begin("take_seen");
        lane.unpeekable = false;
        take_seen();
        break;
    case 5:
        begin("take_many");
        take_many_seen();
        break;
    default:
        peek();
        break;
    }
}

/* Steps of both sides and of who writes over what they share. */
static void run(struct script *script)
{
    while (script->at < script->end) {
        uint8_t what = script_u8(script);

        if (what < 0x50 && (lane.produces || what % 8 == 0))
            produce(what, script);
        else if (what >= 0x50 && what < 0xc0 && (lane.consumes || what % 8 == 0))
            consume(what);
        else if (what >= 0xe0)
            adversary_lies(!adversary_is_lying());
        else if (what >= 0xc0)
            scribble(script);
        check_producer();
        check_consumer();
    }
}

void core_lane_make(void)
{
    shared = aligned_alloc(SHMQ_LINE, sizeof *shared);
    for (unsigned log = CAPACITY_LOG_MIN; log <= CAPACITY_LOG_MAX; log++)
        rings[log] = aligned_alloc((size_t)1 << log, (size_t)1 << log);
}

/* Positions begin at 0, where the ring ends for the first time, at 2^32, or where there are no more. */
static void open_lane(uint8_t capacity, uint8_t start)
{
    static const uint64_t starts[] = {0, 0, UINT64_C(1) << 32, UINT64_C(1) << 63, 0};
    uint64_t position = starts[start % 5] - (start / 5 % 16) * 8;

    unsigned log = capacity % 8 == 7 ? CAPACITY_LOG_MAX : CAPACITY_LOG_MIN + capacity % 8 / 5;

    lane.capacity = UINT64_C(1) << log;
    lane.shared = shared;
    lane.ring = rings[log];
    memset(lane.shared, 0, sizeof *lane.shared);
    memset(lane.ring, 0, lane.capacity);
    if (start % 5 == 1)
        position += lane.capacity;
    lane.shared->producer.head = position;
    lane.shared->released.released = position;
    lane.shared->tail.tail = position;
    lane.last = UINT64_MAX;
}

uint64_t core_lane_open(const uint8_t settings[SETTINGS])
{
    memset(&lane, 0, sizeof lane);
    lane.kind = settings[0] % 8;
    open_lane(settings[0] / 8, settings[1]);
    adversary_share(lane.shared, sizeof *lane.shared);
    adversary_share(lane.ring, lane.capacity);
    return lane.capacity;
}

void core_lane_run(const uint8_t settings[SETTINGS], struct script *script)
{
    attach_producer();
    attach_consumer(settings[3] / 4 % 4);
    run(script);
}

void core_lane_close(void)
{
    adversary_unshare(lane.shared);
    adversary_unshare(lane.ring);
    free(lane.recorder.copy);
}
