#include "plain_lane.h"

static const uint32_t strategies[] = {SHMQ_HAND_BACK_NONE, SHMQ_HAND_BACK_DIRTY, SHMQ_HAND_BACK_OWN};

/* A small generator, so that a failure repeats. */
static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static void fill(uint8_t *bytes, size_t size, uint64_t number)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(number * 31 + i * 7 + (i >> 8));
}

/* The size of record `number` in a sequence that both sides can compute. */
static size_t size_of(uint64_t number, uint64_t record_max)
{
    uint64_t state = number * 977 + 13;
    uint32_t kind = next_random(&state) % 8;

    if (kind == 0)
        return next_random(&state) % (record_max + 1);
    return kind < 4 ? next_random(&state) % 80 : next_random(&state) % 300;
}

static void expect(const struct shmq_message *message, uint64_t number, uint64_t record_max)
{
    static uint8_t wanted[1 << 20];
    size_t size = size_of(number, record_max);

    fill(wanted, size, number);
    assert_int_equal(message->size, size);
    assert_int_equal(message->type, (uint16_t)number);
    assert_memory_equal(message->data, wanted, size);
}

/* Both sides take steps of random length; what comes out is what went in. */
static void mix(uint64_t capacity, uint64_t start, uint32_t strategy, uint64_t seed)
{
    static uint8_t bytes[1 << 20];
    struct plain_lane lane;
    struct shmq_message message;
    uint64_t sent = 0;
    uint64_t received = 0;

    plain_open(&lane, capacity, start, strategy);
    uint64_t record_max = lane_record_max(capacity);

    while (received < 20000) {
        for (uint32_t n = next_random(&seed) % 40; n > 0; n--) {
            size_t size = size_of(sent, record_max);

            fill(bytes, size, sent);
            if (plain_send(&lane, bytes, size, (uint16_t)sent, next_random(&seed) % 2) != 0)
                break;
            sent++;
        }
        for (uint32_t n = next_random(&seed) % 40; n > 0 && lane_peek(&lane.consumer, &message) == 0; n--) {
            expect(&message, received++, record_max);
            if (next_random(&seed) % 3 == 0)
                lane_release(&lane.consumer);
        }
        if (next_random(&seed) % 2 == 0)
            lane_release(&lane.consumer);
        assert_true(lane.shared->tail.tail <= lane.shared->released.released);
        assert_true(lane.shared->released.released <= lane.shared->producer.head);
        assert_true(lane.shared->producer.head - lane.shared->tail.tail <= capacity);
    }
    assert_true(received <= sent);
    plain_close(&lane);
}

static void records_come_out_in_order_and_unchanged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        mix(4096, 0, strategies[i], 1);
        mix(4096, 4088, strategies[i], 2);
        mix(65536, 8, strategies[i], 3);
        mix(UINT64_C(1) << 20, 0, strategies[i], 4);
    }
}

static void reserved_record_is_invisible_until_committed(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(lane_reserve(&lane.producer, 5), 0);
    memcpy(lane_slot(&lane.producer), "hello", 5);
    assert_int_equal(lane_peek(&lane.consumer, &message), -EAGAIN);
    lane_commit(&lane.producer, 5, 9, false);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_int_equal(message.size, 5);
    assert_int_equal(message.type, 9);
    assert_memory_equal(message.data, "hello", 5);
    assert_int_equal(message.ticket, 16);
    assert_int_equal(lane_peek(&lane.consumer, &message), -EAGAIN);
    plain_close(&lane);
}

static void commit_may_shrink(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(lane_reserve(&lane.producer, 1000), 0);
    lane_commit(&lane.producer, 3, 1, false);
    assert_int_equal(lane.shared->producer.head, 16);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_int_equal(message.size, 3);
    plain_close(&lane);
}

static void largest_record_fits_an_empty_ring_wherever_it_begins(void **state)
{
    uint64_t record_max = lane_record_max(PLAIN_CAPACITY);
    static uint8_t bytes[PLAIN_CAPACITY];

    (void)state;
    for (uint64_t start = 0; start < PLAIN_CAPACITY; start += 8) {
        struct plain_lane lane;
        struct shmq_message message;

        plain_open(&lane, PLAIN_CAPACITY, start, SHMQ_HAND_BACK_DIRTY);
        fill(bytes, record_max, start);
        assert_int_equal(plain_send(&lane, bytes, record_max, 1, false), 0);
        assert_int_equal(lane_peek(&lane.consumer, &message), 0);
        assert_int_equal(message.size, record_max);
        assert_memory_equal(message.data, bytes, record_max);
        assert_true((uint8_t *)message.data + message.size <= lane.ring + PLAIN_CAPACITY);
        assert_int_equal(lane_reserve(&lane.producer, record_max + 1), -EMSGSIZE);
        assert_int_equal(lane_reserve(&lane.producer, SIZE_MAX), -EMSGSIZE);
        plain_close(&lane);
    }
}

static void full_lane_says_so_counts_it_and_recovers(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;
    char bytes[56] = {0};

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    for (int i = 0; i < PLAIN_CAPACITY / 64; i++)
        assert_int_equal(plain_send(&lane, bytes, sizeof bytes, 0, false), 0);
    assert_int_equal(plain_send(&lane, bytes, sizeof bytes, 0, false), -EAGAIN);
    assert_int_equal(plain_send(&lane, bytes, sizeof bytes, 0, false), -EAGAIN);
    assert_int_equal(lane.shared->producer.full_count, 1);
    assert_int_equal(lane_look_for_room(&lane.producer), -EAGAIN);
    for (int i = 0; i < PLAIN_CAPACITY / 64; i++)
        assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_int_equal(lane_look_for_room(&lane.producer), -EAGAIN);
    lane_release(&lane.consumer);
    assert_int_equal(lane_look_for_room(&lane.producer), 0);
    assert_int_equal(plain_send(&lane, bytes, sizeof bytes, 0, false), 0);
    plain_close(&lane);
}

static void more_leaves_publishing_to_a_later_commit_but_not_for_long(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;
    char bytes[56] = {0};

    (void)state;
    plain_open(&lane, 65536, 0, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(plain_send(&lane, bytes, sizeof bytes, 0, true), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), -EAGAIN);
    assert_int_equal(plain_send(&lane, bytes, sizeof bytes, 0, false), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), -EAGAIN);
    for (int i = 0; i < LANE_UNPUBLISHED_MAX / 64; i++)
        assert_int_equal(plain_send(&lane, bytes, sizeof bytes, 0, true), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    plain_close(&lane);
}

static void no_room_publishes_what_more_has_left(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(lane_reserve(&lane.producer, 2040), 0);
    lane_commit(&lane.producer, 1000, 0, true);
    assert_int_equal(lane_peek(&lane.consumer, &message), -EAGAIN);
    assert_int_equal(lane_reserve(&lane.producer, 2040), 0);
    lane_commit(&lane.producer, 900, 0, true);
    assert_int_equal(lane_reserve(&lane.producer, 2040), 0);
    lane_commit(&lane.producer, 2040, 0, false);
    assert_int_equal(lane_reserve(&lane.producer, 16), 0);
    lane_commit(&lane.producer, 16, 0, true);
    assert_int_not_equal(lane.shared->producer.head, lane.producer.head);
    assert_int_equal(lane_reserve(&lane.producer, 2040), -EAGAIN);
    assert_int_equal(lane.shared->producer.head, lane.producer.head);
    plain_close(&lane);
}

/* The consumer's words after `count` records of 64 bytes were peeked and released. */
static void release_records(struct plain_lane *lane, int count)
{
    struct shmq_message message;

    for (int i = 0; i < count; i++)
        assert_int_equal(lane_peek(&lane->consumer, &message), 0);
    lane_release(&lane->consumer);
}

static void tail_follows_in_batches_when_empty_and_at_once_for_who_wants_room(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;
    char bytes[56] = {0};

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    for (int i = 0; i < 20; i++)
        assert_int_equal(plain_send(&lane, bytes, sizeof bytes, 0, false), 0);
    release_records(&lane, 1);
    assert_int_equal(lane.shared->released.released, 64);
    assert_int_equal(lane.shared->tail.tail, 0);
    release_records(&lane, 7); /* an eighth of the ring */
    assert_int_equal(lane.shared->tail.tail, 512);
    release_records(&lane, 1);
    assert_int_equal(lane.shared->tail.tail, 512);
    lane_want_room(&lane.producer, true);
    release_records(&lane, 1);
    assert_int_equal(lane.shared->tail.tail, 640);
    lane_want_room(&lane.producer, false);
    release_records(&lane, 7);
    assert_int_equal(lane.shared->tail.tail, 640);
    release_records(&lane, 3);
    assert_int_equal(lane_peek(&lane.consumer, &message), -EAGAIN);
    assert_int_equal(lane.shared->tail.tail, 1280);
    plain_close(&lane);
}

static void hand_back_changes_no_byte(void **state)
{
    static uint8_t before[PLAIN_CAPACITY];
    static uint8_t bytes[PLAIN_CAPACITY];

    (void)state;
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        struct plain_lane lane;
        struct shmq_message message;

        plain_open(&lane, PLAIN_CAPACITY, 4000, strategies[i]);
        fill(bytes, 2000, 5);
        assert_int_equal(plain_send(&lane, bytes, 77, 1, false), 0);
        assert_int_equal(plain_send(&lane, bytes, 2000, 1, false), 0);
        memcpy(before, lane.ring, PLAIN_CAPACITY);
        while (lane_peek(&lane.consumer, &message) == 0)
            lane_release(&lane.consumer);
        assert_int_equal(lane.shared->tail.tail, lane.shared->producer.head);
        assert_memory_equal(lane.ring, before, PLAIN_CAPACITY);
        plain_close(&lane);
    }
}

/* Peeked but not released is delivered again; released is not, even where the tail has not followed. */
static void next_consumer_starts_with_the_first_record_that_was_not_released(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(plain_send(&lane, &i, sizeof i, 0, false), 0);
    release_records(&lane, 2);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_int_equal(lane.shared->tail.tail, 0);
    assert_int_equal(
        lane_attach_consumer(&lane.consumer, lane.shared, lane.ring, lane.capacity, 0, SHMQ_HAND_BACK_DIRTY), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_int_equal(*(uint32_t *)message.data, 2);
    plain_close(&lane);
}

static void next_producer_goes_on_behind_the_last_published_record(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(plain_send(&lane, "published", 9, 0, false), 0);
    assert_int_equal(plain_send(&lane, "pending", 7, 0, true), 0);
    assert_int_equal(lane_reserve(&lane.producer, 100), 0);
    assert_int_equal(lane_attach_producer(&lane.producer, lane.shared, lane.ring, lane.capacity), 0);
    assert_int_equal(plain_send(&lane, "next", 4, 0, false), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_memory_equal(message.data, "published", 9);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_memory_equal(message.data, "next", 4);
    assert_int_equal(lane_peek(&lane.consumer, &message), -EAGAIN);
    plain_close(&lane);
}

static void copies_of_every_size_are_exact(void **state)
{
    uint8_t from[400];
    uint8_t to[400];

    (void)state;
    for (size_t size = 0; size <= 300; size++) {
        fill(from, sizeof from, size);
        memset(to, 0xa5, sizeof to);
        copy_payload(to + 8, from + 3, size);
        assert_memory_equal(to + 8, from + 3, size);
        assert_int_equal(to[7], 0xa5);
        assert_int_equal(to[8 + size], 0xa5);
        memset(to, 0xa5, sizeof to);
        copy_payload_out(to + 3, from + 8, size);
        assert_memory_equal(to + 3, from + 8, size);
        assert_int_equal(to[2], 0xa5);
        assert_int_equal(to[3 + size], 0xa5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_out_in_order_and_unchanged),
        cmocka_unit_test(reserved_record_is_invisible_until_committed),
        cmocka_unit_test(commit_may_shrink),
        cmocka_unit_test(largest_record_fits_an_empty_ring_wherever_it_begins),
        cmocka_unit_test(full_lane_says_so_counts_it_and_recovers),
        cmocka_unit_test(more_leaves_publishing_to_a_later_commit_but_not_for_long),
        cmocka_unit_test(no_room_publishes_what_more_has_left),
        cmocka_unit_test(tail_follows_in_batches_when_empty_and_at_once_for_who_wants_room),
        cmocka_unit_test(hand_back_changes_no_byte),
        cmocka_unit_test(next_consumer_starts_with_the_first_record_that_was_not_released),
        cmocka_unit_test(next_producer_goes_on_behind_the_last_published_record),
        cmocka_unit_test(copies_of_every_size_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
