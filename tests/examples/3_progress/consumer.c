/* 3: C takes the task, overwrites its memory step by step, and reports each: 10 % a second. */
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int work(struct shmq *q, const struct shmq_message *message, unsigned step_ms)
{
    int rc = shmq_report_begin(q, message->ticket, 100, "%");

    for (unsigned percent = 10; percent <= 100 && rc == 0; percent += 10) {
        usleep(step_ms * 1000);
        snprintf(message->data, message->size, "overwritten by C, %u %%", percent);
        printf("C: %u %%\n", percent);
        rc = shmq_report_set(q, percent);
    }
    if (rc == 0)
        rc = shmq_release(q); /* the memory is P's again ... */
    if (rc == 0)
        rc = shmq_report_finish(q, 0, "all is written"); /* ... when it learns of the end */
    return rc;
}

int main(int argc, char *argv[])
{
    struct shmq_message message;
    struct shmq *q = NULL;

    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: consumer NAME [MS]\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    int rc = shmq_open(argv[1], SHMQ_CONSUMER, NULL, &q);

    if (rc == 0)
        rc = shmq_peek_wait(q, -1, &message);
    if (rc == 0)
        rc = work(q, &message, argc == 3 ? (unsigned)atoi(argv[2]) : 1000);
    shmq_close(q);
    if (rc != 0)
        fprintf(stderr, "C: %s: %s\n", argv[1], shmq_strerror(rc));
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
