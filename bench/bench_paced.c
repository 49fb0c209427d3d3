/* At a fixed rate: the queue, polled and waited for, and pipes and sockets. */
#include "paced.h"
#include "transports.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <unistd.h>

static int queue_prepare(struct run *run)
{
    struct shmq_create_options options = {.struct_size = sizeof options, .capacity = run->point->capacity};
    int rc;

    snprintf(run->queues[0], sizeof run->queues[0], "shmq-bench-%ld", (long)getpid());
    rc = shmq_create(run->queues[0], &options);
    return rc == 1 ? -EEXIST : rc;
}

static void queue_clean(struct run *run)
{
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
}

static int queue_put(struct trips_side *side, uint8_t *message)
{
    int rc;

    while ((rc = shmq_send(side->out, message, PACED_MESSAGE, 0, 0)) == -EAGAIN && pair_wait(&side->run->pair)) {
    }
    return rc;
}

static int queue_get(struct trips_side *side, uint8_t *message)
{
    struct shmq_message m;
    int rc;

    while ((rc = shmq_recv(side->in, message, PACED_MESSAGE, &m)) == -EAGAIN) {
        pair_pause();
    }
    return rc;
}

static int queue_wait_get(struct trips_side *side, uint8_t *message)
{
    struct shmq_message m;

    return shmq_recv_wait(side->in, message, PACED_MESSAGE, -1, &m);
}

static int queue_send(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = shmq_open(run->queues[0], SHMQ_PRODUCER, NULL, &side.out);

    rc = rc == 0 ? run_meet(run) : rc;
    rc = rc == 0 ? paced_send(&side, queue_put) : rc;
    shmq_close(side.out);
    return rc;
}

static int queue_receive(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = shmq_open(run->queues[0], SHMQ_CONSUMER, NULL, &side.in);

    rc = rc == 0 ? run_meet(run) : rc;
    if (rc == 0) {
        rc = run->point->spin ? paced_receive(&side, queue_get) : paced_receive(&side, queue_wait_get);
    }
    shmq_close(side.in);
    return rc;
}

static int pipe_prepare(struct run *run)
{
    return pipe_open(run, 1);
}

static int pipe_put(struct trips_side *side, uint8_t *message)
{
    return pipe_write(side->run, 0, message, PACED_MESSAGE);
}

static int pipe_get(struct trips_side *side, uint8_t *message)
{
    return pipe_read(side->run, 0, message, PACED_MESSAGE);
}

static int pipe_send(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = pipe_meet(run, 1, 0);

    return rc == 0 ? paced_send(&side, pipe_put) : rc;
}

static int pipe_receive(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = pipe_meet(run, 0, 1);

    return rc == 0 ? paced_receive(&side, pipe_get) : rc;
}

const struct transport paced_shmq = {queue_prepare, queue_send, queue_receive, queue_clean};
const struct transport paced_pipe = {pipe_prepare, pipe_send, pipe_receive, pipe_close};
