/* 5: C has the memory open, so it can go on reading and writing it, whatever becomes of P. */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Only to show that all the rest is done without P. Its lane may be a successor's by now: each has a number. */
static int until_producer_is_dead(struct shmq *q, const struct shmq_message *message)
{
    struct shmq_sender sender = {.struct_size = sizeof sender};
    struct shmq_lane_info lane = {.struct_size = sizeof lane};
    int rc = shmq_sender(q, message, &sender);

    while (rc == 0 && (rc = shmq_lane_info(q, message->lane, &lane)) == 0 && lane.presence == SHMQ_PRESENT &&
           lane.attach_count == sender.number)
        usleep(10000);
    if (rc == 0)
        printf("C: P is dead\n");
    return rc;
}

static int work(struct shmq *q, const struct shmq_message *message)
{
    struct task *task = message->data;                       /* the memory of P, to be overwritten */
    int rc = shmq_report_begin(q, message->ticket, 0, NULL); /* which task: a successor of P asks for it */

    if (rc == 0)
        rc = until_producer_is_dead(q, message);
    if (rc == 0)
        rc = shmq_text_set(task->text, sizeof task->text, "overwritten by C");
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < sizeof task->bytes; i++)
        task->bytes[i] = (uint8_t)(task->bytes[i] * 16);
    task->is_done = 1;
    rc = shmq_release(q);
    return rc == 0 ? shmq_report_finish(q, 0, NULL) : rc;
}

int main(int argc, char *argv[])
{
    struct shmq_message message;
    const struct task *task;
    struct shmq *q = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: consumer NAME\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    int rc = shmq_open(argv[1], SHMQ_CONSUMER, NULL, &q);

    while (rc == 0 && (rc = task_peek_wait(q, -1, &message, &task)) == 0) {
        printf("C: read \"%s\"\n", task->text);
        rc = work(q, &message);
    }
    shmq_close(q);
    if (rc != -EPIPE) {
        fprintf(stderr, "C: %s: %s\n", argv[1], shmq_strerror(rc));
        return EXIT_FAILURE;
    }
    printf("C: all tasks are done, and there is no producer any more\n");
    return EXIT_SUCCESS;
}
