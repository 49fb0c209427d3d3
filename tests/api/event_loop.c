#include "peers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static char bytes[4096];

static bool readable(int fd)
{
    return test_readable(&fd, 1, 0) == 0;
}

/* At once; without a barrier across processes, when it looks again. */
static bool told(int fd)
{
    return test_readable(&fd, 1, test_has_fence() ? 0 : -1) == 0;
}

static void until_readable(int fd)
{
    assert_int_equal(test_readable(&fd, 1, -1), 0);
}

/* What an application does that was told: until there is nothing more. What the last call said. */
static int drained(struct shmq *c, int *count)
{
    struct shmq_message m;
    int rc;

    while ((rc = shmq_peek(c, &m)) == 0) {
        ++*count;
        assert_int_equal(shmq_release(c), 0);
    }
    return rc;
}

static int filled(struct shmq *p, size_t size)
{
    int rc;

    while ((rc = shmq_send(p, bytes, size, 0, 0)) == 0)
        ;
    return rc;
}

/* Without it each descriptor is told every millisecond to look again. */
static void need_fence(void)
{
    if (!test_has_fence())
        skip();
}

/* After the first turns of the loop, which find that nobody has died before. */
static void settle_consumer(struct shmq *c, int fd)
{
    for (int quiet = 0, none = 0; quiet < 11; quiet++) {
        if (readable(fd)) {
            assert_int_equal(drained(c, &none), -EAGAIN);
            quiet = 0;
        }
        usleep(60000);
    }
}

static void consumers_descriptor_is_readable_while_there_is_something(void **state)
{
    const char *name = queue_made("data", 4096, 2, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;
    int fd = shmq_fd(c);
    int count = 0;

    (void)state;
    need_fence();
    assert_true(fd >= 0);
    assert_int_equal(shmq_fd(c), fd);
    assert_true(readable(fd)); /* what came before we watched */
    assert_int_equal(drained(c, &count), -EAGAIN);
    settle_consumer(c, fd);
    assert_false(readable(fd));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(shmq_send(p, "x", 1, 0, 0), 0);
        assert_true(readable(fd));
        assert_true(readable(fd)); /* level-triggered */
        assert_int_equal(shmq_send(p, "x", 1, 0, 0), 0);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_true(readable(fd)); /* until somebody was told that there is nothing */
        assert_int_equal(drained(c, &count), -EAGAIN);
        assert_int_equal(shmq_release(c), 0);
        assert_false(readable(fd));
    }
    assert_int_equal(shmq_send(p, "x", 1, 0, SHMQ_MORE), 0);
    assert_false(readable(fd));
    assert_int_equal(shmq_flush(p), 0);
    assert_true(readable(fd));
    shmq_close(p);
    shmq_close(c);
}

static void producers_descriptor_is_readable_unless_it_was_refused(void **state)
{
    const char *name = queue_made("room", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;
    int fd = shmq_fd(p);

    (void)state;
    assert_true(fd >= 0);
    assert_true(told(fd));
    for (int i = 0; i < 10; i++) {
        while (readable(fd)) { /* it may be told again, to ask whether the consumer lives */
            assert_int_equal(filled(p, 1000), -EAGAIN);
            usleep(1000);
        }
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(shmq_release(c), 0);
        assert_true(told(fd));
        assert_int_equal(shmq_send(p, bytes, 1000, 0, 0), 0);
        assert_true(told(fd));
    }
    shmq_close(p);
    shmq_close(c);
}

/* Some thousands of messages through an event loop at one end or at both. */
struct stream {
    char name[64];
    int count;
    bool dawdles;
    bool loops;
};

static void dawdle(int number)
{
    for (volatile unsigned i = (unsigned)number * 2654435761U % 40000; i > 0; i--)
        ;
}

static int send_stream(struct peer *self, void *arg)
{
    const struct stream *stream = arg;
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(stream->name, SHMQ_PRODUCER, NULL, &q) == 0);
    int fd = stream->loops ? shmq_fd(q) : -1;

    peer_pause(self);
    for (int i = 0; i < stream->count;) {
        int rc = stream->loops ? shmq_send(q, &i, sizeof i, 0, 0) : shmq_send_wait(q, &i, sizeof i, 0, 0, -1);

        CHILD_CHECK(rc == 0 || (rc == -EAGAIN && stream->loops));
        i += rc == 0;
        if (rc == -EAGAIN)
            CHILD_CHECK(test_readable(&fd, 1, -1) == 0);
        if (stream->dawdles)
            dawdle(i);
    }
    shmq_close(q);
    return 0;
}

/* Several queues in one loop. Returns its turns. */
static uint64_t loop_over(struct shmq *queues[], int next[], int queue_count, bool dawdles)
{
    int fds[8];
    int ids[8];
    uint64_t turns = 0;

    for (int i = 0; i < queue_count; i++) {
        ids[i] = i;
        fds[i] = shmq_fd(queues[i]);
        assert_true(fds[i] >= 0);
    }
    while (queue_count > 0) {
        struct shmq_message m;
        int at = test_readable(fds, queue_count, -1);
        int i = ids[at];
        int rc;

        turns++;
        while ((rc = shmq_peek(queues[i], &m)) == 0) {
            assert_int_equal(*(int *)m.data, next[i]++);
            assert_int_equal(shmq_release(queues[i]), 0);
            if (dawdles)
                dawdle(next[i]);
        }
        assert_true(rc == -EAGAIN || rc == -EPIPE);
        if (rc == -EPIPE) {
            queue_count--;
            fds[at] = fds[queue_count];
            ids[at] = ids[queue_count];
        }
    }
    return turns;
}

/* Either side slow, in turn; a lost event hangs, and a loop that never sleeps turns more often than there is to tell. */
static void stream_through(bool dawdle_there, bool dawdle_here, bool producer_loops, int count)
{
    enum { QUEUES = 3 };
    static const char *words[QUEUES] = {"one", "two", "three"};
    struct stream streams[QUEUES];
    struct peer peers[QUEUES];
    struct shmq *queues[QUEUES];
    int next[QUEUES] = {0};

    for (int i = 0; i < QUEUES; i++) {
        streams[i] = (struct stream){.count = count, .dawdles = dawdle_there, .loops = producer_loops};
        snprintf(streams[i].name, sizeof streams[i].name, "%s", queue_made(words[i], 4096, 1, SHMQ_LANES));
        queues[i] = queue_opened(streams[i].name, SHMQ_CONSUMER);
        peers[i] = peer_start_with(send_stream, &streams[i], sizeof streams[i]);
        assert_true(peer_await(&peers[i]));
    }
    for (int i = 0; i < QUEUES; i++)
        peer_go(&peers[i]);
    uint64_t turns = loop_over(queues, next, QUEUES, dawdle_here);

    for (int i = 0; i < QUEUES; i++) {
        assert_int_equal(peer_end(&peers[i]), 0);
        assert_int_equal(next[i], count);
        shmq_close(queues[i]);
        assert_int_equal(shmq_remove(streams[i].name, 0), 0);
    }
    /* One a message, one a message for what the producer has armed; and those that ask who lives. */
    assert_true(turns < (uint64_t)QUEUES * (uint64_t)count * 2 + 200);
}

static void slow_producers_lose_no_event(void **state)
{
    (void)state;
    stream_through(true, false, false, (int)test_rounds(5000));
    stream_through(true, false, true, (int)test_rounds(5000));
}

static void slow_consumer_loses_no_event(void **state)
{
    (void)state;
    stream_through(false, true, false, (int)test_rounds(5000));
    stream_through(false, true, true, (int)test_rounds(5000));
}

static void fast_ones_lose_no_event(void **state)
{
    (void)state;
    stream_through(false, false, true, (int)test_rounds(100000));
    stream_through(true, true, true, (int)test_rounds(3000));
}

static void idle_descriptor_comes_to_rest(void **state)
{
    const char *name = queue_made("idle", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    int turns = 0;
    int count = 0;
    int fd = shmq_fd(c);

    (void)state;
    need_fence();
    while (test_readable(&fd, 1, 700) == 0) {
        assert_int_equal(drained(c, &count), -EAGAIN);
        assert_true(++turns < 30);
    }
    assert_int_equal(count, 0);
    shmq_close(p);
    until_readable(fd);
    shmq_close(c);
}

static int produce_until_told(struct peer *self, void *name)
{
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &q) == 0);
    CHILD_CHECK(shmq_send(q, "last", 4, 0, 0) == 0);
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

static void end_of_the_producer_is_an_event(void **state)
{
    (void)state;
    need_fence();
    for (int killed = 0; killed < 2; killed++) {
        const char *name = queue_made(killed ? "killed" : "closed", 4096, 1, SHMQ_LANES);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        int fd = shmq_fd(c);
        struct peer peer = peer_start(produce_until_told, name);
        int count = 0;

        assert_true(peer_await(&peer));
        until_readable(fd);
        assert_int_equal(drained(c, &count), -EAGAIN);
        assert_int_equal(count, 1);
        settle_consumer(c, fd);
        if (killed)
            peer_kill(&peer);
        else
            peer_go(&peer);
        do
            until_readable(fd);
        while (drained(c, &count) != -EPIPE);
        if (!killed)
            assert_int_equal(peer_end(&peer), 0);
        settle_consumer(c, fd);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER); /* and it goes on with the next one */

        assert_int_equal(shmq_send(p, "x", 1, 0, 0), 0);
        assert_true(readable(fd));
        shmq_close(p);
        shmq_close(c);
        assert_int_equal(count, 1);
    }
}

static void death_of_the_consumer_is_an_event(void **state)
{
    const char *name = queue_made("dead", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct peer peer = peer_start(consume_until_told, name);
    int fd = shmq_fd(p);
    int rc;

    (void)state;
    assert_true(peer_await(&peer));
    assert_int_equal(filled(p, 1000), -EAGAIN);
    peer_kill(&peer);
    do
        until_readable(fd);
    while ((rc = filled(p, 1000)) == -EAGAIN);
    assert_int_equal(rc, -EOWNERDEAD);
    assert_int_equal(filled(p, 1000), -EAGAIN); /* told once */
    shmq_close(p);
}

static void removal_is_an_event(void **state)
{
    const char *name = queue_made("gone", 4096, 1, SHMQ_LANES);
    const char *other = queue_made("gone-too", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(other, SHMQ_PRODUCER);
    int count = 0;
    int rc;

    (void)state;
    need_fence();
    settle_consumer(c, shmq_fd(c));
    assert_true(shmq_fd(p) >= 0);
    assert_int_equal(filled(p, 1000), -EAGAIN);
    assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), 0);
    assert_int_equal(shmq_remove(other, SHMQ_REMOVE_USED), 0);
    do
        until_readable(shmq_fd(c));
    while ((rc = drained(c, &count)) == -EAGAIN);
    assert_int_equal(rc, -ESTALE);
    do
        until_readable(shmq_fd(p));
    while ((rc = filled(p, 1000)) == -EAGAIN);
    assert_int_equal(rc, -ESTALE);
    shmq_close(p);
    shmq_close(c);
}

static void waiting_and_watching_go_together(void **state)
{
    const char *name = queue_made("both", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;
    int fd = shmq_fd(c);
    int count = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(drained(c, &count), -EAGAIN);
        assert_int_equal(shmq_wait(c, i % 2 == 0 ? 1000000 : 1000), -ETIMEDOUT);
        assert_int_equal(shmq_send(p, "x", 1, 0, 0), 0);
        until_readable(fd);
        assert_int_equal(shmq_recv_wait(c, bytes, 1, -1, &m), 0);
        assert_int_equal(shmq_recv_wait(c, bytes, 1, 100000, &m), -ETIMEDOUT);
        assert_int_equal(shmq_send(p, "x", 1, 0, 0), 0);
        until_readable(fd);
        assert_int_equal(drained(c, &count), -EAGAIN);
    }
    assert_int_equal(drained(c, &count), -EAGAIN);
    shmq_cancel(c); /* who cancels wakes the loop as well */
    until_readable(fd);
    assert_int_equal(shmq_wait(c, -1), -ECANCELED);
    shmq_close(p);
    shmq_close(c);
}

static struct shmq_ticket asked(struct shmq *p)
{
    struct shmq_ticket ticket;

    assert_int_equal(shmq_send(p, "12345678", 8, 0, 0), 0);
    assert_int_equal(shmq_ticket(p, &ticket), 0);
    return ticket;
}

static void each_release_is_an_event(void **state)
{
    const char *name = queue_made("loop", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;
    int fd = shmq_fd(p);
    struct shmq_ticket first = asked(p);
    struct shmq_ticket second = asked(p);

    (void)state;
    assert_true(fd >= 0);
    while (readable(fd)) /* that a file was closed is told some time later too */
        assert_int_equal(shmq_await(p, &second, 0, NULL), -ETIMEDOUT);
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    until_readable(fd);
    assert_int_equal(shmq_await(p, &first, 0, NULL), 0);
    assert_int_equal(shmq_await(p, &second, 0, NULL), -ETIMEDOUT);
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    until_readable(fd);
    assert_int_equal(shmq_await(p, &second, 0, NULL), 0);
    shmq_close(c);
    shmq_close(p);
}

static void descriptors_go_with_the_handle(void **state)
{
    const char *name = queue_made("leak", 4096, 1, SHMQ_LANES);
    unsigned before = test_descriptors();

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);

        assert_true(shmq_fd(c) >= 0 && shmq_fd(p) >= 0);
        shmq_close(c);
        shmq_close(p);
    }
    assert_int_equal(test_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(consumers_descriptor_is_readable_while_there_is_something),
        cmocka_unit_test(producers_descriptor_is_readable_unless_it_was_refused),
        cmocka_unit_test(slow_producers_lose_no_event),
        cmocka_unit_test(slow_consumer_loses_no_event),
        cmocka_unit_test(fast_ones_lose_no_event),
        cmocka_unit_test(idle_descriptor_comes_to_rest),
        cmocka_unit_test(end_of_the_producer_is_an_event),
        cmocka_unit_test(death_of_the_consumer_is_an_event),
        cmocka_unit_test(removal_is_an_event),
        cmocka_unit_test(waiting_and_watching_go_together),
        cmocka_unit_test(each_release_is_an_event),
        cmocka_unit_test(descriptors_go_with_the_handle),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
