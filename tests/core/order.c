/* Total order on plain memory: what no queue of two processes can be brought to show. */
#include "plain_lane.h"

#include "core/order.h"

#define NUMBERED (sizeof(uint64_t) + 8)

static void append(struct plain_lane *lane, size_t size)
{
    assert_int_equal(lane_reserve_numbered(&lane->producer, size), 0);
    order_append(&lane->producer, size, 7);
}

static void open_ordered(struct plain_lane *lane, uint64_t start)
{
    plain_open(lane, PLAIN_CAPACITY, start, SHMQ_HAND_BACK_DIRTY);
    order_attach(&lane->producer);
}

/* The number of the next record, which is taken. */
static uint64_t take(struct plain_lane *lane, uint64_t last, size_t size)
{
    struct shmq_message message;
    uint64_t header = 0;
    uint64_t number = 0;

    assert_int_equal(order_front(&lane->consumer, last, &header, &number), 0);
    lane_take(&lane->consumer, header, &message);
    lane->consumer.limit = lane->consumer.next; /* the next one has not been looked at */
    assert_int_equal(message.size, size);
    assert_int_equal(message.type, 7);
    return number;
}

static void a_batch_takes_its_numbers_together(void **state)
{
    struct plain_lane lane;
    uint64_t counter = 40;
    uint64_t header;
    uint64_t number;

    (void)state;
    open_ordered(&lane, UINT64_C(1) << 62); /* far along, and just in front of the end of the ring */
    append(&lane, 1500);
    append(&lane, NUMBERED);
    append(&lane, 1500);
    assert_int_equal(order_front(&lane.consumer, UINT64_MAX, &header, &number), -EAGAIN);
    assert_int_equal(counter, 40);
    order_publish(&lane.producer, &counter);
    assert_int_equal(counter, 43);
    assert_int_equal(lane.shared->producer.ordering, 0);
    order_publish(&lane.producer, &counter); /* nothing to publish, nothing to number */
    assert_int_equal(counter, 43);
    assert_int_equal(take(&lane, UINT64_MAX, 1500), 40);
    assert_int_equal(take(&lane, 40, NUMBERED), 41);
    lane_release(&lane.consumer);
    lane_give(&lane.consumer, true);
    append(&lane, 1400); /* behind padding, which takes no number */
    order_publish(&lane.producer, &counter);
    assert_int_equal(counter, 44);
    assert_int_equal(take(&lane, 41, 1500), 42);
    assert_int_equal(take(&lane, 42, 1400), 43);
    assert_int_equal(order_front(&lane.consumer, 43, &header, &number), -EAGAIN);
    plain_close(&lane);
}

static void numbers_of_one_lane_rise(void **state)
{
    struct plain_lane lane;
    uint64_t counter = UINT64_MAX - 2;
    uint64_t header;
    uint64_t number;

    (void)state;
    open_ordered(&lane, 0);
    append(&lane, NUMBERED);
    order_publish(&lane.producer, &counter);
    assert_int_equal(order_front(&lane.consumer, UINT64_MAX - 2, &header, &number), -EBADMSG); /* the same */
    assert_int_equal(order_front(&lane.consumer, UINT64_MAX - 1, &header, &number), -EBADMSG); /* a lower one */
    assert_int_equal(take(&lane, UINT64_MAX - 3, NUMBERED), UINT64_MAX - 2);
    append(&lane, NUMBERED);
    append(&lane, NUMBERED);
    order_publish(&lane.producer, &counter);
    assert_int_equal(take(&lane, UINT64_MAX - 2, NUMBERED), UINT64_MAX - 1);
    assert_int_equal(order_front(&lane.consumer, UINT64_MAX - 1, &header, &number), -EBADMSG); /* none */
    plain_close(&lane);
}

/* The consumer may store to what is not published: no header leads the producer's numbers out of its records. */
static void hostile_headers_lead_no_number_astray(void **state)
{
    const uint64_t wild[] = {0, UINT64_MAX, UINT32_MAX, UINT64_C(1) << 48, 4080, 4088, 1, 8};

    (void)state;
    for (size_t w = 0; w < sizeof wild / sizeof *wild; w++) {
        for (uint64_t start = 0; start < PLAIN_CAPACITY; start += 1000) {
            struct plain_lane lane;
            uint64_t counter = 5;
            static uint8_t before[PLAIN_CAPACITY];

            open_ordered(&lane, start);
            memset(lane.ring, 0xa5, PLAIN_CAPACITY);
            append(&lane, NUMBERED);
            append(&lane, NUMBERED);
            append(&lane, NUMBERED);
            uint64_t end = lane.producer.head;

            memcpy(before, lane.ring, PLAIN_CAPACITY);
            for (uint64_t at = start; at < end; at += 8)
                *(uint64_t *)(void *)(lane.ring + (at & (PLAIN_CAPACITY - 1))) = wild[w];
            order_publish(&lane.producer, &counter);
            assert_int_equal(lane.producer.head, end);
            assert_int_equal(lane.shared->producer.head, end);
            for (uint64_t at = end; at < start + PLAIN_CAPACITY; at++)
                assert_int_equal(lane.ring[at & (PLAIN_CAPACITY - 1)], before[at & (PLAIN_CAPACITY - 1)]);
            plain_close(&lane);
        }
    }
}

static void a_record_without_a_number_is_damage(void **state)
{
    struct plain_lane lane;
    uint64_t header;
    uint64_t number = 17;

    (void)state;
    for (size_t size = 0; size < ORDER_NUMBER; size++) {
        plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
        assert_int_equal(plain_send(&lane, "1234567", size, 0, false), 0);
        assert_int_equal(order_front(&lane.consumer, UINT64_MAX, &header, &number), -EBADMSG);
        assert_int_equal(number, 17);
        plain_close(&lane);
    }
}

static void who_follows_has_taken_no_numbers(void **state)
{
    struct plain_lane lane;

    (void)state;
    open_ordered(&lane, 0);
    lane.shared->producer.ordering = 1; /* it died between its numbers and its publish */
    assert_true(order_may_fill(lane.shared));
    assert_int_equal(lane_attach_producer(&lane.producer, lane.shared, lane.ring, lane.capacity), 0);
    order_attach(&lane.producer);
    assert_false(order_may_fill(lane.shared));
    plain_close(&lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_takes_its_numbers_together),
        cmocka_unit_test(numbers_of_one_lane_rise),
        cmocka_unit_test(hostile_headers_lead_no_number_astray),
        cmocka_unit_test(a_record_without_a_number_is_damage),
        cmocka_unit_test(who_follows_has_taken_no_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
