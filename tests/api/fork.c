#include "peers.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char bytes[4096];

/* One handle of each role, of queues of each kind, and with an event descriptor. */
struct family {
    struct shmq *p;
    struct shmq *c;
    struct shmq *o;
};

static int refuse_all(const struct family *f)
{
    struct shmq_info info = {.struct_size = sizeof info};
    struct shmq_lane_info lane = {.struct_size = sizeof lane};
    struct shmq_sender sender = {.struct_size = sizeof sender};
    struct shmq_message m = {0};
    struct shmq *all[] = {f->p, f->c, f->o};
    void *slot;

    for (int i = 0; i < 3; i++) {
        CHILD_CHECK(shmq_reserve(all[i], 8, &slot) == -ECHILD);
        CHILD_CHECK(shmq_reserve(all[i], 0, &slot) == -ECHILD);
        CHILD_CHECK(shmq_commit(all[i], 8, 0, 0) == -ECHILD);
        CHILD_CHECK(shmq_send(all[i], bytes, 8, 0, 0) == -ECHILD);
        CHILD_CHECK(shmq_send(all[i], bytes, 0, 0, 0) == -ECHILD);
        CHILD_CHECK(shmq_send(all[i], bytes, 1000, 0, SHMQ_MORE) == -ECHILD);
        CHILD_CHECK(shmq_sendv(all[i], NULL, 0, 0, 0) == -ECHILD);
        CHILD_CHECK(shmq_send_many(all[i], bytes, 8, 1, 0, 0) == -ECHILD);
        CHILD_CHECK(shmq_recv_many(all[i], bytes, 8, 1, &m) == -ECHILD);
        CHILD_CHECK(shmq_flush(all[i]) == -ECHILD);
        CHILD_CHECK(shmq_peek(all[i], &m) == -ECHILD);
        CHILD_CHECK(shmq_release(all[i]) == -ECHILD);
        CHILD_CHECK(shmq_recv(all[i], bytes, sizeof bytes, &m) == -ECHILD);
        CHILD_CHECK(shmq_wait(all[i], 0) == -ECHILD);
        CHILD_CHECK(shmq_wait(all[i], -1) == -ECHILD);
        CHILD_CHECK(shmq_peek_wait(all[i], -1, &m) == -ECHILD);
        CHILD_CHECK(shmq_recv_wait(all[i], bytes, sizeof bytes, -1, &m) == -ECHILD);
        CHILD_CHECK(shmq_reserve_wait(all[i], 8, -1, &slot) == -ECHILD);
        CHILD_CHECK(shmq_send_wait(all[i], bytes, 8, 0, 0, -1) == -ECHILD);
        CHILD_CHECK(shmq_fd(all[i]) == -ECHILD);
        CHILD_CHECK(shmq_info(all[i], &info) == -ECHILD);
        CHILD_CHECK(shmq_lane_info(all[i], 0, &lane) == -ECHILD);
        CHILD_CHECK(shmq_sender(all[i], &m, &sender) == -ECHILD);
        shmq_abort(all[i]);
        shmq_cancel(all[i]);
        shmq_close(all[i]);
    }
    return 0;
}

static int refuse_in_child(struct peer *self, void *arg)
{
    (void)self;
    return refuse_all(arg);
}

static int refuse_in_grandchild(struct peer *self, void *arg)
{
    (void)self;
    CHILD_CHECK(test_child_with(refuse_in_child, arg, sizeof(struct family)) == 0);
    return refuse_all(arg);
}

static void copies_of_a_child_refuse_and_the_parent_goes_on(void **state)
{
    (void)state;
    for (uint32_t kind = SHMQ_LANES; kind <= SHMQ_RECORDER; kind++) {
        const char *name = queue_made(kind == 0 ? "lanes" : kind == 1 ? "order" : "recorder", 4096, 1, kind);
        struct family f = {queue_opened(name, SHMQ_PRODUCER), queue_opened(name, SHMQ_CONSUMER),
                           queue_opened(name, SHMQ_OBSERVER)};
        struct shmq_message m;
        void *slot;

        assert_int_equal(shmq_send(f.p, "before", 6, 1, 0), 0);
        assert_int_equal(shmq_send(f.p, "peeked", 6, 1, 0), 0);
        assert_true(shmq_fd(f.c) >= 0);
        assert_int_equal(shmq_peek(f.c, &m), 0);
        assert_int_equal(shmq_send(f.p, "unpublished", 11, 1, SHMQ_MORE), 0);
        assert_int_equal(shmq_reserve(f.p, 100, &slot), 0);
        memcpy(slot, "reserved", 8);
        assert_int_equal(test_child_with(refuse_in_grandchild, &f, sizeof f), 0);
        assert_memory_equal(m.data, "before", 6);
        assert_int_equal(shmq_commit(f.p, 8, 2, 0), 0);
        assert_int_equal(shmq_peek(f.c, &m), 0);
        assert_memory_equal(m.data, "peeked", 6);
        assert_int_equal(shmq_peek(f.c, &m), 0);
        assert_memory_equal(m.data, "unpublished", 11);
        assert_int_equal(shmq_peek(f.c, &m), 0);
        assert_memory_equal(m.data, "reserved", 8);
        assert_int_equal(shmq_release(f.c), 0);
        assert_int_equal(shmq_peek(f.c, &m), -EAGAIN);
        assert_int_equal(queue_try(name, SHMQ_PRODUCER), -EBUSY);
        assert_int_equal(queue_try(name, SHMQ_CONSUMER), -EBUSY);
        assert_int_equal(queue_info(f.o).sent, 4);
        shmq_close(f.p);
        shmq_close(f.c);
        shmq_close(f.o);
        assert_int_equal(queue_try(name, SHMQ_PRODUCER), 0);
    }
}

/* A process with both roles has a child, whose pid it tells, and is killed; the child lives on. */
static int parent_of_one(struct peer *self, void *name)
{
    struct shmq *p = NULL;
    struct shmq *c = NULL;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &p) == 0);
    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &c) == 0);
    CHILD_CHECK(shmq_fd(c) >= 0);
    int ends[2];

    CHILD_CHECK(pipe2(ends, O_CLOEXEC) == 0);
    pid_t child = fork();

    if (child == 0) {
        (void)!write(ends[1], "c", 1); /* it runs */
        for (;;)
            pause();
    }
    CHILD_CHECK(child > 0 && read(ends[0], &(char){0}, 1) == 1);
    CHILD_CHECK(peer_tell(self, &child, sizeof child));
    peer_pause(self);
    shmq_close(p);
    shmq_close(c);
    return 0;
}

static pid_t child_of(struct peer *peer)
{
    pid_t child;

    assert_true(peer_hear(peer, &child, sizeof child));
    assert_true(child > 0); /* it is killed by this number, and -1 would be everybody */
    return child;
}

static void roles_end_with_the_parent_while_its_child_lives(void **state)
{
    const char *name = queue_made("orphan", 4096, 1, SHMQ_LANES);

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct peer peer = peer_start(parent_of_one, name);
        pid_t child = child_of(&peer);

        assert_true(peer_await(&peer));
        assert_int_equal(queue_try(name, SHMQ_PRODUCER), -EBUSY);
        if (i == 0) {
            peer_kill(&peer);
        } else {
            peer_go(&peer);
            assert_int_equal(peer_end(&peer), 0);
        }
        assert_int_equal(kill(child, 0), 0);
        int produce = queue_try(name, SHMQ_PRODUCER);
        int consume = queue_try(name, SHMQ_CONSUMER);

        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(produce, 0);
        assert_int_equal(consume, 0);
    }
}

static int open_own(struct peer *self, void *name)
{
    struct shmq *p = NULL;
    struct shmq *c = NULL;

    (void)self;
    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &c) == -EBUSY);
    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &p) == 0);
    CHILD_CHECK(shmq_send(p, "child", 5, 0, 0) == 0);
    shmq_close(p);
    return 0;
}

static void child_opens_its_own(void **state)
{
    const char *name = queue_made("own", 4096, 2, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    assert_int_equal(test_child(open_own, name), 0);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal(m.lane, 1);
    assert_memory_equal(m.data, "child", 5);
    shmq_close(p);
    shmq_close(c);
}

/* How many descriptors of a process, and pieces of its memory, are of the mapping. */
static unsigned holds(pid_t pid, const char *name)
{
    char command[512];
    unsigned count = 0;

    snprintf(command, sizeof command, "cat /proc/%ld/maps | grep -c '%s'; ls -l /proc/%ld/fd | grep -cE '%s|inotify'",
             (long)pid, name, (long)pid, name);
    FILE *lines = popen(command, "re");
    unsigned number;

    assert_non_null(lines);
    while (fscanf(lines, "%u", &number) == 1)
        count += number;
    pclose(lines);
    return count;
}

static void nothing_is_left_in_a_child_or_a_new_program(void **state)
{
    const char *name = queue_made("keeps", 4096, 1, SHMQ_LANES);
    struct peer peer = peer_start(parent_of_one, name);
    pid_t child = child_of(&peer);
    struct shmq *p;
    char *program[] = {"sleep", "60", NULL};
    extern char **environ;
    pid_t spawned;

    (void)state;
    assert_true(peer_await(&peer));
    assert_true(holds((pid_t)peer.pid, name) > 0);
    unsigned left = holds(child, name);

    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(left, 0);
    peer_go(&peer);
    assert_int_equal(peer_end(&peer), 0);

    p = queue_opened(name, SHMQ_PRODUCER);
    assert_true(shmq_fd(p) >= 0);
    assert_int_equal(posix_spawnp(&spawned, "sleep", NULL, NULL, program, environ), 0);
    left = holds(spawned, name);
    shmq_close(p);
    int produce = queue_try(name, SHMQ_PRODUCER);

    assert_int_equal(kill(spawned, SIGKILL), 0);
    assert_int_equal(waitpid(spawned, NULL, 0), spawned);
    assert_int_equal(left, 0);
    assert_int_equal(produce, 0);
}

/* Handles come, work and go in this thread while others have children. */
struct busy {
    const char *name;
    bool stop;
    int failed; /* line */
};

static int work_once(const char *name)
{
    struct shmq *p = NULL;
    struct shmq *c = NULL;
    struct shmq_message m;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &p) == 0);
    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &c) == 0);
    for (int i = 0; i < 20; i++) {
        CHILD_CHECK(shmq_send(p, &i, sizeof i, 0, 0) == 0);
        CHILD_CHECK(shmq_peek(c, &m) == 0 && *(int *)m.data == i);
        CHILD_CHECK(shmq_release(c) == 0);
    }
    shmq_close(p);
    CHILD_CHECK(shmq_peek(c, &m) == -EPIPE);
    shmq_close(c);
    return 0;
}

static void *work_on(void *arg)
{
    struct busy *busy = arg;

    while (!__atomic_load_n(&busy->stop, __ATOMIC_RELAXED) && busy->failed == 0)
        busy->failed = work_once(busy->name);
    return NULL;
}

/* A child that lives on must not have caught a role in the moment between its claim and its place in the list. */
static void fork_at_any_moment_catches_no_role(void **state)
{
    enum { CHILDREN = 300 };
    struct busy busy = {.name = queue_made("busy", 4096, 1, SHMQ_LANES)};
    pid_t children[CHILDREN];
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, work_on, &busy), 0);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            for (;;)
                pause();
        }
        assert_true(children[i] > 0);
    }
    __atomic_store_n(&busy.stop, true, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    int produce = queue_try(busy.name, SHMQ_PRODUCER);
    int remove = shmq_remove(busy.name, 0);

    for (int i = 0; i < CHILDREN; i++) {
        assert_int_equal(kill(children[i], SIGKILL), 0);
        assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
    }
    assert_int_equal(busy.failed, 0);
    assert_int_equal(produce, 0);
    assert_int_equal(remove, 0);
}

static void spawn_at_any_moment_catches_no_role(void **state)
{
    struct busy busy = {.name = queue_made("spawn", 4096, 1, SHMQ_LANES)};
    char *program[] = {"true", NULL};
    extern char **environ;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, work_on, &busy), 0);
    for (int i = 0; i < 200; i++) {
        pid_t child;

        assert_int_equal(posix_spawnp(&child, "true", NULL, NULL, program, environ), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    __atomic_store_n(&busy.stop, true, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(busy.failed, 0);
}

/* As pid 1 of its own world, where other pids mean other processes. */
static int in_own_pid_namespace(struct peer *self, void *name)
{
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
        return SKIP_STATUS;
    pid_t first = fork();

    if (first == 0) {
        struct shmq *p = NULL;
        struct shmq *c = NULL;

        CHILD_CHECK(getpid() == 1);
        CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &c) == -EBUSY);
        CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &p) == 0);
        CHILD_CHECK(shmq_send(p, "inside", 6, 0, 0) == 0);
        peer_pause(self);
        raise(SIGKILL);
        _exit(0); /* a signal of its own does not reach pid 1 */
    }
    int status;

    CHILD_CHECK(first > 0 && waitpid(first, &status, 0) == first);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void roles_are_known_across_pid_namespaces(void **state)
{
    const char *name = test_path("namespaces");
    struct shmq_create_options o = queue_options(4096, 1, SHMQ_LANES);
    struct shmq_message m;

    (void)state;
    o.mode = 0666;
    assert_int_equal(shmq_create(name, &o), 0);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct peer peer = peer_start(in_own_pid_namespace, name);
    bool inside = peer_await(&peer);

    if (inside) {
        assert_int_equal(queue_try(name, SHMQ_PRODUCER), -EBUSY);
        assert_int_equal(queue_lane(c, 0).presence, SHMQ_PRESENT);
        assert_int_equal(queue_lane(c, 0).producer_pid, 1);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(shmq_wait(c, 5000000), -ETIMEDOUT);
        peer_go(&peer);
    }
    int status = peer_end(&peer);

    if (status == SKIP_STATUS) {
        shmq_close(c);
        skip();
    }
    assert_true(inside);
    assert_int_equal(status, 0);
    assert_int_equal(queue_lane(c, 0).presence, SHMQ_DIED);
    assert_int_equal(shmq_wait(c, -1), -EPIPE);
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), 0);
    shmq_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_of_a_child_refuse_and_the_parent_goes_on),
        cmocka_unit_test(roles_end_with_the_parent_while_its_child_lives),
        cmocka_unit_test(child_opens_its_own),
        cmocka_unit_test(nothing_is_left_in_a_child_or_a_new_program),
        cmocka_unit_test(fork_at_any_moment_catches_no_role),
        cmocka_unit_test(spawn_at_any_moment_catches_no_role),
        cmocka_unit_test(roles_are_known_across_pid_namespaces),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
