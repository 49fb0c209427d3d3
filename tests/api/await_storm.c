/*
 * No wake-up is lost: of those who wait for a record, for a change of the status, for the end of a task
 *
 * As in waiting_storm.c: a sleep lasts until it is woken, and the watchdog of the test ends what hangs.
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

struct play {
    char name[64];
    unsigned cpu[2];
    uint64_t rounds;
    bool pause; /* before each answer, for a time that varies: the other is on its way to sleep meanwhile */
};

static void dawdle(uint64_t number)
{
    for (volatile uint64_t i = number * 2654435761 % 100000; i > 0; i--)
        ;
}

static int answer_all(struct peer *self, void *arg)
{
    const struct play *play = arg;
    struct shmq *c = NULL;
    struct shmq_message m;

    (void)self;
    CHILD_CHECK(pinned_to(play->cpu[1]));
    CHILD_CHECK(shmq_open(play->name, SHMQ_CONSUMER, NULL, &c) == 0);
    for (uint64_t i = 0; i < play->rounds; i++) {
        CHILD_CHECK(shmq_peek_wait(c, -1, &m) == 0);
        if (play->pause)
            dawdle(i);
        ++*(uint64_t *)m.data;
        CHILD_CHECK(shmq_release(c) == 0);
    }
    shmq_close(c);
    return 0;
}

static int ask_all(struct peer *self, void *arg)
{
    const struct play *play = arg;
    struct shmq *p = NULL;
    struct shmq_ticket ticket;
    struct shmq_answer answer;

    (void)self;
    CHILD_CHECK(pinned_to(play->cpu[0]));
    CHILD_CHECK(shmq_open(play->name, SHMQ_PRODUCER, NULL, &p) == 0);
    for (uint64_t i = 0; i < play->rounds; i++) {
        CHILD_CHECK(shmq_send(p, &i, sizeof i, 0, 0) == 0);
        CHILD_CHECK(shmq_ticket(p, &ticket) == 0);
        CHILD_CHECK(shmq_await(p, &ticket, -1, &answer) == 0);
        CHILD_CHECK(*(const uint64_t *)answer.data == i + 1);
    }
    shmq_close(p);
    return 0;
}

static void await_all(struct play play, uint32_t kind)
{
    snprintf(play.name, sizeof play.name, "%s", queue_made("await", 4096, 1, kind));
    struct peer one = peer_start_with(answer_all, &play, sizeof play);
    struct peer two = peer_start_with(ask_all, &play, sizeof play);

    assert_int_equal(peer_end(&two), 0);
    assert_int_equal(peer_end(&one), 0);
    assert_int_equal(shmq_remove(play.name, 0), 0);
}

static unsigned second_cpu(void)
{
    return test_processors() > 1;
}

static void awaiting_never_hangs(void **state)
{
    (void)state;
    await_all((struct play){.rounds = test_rounds(10000)}, SHMQ_LANES);
    await_all((struct play){.rounds = test_rounds(30000), .cpu = {0, second_cpu()}}, SHMQ_LANES);
    await_all((struct play){.rounds = test_rounds(20000), .cpu = {0, second_cpu()}, .pause = true}, SHMQ_LANES);
    await_all((struct play){.rounds = test_rounds(10000), .cpu = {0, second_cpu()}, .pause = true}, SHMQ_TOTAL_ORDER);
}

/* A reader answers each change that it was waiting for with a record, which the reporter is waiting for. */
static int follow(struct peer *self, void *arg)
{
    const struct play *play = arg;
    struct shmq *q = NULL;
    struct shmq_status s = {.struct_size = sizeof s};

    CHILD_CHECK(shmq_open(play->name, SHMQ_PRODUCER, NULL, &q) == 0);
    peer_pause(self);
    while (s.state != SHMQ_DONE) {
        uint64_t changes = s.changes;

        CHILD_CHECK(shmq_status_wait(q, SHMQ_CHANGED, -1, &s) == 0);
        CHILD_CHECK(s.changes > changes || s.presence != SHMQ_PRESENT);
        if (play->pause)
            dawdle(s.done);
        CHILD_CHECK(shmq_send(q, &s.done, sizeof s.done, 0, 0) == 0);
    }
    shmq_close(q);
    return 0;
}

static void follow_all(struct play play, uint32_t readers)
{
    struct peer peers[4];
    uint64_t done = 0;
    struct shmq_message m;

    snprintf(play.name, sizeof play.name, "%s", queue_made("follow", 4096, readers, SHMQ_LANES));
    struct shmq *c = queue_opened(play.name, SHMQ_CONSUMER);

    assert_int_equal(shmq_report_begin(c, 1, play.rounds, NULL), 0);
    for (uint32_t i = 0; i < readers; i++) {
        peers[i] = peer_start_with(follow, &play, sizeof play);
        assert_true(peer_await(&peers[i]));
    }
    for (uint32_t i = 0; i < readers; i++) {
        peer_go(&peers[i]);
        assert_int_equal(shmq_recv_wait(c, &done, sizeof done, -1, &m), 0);
    }
    for (uint64_t i = 1; i <= play.rounds; i++) {
        assert_int_equal(i % 3 != 0 ? shmq_report_set(c, i) : shmq_report_step(c, i, "step"), 0);
        for (uint32_t k = 0; k < readers; k++) {
            assert_int_equal(shmq_recv_wait(c, &done, sizeof done, -1, &m), 0);
            assert_int_equal(done, i);
        }
    }
    assert_int_equal(shmq_report_finish(c, 0, NULL), 0);
    for (uint32_t i = 0; i < readers; i++)
        assert_int_equal(peer_end(&peers[i]), 0);
    shmq_close(c);
    assert_int_equal(shmq_remove(play.name, 0), 0);
}

static void readers_of_changes_never_hang(void **state)
{
    (void)state;
    follow_all((struct play){.rounds = test_rounds(10000)}, 1);
    follow_all((struct play){.rounds = test_rounds(5000), .pause = true}, 1);
    follow_all((struct play){.rounds = test_rounds(3000)}, 4);
    follow_all((struct play){.rounds = test_rounds(1000), .pause = true}, 3);
}

static int await_ends(struct peer *self, void *arg)
{
    const struct play *play = arg;
    struct shmq *q = NULL;
    struct shmq_status s = {.struct_size = sizeof s};

    (void)self;
    CHILD_CHECK(shmq_open(play->name, SHMQ_PRODUCER, NULL, &q) == 0);
    for (uint64_t i = 0; i < play->rounds; i++) {
        CHILD_CHECK(shmq_status_wait(q, SHMQ_ENDED, -1, &s) == 0);
        CHILD_CHECK(s.task == i && s.state == SHMQ_DONE);
        CHILD_CHECK(shmq_send(q, &i, sizeof i, 0, 0) == 0);
    }
    shmq_close(q);
    return 0;
}

static void readers_of_ends_never_hang_and_progress_wakes_none_of_them(void **state)
{
    enum { READERS = 3 };
    struct play play = {.rounds = test_rounds(2000)};
    struct peer peers[READERS];
    uint64_t got;
    struct shmq_message m;

    (void)state;
    snprintf(play.name, sizeof play.name, "%s", queue_made("ends", 4096, READERS, SHMQ_LANES));
    struct shmq *c = queue_opened(play.name, SHMQ_CONSUMER);

    for (int i = 0; i < READERS; i++)
        peers[i] = peer_start_with(await_ends, &play, sizeof play);
    for (uint64_t i = 0; i < play.rounds; i++) {
        assert_int_equal(shmq_report_begin(c, i, 100, NULL), 0);
        for (int k = 0; k < 100; k++)
            assert_int_equal(shmq_report_advance(c, 1), 0);
        dawdle(i);
        assert_int_equal(shmq_report_finish(c, 0, NULL), 0);
        for (int k = 0; k < READERS; k++)
            assert_int_equal(shmq_recv_wait(c, &got, sizeof got, -1, &m), 0);
    }
    for (int i = 0; i < READERS; i++)
        assert_int_equal(peer_end(&peers[i]), 0);
    shmq_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awaiting_never_hangs),
        cmocka_unit_test(readers_of_changes_never_hang),
        cmocka_unit_test(readers_of_ends_never_hang_and_progress_wakes_none_of_them),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
