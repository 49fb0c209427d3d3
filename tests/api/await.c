/* Tickets: when a record is done, what its consumer left there, and every way in which that can fail to come. */
#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <shmq/layout.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static struct shmq_ticket sent(struct shmq *p, const void *data, size_t size, uint16_t type)
{
    struct shmq_ticket ticket;

    assert_int_equal(shmq_send(p, data, size, type, 0), 0);
    assert_int_equal(shmq_ticket(p, &ticket), 0);
    return ticket;
}

static uint64_t value_of(const struct shmq_answer *answer)
{
    uint64_t value;

    memcpy(&value, answer->data, sizeof value);
    return value;
}

/* Answer the next question in place: three times what was asked, and one. */
static void answer_next(struct shmq *c)
{
    struct shmq_message m;

    assert_int_equal(shmq_peek(c, &m), 0);
    *(uint64_t *)m.data = *(uint64_t *)m.data * 3 + 1;
    assert_int_equal(shmq_release(c), 0);
}

static void record_is_done_when_it_is_released(void **state)
{
    const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *name = queue_made(i == 0 ? "done" : "doneorder", 4096, 2, kinds[i]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *other = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        uint64_t question = 14;
        struct shmq_ticket ticket;
        struct shmq_answer answer = {0};
        struct shmq_message m;

        assert_int_equal(shmq_ticket(p, &ticket), -ENOENT);
        ticket = sent(p, &question, sizeof question, 77);
        assert_int_equal(ticket.size, 8);
        assert_int_equal(ticket.type, 77);
        assert_int_equal(ticket.lane, 0);
        assert_int_equal(shmq_await(p, &ticket, 0, &answer), -ETIMEDOUT);
        assert_int_equal(shmq_await(p, &ticket, 2 * MS, &answer), -ETIMEDOUT);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(m.ticket, ticket.position);
        assert_int_equal(shmq_await(p, &ticket, 0, &answer), -ETIMEDOUT); /* read, and not released */
        *(uint64_t *)m.data = 43;
        assert_null(answer.data);
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(shmq_await(p, &ticket, -1, &answer), 0);
        assert_int_equal(value_of(&answer), 43);
        assert_int_equal(answer.size, 8);
        assert_int_equal(answer.type, 77);
        assert_int_equal(answer.lane, 0);
        assert_int_equal(shmq_await(p, &ticket, 0, NULL), 0);
        assert_int_equal(shmq_await(other, &ticket, 0, &answer), -EINVAL);
        ticket = sent(other, "second lane", 11, 1);
        assert_int_equal(ticket.lane, 1);
        assert_int_equal(shmq_peek(c, &m), 0);
        memcpy(m.data, "SECOND", 6);
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(shmq_await(other, &ticket, 0, &answer), 0);
        assert_memory_equal(answer.data, "SECOND lane", 11);
        assert_int_equal(answer.lane, 1);
        shmq_close(other);
        shmq_close(p);
        shmq_close(c);
    }
}

static void ticket_of_each_way_to_send_is_right(void **state)
{
    const char *name = queue_made("ways", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    const struct shmq_span spans[] = {{"gath", 4}, {"ered", 4}};
    struct shmq_ticket t;
    struct shmq_message m;
    struct shmq_answer answer;
    void *slot;

    (void)state;
    for (uint32_t size = 0; size < 700; size += 7) { /* also round the end of the ring, with padding */
        assert_int_equal(shmq_reserve(p, size + 9, &slot), 0);
        memset(slot, (int)size & 0x7f, size);
        assert_int_equal(shmq_commit(p, size, (uint16_t)size, SHMQ_MORE), 0);
        assert_int_equal(shmq_ticket(p, &t), 0);
        assert_int_equal(t.size, size);
        assert_int_equal(t.type, size);
        assert_int_equal(shmq_await(p, &t, 0, &answer), -ETIMEDOUT); /* and publishes it */
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(m.ticket, t.position);
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(shmq_await(p, &t, 0, &answer), 0);
        assert_int_equal(answer.size, size);
        for (uint32_t i = 0; i < size; i++)
            assert_int_equal(((const char *)answer.data)[i], size & 0x7f);
    }
    assert_int_equal(shmq_sendv(p, spans, 2, 9, 0), 0);
    assert_int_equal(shmq_ticket(p, &t), 0);
    assert_int_equal(t.size, 8);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal(shmq_release(c), 0);
    assert_int_equal(shmq_await(p, &t, 0, &answer), 0);
    assert_memory_equal(answer.data, "gathered", 8);
    shmq_close(p);
    shmq_close(c);
}

static void answer_that_was_written_over_is_gone(void **state)
{
    const char *name = queue_made("gone", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    static char bytes[1016];
    struct shmq_ticket first = sent(p, bytes, sizeof bytes, 1);
    struct shmq_answer answer;
    struct shmq_message m;
    void *slot;

    (void)state;
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    for (int i = 0; i < 3; i++) {
        sent(p, bytes, sizeof bytes, 1);
        assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
        assert_int_equal(shmq_await(p, &first, 0, &answer), 0);
    }
    assert_int_equal(shmq_reserve(p, 8, &slot), 0); /* over it, and may be written to at any time */
    assert_int_equal(shmq_await(p, &first, 0, &answer), -ERANGE);
    assert_int_equal(shmq_await(p, &first, 0, NULL), 0);
    shmq_abort(p);
    assert_int_equal(shmq_await(p, &first, 0, &answer), 0);
    sent(p, "x", 1, 1);
    assert_int_equal(shmq_await(p, &first, 0, &answer), -ERANGE);
    shmq_close(p);
    shmq_close(c);
}

static void what_is_no_ticket_of_this_lane_is_refused(void **state)
{
    const char *name = queue_made("refused", 4096, 2, SHMQ_LANES);
    const char *recorder = queue_made("recorder", 4096, 1, SHMQ_RECORDER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *r = queue_opened(recorder, SHMQ_PRODUCER);
    struct shmq_answer answer;
    struct shmq_ticket good = sent(p, "12345678", 8, 1);
    struct shmq_ticket bad[6];

    (void)state;
    answer_next(c);
    for (int i = 0; i < 6; i++)
        bad[i] = good;
    bad[0].position += 8;
    bad[1].position -= 1;
    bad[2].size = 9;
    bad[3].size = UINT32_MAX;
    bad[4].lane = 1;
    bad[5].position = UINT64_MAX & ~UINT64_C(7);
    for (int i = 0; i < 6; i++)
        assert_int_equal(shmq_await(p, bad + i, 0, &answer), -EINVAL);
    assert_int_equal(shmq_await(p, &good, 0, &answer), 0);
    assert_int_equal(shmq_await(c, &good, 0, &answer), -EINVAL);
    assert_int_equal(shmq_ticket(c, &good), -EINVAL);
    assert_int_equal(shmq_send(r, "x", 1, 1, 0), 0);
    assert_int_equal(shmq_ticket(r, &good), -EINVAL);
    assert_int_equal(shmq_await(r, &good, 0, &answer), -EINVAL);
    /* A ticket that would reach round the end of the ring. */
    for (int i = 0; i < 1000; i++) {
        good = sent(p, "12345678", 8, 1);
        answer_next(c);
        if (good.position % 4096 == 16)
            break;
    }
    good.size = 24;
    assert_int_equal(shmq_await(p, &good, 0, &answer), -EINVAL);
    shmq_close(r);
    shmq_close(p);
    shmq_close(c);
}

static void reserved_slot_over_the_last_record_takes_its_ticket(void **state)
{
    const char *name = queue_made("late", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    static char bytes[2040];
    struct shmq_ticket ticket;
    struct shmq_message m;
    void *slot;

    (void)state;
    sent(p, bytes, 1000, 1);
    sent(p, bytes, 2000, 1);
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN); /* it runs empty, and gives all back */
    assert_int_equal(shmq_reserve(p, 2040, &slot), 0);
    assert_int_equal(shmq_ticket(p, &ticket), -ENOENT);
    shmq_abort(p);
    shmq_close(p);
    shmq_close(c);
}

static void thousands_of_tickets_in_flight_all_come_back(void **state)
{
    enum { TICKETS = 5000, LANES = 3 };
    const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER};
    static struct shmq_ticket tickets[LANES][TICKETS];

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const char *name = queue_made(kind == 0 ? "many" : "manyorder", 262144, LANES, kinds[kind]);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *p[LANES];
        struct shmq_answer answer;

        for (int lane = 0; lane < LANES; lane++)
            p[lane] = queue_opened(name, SHMQ_PRODUCER);
        for (uint64_t i = 0; i < TICKETS; i++) {
            for (uint64_t lane = 0; lane < LANES; lane++) {
                uint64_t question = lane * TICKETS + i;

                tickets[lane][i] = sent(p[lane], &question, sizeof question, 0);
            }
        }
        for (int i = 0; i < TICKETS * LANES / 2; i++)
            answer_next(c);
        int done = 0;

        for (int lane = 0; lane < LANES; lane++) {
            for (int i = 0; i < TICKETS; i++)
                done += shmq_await(p[lane], &tickets[lane][i], 0, NULL) == 0;
        }
        assert_int_equal(done, TICKETS * LANES / 2);
        for (int i = TICKETS * LANES / 2; i < TICKETS * LANES; i++)
            answer_next(c);
        for (uint64_t i = TICKETS; i-- > 0;) { /* in whatever order they are asked for */
            for (uint64_t lane = 0; lane < LANES; lane++) {
                assert_int_equal(shmq_await(p[lane], &tickets[lane][i], -1, &answer), 0);
                assert_int_equal(value_of(&answer), (lane * TICKETS + i) * 3 + 1);
            }
        }
        for (int lane = 0; lane < LANES; lane++)
            shmq_close(p[lane]);
        shmq_close(c);
    }
}

static int answer_until_the_end(struct peer *self, void *name)
{
    struct shmq *c = NULL;
    struct shmq_message m;
    int rc;

    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &c) == 0);
    peer_pause(self);
    while ((rc = shmq_peek_wait(c, -1, &m)) == 0) {
        uint64_t question = *(uint64_t *)m.data;

        if (question % 1000 == 0)
            usleep(2000); /* so that the other side goes to sleep */
        *(uint64_t *)m.data = question * 3 + 1;
        CHILD_CHECK(shmq_release(c) == 0);
    }
    shmq_close(c);
    return rc == -EPIPE ? 0 : 1;
}

static void other_process_answers_in_place(void **state)
{
    const char *name = queue_made("process", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct peer peer = peer_start(answer_until_the_end, name);
    struct shmq_answer answer;

    (void)state;
    assert_true(peer_await(&peer));
    peer_go(&peer);
    for (uint64_t i = 0; i < 20000; i++) {
        struct shmq_ticket ticket = sent(p, &i, sizeof i, 0);

        assert_int_equal(shmq_await(p, &ticket, -1, &answer), 0);
        assert_int_equal(value_of(&answer), i * 3 + 1);
    }
    shmq_close(p);
    assert_int_equal(peer_end(&peer), 0);
}

static int read_and_die(struct peer *self, void *name)
{
    struct shmq *c = NULL;
    struct shmq_message m;

    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &c) == 0);
    CHILD_CHECK(shmq_peek_wait(c, -1, &m) == 0);
    *(uint64_t *)m.data = 99;
    peer_pause(self);
    usleep(20000);
    peer_die();
}

static void death_of_the_consumer_is_told_and_its_successor_does_it(void **state)
{
    const char *name = queue_made("death", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    uint64_t question = 5;
    struct shmq_ticket ticket = sent(p, &question, sizeof question, 0);
    struct shmq_ticket second = sent(p, &question, sizeof question, 0);
    struct shmq_answer answer;

    (void)state;
    for (int i = 0; i < 2; i++) { /* also when the next one dies */
        struct peer peer = peer_start(read_and_die, name);

        assert_true(peer_await(&peer));
        peer_go(&peer);
        assert_int_equal(shmq_await(p, &ticket, -1, &answer), -EOWNERDEAD);
        assert_int_equal(peer_end(&peer), PEER_KILLED);
        assert_int_equal(shmq_await(p, &ticket, 3 * MS, &answer), -ETIMEDOUT);
        assert_int_equal(shmq_await(p, &second, 0, &answer), -ETIMEDOUT);
    }
    struct peer heir = peer_start(answer_until_the_end, name);

    assert_true(peer_await(&heir));
    peer_go(&heir);
    assert_int_equal(shmq_await(p, &second, -1, &answer), 0);
    assert_int_equal(value_of(&answer), 16);
    assert_int_equal(shmq_await(p, &ticket, 0, &answer), 0);
    assert_int_equal(value_of(&answer), 99 * 3 + 1); /* it found what the dead one left */
    shmq_close(p);
    assert_int_equal(peer_end(&heir), 0);
}

static int ask_and_die(struct peer *self, void *name)
{
    struct shmq *p = NULL;
    struct shmq_ticket ticket;
    uint64_t question = 7;

    (void)self;
    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &p) == 0);
    CHILD_CHECK(shmq_send(p, &question, sizeof question, 3, 0) == 0);
    CHILD_CHECK(shmq_ticket(p, &ticket) == 0);
    FILE *file = fopen(test_path("ticket"), "wb");

    CHILD_CHECK(file != NULL && fwrite(&ticket, sizeof ticket, 1, file) == 1 && fclose(file) == 0);
    peer_die();
}

static void successor_of_a_dead_producer_gets_the_answer(void **state)
{
    const char *name = queue_made("heir", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct peer peer = peer_start(ask_and_die, name);
    struct shmq_ticket ticket;
    struct shmq_answer answer;

    (void)state;
    assert_int_equal(peer_end(&peer), PEER_KILLED);
    FILE *file = fopen(test_path("ticket"), "rb");

    assert_non_null(file);
    assert_int_equal(fread(&ticket, sizeof ticket, 1, file), 1);
    fclose(file);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);

    assert_int_equal(shmq_await(p, &ticket, 0, &answer), -ETIMEDOUT);
    answer_next(c);
    assert_int_equal(shmq_await(p, &ticket, -1, &answer), 0);
    assert_int_equal(value_of(&answer), 22);
    assert_int_equal(answer.type, 3);
    shmq_close(p);
    shmq_close(c);
}

static void wait_ends_by_cancel_removal_and_damage(void **state)
{
    const char *name = queue_made("ends", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_ticket ticket = sent(p, "12345678", 8, 0);
    const uint64_t wild = 1 << 20;
    struct shmq_answer answer;

    (void)state;
    shmq_cancel(p);
    assert_int_equal(shmq_await(p, &ticket, -1, &answer), -ECANCELED);
    assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), 0);
    assert_int_equal(shmq_await(p, &ticket, 3 * MS, &answer), -ETIMEDOUT);
    shmq_close(c);
    assert_int_equal(shmq_await(p, &ticket, -1, &answer), -ESTALE);
    shmq_close(p);

    name = queue_made("damaged", 4096, 1, SHMQ_LANES);
    p = queue_opened(name, SHMQ_PRODUCER);
    ticket = sent(p, "12345678", 8, 0);
    FILE *file = fopen(test_place(name), "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, 4096 + offsetof(struct shmq_lane, released.released), SEEK_SET), 0);
    assert_int_equal(fwrite(&wild, sizeof wild, 1, file), 1);
    fclose(file);
    assert_int_equal(shmq_await(p, &ticket, -1, &answer), -EBADMSG);
    shmq_close(p);
}

static void closed_consumer_is_waited_for(void **state)
{
    const char *name = queue_made("closed", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_ticket ticket = sent(p, "12345678", 8, 0);
    struct shmq_message m;

    (void)state;
    assert_int_equal(shmq_peek(c, &m), 0);
    shmq_close(c);
    assert_int_equal(shmq_await(p, &ticket, 3 * MS, NULL), -ETIMEDOUT);
    c = queue_opened(name, SHMQ_CONSUMER);
    answer_next(c);
    shmq_close(c);
    assert_int_equal(shmq_await(p, &ticket, -1, NULL), 0);
    shmq_close(p);
}

static void *answer_in_a_thread(void *name)
{
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    while (shmq_peek_wait(c, -1, &m) == 0) {
        *(uint64_t *)m.data = *(uint64_t *)m.data * 3 + 1;
        shmq_release(c);
    }
    shmq_close(c);
    return NULL;
}

static void other_thread_answers_in_place(void **state)
{
    enum { DEPTH = 8 };
    const char *name = queue_made("thread", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_ticket tickets[DEPTH];
    struct shmq_answer answer;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, answer_in_a_thread, (void *)(uintptr_t)name), 0);
    for (uint64_t i = 0; i < 20000; i++) {
        if (i >= DEPTH) {
            assert_int_equal(shmq_await(p, &tickets[i % DEPTH], -1, &answer), 0);
            assert_int_equal(value_of(&answer), (i - DEPTH) * 3 + 1);
        }
        tickets[i % DEPTH] = sent(p, &i, sizeof i, 0);
    }
    shmq_close(p);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_is_done_when_it_is_released),
        cmocka_unit_test(ticket_of_each_way_to_send_is_right),
        cmocka_unit_test(answer_that_was_written_over_is_gone),
        cmocka_unit_test(what_is_no_ticket_of_this_lane_is_refused),
        cmocka_unit_test(reserved_slot_over_the_last_record_takes_its_ticket),
        cmocka_unit_test(thousands_of_tickets_in_flight_all_come_back),
        cmocka_unit_test(other_process_answers_in_place),
        cmocka_unit_test(death_of_the_consumer_is_told_and_its_successor_does_it),
        cmocka_unit_test(successor_of_a_dead_producer_gets_the_answer),
        cmocka_unit_test(wait_ends_by_cancel_removal_and_damage),
        cmocka_unit_test(closed_consumer_is_waited_for),
        cmocka_unit_test(other_thread_answers_in_place),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
