/* Arrays of records: shmq_send_many, shmq_recv_many. */
#include "peers.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define CAPACITY UINT64_C(65536)

static uint8_t sent[1 << 20];
static uint8_t received[1 << 20];

static void fill(size_t bytes, uint32_t number)
{
    for (size_t i = 0; i < bytes; i++)
        sent[i] = (uint8_t)(number * 37 + i * 11 + (i >> 8));
}

static uint32_t random_of(uint64_t *state, uint32_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % below;
}

static void array_comes_out_as_it_went_in(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 8, 9, 16, 24, 32, 33, 64, 65, 100, 256, 1000, 5000};

    (void)state;
    for (uint32_t kind = SHMQ_LANES; kind <= SHMQ_TOTAL_ORDER; kind++) {
        const char *name = queue_made(kind == SHMQ_LANES ? "array" : "array-order", CAPACITY, 1, kind);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);

        for (size_t i = 0; i < 20 * sizeof sizes / sizeof *sizes; i++) {
            size_t size = sizes[i % (sizeof sizes / sizeof *sizes)];
            int count = 1 + (int)(i * 7 % (size > 64 ? 6 : 200));
            struct shmq_message m;
            int got = 0;

            fill(size * (size_t)count, (uint32_t)i);
            assert_int_equal(shmq_send_many(p, sent, size, (size_t)count, (uint16_t)i, 0), count);
            while (got < count) {
                int rc = shmq_recv_many(c, received + size * (size_t)got, size, INT_MAX, &m);

                assert_in_range(rc, 1, count - got);
                assert_ptr_equal(m.data, received + size * (size_t)got);
                assert_int_equal(m.size, size);
                assert_int_equal(m.type, (uint16_t)i);
                assert_int_equal(m.lane, 0);
                got += rc;
            }
            assert_memory_equal(received, sent, size * (size_t)count);
            assert_int_equal(shmq_recv_many(c, received, size, 1, &m), -EAGAIN);
        }
        shmq_close(p);
        shmq_close(c);
    }
}

/* Each is a record like any other, whoever sends and whoever receives. */
static void arrays_and_single_records_mix(void **state)
{
    const char *name = queue_made("mix", CAPACITY, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    fill(64, 1);
    assert_int_equal(shmq_send_many(p, sent, 8, 5, 1, 0), 5);
    assert_int_equal(shmq_send(p, sent, 8, 2, 0), 0);
    assert_int_equal(shmq_send(p, sent, 8, 2, 0), 0);
    assert_int_equal(shmq_send(p, sent, 24, 2, 0), 0);
    assert_int_equal(shmq_recv(c, received, 8, &m), 0);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_memory_equal(m.data, sent + 8, 8);
    assert_int_equal(queue_info(c).received, 1);
    assert_int_equal(shmq_recv_many(c, received, 8, 2, &m), 2); /* and releases what was peeked */
    assert_memory_equal(received, sent + 16, 16);
    assert_int_equal(queue_info(c).received, 4);
    assert_int_equal(shmq_recv_many(c, received, 8, 9, &m), 1); /* the next is of another type */
    assert_int_equal(m.type, 1);
    assert_int_equal(shmq_recv_many(c, received, 8, 9, &m), 2); /* and the next of another size */
    assert_int_equal(m.type, 2);
    assert_int_equal(shmq_recv_many(c, received, 8, 9, &m), -ENOBUFS);
    assert_int_equal(m.size, 24);
    assert_int_equal(shmq_recv_many(c, received, 24, 9, &m), 1);
    assert_int_equal(queue_info(c).received, 8);
    shmq_close(p);
    assert_int_equal(shmq_recv_many(c, received, 24, 9, &m), -EPIPE);
    assert_int_equal(shmq_recv_many(c, received, 24, 9, &m), -EAGAIN);
    shmq_close(c);
}

static void what_has_no_room_is_not_sent(void **state)
{
    (void)state;
    for (uint32_t kind = SHMQ_LANES; kind <= SHMQ_TOTAL_ORDER; kind++) {
        size_t each = kind == SHMQ_LANES ? 56 : 48;
        const char *name = queue_made(kind == SHMQ_LANES ? "full" : "full-order", 4096, 1, kind);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq_message m;
        int got = 0;

        fill(each * 100, 3);
        assert_int_equal(shmq_send_many(p, sent, each, 100, 0, 0), 64);
        assert_int_equal(shmq_send_many(p, sent, each, 100, 0, 0), -EAGAIN);
        assert_int_equal(queue_info(c).sent, 64);
        while (got < 64) {
            int rc = shmq_recv_many(c, received + each * (size_t)got, each, 100, &m);

            assert_in_range(rc, 1, 64 - got);
            got += rc;
        }
        assert_memory_equal(received, sent, each * 64);
        shmq_close(p);
        shmq_close(c);
    }
}

static void what_is_dropped_is_counted(void **state)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_DROP};
    const char *name = queue_made("dropped", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p;

    (void)state;
    assert_int_equal(shmq_open(name, SHMQ_PRODUCER, &o, &p), 0);
    assert_int_equal(shmq_send_many(p, sent, 56, 100, 0, 0), 64);
    assert_int_equal(queue_info(c).dropped, 36);
    assert_int_equal(shmq_send_many(p, sent, 56, 10, 0, 0), 0);
    assert_int_equal(queue_info(c).dropped, 46);
    shmq_close(p);
    shmq_close(c);
}

static void more_leaves_the_end_of_an_array_unpublished(void **state)
{
    const char *name = queue_made("more", CAPACITY, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    assert_int_equal(shmq_send_many(p, sent, 8, 10, 0, SHMQ_MORE), 10);
    assert_int_equal(shmq_recv_many(c, received, 8, 10, &m), -EAGAIN);
    assert_int_equal(shmq_flush(p), 0);
    assert_int_equal(shmq_recv_many(c, received, 8, 10, &m), 10);
    assert_int_equal(shmq_send_many(p, sent, 8, 2000, 0, SHMQ_MORE), 2000); /* 32 KB: not more than 8 KiB wait */
    assert_in_range(queue_info(c).sent, 10 + 2000 - 512, 10 + 2000);
    shmq_close(p);
    shmq_close(c);
}

static void bad_arguments_are_refused(void **state)
{
    const char *name = queue_made("bad", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
    struct shmq_message m;
    void *slot;

    (void)state;
    assert_int_equal(shmq_send_many(p, sent, 8, (size_t)INT_MAX + 1, 0, 0), -EINVAL);
    assert_int_equal(shmq_send_many(p, sent, 8, 1, 0, 2), -EINVAL);
    assert_int_equal(shmq_send_many(p, sent, 4096, 1, 0, 0), -EMSGSIZE);
    assert_int_equal(shmq_send_many(p, sent, SIZE_MAX, 1, 0, 0), -EMSGSIZE);
    assert_int_equal(shmq_send_many(p, NULL, 8, 0, 0, 0), 0);
    assert_int_equal(shmq_send_many(c, sent, 8, 1, 0, 0), -EINVAL);
    assert_int_equal(shmq_send_many(o, sent, 8, 1, 0, 0), -EINVAL);
    assert_int_equal(shmq_recv_many(c, received, 8, 0, &m), -EINVAL);
    assert_int_equal(shmq_recv_many(c, received, 8, (size_t)INT_MAX + 1, &m), -EINVAL);
    assert_int_equal(shmq_recv_many(p, received, 8, 1, &m), -EINVAL);
    assert_int_equal(shmq_recv_many(o, received, 8, 1, &m), -EINVAL);
    assert_int_equal(shmq_reserve(p, 100, &slot), 0);
    assert_int_equal(shmq_send_many(p, sent, 8, 1, 0, 0), 1); /* takes the place of what was reserved */
    assert_int_equal(shmq_commit(p, 100, 0, 0), -EINVAL);
    shmq_close(o);
    shmq_close(p);
    shmq_close(c);
}

static void recorder_takes_arrays_and_gives_records(void **state)
{
    const char *name = queue_made("recorder", 4096, 1, SHMQ_RECORDER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    fill(8000, 4);
    assert_int_equal(shmq_send_many(p, sent, 8, 1000, 7, 0), 1000);
    assert_int_equal(shmq_recv_many(c, received, 8, 10, &m), -EINVAL);
    int missed = shmq_recv(c, received, 8, &m);

    assert_in_range(missed, 1, 999);
    assert_memory_equal(received, sent + 8 * missed, 8);
    shmq_close(p);
    shmq_close(c);
}

/* Random sizes, counts and lanes, with the ends of rings and turns in between. */
static void nothing_is_lost_between_arrays(void **state)
{
    enum { PRODUCERS = 3 };
    const char *name = queue_made("random", 8192, PRODUCERS, SHMQ_LANES);
    struct shmq *p[PRODUCERS];
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    uint64_t next_sent[PRODUCERS] = {0};
    uint64_t next_received[PRODUCERS] = {0};
    uint64_t seed = 5;

    (void)state;
    for (uint32_t i = 0; i < PRODUCERS; i++)
        p[i] = queue_opened_lane(name, SHMQ_PRODUCER, i);
    for (int step = 0; step < 60000; step++) {
        uint32_t lane = random_of(&seed, PRODUCERS);
        size_t words = 1 + random_of(&seed, 9);
        size_t count = 1 + random_of(&seed, 40);
        uint64_t *array = (uint64_t *)(void *)sent;
        struct shmq_message m;

        for (size_t i = 0; i < words * count; i++)
            array[i] = next_sent[lane] + i / words;
        int rc = shmq_send_many(p[lane], array, words * 8, count, 0, random_of(&seed, 2));

        assert_true(rc == -EAGAIN || (rc >= 1 && (size_t)rc <= count));
        next_sent[lane] += rc > 0 ? (uint64_t)rc : 0;
        array = (uint64_t *)(void *)received;
        rc = shmq_recv_many(c, array, words * 8, 1 + random_of(&seed, 60), &m);
        if (rc == -ENOBUFS)
            rc = shmq_recv_many(c, array, m.size, 1 + random_of(&seed, 60), &m);
        assert_true(rc == -EAGAIN || rc >= 1);
        for (int i = 0; i < rc; i++) {
            for (uint32_t at = 0; at < m.size / 8; at++)
                assert_int_equal(array[(uint32_t)i * m.size / 8 + at], next_received[m.lane]);
            next_received[m.lane]++;
        }
    }
    assert_in_range(next_received[0], 10000, next_sent[0]);
    for (uint32_t i = 0; i < PRODUCERS; i++)
        shmq_close(p[i]);
    shmq_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_comes_out_as_it_went_in),
        cmocka_unit_test(arrays_and_single_records_mix),
        cmocka_unit_test(what_has_no_room_is_not_sent),
        cmocka_unit_test(what_is_dropped_is_counted),
        cmocka_unit_test(more_leaves_the_end_of_an_array_unpublished),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(recorder_takes_arrays_and_gives_records),
        cmocka_unit_test(nothing_is_lost_between_arrays),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
