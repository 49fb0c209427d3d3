/*
 * What producers feel of those who watch
 *
 *     pair    the queue as in throughput/, and a third process that watches it, on the consumer's processor: nearly
 *             nobody has a processor to spare for who watches
 *     alone   a recorder, which has no consumer: the producer and who watches, each on a processor of its own, both as
 *             fast as they can. What is felt then is no processor's time
 *
 * Whoever watches takes time of its processor and lines of the producer's cache. So each is there twice: watching that
 * queue, and doing exactly the same with a queue of its own that nobody else has open. What it costs to be watched is the
 * difference between the two.
 *
 * What it sees is checked: records that a cursor shows are whole and say their number, counts only grow.
 */
#include "ticks.h"
#include "transports.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LAP 256 /* records between two looks at whether it is over */
#define NAP_NS 100000
#define BLOCK (1 << 20) /* bytes after which a recording has a block to pack */
#define LINE 512

struct observer {
    struct run *run;
    struct shmq *q;
    struct shmq_cursor *cursor;
    uint8_t *block; /* record: what was copied */
    size_t used;
    uint64_t seen; /* records, or looks */
    uint64_t sent; /* the last look */
};

static void nap(int64_t ns)
{
    struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

    nanosleep(&time, NULL);
}

static bool is_over(const struct observer *o)
{
    return pair_finished(&o->run->pair);
}

/* A record as a line of text, as `shmq tail` makes one. */
static void line_make(struct observer *o, const struct shmq_message *message)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *data = message->data;
    char *line = (char *)o->block;
    size_t at = (size_t)snprintf(line, LINE, "%u %u ", message->lane, message->size);

    for (size_t i = 0; i < message->size && at + 3 < LINE; i++) {
        line[at++] = digits[data[i] >> 4];
        line[at++] = digits[data[i] & 15];
    }
    line[at] = '\n';
    __asm__ volatile("" : : "r"(line) : "memory");
}

static void block_add(struct observer *o, const struct shmq_message *message)
{
    if (o->used + message->size > BLOCK) {
        o->used = 0;
    }
    payload_copy(o->block + o->used, message->data, message->size);
    o->used += message->size;
}

static int record_check(const struct observer *o, const struct shmq_seen *seen)
{
    const uint8_t *data = seen->message.data;
    size_t size = seen->message.size;
    uint64_t number = payload_word(data, 0);

    return size != o->run->point->size || payload_word(data, size - sizeof number) != number ||
                   (seen->number != UINT64_MAX && seen->number != number)
               ? -EBADMSG
               : 0;
}

static int cursor_again(struct observer *o)
{
    struct shmq_cursor_options options = {.struct_size = sizeof options};

    options.from = o->run->point->observes_own ? SHMQ_FROM_OLDEST : SHMQ_FROM_NEWEST;
    shmq_cursor_close(o->cursor);
    o->cursor = NULL;
    return shmq_cursor_open(o->q, &options, &o->cursor);
}

/* In a queue of one's own one begins anew at its end: there is always something to see, as in one that is in use. */
static int follow(struct observer *o)
{
    const int64_t shortest_ns = 200000, longest_ns = 10000000;
    int64_t pause_ns = shortest_ns;
    int rc = cursor_again(o);

    while (rc == 0 && !is_over(o)) {
        for (int i = 0; i < LAP && rc == 0; i++) {
            struct shmq_seen seen = {.struct_size = sizeof seen};

            rc = shmq_cursor_next(o->cursor, &seen);
            if (rc == 0) {
                rc = record_check(o, &seen);
                (o->run->point->observer == OBSERVER_TAIL ? line_make : block_add)(o, &seen.message);
                o->seen++;
                pause_ns = shortest_ns;
            }
        }
        if ((rc == -EAGAIN || rc == -ESTALE) && o->run->point->observes_own) {
            rc = cursor_again(o);
        } else if (rc == -EAGAIN) {
            nap(pause_ns);
            pause_ns = pause_ns < longest_ns ? pause_ns * 2 : pause_ns;
            rc = 0;
        }
    }
    shmq_cursor_close(o->cursor);
    return rc;
}

/* As `shmq stat` and `shmq top` look: all of the queue, each lane, and the status. */
static int look(struct observer *o)
{
    struct shmq_info info = {.struct_size = sizeof info};
    struct shmq_lane_info lane = {.struct_size = sizeof lane};
    struct shmq_status status = {.struct_size = sizeof status};
    int rc = shmq_info(o->q, &info);

    for (uint32_t i = 0; rc == 0 && i < info.lane_count; i++) {
        rc = shmq_lane_info(o->q, i, &lane);
    }
    if (rc == 0) {
        rc = shmq_status(o->q, &status);
        rc = rc == -EAGAIN ? 0 : rc;
    }
    if (rc == 0 && lane.sent < o->sent) {
        rc = -EBADMSG;
    }
    o->sent = lane.sent;
    o->seen++;
    return rc;
}

static int look_on(struct observer *o)
{
    const double rate = o->run->point->rate;
    uint64_t due_ns = ticks_ns();
    int rc = 0;

    while (rc == 0 && !is_over(o)) {
        if (rate == 0 || ticks_ns() >= due_ns) {
            rc = look(o);
            due_ns += rate == 0 ? 0 : (uint64_t)(1e9 / rate);
        } else {
            nap(NAP_NS * 10);
        }
    }
    return rc;
}

/* A queue of the same shape, full. */
static int own_fill(const struct observer *o, const char *name)
{
    struct shmq_create_options options = {.struct_size = sizeof options, .capacity = o->run->point->capacity};
    struct shmq *q = NULL;
    int rc = shmq_create(name, &options);

    rc = rc == 1 ? -EEXIST : rc;
    rc = rc == 0 ? shmq_open(name, SHMQ_PRODUCER, NULL, &q) : rc;
    for (uint64_t i = 0; rc == 0; i++) {
        rc = shmq_send(q, payload_next(&o->run->payload, i), o->run->point->size, 0, 0);
    }
    shmq_close(q);
    return rc == -EAGAIN ? 0 : rc;
}

static int observer_open(struct observer *o)
{
    struct run *run = o->run;
    const char *name = run->queues[run->point->observes_own ? 1 : 0];
    int rc = run->point->observes_own ? own_fill(o, name) : 0;

    o->block = rc == 0 ? calloc(1, BLOCK) : NULL;
    rc = rc == 0 && o->block == NULL ? -ENOMEM : rc;
    rc = rc == 0 ? shmq_open(name, SHMQ_OBSERVER, NULL, &o->q) : rc;
    if (run->point->observes_own) {
        shmq_remove(name, SHMQ_REMOVE_USED);
    }
    return rc;
}

static void observer_close(struct observer *o)
{
    shmq_close(o->q);
    free(o->block);
}

static int observe(struct observer *o)
{
    int rc = o->run->point->observer == OBSERVER_LOOKS ? look_on(o) : follow(o);

    o->run->pair.shared->observed = o->seen;
    return rc;
}

static int prepare(struct run *run)
{
    struct shmq_create_options options = {
        .struct_size = sizeof options, .capacity = run->point->capacity, .kind = run->point->kind};
    int rc;

    snprintf(run->queues[0], sizeof run->queues[0], "shmq-bench-%ld", (long)getpid());
    snprintf(run->queues[1], sizeof run->queues[1], "shmq-bench-%ld-own", (long)getpid());
    rc = shmq_create(run->queues[0], &options);
    return rc == 1 ? -EEXIST : rc;
}

static void clean(struct run *run)
{
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
    shmq_remove(run->queues[1], SHMQ_REMOVE_USED);
}

/* A pair, and a third process. */

static bool have_met(const struct run *run)
{
    return pair_load(&run->pair.shared->producer_meets.word) > 0 &&
           pair_load(&run->pair.shared->consumer_meets.word) > 0;
}

/* It begins when they do, since how far their processors are apart is measured before. */
static int third(struct run *run, int ready)
{
    struct observer o = {.run = run};
    int rc;

    run->pair.child = 0; /* it waits as the consumer does */
    rc = pair_pin(run->settings->cores.consumer);
    rc = rc == 0 ? observer_open(&o) : rc;
    if (rc == 0 && write(ready, "", 1) != 1) {
        rc = -EPIPE;
    }
    while (rc == 0 && !have_met(run)) {
        nap(NAP_NS);
    }
    rc = rc == 0 ? observe(&o) : rc;
    observer_close(&o);
    return rc;
}

/* Returns its process, when it has opened what it watches, or a negative errno. */
static pid_t third_start(struct run *run)
{
    pid_t parent = getpid();
    int ready[2];
    char byte;
    pid_t child;

    if (pipe(ready) != 0) {
        return -errno;
    }
    child = fork();
    if (child == 0) {
        int rc;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ready[0]);
        rc = getppid() == parent ? third(run, ready[1]) : -ECHILD;
        if (rc != 0) {
            fprintf(stderr, "%s: who watches ended with %d (negative errno)\n", run->point->name, rc);
        }
        _exit(rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(ready[1]);
    if (child > 0 && read(ready[0], &byte, 1) != 1) {
        waitpid(child, NULL, 0);
        child = -ECHILD;
    }
    close(ready[0]);
    return child;
}

static int pair_produce(struct run *run)
{
    pid_t child = run->point->observer == OBSERVER_NONE ? 0 : third_start(run);
    int status = 0;
    int rc = child < 0 ? child : shmq_single.produce(run);

    if (child > 0) {
        if (rc != 0) {
            kill(child, SIGKILL);
        }
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        rc = rc == 0 && status != 0 ? -EBADMSG : rc;
    }
    return rc;
}

static int pair_consume(struct run *run)
{
    return shmq_single.consume(run);
}

/* A recorder, and who watches in place of a consumer. */

RUN_INLINE int alone_produce_of(struct run *run, size_t size)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    struct shmq *q = NULL;
    uint64_t sent = 0;
    int rc = shmq_open(run->queues[0], SHMQ_PRODUCER, NULL, &q);

    rc = rc == 0 ? run_meet(run) : rc;
    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left > 0 && rc == 0; left--) {
            rc = shmq_send(q, payload_next(&payload, sent++), size, 0, 0);
        }
    }
    run->pair.shared->end_ns = ticks_ns();
    pair_finish(&run->pair, sent);
    shmq_close(q);
    return rc;
}

static int alone_produce(struct run *run)
{
    return run_sized(run, alone_produce_of);
}

static int alone_observe(struct run *run)
{
    struct observer o = {.run = run};
    int rc = observer_open(&o);

    rc = rc == 0 ? run_meet(run) : rc;
    if (rc == 0 && run->point->observer != OBSERVER_NONE) {
        rc = observe(&o);
    }
    while (rc == 0 && !is_over(&o)) {
        nap(NAP_NS);
    }
    observer_close(&o);
    if (rc == 0) {
        /* Nothing is received here; what was seen is checked already. */
        uint64_t items = run->pair.shared->finished.word - 1;
        uint64_t end_ns = run->pair.shared->end_ns;
        struct payload_account account = {.received = items, .sum = payload_sum(&run->payload, items)};

        run_account(run, account);
        run->pair.shared->end_ns = end_ns;
    }
    return rc;
}

const struct transport observed_pair = {prepare, pair_produce, pair_consume, clean};
const struct transport observed_alone = {prepare, alone_produce, alone_observe, clean};
