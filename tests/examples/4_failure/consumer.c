/*
 * 4: C takes the task, and ends in the middle of it
 *
 *     consumer NAME HOW      HOW: well, exit, abort, segv, kill, fail
 */
#include "process.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int *volatile nowhere = (int *)8;

static void end_abnormally(const char *how)
{
    if (strcmp(how, "exit") == 0)
        exit(3);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "segv") == 0)
        *nowhere = 1;
    if (strcmp(how, "kill") == 0)
        process_die();
}

static int work(struct shmq *q, const struct shmq_message *message, const char *how)
{
    int rc = shmq_report_begin(q, message->ticket, 100, "%");

    if (rc == 0)
        rc = shmq_report_step(q, 30, "in the first third");
    if (rc != 0)
        return rc;
    end_abnormally(how);
    shmq_release(q); /* the task is over, with whatever end */
    if (strcmp(how, "fail") == 0) {
        shmq_report_fail(q, -ENOSPC, "no space left for the result");
        return -ENOSPC;
    }
    shmq_report_set(q, 100);
    return shmq_report_finish(q, 0, "all is written");
}

int main(int argc, char *argv[])
{
    struct shmq_message message;
    struct shmq *q = NULL;

    if (argc != 3) {
        fprintf(stderr, "usage: consumer NAME HOW\n");
        return EXIT_FAILURE;
    }
    int rc = shmq_open(argv[1], SHMQ_CONSUMER, NULL, &q);

    if (rc == 0)
        rc = shmq_peek_wait(q, -1, &message);
    if (rc == 0)
        rc = work(q, &message, argv[2]);
    shmq_close(q);
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
