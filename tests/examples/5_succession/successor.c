/* 5: the next P takes the dead one's place, learns from the status which task there was, and reads its result. */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

static int work(struct shmq *q)
{
    struct shmq_status status = {.struct_size = sizeof status};
    struct shmq_message message;
    const struct task *task;
    int rc = shmq_status_wait(q, SHMQ_ENDED, -1, &status);

    if (rc != 0)
        return rc;
    /* What the dead one had from shmq_ticket. C has reported the number, and there is one type and one lane. */
    const struct shmq_ticket ticket = {
        .position = status.task, .size = sizeof *task, .type = (uint16_t)shmq_sm_type(q, &task_sm)};

    rc = task_await(q, &ticket, 0, &message, &task);
    if (rc != 0)
        return rc;
    printf("S: \"%s\"", task->text);
    for (size_t i = 0; i < sizeof task->bytes; i++)
        printf(" %02x", task->bytes[i]);
    printf(" %s\n", task->is_done ? "done" : "not done");
    return task->is_done ? 0 : -EOWNERDEAD;
}

int main(int argc, char *argv[])
{
    struct shmq *q = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: successor NAME\n");
        return EXIT_FAILURE;
    }
    int rc = shmq_open(argv[1], SHMQ_PRODUCER, NULL, &q);

    if (rc == 0)
        rc = work(q);
    shmq_close(q);
    if (rc == 0)
        rc = shmq_remove(argv[1], SHMQ_REMOVE_USED);
    if (rc != 0)
        fprintf(stderr, "S: %s: %s\n", argv[1], shmq_strerror(rc));
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
