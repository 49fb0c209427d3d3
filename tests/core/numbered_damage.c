/* The same for lanes whose records have numbers: those of total order, and recorders. */
#include "plain_lane.h"

#include "core/order.h"
#include "core/recorder.h"

/* A record of total order that is refused is nothing that the fast path, which knows of no numbers, may hand out. */
static void a_refused_record_of_total_order_is_never_seen_by_the_fast_path(void **state)
{
    const uint64_t records[][2] = {
        {lane_header(4, 0, 0), 5},           /* too short for a number */
        {lane_header(16, 0, 0), 3},          /* one that does not rise */
        {lane_header(16, 0, 0), UINT64_MAX}, /* one that nobody gives */
        {lane_header(16, 0, 7), 5},          /* a flag nobody knows */
    };

    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct plain_lane lane;
        uint64_t header;
        uint64_t number;

        plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
        assert_int_equal(plain_send(&lane, &(uint64_t[2]){5}, 16, 0, false), 0);
        memcpy(lane.ring, records[i], sizeof records[i]);
        assert_int_equal(order_front(&lane.consumer, 3, &header, &number), -EBADMSG);
        memcpy(lane.ring, &(uint64_t){lane_header(16, 0, 0)}, sizeof(uint64_t));
        assert_false(lane_see(&lane.consumer, &header));
        plain_close(&lane);
    }
}

/* The tail of a recorder may pass its consumer; one that also passes the head is refused, and not followed. */
static void a_tail_that_is_refused_does_not_become_the_position(void **state)
{
    struct plain_lane lane;
    struct recorder_consumer recorder;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(plain_send(&lane, &(uint64_t[2]){0}, 16, 0, false), 0);
    assert_int_equal(recorder_attach_consumer(&lane.consumer, &recorder, lane.shared, lane.ring, PLAIN_CAPACITY, 0),
                     0);
    lane.shared->tail.tail = 4096;
    assert_int_equal(recorder_look(&lane.consumer), -EBADMSG);
    assert_int_equal(lane.consumer.next, 0);
    lane.shared->tail.tail = 0;
    assert_int_equal(recorder_look(&lane.consumer), 0);
    plain_close(&lane);
}

static void no_recorder_is_behind_the_last_position(void **state)
{
    struct plain_lane lane;
    struct recorder_consumer recorder;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, LANE_POSITION_MAX, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(recorder_attach_producer(&lane.producer, lane.shared, lane.ring, PLAIN_CAPACITY), 0);
    lane.shared->producer.head = lane.shared->tail.tail = LANE_POSITION_MAX + 8;
    assert_int_equal(recorder_attach_producer(&lane.producer, lane.shared, lane.ring, PLAIN_CAPACITY), -EBADMSG);
    assert_int_equal(recorder_attach_consumer(&lane.consumer, &recorder, lane.shared, lane.ring, PLAIN_CAPACITY, 0),
                     -EBADMSG);
    plain_close(&lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_record_of_total_order_is_never_seen_by_the_fast_path),
        cmocka_unit_test(a_tail_that_is_refused_does_not_become_the_position),
        cmocka_unit_test(no_recorder_is_behind_the_last_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
