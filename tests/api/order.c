#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <shmq/layout.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The queue's own memory, to put words into it that only a damaged or dying process would leave. */
static struct shmq_lane *lane_in(struct shmq_view in, uint32_t lane)
{
    const struct shmq_identity *identity = in.base;

    return (struct shmq_lane *)(void *)((uint8_t *)in.base + identity->lanes_offset) + lane;
}

/* The number of the record at a position. */
static uint64_t *number_in(struct shmq_view in, uint32_t lane, uint64_t position)
{
    const struct shmq_identity *identity = in.base;
    uint8_t *ring = (uint8_t *)in.base + identity->rings_offset + lane * identity->capacity;

    return (uint64_t *)(void *)(ring + (position & (identity->capacity - 1)) + sizeof(struct shmq_record));
}

static void send_number(struct shmq *p, int number, unsigned flags)
{
    assert_int_equal(shmq_send(p, &number, sizeof number, (uint16_t)number, flags), 0);
}

static void expect_number(struct shmq *c, int number)
{
    struct shmq_message m;
    int got = -1;

    assert_int_equal(shmq_recv(c, &got, sizeof got, &m), 0);
    assert_int_equal(got, number);
    assert_int_equal(m.size, sizeof number);
    assert_int_equal(m.type, number);
}

static void records_come_in_the_order_of_their_commits(void **state)
{
    enum { LANES = 5, RECORDS = 2000 };
    const char *name = queue_made("commits", 4096, LANES, SHMQ_TOTAL_ORDER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p[LANES];
    int sent = 0;
    int received = 0;

    (void)state;
    srand(1);
    for (int i = 0; i < LANES; i++)
        p[i] = queue_opened(name, SHMQ_PRODUCER);
    while (received < RECORDS) {
        for (int n = rand() % 40; n > 0; n--)
            send_number(p[rand() % LANES], sent++, 0);
        for (int n = rand() % 80; n > 0 && received < sent; n--)
            expect_number(c, received++);
    }
    assert_int_equal(queue_info(c).sent, sent);
    assert_int_equal(queue_info(c).received, received);
    for (int i = 0; i < LANES; i++)
        shmq_close(p[i]);
    while (received < sent)
        expect_number(c, received++);
    assert_int_equal(shmq_wait(c, -1), -EPIPE);
    shmq_close(c);
}

static void a_batch_comes_in_one_piece_when_it_is_published(void **state)
{
    const char *name = queue_made("batch", 4096, 2, SHMQ_TOTAL_ORDER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p0 = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *p1 = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;
    void *slot;

    (void)state;
    for (int round = 0; round < 100; round++) { /* with padding inside of some */
        assert_int_equal(shmq_reserve(p0, 200, &slot), 0);
        *(int *)slot = 1;
        assert_int_equal(shmq_commit(p0, sizeof(int), 1, SHMQ_MORE), 0);
        send_number(p1, 0, 0);
        send_number(p0, 2, SHMQ_MORE);
        expect_number(c, 0);
        assert_int_equal(shmq_peek(c, &m), -EAGAIN);
        assert_int_equal(shmq_reserve(p0, 1900, &slot), 0);
        *(int *)slot = 3;
        assert_int_equal(shmq_commit(p0, sizeof(int), 3, 0), 0);
        send_number(p1, 4, 0);
        for (int i = 1; i <= 4; i++)
            expect_number(c, i);
        assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    }
    shmq_close(p0);
    shmq_close(p1);
    shmq_close(c);
}

static void too_small_buffer_loses_nothing(void **state)
{
    const char *name = queue_made("small", 4096, 2, SHMQ_TOTAL_ORDER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p0 = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *p1 = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;
    char buffer[8];

    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(shmq_send(p0, "123456789", 9, 0, 0), 0);
        send_number(p1, 1, 0);
        for (int again = 0; again < 3; again++) {
            assert_int_equal(shmq_recv(c, buffer, sizeof buffer, &m), -ENOBUFS);
            assert_int_equal(m.size, 9);
        }
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_memory_equal(m.data, "123456789", 9);
        assert_int_equal(shmq_release(c), 0);
        expect_number(c, 1);
    }
    assert_int_equal(queue_info(c).received, 100);
    shmq_close(p0);
    shmq_close(p1);
    shmq_close(c);
}

static void largest_record_leaves_place_for_its_number(void **state)
{
    const char *name = queue_made("large", 4096, 1, SHMQ_TOTAL_ORDER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    static char bytes[4096];
    struct shmq_message m;
    void *slot;

    (void)state;
    assert_int_equal(queue_info(c).record_max, 2032);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(shmq_send(p, bytes, 2032, 0, 0), 0);
        assert_int_equal(shmq_send(p, bytes, 2033, 0, 0), -EMSGSIZE);
        assert_int_equal(shmq_reserve(p, 2033, &slot), -EMSGSIZE);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(m.size, 2032);
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(shmq_send(p, NULL, 0, 0, 0), 0);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(m.size, 0);
        assert_int_equal(shmq_release(c), 0);
    }
    shmq_close(p);
    shmq_close(c);
}

/* Takes the lane asked for, and a number that it never publishes. */
struct taker {
    char name[64];
    uint32_t lane;
};

static int take_number(struct peer *self, void *arg)
{
    const struct taker *taker = arg;
    struct shmq_open_options o = {.struct_size = sizeof o, .has_lane = 1, .lane = taker->lane};
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(taker->name, SHMQ_PRODUCER, &o, &q) == 0);
    struct shmq_view in = test_memory(taker->name);
    struct shmq_header *header = in.base;

    __atomic_store_n(&lane_in(in, taker->lane)->producer.ordering, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&header->order.next, 1, __ATOMIC_SEQ_CST);
    peer_pause(self);
    __atomic_store_n(&lane_in(in, taker->lane)->producer.ordering, 0, __ATOMIC_SEQ_CST);
    peer_pause(self);
    return 0;
}

static void number_of_the_living_is_waited_for_and_of_the_dead_is_skipped(void **state)
{
    const char *name = queue_made("gap", 4096, 3, SHMQ_TOTAL_ORDER);
    struct taker taker = {.lane = 2};
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;

    (void)state;
    snprintf(taker.name, sizeof taker.name, "%s", name);
    send_number(p, 1, 0);
    expect_number(c, 1);
    struct peer peer = peer_start_with(take_number, &taker, sizeof taker);

    assert_true(peer_await(&peer));
    send_number(p, 2, 0);
    send_number(p, 3, 0);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    peer_stop(&peer);
    assert_int_equal(shmq_wait(c, 10000000), -ETIMEDOUT); /* paused is not dead */
    peer_kill(&peer);
    assert_int_equal(shmq_wait(c, -1), 0);
    expect_number(c, 2);
    expect_number(c, 3);
    /* A new owner of the lane has nothing to do with that number. */
    struct shmq *heir = queue_opened_lane(name, SHMQ_PRODUCER, 2);

    send_number(heir, 4, 0);
    send_number(p, 5, 0);
    expect_number(c, 4);
    expect_number(c, 5);
    shmq_close(heir);
    peer = peer_start_with(take_number, &taker, sizeof taker); /* one that has published holds up nobody */
    assert_true(peer_await(&peer));
    send_number(p, 6, 0);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    peer_go(&peer);
    assert_true(peer_await(&peer));
    expect_number(c, 6);
    peer_kill(&peer);
    shmq_close(p);
    assert_int_equal(shmq_wait(c, -1), -EPIPE);
    shmq_close(c);
}

static void next_consumer_goes_on_in_the_middle(void **state)
{
    enum { LANES = 3, RECORDS = 60 };
    const char *name = queue_made("heir", 4096, LANES, SHMQ_TOTAL_ORDER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p[LANES];
    struct shmq_message m;

    (void)state;
    for (int i = 0; i < LANES; i++)
        p[i] = queue_opened(name, SHMQ_PRODUCER);
    for (int i = 0; i < RECORDS; i++)
        send_number(p[i * i % LANES], i, 0);
    for (int at = 0; at < RECORDS; at += 7) {
        for (int i = at; i < at + 7 && i < RECORDS; i++) {
            assert_int_equal(shmq_peek(c, &m), 0);
            assert_int_equal(*(int *)m.data, i);
        }
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(shmq_peek(c, &m), at + 7 < RECORDS ? 0 : -EAGAIN); /* and not released: told again */
        shmq_close(c);
        c = queue_opened(name, SHMQ_CONSUMER);
    }
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    assert_int_equal(queue_info(c).received, RECORDS);
    for (int i = 0; i < LANES; i++)
        shmq_close(p[i]);
    shmq_close(c);
}

static void damaged_numbers_are_told_and_end(void **state)
{
    const uint64_t wild[] = {0, 1, UINT64_MAX};
    struct shmq_message m;

    (void)state;
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        const char *name = queue_made(i == 0 ? "zero" : i == 1 ? "same" : "none", 4096, 2, SHMQ_TOTAL_ORDER);
        struct shmq_view in = test_memory(name);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *p0 = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *p1 = queue_opened(name, SHMQ_PRODUCER);

        for (int k = 0; k < 3; k++)
            send_number(p0, k, 0);
        *number_in(in, 0, 48) = wild[i];
        send_number(p1, 3, 0);
        expect_number(c, 0);
        expect_number(c, 1);
        /* The damaged lane keeps to itself. */
        expect_number(c, 3);
        for (int again = 0; again < 3; again++)
            assert_int_equal(shmq_peek(c, &m), -EBADMSG);
        assert_int_equal(shmq_wait(c, -1), -EBADMSG);
        send_number(p1, 4, 0);
        expect_number(c, 4);
        /* Too short for a number. */
        *(uint32_t *)(void *)((uint8_t *)number_in(in, 0, 48) - sizeof(struct shmq_record)) = 7;
        assert_int_equal(shmq_peek(c, &m), -EBADMSG);
        shmq_close(p0);
        shmq_close(p1);
        shmq_close(c);
        shmq_mapping_unview(&in);
    }
}

/*
 * A clock that all share is read before each batch and after it: where one batch was committed before another began,
 * the order of the two is known.
 */
struct storm {
    char name[64];
    char clock[64]; /* the name of its memory */
    uint64_t batches;
};

static uint64_t *clock_of(const struct storm *storm)
{
    struct shmq_mapping_options options = test_sized(sizeof(uint64_t));
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view = {NULL, 0};

    if (shmq_mapping_create(storm->clock, &options, &mapping) < 0 ||
        shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view) != 0)
        return NULL;
    shmq_mapping_close(mapping);
    return view.base;
}

struct stamped {
    uint64_t number;
    uint64_t before;     /* the clock before this batch */
    uint64_t after_last; /* and after the one before it */
};

#define BATCH 150 /* of 40 bytes each: short of what is published by itself */

static int send_stamped(struct peer *self, void *arg)
{
    const struct storm *storm = arg;
    uint64_t *clock = clock_of(storm);
    struct stamped s = {0};
    struct shmq *q = NULL;

    CHILD_CHECK(clock != NULL && shmq_open(storm->name, SHMQ_PRODUCER, NULL, &q) == 0);
    peer_pause(self);
    for (uint64_t batch = 0; batch < storm->batches; batch++) {
        s.before = __atomic_fetch_add(clock, 1, __ATOMIC_SEQ_CST);
        for (int i = 0; i < BATCH; i++) {
            CHILD_CHECK(shmq_send_wait(q, &s, sizeof s, 0, i < BATCH - 1 ? SHMQ_MORE : 0, -1) == 0);
            s.number++;
        }
        s.after_last = __atomic_fetch_add(clock, 1, __ATOMIC_SEQ_CST);
    }
    shmq_close(q);
    return 0;
}

#define PRODUCERS 4

/* What the consumer knows of one lane. It polls, so that it is interrupted in the middle of a look at all lanes. */
struct heard {
    uint64_t next;
    uint64_t latest; /* the latest beginning of all that came up to this lane's last record */
};

static void hear_in_order(struct shmq *c, struct heard heard[])
{
    uint64_t latest = 0;
    uint64_t number = 0;
    struct shmq_message m;
    int rc;

    while ((rc = shmq_peek(c, &m)) == 0 || rc == -EAGAIN) {
        if (rc == -EAGAIN)
            continue;
        const struct stamped *s = m.data;
        struct heard *lane = &heard[m.lane];

        assert_int_equal(((const uint64_t *)m.data)[-1], number++); /* nobody died: there are no gaps */
        assert_int_equal(s->number, lane->next++);
        /* All that came before this lane's last batch had begun before that was committed. */
        assert_true(s->number % BATCH != 0 || s->number == 0 || lane->latest < s->after_last);
        latest = s->before > latest ? s->before : latest;
        lane->latest = latest;
        assert_int_equal(shmq_release(c), 0);
    }
    assert_int_equal(rc, -EPIPE);
}

/* Somebody is always paused: at any instruction, so also between the numbers of a batch and its publish. */
struct pausing {
    struct peer *peers;
    bool stop;
};

static void *pause_them(void *arg)
{
    struct pausing *pausing = arg;

    for (unsigned i = 0; !__atomic_load_n(&pausing->stop, __ATOMIC_RELAXED); i++) {
        struct peer *peer = &pausing->peers[i % PRODUCERS];

        peer_stop(peer);
        usleep(200);
        peer_continue(peer);
        usleep(i * 7 % 50);
    }
    return NULL;
}

static void no_order_is_turned_round_in_a_storm(void **state)
{
    const char *name = queue_made("storm", 65536, PRODUCERS, SHMQ_TOTAL_ORDER);
    struct storm storm = {.batches = test_rounds(20000)};
    struct heard heard[PRODUCERS] = {{0}};
    static struct peer peers[PRODUCERS]; /* the thread outlives a test that fails */
    static struct pausing pausing = {.peers = peers};
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    pthread_t thread;

    (void)state;
    snprintf(storm.name, sizeof storm.name, "%s", name);
    snprintf(storm.clock, sizeof storm.clock, "%s", test_name("clock"));
    uint64_t *clock = clock_of(&storm);

    assert_non_null(clock);
    *clock = 1;
    for (int i = 0; i < PRODUCERS; i++) {
        peers[i] = peer_start_with(send_stamped, &storm, sizeof storm);
        assert_true(peer_await(&peers[i]));
    }
    for (int i = 0; i < PRODUCERS; i++)
        peer_go(&peers[i]);
    assert_int_equal(pthread_create(&thread, NULL, pause_them, &pausing), 0);
    hear_in_order(c, heard);
    __atomic_store_n(&pausing.stop, true, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (int i = 0; i < PRODUCERS; i++) {
        assert_int_equal(peer_end(&peers[i]), 0);
        assert_int_equal(heard[i].next, storm.batches * BATCH);
    }
    shmq_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_in_the_order_of_their_commits),
        cmocka_unit_test(a_batch_comes_in_one_piece_when_it_is_published),
        cmocka_unit_test(too_small_buffer_loses_nothing),
        cmocka_unit_test(largest_record_leaves_place_for_its_number),
        cmocka_unit_test(number_of_the_living_is_waited_for_and_of_the_dead_is_skipped),
        cmocka_unit_test(next_consumer_goes_on_in_the_middle),
        cmocka_unit_test(damaged_numbers_are_told_and_end),
        cmocka_unit_test(no_order_is_turned_round_in_a_storm),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
