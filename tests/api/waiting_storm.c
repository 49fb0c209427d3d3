/*
 * No wake-up is lost
 *
 * Who sleeps looks again after some time by itself, so a lost wake-up would only be late. Here such a sleep lasts until
 * it is woken, and the watchdog of the test ends what hangs.
 */
#include "peers.h"

#include <errno.h>
#include <string.h>

#define UNFENCED_SLICE_NS INT64_C(1000000) /* where membarrier is refused, the clock is what wakes */
#define FOR_EVER_NS INT64_C(3600000000000)

int __real_port_sleep(const uint32_t *word, uint32_t value, int64_t timeout_ns);
int __wrap_port_sleep(const uint32_t *word, uint32_t value, int64_t timeout_ns);

int __wrap_port_sleep(const uint32_t *word, uint32_t value, int64_t timeout_ns)
{
    return __real_port_sleep(word, value, timeout_ns <= UNFENCED_SLICE_NS ? timeout_ns : FOR_EVER_NS);
}

/* Two queues, there and back. */
struct court {
    char there[64];
    char back[64];
    unsigned cpu[2];
    uint64_t rounds;
    bool refuse[2]; /* membarrier, to the one who serves and the one who answers */
    bool pause;     /* before each answer, for a time that varies: the other is on its way to sleep meanwhile */
};

static void dawdle(uint64_t number)
{
    for (volatile uint64_t i = number * 2654435761 % 100000; i > 0; i--)
        ;
}

static int play(const struct court *court, bool serves)
{
    struct shmq *out = NULL;
    struct shmq *in = NULL;
    struct shmq_message m;
    uint64_t got = 0;

    CHILD_CHECK(!court->refuse[serves] || test_fence_refused());
    CHILD_CHECK(pinned_to(court->cpu[serves]));
    CHILD_CHECK(shmq_open(serves ? court->there : court->back, SHMQ_PRODUCER, NULL, &out) == 0);
    CHILD_CHECK(shmq_open(serves ? court->back : court->there, SHMQ_CONSUMER, NULL, &in) == 0);
    for (uint64_t i = 0; i < court->rounds; i++) {
        if (serves)
            CHILD_CHECK(shmq_send_wait(out, &i, sizeof i, 0, 0, -1) == 0);
        CHILD_CHECK(shmq_recv_wait(in, &got, sizeof got, -1, &m) == 0);
        CHILD_CHECK(got == i);
        if (court->pause)
            dawdle(i);
        if (!serves)
            CHILD_CHECK(shmq_send_wait(out, &i, sizeof i, 0, 0, -1) == 0);
    }
    shmq_close(out);
    if (serves)
        CHILD_CHECK(shmq_recv_wait(in, &got, sizeof got, -1, &m) == -EPIPE);
    shmq_close(in);
    return 0;
}

static int serve(struct peer *self, void *court)
{
    (void)self;
    return play(court, true);
}

static int answer(struct peer *self, void *court)
{
    (void)self;
    return play(court, false);
}

static void play_both(struct court court, uint64_t capacity, uint32_t kind)
{
    snprintf(court.there, sizeof court.there, "%s", queue_made("there", capacity, 1, kind));
    snprintf(court.back, sizeof court.back, "%s", queue_made("back", capacity, 1, kind));
    struct peer one = peer_start_with(serve, &court, sizeof court);
    struct peer two = peer_start_with(answer, &court, sizeof court);

    assert_int_equal(peer_end(&one), 0);
    assert_int_equal(peer_end(&two), 0);
    assert_int_equal(shmq_remove(court.there, 0), 0);
    assert_int_equal(shmq_remove(court.back, 0), 0);
}

static void need_two_processors(void)
{
    if (test_processors() < 2)
        skip();
}

static void ping_pong_on_one_processor_never_hangs(void **state)
{
    (void)state;
    play_both((struct court){.rounds = test_rounds(20000)}, 4096, SHMQ_LANES);
    play_both((struct court){.rounds = test_rounds(5000)}, 4096, SHMQ_TOTAL_ORDER);
}

static void ping_pong_on_two_processors_never_hangs(void **state)
{
    (void)state;
    need_two_processors();
    play_both((struct court){.cpu = {0, 1}, .rounds = test_rounds(50000)}, 4096, SHMQ_LANES);
    play_both((struct court){.cpu = {0, 1}, .rounds = test_rounds(20000), .pause = true}, 4096, SHMQ_LANES);
    play_both((struct court){.cpu = {0, 1}, .rounds = test_rounds(10000), .pause = true}, 4096, SHMQ_TOTAL_ORDER);
    play_both((struct court){.cpu = {0, 1}, .rounds = test_rounds(10000), .pause = true}, 4096, SHMQ_RECORDER);
}

static int try_to_refuse(struct peer *self, void *arg)
{
    (void)self;
    (void)arg;
    return test_fence_refused() ? 0 : SKIP_STATUS;
}

static void ping_pong_without_membarrier_never_hangs(void **state)
{
    unsigned other = test_processors() > 1;

    (void)state;
    if (test_child(try_to_refuse, NULL) == SKIP_STATUS) /* or it would wait for ever */
        skip();
    for (int who = 1; who < 4; who++) {
        play_both((struct court){.cpu = {0, other},
                                 .rounds = test_rounds(1000),
                                 .pause = true,
                                 .refuse = {(who & 1) != 0, (who & 2) != 0}},
                  4096, SHMQ_LANES);
    }
}

/* Several producers and one consumer, each of which has to sleep for the others again and again. */
struct crowd {
    char name[64];
    uint64_t records;
    uint32_t producers;
    bool slow;
};

static size_t size_of(uint64_t number)
{
    return sizeof number * (1 + number * 2654435761 % 120);
}

static int crowd_member(struct peer *self, void *arg)
{
    const struct crowd *crowd = arg;
    uint64_t words[120];
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(crowd->name, SHMQ_PRODUCER, NULL, &q) == 0);
    peer_pause(self);
    for (uint64_t i = 0; i < crowd->records; i++) {
        for (size_t k = 0; k < size_of(i) / sizeof *words; k++)
            words[k] = i + k;
        if (crowd->slow)
            dawdle(i);
        CHILD_CHECK(shmq_send_wait(q, words, size_of(i), (uint16_t)i, i % 7 == 0 ? SHMQ_MORE : 0, -1) == 0);
    }
    shmq_close(q);
    return 0;
}

static void hear(struct crowd *crowd, uint32_t kind)
{
    struct peer peers[4];
    uint64_t next[4] = {0};
    uint64_t words[120];
    struct shmq_message m;
    int rc;

    snprintf(crowd->name, sizeof crowd->name, "%s", queue_made("crowd", 4096, crowd->producers, kind));
    struct shmq *c = queue_opened(crowd->name, SHMQ_CONSUMER);

    for (uint32_t i = 0; i < crowd->producers; i++) {
        peers[i] = peer_start_with(crowd_member, crowd, sizeof *crowd);
        assert_true(peer_await(&peers[i]));
    }
    for (uint32_t i = 0; i < crowd->producers; i++)
        peer_go(&peers[i]);
    while ((rc = shmq_recv_wait(c, words, sizeof words, -1, &m)) == 0) {
        uint64_t number = next[m.lane]++;

        assert_int_equal(m.size, size_of(number));
        assert_int_equal(m.type, (uint16_t)number);
        for (size_t k = 0; k < m.size / sizeof *words; k++)
            assert_int_equal(words[k], number + k);
    }
    assert_int_equal(rc, -EPIPE);
    for (uint32_t i = 0; i < crowd->producers; i++) {
        assert_int_equal(peer_end(&peers[i]), 0);
        assert_int_equal(next[i], crowd->records);
    }
    shmq_close(c);
    assert_int_equal(shmq_remove(crowd->name, 0), 0);
}

static void producers_that_dawdle_wake_one_consumer(void **state)
{
    struct crowd crowd = {.records = test_rounds(10000), .producers = 4, .slow = true};

    (void)state;
    hear(&crowd, SHMQ_LANES);
    hear(&crowd, SHMQ_TOTAL_ORDER);
}

static void one_consumer_wakes_producers_without_room(void **state)
{
    struct crowd crowd = {.records = test_rounds(30000), .producers = 4};

    (void)state;
    hear(&crowd, SHMQ_LANES);
    hear(&crowd, SHMQ_TOTAL_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_pong_on_one_processor_never_hangs),
        cmocka_unit_test(ping_pong_on_two_processors_never_hangs),
        cmocka_unit_test(ping_pong_without_membarrier_never_hangs),
        cmocka_unit_test(producers_that_dawdle_wake_one_consumer),
        cmocka_unit_test(one_consumer_wakes_producers_without_room),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
