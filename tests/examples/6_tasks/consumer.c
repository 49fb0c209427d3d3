/* 6: C waits for tasks, does one after the other, and says of each that it is done, or why it cannot be. */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

/* What decides where it writes is its own: P shares the rest. */
static void factor(struct task *task)
{
    uint64_t rest = task->number;
    uint32_t count = 0;

    if (rest < 2) {
        task->code = -EDOM;
        shmq_text_set(task->reason, sizeof task->reason, "it has no prime factors");
        return;
    }
    for (uint64_t divisor = 2; divisor <= rest / divisor; divisor++) {
        for (; rest % divisor == 0; rest /= divisor)
            task->factors[count++] = divisor;
    }
    if (rest > 1)
        task->factors[count++] = rest;
    task->factor_count = count;
}

int main(int argc, char *argv[])
{
    struct shmq_message message;
    const struct task *question;
    unsigned done = 0;
    struct shmq *q = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: consumer NAME\n");
        return EXIT_FAILURE;
    }
    int rc = open_tasks(argv[1], SHMQ_CONSUMER, &q);

    while (rc == 0 && (rc = task_peek_wait(q, -1, &message, &question)) == 0) {
        factor(message.data); /* the same memory, to be overwritten */
        rc = shmq_release(q); /* which tells P */
        done++;
    }
    shmq_close(q);
    if (rc != -EPIPE) {
        fprintf(stderr, "C: %s: %s\n", argv[1], shmq_strerror(rc));
        return EXIT_FAILURE;
    }
    printf("C: %u tasks\n", done);
    return EXIT_SUCCESS;
}
