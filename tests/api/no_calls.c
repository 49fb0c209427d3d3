/*
 * While both sides are busy there is no system call: under seccomp's strict mode, where any but read, write and exit
 * kills, two processes move ten million messages.
 */
#include "peers.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGES UINT64_C(10000000)

static struct shmq *opened;

/* What fails in strict mode is told by its line. */
#define STRICT_CHECK(condition)                                                                                      \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            return __LINE__;                                                                                         \
    } while (0)

static int send_all(void)
{
    for (uint64_t i = 0; i < MESSAGES;) {
        uint64_t words[3] = {i, ~i, i};
        int rc =
            i % 5 == 4 ? shmq_send(opened, words, sizeof words, 1, SHMQ_MORE) : shmq_send(opened, words, 8, 0, 0);

        STRICT_CHECK(rc == 0 || rc == -EAGAIN);
        i += rc == 0;
    }
    return shmq_flush(opened);
}

static int receive_all(void)
{
    for (uint64_t i = 0; i < MESSAGES;) {
        struct shmq_message m;
        uint64_t words[3] = {0};
        int rc = i % 2 == 0 ? shmq_peek(opened, &m) : shmq_recv(opened, words, sizeof words, &m);

        if (rc == -EAGAIN)
            continue;
        STRICT_CHECK(rc == 0);
        const uint64_t *got = m.data;

        STRICT_CHECK(got[0] == i && m.size == (i % 5 == 4 ? 24 : 8) && (m.size == 8 || got[1] == ~i));
        STRICT_CHECK(i % 2 != 0 || shmq_release(opened) == 0);
        i++;
    }
    return 0;
}

static int run(struct peer *self, void *name, enum shmq_role role, int (*work)(void))
{
    if (shmq_open(name, role, NULL, &opened) != 0)
        return 1;
    peer_pause(self);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return SKIP_STATUS;
    int line = work();

    (void)!write((int)self->tells, &line, sizeof line);
    syscall(SYS_exit, 0);
    return 0;
}

static int producer(struct peer *self, void *name)
{
    return run(self, name, SHMQ_PRODUCER, send_all);
}

static int consumer(struct peer *self, void *name)
{
    return run(self, name, SHMQ_CONSUMER, receive_all);
}

static int calls_the_system(struct peer *self, void *arg)
{
    (void)arg;
    peer_pause(self);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return SKIP_STATUS;
    syscall(SYS_getppid);
    syscall(SYS_exit, 0);
    return 0;
}

/* The strict mode does see what we want it to see. */
static void any_other_call_would_kill(void **state)
{
    struct peer peer = peer_start(calls_the_system, NULL);

    (void)state;
    assert_true(peer_await(&peer));
    peer_go(&peer);
    int status = peer_end(&peer);

    if (status == SKIP_STATUS)
        skip();
    assert_int_equal(status, PEER_KILLED);
}

static int line_of(struct peer *peer)
{
    int line = -1;

    return peer_hear(peer, &line, sizeof line) ? line : -1;
}

static void busy_sides_call_nothing(uint32_t kind)
{
    const char *name = queue_made("strict", 1 << 20, 1, kind);
    struct peer one = peer_start(producer, name);
    struct peer two = peer_start(consumer, name);

    assert_true(peer_await(&one));
    assert_true(peer_await(&two));
    peer_go(&one);
    peer_go(&two);
    int sent = line_of(&one);
    int received = line_of(&two);
    int status = peer_end(&one);

    if (status == SKIP_STATUS) {
        peer_kill(&two);
        skip();
    }
    assert_int_equal(sent, 0);
    assert_int_equal(received, 0);
    assert_int_equal(status, 0);
    assert_int_equal(peer_end(&two), 0);
    assert_int_equal(shmq_remove(name, 0), 0);
}

static void lanes_call_nothing(void **state)
{
    (void)state;
    busy_sides_call_nothing(SHMQ_LANES);
}

static void total_order_calls_nothing(void **state)
{
    (void)state;
    busy_sides_call_nothing(SHMQ_TOTAL_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_other_call_would_kill),
        cmocka_unit_test(lanes_call_nothing),
        cmocka_unit_test(total_order_calls_nothing),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
