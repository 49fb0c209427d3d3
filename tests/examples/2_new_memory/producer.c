/*
 * 2: C writes new memory, larger than what it has read
 *
 * P asks, runs C until its end, and prints the answer. The memory of the answer is provided by P, so nothing has to be
 * handed back, and it outlives C: a client has a queue of answers beside that of the questions.
 *
 *     producer NAME CONSUMER      P, which runs CONSUMER NAME
 */
#include "process.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>

static const char question[] = "a text, and the bytes \1\2\3\376\377";
#define SIZE (sizeof question - 1)

static int work(struct shmq_client *client, char *program, char *name)
{
    char *command[] = {program, name, NULL};
    struct shmq_reply reply;
    uint64_t call;
    int rc = shmq_call_begin(client, question, SIZE, 0, -1, &call);

    if (rc == 0)
        rc = process_run(command); /* C, until its end */
    if (rc == 0)
        rc = shmq_call_end(client, call, 0, &reply); /* C has ended: the answer is there, or never comes */
    if (rc == 0)
        printf("P: %zu bytes have become %u:\n%.*s", SIZE, reply.size, (int)reply.size, (const char *)reply.data);
    return rc;
}

int main(int argc, char *argv[])
{
    const struct shmq_create_options options = {.struct_size = sizeof options, .transient = 1, .exclusive = 1};
    struct shmq_client *client = NULL;

    if (argc != 3) {
        fprintf(stderr, "usage: producer NAME CONSUMER\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    int rc = shmq_create(argv[1], &options);

    if (rc == 0)
        rc = shmq_client_open(argv[1], NULL, &client);
    if (rc == 0)
        rc = work(client, argv[2], argv[1]);
    shmq_client_close(client); /* and the queue goes, which is transient, with its last user */
    if (rc < 0)
        fprintf(stderr, "P: %s: %s\n", argv[1], shmq_strerror(rc));
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
