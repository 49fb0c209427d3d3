/*
 * A question to a side that sleeps, and its answer
 *
 * Between two trips, off the clock, the asker gives the other side time to fall asleep. The floor is two futex words,
 * with nothing around them but the message.
 */
#include "ticks.h"
#include "transports.h"

#include <errno.h>
#include <linux/futex.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE 64
#define PAUSE_NS 300000 /* longer than anybody looks around before it sleeps */

struct waker {
    struct run *run;
    struct shmq *out;
    struct shmq *in;
    uint32_t number;
};

typedef int step(struct waker *w, uint8_t *message);

static void pause_a_while(void)
{
    struct timespec time = {.tv_nsec = PAUSE_NS};

    nanosleep(&time, NULL);
}

static int ask(struct waker *w, step *send, step *receive)
{
    struct run *run = w->run;
    uint64_t trips = (uint64_t)(run->settings->seconds * 1e9 / (PAUSE_NS + 150000));
    uint64_t spent_ns = 0;
    int rc = run_meet(run);

    trips = trips < 8 ? 8 : trips;
    for (uint64_t i = 0; i < trips && rc == 0; i++) {
        uint8_t message[MESSAGE];

        pause_a_while();
        uint64_t before = ticks();
        uint64_t before_ns = ticks_ns();

        memcpy(message, payload_next(&run->payload, i), MESSAGE);
        rc = send(w, message);
        rc = rc == 0 ? receive(w, message) : rc;
        spent_ns += ticks_ns() - before_ns;
        run_trip(run, ticks() - before);
    }
    pair_finish(&run->pair, trips);
    run->start_sent = 0;
    run->start_ns = 0;
    run->pair.shared->end_ns = spent_ns;
    return rc;
}

static int answer(struct waker *w, step *send, step *receive)
{
    struct payload_account account = {.received = 0};
    int rc = run_meet(w->run);

    while (rc == 0) {
        uint8_t message[MESSAGE];

        rc = receive(w, message);
        if (rc == 0) {
            payload_take(&account, message, MESSAGE);
            rc = send(w, message);
        }
    }
    uint64_t spent_ns = w->run->pair.shared->end_ns;

    run_account(w->run, account);
    w->run->pair.shared->end_ns = spent_ns;
    return rc == -EPIPE ? 0 : rc;
}

static int prepare(struct run *run)
{
    (void)run;
    return 0;
}

/* Two futex words, each the low half of a line. */

static int futex_send(struct waker *w, uint8_t *message)
{
    struct pair *pair = &w->run->pair;
    bool is_child = pair->child == 0;
    uint32_t *word = (uint32_t *)(void *)(is_child ? &pair->shared->pong.word : &pair->shared->ping.word);

    memcpy(is_child ? pair->shared->payload_pong : pair->shared->payload_ping, message, MESSAGE);
    __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
    return 0;
}

static int futex_receive(struct waker *w, uint8_t *message)
{
    struct pair *pair = &w->run->pair;
    bool is_child = pair->child == 0;
    uint32_t *word = (uint32_t *)(void *)(is_child ? &pair->shared->ping.word : &pair->shared->pong.word);
    struct timespec slice = {.tv_nsec = 10000000};

    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == w->number) {
        if (pair_finished(pair) || !pair_worth_waiting(pair)) {
            return -EPIPE;
        }
        syscall(SYS_futex, word, FUTEX_WAIT, w->number, &slice, NULL, 0);
    }
    w->number++;
    memcpy(message, is_child ? pair->shared->payload_ping : pair->shared->payload_pong, MESSAGE);
    return 0;
}

static struct waker futex_waker(struct run *run)
{
    const struct pair_shared *shared = run->pair.shared;
    struct waker w = {.run = run};

    w.number = (uint32_t)(run->pair.child == 0 ? shared->ping.word : shared->pong.word);
    return w;
}

static int futex_ask(struct run *run)
{
    struct waker w = futex_waker(run);

    return ask(&w, futex_send, futex_receive);
}

static int futex_answer(struct run *run)
{
    struct waker w = futex_waker(run);

    return answer(&w, futex_send, futex_receive);
}

static void futex_clean(struct run *run)
{
    (void)run;
}

/* Two queues. */

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

static void queues_clean(struct run *run)
{
    for (int way = 0; way < 2; way++) {
        shmq_remove(run->queues[way], SHMQ_REMOVE_USED);
    }
}

static int queue_send(struct waker *w, uint8_t *message)
{
    return shmq_send(w->out, message, MESSAGE, 0, 0);
}

static int queue_receive(struct waker *w, uint8_t *message)
{
    struct shmq_message m;

    return shmq_recv_wait(w->in, message, MESSAGE, -1, &m);
}

static int queues_side(struct run *run)
{
    bool is_child = run->pair.child == 0;
    struct waker w = {.run = run};
    int rc = shmq_open(run->queues[is_child], SHMQ_PRODUCER, NULL, &w.out);

    if (rc == 0) {
        rc = shmq_open(run->queues[!is_child], SHMQ_CONSUMER, NULL, &w.in);
    }
    if (rc == 0) {
        rc = is_child ? answer(&w, queue_send, queue_receive) : ask(&w, queue_send, queue_receive);
    }
    shmq_close(w.out);
    shmq_close(w.in);
    return rc;
}

const struct transport wake_futex = {prepare, futex_ask, futex_answer, futex_clean};
const struct transport wake_shmq = {queues_prepare, queues_side, queues_side, queues_clean};
