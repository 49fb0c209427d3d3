/*
 * A consumer that is paused behind any of its loads, while the producer comes to want room, and sleeps where it finds
 * none: whoever sleeps is woken, or was given room before it looked
 *
 * Each shared load of core/lane.c is answered by this test, which lets the producer run before the answer arrives.
 */
#include "plain_lane.h"

#define SIZE 56 /* with its header a line: nothing is left behind the tail, which follows in whole lines */
#define NEVER UINT32_MAX

static struct plain_lane lane;
static uint32_t loads;    /* of the consumer, so far */
static uint32_t pause_at; /* the load behind which it is paused */
static bool sending;      /* it is the producer that loads */
static bool sleeps;

static int send(void)
{
    uint8_t bytes[SIZE] = {0};

    return plain_send(&lane, bytes, sizeof bytes, 0, false);
}

/* What shmq_send_wait does, where it has to wait. */
static void send_or_sleep(void)
{
    sending = true;
    if (send() != 0) {
        lane_want_room(&lane.producer, true);
        sleeps = lane_look_for_room(&lane.producer) == -EAGAIN;
    }
    sending = false;
}

uint64_t atomic_oracle(const void *address, uint64_t memory)
{
    (void)address;
    if (!sending && loads++ == pause_at)
        send_or_sleep();
    return memory;
}

static void start(void)
{
    pause_at = NEVER;
    plain_open(&lane, PLAIN_CAPACITY, 0, SHMQ_HAND_BACK_NONE);
    while (send() == 0)
        ;
    sleeps = false;
    loads = 0;
}

/* All at once, and a look for more, as shmq_release and shmq_peek. Is the producer woken? */
static bool release_all(void)
{
    struct shmq_message message;

    while (lane.consumer.next != lane.producer.head)
        assert_int_equal(lane_peek(&lane.consumer, &message), 0);
    bool woken = lane_release(&lane.consumer);
    bool gives = lane.consumer.tail != lane.consumer.released;

    return (lane_peek(&lane.consumer, &message) == -EAGAIN && gives && lane_room_is_wanted(&lane.consumer)) || woken;
}

static void whoever_sleeps_for_room_is_woken(void **state)
{
    uint32_t slept = 0;
    uint32_t all;

    (void)state;
    start();
    (void)release_all();
    all = loads;
    plain_close(&lane);
    for (uint32_t at = 0; at < all; at++) {
        start();
        pause_at = at;
        bool woken = release_all();

        assert_true(!sleeps || woken);
        slept += sleeps;
        plain_close(&lane);
    }
    print_message("paused behind %u loads; the producer slept after %u of them\n", all, slept);
    assert_true(slept > 0 && slept < all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whoever_sleeps_for_room_is_woken)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
