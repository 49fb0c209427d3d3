/*
 * 3: P shows the progress of C, and waits for its end
 *
 * P sends a task, starts C and does not wait for it: every 100 ms it prints how far C is, until C says that it is done.
 *
 *     producer NAME CONSUMER [MS]      P, which starts CONSUMER NAME [MS]; a step of C takes so long, or a second
 *
 * For any C that reports, the command does as much: shmq run --input FILE NAME -- CONSUMER NAME
 */
#include "process.h"

#include <inttypes.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>

#define POLL_NS INT64_C(100000000)

static const char task[64] = "written by P";

static void print(const struct shmq_status *status)
{
    if (status->state == SHMQ_IDLE)
        printf("P: C has not begun\n");
    else
        printf("P: %" PRIu64 " %s\n", status->done, status->unit);
}

/* Until C has ended, well or not. One that ends before it has begun reports nothing: the system tells its parent. */
static int follow(struct shmq *q, struct process *c, struct shmq_status *status)
{
    int rc;

    /* It sleeps for 100 ms, but not beyond the end of the task. */
    while ((rc = shmq_status_wait(q, SHMQ_ENDED, POLL_NS, status)) == -ETIMEDOUT) {
        print(status);
        if (process_has_ended(c))
            return shmq_status(q, status);
    }
    process_wait(c, NULL, 0);
    return rc;
}

static int print_end(struct shmq *q, const struct shmq_status *status, const struct shmq_ticket *ticket)
{
    struct shmq_answer answer;

    print(status);
    if (status->state != SHMQ_DONE) {
        printf("P: C has ended before its task\n");
        return 1;
    }
    printf("P: C has ended: %s\n", status->message);
    int rc = shmq_await(q, ticket, 0, &answer);

    if (rc == 0)
        printf("P: now it is \"%.*s\"\n", (int)answer.size, (const char *)answer.data);
    return rc;
}

static int work(struct shmq *q, char *command[])
{
    struct shmq_status status = {.struct_size = sizeof status};
    struct shmq_ticket ticket;
    struct process c;
    int rc = shmq_send(q, task, sizeof task, 0, 0);

    if (rc == 0)
        rc = shmq_ticket(q, &ticket);
    if (rc == 0)
        rc = process_start(&c, command);
    if (rc == 0)
        rc = follow(q, &c, &status);
    if (rc == 0)
        rc = print_end(q, &status, &ticket);
    return rc;
}

int main(int argc, char *argv[])
{
    const struct shmq_create_options options = {.struct_size = sizeof options, .transient = 1, .exclusive = 1};
    struct shmq *q = NULL;

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: producer NAME CONSUMER [MS]\n");
        return EXIT_FAILURE;
    }
    char *command[] = {argv[2], argv[1], argv[3], NULL};

    setvbuf(stdout, NULL, _IONBF, 0);
    int rc = shmq_create(argv[1], &options);

    if (rc == 0)
        rc = shmq_open(argv[1], SHMQ_PRODUCER, NULL, &q);
    if (rc == 0)
        rc = work(q, command);
    shmq_close(q); /* and the queue goes, which is transient, with its last user */
    if (rc < 0)
        fprintf(stderr, "P: %s: %s\n", argv[1], shmq_strerror(rc));
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
