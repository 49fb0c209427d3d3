/*
 * 6: P notifies C of tasks, C notifies P that they are done
 *
 * Both run already, started by whoever, in any order. P sends all tasks, and then waits for each, the last one first: the
 * order is P's to choose. A task that fails says so in its answer. If C dies, another one goes on with the task it was at.
 *
 *     producer NAME NUMBER...      P: what are the prime factors of each number?
 *     consumer NAME                C, which ends when P has
 */
#include "task.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int send_task(struct shmq *q, uint64_t number, struct shmq_ticket *ticket)
{
    struct task *task;
    int rc = task_reserve(q, &task);

    if (rc != 0)
        return rc;
    task->number = number;
    rc = task_commit(q, 0);
    return rc == 0 ? shmq_ticket(q, ticket) : rc;
}

static void print(const struct task *task)
{
    printf("P: %" PRIu64, task->number);
    if (task->code != 0) {
        printf(" failed with code %d: %s\n", task->code, task->reason);
        return;
    }
    for (uint32_t i = 0; i < task->factor_count && i < FACTORS_MAX; i++)
        printf("%s%" PRIu64, i == 0 ? " = " : " * ", task->factors[i]);
    printf("\n");
}

static int await_task(struct shmq *q, const struct shmq_ticket *ticket)
{
    struct shmq_message message;
    const struct task *task;
    int rc;

    while ((rc = task_await(q, ticket, -1, &message, &task)) == -EOWNERDEAD)
        printf("P: C has died, and I wait for another\n");
    if (rc == 0)
        print(task);
    return rc;
}

int main(int argc, char *argv[])
{
    struct shmq_ticket *tickets = calloc((size_t)argc, sizeof *tickets);
    struct shmq *q = NULL;

    if (argc < 3 || tickets == NULL) {
        fprintf(stderr, "usage: producer NAME NUMBER...\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    int rc = open_tasks(argv[1], SHMQ_PRODUCER, &q);

    for (int i = 2; i < argc && rc == 0; i++)
        rc = send_task(q, strtoull(argv[i], NULL, 10), &tickets[i]);
    for (int i = argc - 1; i >= 2 && rc == 0; i--)
        rc = await_task(q, &tickets[i]);
    shmq_close(q);
    free(tickets);
    if (rc != 0)
        fprintf(stderr, "P: %s: %s\n", argv[1], shmq_strerror(rc));
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
