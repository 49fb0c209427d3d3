/*
 * 1: C overwrites the memory of P
 *
 * P makes a named memory, writes a text and some bytes, runs C until its end, and prints what is there then.
 *
 *     producer NAME CONSUMER      P, which runs CONSUMER NAME
 *
 * This is plain memory: who may touch it when is the programs' own agreement, here the life of C. With a queue it is part
 * of the calls: see 6_tasks.
 */
#include "memory.h"
#include "process.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const struct memory *memory)
{
    /* Whoever shares the memory may have left the text without an end. */
    printf("P: \"%.*s\"", (int)sizeof memory->text, memory->text);
    for (size_t i = 0; i < sizeof memory->bytes; i++)
        printf(" %02x", memory->bytes[i]);
    printf("\n");
}

static int work(struct shmq_mapping *mapping, char *program, char *name)
{
    char *command[] = {program, name, NULL};
    struct shmq_view view;
    int rc = shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view);

    if (rc != 0)
        return rc;
    struct memory *memory = view.base;

    strcpy(memory->text, "written by P");
    memcpy(memory->bytes, "\1\2\3\4\5\6\7\10", sizeof memory->bytes);
    print(memory);
    rc = process_run(command); /* C, until its end */
    if (rc == 0)
        print(memory);
    shmq_mapping_unview(&view);
    return rc;
}

int main(int argc, char *argv[])
{
    const struct shmq_mapping_options options = {.struct_size = sizeof options, .size = sizeof(struct memory)};
    struct shmq_mapping *mapping;

    if (argc != 3) {
        fprintf(stderr, "usage: producer NAME CONSUMER\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    int rc = shmq_mapping_create(argv[1], &options, &mapping);

    if (rc == 0) {
        rc = work(mapping, argv[2], argv[1]);
        shmq_mapping_remove(argv[1]);
        shmq_mapping_close(mapping);
    } else if (rc == 1) { /* there was one of that name, which is open now, and not ours */
        shmq_mapping_close(mapping);
        rc = -EEXIST;
    }
    if (rc < 0)
        fprintf(stderr, "P: %s: %s\n", argv[1], shmq_strerror(rc));
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
