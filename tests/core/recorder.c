/* A recorder on plain memory: positions far along, laps at exact moments, and headers that are none. */
#include "plain_lane.h"

#include "core/recorder.h"

struct plain_recorder {
    struct plain_lane lane;
    struct recorder_consumer recorder;
    uint64_t copy[PLAIN_CAPACITY / 8];
};

static void attach_both(struct plain_recorder *r)
{
    struct plain_lane *lane = &r->lane;

    assert_int_equal(recorder_attach_producer(&lane->producer, lane->shared, lane->ring, lane->capacity), 0);
    assert_int_equal(
        recorder_attach_consumer(&lane->consumer, &r->recorder, lane->shared, lane->ring, lane->capacity, 0), 0);
    r->recorder.copy = r->copy;
    r->recorder.copy_size = sizeof r->copy;
}

static void open_recorder(struct plain_recorder *r, uint64_t start)
{
    plain_open(&r->lane, PLAIN_CAPACITY, start, SHMQ_HAND_BACK_NONE);
    attach_both(r);
}

/* `size` is that of the payload; its first word is the number. */
static void send(struct plain_recorder *r, size_t size)
{
    uint64_t words[PLAIN_CAPACITY / 8];
    uint64_t number = r->lane.producer.sent;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        words[i] = number;
    assert_int_equal(recorder_reserve(&r->lane.producer, size + RECORDER_NUMBER), 0);
    memcpy((uint8_t *)lane_slot(&r->lane.producer) + RECORDER_NUMBER, words, size);
    recorder_append(&r->lane.producer, size + RECORDER_NUMBER, (uint16_t)number);
    lane_publish(&r->lane.producer);
}

static int take(struct plain_recorder *r, uint64_t *number, uint64_t *missed)
{
    struct shmq_message message;
    size_t size = 0;
    int rc = recorder_take(&r->lane.consumer, &r->recorder, &message, missed, &size);

    if (rc == 0) {
        const uint64_t *words = message.data;

        *number = message.size >= 8 ? words[0] : message.type;
        for (size_t i = 0; i < message.size / 8; i++)
            assert_int_equal(words[i], *number);
        assert_int_equal((uint16_t)*number, message.type);
    }
    return rc;
}

static void oldest_records_make_room_wherever_it_begins(void **state)
{
    const uint64_t starts[] = {0, 4088, UINT64_C(1) << 62, LANE_POSITION_MAX - (UINT64_C(1) << 26)};

    (void)state;
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
        static struct plain_recorder r;
        uint64_t random = s + 1;
        uint64_t expected = 0;
        uint64_t number;
        uint64_t missed;

        open_recorder(&r, starts[s]);
        for (int i = 0; i < 20000; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            send(&r, (random >> 33) % (i % 8 == 0 ? 2033 : 100));
            assert_true(r.lane.shared->producer.head - r.lane.shared->tail.tail <= PLAIN_CAPACITY);
            if ((random >> 20) % 4 != 0)
                continue;
            int rc = take(&r, &number, &missed);

            assert_int_equal(rc, 0);
            expected += missed;
            assert_int_equal((uint16_t)number, (uint16_t)expected);
            expected++;
        }
        while (take(&r, &number, &missed) == 0)
            expected += missed + 1;
        assert_int_equal(expected, 20000);
        plain_close(&r.lane);
    }
}

static void largest_record_is_kept_alone_if_need_be(void **state)
{
    uint64_t number;
    uint64_t missed;

    (void)state;
    for (uint64_t start = 0; start < PLAIN_CAPACITY; start += 8) {
        static struct plain_recorder r;

        open_recorder(&r, start);
        assert_int_equal(recorder_reserve(&r.lane.producer, lane_record_max(PLAIN_CAPACITY) + 1), -EMSGSIZE);
        for (int i = 0; i < 5; i++)
            send(&r, lane_record_max(PLAIN_CAPACITY) - RECORDER_NUMBER);
        assert_int_equal(take(&r, &number, &missed), 0);
        assert_int_equal(number, missed);
        assert_true(missed == 3 || missed == 4);
        plain_close(&r.lane);
    }
}

static void small_copy_asks_for_a_larger_one(void **state)
{
    static struct plain_recorder r;
    struct shmq_message message;
    uint64_t missed = 9;
    size_t size = 0;

    (void)state;
    open_recorder(&r, 0);
    send(&r, 33);
    r.recorder.copy_size = 40;
    assert_int_equal(recorder_take(&r.lane.consumer, &r.recorder, &message, &missed, &size), -ENOBUFS);
    assert_int_equal(size, 48);
    assert_int_equal(missed, 9);
    r.recorder.copy_size = 48;
    assert_int_equal(recorder_take(&r.lane.consumer, &r.recorder, &message, &missed, &size), 0);
    assert_int_equal(message.size, 33);
    assert_int_equal(missed, 0);
    plain_close(&r.lane);
}

/* What a producer leaves that dies after each of its stores: the next one, and the consumer, go on. */
static void death_at_each_store_leaves_a_sound_lane(void **state)
{
    (void)state;
    for (int step = 0; step < 4; step++) {
        static struct plain_recorder r;
        uint64_t number;
        uint64_t missed;

        open_recorder(&r, 8);
        for (int i = 0; i < 200; i++)
            send(&r, 56);
        assert_int_equal(take(&r, &number, &missed), 0);
        uint64_t sent = r.lane.producer.sent;

        if (step >= 1) /* the tail has moved */
            assert_int_equal(recorder_reserve(&r.lane.producer, 1000), 0);
        if (step >= 2) /* some of the record is written */
            memset(lane_slot(&r.lane.producer), 0xee, 500);
        if (step >= 3) /* the count is stored, the head is not */
            r.lane.shared->producer.sent = sent + 1;
        assert_int_equal(recorder_attach_producer(&r.lane.producer, r.lane.shared, r.lane.ring, PLAIN_CAPACITY), 0);
        uint64_t kept = 0;

        while (take(&r, &number, &missed) == 0)
            kept++;
        assert_int_equal(number, sent - 1);
        assert_true(kept >= 40 && kept < 60);
        send(&r, 56);
        assert_int_equal(take(&r, &number, &missed), 0);
        plain_close(&r.lane);
    }
}

static void hostile_words_end(void **state)
{
    const uint64_t wild[] = {0, 1, 8, 4088, 4096, UINT32_MAX, UINT64_C(1) << 48, UINT64_C(1) << 63, UINT64_MAX - 7};
    const size_t count = sizeof wild / sizeof *wild;

    (void)state;
    for (size_t w = 0; w < count * count; w++) {
        static struct plain_recorder r;
        uint64_t missed;
        int rc = 0;

        open_recorder(&r, 4000);
        for (int i = 0; i < 100; i++)
            send(&r, 56);
        for (int i = 0; i < PLAIN_CAPACITY / 8; i += (int)(1 + w % 3))
            ((uint64_t *)(void *)r.lane.ring)[i] = wild[w % count];
        r.lane.shared->producer.head = w % 2 == 0 ? r.lane.producer.head : wild[w / count] & ~UINT64_C(7);
        r.lane.shared->tail.tail = w % 5 == 0 ? wild[w / count] : r.lane.shared->tail.tail;
        for (int i = 0; i <= PLAIN_CAPACITY / 8 && rc == 0; i++) {
            struct shmq_message message;
            size_t size;

            rc = recorder_take(&r.lane.consumer, &r.recorder, &message, &missed, &size);
        }
        assert_true(rc == -EBADMSG || rc == -EAGAIN);
        for (int i = 0; i < 100; i++) {
            rc = recorder_reserve(&r.lane.producer, 100);
            assert_true(rc == 0 || rc == -EBADMSG);
            if (rc == 0)
                recorder_append(&r.lane.producer, 100, 0);
        }
        plain_close(&r.lane);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_records_make_room_wherever_it_begins),
        cmocka_unit_test(largest_record_is_kept_alone_if_need_be),
        cmocka_unit_test(small_copy_asks_for_a_larger_one),
        cmocka_unit_test(death_at_each_store_leaves_a_sound_lane),
        cmocka_unit_test(hostile_words_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
