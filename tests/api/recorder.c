#include "peers.h"

#include <errno.h>
#include <shmq/layout.h>
#include <string.h>

static char bytes[4096];

static void send_number(struct shmq *p, uint64_t number, size_t size)
{
    uint64_t words[256];

    for (size_t i = 0; i < size / sizeof *words; i++)
        words[i] = number;
    assert_int_equal(shmq_send(p, words, size, (uint16_t)number, 0), 0);
}

static void it_is_never_full_and_tells_what_was_missed(void **state)
{
    enum { RECORDS = 1000, SIZE = 112 }; /* 128 bytes with header and number: 32 of them in the ring */
    const char *name = queue_made("missed", 4096, 1, SHMQ_RECORDER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    assert_int_equal(queue_info(c).kind, SHMQ_RECORDER);
    for (uint64_t i = 0; i < RECORDS; i++)
        send_number(p, i, SIZE);
    assert_int_equal(shmq_wait(p, 0), 0);
    assert_int_equal(queue_info(p).full_count, 0);
    assert_int_equal(queue_info(p).used, 4096);
    assert_int_equal(shmq_peek(c, &m), RECORDS - 32);
    for (uint64_t i = RECORDS - 32; i < RECORDS; i++) {
        assert_int_equal(m.size, SIZE);
        assert_int_equal(m.type, i);
        assert_int_equal(*(uint64_t *)m.data, i);
        assert_int_equal(m.ticket, (i + 1) * 128);
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(shmq_peek(c, &m), i < RECORDS - 1 ? 0 : -EAGAIN);
    }
    assert_int_equal(queue_info(c).sent, RECORDS);
    assert_int_equal(queue_info(c).received, 32);
    assert_int_equal(queue_info(c).missed, RECORDS - 32);
    assert_int_equal(queue_lane(c, 0).missed, RECORDS - 32);
    for (uint64_t i = 0; i < 33; i++) /* exactly one too many */
        send_number(p, i, SIZE);
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 1);
    assert_int_equal(*(uint64_t *)m.data, 1);
    assert_int_equal(queue_info(c).missed, RECORDS - 32 + 1);
    shmq_close(p);
    while (shmq_recv(c, bytes, sizeof bytes, &m) == 0)
        ;
    assert_int_equal(queue_info(c).received + queue_info(c).missed, RECORDS + 33);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    shmq_close(c);
}

static void message_stays_while_it_is_overwritten(void **state)
{
    const char *name = queue_made("stays", 4096, 1, SHMQ_RECORDER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    send_number(p, 7, 80);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal((uintptr_t)m.data % 8, 0);
    for (uint64_t i = 0; i < 200; i++)
        send_number(p, 9, 80);
    for (int i = 0; i < 10; i++)
        assert_int_equal(((uint64_t *)m.data)[i], 7);
    assert_true(shmq_peek(c, &m) > 0);
    assert_int_equal(shmq_release(c), 0);
    shmq_close(p);
    shmq_close(c);
}

static void too_small_buffer_loses_nothing(void **state)
{
    const char *name = queue_made("small", 4096, 1, SHMQ_RECORDER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;
    int missed = 0;

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        send_number(p, i, 112);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(shmq_recv(c, bytes, 111, &m), -ENOBUFS);
        assert_int_equal(m.size, 112);
    }
    send_number(p, 100, 112); /* overwrites the one that did not fit */
    missed = shmq_recv(c, bytes, 112, &m);
    assert_int_equal(missed, 101 - 32);
    assert_int_equal(*(uint64_t *)m.data, missed);
    assert_int_equal(queue_info(c).missed, missed);
    assert_int_equal(shmq_recv(c, bytes, 112, &m), 0);
    assert_int_equal(*(uint64_t *)m.data, missed + 1);
    shmq_close(p);
    shmq_close(c);
}

static void largest_record_and_all_sizes_pass(void **state)
{
    const char *name = queue_made("sizes", 4096, 1, SHMQ_RECORDER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    size_t largest = queue_info(c).record_max;
    struct shmq_message m;
    void *slot;

    (void)state;
    assert_int_equal(largest, 2032);
    assert_int_equal(shmq_send(p, bytes, largest + 1, 0, 0), -EMSGSIZE);
    assert_int_equal(shmq_reserve(p, largest + 1, &slot), -EMSGSIZE);
    for (size_t size = 0; size <= largest; size++) {
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)(size + i);
        assert_int_equal(shmq_send(p, bytes, size, (uint16_t)size, size % 2), 0);
        assert_int_equal(shmq_flush(p), 0);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(m.size, size);
        assert_memory_equal(m.data, bytes, size);
        assert_int_equal(shmq_release(c), 0);
    }
    for (int i = 0; i < 50; i++) { /* and lapped: a large one leaves place for one, sometimes two */
        for (int k = 0; k < 5; k++)
            assert_int_equal(shmq_send(p, bytes, largest - (size_t)i, (uint16_t)k, 0), 0);
        int missed = shmq_peek(c, &m);

        assert_true(missed >= 3);
        assert_int_equal(m.type, missed);
        while (shmq_peek(c, &m) == 0)
            ;
        assert_int_equal(m.type, 4);
        assert_int_equal(shmq_release(c), 0);
    }
    shmq_close(p);
    shmq_close(c);
}

static void next_consumer_goes_on_and_counts_on(void **state)
{
    const char *name = queue_made("heir", 4096, 2, SHMQ_RECORDER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    for (uint64_t i = 0; i < 40; i++)
        send_number(p, i, 112);
    assert_int_equal(shmq_peek(c, &m), 8);
    assert_int_equal(shmq_release(c), 0);
    assert_int_equal(shmq_peek(c, &m), 0); /* and not released */
    shmq_close(c);
    c = queue_opened(name, SHMQ_CONSUMER);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal(*(uint64_t *)m.data, 9);
    shmq_close(c);
    for (uint64_t i = 40; i < 80; i++) /* all that was left is gone, and more */
        send_number(p, i, 112);
    c = queue_opened(name, SHMQ_CONSUMER);
    assert_int_equal(shmq_peek(c, &m), 48 - 9);
    assert_int_equal(*(uint64_t *)m.data, 48);
    assert_int_equal(shmq_release(c), 0);
    assert_int_equal(queue_info(c).missed, 8 + 48 - 9);
    shmq_close(p);
    p = queue_opened_lane(name, SHMQ_PRODUCER, 0); /* a new producer counts on, too */
    send_number(p, 80, 112);
    for (uint64_t i = 49; i <= 80; i++) {
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(*(uint64_t *)m.data, i);
    }
    assert_int_equal(shmq_release(c), 0);
    shmq_close(p);
    shmq_close(c);
}

static uint64_t mixed(uint64_t number, uint64_t i)
{
    return (number + 1) * UINT64_C(0x9e3779b97f4a7c15) + i;
}

static size_t words_of(uint64_t number)
{
    return 1 + mixed(number, 0) / 3 % 60;
}

/* As fast as it can, until it is told that it is enough, or killed. */
static int send_for_ever(struct peer *self, void *name)
{
    uint64_t words[64];
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &q) == 0);
    struct shmq_lane_info info = {.struct_size = sizeof info};

    CHILD_CHECK(shmq_lane_info(q, 0, &info) == 0);
    peer_pause(self);
    for (uint64_t number = info.sent;; number++) {
        for (size_t i = 0; i < words_of(number); i++)
            words[i] = mixed(number, i);
        CHILD_CHECK(shmq_send(q, words, words_of(number) * 8, (uint16_t)number, number % 5 != 0) == 0);
    }
}

/* `expected` is the number of the next record where none is missed. */
static void check_whole(const struct shmq_message *m, int missed, uint64_t *expected)
{
    const uint64_t *words = m->data;

    *expected += (uint64_t)missed;
    assert_int_equal(m->type, (uint16_t)*expected);
    assert_int_equal(m->size, words_of(*expected) * 8);
    for (size_t i = 0; i < m->size / 8; i++)
        assert_int_equal(words[i], mixed(*expected, i));
    ++*expected;
}

static void fast_producer_tears_no_record(void **state)
{
    const char *name = queue_made("torn", 4096, 1, SHMQ_RECORDER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    uint64_t expected = 0;
    uint64_t seen = 0;
    uint64_t missed = 0;

    (void)state;
    for (int life = 0; life < 5; life++) {
        struct peer peer = peer_start(send_for_ever, name);
        struct shmq_message m;
        int rc;

        assert_true(peer_await(&peer));
        peer_go(&peer);
        for (int i = 0; i < 10000;) {
            rc = i % 2 == 0 ? shmq_peek(c, &m) : shmq_recv(c, bytes, sizeof bytes, &m);
            if (rc == -EAGAIN)
                continue;
            assert_true(rc >= 0);
            check_whole(&m, rc, &expected);
            missed += (uint64_t)rc;
            seen++;
            i++;
            if (i % 3 == 0)
                assert_int_equal(shmq_release(c), 0);
        }
        peer_kill(&peer);
        while ((rc = shmq_peek_wait(c, -1, &m)) >= 0) {
            check_whole(&m, rc, &expected);
            missed += (uint64_t)rc;
            seen++;
        }
        assert_int_equal(rc, -EPIPE);
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(expected, seen + missed);
        assert_int_equal(queue_info(c).received, seen);
        assert_int_equal(queue_info(c).missed, missed);
        if (life == 2) { /* another one goes on */
            shmq_close(c);
            c = queue_opened(name, SHMQ_CONSUMER);
        }
    }
    shmq_close(c);
}

/* Each lane at its own pace, and one consumer for all of them. */
static void lanes_are_missed_each_for_itself(void **state)
{
    const char *name = queue_made("lanes", 4096, 3, SHMQ_RECORDER);
    struct shmq *p[3];
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;
    uint64_t next[3] = {0};
    int rc;

    (void)state;
    for (int i = 0; i < 3; i++)
        p[i] = queue_opened(name, SHMQ_PRODUCER);
    for (uint64_t i = 0; i < 1000; i++) {
        send_number(p[0], i, 112);
        if (i % 10 == 0)
            send_number(p[1], i / 10, 112);
        if (i % 100 == 0)
            send_number(p[2], i / 100, 112);
    }
    while ((rc = shmq_peek(c, &m)) >= 0) {
        next[m.lane] += (uint64_t)rc;
        assert_int_equal(*(uint64_t *)m.data, next[m.lane]);
        next[m.lane]++;
    }
    assert_int_equal(rc, -EAGAIN);
    assert_int_equal(shmq_release(c), 0);
    assert_int_equal(next[0], 1000);
    assert_int_equal(next[1], 100);
    assert_int_equal(next[2], 10);
    assert_int_equal(queue_lane(c, 0).missed, 1000 - 32);
    assert_int_equal(queue_lane(c, 1).missed, 100 - 32);
    assert_int_equal(queue_lane(c, 2).missed, 0);
    assert_int_equal(queue_info(c).received, 32 + 32 + 10);
    for (int i = 0; i < 3; i++)
        shmq_close(p[i]);
    shmq_close(c);
}

/* Words that no producer writes: each is told or survived, none leads into a loop or out of the ring. */
static void hostile_words_are_told_and_end(void **state)
{
    const uint64_t wild[] = {1, 7, 8, 4088, 4096, 1 << 20, UINT64_C(1) << 63, UINT64_MAX - 7, UINT64_MAX};

    (void)state;
    for (size_t w = 0; w < sizeof wild / sizeof *wild * 3; w++) {
        char word[16];

        snprintf(word, sizeof word, "wild%zu", w);
        const char *name = queue_made(word, 4096, 1, SHMQ_RECORDER);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq_message m;
        struct shmq_view view = test_memory(name);
        uint8_t *at = view.base;
        struct shmq_lane *lane = (struct shmq_lane *)(void *)(at + 4096);
        int rc = 0;

        for (uint64_t i = 0; i < 50; i++)
            send_number(p, i, 112);
        switch (w % 3) {
        case 0:
            lane->producer.head = wild[w / 3];
            break;
        case 1:
            lane->tail.tail = wild[w / 3];
            break;
        default:
            for (size_t i = 0; i < 4096 / 8; i++) /* records, too */
                ((uint64_t *)(void *)(at + 8192))[i] = wild[w / 3];
        }
        for (int i = 0; i <= 4096 / 16 && rc >= 0; i++) { /* no more records fit */
            rc = shmq_peek(c, &m);
            if (rc >= 0)
                assert_true(m.size <= 4096 - 16);
        }
        assert_true(rc == -EAGAIN || rc == -EBADMSG);
        for (int i = 0; i < 100; i++) {
            rc = shmq_send(p, bytes, 100, 0, 0);
            assert_true(rc == 0 || rc == -EBADMSG);
        }
        rc = shmq_wait(c, 0);
        assert_true(rc == 0 || rc == -EBADMSG || rc == -ETIMEDOUT);
        assert_int_equal(shmq_release(c), 0);
        shmq_close(p);
        shmq_close(c);
        rc = queue_try(name, SHMQ_CONSUMER);
        assert_true(rc == 0 || rc == -EBADMSG);
        shmq_mapping_unview(&view);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_never_full_and_tells_what_was_missed),
        cmocka_unit_test(message_stays_while_it_is_overwritten),
        cmocka_unit_test(too_small_buffer_loses_nothing),
        cmocka_unit_test(largest_record_and_all_sizes_pass),
        cmocka_unit_test(next_consumer_goes_on_and_counts_on),
        cmocka_unit_test(fast_producer_tears_no_record),
        cmocka_unit_test(lanes_are_missed_each_for_itself),
        cmocka_unit_test(hostile_words_are_told_and_end),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
