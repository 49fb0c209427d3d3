/* What the other side may have stored is an error of ours, never a step outside of the ring. */
#include "plain_lane.h"

static void send_three(struct plain_lane *lane)
{
    plain_open(lane, PLAIN_CAPACITY, PLAIN_CAPACITY - 64, SHMQ_HAND_BACK_DIRTY);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(plain_send(lane, &i, sizeof i, 0, false), 0);
}

static void store_header(struct plain_lane *lane, uint64_t header)
{
    memcpy(lane->ring + (lane->consumer.next & lane->consumer.mask), &header, sizeof header);
}

static void damaged_record_headers_are_refused(void **state)
{
    const uint64_t headers[] = {
        lane_header(41, 0, 0),                           /* behind the head */
        lane_header(57, 0, 0),                           /* behind the end of the ring */
        lane_header(UINT32_MAX, 0, 0),                   /* behind everything */
        lane_header(8, 0, 2),                            /* a flag nobody knows */
        lane_header(8, 0, SHMQ_RECORD_PADDING),          /* padding that does not reach the end */
        lane_header(48, 0, SHMQ_RECORD_PADDING),         /* nor this */
        lane_header(UINT32_MAX, 0, SHMQ_RECORD_PADDING), /* padding beyond it */
        lane_header(56, 0, SHMQ_RECORD_PADDING),         /* up to the end, but not published so far */
        UINT64_MAX,
    };

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct plain_lane lane;
        struct shmq_message message = {.size = 77};

        send_three(&lane);
        store_header(&lane, headers[i]);
        assert_int_equal(lane_peek(&lane.consumer, &message), -EBADMSG);
        assert_int_equal(lane_peek(&lane.consumer, &message), -EBADMSG);
        assert_int_equal(message.size, 77);
        plain_close(&lane);
    }
}

static void damaged_heads_are_refused(void **state)
{
    const uint64_t start = PLAIN_CAPACITY - 64;
    const uint64_t heads[] = {start - 8, 0, start + 1, start + PLAIN_CAPACITY + 8, UINT64_MAX, UINT64_MAX - 7};

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct plain_lane lane;
        struct shmq_message message;

        send_three(&lane);
        lane.shared->producer.head = heads[i];
        assert_int_equal(lane_peek(&lane.consumer, &message), -EBADMSG);
        plain_close(&lane);
    }
}

static void damaged_tails_are_refused(void **state)
{
    const uint64_t head = PLAIN_CAPACITY - 64 + 48;
    const uint64_t tails[] = {head + 8, head - PLAIN_CAPACITY - 8, head - 4, UINT64_MAX, UINT64_MAX - 7};

    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        struct plain_lane lane;

        send_three(&lane);
        lane.shared->tail.tail = tails[i];
        assert_int_equal(lane_reserve(&lane.producer, 2040), -EBADMSG);
        assert_int_equal(lane_look_for_room(&lane.producer), -EBADMSG);
        plain_close(&lane);
    }
}

static void nobody_attaches_to_positions_that_cannot_be(void **state)
{
    const struct {
        uint64_t tail, released, head;
    } at[] = {
        {8, 0, 16},
        {0, 24, 16},
        {4, 8, 16},
        {0, 4, 16},
        {0, 8, 17},
        {0, 8, PLAIN_CAPACITY + 8},
        {UINT64_MAX - 7, 0, 0},
        {0, 0, UINT64_MAX - 7},
        {UINT64_MAX - 55, UINT64_MAX - 47, UINT64_MAX - 47}, /* near the end of all numbers */
        {(UINT64_C(1) << 63) + 8, (UINT64_C(1) << 63) + 8, (UINT64_C(1) << 63) + 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct plain_lane lane;

        send_three(&lane);
        lane.shared->tail.tail = at[i].tail;
        lane.shared->released.released = at[i].released;
        lane.shared->producer.head = at[i].head;
        assert_int_equal(lane_attach_producer(&lane.producer, lane.shared, lane.ring, lane.capacity), -EBADMSG);
        assert_int_equal(lane_attach_consumer(&lane.consumer, lane.shared, lane.ring, lane.capacity, 0, 0), -EBADMSG);
        plain_close(&lane);
    }
}

/* A consumer cannot have released what it never saw. */
static void a_tail_behind_what_was_published_is_refused(void **state)
{
    struct plain_lane lane;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(plain_send(&lane, "a", 1, 0, false), 0);
    assert_int_equal(plain_send(&lane, "b", 1, 0, true), 0);
    lane.shared->tail.tail = lane.producer.published;
    assert_int_equal(lane_make_room(&lane.producer, 8), 0);
    lane.shared->tail.tail = lane.producer.head;
    assert_int_equal(lane_make_room(&lane.producer, 8), -EBADMSG);
    plain_close(&lane);
}

/* The last position there is: a consumer that goes there stays able to give it back. */
static void no_head_leads_behind_the_last_position(void **state)
{
    struct plain_lane lane;
    struct shmq_message message;

    (void)state;
    plain_open(&lane, PLAIN_CAPACITY, LANE_POSITION_MAX - 16, SHMQ_HAND_BACK_DIRTY);
    assert_int_equal(plain_send(&lane, "a", 1, 0, false), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    assert_int_equal(plain_send(&lane, "b", 1, 0, false), 0);
    assert_int_equal(lane_peek(&lane.consumer, &message), -EBADMSG);
    (void)lane_release(&lane.consumer);
    lane_give(&lane.consumer, true);
    assert_int_equal(lane.shared->tail.tail, LANE_POSITION_MAX);
    plain_close(&lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_record_headers_are_refused),
        cmocka_unit_test(damaged_heads_are_refused),
        cmocka_unit_test(damaged_tails_are_refused),
        cmocka_unit_test(nobody_attaches_to_positions_that_cannot_be),
        cmocka_unit_test(a_tail_behind_what_was_published_is_refused),
        cmocka_unit_test(no_head_leads_behind_the_last_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
