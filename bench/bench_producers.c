#include "peers/peers.h"
#include "producers.h"
#include "transports.h"

#include <sched.h>
#include <shmq/shmq.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct producers {
    struct pair_line ready; /* how many of the others */
    struct pair_line go;
    struct pair_line stop;
    struct pair_line sent[PRODUCERS_MAX];
};

static struct producers *shared;
static pid_t others[PRODUCERS_MAX];

int producers_prepare(struct run *run)
{
    (void)run;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return shared == MAP_FAILED ? -errno : 0;
}

/* Whoever still runs then has been left behind by an error. */
void producers_clean(struct run *run)
{
    for (unsigned i = 1; i < run->point->producers; i++) {
        if (others[i] > 0) {
            kill(others[i], SIGKILL);
            waitpid(others[i], NULL, 0);
        }
    }
    munmap(shared, sizeof *shared);
}

/* The number-th of the processors that are not the consumer's, over and over. */
static int pin(const struct run *run, unsigned number)
{
    int count = (int)sysconf(_SC_NPROCESSORS_ONLN);
    int core = run->settings->cores.producer;

    for (unsigned i = 0; i < number; i++) {
        do {
            core = (core + 1) % count;
        } while (core == run->settings->cores.consumer);
    }
    return pair_pin(core);
}

int producers_start(struct run *run, int (*side)(struct run *run, unsigned number))
{
    pid_t parent = getpid();

    for (unsigned i = 1; i < run->point->producers; i++) {
        others[i] = fork();
        if (others[i] < 0) {
            return -errno;
        }
        if (others[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent) {
                _exit(EXIT_FAILURE);
            }
            /* It waits as the consumer does: until the producer has finished. */
            run->pair.child = 0;
            _exit(pin(run, i) == 0 && side(run, i) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
        }
    }
    while (pair_load(&shared->ready.word) + 1 < run->point->producers) {
        if (!pair_wait(&run->pair)) {
            return -ECHILD;
        }
        sched_yield();
    }
    return 0;
}

int producers_go(struct run *run)
{
    int rc = run_meet(run);

    pair_store(&shared->go.word, 1);
    return rc;
}

int producers_meet(struct run *run)
{
    __atomic_fetch_add(&shared->ready.word, 1, __ATOMIC_ACQ_REL);
    while (pair_load(&shared->go.word) == 0) {
        if (!pair_wait(&run->pair)) {
            return -ECHILD;
        }
        sched_yield();
    }
    return 0;
}

uint64_t producers_sent(const struct run *run)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < run->point->producers; i++) {
        sum += pair_load(&shared->sent[i].word);
    }
    return sum;
}

/* The parent's looks at the clock are everybody's. */
bool producers_lap(struct run *run, unsigned number, uint64_t sent)
{
    pair_store(&shared->sent[number].word, sent);
    if (number == 0 && pair_load(&shared->stop.word) == 0 && !run_lap(run, producers_sent(run))) {
        pair_store(&shared->stop.word, 1);
    }
    return pair_load(&shared->stop.word) == 0;
}

int producers_stop(struct run *run)
{
    int rc = 0;

    for (unsigned i = 1; i < run->point->producers; i++) {
        int status = 0;

        if (waitpid(others[i], &status, 0) != others[i] || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            rc = -ECHILD;
        }
        others[i] = 0;
    }
    return rc;
}

/* A lane for each. */

static int queue_prepare(struct run *run)
{
    struct shmq_create_options options = {.struct_size = sizeof options,
                                          .capacity = run->point->capacity,
                                          .lane_count = run->point->producers,
                                          .kind = run->point->kind};
    int rc = producers_prepare(run);

    snprintf(run->queues[0], sizeof run->queues[0], "shmq-bench-%ld", (long)getpid());
    rc = rc == 0 ? shmq_create(run->queues[0], &options) : rc;
    return rc == 1 ? -EEXIST : rc;
}

static void queue_clean(struct run *run)
{
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
    producers_clean(run);
}

static int queue_put(struct trips_side *side, uint8_t *message)
{
    int rc;

    while ((rc = shmq_send(side->out, message, PRODUCERS_MESSAGE, 0, 0)) == -EAGAIN && pair_wait(&side->run->pair)) {
    }
    return rc;
}

static int queue_get(struct trips_side *side, uint8_t *message)
{
    struct shmq_message m;
    int rc;

    while ((rc = shmq_recv(side->in, message, PRODUCERS_MESSAGE, &m)) == -EAGAIN) {
        pair_pause();
    }
    return rc;
}

/* The others have ended: what they sent is all there. -EPIPE: and nothing more can come. */
static int queue_rest(struct trips_side *side, uint8_t *message)
{
    struct shmq_message m;
    int rc = shmq_recv(side->in, message, PRODUCERS_MESSAGE, &m);

    return rc == -EPIPE ? -EAGAIN : rc;
}

static int queue_other(struct run *run, unsigned number)
{
    struct trips_side side = {.run = run};
    int rc = shmq_open(run->queues[0], SHMQ_PRODUCER, NULL, &side.out);

    rc = rc == 0 ? producers_meet(run) : rc;
    rc = rc == 0 ? producers_send(&side, number, queue_put) : rc;
    shmq_close(side.out);
    return rc;
}

static int queue_lead(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = shmq_open(run->queues[0], SHMQ_PRODUCER, NULL, &side.out);

    if (rc == 0) {
        rc = producers_start(run, queue_other);
    }
    rc = rc == 0 ? producers_lead(&side, queue_put) : rc;
    shmq_close(side.out);
    return rc;
}

static int queue_receive(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = shmq_open(run->queues[0], SHMQ_CONSUMER, NULL, &side.in);

    rc = rc == 0 ? run_meet(run) : rc;
    rc = rc == 0 ? producers_receive(&side, queue_get, queue_rest) : rc;
    shmq_close(side.in);
    return rc;
}

/* A pipe takes what is this small as a whole, or not at all. */

static int pipe_prepare(struct run *run)
{
    int rc = producers_prepare(run);

    return rc == 0 ? pipe_open(run, 1) : rc;
}

static void pipe_clean(struct run *run)
{
    pipe_close(run);
    producers_clean(run);
}

static int pipe_put(struct trips_side *side, uint8_t *message)
{
    return pipe_write(side->run, 0, message, PRODUCERS_MESSAGE);
}

static int pipe_get(struct trips_side *side, uint8_t *message)
{
    return pipe_read(side->run, 0, message, PRODUCERS_MESSAGE);
}

static int pipe_other(struct run *run, unsigned number)
{
    struct trips_side side = {.run = run};
    int rc = producers_meet(run);

    return rc == 0 ? producers_send(&side, number, pipe_put) : rc;
}

static int pipe_lead(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = producers_start(run, pipe_other);

    return rc == 0 ? producers_lead(&side, pipe_put) : rc;
}

static int pipe_receive(struct run *run)
{
    struct trips_side side = {.run = run};
    int rc = run_meet(run);

    return rc == 0 ? producers_receive(&side, pipe_get, NULL) : rc;
}

const struct transport producers_shmq = {queue_prepare, queue_lead, queue_receive, queue_clean};
const struct transport producers_pipe = {pipe_prepare, pipe_lead, pipe_receive, pipe_clean};

/* Peers. */

int peer_prepare_producers(struct run *run)
{
    int rc = producers_prepare(run);

    return rc == 0 ? peer_prepare_one(run) : rc;
}

void peer_clean_producers(struct run *run)
{
    peer_clean_one(run);
    producers_clean(run);
}
