/* Both sides at once, in one address space, so that ThreadSanitizer sees every access of both. */
#include "plain_lane.h"

#include <pthread.h>
#include <sched.h>

#define RECORDS 200000

static size_t size_of(uint64_t number)
{
    return sizeof number + number * number % 97;
}

static void *produce(void *arg)
{
    struct plain_lane *lane = arg;
    uint8_t bytes[sizeof(uint64_t) + 97];

    for (uint64_t i = 0; i < RECORDS; i++) {
        memset(bytes, (int)(i & 0xff), sizeof bytes);
        memcpy(bytes, &i, sizeof i);
        while (plain_send(lane, bytes, size_of(i), (uint16_t)i, i % 5 != 0 && i + 1 < RECORDS) == -EAGAIN)
            sched_yield();
    }
    return NULL;
}

static void consume(struct plain_lane *lane)
{
    struct shmq_message message;
    uint64_t number;

    for (uint64_t i = 0; i < RECORDS;) {
        int rc = lane_peek(&lane->consumer, &message);

        if (rc == -EAGAIN) {
            sched_yield();
            continue;
        }
        assert_int_equal(rc, 0);
        memcpy(&number, message.data, sizeof number);
        assert_int_equal(number, i);
        assert_int_equal(message.size, size_of(i));
        assert_int_equal(((uint8_t *)message.data)[message.size - 1], message.size > 8 ? (uint8_t)i : number >> 56);
        i++;
        if (i % 3 == 0)
            lane_release(&lane->consumer);
    }
}

static void both_sides_at_once_agree(void **state)
{
    const uint32_t strategies[] = {SHMQ_HAND_BACK_NONE, SHMQ_HAND_BACK_DIRTY, SHMQ_HAND_BACK_OWN};

    (void)state;
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        struct plain_lane lane;
        pthread_t thread;

        plain_open(&lane, PLAIN_CAPACITY, 0, strategies[i]);
        assert_int_equal(pthread_create(&thread, NULL, produce, &lane), 0);
        consume(&lane);
        assert_int_equal(pthread_join(thread, NULL), 0);
        plain_close(&lane);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_sides_at_once_agree)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
