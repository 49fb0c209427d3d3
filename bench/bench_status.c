/*
 * What a report costs, and what a look
 *
 * The parent does what is measured. The child sleeps meanwhile, or does the other thing as fast as it can: then each has
 * to fetch lines that the other has just written. Every look is checked: the message is made of the progress that it was
 * reported with.
 */
#include "ticks.h"
#include "transports.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LAP 256 /* between two looks at the clock */
#define STEPS 16

/* Made before, so that it is the report that is measured. */
static char messages[STEPS][SHMQ_MESSAGE_MAX + 1];

static int prepare(struct run *run)
{
    struct shmq_create_options options = {.struct_size = sizeof options, .capacity = SHMQ_CAPACITY_MIN};

    for (int i = 0; i < STEPS; i++) {
        snprintf(messages[i], sizeof messages[i], "%0*d", (int)run->point->size, i);
    }
    snprintf(run->queues[0], sizeof run->queues[0], "shmq-bench-%ld", (long)getpid());
    int rc = shmq_create(run->queues[0], &options);

    return rc == 1 ? -EEXIST : rc;
}

static void clean(struct run *run)
{
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
}

/* One item; `number` counts them. */
typedef int item(struct shmq *q, uint64_t number);

static int advance(struct shmq *q, uint64_t number)
{
    (void)number;
    return shmq_report_advance(q, 1);
}

static int message(struct shmq *q, uint64_t number)
{
    return shmq_report_step(q, number % STEPS, messages[number % STEPS]);
}

/* Progress alone leaves the message at what it was. */
static int check(const struct shmq_status *status)
{
    const char *digits = status->message + status->message_size - 2; /* the others are zeros, and slow to read */
    uint64_t step = (uint64_t)(digits[0] - '0') * 10 + (uint64_t)(digits[1] - '0');

    return status->total != STEPS || step >= STEPS || (step != 0 && status->done != step) ? -EBADMSG : 0;
}

static int glance(struct shmq *q, uint64_t number)
{
    struct shmq_status status = {.struct_size = sizeof status};
    int rc = shmq_status_glance(q, &status);

    (void)number;
    return rc == 0 ? check(&status) : rc;
}

static int look(struct shmq *q, uint64_t number)
{
    struct shmq_status status = {.struct_size = sizeof status};
    int rc = shmq_status(q, &status);

    (void)number;
    return rc == 0 ? check(&status) : rc;
}

static int open_side(struct run *run, bool reports, struct shmq **q)
{
    int rc = shmq_open(run->queues[0], reports ? SHMQ_REPORTER : SHMQ_OBSERVER, NULL, q);

    if (rc == 0 && reports) {
        rc = shmq_report_begin(*q, 1, STEPS, "steps");
    }
    if (rc == 0 && reports) {
        rc = shmq_report_step(*q, 0, messages[0]);
    }
    return rc == 0 ? run_meet(run) : rc;
}

static int measured(struct run *run, item *one, bool reports)
{
    struct shmq *q = NULL;
    int rc = open_side(run, reports, &q);
    uint64_t done = 0;

    while (rc == 0 && run_lap(run, done)) {
        for (int i = 0; i < LAP && rc == 0; i++) {
            rc = one(q, done++);
        }
    }
    run->pair.shared->end_ns = ticks_ns();
    pair_finish(&run->pair, done);
    shmq_close(q);
    return rc;
}

static int beside(struct run *run, item *one, bool reports)
{
    struct timespec nap = {.tv_nsec = 100000};
    struct shmq *q = NULL;
    int rc = open_side(run, reports, &q);
    uint64_t number = 0;

    while (rc == 0 && !pair_finished(&run->pair)) {
        for (int i = 0; i < LAP && rc == 0 && one != NULL; i++) {
            rc = one(q, number++);
            rc = rc == -EAGAIN ? 0 : rc;
        }
        if (one == NULL) {
            nanosleep(&nap, NULL);
        }
    }
    uint64_t items = run->pair.shared->finished.word - 1;
    struct payload_account account = {.received = items, .sum = payload_sum(&run->payload, items)};

    uint64_t end_ns = run->pair.shared->end_ns;

    run_account(run, account);
    run->pair.shared->end_ns = end_ns;
    shmq_close(q);
    return rc;
}

static int measure_advance(struct run *run)
{
    return measured(run, advance, true);
}

static int measure_message(struct run *run)
{
    return measured(run, message, true);
}

static int measure_glance(struct run *run)
{
    return measured(run, glance, false);
}

static int measure_look(struct run *run)
{
    return measured(run, look, false);
}

static int rest_as_observer(struct run *run)
{
    return beside(run, NULL, false);
}

static int rest_as_reporter(struct run *run)
{
    return beside(run, NULL, true);
}

static int keep_looking(struct run *run)
{
    return beside(run, glance, false);
}

static int keep_reporting(struct run *run)
{
    return beside(run, message, true);
}

const struct transport status_advance = {prepare, measure_advance, rest_as_observer, clean};
const struct transport status_advance_seen = {prepare, measure_advance, keep_looking, clean};
const struct transport status_message = {prepare, measure_message, rest_as_observer, clean};
const struct transport status_message_seen = {prepare, measure_message, keep_looking, clean};
const struct transport status_glance = {prepare, measure_glance, rest_as_reporter, clean};
const struct transport status_glance_busy = {prepare, measure_glance, keep_reporting, clean};
const struct transport status_look = {prepare, measure_look, rest_as_reporter, clean};
