#include "round.h"

#include "ticks.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROOM_BYTES (1 << 20)

static char failure[256];

static const char *failed(const char *what, int error)
{
    snprintf(failure, sizeof failure, "%s: %s", what, strerror(error < 0 ? -error : error));
    return failure;
}

static bool wait_for(struct pair *pair, const uint64_t *word, uint64_t number)
{
    while (pair_load(word) != number)
        if (!pair_wait(pair))
            return false;
    return true;
}

static int receive_round(struct rounds *rounds, struct sink *sink)
{
    struct round_shared *shared = rounds->shared;
    int rc;

    sink_reset(sink);
    pair_store(&shared->ready, shared->number);
    rc = transport_receive(&rounds->end, shared->transport, sink);
    shared->digest = sink_digest(sink);
    shared->end_ns = ticks_ns();
    shared->size = sink->size;
    shared->count = sink->count;
    return rc;
}

static int receive_rounds(struct rounds *rounds, struct sink *sink)
{
    struct round_shared *shared = rounds->shared;

    for (uint64_t number = 1;; number++) {
        int rc = 0;

        if (!wait_for(&rounds->pair, &shared->number, number) || shared->task == ROUND_END)
            return 0;
        if (shared->task == ROUND_DISTANCE) {
            pair_store(&shared->ready, number);
            pair_distance_answer(&rounds->pair);
        } else {
            rc = receive_round(rounds, sink);
        }
        shared->error = rc;
        pair_store(&shared->done, number);
        if (rc != 0)
            return rc;
    }
}

static void block_signals(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(how, &set, NULL);
}

/* The child. */
static int receiver(void *argument)
{
    struct rounds *rounds = argument;
    struct sink *sink = sink_open();
    int rc = sink == NULL ? -ENOMEM : 0;

    close(rounds->fds[1]);
    rounds->end.fd = rounds->fds[0];
    rounds->end.pair = &rounds->pair;
    if (rc == 0)
        rc = shmq_open(rounds->queue, SHMQ_CONSUMER, NULL, &rounds->end.queue);
    if (rc == 0)
        rc = pair_meet(&rounds->pair);
    block_signals(SIG_UNBLOCK);
    if (rc == 0)
        rc = receive_rounds(rounds, sink);
    shmq_close(rounds->end.queue);
    sink_close(sink);
    return rc;
}

static const char *pick_cores(struct pair_cores *cores)
{
    int rc = pair_cores_pick(cores);

    if (rc == -ENODEV)
        cores->producer = cores->consumer = sched_getcpu();
    if (rc == 0 || rc == -ENODEV)
        rc = pair_pin(cores->producer);
    return rc == 0 ? NULL : failed("cannot pin to a processor", rc);
}

static const char *open_pipe(struct rounds *rounds)
{
    if (pipe2(rounds->fds, O_CLOEXEC) != 0)
        return failed("cannot make a pipe", errno);
    if (fcntl(rounds->fds[1], F_SETPIPE_SZ, ROOM_BYTES) < 0)
        return failed("cannot give the pipe 1 MiB", errno);
    return NULL;
}

/* Fork the receiver, and open the queue at both ends; signals are blocked as long as it has a name. */
static const char *start(struct rounds *rounds)
{
    const struct shmq_create_options options = {.struct_size = sizeof options, .capacity = ROOM_BYTES};
    int rc;

    snprintf(rounds->queue, sizeof rounds->queue, "shmq-demo-%d", (int)getpid());
    rc = shmq_create(rounds->queue, &options);
    if (rc != 0)
        return failed("cannot create a queue", rc > 0 ? EEXIST : rc);
    rc = shmq_open(rounds->queue, SHMQ_PRODUCER, NULL, &rounds->end.queue);
    if (rc == 0)
        rc = pair_start(&rounds->pair, rounds->cores.consumer, receiver, rounds);
    if (rc == 0)
        rc = pair_meet(&rounds->pair);
    if (rc == -ECHILD)
        rc = rounds->pair.shared->error;
    shmq_remove(rounds->queue, SHMQ_REMOVE_USED);
    return rc == 0 ? NULL : failed("cannot open the queue at both ends", rc);
}

const char *rounds_open(struct rounds *rounds, const struct data *data)
{
    const char *error;

    *rounds = (struct rounds){.data = data, .fds = {-1, -1}};
    rounds->digests[ROUND_LINES] = sink_digest_of(&data->lines);
    rounds->digests[ROUND_CHUNKS] = sink_digest_of(&data->chunks);
    rounds->shared =
        mmap(NULL, sizeof *rounds->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (rounds->shared == MAP_FAILED)
        return failed("cannot share memory", errno);
    signal(SIGPIPE, SIG_IGN);
    error = pick_cores(&rounds->cores);
    if (error == NULL)
        error = open_pipe(rounds);
    if (error != NULL)
        return error;
    block_signals(SIG_BLOCK);
    error = start(rounds);
    block_signals(SIG_UNBLOCK);
    close(rounds->fds[0]);
    rounds->end.fd = rounds->fds[1];
    rounds->end.pair = &rounds->pair;
    return error;
}

/* Tell the receiver, and return when it is ready. */
static bool begin(struct rounds *rounds, enum round_task task, enum transport transport)
{
    struct round_shared *shared = rounds->shared;

    shared->task = task;
    shared->transport = transport;
    pair_store(&shared->number, shared->number + 1);
    return task == ROUND_END || wait_for(&rounds->pair, &shared->ready, shared->number);
}

static const char *compare(const struct rounds *rounds, enum round_task task)
{
    const struct round_shared *shared = rounds->shared;
    const struct data_records *sent = task == ROUND_LINES ? &rounds->data->lines : &rounds->data->chunks;

    if (shared->count == sent->count && shared->size == sent->size && shared->digest == rounds->digests[task])
        return NULL;
    snprintf(failure, sizeof failure,
             "WRONG DATA: sent %zu records of %zu bytes with digest %016llx, received %llu of %llu with %016llx",
             sent->count, sent->size, (unsigned long long)rounds->digests[task], (unsigned long long)shared->count,
             (unsigned long long)shared->size, (unsigned long long)shared->digest);
    return failure;
}

const char *rounds_move(struct rounds *rounds, enum round_task task, enum transport transport, double *seconds)
{
    const struct round_shared *shared = rounds->shared;
    const struct data *data = rounds->data;
    uint64_t start_ns;
    int rc;

    if (!begin(rounds, task, transport))
        return failed("the receiver is gone", ECHILD);
    start_ns = ticks_ns();
    rc = transport_send(&rounds->end, transport, task == ROUND_LINES ? &data->lines : &data->chunks);
    if (rc != 0)
        return failed("cannot send", rc);
    if (!wait_for(&rounds->pair, &shared->done, shared->number))
        return failed("the receiver is gone", ECHILD);
    if (shared->error != 0)
        return failed("cannot receive", shared->error);
    *seconds = (double)(shared->end_ns - start_ns) / 1e9;
    return compare(rounds, task);
}

const char *rounds_distance(struct rounds *rounds, struct pair_distance *distance)
{
    const struct round_shared *shared = rounds->shared;

    if (!begin(rounds, ROUND_DISTANCE, TRANSPORT_PIPE) || pair_distance_measure(&rounds->pair, distance) != 0 ||
        !wait_for(&rounds->pair, &shared->done, shared->number))
        return failed("the receiver is gone", ECHILD);
    return NULL;
}

void rounds_close(struct rounds *rounds)
{
    if (rounds->pair.child != 0) {
        begin(rounds, ROUND_END, TRANSPORT_PIPE);
        pair_end(&rounds->pair, false);
    }
    shmq_close(rounds->end.queue);
    if (rounds->fds[1] >= 0)
        close(rounds->fds[1]);
    munmap(rounds->shared, sizeof *rounds->shared);
}
