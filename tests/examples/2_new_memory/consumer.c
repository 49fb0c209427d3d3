/* 2: C reads what P has written, and writes new memory: a dump of it, straight into what P has provided for that. */
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE 16  /* bytes of the question */
#define A_BYTE 3 /* characters of the answer: " 68" */

static size_t dump_size(size_t size)
{
    return size * A_BYTE + (size + LINE - 1) / LINE;
}

static void dump(const uint8_t *bytes, size_t size, char *to)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        *to++ = ' ';
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
        if (i % LINE == LINE - 1 || i == size - 1)
            *to++ = '\n';
    }
}

static int answer(struct shmq_server *server, const struct shmq_message *question)
{
    size_t size = dump_size(question->size);
    void *slot;

    printf("C: read %u bytes\n", question->size);
    int rc = shmq_server_reserve(server, size, -1, &slot);

    if (rc != 0)
        return rc;
    dump(question->data, question->size, slot);
    return shmq_server_commit(server, size, 0, 0);
}

int main(int argc, char *argv[])
{
    struct shmq_message question;
    struct shmq_server *server;

    if (argc != 2) {
        fprintf(stderr, "usage: consumer NAME\n");
        return EXIT_FAILURE;
    }
    int rc = shmq_server_open(argv[1], &server);

    if (rc == 0) {
        while ((rc = shmq_server_next(server, 0, &question)) == 0 && (rc = answer(server, &question)) == 0)
            ;
        shmq_server_close(server);
    }
    if (rc == -ETIMEDOUT) /* no question is left */
        return EXIT_SUCCESS;
    fprintf(stderr, "C: %s: %s\n", argv[1], shmq_strerror(rc));
    return EXIT_FAILURE;
}
