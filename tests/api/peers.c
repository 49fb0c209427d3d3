#include "peers.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct shmq_create_options queue_options(uint64_t capacity, uint32_t lane_count, uint32_t kind)
{
    return (struct shmq_create_options){.struct_size = sizeof(struct shmq_create_options),
                                        .capacity = capacity,
                                        .lane_count = lane_count,
                                        .kind = kind};
}

const char *queue_made(const char *word, uint64_t capacity, uint32_t lane_count, uint32_t kind)
{
    struct shmq_create_options o = queue_options(capacity, lane_count, kind);
    const char *name = test_name(word);

    assert_int_equal(shmq_create(name, &o), 0);
    return name;
}

struct shmq *queue_opened(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, role, NULL, &q), 0);
    assert_non_null(q);
    return q;
}

struct shmq *queue_opened_lane(const char *name, enum shmq_role role, uint32_t lane)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .has_lane = 1, .lane = lane};
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, role, &o, &q), 0);
    assert_non_null(q);
    return q;
}

int queue_try(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;
    int rc = shmq_open(name, role, NULL, &q);

    if (rc == 0)
        shmq_close(q);
    return rc;
}

struct shmq_info queue_info(struct shmq *q)
{
    struct shmq_info info = {.struct_size = sizeof info};

    assert_int_equal(shmq_info(q, &info), 0);
    return info;
}

struct shmq_lane_info queue_lane(struct shmq *q, uint32_t lane)
{
    struct shmq_lane_info info = {.struct_size = sizeof info};

    assert_int_equal(shmq_lane_info(q, lane, &info), 0);
    return info;
}

bool pinned_to(unsigned index)
{
    cpu_set_t all;
    cpu_set_t one;
    int cpu = -1;

    if (sched_getaffinity(0, sizeof all, &all) != 0 || index >= (unsigned)CPU_COUNT(&all))
        return false;
    for (unsigned seen = 0; seen <= index; seen += CPU_ISSET(cpu, &all) ? 1 : 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}

struct peer peer_start(peer_work *work, const void *arg)
{
    struct peer peer;
    int ends[2];

    fflush(NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    peer.pid = fork();
    assert_true(peer.pid >= 0);
    if (peer.pid == 0) {
        struct peer self = {.pid = getpid(), .told = ends[1], .tells = ends[1]};

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        _exit(work(&self, (void *)(uintptr_t)arg));
    }
    close(ends[1]);
    peer.told = ends[0];
    peer.tells = ends[0];
    return peer;
}

static bool next_word(int from)
{
    char word;
    ssize_t got;

    do
        got = read(from, &word, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

void peer_pause(struct peer *self)
{
    if (write(self->tells, "p", 1) != 1 || !next_word(self->told))
        _exit(3);
}

bool peer_await(struct peer *peer)
{
    return next_word(peer->told);
}

void peer_go(struct peer *peer)
{
    assert_int_equal(send(peer->tells, "g", 1, MSG_NOSIGNAL), 1);
}

int peer_end(struct peer *peer)
{
    int status;
    pid_t pid;

    do
        pid = waitpid(peer->pid, &status, 0);
    while (pid < 0 && errno == EINTR);
    assert_int_equal(pid, peer->pid);
    close(peer->told);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void peer_kill(struct peer *peer)
{
    assert_int_equal(kill(peer->pid, SIGKILL), 0);
    assert_int_equal(peer_end(peer), 128 + SIGKILL);
}

void await_consumer_sleep(const char *name, uint64_t count)
{
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    while (queue_info(o).consumer_waits <= count)
        usleep(500);
    shmq_close(o);
}

void await_producer_sleep(const char *name, uint32_t lane, uint64_t count)
{
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    while (queue_lane(o, lane).wait_count <= count)
        usleep(500);
    shmq_close(o);
}
