#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define MS INT64_C(1000000)

static char bytes[4096];

static void fill(struct shmq *p, size_t size)
{
    int rc;

    while ((rc = shmq_send(p, bytes, size, 0, 0)) == 0)
        ;
    assert_int_equal(rc, -EAGAIN);
}

/* Sends one record each time it is let go. */
static int send_when_told(struct peer *self, void *name)
{
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &q) == 0);
    for (int i = 0; i < 3; i++) {
        peer_pause(self);
        CHILD_CHECK(shmq_send(q, &i, sizeof i, 0, 0) == 0);
    }
    peer_pause(self);
    shmq_close(q);
    return 0;
}

/* Lets the peer go when the consumer of its queue sleeps. */
struct nudge {
    const char *name;
    struct peer *peer;
    uint64_t sleeps;
};

static void *nudge_sleeper(void *arg)
{
    struct nudge *nudge = arg;

    await_consumer_sleep(nudge->name, nudge->sleeps);
    peer_go(nudge->peer);
    return NULL;
}

static void data_wakes_the_consumer(void **state)
{
    const char *name = queue_made("data", 4096, 2, SHMQ_LANES);
    struct peer peer = peer_start(send_when_told, name);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;
    int number = -1;

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct nudge nudge = {name, &peer, queue_info(c).consumer_waits};
        pthread_t thread;

        assert_true(peer_await(&peer));
        assert_int_equal(pthread_create(&thread, NULL, nudge_sleeper, &nudge), 0);
        switch (i) {
        case 0:
            assert_int_equal(shmq_wait(c, -1), 0);
            assert_int_equal(shmq_wait(c, -1), 0);
            assert_int_equal(shmq_peek(c, &m), 0);
            number = *(int *)m.data;
            assert_int_equal(shmq_release(c), 0);
            break;
        case 1:
            assert_int_equal(shmq_peek_wait(c, -1, &m), 0);
            number = *(int *)m.data;
            assert_int_equal(shmq_release(c), 0);
            break;
        case 2:
            assert_int_equal(shmq_recv_wait(c, &number, sizeof number, -1, &m), 0);
            break;
        default:
            assert_int_equal(shmq_recv_wait(c, &number, sizeof number, -1, &m), -EPIPE);
            number++;
        }
        assert_int_equal(number, i);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_int_equal(peer_end(&peer), 0);
    shmq_close(c);
}

static int fill_and_wait(struct peer *self, void *name)
{
    struct shmq *q = NULL;
    void *slot;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &q) == 0);
    while (shmq_send(q, bytes, 504, 0, 0) == 0)
        ;
    peer_pause(self);
    CHILD_CHECK(shmq_wait(q, -1) == 0);
    CHILD_CHECK(shmq_send(q, bytes, 504, 1, 0) == 0);
    CHILD_CHECK(shmq_reserve_wait(q, 504, -1, &slot) == 0);
    CHILD_CHECK(shmq_commit(q, 504, 2, 0) == 0);
    CHILD_CHECK(shmq_send_wait(q, bytes, 504, 3, 0, -1) == 0);
    CHILD_CHECK(shmq_send_wait(q, bytes, 2040, 4, 0, -1) == 0);
    shmq_close(q);
    return 0;
}

static void room_wakes_the_producer(void **state)
{
    const char *name = queue_made("room", 4096, 1, SHMQ_LANES);
    struct peer peer = peer_start(fill_and_wait, name);
    struct shmq_message m;

    (void)state;
    assert_true(peer_await(&peer));
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);

    peer_go(&peer);
    for (uint64_t i = 0; i < 3; i++) {
        await_producer_sleep(name, 0, i);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(shmq_release(c), 0);
    }
    await_producer_sleep(name, 0, 3);
    for (int seen = 0; seen < 4;) {
        assert_int_equal(shmq_peek_wait(c, -1, &m), 0);
        if (m.type != 0)
            assert_int_equal(m.type, ++seen);
        assert_int_equal(shmq_release(c), 0);
    }
    assert_int_equal(m.size, 2040);
    assert_int_equal(shmq_peek_wait(c, -1, &m), -EPIPE);
    assert_int_equal(peer_end(&peer), 0);
    shmq_close(c);
}

/* The tail follows in steps: who needs all of the ring must not be left with less when the last record is released. */
static int send_largest(struct peer *self, void *name)
{
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &q) == 0);
    for (int i = 0; i < 500; i++) {
        CHILD_CHECK(shmq_send_wait(q, bytes, 1 + (size_t)i % 40, 1, 0, -1) == 0);
        CHILD_CHECK(shmq_send_wait(q, bytes, 2040, 2, 0, -1) == 0);
    }
    peer_pause(self);
    shmq_close(q);
    return 0;
}

static void largest_record_gets_room_once_all_is_released(void **state)
{
    const char *name = queue_made("largest", 4096, 1, SHMQ_LANES);
    struct peer peer = peer_start(send_largest, name);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    for (int i = 0; i < 500; i++) {
        assert_int_equal(shmq_peek_wait(c, -1, &m), 0);
        assert_int_equal(m.type, 1);
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(shmq_peek_wait(c, -1, &m), 0);
        assert_int_equal(m.type, 2);
        assert_int_equal(shmq_release(c), 0);
    }
    assert_true(peer_await(&peer));
    peer_go(&peer);
    assert_int_equal(peer_end(&peer), 0);
    shmq_close(c);
}

static void time_ends_a_wait(void **state)
{
    const char *name = queue_made("time", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    const int64_t timeouts[] = {0, 1, 1000, 60000, 5 * MS};
    struct shmq_message m;
    void *slot;

    (void)state;
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        assert_int_equal(shmq_wait(c, timeouts[i]), -ETIMEDOUT);
        assert_int_equal(shmq_peek_wait(c, timeouts[i], &m), -ETIMEDOUT);
        assert_int_equal(shmq_recv_wait(c, bytes, sizeof bytes, timeouts[i], &m), -ETIMEDOUT);
    }
    assert_int_equal(shmq_wait(p, 0), 0);
    fill(p, 1000);
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        assert_int_equal(shmq_wait(p, timeouts[i]), -ETIMEDOUT);
        assert_int_equal(shmq_reserve_wait(p, 1000, timeouts[i], &slot), -ETIMEDOUT);
        assert_int_equal(shmq_send_wait(p, bytes, 1000, 0, 0, timeouts[i]), -ETIMEDOUT);
        assert_int_equal(shmq_wait(c, timeouts[i]), 0);
    }
    assert_int_equal(shmq_send_wait(p, bytes, 2041, 0, 0, -1), -EMSGSIZE);
    assert_int_equal(shmq_recv_wait(c, bytes, 999, -1, &m), -ENOBUFS);
    assert_int_equal(shmq_recv_wait(c, bytes, 1000, INT64_MAX, &m), 0);
    shmq_close(p);
    shmq_close(c);
}

static void room_for_what_was_refused_is_all_that_a_producer_waits_for(void **state)
{
    const char *name = queue_made("wanted", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;

    (void)state;
    fill(p, 1000);
    assert_int_equal(shmq_wait(p, 0), -ETIMEDOUT);
    while (shmq_recv(c, bytes, sizeof bytes, &m) == 0)
        ;
    assert_int_equal(shmq_wait(p, 0), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(shmq_send(p, bytes, 900, 0, 0), 0);
    assert_int_equal(shmq_wait(p, 0), 0); /* nothing was refused since */
    shmq_close(p);
    shmq_close(c);
}

static int live_until_told(struct peer *self, void *name)
{
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &q) == 0);
    peer_pause(self);
    shmq_close(q);
    return 0;
}

static int consume_until_told(struct peer *self, void *name)
{
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &q) == 0);
    peer_pause(self);
    shmq_close(q);
    return 0;
}

static void *kill_sleepers_peer(void *arg)
{
    struct nudge *nudge = arg;

    await_consumer_sleep(nudge->name, nudge->sleeps);
    peer_kill(nudge->peer);
    return NULL;
}

static void *kill_producers_peer(void *arg)
{
    struct nudge *nudge = arg;

    await_producer_sleep(nudge->name, 0, nudge->sleeps);
    peer_kill(nudge->peer);
    return NULL;
}

static void end_of_all_producers_is_told_once(void **state)
{
    const char *name = queue_made("ends", 4096, 2, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct peer one = peer_start(live_until_told, name);
    struct peer two = peer_start(live_until_told, name);
    struct nudge nudge = {name, &two, 0};
    pthread_t thread;

    (void)state;
    assert_true(peer_await(&one));
    assert_true(peer_await(&two));
    peer_go(&one);
    assert_int_equal(peer_end(&one), 0);
    assert_int_equal(shmq_wait(c, 5 * MS), -ETIMEDOUT); /* the other lives */
    nudge.sleeps = queue_info(c).consumer_waits;
    assert_int_equal(pthread_create(&thread, NULL, kill_sleepers_peer, &nudge), 0);
    assert_int_equal(shmq_wait(c, -1), -EPIPE);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(shmq_wait(c, 5 * MS), -ETIMEDOUT);
    shmq_close(c);
}

static void death_of_the_consumer_is_told_once(void **state)
{
    const char *name = queue_made("dead", 4096, 2, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct peer peer = peer_start(consume_until_told, name);
    struct nudge nudge = {name, &peer, 0};
    pthread_t thread;

    (void)state;
    assert_true(peer_await(&peer));
    fill(p, 1000);
    assert_int_equal(pthread_create(&thread, NULL, kill_producers_peer, &nudge), 0);
    assert_int_equal(shmq_send_wait(p, bytes, 1000, 0, 0, -1), -EOWNERDEAD);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(shmq_send_wait(p, bytes, 1000, 0, 0, 5 * MS), -ETIMEDOUT);

    struct shmq *late = queue_opened(name, SHMQ_PRODUCER); /* it died before: told to whoever has not been */

    fill(late, 1000);
    assert_int_equal(shmq_wait(late, -1), -EOWNERDEAD);
    assert_int_equal(shmq_wait(late, 5 * MS), -ETIMEDOUT);
    peer = peer_start(consume_until_told, name); /* each death is another one */
    assert_true(peer_await(&peer));
    peer_kill(&peer);
    assert_int_equal(shmq_wait(p, 0), -EOWNERDEAD);
    assert_int_equal(shmq_wait(p, 0), -ETIMEDOUT);
    peer = peer_start(consume_until_told, name); /* a close is no death */
    assert_true(peer_await(&peer));
    peer_go(&peer);
    assert_int_equal(peer_end(&peer), 0);
    assert_int_equal(shmq_wait(p, 5 * MS), -ETIMEDOUT);
    shmq_close(late);
    shmq_close(p);
}

/* However short its waits are: who says -ETIMEDOUT has asked the kernel. */
static void short_waits_learn_of_a_death_too(void **state)
{
    const char *name = queue_made("short", 4096, 2, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct peer peer = peer_start(consume_until_told, name);
    int rc;

    (void)state;
    assert_true(peer_await(&peer));
    fill(p, 1000);
    peer_kill(&peer);
    assert_int_equal(shmq_wait(p, 1000), -EOWNERDEAD);
    shmq_close(p);

    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    while ((rc = shmq_recv(c, bytes, sizeof bytes, &m)) == 0)
        ;
    assert_int_equal(rc, -EPIPE);
    peer = peer_start(live_until_told, name);
    assert_true(peer_await(&peer));
    assert_int_equal(shmq_recv_wait(c, bytes, sizeof bytes, 1000, &m), -ETIMEDOUT);
    peer_kill(&peer);
    assert_int_equal(shmq_recv_wait(c, bytes, sizeof bytes, 1000, &m), -EPIPE);
    shmq_close(c);
}

static int take_three_and_close(struct peer *self, void *name)
{
    struct shmq *q = NULL;
    struct shmq_message m;

    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &q) == 0);
    peer_pause(self);
    for (int i = 0; i < 3; i++)
        CHILD_CHECK(shmq_peek(q, &m) == 0);
    CHILD_CHECK(shmq_release(q) == 0);
    shmq_close(q);
    return 0;
}

/* Three records are too few to be given back before. */
static void consumer_that_closes_wakes_the_producer(void **state)
{
    const char *name = queue_made("leave", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct peer peer = peer_start(take_three_and_close, name);

        assert_true(peer_await(&peer));
        fill(p, 56);
        peer_go(&peer);
        assert_int_equal(shmq_wait(p, -1), 0);
        assert_int_equal(peer_end(&peer), 0);
    }
    shmq_close(p);
}

/* Each wait is cancelled once: at any moment of it. */
struct cancelling {
    struct shmq *q;
    pthread_barrier_t barrier;
};

#define CANCELS 2000

static void *cancel_sleeper(void *arg)
{
    struct cancelling *cancelling = arg;

    for (int i = 0; i < CANCELS; i++) {
        pthread_barrier_wait(&cancelling->barrier);
        for (volatile int spin = 0; spin < i * 37 % 40000; spin++)
            ;
        shmq_cancel(cancelling->q);
    }
    return NULL;
}

static void cancel_ends_the_wait_or_the_next_one(void **state)
{
    const char *name = queue_made("cancel", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;
    struct cancelling cancelling = {.q = c};
    pthread_t thread;

    (void)state;
    shmq_cancel(c);
    shmq_cancel(c);
    assert_int_equal(shmq_wait(c, -1), -ECANCELED);
    assert_int_equal(shmq_wait(c, 0), -ETIMEDOUT);
    fill(p, 1000);
    shmq_cancel(p);
    assert_int_equal(shmq_send_wait(p, bytes, 1000, 0, 0, -1), -ECANCELED);
    assert_int_equal(shmq_wait(p, 0), -ETIMEDOUT);
    while (shmq_recv(c, bytes, sizeof bytes, &m) == 0)
        ;
    assert_int_equal(pthread_barrier_init(&cancelling.barrier, NULL, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, cancel_sleeper, &cancelling), 0);
    for (int i = 0; i < CANCELS; i++) {
        pthread_barrier_wait(&cancelling.barrier);
        assert_int_equal(shmq_wait(c, -1), -ECANCELED);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_barrier_destroy(&cancelling.barrier), 0);
    assert_int_equal(shmq_wait(c, 0), -ETIMEDOUT);
    assert_int_equal(shmq_send(p, "x", 1, 0, 0), 0);
    assert_int_equal(shmq_wait(c, -1), 0);
    shmq_close(p);
    shmq_close(c);
}

static void one_sleep_is_for_all_lanes(void **state)
{
    enum { LANES = 200 };
    const char *name = queue_made("many", 4096, LANES, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *quiet[LANES];
    struct peer peer;
    struct nudge nudge = {name, &peer, 0};
    struct shmq_message m;
    pthread_t thread;

    (void)state;
    for (int i = 0; i < LANES - 1; i++)
        quiet[i] = queue_opened(name, SHMQ_PRODUCER);
    peer = peer_start(send_when_told, name); /* who lets go of all these */
    for (uint64_t i = 0; i < 3; i++) {
        assert_true(peer_await(&peer));
        nudge.sleeps = queue_info(c).consumer_waits;
        assert_int_equal(pthread_create(&thread, NULL, nudge_sleeper, &nudge), 0);
        assert_int_equal(shmq_peek_wait(c, -1, &m), 0);
        assert_int_equal(m.lane, LANES - 1);
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_true(peer_await(&peer));
    peer_go(&peer);
    assert_int_equal(peer_end(&peer), 0);
    for (int i = 0; i < LANES - 1; i++)
        shmq_close(quiet[i]);
    shmq_close(c);
}

static void who_sleeps_uses_no_processor(void **state)
{
    const char *name = queue_made("idle", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    int64_t before = test_used_us();
    struct shmq_message m;

    (void)state;
    assert_int_equal(shmq_wait(c, 1000 * MS), -ETIMEDOUT);
    fill(p, 1000);
    assert_int_equal(shmq_wait(p, 1000 * MS), -ETIMEDOUT);
    /* Of two seconds. Without a barrier across processes it is woken every millisecond. */
    assert_true(test_used_us() - before < (test_has_fence() ? 100000 : 1000000));
    assert_int_equal(shmq_peek(c, &m), 0);
    shmq_close(p);
    shmq_close(c);
}

static void only_those_who_take_part_can_wait(void **state)
{
    const char *name = queue_made("look", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
    struct shmq_message m;
    void *slot;

    (void)state;
    assert_int_equal(shmq_wait(o, -1), -EINVAL);
    assert_int_equal(shmq_peek_wait(o, -1, &m), -EINVAL);
    assert_int_equal(shmq_peek_wait(p, -1, &m), -EINVAL);
    assert_int_equal(shmq_recv_wait(o, bytes, 1, -1, &m), -EINVAL);
    assert_int_equal(shmq_reserve_wait(o, 1, -1, &slot), -EINVAL);
    assert_int_equal(shmq_reserve_wait(c, 1, -1, &slot), -EINVAL);
    assert_int_equal(shmq_send_wait(o, bytes, 1, 0, 0, -1), -EINVAL);
    assert_int_equal(shmq_send_wait(p, bytes, 1, 0, 2, -1), -EINVAL);
    shmq_cancel(o);
    shmq_close(o);
    shmq_close(p);
    shmq_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_wakes_the_consumer),
        cmocka_unit_test(room_wakes_the_producer),
        cmocka_unit_test(largest_record_gets_room_once_all_is_released),
        cmocka_unit_test(time_ends_a_wait),
        cmocka_unit_test(room_for_what_was_refused_is_all_that_a_producer_waits_for),
        cmocka_unit_test(end_of_all_producers_is_told_once),
        cmocka_unit_test(death_of_the_consumer_is_told_once),
        cmocka_unit_test(short_waits_learn_of_a_death_too),
        cmocka_unit_test(consumer_that_closes_wakes_the_producer),
        cmocka_unit_test(cancel_ends_the_wait_or_the_next_one),
        cmocka_unit_test(one_sleep_is_for_all_lanes),
        cmocka_unit_test(who_sleeps_uses_no_processor),
        cmocka_unit_test(only_those_who_take_part_can_wait),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
