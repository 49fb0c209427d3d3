#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static char bytes[4096];

static struct shmq *open_with(const char *name, uint32_t policy, int64_t wait_ns)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = policy, .wait_ns = wait_ns};
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, SHMQ_PRODUCER, &o, &q), 0);
    return q;
}

/* Four records of this size, and the ring is full, to the last byte. */
static size_t quarter(uint32_t kind)
{
    return kind == SHMQ_LANES ? 1016 : 1008;
}

static void fill(struct shmq *p, size_t size)
{
    for (int i = 0; i < 4; i++)
        assert_int_equal(shmq_send(p, bytes, size, 0, 0), 0);
}

static void who_asks_for_nothing_is_refused(void **state)
{
    (void)state;
    for (uint32_t kind = SHMQ_LANES; kind <= SHMQ_TOTAL_ORDER; kind++) {
        size_t size = quarter(kind);
        const struct shmq_span span = {bytes, size};
        const char *name = queue_made(kind == SHMQ_LANES ? "fail" : "fail-order", 4096, 1, kind);
        struct shmq *p = open_with(name, SHMQ_FAIL, 5);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq_message m;
        void *slot;

        fill(p, size);
        assert_int_equal(shmq_send(p, bytes, size, 0, 0), -EAGAIN);
        assert_int_equal(shmq_sendv(p, &span, 1, 0, 0), -EAGAIN);
        assert_int_equal(shmq_reserve(p, size, &slot), -EAGAIN);
        assert_int_equal(shmq_commit(p, 0, 0, 0), -EINVAL);
        assert_int_equal(queue_info(c).full_count, 1);
        assert_int_equal(queue_info(c).dropped, 0);
        for (int i = 0; i < 4; i++)
            assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
        assert_int_equal(shmq_peek(c, &m), -EAGAIN);
        assert_int_equal(shmq_sendv(p, &span, 1, 0, 0), 0);
        assert_int_equal(queue_info(c).sent, 5);
        shmq_close(c);
        shmq_close(p);
    }
}

static void who_drops_is_told_and_counted(void **state)
{
    (void)state;
    for (uint32_t kind = SHMQ_LANES; kind <= SHMQ_TOTAL_ORDER; kind++) {
        size_t size = quarter(kind);
        const struct shmq_span span = {bytes, size};
        const char *name = queue_made(kind == SHMQ_LANES ? "drop" : "drop-order", 4096, 1, kind);
        struct shmq *p = open_with(name, SHMQ_DROP, 0);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq_message m;
        void *slot = NULL;

        fill(p, size);
        assert_int_equal(shmq_send(p, bytes, size, 0, 0), 1);
        assert_int_equal(shmq_sendv(p, &span, 1, 0, 0), 1);
        assert_int_equal(shmq_reserve(p, size, &slot), -EAGAIN);
        assert_null(slot);
        assert_int_equal(shmq_send(p, bytes, 2041, 0, 0), -EMSGSIZE); /* refused, not dropped */
        assert_int_equal(shmq_send(p, bytes, size, 0, 2), -EINVAL);
        assert_int_equal(queue_info(c).dropped, 3);
        assert_int_equal(queue_lane(c, 0).dropped, 3);
        assert_int_equal(queue_info(c).sent, 4);
        assert_int_equal(shmq_send_wait(p, bytes, size, 0, 0, 1000), -ETIMEDOUT); /* who waits does not drop */
        assert_int_equal(shmq_reserve_wait(p, size, 1000, &slot), -ETIMEDOUT);
        assert_int_equal(queue_info(c).dropped, 3);
        assert_int_equal(shmq_send(p, bytes, size, 0, 0), 1);
        for (int i = 0; i < 4; i++)
            assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
        assert_int_equal(shmq_peek(c, &m), -EAGAIN);
        assert_int_equal(shmq_send(p, bytes, size, 0, 0), 0);
        shmq_close(p);
        assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
        assert_int_equal(shmq_peek(c, &m), -EPIPE);
        p = open_with(name, SHMQ_DROP, 0); /* the next one counts on */
        fill(p, size);
        assert_int_equal(shmq_send(p, bytes, size, 0, 0), 1);
        assert_int_equal(queue_info(c).dropped, 5);
        shmq_close(c);
        shmq_close(p);
    }
}

static int drop_many(struct peer *self, void *name)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_DROP};
    struct shmq *q = NULL;
    uint64_t counts[2] = {0};

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, &o, &q) == 0);
    for (uint64_t i = 0; i < 200000; i++) {
        int rc = shmq_send(q, &i, sizeof i, 0, i % 3 != 0);

        CHILD_CHECK(rc == 0 || rc == 1);
        counts[rc]++;
    }
    shmq_close(q);
    CHILD_CHECK(peer_tell(self, counts, sizeof counts));
    return 0;
}

static void nothing_is_dropped_without_being_counted(void **state)
{
    const char *name = queue_made("counted", 4096, 1, SHMQ_LANES);
    struct peer peer = peer_start(drop_many, name);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;
    uint64_t counts[2];
    uint64_t received = 0;
    uint64_t last = 0;

    (void)state;
    while (shmq_peek_wait(c, -1, &m) == 0) {
        uint64_t number = *(uint64_t *)m.data;

        assert_true(received == 0 || number > last);
        last = number;
        received++;
        assert_int_equal(shmq_release(c), 0);
    }
    assert_true(peer_hear(&peer, counts, sizeof counts));
    assert_int_equal(peer_end(&peer), 0);
    assert_int_equal(received, counts[0]);
    assert_int_equal(queue_info(c).dropped, counts[1]);
    assert_int_equal(received + counts[1], 200000);
    shmq_close(c);
}

static void who_waits_waits_as_long_as_it_said(void **state)
{
    const char *name = queue_made("wait", 4096, 1, SHMQ_LANES);
    struct shmq *p = open_with(name, SHMQ_WAIT, 3 * MS);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    size_t size = quarter(SHMQ_LANES);
    const struct shmq_span span = {bytes, size};
    struct shmq_message m;
    void *slot;

    (void)state;
    fill(p, size);
    assert_int_equal(shmq_send(p, bytes, size, 0, 0), -ETIMEDOUT);
    assert_int_equal(shmq_sendv(p, &span, 1, 0, 0), -ETIMEDOUT);
    assert_int_equal(shmq_reserve(p, size, &slot), -ETIMEDOUT);
    assert_int_equal(shmq_send_wait(p, bytes, size, 0, 0, 0), -ETIMEDOUT);
    shmq_cancel(p);
    assert_int_equal(shmq_send(p, bytes, size, 0, 0), -ECANCELED);
    assert_int_equal(queue_info(c).dropped, 0);
    assert_int_equal(queue_info(c).sent, 4);
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    assert_int_equal(shmq_send(p, bytes, size, 0, 0), 0);
    shmq_close(c);
    shmq_close(p);
}

/* Tells each of its records; for ever, where it has no room. */
static int send_patiently(struct peer *self, void *name)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_WAIT};
    struct shmq *q = NULL;
    void *slot;

    (void)self;
    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, &o, &q) == 0);
    for (uint16_t i = 0; i < 3000; i += 3) {
        const struct shmq_span span = {bytes, (size_t)i % 900};

        CHILD_CHECK(shmq_send(q, bytes, i % 700, i, SHMQ_MORE) == 0);
        CHILD_CHECK(shmq_sendv(q, &span, 1, (uint16_t)(i + 1), SHMQ_MORE) == 0);
        CHILD_CHECK(shmq_reserve(q, 1000, &slot) == 0);
        CHILD_CHECK(shmq_commit(q, i % 1000, (uint16_t)(i + 2), 0) == 0);
    }
    shmq_close(q);
    return 0;
}

static void who_waits_loses_nothing(void **state)
{
    (void)state;
    for (uint32_t kind = SHMQ_LANES; kind <= SHMQ_TOTAL_ORDER; kind++) {
        const char *name = queue_made(kind == SHMQ_LANES ? "patient" : "patient-order", 4096, 1, kind);
        struct peer peer = peer_start(send_patiently, name);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq_message m;
        int next = 0;
        int rc;

        while ((rc = shmq_peek_wait(c, -1, &m)) == 0) {
            assert_int_equal(m.type, next++);
            if (next % 100 == 0)
                usleep(100);
            assert_int_equal(shmq_release(c), 0);
        }
        assert_int_equal(rc, -EPIPE);
        assert_int_equal(next, 3000);
        assert_int_equal(peer_end(&peer), 0);
        shmq_close(c);
    }
}

static void unknown_policy_is_refused(void **state)
{
    const char *name = queue_made("unknown", 4096, 1, SHMQ_LANES);
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = 3};
    struct shmq *q = NULL;

    (void)state;
    assert_int_equal(shmq_open(name, SHMQ_PRODUCER, &o, &q), -EINVAL);
    assert_null(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_for_nothing_is_refused),
        cmocka_unit_test(who_drops_is_told_and_counted),
        cmocka_unit_test(nothing_is_dropped_without_being_counted),
        cmocka_unit_test(who_waits_waits_as_long_as_it_said),
        cmocka_unit_test(who_waits_loses_nothing),
        cmocka_unit_test(unknown_policy_is_refused),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
