#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int try_lane(const char *name, enum shmq_role role, uint32_t lane)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .has_lane = 1, .lane = lane};
    struct shmq *q = NULL;
    int rc = shmq_open(name, role, &o, &q);

    if (rc == 0)
        shmq_close(q);
    else
        assert_null(q);
    return rc;
}

static void each_producer_has_a_lane_while_there_are_any(void **state)
{
    const char *name = queue_made("all", 4096, SHMQ_LANES_MAX, SHMQ_LANES);
    static struct shmq *p[SHMQ_LANES_MAX];
    static bool seen[SHMQ_LANES_MAX];
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    for (uint32_t i = 0; i < SHMQ_LANES_MAX; i++) {
        p[i] = queue_opened(name, SHMQ_PRODUCER);
        assert_int_equal(shmq_send(p[i], &i, sizeof i, 0, 0), 0);
    }
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), -EBUSY);
    assert_int_equal(queue_info(c).lanes_open, SHMQ_LANES_MAX);
    for (uint32_t i = 0; i < SHMQ_LANES_MAX; i++) {
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_false(seen[m.lane]);
        seen[m.lane] = true;
        assert_int_equal(*(uint32_t *)m.data, m.lane);
    }
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    assert_int_equal(shmq_release(c), 0);
    assert_int_equal(queue_info(c).received, SHMQ_LANES_MAX);
    shmq_close(p[77]);
    p[77] = queue_opened(name, SHMQ_PRODUCER);
    assert_int_equal(queue_lane(c, 77).presence, SHMQ_PRESENT);
    assert_int_equal(queue_lane(c, 77).attach_count, 2);
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), -EBUSY);
    for (uint32_t i = 0; i < SHMQ_LANES_MAX; i++)
        shmq_close(p[i]);
    assert_int_equal(shmq_peek(c, &m), -EPIPE);
    shmq_close(c);
}

static void a_lane_can_be_asked_for(void **state)
{
    const char *name = queue_made("asked", 4096, 3, SHMQ_LANES);
    struct shmq *p2 = queue_opened_lane(name, SHMQ_PRODUCER, 2);
    struct shmq_message m;

    (void)state;
    assert_int_equal(try_lane(name, SHMQ_PRODUCER, 2), -EBUSY);
    assert_int_equal(try_lane(name, SHMQ_PRODUCER, 3), -EINVAL);
    assert_int_equal(try_lane(name, SHMQ_CONSUMER, 3), -EINVAL);
    assert_int_equal(try_lane(name, SHMQ_PRODUCER, UINT32_MAX), -EINVAL);
    assert_int_equal(try_lane(name, SHMQ_PRODUCER, 0), 0);
    struct shmq *p0 = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *p1 = queue_opened(name, SHMQ_PRODUCER);

    assert_int_equal(shmq_send(p0, "0", 1, 0, 0), 0);
    assert_int_equal(shmq_send(p1, "1", 1, 0, 0), 0);
    assert_int_equal(shmq_send(p2, "2", 1, 0, 0), 0);

    struct shmq *c = queue_opened_lane(name, SHMQ_CONSUMER, 1);

    assert_int_equal(queue_try(name, SHMQ_CONSUMER), -EBUSY); /* there is one consumer, whatever it receives from */
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal(m.lane, 1);
    assert_int_equal(shmq_release(c), 0);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    shmq_close(p0);
    assert_int_equal(shmq_wait(c, 0), -ETIMEDOUT); /* another lane's end is not its own */
    shmq_close(p1);
    assert_int_equal(shmq_wait(c, 0), -EPIPE);
    shmq_close(c);
    c = queue_opened(name, SHMQ_CONSUMER); /* what was left is there */
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal(m.lane + shmq_peek(c, &m) + m.lane, 2);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    shmq_close(p2);
    shmq_close(c);
}

static int die_with_role(struct peer *self, void *arg)
{
    const char *what = arg; /* P or C, and the name */
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(what + 1, what[0] == 'P' ? SHMQ_PRODUCER : SHMQ_CONSUMER, NULL, &q) == 0);
    peer_pause(self);
    shmq_close(q);
    return 0;
}

/* One that has this role until it is let go. */
static struct peer started_as(enum shmq_role role, const char *name)
{
    char what[80];

    snprintf(what, sizeof what, "%c%s", role == SHMQ_PRODUCER ? 'P' : 'C', name);
    return peer_start(die_with_role, what);
}

static void role_of_the_killed_is_free_at_once(void **state)
{
    const char *name = queue_made("killed", 4096, 1, SHMQ_LANES);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    (void)state;
    for (int i = 0; i < 50; i++) {
        enum shmq_role role = i % 2 == 0 ? SHMQ_PRODUCER : SHMQ_CONSUMER;
        struct peer peer = started_as(role, name);

        assert_true(peer_await(&peer));
        assert_int_equal(queue_try(name, role), -EBUSY);
        peer_kill(&peer);
        assert_int_equal(i % 2 == 0 ? queue_lane(o, 0).presence : queue_info(o).consumer_presence, SHMQ_DIED);
        assert_int_equal(i % 2 == 0 ? queue_lane(o, 0).producer_pid : queue_info(o).consumer_pid, peer.pid);
        assert_int_equal(queue_try(name, role), 0);
    }
    shmq_close(o);
}

static void the_paused_keep_their_roles(void **state)
{
    const char *name = queue_made("paused", 4096, 1, SHMQ_LANES);
    struct peer one = started_as(SHMQ_PRODUCER, name);
    struct peer two = started_as(SHMQ_CONSUMER, name);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    (void)state;
    assert_true(peer_await(&one));
    assert_true(peer_await(&two));
    peer_stop(&one);
    peer_stop(&two);
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), -EBUSY);
    assert_int_equal(queue_try(name, SHMQ_CONSUMER), -EBUSY);
    assert_int_equal(queue_lane(o, 0).presence, SHMQ_PRESENT);
    assert_int_equal(queue_info(o).consumer_presence, SHMQ_PRESENT);
    assert_int_equal(shmq_remove(name, 0), -EBUSY);
    peer_continue(&one);
    peer_go(&one);
    assert_int_equal(peer_end(&one), 0);
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), 0);
    peer_kill(&two);
    assert_int_equal(queue_try(name, SHMQ_CONSUMER), 0);
    shmq_close(o);
}

static void presence_is_absent_present_or_died(void **state)
{
    const char *name = queue_made("presence", 4096, 2, SHMQ_LANES);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    (void)state;
    assert_int_equal(queue_info(o).consumer_presence, SHMQ_ABSENT);
    assert_int_equal(queue_info(o).consumer_count, 0);
    assert_int_equal(queue_lane(o, 0).presence, SHMQ_ABSENT);
    assert_int_equal(queue_lane(o, 0).since_ns, 0);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *look_from[] = {o, c, p};

    for (int i = 0; i < 3; i++) {
        assert_int_equal(queue_info(look_from[i]).consumer_presence, SHMQ_PRESENT);
        assert_int_equal(queue_info(look_from[i]).consumer_pid, getpid());
        assert_int_equal(queue_info(look_from[i]).consumer_count, 1);
        assert_true(queue_info(look_from[i]).consumer_since_ns > 0);
        assert_int_equal(queue_lane(look_from[i], 0).presence, SHMQ_PRESENT);
        assert_int_equal(queue_lane(look_from[i], 0).producer_pid, getpid());
        assert_int_equal(queue_lane(look_from[i], 0).is_open, 1);
        assert_true(queue_lane(look_from[i], 0).since_ns > 0);
        assert_int_equal(queue_lane(look_from[i], 1).presence, SHMQ_ABSENT);
        assert_int_equal(queue_lane(look_from[i], 1).is_open, 0);
    }
    shmq_close(c);
    shmq_close(p);
    assert_int_equal(queue_info(o).consumer_presence, SHMQ_ABSENT);
    assert_int_equal(queue_info(o).consumer_pid, 0);
    assert_int_equal(queue_lane(o, 0).presence, SHMQ_ABSENT);
    assert_int_equal(queue_lane(o, 0).producer_pid, 0);
    struct peer peer = started_as(SHMQ_PRODUCER, name);

    assert_true(peer_await(&peer));
    peer_kill(&peer);
    assert_int_equal(queue_lane(o, 0).presence, SHMQ_DIED);
    assert_int_equal(queue_lane(o, 0).attach_count, 2);
    p = queue_opened(name, SHMQ_PRODUCER);
    assert_int_equal(queue_lane(o, 0).presence, SHMQ_PRESENT);
    assert_int_equal(queue_lane(o, 0).producer_pid, getpid());
    shmq_close(p);
    assert_int_equal(queue_lane(o, 0).presence, SHMQ_ABSENT);
    shmq_close(o);
}

static void a_lane_with_records_is_the_last_to_be_given_away(void **state)
{
    const char *name = queue_made("reuse", 4096, 3, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;

    (void)state;
    assert_int_equal(shmq_send(p, "left", 4, 0, 0), 0);
    shmq_close(p);
    struct shmq *others[] = {queue_opened(name, SHMQ_PRODUCER), queue_opened(name, SHMQ_PRODUCER)};

    assert_int_equal(queue_lane(others[0], 1).presence, SHMQ_PRESENT);
    assert_int_equal(queue_lane(others[0], 2).presence, SHMQ_PRESENT);
    p = queue_opened(name, SHMQ_PRODUCER); /* rather than none: it goes on behind them */
    assert_int_equal(shmq_send(p, "more", 4, 0, 0), 0);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);

    assert_int_equal(shmq_peek(c, &m), 0);
    assert_memory_equal(m.data, "left", 4);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_memory_equal(m.data, "more", 4);
    assert_int_equal(shmq_release(c), 0);
    shmq_close(p);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    p = queue_opened(name, SHMQ_PRODUCER); /* drained: free like any other */
    assert_int_equal(queue_lane(p, 0).presence, SHMQ_PRESENT);
    shmq_close(p);
    shmq_close(others[0]);
    shmq_close(others[1]);
    shmq_close(c);
}

/* Every other one does not leave, but dies. */
static int send_one_and_leave(struct peer *self, void *arg)
{
    const char *what = arg; /* a digit, and the name */
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(what + 1, SHMQ_PRODUCER, NULL, &q) == 0);
    CHILD_CHECK(shmq_send(q, &self->pid, sizeof self->pid, 0, 0) == 0);
    CHILD_CHECK(shmq_send(q, &self->pid, sizeof self->pid, 0, 0) == 0);
    if (what[0] % 2 == 0)
        peer_die();
    shmq_close(q);
    return 0;
}

static void sender_is_known_for_the_last_four_of_a_lane(void **state)
{
    enum { SENDERS = 7 };
    const char *name = queue_made("sender", 65536, 1, SHMQ_LANES);
    struct shmq_sender sender = {.struct_size = sizeof sender};
    struct shmq_message all[SENDERS * 2];
    int64_t before = 0;

    (void)state;
    for (int i = 0; i < SENDERS; i++) {
        char what[80];

        snprintf(what, sizeof what, "%d%s", i, name);
        struct peer peer = peer_start(send_one_and_leave, what);

        assert_int_equal(peer_end(&peer), i % 2 == 0 ? PEER_KILLED : 0);
    }
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    for (uint64_t i = 0; i < SENDERS * 2; i++) {
        uint64_t number = i / 2 + 1;

        assert_int_equal(shmq_peek(c, &all[i]), 0);
        assert_int_equal(shmq_sender(i % 2 == 0 ? c : o, &all[i], &sender), 0);
        assert_int_equal(sender.lane, 0);
        if (number <= SENDERS - 4) {
            assert_int_equal(sender.number, SENDERS - 4);
            assert_int_equal(sender.pid, 0);
            assert_int_equal(sender.attached_ns, 0);
        } else {
            assert_int_equal(sender.number, number);
            assert_int_equal(sender.pid, *(uint32_t *)all[i].data);
            assert_true(sender.attached_ns >= before);
            before = sender.attached_ns;
        }
    }
    /* Those who come and send nothing make the others be forgotten, and are nobody's sender. */
    for (int i = 0; i < 2; i++)
        assert_int_equal(queue_try(name, SHMQ_PRODUCER), 0);
    assert_int_equal(shmq_sender(c, &all[SENDERS * 2 - 1], &sender), 0);
    assert_int_equal(sender.number, SENDERS);
    assert_int_equal(sender.pid, *(uint32_t *)all[SENDERS * 2 - 1].data);
    assert_int_equal(shmq_sender(c, &all[SENDERS * 2 - 5], &sender), 0);
    assert_int_equal(sender.pid, 0);
    all[0].lane = 1;
    assert_int_equal(shmq_sender(c, &all[0], &sender), -ERANGE);
    sender.struct_size = 1;
    assert_int_equal(shmq_sender(c, &all[1], &sender), -EINVAL);
    shmq_close(o);
    shmq_close(c);
}

static void lane_is_open_until_its_end_is_told(void **state)
{
    const char *name = queue_made("open", 4096, 2, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p0 = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *p1 = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;

    (void)state;
    shmq_close(p0);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    assert_int_equal(queue_lane(c, 0).is_open, 1);
    assert_int_equal(queue_info(c).lanes_open, 2);
    shmq_close(p1);
    assert_int_equal(shmq_peek(c, &m), -EPIPE);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    assert_int_equal(queue_info(c).lanes_open, 0);
    shmq_close(c);
}

/* Whoever of the others is hurt or hostile: what they send arrives. */
static void damaged_lane_does_not_hold_up_the_others(void **state)
{
    const char *name = queue_made("damage", 4096, 3, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p[3];
    struct shmq_message m;
    struct shmq_view view = test_memory(name);
    int received = 0;
    int damaged = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        p[i] = queue_opened(name, SHMQ_PRODUCER);
        for (int k = 0; k < 20; k++)
            assert_int_equal(shmq_send(p[i], "1234567", 8, (uint16_t)k, 0), 0);
    }
    /* The third record of the second lane. */
    memset((uint8_t *)view.base + view.size - 8192 + 32, 0xff, 8);
    shmq_mapping_unview(&view);
    for (int i = 0; i < 100; i++) {
        int rc = shmq_wait(c, 0);

        assert_true(rc == 0 || received == 42); /* as long as there is something sound, it can go on */
        rc = shmq_peek(c, &m);

        assert_true(rc == 0 || rc == -EBADMSG);
        received += rc == 0;
        damaged += rc == -EBADMSG;
        assert_int_equal(shmq_release(c), 0);
    }
    assert_int_equal(received, 20 + 2 + 20);
    assert_int_equal(damaged, 100 - received); /* told, as long as it lasts */
    for (int i = 0; i < 3; i++)
        shmq_close(p[i]);
    shmq_close(c);
}

#define ROUNDS 300

static void *open_and_close(void *arg)
{
    const char *name = arg;
    intptr_t sent = 0;

    while (sent < ROUNDS) {
        struct shmq *q = NULL;
        int rc = shmq_open(name, SHMQ_PRODUCER, NULL, &q);

        if (rc == -EBUSY)
            continue;
        if (rc != 0 || shmq_send(q, &sent, sizeof sent, 0, 0) != 0)
            return (void *)-1;
        sent++;
        shmq_close(q);
    }
    return (void *)sent;
}

/* Each thread with a handle of its own; more threads than lanes. */
static void threads_come_and_go_in_lanes_of_their_own(void **state)
{
    enum { THREADS = 4 };
    const char *name = queue_made("threads", 65536, THREADS - 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    pthread_t threads[THREADS];
    struct shmq_message m;
    intptr_t sent = 0;
    intptr_t received = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, (void *)(uintptr_t)name), 0);
    for (int i = 0; i < THREADS; i++) {
        void *count;

        assert_int_equal(pthread_join(threads[i], &count), 0);
        assert_int_equal((intptr_t)count, ROUNDS);
        sent += (intptr_t)count;
        int rc;

        while ((rc = shmq_peek(c, &m)) == 0) {
            received++;
            assert_int_equal(shmq_release(c), 0);
        }
        assert_true(rc == -EAGAIN || rc == -EPIPE);
    }
    assert_int_equal(received, sent);
    shmq_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_producer_has_a_lane_while_there_are_any),
        cmocka_unit_test(a_lane_can_be_asked_for),
        cmocka_unit_test(role_of_the_killed_is_free_at_once),
        cmocka_unit_test(the_paused_keep_their_roles),
        cmocka_unit_test(presence_is_absent_present_or_died),
        cmocka_unit_test(a_lane_with_records_is_the_last_to_be_given_away),
        cmocka_unit_test(sender_is_known_for_the_last_four_of_a_lane),
        cmocka_unit_test(lane_is_open_until_its_end_is_told),
        cmocka_unit_test(damaged_lane_does_not_hold_up_the_others),
        cmocka_unit_test(threads_come_and_go_in_lanes_of_their_own),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
