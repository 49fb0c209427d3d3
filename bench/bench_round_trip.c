/*
 * There and back, one message at a time
 *
 * The floor is two cache lines each way with nothing around them: a line of payload, then a line that says so. Every
 * transport copies the message in and out and checks it at both ends, and so does the floor.
 */
#include "transports.h"
#include "trips.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <unistd.h>

#define MESSAGE TRIPS_MESSAGE

static int prepare(struct run *run)
{
    (void)run;
    return 0;
}

/* No queue: the payload's line, then the line with the number. */

static int line_put(struct trips_side *side, uint8_t *message)
{
    struct pair *pair = &side->run->pair;
    struct pair_shared *shared = pair->shared;

    side->number++;
    memcpy(pair->child == 0 ? shared->payload_pong : shared->payload_ping, message, MESSAGE);
    pair_store(pair->child == 0 ? &shared->pong.word : &shared->ping.word, side->number);
    return 0;
}

/* The consumer waits for the next number, the producer for the one it has sent. */
static int line_get(struct trips_side *side, uint8_t *message)
{
    struct pair *pair = &side->run->pair;
    struct pair_shared *shared = pair->shared;
    const uint64_t *word = pair->child == 0 ? &shared->ping.word : &shared->pong.word;
    uint64_t number = side->number + (pair->child == 0 ? 1 : 0);

    while (pair_load(word) != number) {
        if (!pair_wait(pair)) {
            return -EPIPE;
        }
    }
    memcpy(message, pair->child == 0 ? shared->payload_ping : shared->payload_pong, MESSAGE);
    return 0;
}

static int lines_ask(struct run *run)
{
    struct trips_side side = {.run = run, .number = run->pair.shared->ping.word};
    int rc = run_meet(run);

    return rc == 0 ? trips_ask(&side, line_put, line_get) : rc;
}

static int lines_answer(struct run *run)
{
    struct trips_side side = {.run = run, .number = run->pair.shared->pong.word};
    int rc = run_meet(run);

    return rc == 0 ? trips_answer(&side, line_put, line_get) : rc;
}

static void lines_clean(struct run *run)
{
    (void)run;
}

/* Two queues. */

static void queues_remove(struct run *run)
{
    for (int way = 0; way < 2; way++) {
        shmq_remove(run->queues[way], SHMQ_REMOVE_USED);
    }
}

static int queues_prepare(struct run *run)
{
    struct shmq_create_options options = {.struct_size = sizeof options, .capacity = run->point->capacity};
    int rc = prepare(run);

    for (int way = 0; way < 2 && rc == 0; way++) {
        snprintf(run->queues[way], sizeof run->queues[way], "shmq-bench-%ld-%d", (long)getpid(), way);
        rc = shmq_create(run->queues[way], &options);
    }
    return rc == 1 ? -EEXIST : rc;
}

static int queues_open(struct trips_side *side, int out, int in)
{
    struct run *run = side->run;
    int rc = shmq_open(run->queues[out], SHMQ_PRODUCER, NULL, &side->out);

    if (rc == 0) {
        rc = shmq_open(run->queues[in], SHMQ_CONSUMER, NULL, &side->in);
    }
    return rc == 0 ? run_meet(run) : rc;
}

static void queues_close(struct trips_side *side)
{
    shmq_close(side->out);
    shmq_close(side->in);
}

static int queue_put(struct trips_side *side, uint8_t *message)
{
    return shmq_send(side->out, message, MESSAGE, 0, 0);
}

static int queue_get(struct trips_side *side, uint8_t *message)
{
    struct shmq_message m;
    int rc;

    while ((rc = shmq_recv(side->in, message, MESSAGE, &m)) == -EAGAIN) {
        if (!pair_wait(&side->run->pair)) {
            return -EPIPE;
        }
    }
    return rc;
}

static int queue_wait_get(struct trips_side *side, uint8_t *message)
{
    struct shmq_message m;
    int rc;

    while ((rc = shmq_recv(side->in, message, MESSAGE, &m)) == -EAGAIN) {
        rc = shmq_wait(side->in, -1);
        if (rc != 0) {
            return rc;
        }
    }
    return rc;
}

static int queues_ask(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = queues_open(&side, 0, 1);

    rc = rc == 0 ? trips_ask(&side, queue_put, queue_get) : rc;
    queues_close(&side);
    return rc;
}

static int queues_answer(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = queues_open(&side, 1, 0);

    rc = rc == 0 ? trips_answer(&side, queue_put, queue_get) : rc;
    queues_close(&side);
    return rc;
}

static int queues_wait_ask(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = queues_open(&side, 0, 1);

    rc = rc == 0 ? trips_ask(&side, queue_put, queue_wait_get) : rc;
    queues_close(&side);
    return rc;
}

static int queues_wait_answer(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = queues_open(&side, 1, 0);

    rc = rc == 0 ? trips_answer(&side, queue_put, queue_wait_get) : rc;
    queues_close(&side);
    return rc;
}

/* One queue: the answer comes where the question was, and the question's ticket tells when. */

struct trips_await {
    struct shmq_ticket ticket;
    struct shmq_message question; /* where the answer goes */
};

static int await_prepare(struct run *run)
{
    struct shmq_create_options options = {.struct_size = sizeof options, .capacity = run->point->capacity};
    int rc = prepare(run);

    snprintf(run->queues[0], sizeof run->queues[0], "shmq-bench-%ld", (long)getpid());
    rc = rc == 0 ? shmq_create(run->queues[0], &options) : rc;
    return rc == 1 ? -EEXIST : rc;
}

static void await_remove(struct run *run)
{
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
}

static int ticket_put(struct trips_side *side, uint8_t *message)
{
    int rc = shmq_send(side->out, message, MESSAGE, 0, 0);

    return rc == 0 ? shmq_ticket(side->out, &side->await->ticket) : rc;
}

static int ticket_get(struct trips_side *side, uint8_t *message)
{
    struct shmq_answer view;
    int rc = shmq_await(side->out, &side->await->ticket, -1, &view);

    if (rc == 0) {
        memcpy(message, view.data, MESSAGE);
    }
    return rc;
}

static int question_get(struct trips_side *side, uint8_t *message)
{
    int rc;

    while ((rc = shmq_peek(side->in, &side->await->question)) == -EAGAIN) {
        if (!pair_wait(&side->run->pair)) {
            return -EPIPE;
        }
    }
    if (rc == 0) {
        memcpy(message, side->await->question.data, MESSAGE);
    }
    return rc;
}

static int answer_put(struct trips_side *side, uint8_t *message)
{
    memcpy(side->await->question.data, message, MESSAGE);
    return shmq_release(side->in);
}

static int await_ask(struct run *run)
{
    struct trips_await await;
    struct trips_side side = {.run = run, .await = &await};
    int rc = shmq_open(run->queues[0], SHMQ_PRODUCER, NULL, &side.out);

    rc = rc == 0 ? run_meet(run) : rc;
    rc = rc == 0 ? trips_ask(&side, ticket_put, ticket_get) : rc;
    shmq_close(side.out);
    return rc;
}

static int await_answer(struct run *run)
{
    struct trips_await await;
    struct trips_side side = {.run = run, .await = &await};
    int rc = shmq_open(run->queues[0], SHMQ_CONSUMER, NULL, &side.in);

    rc = rc == 0 ? run_meet(run) : rc;
    rc = rc == 0 ? trips_answer(&side, answer_put, question_get) : rc;
    shmq_close(side.in);
    return rc;
}

/* Two pipes. */

static int pipes_prepare(struct run *run)
{
    int rc = prepare(run);

    return rc == 0 ? pipe_open(run, 2) : rc;
}

static int pipe_put(struct trips_side *side, uint8_t *message)
{
    return pipe_write(side->run, side->run->pair.child == 0 ? 1 : 0, message, MESSAGE);
}

static int pipe_get(struct trips_side *side, uint8_t *message)
{
    return pipe_read(side->run, side->run->pair.child == 0 ? 0 : 1, message, MESSAGE);
}

/* Closing is how the other side learns of the end. */
static int pipes_ask(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = pipe_meet(run, 1, 0);

    rc = rc == 0 ? trips_ask(&side, pipe_put, pipe_get) : rc;
    pipe_close(run);
    return rc;
}

static int pipes_answer(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = pipe_meet(run, 0, 1);

    return rc == 0 ? trips_answer(&side, pipe_put, pipe_get) : rc;
}

const struct transport round_trip_lines = {prepare, lines_ask, lines_answer, lines_clean};
const struct transport round_trip_shmq = {queues_prepare, queues_ask, queues_answer, queues_remove};
const struct transport round_trip_shmq_wait = {queues_prepare, queues_wait_ask, queues_wait_answer, queues_remove};
const struct transport round_trip_await = {await_prepare, await_ask, await_answer, await_remove};
const struct transport round_trip_pipe = {pipes_prepare, pipes_ask, pipes_answer, pipe_close};
