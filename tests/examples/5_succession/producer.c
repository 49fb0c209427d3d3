/*
 * 5: P dies, and C goes on
 *
 * P sends a task, starts C, and is killed when C has begun with it. C does not need it: it overwrites the memory and ends
 * well. Whoever takes the place of P, at once or some time later, finds the result there.
 *
 *     producer NAME CONSUMER      P, which starts CONSUMER NAME, and wants to be killed
 *     successor NAME              the next P
 */
#include "process.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_NS INT64_C(100000000)

static int send_task(struct shmq *q)
{
    struct task *smo;
    int rc = task_reserve(q, &smo);

    if (rc == 0)
        rc = shmq_text_set(smo->text, sizeof smo->text, "written by P");
    if (rc != 0)
        return rc;
    memcpy(smo->bytes, "\1\2\3\4\5\6\7\10", sizeof smo->bytes);
    return task_commit(q, 0);
}

/* Until C has begun. One that ends before that reports nothing: the system tells its parent. */
static int await_begin(struct shmq *q, struct process *c, struct shmq_status *status)
{
    int rc;

    while ((rc = shmq_status_wait(q, SHMQ_CHANGED, POLL_NS, status)) == -ETIMEDOUT) {
        if (process_has_ended(c))
            return -EOWNERDEAD;
    }
    return rc;
}

static int work(struct shmq *q, char *command[])
{
    struct shmq_status status = {.struct_size = sizeof status};
    struct process c;
    char kill_me[40];
    int rc = send_task(q);

    if (rc == 0)
        rc = process_start(&c, command);
    if (rc == 0)
        rc = await_begin(q, &c, &status);
    if (rc == 0) {
        process_kill_command(kill_me, sizeof kill_me);
        printf("P: C has begun; now kill me: %s\n", kill_me);
        rc = shmq_status_wait(q, SHMQ_ENDED, -1, &status); /* C does not end before, unless it dies */
    }
    return rc;
}

int main(int argc, char *argv[])
{
    const struct shmq_sm *types[] = {&task_sm};
    const struct shmq_create_options options = {
        .struct_size = sizeof options, .types = types, .type_count = 1, .exclusive = 1};
    struct shmq *q = NULL;

    if (argc != 3) {
        fprintf(stderr, "usage: producer NAME CONSUMER\n");
        return EXIT_FAILURE;
    }
    char *command[] = {argv[2], argv[1], NULL};

    setvbuf(stdout, NULL, _IONBF, 0);
    int rc = shmq_create(argv[1], &options);

    if (rc == 0) {
        rc = shmq_open(argv[1], SHMQ_PRODUCER, NULL, &q);
        if (rc == 0)
            rc = work(q, command);
        shmq_close(q);
        shmq_remove(argv[1], SHMQ_REMOVE_USED); /* who is killed leaves it to the successor */
    }
    if (rc < 0)
        fprintf(stderr, "P: %s: %s\n", argv[1], shmq_strerror(rc));
    return EXIT_FAILURE;
}
