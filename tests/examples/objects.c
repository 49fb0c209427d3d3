/*
 * Objects with pointers
 *
 * A measurement has a name, a list of values and a picture, each behind a pointer. An address means nothing in another
 * process, so only what is behind it travels:
 *
 *     name      a text of fixed size in the record, large enough for the longest there may be
 *     values    behind the fixed part of the record, as many as there are
 *     picture   a shared memory of its own, which the consumer opens by its size and gets as a void *
 *
 *     objects      runs a producer and a consumer, and ends with 0 when each object has come out as it went in
 */
#include "process.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OBJECTS 100

/* BO: what the program works with. */
struct measurement {
    char *name;
    double *values;
    size_t value_count;
    unsigned char *picture;
    size_t picture_size;
};

/* SM: what travels. */
#define READING(F) F(u32, number) F(text, name, 24) F(list, values, f64, 50) F(blob, picture)
SHMQ_SM(reading, 1, READING)

/* BO -> SMO: straight into shared memory. */
static int write_reading(struct shmq *q, struct reading *smo, const struct measurement *m)
{
    int rc = shmq_text_set(smo->name, sizeof smo->name, m->name);

    if (rc == 0)
        rc = shmq_span_put(q, &smo->values, m->values, m->value_count * sizeof *m->values);
    if (rc == 0)
        rc = shmq_blob_put(q, &smo->picture, m->picture, m->picture_size);
    return rc;
}

/* SMO -> BO: an object of our own, whatever becomes of the memory. */
static int read_reading(struct shmq *q, const struct shmq_message *message, const struct reading *smo,
                        struct measurement *m)
{
    struct shmq_blob picture;
    const void *values;
    size_t size;
    int rc = shmq_span_get(message, &smo->values, &values, &size);

    if (rc == 0)
        rc = shmq_blob_open(q, message, &smo->picture, &picture);
    if (rc != 0)
        return rc;
    *m = (struct measurement){
        .name = strdup(smo->name),
        .values = malloc(size + 1),
        .value_count = size / sizeof *m->values,
        .picture = malloc(picture.size + 1),
        .picture_size = picture.size,
    };
    if (size > 0)
        memcpy(m->values, values, size);
    if (picture.size > 0)
        memcpy(m->picture, picture.data, picture.size);
    shmq_blob_drop(q, &picture);
    return 0;
}

SHMQ_SM_BO(reading, struct measurement, write_reading, read_reading)

/* Object number n, which both sides can make. */
static struct measurement make(unsigned n)
{
    struct measurement m = {.value_count = n % 51, .picture_size = n * 1000};

    m.name = malloc(24);
    m.values = malloc(m.value_count * sizeof *m.values + 1);
    m.picture = malloc(m.picture_size + 1);
    snprintf(m.name, 24, "measurement %u", n);
    for (size_t i = 0; i < m.value_count; i++)
        m.values[i] = n + (double)i / 8;
    memset(m.picture, (int)(n & 255), m.picture_size);
    return m;
}

static int is_same(const struct measurement *a, const struct measurement *b)
{
    return strcmp(a->name, b->name) == 0 && a->value_count == b->value_count &&
           memcmp(a->values, b->values, a->value_count * sizeof *a->values) == 0 &&
           a->picture_size == b->picture_size && memcmp(a->picture, b->picture, a->picture_size) == 0;
}

static void destroy(struct measurement *m)
{
    free(m->name);
    free(m->values);
    free(m->picture);
}

static int produce(const char *name)
{
    struct shmq *q;
    int rc = shmq_open(name, SHMQ_PRODUCER, NULL, &q);

    if (rc != 0)
        return rc;
    for (unsigned n = 0; n < OBJECTS && rc == 0; n++) {
        struct measurement m = make(n);

        /* No room, or no blob: until the consumer gives one back. */
        while ((rc = reading_send(q, &m)) == -EAGAIN && (rc = shmq_wait(q, -1)) == 0)
            continue;
        destroy(&m);
    }
    shmq_close(q);
    return rc;
}

static int consume(const char *name)
{
    char line[128];
    struct shmq *q;
    int rc = shmq_open(name, SHMQ_CONSUMER, NULL, &q);

    if (rc != 0)
        return rc;
    if (shmq_sm_difference(q, &reading_sm, line, sizeof line) != 0)
        printf("%s\n", line); /* such as: reading: the queue has version 2, this program version 1 */
    for (unsigned n = 0; n < OBJECTS && rc == 0; n++) {
        struct measurement expected = make(n);
        struct measurement m;

        rc = shmq_wait(q, -1);
        if (rc == 0)
            rc = reading_recv(q, &m);
        if (rc == 0) {
            rc = is_same(&m, &expected) ? 0 : -EILSEQ;
            destroy(&m);
        }
        destroy(&expected);
    }
    shmq_close(q);
    return rc;
}

int main(int argc, char *argv[])
{
    const struct shmq_sm *types[] = {&reading_sm};
    struct shmq_create_options options = {
        .struct_size = sizeof options, .capacity = 8192, .types = types, .type_count = 1};
    struct process producer;
    char name[32];
    int status = 1;

    if (argc == 2)
        return produce(argv[1]) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    snprintf(name, sizeof name, "objects-%d", (int)getpid());
    char *command[] = {argv[0], name, NULL};
    int rc = shmq_create(name, &options);

    if (rc == 0 && process_start(&producer, command) == 0) { /* this program again, as the other side */
        rc = consume(name);
        status = process_wait(&producer, NULL, 0);
    }
    shmq_remove(name, SHMQ_REMOVE_USED);
    printf("%s\n", rc == 0 ? "all objects have arrived as they were" : shmq_strerror(rc));
    return rc == 0 && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
