/*
 * One of the library's hot calls, so and so often
 *
 *     instructions OPERATION COUNT
 *
 * Producer and consumer are one process, which fills a part of the ring and empties it again, lap by lap. What is
 * counted is the difference between two counts, so that nothing but the calls and this loop is in it.
 */
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LAP 256
#define SIZE_MOST 64

struct ends {
    struct shmq *producer;
    struct shmq *consumer;
    size_t size;
    unsigned flags;
    uint8_t data[SIZE_MOST];
};

static void check(int rc, const char *what)
{
    if (rc != 0) {
        fprintf(stderr, "%s: %s\n", what, shmq_strerror(rc));
        exit(EXIT_FAILURE);
    }
}

static void put_in_place(struct ends *ends, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        void *slot;

        check(shmq_reserve(ends->producer, ends->size, &slot), "reserve");
        memcpy(slot, &i, sizeof i);
        check(shmq_commit(ends->producer, ends->size, 0, i + 1 < count ? ends->flags : 0), "commit");
    }
}

static void put_copied(struct ends *ends, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        check(shmq_send(ends->producer, ends->data, ends->size, 0, i + 1 < count ? ends->flags : 0), "send");
    }
}

static void put_array(struct ends *ends, unsigned count)
{
    static uint8_t array[LAP * SIZE_MOST];

    check(shmq_send_many(ends->producer, array, ends->size, count, 0, 0) - (int)count, "send_many");
}

/* A turn ends within the array. */
static void get_array(struct ends *ends, unsigned count)
{
    static uint8_t array[LAP * SIZE_MOST];
    struct shmq_message message;

    while (count > 0) {
        int received = shmq_recv_many(ends->consumer, array, ends->size, count, &message);

        check(received < 0 ? received : 0, "recv_many");
        count -= (unsigned)received;
    }
}

static void get_in_place(struct ends *ends, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct shmq_message message;

        check(shmq_peek(ends->consumer, &message), "peek");
        check(shmq_release(ends->consumer), "release");
    }
}

static void get_many(struct ends *ends, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct shmq_message message;

        check(shmq_peek(ends->consumer, &message), "peek");
    }
    check(shmq_release(ends->consumer), "release");
}

static void get_copied(struct ends *ends, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct shmq_message message;

        check(shmq_recv(ends->consumer, ends->data, sizeof ends->data, &message), "recv");
    }
}

/* Both sides of a message. Small ones: what copies large ones is the C library's, and differs between processors. */
static const struct {
    const char *name;
    void (*put)(struct ends *ends, unsigned count);
    void (*get)(struct ends *ends, unsigned count);
    size_t size;
    unsigned flags;
    unsigned kind;
} operations[] = {
    {"reserve+commit,peek+release", put_in_place, get_in_place, 64, 0, SHMQ_LANES},
    {"reserve+commit+more,peek-many", put_in_place, get_many, 64, SHMQ_MORE, SHMQ_LANES},
    {"send-8,recv-8", put_copied, get_copied, 8, 0, SHMQ_LANES},
    {"send-64,recv-64", put_copied, get_copied, 64, 0, SHMQ_LANES},
    {"send-64+more,peek-many", put_copied, get_many, 64, SHMQ_MORE, SHMQ_LANES},
    {"send-many-8,recv-many", put_array, get_array, 8, 0, SHMQ_LANES},
    {"send-many-64,recv-many", put_array, get_array, 64, 0, SHMQ_LANES},
    {"send-64,recv-64 in total order", put_copied, get_copied, 64, 0, SHMQ_TOTAL_ORDER},
};

static void run(size_t operation, unsigned long laps)
{
    struct shmq_create_options options = {
        .struct_size = sizeof options,
        .capacity = 1 << 20,
        .kind = operations[operation].kind,
    };
    struct ends ends = {.size = operations[operation].size, .flags = operations[operation].flags};
    char name[48];

    snprintf(name, sizeof name, "instructions-%ld", (long)getpid());
    check(shmq_create(name, &options), "create");
    check(shmq_open(name, SHMQ_PRODUCER, NULL, &ends.producer), "open");
    check(shmq_open(name, SHMQ_CONSUMER, NULL, &ends.consumer), "open");
    check(shmq_remove(name, SHMQ_REMOVE_USED), "remove");
    for (unsigned long i = 0; i < laps; i++) {
        operations[operation].put(&ends, LAP);
        operations[operation].get(&ends, LAP);
    }
    shmq_close(ends.producer);
    shmq_close(ends.consumer);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, argv[1]) == 0) {
            run(i, strtoul(argv[2], NULL, 10));
            return EXIT_SUCCESS;
        }
    }
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        puts(operations[i].name);
    }
    return argc == 1 ? EXIT_SUCCESS : 2;
}
