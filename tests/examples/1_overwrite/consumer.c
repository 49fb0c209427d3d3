/* 1: C opens the memory of P by its name, reads it and overwrites it. */
#include "memory.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void overwrite(struct memory *memory)
{
    printf("C: read \"%.*s\"\n", (int)sizeof memory->text, memory->text);
    strcpy(memory->text, "overwritten by C");
    for (size_t i = 0; i < sizeof memory->bytes; i++)
        memory->bytes[i] = (uint8_t)(memory->bytes[i] * 16);
}

int main(int argc, char *argv[])
{
    struct shmq_mapping *mapping;
    struct shmq_view view;

    if (argc != 2) {
        fprintf(stderr, "usage: consumer NAME\n");
        return EXIT_FAILURE;
    }
    int rc = shmq_mapping_open(argv[1], SHMQ_READ_WRITE, 0, &mapping);

    if (rc == 0) {
        rc = shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, sizeof(struct memory), &view);
        shmq_mapping_close(mapping); /* the view stays */
    }
    if (rc != 0) {
        fprintf(stderr, "C: %s: %s\n", argv[1], shmq_strerror(rc));
        return EXIT_FAILURE;
    }
    overwrite(view.base);
    shmq_mapping_unview(&view);
    return EXIT_SUCCESS;
}
