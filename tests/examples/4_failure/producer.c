/*
 * 4: C exits abnormally
 *
 * P sends a task, runs C until its end, and says what has become of it: how the process ended, what it had reported, and
 * whether the task is done. One that is not is still in the queue, and the next C gets it.
 *
 *     producer NAME CONSUMER HOW      P, which runs CONSUMER NAME HOW, and then CONSUMER NAME well
 */
#include "process.h"

#include <inttypes.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>

/* Start C, wait for its end, and say how that was: a code of its own, or a signal. 1: it cannot be started. */
static int run(char *program, char *name, char *how)
{
    char *command[] = {program, name, how, NULL};
    struct process c;
    char end[100];

    if (process_start(&c, command) != 0)
        return 1;
    process_wait(&c, end, sizeof end);
    printf("P: C %s\n", end);
    return 0;
}

/* What it had said itself: 0, or 1 where that is a failure. */
static int explain(struct shmq *q)
{
    struct shmq_status s = {.struct_size = sizeof s};
    int rc = shmq_status(q, &s);

    if (rc != 0)
        return rc;
    if (s.state == SHMQ_IDLE)
        printf("P: it had not begun\n");
    else if (s.presence == SHMQ_DIED) /* so also those learn of it who are no parent of C */
        printf("P: it died at %" PRIu64 " of %" PRIu64 " %s: %s\n", s.done, s.total, s.unit, s.message);
    else if (s.state == SHMQ_FAILED)
        printf("P: it failed at %" PRIu64 " of %" PRIu64 " %s, with code %d: %s\n", s.done, s.total, s.unit, s.code,
               s.message);
    else
        printf("P: it succeeded: %s\n", s.message);
    return s.state == SHMQ_FAILED;
}

static int work(struct shmq *q, char *program, char *name, char *how)
{
    struct shmq_ticket ticket;
    int rc = shmq_send(q, "task", 4, 0, 0);

    if (rc == 0)
        rc = shmq_ticket(q, &ticket);
    if (rc == 0)
        rc = run(program, name, how);
    if (rc == 0)
        rc = explain(q);
    if (rc != 0 || shmq_await(q, &ticket, 0, NULL) == 0)
        return rc;
    printf("P: the task is still there; another C gets it\n");
    rc = run(program, name, "well");
    if (rc == 0)
        rc = explain(q);
    return rc == 0 ? shmq_await(q, &ticket, 0, NULL) : rc;
}

int main(int argc, char *argv[])
{
    const struct shmq_create_options options = {.struct_size = sizeof options, .transient = 1, .exclusive = 1};
    struct shmq *q = NULL;

    if (argc != 4) {
        fprintf(stderr, "usage: producer NAME CONSUMER HOW\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    int rc = shmq_create(argv[1], &options);

    if (rc == 0)
        rc = shmq_open(argv[1], SHMQ_PRODUCER, NULL, &q);
    if (rc == 0)
        rc = work(q, argv[2], argv[1], argv[3]);
    shmq_close(q); /* and the queue goes, which is transient, with its last user */
    if (rc < 0)
        fprintf(stderr, "P: %s: %s\n", argv[1], shmq_strerror(rc));
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
